//! How far a connection is, told by its stream and its requests, read by whoever watches the time.
//!
//! | from | what happens | to |
//! |---|---|---|
//! | idle | a byte comes (HTTP/1 only) | head |
//! | idle, head | the head is whole | exchange |
//! | exchange | the answer's body is over, and no other exchange runs | idle |
//!
//! In HTTP/2 bytes between requests are no sign of a request (PING, SETTINGS, WINDOW_UPDATE), so there is no head phase:
//! the idle timeout covers it.
//!
//! A request's body may outlive the answer, since whoever sends it on may still read it: it counts as an exchange, and its
//! bytes begin no head.
//!
//! All of this happens on one thread; the atomics are there because tasks must be `Send`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::framing;
use crate::model::Timeouts;

/// No write waits.
const NOT_BLOCKED: u64 = u64::MAX;

/// How far a connection is.
#[derive(Debug)]
pub(crate) struct Progress {
    origin: Instant,
    /// Exchanges that run, and bodies that are read.
    running: AtomicU32,
    /// Whether bytes of a head came since the last exchange.
    has_begun: AtomicBool,
    /// Whether the last bytes end where no head ends, so that the next head may have begun in them.
    is_inside: AtomicBool,
    /// Whether the head may have told its length in two ways.
    is_doubtful: AtomicBool,
    /// Whether bytes between exchanges are the beginning of a head.
    has_heads: AtomicBool,
    /// When the phase began, in nanoseconds after the origin.
    since: AtomicU64,
    /// Since when the client takes nothing, or [`NOT_BLOCKED`].
    blocked_since: AtomicU64,
    /// Whether nobody drives the connection's time any more: it was upgraded, or is a tunnel.
    is_detached: AtomicBool,
    is_closing: AtomicBool,
    is_killed: AtomicBool,
    /// Wakes whoever drives the connection when it must close.
    waker: AtomicWaker,
}

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The next request.
    Idle,
    /// The rest of a head.
    Head,
    /// The end of exchanges.
    Exchange,
}

/// What took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// No request came.
    Idle,
    /// A head began and did not end.
    Head,
    /// The client takes nothing.
    Send,
}

