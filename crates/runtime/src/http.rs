//! HTTP with peers we do not trust: every exchange has a deadline, every body a limit, every secret a mask.
//!
//! These are plain structures that know nothing of any file's syntax; whoever parses a configuration maps onto them.

mod body;
mod client;
mod error;
mod memory;
mod oauth2;
mod secret;
mod tls;

use std::fmt;
use std::time::Duration;

use http::HeaderName;
use url::Url;

pub use body::{read_capped, read_capped_within, read_response_capped, read_response_start};
pub use client::{Client, Request};
pub use error::{Error, ErrorKind};
pub use memory::{BodyMemory, BodyShare};
pub use secret::{Secret, SecretSource};

/// How to speak to a peer.
#[derive(Clone, Debug, PartialEq)]
pub struct ClientConfig {
    /// Who we are; default: nobody.
    pub authorization: Option<Authorization>,
    /// How to know the peer, and to be known by it.
    pub tls: TlsConfig,
    /// The way to the peer; default: straight, whatever the environment says.
    pub proxy: Proxy,
    /// Headers added to each request, in this order; default: none.
    pub headers: Vec<Header>,
    /// Whether a redirect is followed, at most 10 in a row; default: yes.
    ///
    /// `authorization` is not sent on to another host, and a redirect to another host is an error when there are
    /// `headers`, because these may be secret.
    pub follows_redirects: bool,
    /// Whether HTTP/2 is offered over TLS; default: yes.
    pub offers_http2: bool,
    /// The longest wait for a TCP connection, at most the deadline of the request; default: 10 s.
    pub connect_timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            authorization: None,
            tls: TlsConfig::default(),
            proxy: Proxy::default(),
            headers: Vec::new(),
            follows_redirects: true,
            offers_http2: true,
            connect_timeout: Duration::from_secs(10),
        }
    }
}

/// What goes into the `Authorization` header. Files are read anew for each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorization {
    /// HTTP basic authentication.
    Basic {
        /// The user.
        username: SecretSource,
        /// The password; none means an empty one.
        password: Option<SecretSource>,
    },
    /// A scheme and its credentials, such as `Bearer`.
    Scheme {
        /// The scheme: one word.
        scheme: String,
        /// The credentials.
        credentials: SecretSource,
    },
    /// A bearer token that an OAuth 2.0 server gives for client credentials.
    OAuth2(Box<OAuth2>),
}

/// Where a token comes from, by the grant of client credentials. Its exchange counts into the deadline of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth2 {
    /// Who asks.
    pub client_id: String,
    /// The secret of the one who asks.
    pub client_secret: Option<SecretSource>,
    /// Where the token comes from: `http` or `https`.
    pub token_url: Url,
    /// The scopes to ask for; may be empty.
    pub scopes: Vec<String>,
    /// Further parameters of the request for the token.
    pub parameters: Vec<(String, String)>,
    /// How to know the server, and to be known by it.
    pub tls: TlsConfig,
    /// The way to the server.
    pub proxy: Proxy,
}

/// One header with one or more values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name.
    pub name: HeaderName,
    /// The values, each sent as a header line of its own.
    pub values: Vec<SecretSource>,
}

/// How to know the peer, and to be known by it. Files are read anew for each request; connections already open live on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsConfig {
    /// Certificates in PEM to trust, and no others; default: those the system trusts.
    pub certificate_authority: Option<SecretSource>,
    /// Our certificate and those between it and its authority, in PEM; goes with `key`.
    pub certificate: Option<SecretSource>,
    /// The private key of our certificate, in PEM.
    pub key: Option<SecretSource>,
    /// The name that the peer's certificate must be for; default: the URL's host.
    ///
    /// It does not change the name announced in the handshake (SNI), which is that of the URL's host.
    pub server_name: Option<String>,
    /// Whether any certificate is accepted; default: no.
    pub insecure_skip_verify: bool,
    /// The lowest version to speak; below 1.2 it means 1.2. Default: 1.2.
    pub version_min: Option<TlsVersion>,
    /// The highest version to speak; below 1.2 is an error. Default: 1.3.
    pub version_max: Option<TlsVersion>,
}

/// A version of TLS. We speak 1.2 and 1.3; configurations may name the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// TLS 1.0, broken.
    Tls10,
    /// TLS 1.1, broken.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// The way to the peer.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Proxy {
    /// Straight to the peer, whatever the environment says.
    #[default]
    None,
    /// What `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say, in capitals or not.
    Environment,
    /// Through this one.
    Url {
        /// `http` or `https`; a user and password are sent to the proxy.
        url: Url,
        /// Hosts, domains, addresses and networks to reach straight, with commas between; may be empty.
        no_proxy: String,
        /// Headers for the proxy. For a peer without TLS the peer sees them too.
        headers: Vec<Header>,
    },
}

/// Shows the proxy without user and password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Environment => f.write_str("Environment"),
            Self::Url {
                url,
                no_proxy,
                headers,
            } => f
                .debug_struct("Url")
                .field("url", &without_user(url).as_str())
                .field("no_proxy", no_proxy)
                .field("headers", headers)
                .finish(),
        }
    }
}

/// Returns the URL without its user and password, for texts that people see.
pub fn without_user(url: &Url) -> Url {
    let mut shown = url.clone();
    // Both fail only for URLs that cannot have a user at all.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown
}
