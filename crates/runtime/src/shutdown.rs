//! The wish to stop, from whoever has it to everyone who must hear it.
//!
//! | what | effect |
//! |---|---|
//! | first SIGINT or SIGTERM | triggers the token; everyone finishes what was acknowledged |
//! | second one | exit at once with 128 + the signal's number |
//! | SIGHUP | one item of [`Reloads`] |

use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::tasks::{OnPanic, Tasks};

/// Why the program, or a part of it, stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Somebody in the program asked for it.
    Requested,
    /// A signal came.
    Signal(&'static str),
    /// A part without which nothing works failed.
    Failed(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("requested"),
            Self::Signal(name) => f.write_str(name),
            Self::Failed(what) => f.write_str(what),
        }
    }
}

/// A token that is triggered once and stays so; clones share it.
///
/// ```
/// use plimsoll_runtime::shutdown::Shutdown;
/// let all = Shutdown::new();
/// let part = all.child();
/// part.trigger();
/// assert!(part.is_triggered() && !all.is_triggered());
/// ```
#[derive(Clone, Debug)]
pub struct Shutdown(Arc<Token>);

#[derive(Debug)]
struct Token {
    parent: Option<Shutdown>,
    cause: OnceLock<Cause>,
    triggered: watch::Sender<bool>,
}

impl Shutdown {
    /// Makes a token of its own.
    pub fn new() -> Self {
        Self::with_parent(None)
    }

    /// Makes a token that is triggered with this one, or alone.
    #[must_use]
    pub fn child(&self) -> Self {
        Self::with_parent(Some(self.clone()))
    }

    fn with_parent(parent: Option<Self>) -> Self {
        Self(Arc::new(Token {
            parent,
            cause: OnceLock::new(),
            triggered: watch::Sender::new(false),
        }))
    }

    /// Triggers the token; later calls change nothing.
    pub fn trigger(&self) {
        self.trigger_because(Cause::Requested);
    }

    /// Triggers the token and remembers why; of several causes the first counts.
    pub fn trigger_because(&self, cause: Cause) {
        // The cause goes first: who sees the trigger also sees the cause.
        let _ = self.0.cause.set(cause);
        self.0.triggered.send_replace(true);
    }

    /// Says whether this token or one of its parents is triggered.
    pub fn is_triggered(&self) -> bool {
        *self.0.triggered.borrow() || self.0.parent.as_ref().is_some_and(Self::is_triggered)
    }

    /// Returns why this token or one of its parents was triggered.
    pub fn cause(&self) -> Option<Cause> {
        let own = self.0.cause.get().cloned();
        own.or_else(|| self.0.parent.as_ref().and_then(Self::cause))
    }

    /// Waits until this token or one of its parents is triggered.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn wait(&self) {
        let mut own = self.0.triggered.subscribe();
        // The sender lives in `self`, so this ends with the trigger only.
        let triggered = own.wait_for(|triggered| *triggered);
        match &self.0.parent {
            None => drop(triggered.await),
            Some(parent) => tokio::select! {
                _ = triggered => {}
                () = Box::pin(parent.wait()) => {}
            },
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

/// The wishes to read the configuration again.
#[derive(Debug)]
pub struct Reloads(Signal);

impl Reloads {
    /// Waits for the next SIGHUP; several that come between two calls count once.
    ///
    /// # Cancel safety
    /// None is lost.
    pub async fn next(&mut self) {
        // `None` would mean that the runtime's signal driver is gone; then no reload ever comes.
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

/// Listens for SIGINT, SIGTERM and SIGHUP from now on.
///
/// # Errors
/// What the system says when a handler cannot be set.
pub fn listen(shutdown: &Shutdown, tasks: &Tasks) -> io::Result<Reloads> {
    let stops = Stops::new()?;
    let reloads = Reloads(signal(SignalKind::hangup())?);
    let all = shutdown.clone();
    tasks.spawn_detached(
        "signals",
        OnPanic::Fatal,
        stops.serve(all, std::process::exit),
    );
    Ok(reloads)
}

struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> (SignalKind, &'static str) {
        tokio::select! {
            Some(()) = self.interrupt.recv() => (SignalKind::interrupt(), "SIGINT"),
            Some(()) = self.terminate.recv() => (SignalKind::terminate(), "SIGTERM"),
            else => std::future::pending().await,
        }
    }

    async fn serve<R>(mut self, shutdown: Shutdown, exit: impl FnOnce(i32) -> R) {
        let (_, name) = self.next().await;
        tracing::info!(signal = name, "stopping; a second signal exits at once");
        shutdown.trigger_because(Cause::Signal(name));
        let (kind, name) = self.next().await;
        tracing::warn!(signal = name, "exiting at once");
        exit(128 + kind.as_raw_value());
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal as Number, getpid, kill_process};

    use super::*;

    #[tokio::test]
    async fn waits_for_itself_and_for_its_parents() {
        let root = Shutdown::new();
        let leaf = root.child().child();
        let waiting = leaf.wait();
        tokio::pin!(waiting);
        tokio::select! {
            biased;
            () = &mut waiting => panic!("nobody triggered it"),
            () = std::future::ready(()) => {}
        }
        root.trigger_because(Cause::Failed("disk gone".into()));
        root.trigger();
        waiting.await;
        assert!(leaf.is_triggered());
        assert_eq!(leaf.cause().unwrap().to_string(), "disk gone");
        leaf.wait().await;
    }

    #[tokio::test]
    async fn a_child_stops_alone() {
        let root = Shutdown::new();
        let child = root.child();
        child.trigger();
        child.wait().await;
        assert_eq!(child.cause(), Some(Cause::Requested));
        assert_eq!(root.cause(), None);
    }

    #[tokio::test]
    async fn first_signal_stops_and_second_exits() {
        let stops = Stops::new().unwrap();
        let mut reloads = Reloads(signal(SignalKind::hangup()).unwrap());
        let shutdown = Shutdown::new();
        let (exit, exited) = tokio::sync::oneshot::channel();
        let exit = move |code| exit.send(code).unwrap();
        let serving = stops.serve(shutdown.clone(), exit);
        let sending = async {
            kill_process(getpid(), Number::HUP).unwrap();
            reloads.next().await;
            assert!(!shutdown.is_triggered());
            kill_process(getpid(), Number::TERM).unwrap();
            shutdown.wait().await;
            assert_eq!(shutdown.cause(), Some(Cause::Signal("SIGTERM")));
            kill_process(getpid(), Number::INT).unwrap();
        };
        tokio::join!(serving, sending);
        assert_eq!(exited.await, Ok(130));
    }
}
