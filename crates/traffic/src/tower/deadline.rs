//! Calls end in time, and the next hop knows how long is waited.

use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tower::{Layer, Service};

use super::{Answer, BoxError, Context, Refused, Time};
use crate::deadline::{Deadline, HEADER, for_next_hop, format_millis};
use crate::{Criticality, Moment};

/// Ends a call after its timeout, or sooner when the request that it is made for must be answered sooner; writes what is left
/// and the class of that request into headers.
#[derive(Clone, Debug)]
pub struct DeadlineLayer {
    time: Time,
    timeout: Duration,
}

impl DeadlineLayer {
    /// Makes the layer of a client. The timeout holds for all attempts of a call, until the answer's head.
    pub fn new(time: Time, timeout: Duration) -> Self {
        Self { time, timeout }
    }

    fn context(&self, now: Moment) -> Context {
        let own = Deadline::new(now, self.timeout);
        let inherited = Context::current();
        Context {
            deadline: inherited.map_or(own, |context| own.min(context.deadline)),
            criticality: inherited.map_or_else(Criticality::default, |context| context.criticality),
        }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        DeadlineService { inner, layer }
    }
}

/// The service of [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub struct DeadlineService<S> {
    inner: S,
    layer: DeadlineLayer,
}

impl<S, B> Service<Request<B>> for DeadlineService<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, ctx: &mut TaskContext<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(ctx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let now = self.layer.time.now();
        let context = self.layer.context(now);
        if context.deadline.is_over(now) {
            return Box::pin(async { Err(Refused::DeadlineOver.into()) });
        }
        let left = context.deadline.left(now);
        write(request.headers_mut(), left, context.criticality);
        let future = self.inner.call(request);
        Box::pin(context.scope(async move {
            match Time::within(Some(left), future).await {
                Some(result) => result.map_err(Into::into),
                None => Err(Refused::DeadlineOver.into()),
            }
        }))
    }
}

fn write(headers: &mut HeaderMap, left: Duration, criticality: Criticality) {
    let left = HeaderValue::from_bytes(format_millis(for_next_hop(left)).as_bytes())
        .expect("digits may stand in a header");
    headers.insert(HeaderName::from_static(HEADER), left);
    let class = HeaderValue::from_static(criticality.as_str());
    headers.insert(HeaderName::from_static(Criticality::HEADER), class);
}
