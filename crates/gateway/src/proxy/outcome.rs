//! What an attempt's end says about its endpoint, and what the client is told.

use std::time::Duration;

use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use plimsoll_traffic::{FailureKind, Outcome, retry};

use super::own::Own;
use crate::reason::Reason;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Returns what an answer's head says about the endpoint. `now_seconds` is the wall time, asked for when it is needed.
pub(crate) fn of_head<B>(
    response: &Response<B>,
    is_grpc: bool,
    now_seconds: impl FnOnce() -> i64,
) -> Outcome {
    let headers = response.headers();
    let said = match response.status().as_u16() {
        429 => Outcome::Throttled {
            retry_after: retry_after(headers, now_seconds),
        },
        status @ 500.. => Outcome::ServerError {
            status,
            retry_after: retry_after(headers, now_seconds),
        },
        _ => Outcome::Success,
    };
    match is_grpc.then(|| grpc_status(headers)).flatten() {
        Some(code) => of_grpc(code, said),
        None => said,
    }
}

/// Returns the outcome of a call whose caller gave less time than the route: that it was too late is not the endpoint's
/// fault, or any client could have endpoints taken out.
pub(crate) fn of_hurried(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::ServerError { status: 504, .. } => Outcome::Success,
        other => other,
    }
}

/// Returns what a gRPC code says about the endpoint: codes that blame the caller are a success of the endpoint.
pub(crate) fn of_grpc(code: u8, otherwise: Outcome) -> Outcome {
    let status = match code {
        8 => return Outcome::Throttled { retry_after: None },
        2 | 13 | 15 => 500,
        4 => 504,
        14 => 503,
        _ => return otherwise,
    };
    Outcome::ServerError {
        status,
        retry_after: None,
    }
}

/// Returns gRPC's code, when there is one.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<u8> {
    headers.get(&GRPC_STATUS)?.to_str().ok()?.parse().ok()
}

fn retry_after(headers: &HeaderMap, now_seconds: impl FnOnce() -> i64) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?;
    retry::parse_retry_after(value.as_bytes(), now_seconds())
}

/// Returns the answer to a client whose last attempt failed.
pub(crate) fn answer_of(kind: FailureKind) -> Own {
    let (status, reason, text) = match kind {
        FailureKind::Refused => (
            StatusCode::BAD_GATEWAY,
            Reason::ConnectFailed,
            "no connection to the endpoint",
        ),
        FailureKind::Unresolved => (
            StatusCode::BAD_GATEWAY,
            Reason::ConnectFailed,
            "the endpoint's name has no address",
        ),
        FailureKind::ConnectTimeout => (
            StatusCode::GATEWAY_TIMEOUT,
            Reason::ConnectTimeout,
            "no connection to the endpoint in time",
        ),
        FailureKind::Tls => (
            StatusCode::BAD_GATEWAY,
            Reason::UpstreamTls,
            "the TLS handshake with the endpoint failed",
        ),
        FailureKind::NotProcessed | FailureKind::Closed => (
            StatusCode::BAD_GATEWAY,
            Reason::UpstreamClosed,
            "the endpoint closed the connection before it answered",
        ),
        FailureKind::TryTimeout => (
            StatusCode::GATEWAY_TIMEOUT,
            Reason::Timeout,
            "the endpoint did not answer in time",
        ),
        FailureKind::Malformed => (
            StatusCode::BAD_GATEWAY,
            Reason::UpstreamMalformed,
            "what the endpoint answered is not HTTP",
        ),
        FailureKind::Truncated => (
            StatusCode::BAD_GATEWAY,
            Reason::UpstreamTruncated,
            "the endpoint's answer broke off",
        ),
    };
    Own::new(status, reason, text)
}
