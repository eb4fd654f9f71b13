//! Answers of the gateway's own: a status, a reason code, one line of text. To gRPC the same as trailers only.
//!
//! | reason | status | gRPC | besides |
//! |---|---|---|---|
//! | `no_route` | 404 | 12 UNIMPLEMENTED | |
//! | `bad_request` | 400, 408, 413, 431 | 3, 8 for 413 | the connection closes |
//! | `maintenance` | as configured | 14 | |
//! | `rate_limited` | 429 | 8 RESOURCE_EXHAUSTED | `Retry-After` |
//! | `queue_full`, `queue_timeout`, `shed` | 503 | 14 | `Retry-After`, `x-plimsoll-shed` |
//! | `no_endpoint`, `draining` | 503 | 14 UNAVAILABLE | |
//! | `connect_failed`, `upstream_*` | 502 | 14 | |
//! | `connect_timeout`, `timeout`, `deadline_exceeded` | 504 | 4 DEADLINE_EXCEEDED | |
//! | `internal` | 500 | 13 INTERNAL | |

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::body::Body;
use super::exchange::Exchange;
use crate::reason::Reason;

/// Why the answer is the gateway's, as [`Reason::as_str`] writes it.
pub const REASON: HeaderName = HeaderName::from_static("x-plimsoll-reason");
/// Which class was shed and why, so that callers can stop before they send.
const SHED: HeaderName = HeaderName::from_static("x-plimsoll-shed");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// An answer of the gateway's own.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) status: StatusCode,
    pub(crate) reason: Reason,
    /// One line for who reads the answer; printable ASCII.
    pub(crate) text: Cow<'static, str>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) closes: bool,
}

impl Own {
    pub(crate) fn new(
        status: StatusCode,
        reason: Reason,
        text: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            reason,
            text: text.into(),
            retry_after: None,
            closes: false,
        }
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    /// Makes the answer; it is recorded when it was sent.
    pub(crate) fn answer(self, mut exchange: Box<Exchange>, is_grpc: bool) -> Response<Body> {
        exchange.end(self.reason);
        exchange.record.head_after = exchange.now().since(exchange.record.began);
        let criticality = exchange.record.criticality;
        let status = if is_grpc { StatusCode::OK } else { self.status };
        exchange.record.status = status.as_u16();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(REASON, HeaderValue::from_static(self.reason.as_str()));
        if let Some(wait) = self.retry_after {
            // Rounded up: whoever comes back after this time must find it passed.
            let seconds = wait.as_millis().div_ceil(1000).max(1) as u64;
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if matches!(
            self.reason,
            Reason::Shed | Reason::QueueFull | Reason::QueueTimeout
        ) {
            let value = format!("{};reason={}", criticality.as_str(), self.reason.as_str());
            headers.extend(HeaderValue::try_from(value).ok().map(|value| (SHED, value)));
        }
        if self.closes {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if is_grpc {
            let code = grpc_code(self.reason, self.status);
            exchange.record.grpc_status = Some(code);
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/grpc"),
            );
            headers.insert(GRPC_STATUS, HeaderValue::from(u16::from(code)));
            let text = HeaderValue::try_from(grpc_message(&self.text));
            headers.extend(text.ok().map(|text| (GRPC_MESSAGE, text)));
            *response.body_mut() = Body::own(Bytes::new(), exchange);
            return response;
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        let mut text = self.text.into_owned();
        text.push('\n');
        *response.body_mut() = Body::own(text.into(), exchange);
        response
    }
}

/// The gRPC code of an answer of our own.
fn grpc_code(reason: Reason, status: StatusCode) -> u8 {
    match reason {
        Reason::Ok | Reason::Answered => 0,
        Reason::ClientGone => 1,
        Reason::BadRequest if status == StatusCode::PAYLOAD_TOO_LARGE => 8,
        Reason::BadRequest => 3,
        Reason::Timeout | Reason::DeadlineExceeded | Reason::ConnectTimeout => 4,
        Reason::RateLimited => 8,
        Reason::NoRoute => 12,
        Reason::Internal => 13,
        Reason::Fault => of_http(status),
        Reason::Maintenance
        | Reason::QueueFull
        | Reason::QueueTimeout
        | Reason::Shed
        | Reason::NoEndpoint
        | Reason::ConnectFailed
        | Reason::UpstreamTls
        | Reason::UpstreamClosed
        | Reason::UpstreamMalformed
        | Reason::UpstreamTruncated
        | Reason::Draining => 14,
    }
}

/// gRPC's own table for peers that answer without a code (doc/http-grpc-status-mapping.md of grpc).
fn of_http(status: StatusCode) -> u8 {
    match status.as_u16() {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

/// Percent-encodes what a `grpc-message` must not have.
fn grpc_message(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'$' | b'&'..=b'~' => encoded.push(byte as char),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_grpc_are_encoded() {
        assert_eq!(grpc_message("50% of a\nline"), "50%25 of a%0Aline");
    }
}
