//! Copies of requests for a backend whose answers reach nobody; they can be compared with what the client got.
//!
//! A copy is sent when the client's answer has begun, so that it delays nothing and the request's body is known. It goes
//! without retries, at most [`COPIES_MAX`] at a time for each worker; further ones are dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use plimsoll_traffic::{Ask, Criticality, Outcome};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use xxhash_rust::xxh3::Xxh3;

use crate::gateway::{Backend, Running, Worker};
use crate::names::RouteId;
use crate::proxy::{Call, RequestBody, Source};
use crate::signals::Mirrored;

/// Copies under way at a time, for each worker.
pub const COPIES_MAX: usize = 256;
/// Tells the backend that nobody gets its answer.
const MARK: HeaderName = HeaderName::from_static("x-plimsoll-mirrored");
/// Bodies are compared up to this size; of a longer one its beginning.
const COMPARED_MAX: u64 = 1 << 20;

/// The copies of a worker that are under way.
#[derive(Debug, Default)]
pub struct Copies(Arc<AtomicUsize>);

/// One copy's place.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Copies {
    fn enter(&self) -> Option<Place> {
        let next = |count: usize| (count < COPIES_MAX).then_some(count + 1);
        self.0.fetch_update(Relaxed, Relaxed, next).ok()?;
        Some(Place(Arc::clone(&self.0)))
    }
}

/// What of an answer is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    location: Option<HeaderValue>,
    body: u64,
}

/// A fingerprint that is taken while an answer passes.
pub(crate) struct Fingerprinting {
    print: Fingerprint,
    hasher: Box<Xxh3>,
    hashed: u64,
}

/// Takes the fingerprint of the client's answer, and hands it over when the answer was whole.
pub(crate) struct Comparing {
    taking: Fingerprinting,
    tx: oneshot::Sender<Fingerprint>,
}

impl Fingerprinting {
    fn new<B>(response: &Response<B>) -> Self {
        let headers = response.headers();
        Self {
            print: Fingerprint {
                status: response.status(),
                content_type: headers.get(header::CONTENT_TYPE).cloned(),
                location: headers.get(header::LOCATION).cloned(),
                body: 0,
            },
            hasher: Box::new(Xxh3::new()),
            hashed: 0,
        }
    }

    fn update(&mut self, data: &[u8]) {
        let room = COMPARED_MAX.saturating_sub(self.hashed);
        let length = room.min(data.len() as u64);
        self.hasher.update(&data[..length as usize]);
        self.hashed += length;
    }

    fn finish(mut self) -> Fingerprint {
        self.print.body = self.hasher.digest();
        self.print
    }
}

impl Comparing {
    pub(crate) fn update(&mut self, data: &[u8]) {
        self.taking.update(data);
    }

    /// The answer is whole.
    pub(crate) fn finish(self) {
        // The copy may have failed by now.
        let _ = self.tx.send(self.taking.finish());
    }
}

/// A copy that is ready to be sent.
struct Copy {
    worker: Arc<Worker>,
    backend: Arc<Backend>,
    call: Sent,
    /// The PROXY header for a backend that wants one.
    header: Vec<u8>,
    timeout: Duration,
    route: RouteId,
    criticality: Criticality,
    client: Option<oneshot::Receiver<Fingerprint>>,
}

/// What is sent.
struct Sent {
    request: http::request::Parts,
    host: Option<HeaderValue>,
    body: Option<Bytes>,
}

