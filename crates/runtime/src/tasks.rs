//! Tasks that have a name, can be stopped, and do not die in silence.
//!
//! | a task | after a panic |
//! |---|---|
//! | [`Tasks::spawn`] with [`OnPanic::Report`] | it is over; its [`Task`] says so |
//! | [`Tasks::spawn`] with [`OnPanic::Fatal`] | the program stops with that cause |
//! | [`Tasks::spawn_loop`] | it is made anew after 100 ms, 200 ms, ... 30 s |
//!
//! A loop that ran for 60 s without a panic begins with the shortest pause again.
//! Every panic is logged with the task's name and counted in `plimsoll_runtime_task_panics_total`.

use std::any::Any;
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::sync::{Notify, Semaphore, watch};

use crate::clock::Clock;
use crate::metrics::Registry;
use crate::shutdown::{Cause, Shutdown};

/// The pause before the first restart.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// The longest pause between restarts.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// After this long without a panic a loop counts as healthy again.
const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// The most pieces of blocking work at a time; more wait. The disk gains nothing from more, and memory is bounded.
const BLOCKING_MAX: usize = 64;

/// What a panic of a task means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPanic {
    /// The task alone is lost.
    Report,
    /// Nothing works without it: the program stops.
    Fatal,
}

/// A task or a piece of work panicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{task} panicked: {message}")]
pub struct Panicked {
    /// The name of the task.
    pub task: &'static str,
    /// What it said.
    pub message: String,
}

/// Tasks did not end within the time given to them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("still running: {}", .running.join(", "))]
pub struct Unfinished {
    /// Their names, each once.
    pub running: Vec<&'static str>,
}

/// Starts and supervises tasks; clones share them.
///
/// ```
/// # use std::{sync::Arc, time::Duration};
/// # use plimsoll_runtime::{clock::SystemClock, metrics::Registry, shutdown::Shutdown};
/// use plimsoll_runtime::tasks::{OnPanic, Tasks};
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// let shutdown = Shutdown::new();
/// let tasks = Tasks::new(shutdown.clone(), Arc::new(SystemClock::new()), &Registry::new());
/// tasks.spawn("listener", OnPanic::Fatal, |stop| async move { stop.wait().await });
/// shutdown.trigger();
/// tasks.join(Duration::from_secs(10)).await.unwrap();
/// # });
/// ```
#[derive(Clone)]
pub struct Tasks(Arc<Shared>);

struct Shared {
    shutdown: Shutdown,
    clock: Arc<dyn Clock>,
    panics: Family<[(&'static str, &'static str); 1], Counter>,
    blocking: Arc<Semaphore>,
    /// How many tasks of a name run.
    running: Mutex<BTreeMap<&'static str, usize>>,
    one_ended: Notify,
}

/// A running task. Dropping it leaves the task running.
#[derive(Clone, Debug)]
pub struct Task {
    shutdown: Shutdown,
    ended: watch::Receiver<Option<Result<(), Panicked>>>,
    name: &'static str,
}

impl Task {
    /// Asks this task alone to stop.
    pub fn stop(&self) {
        self.shutdown.trigger();
    }

    /// Waits until the task has ended.
    ///
    /// # Errors
    /// [`Panicked`], also when the runtime dropped the task.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn wait(&mut self) -> Result<(), Panicked> {
        match self.ended.wait_for(Option::is_some).await {
            Ok(ended) => ended.clone().unwrap_or(Ok(())),
            Err(_) => Err(Panicked {
                task: self.name,
                message: "the runtime dropped it".into(),
            }),
        }
    }
}

impl Tasks {
    /// Makes a supervisor whose tasks stop with `shutdown`, and registers its metrics.
    pub fn new(shutdown: Shutdown, clock: Arc<dyn Clock>, metrics: &Registry) -> Self {
        let panics = Family::default();
        metrics.register(
            "runtime_task_panics",
            "Panics caught, by the name of the task",
            None,
            panics.clone(),
        );
        Self(Arc::new(Shared {
            shutdown,
            clock,
            panics,
            blocking: Arc::new(Semaphore::new(BLOCKING_MAX)),
            running: Mutex::default(),
            one_ended: Notify::new(),
        }))
    }

    /// Returns the token that stops all tasks.
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Starts a task. Names are few and fixed: what differs from task to task belongs in a tracing field.
    pub fn spawn<F>(
        &self,
        name: &'static str,
        on_panic: OnPanic,
        make: impl FnOnce(Shutdown) -> F,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = self.0.shutdown.child();
        let future = caught(Arc::clone(&self.0), name, make(shutdown.clone()));
        let shared = Arc::clone(&self.0);
        self.supervise(name, shutdown, async move {
            let outcome = future.await;
            if let (Err(panicked), OnPanic::Fatal) = (&outcome, on_panic) {
                let cause = Cause::Failed(panicked.to_string());
                shared.shutdown.trigger_because(cause);
            }
            outcome
        })
    }

    /// Starts a task that ends with the program, not before: [`join`](Self::join) does not wait for it.
    pub(crate) fn spawn_detached<F>(&self, name: &'static str, on_panic: OnPanic, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let future = caught(Arc::clone(&self.0), name, future);
        let shared = Arc::clone(&self.0);
        detach(async move {
            if let (Err(panicked), OnPanic::Fatal) = (future.await, on_panic) {
                let cause = Cause::Failed(panicked.to_string());
                shared.shutdown.trigger_because(cause);
            }
        });
    }

