//! Waiting for a commit on the calling thread.

use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use plimsoll_types::{Commit, StorageError};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Blocks until a write is as durable as was asked for; a test of a store needs no runtime for that.
///
/// # Errors
/// What the commit says.
pub fn wait(mut commit: Commit) -> Result<(), StorageError> {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match Future::poll(commit.as_mut(), &mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => std::thread::park(),
        }
    }
}
