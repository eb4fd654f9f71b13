//! One world with one kind of callers.

use std::fmt;
use std::time::Duration;

use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_traffic::deadline::Deadline;
use plimsoll_traffic::retry::Attempted;
use plimsoll_traffic::{FailureKind, Moment, Outcome};

use super::super::Agenda;
use super::callers::Callers;
use super::guard::Guard;
use super::server::{Job, Server, Taken};
use super::setup::{HICCUP_AT, Setup};

/// What happens.
enum Event {
    /// Somebody wants something.
    Arrival,
    /// An attempt goes out, after its backoff.
    Send(Attempt),
    /// A worker is done with it.
    Worked(usize),
    /// Nobody waits for it any more.
    TimedOut(usize),
}

/// A call to A, or the one that is about to be made.
#[derive(Clone, Copy)]
struct Attempt {
    request: usize,
    /// The caller's own tries so far, this one included.
    tries: u32,
    /// Retries of the guard within this try.
    retries: u32,
    /// When this try is over.
    deadline: Deadline,
    is_probe: bool,
    is_over: bool,
}

/// A world that runs.
pub(super) struct World<'a> {
    setup: &'a Setup,
    callers: Callers,
    agenda: Agenda<Event>,
    /// When requests come and what they cost: the same for all callers.
    arrivals: SeededRandom,
    work: SeededRandom,
    chance: SeededRandom,
    server: Server,
    guards: Vec<Guard>,
    attempts: Vec<Attempt>,
    /// When requests came, and whether they were answered.
    requests: Vec<(Duration, bool)>,
}

/// What happened.
pub(super) struct Ran {
    /// Requests of each second, and how many of them were answered.
    seconds: Vec<(u32, u32)>,
    pub(super) calls: u64,
    pub(super) expired: u64,
    pub(super) retries: u64,
    pub(super) refused_by_budget: u64,
    pub(super) opened: u64,
    /// Retries that the budgets paid.
    pub(super) budget: f64,
}

impl<'a> World<'a> {
    pub(super) fn new(setup: &'a Setup, callers: Callers) -> Self {
        let guards = (0..callers.guards(setup)).map(|_| Guard::new(callers));
        Self {
            setup,
            callers,
            agenda: Agenda::new(),
            arrivals: SeededRandom::new(setup.seed ^ 1),
            work: SeededRandom::new(setup.seed ^ 2),
            chance: SeededRandom::new(setup.seed ^ 3),
            server: Server::new(setup.workers, setup.backlog_max),
            guards: guards.collect(),
            attempts: Vec::new(),
            requests: Vec::new(),
        }
    }

    pub(super) fn play(mut self) -> Ran {
        self.agenda.at(Moment::ORIGIN, Event::Arrival);
        while let Some(event) = self.agenda.next() {
            if self.since_origin() >= self.setup.end() {
                break;
            }
            match event {
                Event::Arrival => self.arrive(),
                Event::Send(attempt) => self.send(attempt),
                Event::Worked(attempt) => self.worked(attempt),
                Event::TimedOut(attempt) => {
                    self.end(attempt, Outcome::Failed(FailureKind::TryTimeout));
                }
            }
        }
        self.ran()
    }

    fn since_origin(&self) -> Duration {
        self.agenda.now().since(Moment::ORIGIN)
    }

    fn arrive(&mut self) {
        let request = self.requests.len();
        self.requests.push((self.since_origin(), false));
        self.begin_try(request, 1);
        let wait = exponential(&mut self.arrivals) / self.setup.rate;
        self.agenda
            .after(Duration::from_secs_f64(wait), Event::Arrival);
    }

    /// The caller tries, the first time or again.
    fn begin_try(&mut self, request: usize, tries: u32) {
        let now = self.agenda.now();
        if let Some(guard) = self.guard(request) {
            guard.deposit(now);
        }
        let deadline = Deadline::new(now, self.callers.timeout());
        self.send(Attempt {
            request,
            tries,
            retries: 0,
            deadline,
            is_probe: false,
            is_over: false,
        });
    }

    fn send(&mut self, mut attempt: Attempt) {
        let now = self.agenda.now();
        let number = self.attempts.len();
        let mut ends = attempt.deadline;
        let mut told = None;
        if let Some(guard) = self.guard(attempt.request) {
            let Some(is_probe) = guard.enter(now) else {
                return self.give_up(attempt);
            };
            attempt.is_probe = is_probe;
            ends = ends.within(now, guard.try_timeout());
            told = Some(ends.at());
        }
        self.attempts.push(attempt);
        self.agenda.at(ends.at(), Event::TimedOut(number));
        match self.server.take(Job {
            attempt: number,
            deadline: told,
        }) {
            Taken::Begun => self.begin_work(number),
            Taken::Waits => {}
            Taken::Refused => self.end(number, Outcome::Failed(FailureKind::Refused)),
        }
    }

