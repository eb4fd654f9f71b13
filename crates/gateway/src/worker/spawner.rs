//! Tasks of a worker's thread: a panic ends the task that had it, is logged and counted, and nothing else.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use plimsoll_runtime::metrics::Registry;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use tokio::runtime::Handle;

/// The panics of the data plane's tasks, by the name of the task.
#[derive(Clone, Debug, Default)]
pub struct Panics(Family<[(&'static str, &'static str); 1], Counter>);

impl Panics {
    /// Registers `plimsoll_gateway_task_panics_total`.
    ///
    /// # Panics
    /// When it is there already.
    pub fn register(&self, metrics: &Registry) {
        metrics.register(
            "gateway_task_panics",
            "Panics caught on the threads of the gateway, by the name of the task",
            None,
            self.0.clone(),
        );
    }

    /// Returns how many tasks of this name panicked.
    pub fn count(&self, task: &'static str) -> u64 {
        self.0.get_or_create(&[("task", task)]).get()
    }

    fn report(&self, task: &'static str, panic: &(dyn Any + Send)) {
        let message = panic
            .downcast_ref::<&'static str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "without words".into());
        tracing::error!(task, panic = message, "a task of the gateway panicked");
        self.0.get_or_create(&[("task", task)]).inc();
    }
}

/// Starts tasks on one worker's thread, from any thread; clones are the same.
#[derive(Clone)]
pub struct Spawner {
    runtime: Handle,
    panics: Panics,
}

impl Spawner {
    /// Wraps a worker's runtime.
    pub fn new(runtime: Handle, panics: Panics) -> Self {
        Self { runtime, panics }
    }

    /// Starts a task that ends when it is done, or with the worker. Names are few and fixed.
    pub fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let panics = self.panics.clone();
        // What a task shares with others is behind locks that do not mind a panic.
        // Combinators and no async block, which would have room for the future twice.
        let caught = AssertUnwindSafe(future).catch_unwind().map(move |result| {
            if let Err(panic) = result {
                panics.report(name, panic.as_ref());
            }
        });
        drop(self.runtime.spawn(caught));
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spawner")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_counted_and_others_go_on() {
        let panics = Panics::default();
        let spawner = Spawner::new(Handle::current(), panics.clone());
        spawner.spawn("connection", async { panic!("no such route") });
        let (tx, rx) = tokio::sync::oneshot::channel();
        spawner.spawn("connection", async move { tx.send(7).unwrap() });
        assert_eq!(rx.await, Ok(7));
        assert_eq!(panics.count("connection"), 1);
        assert_eq!(panics.count("listener"), 0);
    }
}
