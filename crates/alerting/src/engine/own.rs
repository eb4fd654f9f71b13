//! Alerts of our own: that we work, that a heartbeat stays away, that a notice could not be told, that a silence ends.

use plimsoll_types::{ALERT_NAME, Alert, Annotations, Labels, Timestamp, format_duration};

use super::{Engine, Step};
use crate::Fingerprint;
use crate::delivery::Delivery;
use crate::group::Address;
use crate::rows::Origin;
use crate::silence::Silence;

/// The alert that fires as long as we work: its notices stop when we do.
const DEAD_MAN: &str = "PlimsollAlertingWorks";
/// The alert that fires when a notice could not be told.
const DEAD_LETTER: &str = "PlimsollNoticeNotDelivered";
/// The alert that fires when a silence ends soon.
const SILENCE_ENDS: &str = "PlimsollSilenceEndsSoon";
/// How long after the last dead letter the alert is over, if no notice was taken before.
const DEAD_LETTER_LIVES_MILLIS: i64 = 24 * 3600 * 1000;

impl Engine {
    /// Sees to the alert that says that we work.
    pub(super) fn own_alerts_are_due(&mut self, now: Timestamp, step: &mut Step) {
        let labels = Labels::from_pairs([(ALERT_NAME, DEAD_MAN)]);
        let known = self.book.get(Fingerprint::of(&labels));
        let fires =
            known.is_some_and(|entry| !entry.is_resolved && entry.origin == Origin::DeadMan);
        match (&self.config.plimsoll.dead_man, fires) {
            (Some(_), false) => {
                let text = "Plimsoll decides and sends notices. When this message stays away, it does not.";
                let annotations = Annotations::from_pairs([("summary", text)]);
                self.raise(
                    endless(labels, annotations, now),
                    Origin::DeadMan,
                    now,
                    step,
                );
            }
            (None, true) => self.lower(&labels, now, step),
            _ => {}
        }
    }

    pub(super) fn heartbeats_are_due(&mut self, now: Timestamp, step: &mut Step) {
        for (heartbeat, seen_at) in self.heartbeats.due(now) {
            let mut annotations: Vec<(String, String)> = vec![(
                String::from("description"),
                format!(
                    "no alert that matches was posted for {}, since {}",
                    format_duration(heartbeat.timeout),
                    super::words::time(seen_at)
                ),
            )];
            let own = heartbeat.annotations.iter();
            annotations.extend(own.map(|(name, text)| (name.into(), text.into())));
            let annotations = Annotations::from_pairs(annotations);
            let alert = endless(heartbeat.labels, annotations, now);
            self.raise(alert, Origin::Heartbeat, now, step);
        }
    }

    pub(super) fn heartbeat_seen(&mut self, alert: &Labels, now: Timestamp, step: &mut Step) {
        for labels in self.heartbeats.seen(alert, now) {
            self.lower(&labels, now, step);
        }
    }

    /// A notice could not be told: whoever looks after us is told that.
    pub(super) fn dead_letter(&mut self, delivery: &Delivery, now: Timestamp, step: &mut Step) {
        if self.config.plimsoll.dead_letters.is_none() {
            return;
        }
        let address = &delivery.address;
        let summary = format!(
            "{} could not be told: {}",
            address.receiver, delivery.last_error
        );
        let description = format!(
            "The notice about {} ({}) was decided at {} and given up after {} attempts.",
            delivery.channel.group.key,
            delivery.reason.as_str(),
            super::words::time(delivery.decided_at),
            delivery.attempts,
        );
        let alert = Alert {
            ends_at: Some(now.saturating_add_millis(DEAD_LETTER_LIVES_MILLIS)),
            ..endless(
                dead_letter_labels(address),
                Annotations::from_pairs([("summary", summary), ("description", description)]),
                now,
            )
        };
        self.raise(alert, Origin::DeadLetter, now, step);
    }

    /// An integration took a notice: if it did not before, that is over.
    pub(super) fn note_taken(&mut self, address: &Address, now: Timestamp, step: &mut Step) {
        if self.config.plimsoll.dead_letters.is_some() {
            self.lower(&dead_letter_labels(address), now, step);
        }
    }

    /// A silence ends soon: whoever looks after silences is told that, and that it ended.
    pub(super) fn silence_ends_soon(&mut self, silence: &Silence, now: Timestamp, step: &mut Step) {
        if self.config.plimsoll.silences.notice.is_none() {
            return;
        }
        let ends_at = silence.window(now).ends_at;
        let labels = Labels::from_pairs([
            (ALERT_NAME, SILENCE_ENDS),
            ("silence_id", &*silence.id.to_string()),
        ]);
        let summary = format!(
            "The silence {} ends at {}",
            silence.matchers,
            super::words::time(ends_at)
        );
        let annotations = Annotations::from_pairs([
            ("summary", summary),
            ("created_by", silence.created_by.clone()),
            ("comment", silence.comment.clone()),
        ]);
        let alert = Alert {
            ends_at: Some(ends_at),
            ..endless(labels, annotations, now)
        };
        self.raise(alert, Origin::SilenceEnds, now, step);
    }
}

fn endless(labels: Labels, annotations: Annotations, now: Timestamp) -> Alert {
    Alert {
        labels,
        annotations,
        starts_at: now,
        ends_at: Some(Timestamp::MAX),
        generator_url: String::new(),
    }
}

fn dead_letter_labels(address: &Address) -> Labels {
    let integration = format!("{}[{}]", address.kind, address.index);
    Labels::from_pairs([
        (ALERT_NAME, DEAD_LETTER),
        ("receiver", &*address.receiver),
        ("integration", &integration),
    ])
}
