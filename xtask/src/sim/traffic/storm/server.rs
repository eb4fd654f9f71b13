//! A: workers, and a backlog that is worked off in order.

use std::collections::VecDeque;

use plimsoll_traffic::Moment;

/// A call that came in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job {
    pub(super) attempt: usize,
    /// When nobody waits for it any more, as its header says; `None` when there is none.
    pub(super) deadline: Option<Moment>,
}

/// The server. It does not notice when a caller goes, as those do not that read a socket only when they write to it.
#[derive(Debug)]
pub(super) struct Server {
    idle: u32,
    backlog: VecDeque<Job>,
    backlog_max: usize,
    pub(super) calls: u64,
    /// Calls that were not worked on because their deadline was over.
    pub(super) expired: u64,
}

/// What becomes of a call that comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A worker begins with it.
    Begun,
    /// It waits.
    Waits,
    /// The backlog is full.
    Refused,
}

impl Server {
    pub(super) fn new(workers: u32, backlog_max: usize) -> Self {
        Self {
            idle: workers,
            backlog: VecDeque::new(),
            backlog_max,
            calls: 0,
            expired: 0,
        }
    }

    pub(super) fn take(&mut self, job: Job) -> Taken {
        self.calls += 1;
        if self.idle > 0 {
            self.idle -= 1;
            return Taken::Begun;
        }
        if self.backlog.len() >= self.backlog_max {
            return Taken::Refused;
        }
        self.backlog.push_back(job);
        Taken::Waits
    }

    /// A worker is done; returns what it does next.
    pub(super) fn finish(&mut self, now: Moment) -> Option<Job> {
        while let Some(job) = self.backlog.pop_front() {
            if job.deadline.is_none_or(|deadline| now < deadline) {
                return Some(job);
            }
            self.expired += 1;
        }
        self.idle += 1;
        None
    }
}
