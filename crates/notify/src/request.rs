//! One exchange with a receiver's service.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use plimsoll_types::Timestamp;
use url::Url;

use crate::Verdict;
use crate::mail::Mail;
use crate::masks::Masks;

/// What is brought to a receiver.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a notice has one or two requests, and most are by HTTP"
)]
pub enum Request {
    /// By HTTP.
    Http(HttpRequest),
    /// By SMTP.
    Mail(Box<Mail>),
}

/// One HTTP request. Its `Debug` shows neither the URL's path nor the body, which may hold secrets.
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers besides those of the integration's `http_config`, which win.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("origin", &self.url.origin().ascii_serialization())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl HttpRequest {
    /// Makes a POST of a JSON text.
    pub fn post_json(url: Url, body: impl Into<Bytes>) -> Self {
        let headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self {
            method: Method::POST,
            url,
            headers,
            body: body.into(),
        }
    }

    /// Adds a header; a value that may not stand in one is left out of `Debug`.
    ///
    /// # Errors
    /// The value holds characters that no header may have.
    pub fn with_secret_header(mut self, name: HeaderName, value: &str) -> Result<Self, String> {
        let unfit =
            |_| format!("the value of the header {name} holds characters that no header may have");
        let mut value = HeaderValue::from_str(value).map_err(unfit)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        Ok(self)
    }
}

/// What a service answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The start of the body, at most 64 KiB.
    pub body: Bytes,
    /// Whether `body` is all of it: a peer may send more, or break off.
    pub is_complete: bool,
    /// When it came.
    pub now: Timestamp,
    /// What of it no reason may repeat.
    pub(crate) masks: Arc<Masks>,
}

/// The longest pause that a peer may ask for: a lying one must not put a page off for days.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60 * 60);

impl Answer {
    /// Returns how long the peer asks us to wait: `Retry-After` in seconds or as a date, at most an hour.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
            Err(_) => http_date(text)?.saturating_since(self.now),
        };
        Some(wait.min(RETRY_AFTER_MAX))
    }

    /// Judges by the status alone: 2xx is sent; 408, 425, 429 and 5xx are to be tried again, 429 and 503 not before
    /// `Retry-After`; anything else is refused.
    pub fn by_status(&self) -> Verdict {
        if self.status.is_success() {
            return Verdict::sent();
        }
        let reason = self.reason();
        let is_temporary = matches!(self.status.as_u16(), 408 | 425 | 429);
        if is_temporary || self.status.is_server_error() {
            let after = self.retry_after();
            return Verdict::Retry { after, reason };
        }
        Verdict::Refused { reason }
    }

    /// Returns the status and the start of the body in one line, without the secrets of the request.
    pub fn reason(&self) -> String {
        let status = self.status.as_u16();
        let text = self.masks.excerpt(&String::from_utf8_lossy(&self.body));
        match text.is_empty() {
            true => format!("the peer answered {status}"),
            false => format!("the peer answered {status}: {text}"),
        }
    }
}

/// A point in time that a peer named.
struct Date(Timestamp);

impl Date {
    fn saturating_since(&self, now: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.millis_since(now)).unwrap_or(0))
    }
}

/// Reads an HTTP date: `Sun, 06 Nov 1994 08:49:37 GMT`. Which day of the week that was we know ourselves.
fn http_date(text: &str) -> Option<Date> {
    let (_, text) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let time = jiff::civil::DateTime::strptime("%d %b %Y %H:%M:%S", text).ok()?;
    let zoned = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Date(Timestamp::from_millis(
        zoned.timestamp().as_millisecond(),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::EXCERPT_BYTES;

    fn answer(status: u16, retry_after: &[u8], body: &[u8]) -> Option<Answer> {
        let value = HeaderValue::from_bytes(retry_after).ok()?;
        Some(Answer {
            status: StatusCode::from_u16(status).ok()?,
            headers: HeaderMap::from_iter([(RETRY_AFTER, value)]),
            body: Bytes::copy_from_slice(body),
            is_complete: true,
            now: Timestamp::from_millis(1_700_000_000_000),
            masks: Arc::default(),
        })
    }

    #[test]
    fn any_answer_is_a_verdict_within_bounds() {
        bolero::check!()
            .with_type::<(u16, Vec<u8>, Vec<u8>)>()
            .for_each(|(status, retry_after, body)| {
                let Some(answer) = answer(200 + status % 800, retry_after, body) else {
                    return;
                };
                assert!(
                    answer
                        .retry_after()
                        .is_none_or(|wait| wait <= RETRY_AFTER_MAX)
                );
                if let Verdict::Retry { reason, .. } | Verdict::Refused { reason } =
                    answer.by_status()
                {
                    assert!(reason.len() < EXCERPT_BYTES + 40);
                    assert!(!reason.contains(char::is_control), "{reason}");
                }
            });
    }

    #[test]
    fn a_request_does_not_show_its_secrets() {
        let url =
            Url::parse("https://user:pass@hooks.example/T0/secret?key=secret").expect("a URL");
        let request = HttpRequest::post_json(url, "{\"key\": \"secret\"}")
            .with_secret_header(http::header::AUTHORIZATION, "secret")
            .expect("a header");
        let shown = format!("{request:?}");
        assert!(shown.contains("hooks.example"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains("pass"),
            "{shown}"
        );
    }
}