/// Sends a copy of a request whose answer has begun, if its route wants one. Returns what the answer is compared with.
pub(crate) fn mirror<B>(
    call: &Call,
    criticality: Criticality,
    response: &Response<B>,
) -> Option<Comparing> {
    let model = call.route.entry.route.mirror.as_ref()?;
    let backend = call.route.mirror.as_ref()?;
    if call.worker.chance() >= model.share {
        return None;
    }
    let route = call.route.entry.id;
    let dropped = || {
        let recorder = &call.worker.recorder;
        recorder.mirrored(route, criticality, Mirrored::Dropped);
        None
    };
    let Some(place) = call.worker.copies.enter() else {
        return dropped();
    };
    let body = match &call.source {
        None => None,
        Some(source) => match Source::whole(source) {
            Some(body) => Some(body),
            None => return dropped(),
        },
    };
    let (comparing, client) = match model.compares {
        false => (None, None),
        true => {
            let (tx, rx) = oneshot::channel();
            let taking = Fingerprinting::new(response);
            (Some(Comparing { taking, tx }), Some(rx))
        }
    };
    let copy = Copy {
        worker: Arc::clone(&call.worker),
        backend: Arc::clone(backend),
        call: call.copied(body),
        header: match backend.model.sends_proxy_header {
            true => crate::pool::proxy_header(&call.connection),
            false => Vec::new(),
        },
        timeout: call.route.entry.route.timeout,
        route,
        criticality,
        client,
    };
    call.worker.spawner.spawn("mirrored request", async move {
        let _place = place;
        copy.run().await;
    });
    comparing
}

impl Call {
    fn copied(&self, body: Option<Bytes>) -> Sent {
        let (mut request, ()) = http::Request::new(()).into_parts();
        request.method = self.method.clone();
        request.headers = HeaderMap::clone(&self.headers());
        request
            .headers
            .insert(MARK, HeaderValue::from_static("true"));
        request.uri = http::Uri::from(self.path.clone());
        Sent {
            request,
            host: self.host.clone(),
            body,
        }
    }
}

impl Copy {
    async fn run(self) {
        let (worker, route, criticality) = (Arc::clone(&self.worker), self.route, self.criticality);
        let deadline = Instant::now() + self.timeout;
        // One time for the copy's answer and for the rest of the client's.
        let result = timeout_at(deadline, self.send()).await;
        let result = result.unwrap_or(Mirrored::Failed);
        worker.recorder.mirrored(route, criticality, result);
    }

    async fn send(mut self) -> Mirrored {
        let now = self.worker.gateway.now();
        let Ok(running) = self.backend.pick(&Ask::default(), now) else {
            return Mirrored::Failed;
        };
        let client = self.client.take();
        match self.exchange(running).await {
            None => Mirrored::Failed,
            Some(print) => match client {
                None => Mirrored::NotCompared,
                Some(client) => match client.await {
                    Ok(client) if client == print => Mirrored::Same,
                    Ok(_) => Mirrored::Different,
                    // The client's answer was not whole: there is nothing to compare with.
                    Err(_) => Mirrored::NotCompared,
                },
            },
        }
    }

    async fn exchange(self, running: Running) -> Option<Fingerprint> {
        let (worker, target) = (&self.worker, Arc::clone(&running.target));
        let now = worker.gateway.now();
        let leased = target
            .lease(worker.index, &worker.spawner, false, &self.header, now)
            .await;
        let mut lease = match leased {
            Ok(lease) => lease,
            Err(error) => {
                let now = worker.gateway.now();
                let took = now.since(running.began);
                running.done(Outcome::Failed(error.kind), took, now);
                return None;
            }
        };
        let request = self.call.request(&target, lease.is_http2());
        let sent = lease.send(request).await;
        let now = worker.gateway.now();
        let took = now.since(running.began);
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                running.done(Outcome::Failed(error.kind), took, now);
                return None;
            }
        };
        let outcome = crate::proxy::outcome_of(&response);
        let read = read(response).await;
        let now = worker.gateway.now();
        if read.is_some() {
            lease.give_back(now);
        }
        running.done(outcome, took, now);
        read
    }
}

/// Reads an answer to its end.
async fn read(response: Response<Incoming>) -> Option<Fingerprint> {
    let mut taking = Fingerprinting::new(&response);
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame.ok()?.data_ref() {
            taking.update(data);
        }
    }
    Some(taking.finish())
}

impl Sent {
    fn request(self, target: &crate::pool::Target, is_http2: bool) -> http::Request<RequestBody> {
        let body = match self.body {
            None => RequestBody::Empty,
            Some(body) => RequestBody::Memory(Some(body)),
        };
        let mut request = http::Request::from_parts(self.request, body);
        if !is_http2 {
            // About a hop, as in what the client's endpoint gets.
            request.headers_mut().remove(header::TE);
        }
        let host = self.host.unwrap_or_else(|| target.host_header().clone());
        target.address(&mut request, host, is_http2);
        request
    }
}
