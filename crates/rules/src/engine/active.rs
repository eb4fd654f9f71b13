//! One alert of a rule: its times, and the series that show it.

use plimsoll_types::{ALERT_NAME, Annotations, Labels, METRIC_NAME, Timestamp, Value};

use crate::globals::Globals;
use crate::key::{GroupKey, RuleId};
use crate::outcome::{AlertRow, AlertState};
use crate::view::AlertView;

/// The metric that is 1 for each alert that is pending or fires.
pub(crate) const ALERTS: &str = "ALERTS";
/// The metric that holds since when an alert's condition holds.
pub(crate) const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";
const ALERT_STATE: &str = "alertstate";

#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) labels: Labels,
    pub(super) annotations: Annotations,
    /// The element that it was made from last: with the same one again, texts stay as they are.
    pub(super) source: Option<Labels>,
    pub(super) value: Value,
    pub(super) times: Times,
    pub(super) last_sent_at: Option<Timestamp>,
    pub(super) valid_until: Option<Timestamp>,
    /// Whether there is a durable row for it.
    pub(super) is_stored: bool,
    /// The evaluation in which it began.
    pub(super) began_in: u64,
    /// The evaluation in which its element was there last.
    pub(super) seen_in: u64,
    /// It comes from a process before this one, and its element has not been there since.
    pub(super) is_unseen: bool,
    pub(super) series: Series,
}

/// State and times: what makes a durable change when it changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) state: AlertState,
    pub(super) active_at: Timestamp,
    pub(super) fired_at: Option<Timestamp>,
    pub(super) resolved_at: Option<Timestamp>,
    pub(super) keep_firing_since: Option<Timestamp>,
}

/// The label sets of an alert's series, made once.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pending: Labels,
    firing: Labels,
    pub(super) for_state: Labels,
}

impl Series {
    /// Begins with the labels as the rule has them, templates and all, and sets those of the alert over them. It shows
    /// where a template gave an empty text: the alert has no such label then, its series carry the template. Prometheus
    /// does that, and queries may count on it.
    pub(super) fn of(rule_labels: &Labels, alert: &Labels, name: &str) -> Self {
        let mut builder = rule_labels.to_builder();
        for (name, value) in alert.iter() {
            builder.set(name, value);
        }
        builder
            .set(METRIC_NAME, ALERTS_FOR_STATE)
            .set(ALERT_NAME, name);
        let for_state = builder.build();
        builder.set(METRIC_NAME, ALERTS);
        let mut state = |state: AlertState| builder.set(ALERT_STATE, state.as_str()).build();
        Self {
            pending: state(AlertState::Pending),
            firing: state(AlertState::Firing),
            for_state,
        }
    }

    /// Returns the series that shows a state; `None` for a resolved alert.
    pub(super) fn state(&self, state: AlertState) -> Option<&Labels> {
        match state {
            AlertState::Inactive => None,
            AlertState::Pending => Some(&self.pending),
            AlertState::Firing => Some(&self.firing),
        }
    }
}

impl Times {
    /// Moves all of them back by the same time, so far that none lies after `slot`; returns how far in milliseconds.
    fn move_back(&mut self, slot: Timestamp, by: i64) -> i64 {
        let others = [self.fired_at, self.resolved_at, self.keep_firing_since];
        let latest = others
            .into_iter()
            .flatten()
            .fold(self.active_at, Timestamp::max);
        let by = by.max(latest.millis_since(slot));
        if by > 0 {
            self.active_at = earlier(self.active_at, by);
            for time in [
                &mut self.fired_at,
                &mut self.resolved_at,
                &mut self.keep_firing_since,
            ] {
                *time = time.map(|time| earlier(time, by));
            }
        }
        by.max(0)
    }
}

fn earlier(time: Timestamp, by: i64) -> Timestamp {
    time.saturating_add_millis(by.saturating_neg())
}

impl Active {
    /// Follows a clock that was set back by so many milliseconds, 0 when it was not: what has passed stays the same, so
    /// that nothing pends, fires on or stays unsent until the old time has come again. No time lies after `slot`
    /// afterwards, whatever a row said: a receiver refuses an alert that ends before it starts. Says whether it moved.
    pub(super) fn follow_clock(&mut self, slot: Timestamp, set_back: i64) -> bool {
        let by = self.times.move_back(slot, set_back);
        if by > 0 {
            self.last_sent_at = self.last_sent_at.map(|time| earlier(time, by));
            self.valid_until = self.valid_until.map(|time| earlier(time, by));
        }
        by > 0
    }

    /// Says whether the receiver has to hear of it at `slot`.
    pub(super) fn needs_sending(&self, slot: Timestamp, globals: &Globals) -> bool {
        if self.times.state == AlertState::Pending {
            return false;
        }
        let is_due = |sent: Timestamp| sent + globals.resend_delay < slot;
        self.has_unsent_end() || self.last_sent_at.is_none_or(is_due)
    }

    /// Says whether it is resolved and the receiver was not told so, as far as this process knows.
    pub(super) fn has_unsent_end(&self) -> bool {
        let resolved = self.times.resolved_at;
        resolved.is_some_and(|resolved| self.last_sent_at.is_none_or(|sent| resolved > sent))
    }

    /// Returns the value as Prometheus keeps it: a histogram counts as 0.
    pub(super) fn number(&self) -> f64 {
        match &self.value {
            Value::Float(value) => *value,
            Value::Histogram(_) => 0.0,
        }
    }

    pub(super) fn row(&self, group: &GroupKey, rule: &RuleId) -> AlertRow {
        AlertRow {
            group: group.clone(),
            rule: rule.clone(),
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            state: self.times.state,
            active_at: self.times.active_at,
            fired_at: self.times.fired_at,
            resolved_at: self.times.resolved_at,
            keep_firing_since: self.times.keep_firing_since,
            last_sent_at: self.last_sent_at,
            valid_until: self.valid_until,
            value: self.number(),
        }
    }

    /// Makes it again from its row. When it was sent is not taken over: nobody knows whether the notice left.
    pub(super) fn restored(row: AlertRow, series: Series) -> Self {
        Self {
            labels: row.labels,
            annotations: row.annotations,
            source: None,
            value: Value::Float(row.value),
            times: Times {
                state: row.state,
                active_at: row.active_at,
                fired_at: row.fired_at,
                resolved_at: row.resolved_at,
                keep_firing_since: row.keep_firing_since,
            },
            last_sent_at: None,
            valid_until: row.valid_until,
            is_stored: true,
            began_in: 0,
            seen_in: 0,
            is_unseen: true,
            series,
        }
    }

    pub(super) fn view(&self) -> AlertView {
        AlertView {
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            state: self.times.state,
            active_at: self.times.active_at,
            fired_at: self.times.fired_at,
            keep_firing_since: self.times.keep_firing_since,
            value: self.number(),
        }
    }
}
