//! Calls no more often than a rate.

use std::sync::Arc;
use std::task::{Context, Poll};

use tower::{Layer, Service};

use super::{Answer, BoxError, Refused, Time};
use crate::limit::rate::{Limiter, Rate};

/// Refuses calls beyond a rate. Clones share it.
#[derive(Clone, Debug)]
pub struct RateLayer {
    time: Time,
    limiter: Arc<Limiter>,
}

impl RateLayer {
    /// Makes the layer with one bucket for all calls, full of credit.
    pub fn new(time: Time, rate: Rate) -> Self {
        let limiter = Arc::new(Limiter::single(rate));
        Self { time, limiter }
    }
}

impl<S> Layer<S> for RateLayer {
    type Service = RateService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        RateService { inner, layer }
    }
}

/// The service of [`RateLayer`].
#[derive(Clone, Debug)]
pub struct RateService<S> {
    inner: S,
    layer: RateLayer,
}

impl<S, Q> Service<Q> for RateService<S>
where
    S: Service<Q>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(ctx).map_err(Into::into)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        // One bucket: the key is of no matter.
        if let Err(refused) = self.layer.limiter.take(0, self.layer.time.now()) {
            let retry_after = refused.retry_after;
            return Box::pin(async move { Err(Refused::RateLimited { retry_after }.into()) });
        }
        let future = self.inner.call(request);
        Box::pin(async move { future.await.map_err(Into::into) })
    }
}
