//! Calls that are made again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use tower::{Layer, Service, ServiceExt};

use super::{Answer, BoxError, Classify, Context, Refused, Repeat, Time, take_ready};
use crate::retry::{Again, Attempted, Budget, Gate, Options};

/// Makes failed calls again, as its [`Gate`] says. It deposits each call into the budget.
#[derive(Debug)]
pub struct RetryLayer<P> {
    shared: Arc<Shared<P>>,
}

#[derive(Debug)]
struct Shared<P> {
    time: Time,
    gate: Gate,
    budget: Arc<Budget>,
    policy: P,
    chance: AtomicU64,
}

impl<P> RetryLayer<P> {
    /// Makes the layer. `policy` classifies answers and copies requests; `seed` should differ from process to process, so that
    /// they do not all wait alike. `body_max` of the options is the policy's matter here.
    pub fn new(time: Time, options: Options, budget: Arc<Budget>, policy: P, seed: u64) -> Self {
        let shared = Shared {
            time,
            gate: Gate::new(options),
            budget,
            policy,
            chance: AtomicU64::new(seed),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl<P> Clone for RetryLayer<P> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
    }
}

impl<P> Shared<P> {
    /// SplitMix64 on a counter that all calls share (Steele et al. 2014).
    fn chance(&self) -> f64 {
        let mut mixed = self
            .chance
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    async fn run<S, Q>(&self, mut service: S, mut request: Q) -> Result<S::Response, BoxError>
    where
        S: Service<Q> + Clone,
        S::Error: Into<BoxError>,
        P: Classify<S::Response> + Repeat<Q>,
    {
        self.budget.deposit(self.time.now());
        let is_repeatable = self.policy.is_repeatable(&request);
        let options = self.gate.options();
        let mut retries = 0;
        loop {
            let may_repeat = retries < options.retries_max;
            let copy = may_repeat.then(|| self.policy.copy(&request)).flatten();
            let attempt = service.call(request);
            let result = match Time::within(options.try_timeout, attempt).await {
                Some(result) => result.map_err(Into::into),
                None => Err(Refused::TryTimeout.into()),
            };
            let now = self.time.now();
            let attempted = Attempted {
                is_repeatable,
                is_body_replayable: copy.is_some(),
                retries,
                outcome: self.policy.classify(result.as_ref()),
                left: Context::current()
                    .map_or(Duration::MAX, |context| context.deadline.left(now)),
            };
            let again = self
                .gate
                .again(&attempted, &self.budget, now, self.chance());
            let (Again::After(wait), Some(copy)) = (again, copy) else {
                return result;
            };
            Time::pause(wait).await;
            request = copy;
            retries += 1;
            service.ready().await.map_err(Into::into)?;
        }
    }
}

impl<S, P> Layer<S> for RetryLayer<P> {
    type Service = RetryService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        RetryService { inner, layer }
    }
}

/// The service of [`RetryLayer`].
#[derive(Debug)]
pub struct RetryService<S, P> {
    inner: S,
    layer: RetryLayer<P>,
}

impl<S: Clone, P> Clone for RetryService<S, P> {
    fn clone(&self) -> Self {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Self { inner, layer }
    }
}

impl<S, Q, P> Service<Q> for RetryService<S, P>
where
    S: Service<Q> + Clone + Send + 'static,
    S::Response: Send + Sync,
    S::Error: Into<BoxError>,
    S::Future: Send,
    Q: Send + 'static,
    P: Classify<S::Response> + Repeat<Q>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, ctx: &mut TaskContext<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(ctx).map_err(Into::into)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let (shared, service) = (self.layer.shared.clone(), take_ready(&mut self.inner));
        Box::pin(async move { shared.run(service, request).await })
    }
}
