//! A connection and its time: runs it until it is over, too slow, too old, or not wanted any more.
//!
//! | what | HTTP/1 | HTTP/2 |
//! |---|---|---|
//! | idle too long | closed | GOAWAY, then closed |
//! | a head that does not end | 408, closed | as idle |
//! | a client that takes nothing | reset | reset |
//! | quiet for a while | handed back, to be kept without buffers | - |
//! | too old, or the listener closes | the next answer says `Connection: close`; one that stays idle is closed after a grace | GOAWAY; streams end |
//!
//! The grace is there because a client may send a request at the very moment in which an idle connection is closed:
//! such a request would be lost. HTTP/2 has no such moment.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::progress::{Overdue, Phase, Progress};
use crate::model::Timeouts;

/// How long a connection may take to close once it was asked to and nothing runs on it.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// After this long without anything on its way a connection is worth to be kept without buffers.
const QUIET: Duration = Duration::from_millis(500);

/// A connection of a protocol.
pub(super) trait Protocol: Future<Output = hyper::Result<()>> + Unpin {
    /// Whether closing it loses no request that is on its way.
    const CLOSES_SAFELY: bool;
    /// Whether one on which nothing is on its way can be begun anew.
    const RESTS: bool;

    /// Takes no more requests, ends those that run, and then the connection.
    fn wind_down(self: Pin<&mut Self>);
}

/// How a connection ended.
#[derive(Debug)]
pub(super) enum End {
    /// By itself, well or not.
    Over(hyper::Result<()>),
    /// A head did not end in time.
    HeadTimeout,
    /// It was ended here.
    Cut,
    /// It did not end: nothing is on its way.
    Quiet,
}

/// What limits a connection's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long the client may take.
    pub(crate) timeouts: Timeouts,
    /// When it is asked to close.
    pub(crate) age: Option<Instant>,
    /// How long a connection that must close may wait for another request.
    pub(crate) grace: Duration,
}

/// Runs a connection to its end.
pub(super) async fn drive<P: Protocol>(
    connection: &mut P,
    progress: &Arc<Progress>,
    limits: Limits,
) -> End {
    let begun = Instant::now();
    let first = begun + limits.timeouts.idle;
    let mut timer = pin!(sleep_until(first));
    let mut watch = Watch {
        progress,
        begun,
        age: limits.age,
        limits,
        armed: first,
        is_known: false,
        is_registered: false,
        closing: Closing::No,
    };
    poll_fn(|context| {
        if let Poll::Ready(result) = Pin::new(&mut *connection).poll(context) {
            return Poll::Ready(End::Over(result));
        }
        watch.poll(connection, timer.as_mut(), context)
    })
    .await
}

struct Watch<'a> {
    progress: &'a Progress,
    limits: Limits,
    begun: Instant,
    age: Option<Instant>,
    /// When the timer fires.
    armed: Instant,
    /// Whether the progress knows this task, whose waker never changes.
    is_known: bool,
    /// Whether the timer does.
    is_registered: bool,
    closing: Closing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// Not asked to.
    No,
    /// An idle one is wound down at this time.
    Grace(Instant),
    /// It is being wound down; an idle one is cut at this time.
    Farewell(Instant),
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Overdue(Overdue),
    Age,
    Grace,
    Farewell,
    Quiet,
}

impl Watch<'_> {
    fn poll<P: Protocol>(
        &mut self,
        connection: &mut P,
        mut timer: Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> Poll<End> {
        if !self.is_known {
            self.progress.register(context.waker());
            self.is_known = true;
        }
        loop {
            if self.progress.is_killed() {
                return Poll::Ready(End::Cut);
            }
            if self.progress.is_closing() && self.closing == Closing::No {
                self.begin_closing(connection);
                // Whoever woke this task took its waker.
                self.progress.register(context.waker());
                if let Poll::Ready(result) = Pin::new(&mut *connection).poll(context) {
                    return Poll::Ready(End::Over(result));
                }
                continue;
            }
            let Some((at, due)) = self.next::<P>() else {
                return Poll::Pending;
            };
            if !self.is_over(at, timer.as_mut(), context) {
                return Poll::Pending;
            }
            // The timer may have been armed for something that has happened since.
            if Instant::now() < at {
                continue;
            }
            if let Some(end) = self.meet::<P>(due, connection) {
                return Poll::Ready(end);
            }
            if let Poll::Ready(result) = Pin::new(&mut *connection).poll(context) {
                return Poll::Ready(End::Over(result));
            }
        }
    }

    /// Says whether the timer fired; if not, it wakes the task at `at` or before.
    fn is_over(
        &mut self,
        at: Instant,
        mut timer: Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> bool {
        let is_elapsed = timer.is_elapsed();
        if self.is_registered && at >= self.armed {
            // Nothing to do for each request but to look at it.
            if !is_elapsed || self.armed == at {
                return is_elapsed;
            }
        }
        timer.as_mut().reset(at);
        self.armed = at;
        self.is_registered = true;
        timer.poll(context).is_ready()
    }

    fn begin_closing<P: Protocol>(&mut self, connection: &mut P) {
        let now = Instant::now();
        if P::CLOSES_SAFELY {
            self.wind_down(connection, now);
        } else {
            self.closing = Closing::Grace(now + self.limits.grace);
        }
    }

    fn next<P: Protocol>(&self) -> Option<(Instant, Due)> {
        let is_leaving = matches!(self.closing, Closing::Farewell(_));
        let overdue = self.progress.deadline(&self.limits.timeouts);
        let overdue = overdue
            .filter(|(_, what)| !(is_leaving && *what == Overdue::Idle))
            .map(|(at, what)| (at, Due::Overdue(what)));
        let age = self.age.map(|at| (at, Due::Age));
        let is_free = self.progress.phase() != Phase::Exchange;
        let closing = match self.closing {
            Closing::Grace(at) if is_free => Some((at, Due::Grace)),
            Closing::Farewell(at) if is_free => Some((at, Due::Farewell)),
            Closing::No if P::RESTS => self.quiet().map(|at| (at, Due::Quiet)),
            _ => None,
        };
        [overdue, age, closing]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    fn quiet(&self) -> Option<Instant> {
        let since = self.progress.quiet_since()?;
        since.max(self.begun).checked_add(QUIET)
    }

    /// Does what is due; returns the end if it is one.
    fn meet<P: Protocol>(&mut self, due: Due, connection: &mut P) -> Option<End> {
        match due {
            Due::Overdue(Overdue::Send) | Due::Farewell => return Some(End::Cut),
            Due::Quiet => return Some(End::Quiet),
            Due::Overdue(Overdue::Head) => return Some(End::HeadTimeout),
            Due::Overdue(Overdue::Idle) | Due::Grace => self.wind_down(connection, Instant::now()),
            Due::Age => {
                self.age = None;
                self.progress.close();
            }
        }
        None
    }

    fn wind_down<P: Protocol>(&mut self, connection: &mut P, now: Instant) {
        self.closing = Closing::Farewell(now + FAREWELL);
        Pin::new(connection).wind_down();
    }
}
