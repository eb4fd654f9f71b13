//! Getting the body of a scrape: over HTTP, or from inside the program.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, HeaderValue};
use plimsoll_runtime::http::{self as peer, Client, Request, read_response_capped};
use plimsoll_types::ByteCount;
use plimsoll_wire::compression::gzip_capped;
use plimsoll_wire::exposition::{Format, accept_header};

use super::target::Target;
use crate::config::ScrapeConfig;

/// The longest start of a wrong answer that is shown.
const CONTENT_TYPE_SHOWN_MAX: usize = 80;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The exchange failed.
    #[error(transparent)]
    Http(#[from] peer::Error),
    /// The target answered with another status than 200.
    #[error("the target answered {0}")]
    Status(http::StatusCode),
    /// The target does not say which format it answers in, and no fallback is configured.
    #[error(
        "the target answered with the content type {0:?}, wanted one of Prometheus' formats; set fallback_scrape_protocol \
         if you know which it is"
    )]
    ContentType(String),
    /// The body exceeds its limit.
    #[error("the body exceeds body_size_limit {0}")]
    TooLarge(ByteCount),
    /// The body is not what its encoding says.
    #[error("the compressed body cannot be read: {0}")]
    Encoding(String),
    /// There was no answer in the time given.
    #[error("no answer within the scrape timeout of {0:?}")]
    Timeout(Duration),
    /// A source inside the program failed.
    #[error("{0}")]
    Internal(String),
}

/// A body and what it is.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// In which format.
    pub format: Format,
    /// As it came.
    pub body: Bytes,
    /// The most bytes it may have once decompressed; `None` when it is not compressed.
    pub gzip_limit: Option<ByteCount>,
}

impl Fetched {
    /// Makes a body that is not compressed.
    pub fn plain(format: Format, body: impl Into<Bytes>) -> Self {
        Self {
            format,
            body: body.into(),
            gzip_limit: None,
        }
    }

    /// Decompresses the body if need be: work for a thread of its own.
    ///
    /// # Errors
    /// [`FetchError::TooLarge`] and [`FetchError::Encoding`].
    pub(super) fn inflated(self) -> Result<Self, FetchError> {
        use plimsoll_wire::compression::Error;
        let Some(limit) = self.gzip_limit else {
            return Ok(self);
        };
        match gzip_capped(&self.body, limit) {
            Ok(inflated) => Ok(Self::plain(self.format, inflated)),
            Err(Error::TooLarge { .. }) => Err(FetchError::TooLarge(limit)),
            Err(error) => Err(FetchError::Encoding(error.to_string())),
        }
    }
}

/// A body, or why there is none, later.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Fetched, FetchError>> + Send + 'a>>;

/// Where bodies come from.
pub trait Fetch: Send + Sync {
    /// Gets one; who calls it drops the future after `timeout`.
    fn fetch(&self, timeout: Duration) -> Fetching<'_>;
}

/// Asks a target over HTTP.
pub(super) struct HttpFetch {
    client: Client,
    target: Arc<Target>,
    accept: HeaderValue,
    compresses: bool,
    fallback: Option<Format>,
    body_limit: ByteCount,
}

impl HttpFetch {
    pub(super) fn new(
        client: Client,
        config: &ScrapeConfig,
        target: Arc<Target>,
        body_limit: ByteCount,
    ) -> Self {
        let escaping = format!("escaping={}", config.metric_name_escaping_scheme.as_str());
        let accept =
            accept_header(&config.scrape_protocols).replace("escaping=allow-utf-8", &escaping);
        Self {
            client,
            target,
            accept: HeaderValue::try_from(accept).expect("names of formats are header text"),
            compresses: config.enable_compression,
            fallback: config.fallback_scrape_protocol,
            body_limit,
        }
    }

    fn request(&self, timeout: Duration) -> Request {
        let seconds = timeout.as_secs_f64().to_string();
        let seconds = HeaderValue::try_from(seconds).expect("a number is header text");
        let encoding = if self.compresses { "gzip" } else { "identity" };
        Request::get(self.target.url.clone(), timeout)
            .with_header(ACCEPT, self.accept.clone())
            .with_header(ACCEPT_ENCODING, HeaderValue::from_static(encoding))
            .with_header(
                USER_AGENT,
                HeaderValue::from_static(concat!("Plimsoll/", env!("CARGO_PKG_VERSION"))),
            )
            .with_header(
                HeaderName::from_static("x-prometheus-scrape-timeout-seconds"),
                seconds,
            )
    }

    async fn get(&self, timeout: Duration) -> Result<Fetched, FetchError> {
        let response = self.client.send(self.request(timeout)).await?;
        if response.status() != http::StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let content_type = header(CONTENT_TYPE).unwrap_or_default();
        let Some(format) = Format::from_content_type(content_type).or(self.fallback) else {
            let shown = content_type.chars().take(CONTENT_TYPE_SHOWN_MAX).collect();
            return Err(FetchError::ContentType(shown));
        };
        let is_gzip =
            header(CONTENT_ENCODING).is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip"));
        let limit = self.body_limit;
        let body = read_response_capped(response, limit)
            .await
            .map_err(|error| match error.kind() {
                peer::ErrorKind::TooLarge => FetchError::TooLarge(limit),
                _ => FetchError::Http(error),
            })?;
        Ok(Fetched {
            format,
            body,
            gzip_limit: is_gzip.then_some(limit),
        })
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, timeout: Duration) -> Fetching<'_> {
        Box::pin(self.get(timeout))
    }
}

/// A source inside the program, such as the host collector: text made on a blocking thread.
pub struct InternalFetch {
    format: Format,
    expose: Arc<dyn Fn() -> String + Send + Sync>,
    tasks: plimsoll_runtime::tasks::Tasks,
    /// Held while the text is made. A source that hangs, as a dead network file system makes it, must not take one
    /// thread more for each scrape.
    running: Arc<Mutex<()>>,
}

impl InternalFetch {
    /// Makes a source; `expose` may block for a while.
    pub fn new(
        format: Format,
        tasks: plimsoll_runtime::tasks::Tasks,
        expose: impl Fn() -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            format,
            expose: Arc::new(expose),
            tasks,
            running: Arc::default(),
        }
    }
}

impl Fetch for InternalFetch {
    fn fetch(&self, _timeout: Duration) -> Fetching<'_> {
        Box::pin(async move {
            let (expose, running) = (self.expose.clone(), self.running.clone());
            let exposed = self.tasks.run_blocking("expose", move || {
                let _running = match running.try_lock() {
                    Ok(guard) => guard,
                    Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                    Err(TryLockError::WouldBlock) => return None,
                };
                Some(expose())
            });
            let text = exposed
                .await
                .map_err(|panicked| FetchError::Internal(panicked.to_string()))?
                .ok_or_else(|| FetchError::Internal("the collection before still runs".into()))?;
            Ok(Fetched::plain(self.format, text))
        })
    }
}
