//! Slow calls that get a second attempt.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};

use super::{Answer, BoxError, Classify, Repeat, Time, take_ready};
use crate::hedge::{Delay, Options, admits};
use crate::retry::Budget;
use crate::{Moment, Outcome};

/// Sends a second attempt when the first has not answered in time. It takes from the budget and deposits nothing: a
/// [`RetryLayer`](super::RetryLayer) around it does, with `retries_max` 0 where nothing is to be tried again.
#[derive(Debug)]
pub struct HedgeLayer<P> {
    shared: Arc<Shared<P>>,
}

#[derive(Debug)]
struct Shared<P> {
    time: Time,
    delay: Mutex<Delay>,
    budget: Arc<Budget>,
    policy: P,
}

impl<P> HedgeLayer<P> {
    /// Makes the layer of one destination.
    pub fn new(time: Time, options: Options, budget: Arc<Budget>, policy: P) -> Self {
        let delay = Mutex::new(Delay::new(options, time.now()));
        let shared = Arc::new(Shared {
            time,
            delay,
            budget,
            policy,
        });
        Self { shared }
    }
}

impl<P> Clone for HedgeLayer<P> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
    }
}

/// Which attempt ended first.
enum Ended<R> {
    First(Result<R, BoxError>),
    Second(Result<R, BoxError>),
}

impl<P> Shared<P> {
    fn delay(&self) -> Option<Duration> {
        let mut delay = self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        delay.delay(self.time.now())
    }

    /// Takes note of an attempt that answered, or was cancelled because the other one did.
    fn record(&self, began: Moment) {
        let now = self.time.now();
        let mut delay = self.delay.lock().unwrap_or_else(PoisonError::into_inner);
        delay.record(now.since(began), now);
    }

    async fn run<S, Q>(&self, mut service: S, request: Q) -> Result<S::Response, BoxError>
    where
        S: Service<Q> + Clone,
        S::Error: Into<BoxError>,
        P: Classify<S::Response> + Repeat<Q>,
    {
        let is_repeatable = self.policy.is_repeatable(&request);
        let delay = self.delay().filter(|_| is_repeatable);
        let copy = delay.and_then(|_| self.policy.copy(&request));
        let other = service.clone();
        let began = self.time.now();
        let mut first = std::pin::pin!(async { service.call(request).await.map_err(Into::into) });
        let (Some(delay), Some(copy)) = (delay, copy) else {
            let result = first.await;
            return self.ended(result, began);
        };
        if let Some(result) = Time::within(Some(delay), &mut first).await {
            return self.ended(result, began);
        }
        if admits(is_repeatable, true, &self.budget, self.time.now()).is_err() {
            let result = first.await;
            return self.ended(result, began);
        }
        let second_began = self.time.now();
        let mut second = std::pin::pin!(async { other.oneshot(copy).await.map_err(Into::into) });
        let ended = tokio::select! {
            result = &mut first => Ended::First(result),
            result = &mut second => Ended::Second(result),
        };
        match ended {
            Ended::First(result) if self.is_answer(&result) => self.ended(result, began),
            Ended::First(_) => self.ended(second.await, second_began),
            Ended::Second(result) if self.is_answer(&result) => {
                self.record(began);
                self.ended(result, second_began)
            }
            Ended::Second(_) => self.ended(first.await, began),
        }
    }

    fn is_answer<R>(&self, result: &Result<R, BoxError>) -> bool
    where
        P: Classify<R>,
    {
        self.policy.classify(result.as_ref()) == Outcome::Success
    }

    fn ended<R>(&self, result: Result<R, BoxError>, began: Moment) -> Result<R, BoxError>
    where
        P: Classify<R>,
    {
        // How fast something fails says nothing about how long an answer takes.
        if self.is_answer(&result) {
            self.record(began);
        }
        result
    }
}

impl<S, P> Layer<S> for HedgeLayer<P> {
    type Service = HedgeService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        HedgeService { inner, layer }
    }
}

/// The service of [`HedgeLayer`].
#[derive(Debug)]
pub struct HedgeService<S, P> {
    inner: S,
    layer: HedgeLayer<P>,
}

impl<S: Clone, P> Clone for HedgeService<S, P> {
    fn clone(&self) -> Self {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Self { inner, layer }
    }
}

impl<S, Q, P> Service<Q> for HedgeService<S, P>
where
    S: Service<Q> + Clone + Send + Sync + 'static,
    S::Response: Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
    Q: Send + 'static,
    P: Classify<S::Response> + Repeat<Q>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, ctx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(ctx).map_err(Into::into)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let (shared, service) = (self.layer.shared.clone(), take_ready(&mut self.inner));
        Box::pin(async move { shared.run(service, request).await })
    }
}
