//! One service behind the gateway: its endpoints, and everything that is known about them, in one machine.

mod attempt;
mod explain;
mod journal;
mod level;
mod member;
mod orders;
mod roster;
mod slow_start;
mod view;

use std::time::Duration;

use self::journal::Journal;
use self::level::Level;
use self::member::{Member, Stance};
use crate::balance::chance::Chance;
use crate::balance::ewma::Ewma;
use crate::balance::field::Load;
use crate::balance::{self, EwmaOptions};
use crate::breaker::{self, Admission};
use crate::health::passive::Outliers;
use crate::{AdminState, EndpointId, EndpointSpec, Moment, health};

pub use explain::{Considered, Explanation};
pub use view::{EndpointView, LevelView, Standing, View};

/// How an upstream judges.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Who is chosen.
    pub policy: balance::Policy,
    /// Whether there are active checks: without, endpoints count as healthy until requests show otherwise.
    pub checks: Option<health::active::Schedule>,
    /// What requests show.
    pub passive: Option<health::passive::Options>,
    /// Per endpoint.
    pub breaker: Option<breaker::Options>,
    /// For how long an endpoint that comes back gets less than its share; zero is off.
    pub slow_start: Duration,
    /// Below this share of healthy endpoints health is ignored, 0 to 1; 0 is off. Envoy: 0.5.
    pub panic_below: f64,
    /// A priority keeps all requests while its healthy share times this is 1 or more. Envoy: 1.4.
    pub overprovisioning: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            policy: balance::Policy::PeakEwma(balance::EwmaOptions::default()),
            checks: None,
            passive: Some(health::passive::Options::default()),
            breaker: Some(breaker::Options::default()),
            slow_start: Duration::ZERO,
            panic_below: 0.5,
            overprovisioning: 1.4,
        }
    }
}

/// What an attempt asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'a> {
    /// The hash of what consistent hashing goes by: an address, a header, a cookie.
    pub key: Option<u64>,
    /// The endpoint that the client's sticky cookie names.
    pub sticky: Option<EndpointId>,
    /// Endpoints that were tried for this request; another one is chosen while there is one.
    pub tried: &'a [EndpointId],
}

/// The endpoint of an attempt. Each must be given back to [`Upstream::done`], once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the endpoint counts the attempt as running until it is done"]
pub struct Pick {
    /// The endpoint.
    pub endpoint: EndpointId,
    /// Why this one.
    pub why: Why,
    /// Whether it is a breaker's probe.
    pub is_probe: bool,
}

/// Why an endpoint was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The policy chose it.
    Policy,
    /// The client sticks to it.
    Sticky,
    /// Too few are healthy, so health was ignored.
    Panic,
}

/// Why none was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NoEndpoint {
    /// There are none.
    #[error("the backend has no endpoints")]
    Empty,
    /// None is healthy.
    #[error("no endpoint is healthy")]
    NoneHealthy,
    /// Breakers of all that are healthy are open.
    #[error("the breakers of all healthy endpoints are open")]
    BreakersOpen,
    /// A person ordered all of them down or drained.
    #[error("all endpoints are ordered down or drained")]
    OrderedDown,
}

/// Something changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub at: Moment,
    /// Of which endpoint.
    pub endpoint: EndpointId,
    /// What.
    pub kind: EventKind,
    /// Why, with numbers: "5 failures in a row, the last one: status 503".
    pub reason: String,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Checks found it healthy.
    Up,
    /// Checks found it unhealthy.
    Down,
    /// Requests showed that it fails or lags: it rests for this long.
    Ejected(Duration),
    /// It may be used again.
    Returned,
    /// Its breaker opened for this long.
    BreakerOpened(Duration),
    /// Its breaker lets a probe through.
    BreakerHalfOpened,
    /// Its breaker closed.
    BreakerClosed,
    /// A person ordered something.
    Ordered(AdminState),
    /// Its weight was set.
    Weighted(u32),
}

/// One service's endpoints and what is known about them.
///
/// # Example
/// ```
/// use std::time::Duration;
///
/// use plimsoll_traffic::{Ask, EndpointSpec, Moment, Options, Outcome, Upstream};
///
/// let endpoint = |name: &str| EndpointSpec { name: name.to_owned(), weight: 1, priority: 0 };
/// let now = Moment::ORIGIN;
/// let mut upstream = Upstream::new(Options::default(), &[endpoint("a:80"), endpoint("b:80")], 1, now);
///
/// let pick = upstream.pick(&Ask::default(), now).expect("both count as healthy");
/// assert_eq!(upstream.in_flight(pick.endpoint), Some(1));
/// let latency = Duration::from_millis(12);
/// upstream.done(pick, Outcome::Success, latency, now.after(latency));
/// assert_eq!(upstream.in_flight(pick.endpoint), Some(0));
/// ```
///
/// # Complexity
/// [`pick`](Self::pick) costs what the policy costs; [`done`](Self::done) two binary searches. All endpoints are looked at
/// when the health, breaker, weight or orders of one change, and at each step of a slow start.
#[derive(Debug)]
pub struct Upstream {
    options: Options,
    /// How averages of latency forget.
    ewma: EwmaOptions,
    /// By id.
    members: Vec<Member>,
    /// In the order of `members`; apart from them, because policies look at all of these.
    loads: Vec<Load>,
    /// By priority.
    levels: Vec<Level>,
    /// Members whose breaker waits for a probe.
    probes_due: Vec<usize>,
    outliers: Option<Outliers>,
    journal: Journal,
    chance: Chance,
    next_id: u32,
    /// When time alone changes something.
    wakes_at: Moment,
}

