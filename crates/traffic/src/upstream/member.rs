//! What is known about one endpoint, and what follows from it.

use std::time::Duration;

use xxhash_rust::xxh3::xxh3_64;

use super::Options;
use super::slow_start::Ramp;
use crate::balance::field::Candidate;
use crate::breaker::{Admission, Breaker, State};
use crate::health::active::{Health, Status};
use crate::{AdminState, EndpointId, EndpointSpec, Moment};

/// An endpoint.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: EndpointId,
    /// As it was declared last.
    pub(super) spec: EndpointSpec,
    /// A hash of its name.
    pub(super) hash: u64,
    /// The weight that counts: declared, or set since.
    pub(super) weight: u32,
    pub(super) admin: AdminState,
    pub(super) health: Option<Health>,
    /// It was used without checks before there were any: it counts as healthy until they say something.
    pub(super) is_trusted: bool,
    pub(super) breaker: Option<Breaker>,
    pub(super) ramp: Ramp,
    /// The part of its weight that slow start leaves it, as it was looked at last.
    pub(super) share: f64,
    /// It came when others were running, or was lost before: when it can be used it starts slowly.
    pub(super) starts_slowly: bool,
    /// It could be used when it was looked at last.
    pub(super) is_usable: bool,
    /// Requests that stick to it may go to it.
    pub(super) is_stickable: bool,
}

/// What an endpoint can be used for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stance {
    /// It may get requests that do not stick to it, as far as orders and its weight go.
    pub(super) is_open: bool,
    /// Requests that stick to it may go to it, as far as orders go.
    pub(super) is_kept: bool,
    /// What checks and requests say.
    pub(super) fitness: Fitness,
    /// What its breaker says.
    pub(super) admission: Admission,
}

/// What checks and requests say about an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fitness {
    /// Nothing bad.
    Healthy,
    /// It was never found healthy, so that not even panic sends it anything.
    Unchecked,
    /// Checks fail.
    Down,
    /// It rests until then.
    Ejected(Moment),
}

impl Stance {
    /// Says whether it counts as healthy.
    pub(super) fn is_healthy(&self) -> bool {
        self.fitness == Fitness::Healthy
    }

    /// Says whether its health lets it be used.
    pub(super) fn is_fit(&self, is_panicking: bool) -> bool {
        match self.fitness {
            Fitness::Healthy => true,
            Fitness::Unchecked => false,
            Fitness::Down | Fitness::Ejected(_) => is_panicking,
        }
    }
}

impl Member {
    /// Takes an endpoint in. `offset`, 0 to 1, spreads first checks over an interval.
    pub(super) fn new(
        id: EndpointId,
        spec: EndpointSpec,
        options: &Options,
        offset: f64,
        now: Moment,
    ) -> Self {
        Self {
            id,
            hash: xxh3_64(spec.name.as_bytes()),
            weight: spec.weight,
            spec,
            admin: AdminState::Auto,
            health: options
                .checks
                .map(|schedule| Health::new(schedule, offset, now)),
            is_trusted: false,
            breaker: options.breaker.map(Breaker::new),
            ramp: Ramp::default(),
            share: 1.0,
            starts_slowly: false,
            is_usable: false,
            is_stickable: false,
        }
    }

    /// Judges by other options from now on, and by what is declared now. A weight that was set holds until the file says
    /// another one than before.
    pub(super) fn reconfigure(
        &mut self,
        spec: &EndpointSpec,
        options: &Options,
        offset: f64,
        now: Moment,
    ) {
        if spec.weight != self.spec.weight {
            self.weight = spec.weight;
        }
        self.spec.clone_from(spec);
        match (&mut self.health, options.checks) {
            (Some(health), Some(schedule)) => health.reconfigure(schedule, now),
            (None, Some(schedule)) => {
                self.health = Some(Health::new(schedule, offset, now));
                self.is_trusted = true;
            }
            (health, None) => *health = None,
        }
        match (&mut self.breaker, options.breaker) {
            (Some(breaker), Some(options)) => breaker.reconfigure(options),
            (breaker, options) => *breaker = options.map(Breaker::new),
        }
    }

    /// Returns what it can be used for now.
    pub(super) fn stance(&self, ejected_until: Option<Moment>, now: Moment) -> Stance {
        let is_forced = self.admin == AdminState::ForcedUp;
        let is_auto = self.admin == AdminState::Auto;
        Stance {
            is_open: (is_auto || is_forced) && self.weight > 0,
            is_kept: self.admin != AdminState::ForcedDown,
            fitness: match ejected_until {
                _ if is_forced => Fitness::Healthy,
                Some(until) => self.checked_fitness().unwrap_or(Fitness::Ejected(until)),
                None => self.checked_fitness().unwrap_or(Fitness::Healthy),
            },
            admission: match &self.breaker {
                Some(breaker) if !is_forced => breaker.admits(now),
                _ => Admission::Yes,
            },
        }
    }

    /// Begins, goes on with or ends its slow start, now that it stands so. Says whether it can be used
    /// again after it was lost.
    pub(super) fn step(&mut self, stance: &Stance, window: Duration, now: Moment) -> bool {
        let is_usable = stance.is_open && stance.is_healthy() && stance.admission == Admission::Yes;
        let is_back = !self.is_usable && is_usable && self.starts_slowly;
        match (self.is_usable, is_usable) {
            (false, true) if self.starts_slowly && !window.is_zero() => self.ramp.begin(now),
            // Whoever is lost starts slowly when it is back.
            (true, false) => {
                self.starts_slowly = true;
                self.ramp.end();
            }
            _ => {}
        }
        self.is_usable = is_usable;
        self.share = self.ramp.share(window, now);
        is_back
    }

    /// Returns it as policies see it; its slow start is as it was looked at last.
    pub(super) fn candidate(&self, index: usize) -> Candidate {
        Candidate {
            id: self.id,
            index,
            hash: self.hash,
            weight: f64::from(self.weight),
            share: self.share,
        }
    }

    /// Says whether checks have nothing against it.
    pub(super) fn is_checked_up(&self) -> bool {
        self.checked_fitness().is_none()
    }

    /// Says whether its breaker asks by probes.
    pub(super) fn is_probing(&self) -> bool {
        let breaker = self.breaker.as_ref();
        breaker.is_some_and(|breaker| breaker.state() == State::HalfOpen)
    }

    /// Returns why checks have something against it.
    pub(super) fn check_reason(&self) -> String {
        let health = self.health.as_ref();
        match health.and_then(|health| health.last_error()) {
            Some(error) => format!("the last check failed: {error}"),
            None if health.is_some_and(|health| health.last_check().is_some()) => {
                "the last check passed, it takes more of them".to_owned()
            }
            None => "not checked yet".to_owned(),
        }
    }

    /// Returns what checks have against it.
    fn checked_fitness(&self) -> Option<Fitness> {
        match self.health.as_ref()?.status() {
            Status::Up => None,
            Status::Unchecked if self.is_trusted => None,
            Status::Unchecked => Some(Fitness::Unchecked),
            Status::Down => Some(Fitness::Down),
        }
    }
}
