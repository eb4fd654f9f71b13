//! So many calls at a time; the others wait in the order of how much they matter.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tower::{Layer, Service};

use super::{Answer, BoxError, Classify, Context, Refused, Time, take_ready};
use crate::Moment;
use crate::limit::admission::{Admission, Ask, Entry, Moved, View};
use crate::limit::concurrency::Meaning;
use crate::limit::queue::Ticket;
use crate::limit::{admission, concurrency, queue};

/// Whoever waits is told through this that it may enter, or must go.
type Waiter = oneshot::Sender<Result<(), admission::Refused>>;

/// Limits calls in flight to one destination and queues the others, by the criticality of the [`Context`] that they are made
/// in. Clones share it.
#[derive(Debug)]
pub struct ConcurrencyLayer<C> {
    shared: Arc<Shared<C>>,
}

#[derive(Debug)]
struct Shared<C> {
    time: Time,
    admission: Mutex<Admission<Waiter>>,
    classify: C,
}

impl<C> ConcurrencyLayer<C> {
    /// Makes the layer. `seed` spreads the measurements of adaptive limits.
    pub fn new(
        time: Time,
        limit: concurrency::Options,
        queue: queue::Options,
        classify: C,
        seed: u64,
    ) -> Self {
        let admission = Mutex::new(Admission::new(limit, queue, seed, time.now()));
        let shared = Arc::new(Shared {
            time,
            admission,
            classify,
        });
        Self { shared }
    }

    /// Returns the limit, who is in and who waits.
    pub fn view(&self) -> View {
        let now = self.shared.time.now();
        self.shared.with(|admission| admission.view(now))
    }
}

impl<C> Clone for ConcurrencyLayer<C> {
    fn clone(&self) -> Self {
        let shared = self.shared.clone();
        Self { shared }
    }
}

impl<C> Shared<C> {
    fn with<R>(&self, act: impl FnOnce(&mut Admission<Waiter>) -> R) -> R {
        act(&mut self
            .admission
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for a place.
    async fn enter(self: &Arc<Self>) -> Result<Place<C>, Refused> {
        let class = Context::current()
            .map(|context| context.criticality)
            .unwrap_or_default();
        let ask = Ask { class, key: None };
        let (sender, receiver) = oneshot::channel();
        let now = self.time.now();
        match self.with(|admission| admission.enter(ask, || sender, now)) {
            Entry::Entered => {}
            Entry::Refused(refused) => return Err(overloaded(refused)),
            Entry::Waiting {
                ticket,
                displaced,
                until,
            } => {
                if let Some((waiter, refused)) = displaced {
                    // Who went away meanwhile needs no answer.
                    let _ = waiter.send(Err(refused));
                }
                let mut turn = Turn {
                    shared: self.clone(),
                    ticket,
                    receiver,
                };
                turn.wait(until).await?;
            }
        }
        Ok(Place {
            shared: self.clone(),
            began: self.time.now(),
            meaning: Meaning::Nothing,
        })
    }

    /// Tells whose wait is over. A place that nobody is there to take goes to the next one.
    fn tell(&self, moved: Moved<Waiter>, now: Moment) {
        let mut rounds = vec![moved];
        while let Some(moved) = rounds.pop() {
            for (waiter, refused) in moved.refused {
                let _ = waiter.send(Err(refused));
            }
            for left in moved.entered {
                if left.token.send(Ok(())).is_err() {
                    rounds.push(
                        self.with(|admission| {
                            admission.left(Duration::ZERO, Meaning::Nothing, now)
                        }),
                    );
                }
            }
        }
    }
}

/// A call that waits.
struct Turn<C> {
    shared: Arc<Shared<C>>,
    ticket: Ticket,
    receiver: oneshot::Receiver<Result<(), admission::Refused>>,
}

impl<C> Turn<C> {
    async fn wait(&mut self, until: Moment) -> Result<(), Refused> {
        loop {
            let left = until.since(self.shared.time.now());
            if let Some(told) = Time::within(Some(left), &mut self.receiver).await {
                let told = told.expect("who waits is told before its token is dropped");
                return told.map_err(overloaded);
            }
            let now = self.shared.time.now();
            let moved = self.shared.with(|admission| admission.advance(now));
            self.shared.tell(moved, now);
        }
    }
}

impl<C> Drop for Turn<C> {
    fn drop(&mut self) {
        let now = self.shared.time.now();
        let ticket = self.ticket;
        if self
            .shared
            .with(|admission| admission.cancel(ticket, now))
            .is_some()
        {
            return;
        }
        // Its token was handed out: whoever sends after this finds nobody, and what was sent before is given back here.
        self.receiver.close();
        if let Ok(Ok(())) = self.receiver.try_recv() {
            let given_back = |admission: &mut Admission<Waiter>| {
                admission.left(Duration::ZERO, Meaning::Nothing, now)
            };
            let moved = self.shared.with(given_back);
            self.shared.tell(moved, now);
        }
    }
}

/// A call in flight; leaves when it is dropped, whoever drops it.
struct Place<C> {
    shared: Arc<Shared<C>>,
    began: Moment,
    meaning: Meaning,
}

impl<C> Drop for Place<C> {
    fn drop(&mut self) {
        let now = self.shared.time.now();
        let (latency, meaning) = (now.since(self.began), self.meaning);
        let moved = self
            .shared
            .with(|admission| admission.left(latency, meaning, now));
        self.shared.tell(moved, now);
    }
}

fn overloaded(refused: admission::Refused) -> Refused {
    let (why, retry_after) = (refused.why, refused.retry_after);
    Refused::Overloaded { why, retry_after }
}

impl<S, C> Layer<S> for ConcurrencyLayer<C> {
    type Service = ConcurrencyService<S, C>;

    fn layer(&self, inner: S) -> Self::Service {
        let layer = self.clone();
        ConcurrencyService { inner, layer }
    }
}

/// The service of [`ConcurrencyLayer`].
#[derive(Debug)]
pub struct ConcurrencyService<S, C> {
    inner: S,
    layer: ConcurrencyLayer<C>,
}

impl<S: Clone, C> Clone for ConcurrencyService<S, C> {
    fn clone(&self) -> Self {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        Self { inner, layer }
    }
}

impl<S, Q, C> Service<Q> for ConcurrencyService<S, C>
where
    S: Service<Q> + Clone + Send + 'static,
    S::Response: Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
    Q: Send + 'static,
    C: Classify<S::Response>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Answer<S::Response>;

    fn poll_ready(&mut self, ctx: &mut TaskContext<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(ctx).map_err(Into::into)
    }

    fn call(&mut self, request: Q) -> Self::Future {
        let (shared, mut service) = (self.layer.shared.clone(), take_ready(&mut self.inner));
        Box::pin(async move {
            let mut place = shared.enter().await?;
            let result = service.call(request).await.map_err(Into::into);
            let outcome = shared.classify.classify(result.as_ref());
            place.meaning = Meaning::from(&outcome);
            result
        })
    }
}
