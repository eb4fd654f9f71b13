//! One tick of one budget's alert while it is made.

use plimsoll_types::{Decision, Timestamp};

use super::Subject;
use super::condition::{Condition, Verdict};
use super::exhaustion::Exhaustion;
use super::state::{Outcome, Told};
use super::texts::{self, Cause};
use crate::{BurnRule, Severity};

pub(super) struct Step<'a> {
    pub(super) subject: &'a Subject<'a>,
    pub(super) now: Timestamp,
    pub(super) exhaustion: Option<&'a Exhaustion>,
    /// What was measured of which rule.
    pub(super) measured: Vec<(&'a BurnRule, Condition)>,
    pub(super) outcome: Outcome,
}

impl<'a> Step<'a> {
    pub(super) fn new(
        subject: &'a Subject<'a>,
        exhaustion: Option<&'a Exhaustion>,
        now: Timestamp,
    ) -> Self {
        Self {
            subject,
            now,
            exhaustion,
            measured: Vec::new(),
            outcome: Outcome::default(),
        }
    }

    pub(super) fn send(&mut self, told: &Told) {
        let cause = self.cause(told.severity);
        let alert = texts::alert(self.subject, cause, told, self.now);
        self.outcome.alerts.push(alert);
    }

    pub(super) fn decide(&mut self, decision: Decision) {
        self.outcome.decisions.push(decision);
    }

    /// What speaks for an alert of this severity: the rule that holds, else one that was measured, else the forecast.
    pub(super) fn cause(&self, severity: Severity) -> Cause<'_> {
        let of_severity = |(rule, _): &&(&BurnRule, Condition)| rule.severity == severity;
        let holds = |(_, found): &&(&BurnRule, Condition)| found.verdict == Verdict::Holds;
        let mut measured = self.measured.iter().filter(of_severity);
        let found = measured.clone().find(holds).or_else(|| measured.next());
        match (found, self.exhaustion) {
            (Some((rule, found)), _) => Cause::Rule(rule, found),
            (None, Some(forecast)) => Cause::Forecast(forecast),
            (None, None) => Cause::Unknown,
        }
    }
}
