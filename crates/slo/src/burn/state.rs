//! The alert of one budget: which of its rules are on, since when, and what of that has been told.

use std::time::Duration;

use plimsoll_types::{Alert, Decision, Timestamp};

use super::condition;
use super::exhaustion::Exhaustion;
use super::phase::{Phase, on_or_off, since_when};
use super::step::Step;
use super::windows::Windows;
use super::withheld::Withheld;
use super::{Subject, decide};
use crate::{AlertPolicy, History, Severity};

/// How often an alert is sent again while nothing changes.
pub const RESEND: Duration = Duration::from_secs(60);
/// How long an alert that ended is sent again, so that whoever missed its end hears of it.
pub const RESOLVED_KEPT: Duration = Duration::from_secs(900);

/// The alert of one budget. A fresh one is silent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Burn {
    pub(super) alert: Option<Told>,
    /// In the order of the policy's rules; empty while all are off, as nearly all are nearly always.
    pub(super) rules: Vec<Phase>,
    pub(super) exhaustion: Phase,
    /// When the last alert ended: bad events before that were told of and start no other one.
    pub(super) told_until: Option<Timestamp>,
    withheld: Withheld,
}

/// What follows from a tick.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// To be sent: what changed, and what is due to be sent again.
    pub alerts: Vec<Alert>,
    /// Why.
    pub decisions: Vec<Decision>,
    /// Whether [`Burn::save`] gives another text than before.
    pub is_changed: bool,
}

/// What has been told of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) since: Timestamp,
    pub(super) severity: Severity,
    pub(super) ended: Option<Timestamp>,
    /// `None` after a restart: it is sent again at once.
    pub(super) sent: Option<Timestamp>,
}

impl Burn {
    /// Judges the budget at `now` and says what to tell. `exhaustion` is the latest forecast, where there is one.
    ///
    /// Ticks may come late or not at all: what was missed shows in the windows. A clock that jumps back only makes
    /// waiting start again.
    pub fn tick(
        &mut self,
        subject: &Subject<'_>,
        history: &dyn History,
        exhaustion: Option<&Exhaustion>,
        now: Timestamp,
    ) -> Outcome {
        let mut step = Step::new(subject, exhaustion, now);
        if subject.policy.name.is_some() {
            self.judge_rules(&mut step, history);
            self.judge_exhaustion(&mut step);
        } else {
            (self.rules, self.exhaustion) = (Vec::new(), Phase::Off);
        }
        self.tell(&mut step);
        step.outcome
    }

    /// Returns the severity that it fires with, if it fires.
    pub fn severity(&self) -> Option<Severity> {
        let told = self.alert.filter(|told| told.ended.is_none());
        told.map(|told| told.severity)
    }

    /// Returns since when it fires, if it fires.
    pub fn since(&self) -> Option<Timestamp> {
        let told = self.alert.filter(|told| told.ended.is_none());
        told.map(|told| told.since)
    }

    /// Says whether nothing is on, waits or is still to be told.
    pub fn is_idle(&self) -> bool {
        self.alert.is_none() && self.rules.is_empty() && self.exhaustion == Phase::Off
    }

    /// Says whether the rule at this place in the policy is on.
    pub fn is_on(&self, rule: usize) -> bool {
        matches!(self.rules.get(rule), Some(Phase::On { .. }))
    }

    /// Follows a changed policy: rules that stayed keep their state, wherever they stand now.
    pub fn follow(&mut self, old: &AlertPolicy, new: &AlertPolicy) {
        if self.rules.is_empty() || old.rules == new.rules {
            return;
        }
        let phases = new.rules.iter().map(|rule| {
            let place = old.rules.iter().position(|other| other == rule);
            place.and_then(|place| self.rules.get(place).copied())
        });
        self.rules = phases.map(Option::unwrap_or_default).collect();
        self.forget_off();
    }

    fn judge_rules(&mut self, step: &mut Step<'_>, history: &dyn History) {
        let policy = step.subject.policy;
        let mut windows = Windows::new(step.subject, history, self.told_until, step.now);
        self.rules.resize(policy.rules.len(), Phase::Off);
        for (index, rule) in policy.rules.iter().enumerate() {
            let before = self.rules[index];
            if before == Phase::Off && !condition::may_hold(rule, &mut windows) {
                continue;
            }
            let condition = condition::measure(rule, &mut windows);
            let after = before.next(rule, &condition, policy.hysteresis.keep, step.now);
            if matches!(after, Phase::Held(_)) && before == Phase::Off {
                step.decide(decide::pending(step.subject, rule, &condition, step.now));
            }
            step.outcome.is_changed |= after != before;
            self.rules[index] = after;
            step.measured.push((rule, condition));
        }
        self.forget_off();
        self.forget_told(step);
        self.withheld.note(step, !self.rules.is_empty());
    }