    fn begin_work(&mut self, attempt: usize) {
        let hiccup = HICCUP_AT..HICCUP_AT + self.setup.hiccup;
        let is_slow = hiccup.contains(&self.since_origin());
        let slowness = if is_slow { self.setup.slowness } else { 1.0 };
        let seconds = exponential(&mut self.work) * self.setup.work_seconds * slowness;
        self.agenda
            .after(Duration::from_secs_f64(seconds), Event::Worked(attempt));
    }

    fn worked(&mut self, attempt: usize) {
        if let Some(job) = self.server.finish(self.agenda.now()) {
            self.begin_work(job.attempt);
        }
        self.end(attempt, Outcome::Success);
    }

    /// An attempt ended, unless it had before.
    fn end(&mut self, number: usize, outcome: Outcome) {
        let now = self.agenda.now();
        let attempt = self.attempts[number];
        if std::mem::replace(&mut self.attempts[number].is_over, true) {
            return;
        }
        let chance = self.chance.fraction();
        let Some(guard) = self.guard(attempt.request) else {
            return self.end_try(attempt, outcome);
        };
        guard.done(outcome, attempt.is_probe, now);
        let attempted = Attempted {
            is_repeatable: true,
            is_body_replayable: true,
            retries: attempt.retries,
            outcome,
            left: attempt.deadline.left(now),
        };
        match guard.again(&attempted, now, chance) {
            Some(wait) => {
                let retries = attempt.retries + 1;
                self.agenda
                    .after(wait, Event::Send(Attempt { retries, ..attempt }));
            }
            None => self.end_try(attempt, outcome),
        }
    }

    fn end_try(&mut self, attempt: Attempt, outcome: Outcome) {
        if outcome == Outcome::Success {
            self.requests[attempt.request].1 = true;
        } else {
            self.give_up(attempt);
        }
    }

    /// A try failed: the caller tries again at once, while it likes to.
    fn give_up(&mut self, attempt: Attempt) {
        if attempt.tries < self.callers.tries(self.setup) {
            self.begin_try(attempt.request, attempt.tries + 1);
        }
    }

    fn guard(&mut self, request: usize) -> Option<&mut Guard> {
        let count = self.guards.len().max(1);
        self.guards.get_mut(request % count)
    }

    fn ran(self) -> Ran {
        let now = self.agenda.now();
        let length = self.setup.end().as_secs() as usize + 1;
        let mut seconds = vec![(0, 0); length];
        for (at, is_answered) in &self.requests {
            let second = &mut seconds[at.as_secs() as usize];
            *second = (second.0 + 1, second.1 + u32::from(*is_answered));
        }
        // The last ones may not be answered yet.
        seconds.truncate(length - 12);
        let sum = |of: fn(&Guard) -> u64| self.guards.iter().map(of).sum();
        Ran {
            seconds,
            calls: self.server.calls,
            expired: self.server.expired,
            retries: sum(|guard| guard.retries),
            refused_by_budget: sum(|guard| guard.refused_by_budget),
            opened: sum(|guard| guard.opened),
            budget: self.guards.iter().map(|guard| guard.paid(now)).sum(),
        }
    }
}

impl Ran {
    pub(super) fn requests(&self) -> u64 {
        self.seconds.iter().map(|(all, _)| u64::from(*all)).sum()
    }

    /// Returns the share of requests that was answered, by second, in percent.
    pub(super) fn shares(&self) -> Vec<u32> {
        self.seconds
            .iter()
            .map(|(all, answered)| answered * 100 / all.max(&1))
            .collect()
    }

    /// Returns the share of the last twenty seconds.
    pub(super) fn answered_at_the_end(&self) -> f64 {
        let last = &self.seconds[self.seconds.len() - 20..];
        let sum = |of: fn(&(u32, u32)) -> u32| f64::from(last.iter().map(of).sum::<u32>());
        sum(|second| second.1) / sum(|second| second.0)
    }

    /// Returns after which time from the end of the hiccup on nearly all requests of every second were answered.
    pub(super) fn well_after(&self, hiccup_end: Duration) -> Option<Duration> {
        let is_ill = |(all, answered): &(u32, u32)| f64::from(*answered) < 0.95 * f64::from(*all);
        let well_from = self
            .seconds
            .iter()
            .rposition(is_ill)
            .map_or(0, |last| last + 1);
        let is_known = well_from < self.seconds.len();
        is_known.then(|| Duration::from_secs(well_from as u64).saturating_sub(hiccup_end))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            calls,
            expired,
            retries,
            refused_by_budget,
            opened,
            ..
        } = self;
        write!(
            f,
            "{calls} calls, {expired} expired, {retries} retries, {refused_by_budget} refused by the budget, {opened} times open"
        )
    }
}

/// Draws from the exponential distribution with mean 1.
fn exponential(random: &mut SeededRandom) -> f64 {
    -(1.0 - random.fraction()).ln()
}
