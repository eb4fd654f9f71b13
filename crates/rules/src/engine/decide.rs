//! Why an alert changed its state, in words and numbers.

use std::borrow::Cow;
use std::time::Duration;

use plimsoll_types::{Decision, Timestamp, Value, format_duration};

use super::active::{Active, Times};
use super::alerting::Step;
use super::life::Event;

/// Words decisions about the alerts of one rule in one evaluation.
pub(super) struct Decider<'a, 'b> {
    step: &'a Step<'b>,
    hold: Duration,
    keep_firing_for: Duration,
}

impl<'a, 'b> Decider<'a, 'b> {
    pub(super) fn new(step: &'a Step<'b>, hold: Duration, keep_firing_for: Duration) -> Self {
        Self {
            step,
            hold,
            keep_firing_for,
        }
    }

    /// Words one; `before` are the alert's times before the evaluation.
    pub(super) fn decide(&self, event: Event, active: &Active, before: &Times) -> Decision {
        Decision {
            at: self.step.slot,
            kind: Cow::Borrowed(kind(event)),
            subject: active.labels.to_string(),
            rule: self.step.rule_name.clone(),
            inputs: self.inputs(event, active, before),
            outcome: self.outcome(event, active),
            counterfactual: self.counterfactual(event, active, before),
        }
    }

    fn inputs(
        &self,
        event: Event,
        active: &Active,
        before: &Times,
    ) -> Vec<(Cow<'static, str>, String)> {
        let mut inputs = Vec::with_capacity(8);
        let mut put = |name: &'static str, value: String| inputs.push((Cow::Borrowed(name), value));
        put("query", self.step.query.to_string());
        put("evaluated_at", time(self.step.at));
        let is_there = matches!(
            event,
            Event::Pending | Event::Firing | Event::PendingAgain | Event::CameBack
        );
        match (is_there, &active.value) {
            (true, Value::Float(value)) => put("value", value.to_string()),
            (true, Value::Histogram(histogram)) => {
                put("value", format!("histogram of {}", histogram.count()));
            }
            (false, _) => put("value", "no element with these labels".into()),
        }
        put("active_at", time(active.times.active_at));
        put("for", format_duration(self.hold));
        if let Some(fired) = active.times.fired_at {
            put("fired_at", time(fired));
        }
        if !self.keep_firing_for.is_zero() {
            put("keep_firing_for", format_duration(self.keep_firing_for));
        }
        if let Some(since) = active.times.keep_firing_since.or(before.keep_firing_since) {
            put("keep_firing_since", time(since));
        }
        if event == Event::OverLimit {
            put("limit", self.step.limit.to_string());
        }
        inputs
    }

    fn outcome(&self, event: Event, active: &Active) -> String {
        let passed = |since: Timestamp| {
            let millis = self.step.slot.millis_since(since).max(0) as u64;
            format_duration(Duration::from_millis(millis))
        };
        match event {
            Event::Pending => "the alert is pending".into(),
            Event::Firing => format!(
                "the alert fires: its condition has held for {} of {}",
                passed(active.times.active_at),
                format_duration(self.hold)
            ),
            Event::PendingAgain => format!(
                "the alert is pending again: its condition has held for {}, and `for` asks for {} now",
                passed(active.times.active_at),
                format_duration(self.hold)
            ),
            Event::KeptFiring => format!(
                "the alert fires on for {} though its condition is gone",
                format_duration(self.keep_firing_for)
            ),
            Event::CameBack => "the alert fires, its condition holds again".into(),
            Event::Resolved => match active.times.keep_firing_since {
                Some(since) => format!(
                    "the alert is resolved: its condition has been gone for {}",
                    passed(since)
                ),
                None => "the alert is resolved: its condition is gone".into(),
            },
            Event::Forgotten => format!(
                "the alert is forgotten before it fired: its condition held for less than {}",
                format_duration(self.hold)
            ),
            Event::Expired => "the resolved alert is sent no more".into(),
            Event::OverLimit => {
                "all alerts of the rule are forgotten: there are more than `limit` allows".into()
            }
        }
    }

    fn counterfactual(&self, event: Event, active: &Active, before: &Times) -> String {
        let fires_at = time(active.times.active_at + self.hold);
        match event {
            Event::Pending => format!(
                "it fires at {fires_at} if the condition holds at every evaluation until then, \
                 with `for: 0s` it would fire now"
            ),
            Event::Firing => {
                let since = time(active.times.active_at);
                let longer = shown_after(&self.step.slot, active.times.active_at);
                format!(
                    "one evaluation since {since} without the element would have kept it from firing, \
                     or a `for` above {longer}"
                )
            }
            Event::PendingAgain => {
                let longer = shown_after(&self.step.slot, active.times.active_at);
                format!("a `for` of {longer} or less would have let it fire on")
            }
            Event::KeptFiring => "without `keep_firing_for` it would be resolved now".into(),
            Event::CameBack => {
                let since = before.keep_firing_since.unwrap_or(self.step.slot);
                let end = time(since + self.keep_firing_for);
                format!("without the element it would be resolved at {end}")
            }
            Event::Resolved => match active.times.keep_firing_since {
                Some(since) => {
                    let gone = shown_after(&self.step.slot, since);
                    format!("the element, or a `keep_firing_for` above {gone}, would have kept it")
                }
                None => "the element, or `keep_firing_for`, would have kept it".into(),
            },
            Event::Forgotten => {
                format!("had the condition held until {fires_at}, it would have fired")
            }
            Event::Expired => "the element would have made it pending again".into(),
            Event::OverLimit => {
                "a limit of 0 is none; fewer elements, or a higher `limit`, would have kept them"
                    .into()
            }
        }
    }
}

fn kind(event: Event) -> &'static str {
    match event {
        Event::Pending => "alert.pending",
        Event::Firing => "alert.firing",
        Event::PendingAgain => "alert.pending_again",
        Event::KeptFiring => "alert.kept_firing",
        Event::CameBack => "alert.came_back",
        Event::Resolved => "alert.resolved",
        Event::Forgotten => "alert.forgotten",
        Event::Expired => "alert.expired",
        Event::OverLimit => "alert.over_limit",
    }
}

fn shown_after(slot: &Timestamp, since: Timestamp) -> String {
    let millis = slot.millis_since(since).max(0) as u64;
    format_duration(Duration::from_millis(millis))
}

/// Writes a point in time as RFC 3339; one that no calendar has as milliseconds since the epoch.
fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(time) => time.to_string(),
        Err(_) => format!("{at} ms"),
    }
}