    /// Forgets when the last alert ended once no window reaches back to it.
    fn forget_told(&mut self, step: &mut Step<'_>) {
        let rules = step.subject.policy.rules.iter();
        let longest = rules.map(|rule| rule.long).max().unwrap_or_default();
        // One in the future is of a clock that jumped, and would hide what happens until then.
        let is_near = |until: &Timestamp| *until <= step.now && *until > step.now - longest;
        let told_until = self.told_until.filter(is_near);
        step.outcome.is_changed |= told_until != self.told_until;
        self.told_until = told_until;
    }

    fn judge_exhaustion(&mut self, step: &mut Step<'_>) {
        let policy = step.subject.policy;
        if policy.exhaustion.is_none() {
            // Nobody forecasts for a policy that does not ask for it, so no forecast would ever end the alert.
            step.outcome.is_changed |= self.exhaustion != Phase::Off;
            self.exhaustion = Phase::Off;
            return;
        }
        let Some(forecast) = step.exhaustion else {
            return;
        };
        let before = self.exhaustion;
        self.exhaustion = match before {
            Phase::On { since, quiet } => {
                let quiet = forecast.is_far(policy).then(|| since_when(quiet, step.now));
                on_or_off(since, quiet, policy.hysteresis.keep, step.now)
            }
            _ if forecast.is_near(policy) => Phase::On {
                since: step.now,
                quiet: None,
            },
            _ => Phase::Off,
        };
        step.outcome.is_changed |= self.exhaustion != before;
    }

    /// Compares what is on with what was told.
    fn tell(&mut self, step: &mut Step<'_>) {
        let wanted = self.loudest(step.subject.policy);
        let told = self.alert.filter(|told| told.ended.is_none());
        match (told, wanted) {
            (None, Some(severity)) => self.begin(step, severity),
            (Some(told), Some(severity)) if told.severity != severity => {
                self.change(step, told, severity);
            }
            (Some(told), None) => self.end(step, told),
            _ => self.remind(step),
        }
    }

    fn begin(&mut self, step: &mut Step<'_>, severity: Severity) {
        let told = Told {
            since: step.now,
            severity,
            ended: None,
            sent: Some(step.now),
        };
        step.send(&told);
        step.decide(decide::fired(step.subject, step.cause(severity), &told));
        self.set(step, Some(told));
    }

    /// Another tier of the same alert: who listens for the old one hears that it is over, who listens for the new one of
    /// an alert that fires since the beginning.
    fn change(&mut self, step: &mut Step<'_>, told: Told, severity: Severity) {
        let old = Told {
            ended: Some(step.now),
            ..told
        };
        let new = Told {
            severity,
            sent: Some(step.now),
            ..told
        };
        step.send(&old);
        step.send(&new);
        let cause = step.cause(severity);
        step.decide(decide::changed(
            step.subject,
            cause,
            told.severity,
            &new,
            step.now,
        ));
        self.set(step, Some(new));
    }

    fn end(&mut self, step: &mut Step<'_>, told: Told) {
        let told = Told {
            ended: Some(step.now),
            sent: Some(step.now),
            ..told
        };
        step.send(&told);
        step.decide(decide::resolved(
            step.subject,
            step.cause(told.severity),
            &told,
            step.now,
        ));
        self.told_until = Some(step.now);
        self.set(step, Some(told));
    }

    /// Sends again what is due, and forgets what was said often enough.
    fn remind(&mut self, step: &mut Step<'_>) {
        let Some(told) = &mut self.alert else {
            return;
        };
        let is_old = |since: Timestamp, age: Duration| {
            step.now < since || step.now.millis_since(since) >= age.as_millis() as i64
        };
        if told.ended.is_some_and(|ended| is_old(ended, RESOLVED_KEPT)) {
            self.set(step, None);
            return;
        }
        if told.sent.is_none_or(|sent| is_old(sent, RESEND)) {
            told.sent = Some(step.now);
            let told = *told;
            step.send(&told);
        }
    }

    fn set(&mut self, step: &mut Step<'_>, told: Option<Told>) {
        self.alert = told;
        step.outcome.is_changed = true;
    }

    /// The severity of the loudest rule that is on.
    fn loudest(&self, policy: &AlertPolicy) -> Option<Severity> {
        let rules = self.rules.iter().zip(&policy.rules);
        let on = rules.filter(|(phase, _)| matches!(phase, Phase::On { .. }));
        let forecast = matches!(self.exhaustion, Phase::On { .. });
        let forecast = forecast.then_some(policy.exhaustion_severity);
        on.map(|(_, rule)| rule.severity).chain(forecast).min()
    }

    fn forget_off(&mut self) {
        if self.rules.iter().all(|phase| *phase == Phase::Off) {
            self.rules.clear();
        }
    }
}
