//! How an upstream looks from outside.

use std::time::Duration;

use super::Upstream;
use super::member::{Fitness, Member};
use crate::breaker::{self, Admission};
use crate::health::active::Status;
use crate::{AdminState, EndpointId, Moment};

/// An upstream as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// In the order in which they came.
    pub endpoints: Vec<EndpointView>,
    /// First the one that is used first.
    pub levels: Vec<LevelView>,
    /// How often an endpoint was not ejected because enough others were.
    pub ejections_withheld: u64,
    /// Events that were lost because nobody took them.
    pub events_lost: u64,
}

/// The endpoints of one priority.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelView {
    /// Which one.
    pub priority: u8,
    /// The part of requests that goes there, 0 to 1.
    pub share: f64,
    /// Whether health is ignored because too few are healthy.
    pub is_panicking: bool,
    /// Endpoints that may be chosen.
    pub candidates: usize,
}

/// An endpoint as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointView {
    /// Which one.
    pub id: EndpointId,
    /// What it is called.
    pub name: String,
    /// As declared.
    pub priority: u8,
    /// Whether it is used, in a word.
    pub standing: Standing,
    /// Why it stands so, with numbers; empty when there is nothing to say.
    pub reason: String,
    /// What a person ordered.
    pub admin: AdminState,
    /// What checks found; `None` when it is not checked.
    pub checks: Option<Status>,
    /// Why the last check failed; `None` when it passed or there was none.
    pub check_error: Option<String>,
    /// When the last check ended.
    pub checked_at: Option<Moment>,
    /// When the next check is due.
    pub next_check: Option<Moment>,
    /// Attempts that run.
    pub in_flight: u32,
    /// The average of its latency that policies see.
    pub latency: Duration,
    /// What its breaker lets through; `None` when it has none.
    pub breaker: Option<breaker::State>,
    /// When its breaker may be probed.
    pub breaker_open_until: Option<Moment>,
    /// Until when it rests.
    pub ejected_until: Option<Moment>,
    /// The weight that was declared.
    pub weight_declared: u32,
    /// The weight that counts: declared, or set since.
    pub weight: u32,
    /// What slow start leaves of it now.
    pub weight_effective: f64,
}

/// Whether an endpoint is used: the first of these that is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Ordered down.
    ForcedDown,
    /// Ordered to drain.
    Draining,
    /// Ordered up.
    ForcedUp,
    /// Its weight is 0.
    Weightless,
    /// Checks fail.
    Down,
    /// Too few checks to say.
    Unchecked,
    /// Requests showed that it fails or lags, and it rests.
    Ejected,
    /// Its breaker is open.
    BreakerOpen,
    /// Its breaker lets one probe at a time through.
    Probing,
    /// It is used, with a growing part of its weight.
    SlowStart,
    /// It is used.
    Up,
}

impl Standing {
    /// All, in the order in which they are looked for.
    pub const ALL: [Self; 11] = [
        Self::ForcedDown,
        Self::Draining,
        Self::ForcedUp,
        Self::Weightless,
        Self::Down,
        Self::Unchecked,
        Self::Ejected,
        Self::BreakerOpen,
        Self::Probing,
        Self::SlowStart,
        Self::Up,
    ];

    /// Returns it as it is written in metrics and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ForcedDown => "forced_down",
            Self::Draining => "draining",
            Self::ForcedUp => "forced_up",
            Self::Weightless => "weightless",
            Self::Down => "down",
            Self::Unchecked => "unchecked",
            Self::Ejected => "ejected",
            Self::BreakerOpen => "breaker_open",
            Self::Probing => "probing",
            Self::SlowStart => "slow_start",
            Self::Up => "up",
        }
    }

    /// Says whether the endpoint gets requests by policy, panic apart.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::ForcedUp | Self::SlowStart | Self::Up)
    }
}

impl Upstream {
    /// Shows everything.
    ///
    /// # Complexity
    /// Copies names and reasons of all endpoints: not for the way of a request.
    pub fn view(&self, now: Moment) -> View {
        let outliers = self.outliers.as_ref();
        View {
            endpoints: (0..self.members.len())
                .map(|place| self.view_endpoint(place, now))
                .collect(),
            levels: self.view_levels(),
            ejections_withheld: outliers.map_or(0, |outliers| outliers.withheld()),
            events_lost: self.journal.lost(),
        }
    }

    pub(super) fn view_levels(&self) -> Vec<LevelView> {
        let levels = self.levels.iter();
        levels
            .map(|level| LevelView {
                priority: level.priority,
                share: level.share,
                is_panicking: level.is_panicking,
                candidates: level.candidates.len(),
            })
            .collect()
    }

    pub(super) fn view_endpoint(&self, place: usize, now: Moment) -> EndpointView {
        let member = &self.members[place];
        let health = member.health.as_ref();
        let breaker = member.breaker.as_ref();
        let (standing, reason) = self.stands(member, now);
        let load = self.loads[place];
        EndpointView {
            id: member.id,
            name: member.spec.name.clone(),
            priority: member.spec.priority,
            standing,
            reason,
            admin: member.admin,
            checks: health.map(|health| health.status()),
            check_error: health.and_then(|health| health.last_error().map(str::to_owned)),
            checked_at: health.and_then(|health| health.last_check()),
            next_check: health.map(|health| health.next_check()),
            in_flight: load.in_flight,
            latency: Duration::try_from_secs_f64(load.ewma.seconds(&self.ewma, now))
                .unwrap_or(Duration::MAX),
            breaker: breaker.map(|breaker| breaker.state()),
            breaker_open_until: breaker.and_then(|breaker| breaker.open_until()),
            ejected_until: self.ejected_until(member.id),
            weight_declared: member.spec.weight,
            weight: member.weight,
            weight_effective: f64::from(member.weight) * member.share,
        }
    }

    /// Returns how an endpoint stands, and why.
    fn stands(&self, member: &Member, now: Moment) -> (Standing, String) {
        match member.admin {
            AdminState::ForcedDown => return (Standing::ForcedDown, "ordered".to_owned()),
            AdminState::Draining => return (Standing::Draining, "ordered".to_owned()),
            AdminState::ForcedUp => return (Standing::ForcedUp, "ordered".to_owned()),
            AdminState::Auto if member.weight == 0 => {
                return (Standing::Weightless, "its weight is 0".to_owned());
            }
            AdminState::Auto => {}
        }
        let stance = self.stance(member, now);
        let breaker = || {
            member
                .breaker
                .as_ref()
                .map_or("", |breaker| breaker.reason())
        };
        match (stance.fitness, stance.admission) {
            (Fitness::Down, _) => (Standing::Down, member.check_reason()),
            (Fitness::Unchecked, _) => (Standing::Unchecked, member.check_reason()),
            (Fitness::Ejected(_), _) => {
                let outliers = self.outliers.as_ref();
                let reason = outliers.map_or("", |outliers| outliers.reason(member.id));
                (Standing::Ejected, reason.to_owned())
            }
            (Fitness::Healthy, Admission::No { .. }) if !member.is_probing() => {
                (Standing::BreakerOpen, breaker().to_owned())
            }
            (Fitness::Healthy, Admission::No { .. } | Admission::Probe) => {
                (Standing::Probing, breaker().to_owned())
            }
            (Fitness::Healthy, Admission::Yes) if member.share < 1.0 => {
                let percent = 100.0 * member.share;
                (Standing::SlowStart, format!("{percent:.0} % of its weight"))
            }
            (Fitness::Healthy, Admission::Yes) => (Standing::Up, String::new()),
        }
    }
}
