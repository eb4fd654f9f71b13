//! A request on its way to a backend: what each of its attempts sends, and how long it may take.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header::{self, HeaderMap, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Method, StatusCode, Version};
use http_body::Body as _;
use plimsoll_traffic::deadline::{self, Deadline};
use plimsoll_traffic::{Ask, EndpointId, Moment, NoEndpoint, retry};

use super::exchange::Exchange;
use super::headers;
use super::own::Own;
use super::request_body::Source;
use crate::affinity;
use crate::forwarded;
use crate::gateway::{Backend, Route, Running, Worker};
use crate::model::Affinity;
use crate::reason::Reason;
use crate::server::{ClientBody, ConnectionInfo};
use crate::upgrade::Upgrade;

const IDEMPOTENCY_KEY: header::HeaderName = header::HeaderName::from_static("idempotency-key");

/// What is asked for.
pub(super) struct Asked {
    pub(super) worker: Arc<Worker>,
    pub(super) connection: Arc<ConnectionInfo>,
    pub(super) route: Arc<Route>,
    pub(super) parts: Parts,
    pub(super) body: ClientBody,
    /// As the endpoint sees them.
    pub(super) path: PathAndQuery,
    pub(super) is_grpc: bool,
    pub(super) upgrade: Option<Upgrade>,
}

/// A request on its way to a backend: what each of its attempts sends.
pub(crate) struct Call {
    pub(crate) worker: Arc<Worker>,
    pub(crate) connection: Arc<ConnectionInfo>,
    pub(crate) route: Arc<Route>,
    pub(crate) backend: Arc<Backend>,
    pub(crate) method: Method,
    pub(crate) path: PathAndQuery,
    /// As each attempt sends them, but for what differs from one to the other; empty once the last one has them.
    headers: Mutex<HeaderMap>,
    /// What the endpoint sees as its host; `None` is its own.
    pub(crate) host: Option<HeaderValue>,
    /// `None` when there is no body.
    pub(crate) source: Option<Source>,
    pub(crate) deadline: Deadline,
    /// When a call of gRPC must be over, if its caller said so.
    pub(super) grpc_deadline: Option<Deadline>,
    /// The deadline is sooner than the route's, because the caller said so.
    pub(crate) is_callers_deadline: bool,
    pub(crate) is_repeatable: bool,
    pub(crate) is_grpc: bool,
    /// What consistent hashing goes by.
    key: Option<u64>,
    /// What the client's cookie names.
    pub(super) sticky: Option<EndpointId>,
    pub(crate) upgrade: Option<Upgrade>,
    /// When this was prepared.
    pub(super) at: Moment,
}

impl Call {
    /// Returns the headers.
    pub(crate) fn headers(&self) -> MutexGuard<'_, HeaderMap> {
        // Not contended: a request is worked on by one thread at a time.
        self.headers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares what is sent.
    ///
    /// # Errors
    /// The answer, when nothing can be sent.
    pub(super) fn new(asked: Asked, exchange: &mut Exchange) -> Result<Self, Own> {
        let model = &asked.route.entry.route;
        let limit = model.body_max.unwrap_or(u64::MAX);
        if asked.body.size_hint().lower() > limit {
            return Err(too_large());
        }
        let chosen = choose(&asked, exchange)?;
        let (deadline, grpc_deadline, is_callers_deadline) = deadlines_of(&asked, exchange);
        let at = exchange.now();
        if deadline.is_over(at) {
            return Err(Own::new(
                StatusCode::GATEWAY_TIMEOUT,
                Reason::DeadlineExceeded,
                "the caller's deadline is over",
            ));
        }
        exchange.record.backend = Some(chosen.backend.id);
        let authority = headers::authority_value(&asked.parts);
        let mut sent = asked.parts.headers;
        headers::remove_hop_by_hop(&mut sent);
        sent.remove(header::HOST);
        if asked.parts.version == Version::HTTP_2 {
            headers::join_cookies(&mut sent);
        }
        // The body is read at once, which makes the client's connection say 100 by itself.
        sent.remove(header::EXPECT);
        forwarded::apply(&mut sent, &asked.connection, authority.as_ref());
        let host = match &model.rewrite.host {
            Some(host) => HeaderValue::from_str(host).ok(),
            None => authority,
        };
        let criticality = HeaderValue::from_static(exchange.record.criticality.as_str());
        sent.insert(forwarded::CRITICALITY, criticality);
        exchange.trace.apply(&mut sent);
        headers::rewrite(&mut sent, &model.rewrite.request_headers);
        let method = asked.parts.method;
        let is_repeatable =
            retry::is_idempotent(method.as_str()) || sent.contains_key(IDEMPOTENCY_KEY);
        let keep_max = match (model.retry.retries_max, &model.mirror) {
            (0, None) => 0,
            _ => model.retry.body_max,
        };
        let source = (!asked.body.is_end_stream())
            .then(|| Source::new(asked.body, keep_max, model.body_max));
        Ok(Self {
            worker: asked.worker,
            connection: asked.connection,
            backend: chosen.backend,
            method,
            path: asked.path,
            headers: Mutex::new(sent),
            host: host.filter(|host| !host.is_empty()),
            source,
            deadline,
            grpc_deadline,
            at,
            is_callers_deadline,
            is_repeatable,
            is_grpc: asked.is_grpc,
            key: chosen.key,
            sticky: chosen.sticky,
            upgrade: asked.upgrade,
            route: asked.route,
        })
    }
}

