//! What a call inherits from the request that it is made for: how long it may take, and how much it matters.

use std::future::Future;
use std::task::{self, Poll};
use std::time::Duration;

use http::{HeaderMap, Request};
use tower::{Layer, Service};

use super::Time;
use crate::deadline::{
    Deadline, ENVOY_EXPECTED_HEADER, GRPC_HEADER, HEADER, parse_grpc, parse_millis,
};
use crate::{Criticality, Moment};

tokio::task_local! {
    static CONTEXT: Context;
}

/// What a call inherits. It belongs to the task that runs: [`scope`](Self::scope) hands it on to a task that is spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// When the request must be answered.
    pub deadline: Deadline,
    /// How much it matters.
    pub criticality: Criticality,
}

impl Context {
    /// Returns that of the running task; `None` outside of any request.
    pub fn current() -> Option<Self> {
        CONTEXT.try_with(|context| *context).ok()
    }

    /// Runs a future with this context.
    pub fn scope<F: Future>(self, future: F) -> impl Future<Output = F::Output> {
        CONTEXT.scope(self, future)
    }

    /// Reads it from a request's headers.
    fn read(headers: &HeaderMap, incoming: &Incoming, now: Moment) -> Self {
        let asked = if incoming.is_trusted {
            asked(headers)
        } else {
            None
        };
        let class = headers
            .get(Criticality::HEADER)
            .map(|value| value.as_bytes());
        Self {
            deadline: Deadline::new(now, incoming.timeout).within(now, asked),
            criticality: Criticality::of(class, incoming.is_trusted, incoming.criticality),
        }
    }
}

/// What requests are when their headers say nothing, or are not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// How long they may take; headers only shorten it.
    pub timeout: Duration,
    /// How much they matter.
    pub criticality: Criticality,
    /// Whether headers are believed: only peers of ours reach this service, such as the gateway.
    pub is_trusted: bool,
}

/// The shortest of what headers ask for; those that cannot be read ask for nothing.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let read = |name: &str, parse: fn(&[u8]) -> Result<Duration, _>| {
        headers
            .get(name)
            .and_then(|value| parse(value.as_bytes()).ok())
    };
    let all = [
        read(HEADER, parse_millis),
        read(ENVOY_EXPECTED_HEADER, parse_millis),
        read(GRPC_HEADER, parse_grpc),
    ];
    all.into_iter().flatten().min()
}

/// Gives every request a [`Context`].
#[derive(Clone, Debug)]
pub struct ContextLayer {
    time: Time,
    incoming: Incoming,
}

impl ContextLayer {
    /// Makes the layer of a server.
    pub fn new(time: Time, incoming: Incoming) -> Self {
        Self { time, incoming }
    }
}

impl<S> Layer<S> for ContextLayer {
    type Service = ContextService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        ContextService { inner, layer }
    }
}

/// The service of [`ContextLayer`].
#[derive(Clone, Debug)]
pub struct ContextService<S> {
    inner: S,
    layer: ContextLayer,
}

impl<S, B> Service<Request<B>> for ContextService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = tokio::task::futures::TaskLocalFuture<Context, S::Future>;

    fn poll_ready(&mut self, ctx: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(ctx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let now = self.layer.time.now();
        let context = Context::read(request.headers(), &self.layer.incoming, now);
        // What the service does before it returns its future belongs to the request, too.
        let future = CONTEXT.sync_scope(context, || self.inner.call(request));
        CONTEXT.scope(context, future)
    }
}