impl Progress {
    /// Begins idle, now.
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            running: AtomicU32::new(0),
            has_begun: AtomicBool::new(false),
            is_inside: AtomicBool::new(false),
            is_doubtful: AtomicBool::new(false),
            has_heads: AtomicBool::new(true),
            since: AtomicU64::new(0),
            blocked_since: AtomicU64::new(NOT_BLOCKED),
            is_detached: AtomicBool::new(false),
            is_closing: AtomicBool::new(false),
            is_killed: AtomicBool::new(false),
            waker: AtomicWaker::new(),
        }
    }

    fn now(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    fn at(&self, nanos: u64, later: Duration) -> Option<Instant> {
        self.origin
            .checked_add(Duration::from_nanos(nanos))?
            .checked_add(later)
    }

    /// Says that bytes between exchanges mean nothing: it is HTTP/2.
    pub(crate) fn without_heads(&self) {
        self.has_heads.store(false, Relaxed);
        self.has_begun.store(false, Relaxed);
    }

    /// Takes note of bytes that came.
    pub(crate) fn received(&self, bytes: &[u8]) {
        if !self.has_heads.load(Relaxed) {
            return;
        }
        let was_inside = self.is_inside.load(Relaxed);
        self.is_inside.store(!bytes.ends_with(b"\r\n\r\n"), Relaxed);
        if self.running.load(Relaxed) > 0 {
            return;
        }
        if self.has_begun.load(Relaxed) {
            self.is_doubtful.store(true, Relaxed);
            return;
        }
        self.since.store(self.now(), Relaxed);
        self.has_begun.store(true, Relaxed);
        self.is_doubtful
            .store(was_inside || framing::is_told_twice(bytes), Relaxed);
    }

    /// Says whether the head that was just read may have told its length in two ways: it is not known of a head that
    /// came in pieces, or right behind another request.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.is_doubtful.load(Relaxed)
    }

    /// Takes note of bytes that went.
    pub(crate) fn sent(&self) {
        if self.blocked_since.load(Relaxed) != NOT_BLOCKED {
            self.blocked_since.store(NOT_BLOCKED, Relaxed);
        }
    }

    /// Takes note that the client takes nothing.
    pub(crate) fn blocked(&self) {
        if self.blocked_since.load(Relaxed) == NOT_BLOCKED {
            self.blocked_since.store(self.now(), Relaxed);
        }
    }

    /// Begins an exchange, which runs until the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Exchange {
        self.running.fetch_add(1, Relaxed);
        if !self.has_begun.swap(false, Relaxed) {
            // It came with the one before it, unseen.
            self.is_doubtful.store(true, Relaxed);
        }
        Exchange(Arc::clone(self))
    }

    /// Takes note of a request's body, which is read until the guard is dropped.
    pub(crate) fn read(self: &Arc<Self>) -> Exchange {
        self.running.fetch_add(1, Relaxed);
        Exchange(Arc::clone(self))
    }

    /// Returns since when nothing is on its way in either direction; `None` when something is.
    pub(crate) fn quiet_since(&self) -> Option<Instant> {
        let is_quiet =
            self.phase() == Phase::Idle && self.blocked_since.load(Relaxed) == NOT_BLOCKED;
        let since = self.since.load(Relaxed);
        is_quiet.then(|| self.at(since, Duration::ZERO))?
    }

    /// Returns what it waits for.
    pub(crate) fn phase(&self) -> Phase {
        if self.running.load(Relaxed) > 0 {
            Phase::Exchange
        } else if self.has_begun.load(Relaxed) {
            Phase::Head
        } else {
            Phase::Idle
        }
    }

    /// Returns when what took too long, as things are; `None` when nothing is waited for.
    pub(crate) fn deadline(&self, timeouts: &Timeouts) -> Option<(Instant, Overdue)> {
        let since = self.since.load(Relaxed);
        let phase = match self.phase() {
            Phase::Idle => self.at(since, timeouts.idle).map(|at| (at, Overdue::Idle)),
            Phase::Head => self.at(since, timeouts.head).map(|at| (at, Overdue::Head)),
            Phase::Exchange => None,
        };
        let send = match self.blocked_since.load(Relaxed) {
            NOT_BLOCKED => None,
            since => self.at(since, timeouts.send).map(|at| (at, Overdue::Send)),
        };
        [phase, send]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// Asks the connection to close when it can do so without harm.
    pub(crate) fn close(&self) {
        if !self.is_closing.swap(true, Relaxed) {
            self.waker.wake();
        }
    }

    /// Says whether it was asked to close.
    pub(crate) fn is_closing(&self) -> bool {
        self.is_closing.load(Relaxed)
    }

    /// Ends the connection whatever runs on it.
    pub(crate) fn kill(&self) {
        self.is_closing.store(true, Relaxed);
        self.is_killed.store(true, Relaxed);
        self.waker.wake();
    }

    /// Says whether it must end at once.
    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed.load(Relaxed)
    }

    /// Has this task woken by [`close`](Self::close) and [`kill`](Self::kill).
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Waits until it is asked to close.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub(crate) async fn closing(&self) {
        std::future::poll_fn(|context| {
            self.register(context.waker());
            if self.is_closing() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Waits until it must end at once.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub(crate) async fn killed(&self) {
        std::future::poll_fn(|context| {
            self.register(context.waker());
            if self.is_killed() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Says that nobody drives the connection's time any more: its stream heeds [`kill`](Self::kill) by itself.
    pub(crate) fn detach(&self) {
        self.is_detached.store(true, Relaxed);
    }

    /// Fails when the connection is detached and must end; else has a detached one woken when it must.
    pub(crate) fn heed(&self, context: &Context<'_>) -> io::Result<()> {
        if !self.is_detached.load(Relaxed) {
            return Ok(());
        }
        self.register(context.waker());
        if self.is_killed() {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

/// An exchange that runs, or a body that is read.
#[derive(Debug)]
pub(crate) struct Exchange(Arc<Progress>);

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Relaxed) == 1 {
            self.0.since.store(self.0.now(), Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        handshake: Duration::from_secs(1),
        head: Duration::from_secs(2),
        body: Duration::from_secs(3),
        idle: Duration::from_secs(4),
        send: Duration::from_secs(5),
    };

    fn overdue(progress: &Progress) -> Option<(u64, Overdue)> {
        let (at, what) = progress.deadline(&TIMEOUTS)?;
        Some(((at - progress.origin).as_secs(), what))
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_own_time() {
        let progress = Arc::new(Progress::new());
        assert_eq!(overdue(&progress), Some((4, Overdue::Idle)));
        tokio::time::advance(Duration::from_secs(3)).await;
        progress.received(b"GET ");
        assert_eq!(overdue(&progress), Some((5, Overdue::Head)));
        tokio::time::advance(Duration::from_secs(1)).await;
        progress.received(b"GET ");
        assert_eq!(
            overdue(&progress),
            Some((5, Overdue::Head)),
            "more bytes win no time"
        );
        let exchange = progress.begin();
        assert_eq!(overdue(&progress), None);
        progress.blocked();
        assert_eq!(overdue(&progress), Some((9, Overdue::Send)));
        progress.sent();
        tokio::time::advance(Duration::from_secs(6)).await;
        drop(exchange);
        assert_eq!(overdue(&progress), Some((14, Overdue::Idle)));
    }

    #[tokio::test(start_paused = true)]
    async fn pings_of_http2_begin_no_head() {
        let progress = Arc::new(Progress::new());
        progress.received(b"GET ");
        progress.without_heads();
        progress.received(b"GET ");
        assert_eq!(progress.phase(), Phase::Idle);
        let (first, second) = (progress.begin(), progress.begin());
        drop(first);
        assert_eq!(progress.phase(), Phase::Exchange);
        drop(second);
        assert_eq!(progress.phase(), Phase::Idle);
    }

    #[test]
    fn a_head_that_began_behind_another_request_is_doubtful() {
        let doubtful = |reads: &[&[u8]]| {
            let progress = Arc::new(Progress::new());
            progress.received(reads[0]);
            let exchange = progress.begin();
            assert!(!progress.is_doubtful());
            for read in &reads[1..reads.len() - 1] {
                progress.received(read);
            }
            drop(exchange);
            progress.received(reads[reads.len() - 1]);
            drop(progress.begin());
            progress.is_doubtful()
        };
        let chunked: &[u8] = b"Transfer-Encoding: chunked\r\n\r\n";
        let get: &[u8] = b"GET / HTTP/1.1\r\n\r\n";
        assert!(doubtful(&[
            b"GET / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: 5\r\n",
            chunked
        ]));
        assert!(doubtful(&[
            get,
            b"bodyPOST / HTTP/1.1\r\nContent-Length: 5\r\n",
            chunked
        ]));
        assert!(!doubtful(&[get, chunked]));
        assert!(!doubtful(&[get, b"3\r\nabc\r\n", b"0\r\n\r\n", chunked]));
    }

    #[tokio::test(start_paused = true)]
    async fn quiet_is_when_nothing_is_on_its_way() {
        let progress = Arc::new(Progress::new());
        let quiet = || progress.quiet_since().is_some();
        assert!(quiet());
        progress.received(b"POST ");
        assert!(!quiet());
        let (exchange, reading) = (progress.begin(), progress.read());
        drop(exchange);
        assert!(!quiet(), "somebody still reads the body");
        drop(reading);
        assert!(quiet());
        progress.blocked();
        assert!(!quiet(), "the answer was not taken yet");
        progress.sent();
        assert!(quiet());
    }
}
