//! What can go wrong between us and a peer, without ever naming a secret.

use std::error::Error as StdError;
use std::fmt::{self, Write};

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The client's configuration contradicts itself or names what we cannot do.
    Configuration,
    /// A file with a secret, key or certificate could not be read or understood.
    Secret,
    /// No connection came about: name not found, refused, unreachable.
    Connect,
    /// The peer's certificate was not accepted, or ours was not.
    Tls,
    /// The deadline passed.
    Timeout,
    /// The peer sent us to too many places, or where our secrets must not go.
    Redirect,
    /// The connection broke, or what came was no HTTP.
    Broken,
    /// A body exceeded its limit.
    TooLarge,
    /// The bodies of all clients together exceed their limit.
    Overloaded,
}

/// A failed exchange. Its text names no secret: user and password of a URL are left out.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    what: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            source: None,
        }
    }

    pub(super) fn with_source(
        mut self,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(
            ErrorKind::TooLarge,
            format!("the body exceeds the limit of {limit} bytes"),
        )
    }

    /// Sorts what reqwest says, leaving out the URL, which may hold a password.
    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let (kind, what) = match () {
            // A connection that takes too long is one that did not come about: nothing was sent.
            () if error.is_timeout() && !error.is_connect() => {
                (ErrorKind::Timeout, "the deadline passed")
            }
            () if mentions_tls(&error) => (ErrorKind::Tls, "TLS failed"),
            () if error.is_connect() => (ErrorKind::Connect, "could not connect"),
            () if error.is_redirect() => (ErrorKind::Redirect, "a redirect was not followed"),
            () if error.is_builder() => (ErrorKind::Configuration, "the request is not valid"),
            () => (ErrorKind::Broken, "the exchange broke off"),
        };
        Self::new(kind, what).with_source(error)
    }

    /// Returns what went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says whether the same request may succeed later without anybody's help.
    pub fn is_retryable(&self) -> bool {
        match self.kind {
            ErrorKind::Connect
            | ErrorKind::Timeout
            | ErrorKind::Broken
            | ErrorKind::Secret
            | ErrorKind::Overloaded => true,
            ErrorKind::Configuration
            | ErrorKind::Tls
            | ErrorKind::Redirect
            | ErrorKind::TooLarge => false,
        }
    }

    /// Returns this error and all its causes as one line, as shown beside a target.
    pub fn chain(&self) -> String {
        let mut line = self.what.clone();
        let mut next = self.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Several layers repeat their cause in their own text.
            if !line.contains(&text) {
                write!(line, ": {text}").expect("a String takes all");
            }
            next = cause.source();
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &dyn StdError)
    }
}

/// Looks for rustls in the chain.
fn mentions_tls(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return true;
        }
        // An `io::Error` hides what it wraps from `source()`, and hyper-rustls wraps twice.
        let wrapped = cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .map(|inner| inner as &(dyn StdError + 'static));
        next = wrapped.or_else(|| cause.source());
    }
    false
}
