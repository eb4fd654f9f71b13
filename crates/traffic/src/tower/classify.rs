//! How layers know what an answer means and whether a request may be repeated.

use http::{HeaderMap, Request, Response, StatusCode, header};

use super::{BoxError, Refused};
use crate::retry::{is_idempotent, parse_retry_after};
use crate::{FailureKind, Outcome};

/// Says what an answer or an error means.
pub trait Classify<R>: Send + Sync + 'static {
    /// Judges the end of an attempt.
    fn classify(&self, result: Result<&R, &BoxError>) -> Outcome;
}

/// Says whether a request may be sent again, and copies it.
pub trait Repeat<Q>: Send + Sync + 'static {
    /// Says whether it may be repeated although the first may have been acted on.
    fn is_repeatable(&self, request: &Q) -> bool;

    /// Copies it; `None` when its body cannot be.
    fn copy(&self, request: &Q) -> Option<Q>;
}

/// HTTP: statuses, Retry-After in seconds, idempotent methods, Idempotency-Key.
///
/// Of errors it knows [`Refused`] alone; any other one counts as a connection that ended before the answer. Who can tell a
/// refused connection apart has a [`Classify`] of his own, and more retries that are safe.
#[derive(Clone, Copy, Debug, Default)]
pub struct Http;

impl<B> Classify<Response<B>> for Http {
    fn classify(&self, result: Result<&Response<B>, &BoxError>) -> Outcome {
        let response = match result {
            Ok(response) => response,
            Err(error) => return classify_error(error),
        };
        let status = response.status();
        if status == StatusCode::TOO_MANY_REQUESTS {
            let retry_after = retry_after(response.headers());
            return Outcome::Throttled { retry_after };
        }
        if status.is_server_error() {
            return Outcome::ServerError {
                status: status.as_u16(),
                retry_after: retry_after(response.headers()),
            };
        }
        Outcome::Success
    }
}

impl<B: Clone> Repeat<Request<B>> for Http {
    fn is_repeatable(&self, request: &Request<B>) -> bool {
        is_idempotent(request.method().as_str())
            || request.headers().contains_key("idempotency-key")
    }

    fn copy(&self, request: &Request<B>) -> Option<Request<B>> {
        Some(request.clone())
    }
}

/// What our own layers refused says nothing about the destination, but for its slowness.
fn classify_error(error: &BoxError) -> Outcome {
    match Refused::find(error) {
        Some(Refused::TryTimeout) => Outcome::Failed(FailureKind::TryTimeout),
        Some(_) => Outcome::Cancelled,
        None => Outcome::Failed(FailureKind::Closed),
    }
}

/// Dates need a wall clock, which layers do not have: they are as if nothing was said.
fn retry_after(headers: &HeaderMap) -> Option<std::time::Duration> {
    let value = headers.get(header::RETRY_AFTER)?.as_bytes();
    let is_seconds = value.iter().all(u8::is_ascii_digit);
    is_seconds.then(|| parse_retry_after(value, 0)).flatten()
}
