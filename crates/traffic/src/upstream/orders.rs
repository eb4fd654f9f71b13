//! What checks find, and what a person orders.

use std::time::Duration;

use super::{EventKind, Upstream};
use crate::health::active::{Change, Status};
use crate::{AdminState, EndpointId, Moment};

/// Between the first checks of an endpoint.
const FIRST_CHECKS_APART: Duration = Duration::from_millis(100);

impl Upstream {
    /// Returns when an endpoint is to be checked next; `None` when it is not checked or not declared. A failed attempt can
    /// bring it forward, so whoever waits asks again after one.
    ///
    /// While an endpoint that was never up passes its checks, they follow one another soon, whatever the schedule says:
    /// until it has passed `rise` of them it is of no use.
    pub fn next_check(&self, endpoint: EndpointId) -> Option<Moment> {
        let health = self.members[self.place(endpoint)?].health.as_ref()?;
        let next = health.next_check();
        match health.last_check() {
            Some(last) if health.status() == Status::Unchecked && health.last_error().is_none() => {
                Some(next.min(last.after(FIRST_CHECKS_APART)))
            }
            _ => Some(next),
        }
    }

    /// Says whether checks have said of every endpoint whether it is up or down, or there are none: whoever starts waits
    /// for this, for some time, before requests come.
    pub fn is_settled(&self) -> bool {
        let mut health = self
            .members
            .iter()
            .filter_map(|member| member.health.as_ref());
        health.all(|health| health.status() != Status::Unchecked)
    }

    /// Takes note of what a check found: nothing wrong, or what.
    ///
    /// A check that brings an endpoint up again ends its ejection too. One that passes all along does not: it says less
    /// about requests than requests do.
    pub fn checked(&mut self, endpoint: EndpointId, passed: Result<(), String>, now: Moment) {
        let Some(place) = self.place(endpoint) else {
            return;
        };
        let chance = self.chance.fraction();
        let member = &mut self.members[place];
        let Some(health) = &mut member.health else {
            return;
        };
        let Some(Change { to, reason }) = health.checked(passed, chance, now) else {
            return;
        };
        member.is_trusted = false;
        let kind = match to {
            Status::Up => EventKind::Up,
            Status::Down | Status::Unchecked => EventKind::Down,
        };
        self.journal.add(now, endpoint, kind, reason);
        if to == Status::Up {
            self.end_ejection(endpoint, "checks pass again", now);
        }
        self.arrange(now);
    }

    /// Takes a person's order.
    pub fn order(&mut self, endpoint: EndpointId, admin: AdminState, now: Moment) {
        let Some(place) = self.place(endpoint) else {
            return;
        };
        let member = &mut self.members[place];
        if member.admin == admin {
            return;
        }
        member.admin = admin;
        let kind = EventKind::Ordered(admin);
        self.journal.add(now, endpoint, kind, "ordered");
        self.arrange(now);
    }

    /// Sets an endpoint's weight until another one is declared than is declared now.
    pub fn set_weight(&mut self, endpoint: EndpointId, weight: u32, now: Moment) {
        let Some(place) = self.place(endpoint) else {
            return;
        };
        let member = &mut self.members[place];
        if member.weight == weight {
            return;
        }
        let before = std::mem::replace(&mut member.weight, weight);
        let kind = EventKind::Weighted(weight);
        let reason = format!("set, was {before}");
        self.journal.add(now, endpoint, kind, reason);
        self.arrange(now);
    }

    /// Closes an endpoint's breaker and ends its ejection, as a person ordered.
    pub fn pardon(&mut self, endpoint: EndpointId, now: Moment) {
        let Some(place) = self.place(endpoint) else {
            return;
        };
        let breaker = self.members[place].breaker.as_mut();
        if let Some(change) = breaker.and_then(|breaker| breaker.reset(now)) {
            self.note_breaker(endpoint, change, now);
        }
        self.end_ejection(endpoint, "ordered", now);
        self.arrange(now);
    }

    fn end_ejection(&mut self, endpoint: EndpointId, reason: &str, now: Moment) {
        let outliers = self.outliers.as_mut();
        if let Some(change) = outliers.and_then(|outliers| outliers.restore(endpoint, reason)) {
            self.note_outlier(change, now);
        }
    }
}
