//! What became of a request: filled in on its way, then counted, logged and shown once.

use std::net::SocketAddr;
use std::time::Duration;

use http::{HeaderValue, Method, Uri, Version};
use plimsoll_traffic::{Criticality, EndpointId, Moment, Outcome, Why};
use plimsoll_types::Timestamp;

use crate::names::{BackendId, RouteId};
use crate::reason::Reason;
use crate::signals::Class;

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Record {
    /// When its head was read, wall time.
    pub at: Timestamp,
    /// The same on the gateway's clock.
    pub began: Moment,
    /// Whom it is for: the peer, or whom a trusted peer named.
    pub client: SocketAddr,
    /// The listener's place in the configuration.
    pub listener: u16,
    /// GET and so on.
    pub method: Method,
    /// As the client sent it.
    pub uri: Uri,
    /// As the client sent it, without the port; empty when there was none.
    pub host: Box<str>,
    /// As the client sent it.
    pub user_agent: Option<HeaderValue>,
    /// HTTP/1.1 and so on.
    pub version: Version,
    /// `None` when none matched.
    pub route: Option<RouteId>,
    /// The backend that it was sent to last.
    pub backend: Option<BackendId>,
    /// Its class.
    pub criticality: Criticality,
    /// What the client was answered; 499 when it left before the head, 0 when the connection was reset instead.
    pub status: u16,
    /// gRPC's code, when there was one.
    pub grpc_status: Option<u8>,
    /// Why it ended so.
    pub reason: Reason,
    /// From the request's head to the last byte of the answer, or to the end.
    pub duration: Duration,
    /// From the request's head to the answer's; zero when there was none.
    pub head_after: Duration,
    /// How long it waited for a place.
    pub queue_wait: Duration,
    /// Bytes of the request's body that were read.
    pub bytes_in: u64,
    /// Bytes of the answer's body that were sent.
    pub bytes_out: u64,
    /// W3C trace id: the client's when it is trusted, else a new one.
    pub trace_id: [u8; 16],
    /// The span of the gateway.
    pub span_id: [u8; 8],
    /// In the order in which they began.
    pub attempts: Vec<Attempt>,
    /// Why a failed attempt was the last one although another was allowed by the route:
    /// [`Refusal::as_str`](plimsoll_traffic::retry::Refusal::as_str), which is a label. `None` when nothing was held back.
    pub retry_refused: Option<&'static str>,
}

/// One attempt at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// Whom.
    pub endpoint: EndpointId,
    /// Why this one.
    pub why: Why,
    /// Whether it is a second one beside a first that still ran.
    pub is_hedge: bool,
    /// Whether it went over a connection that was open already.
    pub is_reused: bool,
    /// From the request's head.
    pub began_after: Duration,
    /// Until the answer's head, or its failure.
    pub took: Duration,
    /// How it ended.
    pub outcome: Outcome,
}

impl Record {
    /// Returns the endpoint of the last attempt that was not called off: of a hedged pair the one that answered. When all
    /// were called off, as by a client that leaves, the last one's.
    pub fn endpoint(&self) -> Option<EndpointId> {
        let mut latest = self.attempts.iter().rev();
        let ended = latest.find(|attempt| attempt.outcome != Outcome::Cancelled);
        let attempt = ended.or(self.attempts.last());
        attempt.map(|attempt| attempt.endpoint)
    }

    /// Returns whose fault the end was, which is not always what the status says.
    pub fn class(&self) -> Class {
        Class::of(self.status, self.grpc_status, self.reason)
    }
}
