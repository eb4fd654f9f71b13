//! Attempts: whom they go to, and how they end.

use std::time::Duration;

use super::level;
use super::{Ask, EventKind, NoEndpoint, Pick, Upstream, Why};
use crate::balance::field::Field;
use crate::breaker::{self, Admission, State};
use crate::health::passive;
use crate::{AdminState, EndpointId, Moment, Outcome};

impl Upstream {
    /// Chooses an endpoint for an attempt, in this order: the one that the client sticks to; one whose breaker waits for a
    /// probe, for a first attempt; by policy one that was not tried, of the priority whose turn it is and then of the
    /// others; one that was tried, when there is no other. Whoever wants none of those gives the pick back as cancelled.
    ///
    /// # Errors
    /// There is none that may be used; says why.
    pub fn pick(&mut self, ask: &Ask<'_>, now: Moment) -> Result<Pick, NoEndpoint> {
        self.tick(now);
        if let Some(place) = self.sticky(ask) {
            return Ok(self.begin(place, Why::Sticky));
        }
        let is_first = ask.tried.is_empty();
        if is_first && let Some(pick) = self.probe(ask, now) {
            return Ok(pick);
        }
        let level = level::turn(&self.levels, &self.options.policy, ask, &mut self.chance);
        if let Some(pick) = self.choose(level, ask, now) {
            return Ok(pick);
        }
        if !is_first {
            let again = Ask { tried: &[], ..*ask };
            let pick = self
                .probe(ask, now)
                .or_else(|| self.choose(level, &again, now));
            return pick.ok_or_else(|| self.none());
        }
        Err(self.none())
    }

    /// Takes note of how an attempt ended: once for each pick. `latency` is the time from the pick to the head of the
    /// answer, or to when it was given up. The endpoint may have been removed meanwhile.
    pub fn done(&mut self, pick: Pick, outcome: Outcome, latency: Duration, now: Moment) {
        let Some(place) = self.place(pick.endpoint) else {
            return;
        };
        let load = &mut self.loads[place];
        debug_assert!(load.in_flight > 0, "each pick is done once");
        load.in_flight = load.in_flight.saturating_sub(1);
        load.ewma.record(&outcome, latency, &self.ewma, now);
        let member = &mut self.members[place];
        let breaker = member.breaker.as_mut();
        let breaker = breaker.and_then(|breaker| breaker.done(outcome, pick.is_probe, now));
        let outliers = self.outliers.as_mut();
        let ejection =
            outliers.and_then(|outliers| outliers.done(pick.endpoint, outcome, latency, now));
        if outcome.is_failure()
            && let Some(health) = &mut member.health
        {
            health.suspect(now);
        }
        // A probe that was cancelled changes nothing, but another one may go.
        let is_changed = breaker.is_some() || ejection.is_some() || pick.is_probe;
        if let Some(change) = breaker {
            self.note_breaker(pick.endpoint, change, now);
        }
        if let Some(change) = ejection {
            self.note_outlier(change, now);
        }
        if is_changed {
            self.arrange(now);
        }
    }

    /// Returns the place of the endpoint that the client sticks to, if it may go there.
    fn sticky(&self, ask: &Ask<'_>) -> Option<usize> {
        let endpoint = ask
            .sticky
            .filter(|endpoint| !ask.tried.contains(endpoint))?;
        let place = self.place(endpoint)?;
        self.members[place].is_stickable.then_some(place)
    }

    /// Sends a probe, if a breaker waits for one. Whoever asks next pays for it: chosen by policy an endpoint that failed
    /// would wait long for its probe, or for ever.
    fn probe(&mut self, ask: &Ask<'_>, now: Moment) -> Option<Pick> {
        let is_fresh = |place: &usize| !ask.tried.contains(&self.members[*place].id);
        let due = self.probes_due.iter().position(is_fresh)?;
        let place = self.probes_due.swap_remove(due);
        let member = &mut self.members[place];
        let endpoint = member.id;
        let breaker = member.breaker.as_mut()?;
        if breaker.admits(now) != Admission::Probe {
            return None;
        }
        if let Some(change) = breaker.begin_probe(now) {
            self.note_breaker(endpoint, change, now);
        }
        let mut pick = self.begin(place, Why::Policy);
        pick.is_probe = true;
        self.arrange(now);
        Some(pick)
    }

    /// Lets the policy choose: first from a level, then from the others in order.
    fn choose(&mut self, first: usize, ask: &Ask<'_>, now: Moment) -> Option<Pick> {
        let others = (0..self.levels.len()).filter(|place| *place != first);
        for place in std::iter::once(first).chain(others) {
            let Some(level) = self.levels.get_mut(place) else {
                continue;
            };
            if level.candidates.is_empty() {
                continue;
            }
            let field = Field {
                candidates: &level.candidates,
                loads: &self.loads,
                tried: ask.tried,
                key: ask.key,
                now,
            };
            let Some(chosen) = level.chooser.choose(&field, &mut self.chance) else {
                continue;
            };
            let why = if level.is_panicking {
                Why::Panic
            } else {
                Why::Policy
            };
            let index = level.candidates[chosen].index;
            return Some(self.begin(index, why));
        }
        None
    }

    fn begin(&mut self, place: usize, why: Why) -> Pick {
        let in_flight = &mut self.loads[place].in_flight;
        *in_flight = in_flight.saturating_add(1);
        Pick {
            endpoint: self.members[place].id,
            why,
            is_probe: false,
        }
    }

    /// Says why there is none.
    pub(super) fn none(&self) -> NoEndpoint {
        if self.members.is_empty() {
            return NoEndpoint::Empty;
        }
        let is_open = |admin| matches!(admin, AdminState::Auto | AdminState::ForcedUp);
        let mut open = self
            .members
            .iter()
            .filter(|member| is_open(member.admin) && member.weight > 0)
            .peekable();
        if open.peek().is_none() {
            return NoEndpoint::OrderedDown;
        }
        let is_healthy = |endpoint: EndpointId| self.ejected_until(endpoint).is_none();
        let is_broken = open.any(|member| {
            let breaker = member.breaker.as_ref();
            is_healthy(member.id)
                && member.is_checked_up()
                && breaker.is_some_and(|breaker| breaker.state() != State::Closed)
        });
        match is_broken {
            true => NoEndpoint::BreakersOpen,
            false => NoEndpoint::NoneHealthy,
        }
    }

    pub(super) fn note_breaker(
        &mut self,
        endpoint: EndpointId,
        change: breaker::Change,
        now: Moment,
    ) {
        let kind = match change.to {
            State::Open => EventKind::BreakerOpened(change.open_for),
            State::HalfOpen => EventKind::BreakerHalfOpened,
            State::Closed => EventKind::BreakerClosed,
        };
        self.journal.add(now, endpoint, kind, change.reason);
    }

    pub(super) fn note_outlier(&mut self, change: passive::Change, now: Moment) {
        let kind = match change.ejected_for {
            Some(rest) => EventKind::Ejected(rest),
            None => EventKind::Returned,
        };
        self.journal.add(now, change.endpoint, kind, change.reason);
    }
}
