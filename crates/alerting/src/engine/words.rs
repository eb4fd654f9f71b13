//! What was decided and why, for people: see `plimsoll_types::Decision`.

use std::sync::Arc;

use plimsoll_types::{Decision, Timestamp, format_duration};

use super::survey::Survey;
use super::{Engine, Step};
use crate::Fingerprint;
use crate::delivery::{Delivery, DeliveryId};
use crate::group::{Group, Policy};
use crate::silence::{SilenceEvent, SilenceEventKind};
use crate::view::ChannelCounts;

/// Writes a time as RFC 3339 does, in UTC, to the millisecond.
pub(crate) fn time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(at) => format!("{at:.3}"),
        Err(_) => format!("{} ms after 1970-01-01", at.millis()),
    }
}

impl Engine {
    pub(super) fn channel_counts(&mut self, address: &crate::group::Address) -> &mut ChannelCounts {
        let key = (
            address.receiver.clone(),
            address.kind.clone(),
            address.index,
        );
        self.counts.channels.entry(key).or_default()
    }

    /// A notice was decided.
    pub(super) fn note_decision(
        &mut self,
        group: &Group,
        place: usize,
        id: DeliveryId,
        survey: &Survey,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(delivery) = self.outbox.get(id) else {
            return;
        };
        let policy = self.policies.get(group.policy);
        let told = group.channels[place].told.as_ref();
        let told = told.filter(|told| told.at > Timestamp::EPOCH);
        let told_at = told.map_or_else(|| String::from("never"), |told| time(told.at));
        let inputs = [
            ("firing", survey.firing.len().to_string()),
            ("resolved", survey.resolved.len().to_string()),
            ("silenced", survey.silenced.to_string()),
            ("inhibited", survey.inhibited.to_string()),
            ("told", told_at),
            (
                "group_interval",
                format_duration(policy.route.group_interval),
            ),
            (
                "repeat_interval",
                format_duration(policy.route.repeat_interval),
            ),
        ];
        let integration = channel_name(delivery);
        step.decisions.push(decision(
            now,
            "notice.decided",
            group,
            &inputs,
            format!("{integration} is told: {} ({id})", delivery.reason.as_str()),
            "nothing would be told if nothing had changed since the last notice, within repeat_interval",
        ));
    }

    /// All is over, and the receiver does not want to hear of it.
    pub(super) fn note_forgotten(
        &self,
        group: &Group,
        place: usize,
        survey: &Survey,
        now: Timestamp,
        step: &mut Step,
    ) {
        let address = &group.channels[place].address;
        step.decisions.push(decision(
            now,
            "notice.not_wanted",
            group,
            &[("resolved", survey.resolved.len().to_string())],
            format!(
                "{}/{}[{}] is not told that all is resolved",
                address.receiver, address.kind, address.index
            ),
            "it would be told with send_resolved: true",
        ));
    }

    /// A flush kept alerts back, or does not any more.
    pub(super) fn note_kept_back(
        &mut self,
        group: &mut Group,
        policy: &Policy,
        survey: &Survey,
        now: Timestamp,
        step: &mut Step,
    ) {
        self.counts.silenced += survey.silenced;
        self.counts.inhibited += survey.inhibited;
        self.counts.muted += survey.muted;
        self.counts.held += survey.held;
        let kept = [survey.silenced, survey.inhibited, survey.muted, survey.held];
        let is_news = group.kept_back != kept || group.muted_by != survey.muted_by;
        group.kept_back = kept;
        group.muted_by = survey.muted_by.clone();
        if !is_news {
            return;
        }
        let muted_by = survey
            .muted_by
            .as_ref()
            .map_or_else(String::new, |by| by.join(","));
        let inputs = [
            ("silenced", survey.silenced.to_string()),
            ("inhibited", survey.inhibited.to_string()),
            ("muted", survey.muted.to_string()),
            ("muted_by", muted_by),
            ("held_by_warm_up", survey.held.to_string()),
            (
                "active_time_intervals",
                policy.route.active_time_intervals.join(","),
            ),
        ];
        let all: u64 = kept.iter().sum();
        step.decisions.push(decision(
            now,
            "group.kept_back",
            group,
            &inputs,
            match all {
                0 => String::from("nothing of the group is kept back any more"),
                _ => format!("{} of {} alerts are not told", all.min(group.members.len() as u64), group.members.len()),
            },
            "they would be told without the silences, sources and time intervals that keep them back",
        ));
    }

