//! The threads of the data plane: each with a runtime of its own, so that what a request touches stays in one core's caches.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;

use plimsoll_runtime::shutdown::Shutdown;

use super::handler::Handler;
use crate::worker::{Panics, Spawner};

/// A thread of the data plane.
pub(super) struct Thread<H: Handler> {
    pub(super) worker: Arc<H::Worker>,
    pub(super) spawner: Spawner,
    stop: Shutdown,
    joined: Option<JoinHandle<()>>,
}

impl<H: Handler> Thread<H> {
    /// Starts a thread.
    ///
    /// # Errors
    /// What the system says: no memory, or too many threads or descriptors.
    pub(super) fn start(handler: &Arc<H>, index: usize, panics: &Panics) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let spawner = Spawner::new(runtime.handle().clone(), panics.clone());
        let stop = Shutdown::new();
        let (tx, rx) = sync_channel(1);
        let joined = std::thread::Builder::new()
            .name(format!("gateway-{index}"))
            .spawn({
                let (handler, spawner) = (Arc::clone(handler), spawner.clone());
                let stop = stop.clone();
                move || {
                    let entered = runtime.enter();
                    let worker = handler.worker(index, spawner);
                    drop(entered);
                    // The other side waits for it.
                    let _ = tx.send(worker);
                    runtime.block_on(stop.wait());
                }
            })?;
        let worker = rx
            .recv()
            .map_err(|_| io::Error::other("a worker of the gateway could not be made"))?;
        Ok(Self {
            worker,
            spawner,
            stop,
            joined: Some(joined),
        })
    }

    /// Ends the thread, and what still runs on it; waits for its end.
    pub(super) fn end(&mut self) {
        self.stop.trigger();
        if let Some(joined) = self.joined.take() {
            // A panic was logged where it was caught; there is nobody left to tell.
            let _ = joined.join();
        }
    }
}

impl<H: Handler> Drop for Thread<H> {
    fn drop(&mut self) {
        self.stop.trigger();
    }
}