impl Upstream {
    /// Starts with endpoints, which have different names; of several with one name the first one counts. `seed` decides
    /// what chance decides.
    pub fn new(options: Options, endpoints: &[EndpointSpec], seed: u64, now: Moment) -> Self {
        let mut upstream = Self {
            ewma: options.policy.ewma(),
            outliers: options.passive.map(|options| Outliers::new(options, now)),
            options,
            members: Vec::new(),
            loads: Vec::new(),
            levels: Vec::new(),
            probes_due: Vec::new(),
            journal: Journal::default(),
            chance: Chance::new(seed),
            next_id: 0,
            wakes_at: now,
        };
        upstream.enrol(endpoints, true, now);
        upstream.arrange(now);
        upstream
    }

    /// Returns the endpoints, in the order in which they came, with their names.
    pub fn ids(&self) -> impl Iterator<Item = (EndpointId, &str)> {
        self.members
            .iter()
            .map(|member| (member.id, member.spec.name.as_str()))
    }

    /// Returns how many attempts at an endpoint run; `None` when it is not declared any more.
    pub fn in_flight(&self, endpoint: EndpointId) -> Option<u32> {
        Some(self.loads[self.place(endpoint)?].in_flight)
    }

    /// Returns how it judges.
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// Lets return whose rest is over, breakers ask for probes and slow starts go on. [`pick`](Self::pick) does it as well:
    /// whoever does not pick for a while calls this at [`next_tick`](Self::next_tick), for the events.
    pub fn tick(&mut self, now: Moment) {
        if now < self.wakes_at {
            return;
        }
        let mut changes = Vec::new();
        if let Some(outliers) = &mut self.outliers {
            outliers.tick(now, &mut changes);
        }
        for change in changes {
            self.note_outlier(change, now);
        }
        self.arrange(now);
    }

    /// Returns when time alone changes something; checks are not counted, see [`next_check`](Self::next_check).
    pub const fn next_tick(&self) -> Moment {
        self.wakes_at
    }

    /// Takes what changed since the last time. Of more than 1,024 events the oldest are lost.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.journal.take()
    }

    /// Returns an endpoint's place in `members`, which are in the order of ids because new ones come last.
    fn place(&self, endpoint: EndpointId) -> Option<usize> {
        self.members
            .binary_search_by_key(&endpoint, |member| member.id)
            .ok()
    }

    fn ejected_until(&self, endpoint: EndpointId) -> Option<Moment> {
        self.outliers.as_ref()?.ejected_until(endpoint)
    }

    fn stance(&self, member: &Member, now: Moment) -> Stance {
        member.stance(self.ejected_until(member.id), now)
    }

    /// Finds out again who may be used: something has changed.
    fn arrange(&mut self, now: Moment) {
        let members = self.members.iter();
        let stances: Vec<Stance> = members.map(|member| self.stance(member, now)).collect();
        let window = self.options.slow_start;
        let usual = self.usual_ewma(now);
        let members = self.members.iter_mut().zip(&mut self.loads);
        for ((member, load), stance) in members.zip(&stances) {
            if member.step(stance, window, now) {
                // How it was when it was lost says nothing about how it is: failures that counted as seconds would keep it
                // from its share for a minute.
                load.ewma = usual;
            }
        }
        self.probes_due.clear();
        self.levels = level::arrange(
            &self.options,
            &self.members,
            &stances,
            std::mem::take(&mut self.levels),
            &mut self.probes_due,
            &mut self.chance,
        );
        self.mark_stickable(&stances);
        self.wakes_at = self.next_change(&stances, now);
    }

    /// Returns what is assumed of an endpoint that comes back: that it is like those which are used.
    fn usual_ewma(&self, now: Moment) -> Ewma {
        let members = self.members.iter().zip(&self.loads);
        let used = members.filter(|(member, _)| member.is_usable);
        let (count, sum) = used.fold((0_u32, 0.0), |(count, sum), (_, load)| {
            (count + 1, sum + load.ewma.seconds(&self.ewma, now))
        });
        match count {
            0 => Ewma::new(&self.ewma, now),
            _ => Ewma::assumed(sum / f64::from(count), now),
        }
    }

    /// Decides which endpoints requests may stick to: also those that drain or weigh nothing.
    fn mark_stickable(&mut self, stances: &[Stance]) {
        for (member, stance) in self.members.iter_mut().zip(stances) {
            let mut levels = self.levels.iter();
            let level = levels.find(|level| level.priority == member.spec.priority);
            let is_panicking = level.is_some_and(|level| level.is_panicking);
            member.is_stickable =
                stance.is_kept && stance.is_fit(is_panicking) && stance.admission == Admission::Yes;
        }
    }

    /// Returns when time alone changes something.
    fn next_change(&self, stances: &[Stance], now: Moment) -> Moment {
        let breakers = stances.iter().filter_map(|stance| match stance.admission {
            Admission::No { until } => Some(until),
            Admission::Yes | Admission::Probe => None,
        });
        let window = self.options.slow_start;
        let ramps = self
            .members
            .iter()
            .filter_map(|member| member.ramp.next_step(window, now));
        let outliers = self.outliers.iter().map(Outliers::next_tick);
        let first = breakers.chain(ramps).chain(outliers).min();
        first.unwrap_or(Moment::from_nanos(u64::MAX))
    }
}

#[cfg(test)]
mod tests;