/// The backend of a request, and what ties its client to an endpoint.
struct Chosen {
    backend: Arc<Backend>,
    key: Option<u64>,
    sticky: Option<EndpointId>,
}

/// Chooses the backend, and what ties the client to an endpoint of it.
fn choose(asked: &Asked, exchange: &Exchange) -> Result<Chosen, Own> {
    let route = &asked.route;
    let sent = &asked.parts.headers;
    let (mut key, mut named) = (None, None);
    match &route.entry.route.affinity {
        None => {}
        Some(Affinity::Hash(by)) => {
            key = affinity::key_hash(by, sent, exchange.record.client.ip());
        }
        Some(Affinity::Cookie(cookie)) => {
            let value = headers::cookie(sent, &cookie.name);
            let value = route.signer.as_ref().zip(value);
            named = value.and_then(|(signer, value)| signer.read(value, route.backends()));
        }
    }
    if let Some((backend, endpoint)) = named {
        return Ok(Chosen {
            backend: Arc::clone(backend),
            key,
            sticky: Some(endpoint),
        });
    }
    let by_weight = match route.backend_count() {
        0 | 1 => route.backend(0.0),
        _ => route.backend(asked.worker.chance()),
    };
    let backend = by_weight.ok_or_else(|| {
        let text = "the route has no backend";
        Own::new(StatusCode::SERVICE_UNAVAILABLE, Reason::NoEndpoint, text)
    })?;
    Ok(Chosen {
        backend: Arc::clone(backend),
        key,
        sticky: None,
    })
}

/// Returns when the request must be answered, when a call of gRPC must be over if its caller said so, and whether the caller wants that sooner than the route. A client of gRPC
/// may always say so, since a deadline only gets shorter; other headers are believed from trusted peers.
fn deadlines_of(asked: &Asked, exchange: &Exchange) -> (Deadline, Option<Deadline>, bool) {
    let began = exchange.record.began;
    let sent = &asked.parts.headers;
    let millis = |name: &header::HeaderName| {
        let value = sent.get(name)?;
        deadline::parse_millis(value.as_bytes()).ok()
    };
    let own = Deadline::new(began, asked.route.entry.route.timeout);
    let mut all = own;
    if asked.connection.is_trusted {
        for name in &forwarded::TIMEOUTS {
            all = all.within(began, millis(name));
        }
    }
    let mut grpc = None;
    if asked.is_grpc {
        let value = sent.get(&forwarded::GRPC_TIMEOUT);
        let said = value.and_then(|value| deadline::parse_grpc(value.as_bytes()).ok());
        all = all.within(began, said);
        grpc = said.map(|said| Deadline::new(began, said));
    }
    (all, grpc, all < own)
}

/// The answer to a body that is larger than its route allows.
pub(super) fn too_large() -> Own {
    let text = "the body is larger than the route allows";
    Own::new(StatusCode::PAYLOAD_TOO_LARGE, Reason::BadRequest, text).closing()
}

/// Picks an endpoint that was not tried, while there is one.
pub(super) fn pick(call: &Call, now: Moment, tried: &[EndpointId]) -> Result<Running, NoEndpoint> {
    let ask = Ask {
        key: call.key,
        sticky: call.sticky.filter(|_| tried.is_empty()),
        tried,
    };
    call.backend.pick(&ask, now)
}
