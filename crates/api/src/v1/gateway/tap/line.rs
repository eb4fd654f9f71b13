//! What a line of the tap says. The gateway writes it, as a line of its access log; this describes it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values::Time;
use crate::openapi::words::Criticality;

/// A request that ended, or how many were missed because the client read too slowly.
#[derive(Serialize, ToSchema)]
#[schema(as = TapLine)]
#[serde(untagged)]
#[expect(dead_code, reason = "the gateway writes them")]
pub(super) enum Line {
    Request(Box<Request>),
    Missed { missed: u64 },
}

/// A request that ended, as the access log has it.
#[derive(Serialize, ToSchema)]
#[schema(as = TapRequest)]
pub(super) struct Request {
    /// When its head was read.
    time: Time,
    /// Address and port.
    client: String,
    listener: String,
    method: String,
    /// Without the port; empty when there was none.
    host: String,
    /// Without the query.
    path: String,
    protocol: String,
    /// When one matched.
    #[schema(nullable = false)]
    route: Option<String>,
    /// To whom it was sent last.
    #[schema(nullable = false)]
    backend: Option<String>,
    /// The one that answered, or else the one of the last attempt.
    #[schema(nullable = false)]
    endpoint: Option<String>,
    criticality: Criticality,
    /// What the client was answered; 499 when it left before, 0 when the connection was reset.
    status: u16,
    #[schema(nullable = false)]
    grpc_status: Option<u32>,
    /// `1xx` to `5xx`, `499`.
    class: String,
    /// Why it ended so: `ok`, `rate_limited`, `timeout` and others.
    reason: String,
    duration_ms: f64,
    /// To the answer's head; 0 when there was none.
    head_ms: f64,
    /// How long it waited for a place.
    queue_ms: f64,
    bytes_in: u64,
    bytes_out: u64,
    /// How many there were.
    attempts: u32,
    trace_id: String,
    span_id: String,
    #[schema(nullable = false)]
    user_agent: Option<String>,
    /// Why a failed attempt was the last one although the route allows more.
    #[schema(nullable = false)]
    retry_refused: Option<String>,
    /// When there were two attempts or more.
    #[schema(nullable = false)]
    tries: Option<Vec<Try>>,
}

/// An attempt of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = TapTry)]
pub(super) struct Try {
    endpoint: String,
    /// `policy`, `sticky` or `panic`.
    why: String,
    outcome: String,
    /// From the request's head.
    began_ms: f64,
    took_ms: f64,
    /// Whether it is a second one beside a first that still ran.
    hedge: bool,
    /// Whether its connection was open already.
    reused: bool,
}