    /// Starts a task that is made anew, after a pause, whenever it panics.
    pub fn spawn_loop<F>(
        &self,
        name: &'static str,
        mut make: impl FnMut(Shutdown) -> F + Send + 'static,
    ) -> Task
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let shutdown = self.0.shutdown.child();
        let tasks = self.clone();
        let stop = shutdown.clone();
        self.supervise(name, shutdown, async move {
            let mut pause = PAUSE_MIN;
            loop {
                let started = tasks.0.clock.monotonic();
                // The factory may panic as well.
                let shared = Arc::clone(&tasks.0);
                let made = catch_unwind(AssertUnwindSafe(|| make(stop.clone())));
                let outcome = match made {
                    Ok(future) => caught(shared, name, future).await,
                    Err(panic) => Err(shared.report(name, panic)),
                };
                let Err(panicked) = outcome else {
                    return Ok(());
                };
                if tasks.0.clock.monotonic().since(started) >= HEALTHY_AFTER {
                    pause = PAUSE_MIN;
                }
                tracing::warn!(task = name, ?pause, "restarting after a pause");
                tokio::select! {
                    () = tasks.0.clock.sleep(pause) => {}
                    () = stop.wait() => return Err(panicked),
                }
                pause = (pause * 2).min(PAUSE_MAX);
            }
        })
    }

    /// Runs work that computes for long or waits for a disk on a thread of its own; at most 64 at a time, more wait.
    ///
    /// Such work must not wait for other such work.
    ///
    /// # Errors
    /// [`Panicked`] when it panicked.
    ///
    /// # Cancel safety
    /// Work that has begun goes on to its end.
    pub async fn run_blocking<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let shared = Arc::clone(&self.0);
        let permit = Arc::clone(&self.0.blocking)
            .acquire_owned()
            .await
            .expect("nobody closes the semaphore");
        let running = Running::start(Arc::clone(&self.0), name);
        let done = block(move || {
            // They go with the work: whoever asked may be gone long before it ends.
            let _held = (permit, running);
            catch_unwind(AssertUnwindSafe(work)).map_err(|panic| shared.report(name, panic))
        });
        done.await.unwrap_or_else(|error| {
            Err(Panicked {
                task: name,
                message: error.to_string(),
            })
        })
    }

    /// Waits until no task runs; triggers nothing.
    ///
    /// # Errors
    /// [`Unfinished`] after `deadline`, with the names of those still running.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn join(&self, deadline: Duration) -> Result<(), Unfinished> {
        let mut out_of_time = self.0.clock.sleep(deadline);
        loop {
            let one_ended = self.0.one_ended.notified();
            tokio::pin!(one_ended);
            // Enabled before the look, so that an end between the two is not missed.
            one_ended.as_mut().enable();
            let running: Vec<_> = self.0.running().keys().copied().collect();
            if running.is_empty() {
                return Ok(());
            }
            tokio::select! {
                () = one_ended => {}
                () = &mut out_of_time => return Err(Unfinished { running }),
            }
        }
    }

    fn supervise<F>(&self, name: &'static str, shutdown: Shutdown, future: F) -> Task
    where
        F: Future<Output = Result<(), Panicked>> + Send + 'static,
    {
        let running = Running::start(Arc::clone(&self.0), name);
        let (tx, ended) = watch::channel(None);
        detach(async move {
            let outcome = future.await;
            // Counted out before it is told, so that who waits for the task and then joins finds it gone.
            drop(running);
            tx.send_replace(Some(outcome));
        });
        Task {
            shutdown,
            ended,
            name,
        }
    }
}

impl Shared {
    fn report(&self, task: &'static str, panic: Box<dyn Any + Send>) -> Panicked {
        let message = panic
            .downcast_ref::<&'static str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "without words".into());
        tracing::error!(task, panic = message, "a task panicked");
        self.panics.get_or_create(&[("task", task)]).inc();
        Panicked { task, message }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<&'static str, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a task as running while it lives.
struct Running {
    shared: Arc<Shared>,
    name: &'static str,
}

impl Running {
    fn start(shared: Arc<Shared>, name: &'static str) -> Self {
        *shared.running().entry(name).or_default() += 1;
        Self { shared, name }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut running = self.shared.running();
        if let Some(count) = running.get_mut(self.name) {
            *count -= 1;
            if *count == 0 {
                running.remove(self.name);
            }
        }
        drop(running);
        self.shared.one_ended.notify_waiters();
    }
}

/// A future whose panic is a value.
struct Caught<F>(Pin<Box<F>>);

impl<F: Future> Future for Caught<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A future that panicked is dropped and never polled again; what it shared is behind locks.
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    }
}

async fn caught(
    shared: Arc<Shared>,
    name: &'static str,
    future: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Panicked> {
    let caught = Caught(Box::pin(future)).await;
    caught.map_err(|panic| shared.report(name, panic))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that starts tasks"
)]
fn detach(future: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(future));
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that starts blocking work"
)]
fn block<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn_blocking(work)
}

#[cfg(test)]
mod tests;