    /// What waited was kept back when its time came.
    pub(super) fn note_kept_back_late(
        &self,
        group: &Group,
        delivery: &Delivery,
        left: usize,
        now: Timestamp,
        step: &mut Step,
    ) {
        step.decisions.push(decision(
            now,
            "notice.kept_back",
            group,
            &[
                ("alerts", delivery.parts.len().to_string()),
                ("left", left.to_string()),
            ],
            format!(
                "{} is not told all of {}",
                channel_name(delivery),
                delivery.id
            ),
            "it would be told if nothing had been silenced or inhibited while it waited",
        ));
    }

    /// An alert that was told as firing ended while it was kept back.
    pub(super) fn note_quiet_end(
        &self,
        group: &Group,
        number: u64,
        now: Timestamp,
        step: &mut Step,
    ) {
        step.decisions.push(decision(
            now,
            "alert.resolved_quietly",
            group,
            &[("alert", Fingerprint::from_u64(number).to_string())],
            String::from("nobody is told that it is resolved; if it fires again, that is news"),
            "it would be told if nothing had kept it back",
        ));
    }

    pub(super) fn note_failover(
        &self,
        group: &Group,
        delivery: &Delivery,
        to: &Arc<str>,
        now: Timestamp,
        step: &mut Step,
    ) {
        step.decisions.push(decision(
            now,
            "notice.failed_over",
            group,
            &failure(delivery),
            format!("{to} is told in place of {}", channel_name(delivery)),
            "it would be tried again if there had been fewer failures than fallback_after says",
        ));
    }

    pub(super) fn note_death(
        &self,
        group: &Group,
        delivery: &Delivery,
        now: Timestamp,
        step: &mut Step,
    ) {
        step.decisions.push(decision(
            now,
            "notice.dead",
            group,
            &failure(delivery),
            format!("{} was not told {}", channel_name(delivery), delivery.id),
            "it would be tried again if the receiver had not refused it, up to the age of dead_letters",
        ));
    }

    /// A notice lost its group or its receiver.
    pub(super) fn note_orphan(&self, delivery: &Delivery, now: Timestamp, step: &mut Step) {
        let group = &delivery.channel.group;
        let inputs = failure(delivery).into_iter();
        step.decisions.push(Decision {
            at: now,
            kind: "notice.orphaned".into(),
            subject: String::from(&*group.key),
            rule: group.route.clone(),
            inputs: inputs.map(|(name, text)| (name.into(), text)).collect(),
            outcome: format!(
                "{} is not told; its alerts are told where they are routed now",
                channel_name(delivery)
            ),
            counterfactual:
                "it would be told if the configuration had kept the route and the receiver".into(),
        });
    }

    /// Time did something to a silence.
    pub(super) fn note_silence(&self, event: &SilenceEvent, now: Timestamp, step: &mut Step) {
        let (kind, outcome) = match event.kind {
            SilenceEventKind::Started => ("silence.started", "it keeps alerts back"),
            SilenceEventKind::Paused => (
                "silence.paused",
                "it keeps nothing back until its next window",
            ),
            SilenceEventKind::EndsSoon => ("silence.ends_soon", "it ends soon"),
            SilenceEventKind::Ended => ("silence.ended", "it is over"),
            SilenceEventKind::Resolved => ("silence.resolved", "it is over, since its alerts are"),
        };
        let silence = &event.silence;
        step.decisions.push(Decision {
            at: now,
            kind: kind.into(),
            subject: silence.id.to_string(),
            rule: Arc::from("silence"),
            inputs: vec![
                ("matchers".into(), silence.matchers.to_string()),
                ("created_by".into(), silence.created_by.clone()),
                ("comment".into(), silence.comment.clone()),
            ],
            outcome: outcome.into(),
            counterfactual: "another silence, or none, would let other alerts through".into(),
        });
    }
}

/// Names an integration: `team/slack[0]`.
fn channel_name(delivery: &Delivery) -> String {
    let address = &delivery.address;
    format!("{}/{}[{}]", address.receiver, address.kind, address.index)
}

fn failure(delivery: &Delivery) -> [(&'static str, String); 4] {
    [
        ("decided", time(delivery.decided_at)),
        ("waiting_since", time(delivery.waiting_since)),
        ("failures", delivery.failures.to_string()),
        ("error", String::from(&*delivery.last_error)),
    ]
}

fn decision(
    at: Timestamp,
    kind: &'static str,
    group: &Group,
    inputs: &[(&'static str, String)],
    outcome: String,
    counterfactual: &'static str,
) -> Decision {
    Decision {
        at,
        kind: kind.into(),
        subject: String::from(&*group.name.key),
        rule: group.name.route.clone(),
        inputs: inputs
            .iter()
            .map(|(name, text)| ((*name).into(), text.clone()))
            .collect(),
        outcome,
        counterfactual: counterfactual.into(),
    }
}
