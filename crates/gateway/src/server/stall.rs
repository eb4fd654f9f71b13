//! Streams of HTTP/2 whose client takes nothing of the answer, while the connection itself is well.
//!
//! HTTP/2 lets a client stop one stream and go on with others. hyper does not ask for more of the answer meanwhile, so its
//! body cannot notice; the task of the stream does:
//!
//! | the body was asked last, and said | the stream waits for |
//! |---|---|
//! | here is a part | the client |
//! | not yet | the backend |

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// The stream does not wait for the client.
const NO: u64 = u64::MAX;

/// Since when a stream waits for its client.
#[derive(Debug)]
pub(super) struct Stall {
    origin: Instant,
    since: AtomicU64,
}

impl Stall {
    fn new() -> Self {
        Self {
            origin: Instant::now(),
            since: AtomicU64::new(NO),
        }
    }

    /// A part of the answer was given: the next is asked for once the client has room for it.
    pub(super) fn begin(&self) {
        let since = self.origin.elapsed().as_nanos() as u64;
        self.since.store(since, Relaxed);
    }

    /// The client had room for more.
    pub(super) fn end(&self) {
        self.since.store(NO, Relaxed);
    }

    fn deadline(&self, longest: Duration) -> Option<Instant> {
        let since = self.since.load(Relaxed);
        let since = (since != NO).then(|| Duration::from_nanos(since))?;
        self.origin.checked_add(since)?.checked_add(longest)
    }
}

/// Hands the stall of a request to the task of its stream: hyper calls the service and starts the task one right after the
/// other.
#[derive(Clone, Debug, Default)]
pub(super) struct Next(Arc<Mutex<Option<Arc<Stall>>>>);

impl Next {
    /// Makes the stall of a request.
    pub(super) fn make(&self) -> Arc<Stall> {
        let stall = Arc::new(Stall::new());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&stall));
        stall
    }

    /// Takes the stall of the request whose task starts.
    pub(super) fn take(&self) -> Option<Arc<Stall>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The task of a stream, which ends when its client takes nothing for too long: the stream is reset then.
pub(super) struct Watched<F> {
    stream: Pin<Box<F>>,
    stall: Arc<Stall>,
    longest: Duration,
    /// Made when it is first waited for the client.
    timer: Option<Pin<Box<Sleep>>>,
}

impl<F> Watched<F> {
    /// Watches a stream.
    pub(super) fn new(stream: F, stall: Arc<Stall>, longest: Duration) -> Self {
        Self {
            stream: Box::pin(stream),
            stall,
            longest,
            timer: None,
        }
    }
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        while let Some(deadline) = self.stall.deadline(self.longest) {
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_the_client_is_waited_for_so_long() {
        let next = Next::default();
        let stall = next.make();
        assert!(next.take().is_some() && next.take().is_none());
        let longest = Duration::from_secs(5);
        let begun = Instant::now();
        let watched = Watched::new(std::future::pending(), Arc::clone(&stall), longest);
        tokio::pin!(watched);
        // The backend may take its time.
        let waited = tokio::time::timeout(longest * 2, watched.as_mut()).await;
        assert!(waited.is_err());
        stall.begin();
        stall.end();
        stall.begin();
        watched.await;
        assert_eq!(begun.elapsed(), longest * 3);
    }
}
