//! Alerts come in, and alerts end.

use plimsoll_types::{Labels, Timestamp};

use super::{Engine, Post, Refusal, RefusalReason, Step};
use crate::Fingerprint;
use crate::book::Effect;
use crate::rows::{Change, Origin};

impl Engine {
    pub(super) fn take_posts(&mut self, posts: Vec<Post>, now: Timestamp, step: &mut Step) {
        for (place, post) in posts.into_iter().enumerate() {
            let labels = post.alert.labels.clone();
            let is_resolved = post.alert.is_resolved_at(now);
            match is_resolved {
                true => self.counts.received_resolved += 1,
                false => self.counts.received_firing += 1,
            }
            if let Err(reason) = self.take_post(post, Origin::Posted, now, step) {
                *self.counts.refused.entry(reason).or_default() += 1;
                step.refused.push(Refusal {
                    place,
                    labels,
                    reason,
                });
                continue;
            }
            if !is_resolved && self.is_leading {
                self.heartbeat_seen(&labels, now, step);
            }
        }
    }

    pub(super) fn take_post(
        &mut self,
        post: Post,
        origin: Origin,
        now: Timestamp,
        step: &mut Step,
    ) -> Result<(), RefusalReason> {
        let fingerprint = Fingerprint::of(&post.alert.labels);
        let bounds = self.bounds();
        let posted = self.book.post(fingerprint, post, origin, bounds, now)?;
        if posted.is_to_be_written {
            self.write_alert(fingerprint, now, step);
        }
        self.take_effect(fingerprint, posted.effect, now, step);
        Ok(())
    }

    pub(super) fn take_effect(
        &mut self,
        fingerprint: Fingerprint,
        effect: Effect,
        now: Timestamp,
        step: &mut Step,
    ) {
        match effect {
            Effect::Fires => self.fires(fingerprint, now, step),
            Effect::Resolved => self.is_over(fingerprint, now, step),
            Effect::None | Effect::Changed => {}
        }
    }

    pub(super) fn write_alert(
        &mut self,
        fingerprint: Fingerprint,
        now: Timestamp,
        step: &mut Step,
    ) {
        let row = self.book.row(fingerprint, now);
        step.changes.extend(row.map(Change::PutAlert));
    }

    fn fires(&mut self, fingerprint: Fingerprint, now: Timestamp, step: &mut Step) {
        let Some(entry) = self.book.get(fingerprint) else {
            return;
        };
        if entry.origin.is_routed() {
            let labels = entry.labels.clone();
            self.inhibitor.upsert(fingerprint, &labels);
            self.silences.alert_fires(fingerprint, &labels);
        }
        self.join(fingerprint, now, step);
    }

    pub(super) fn is_over(&mut self, fingerprint: Fingerprint, now: Timestamp, step: &mut Step) {
        self.inhibitor.remove(fingerprint);
        self.silences.alert_is_over(fingerprint, now);
        let Some(entry) = self.book.get(fingerprint) else {
            return;
        };
        for at in entry.groups.clone() {
            self.member_is_over(at, fingerprint, now, step);
        }
        if !self.is_leading {
            // Who leads tells it; here nobody has to hear of it any more.
            self.leave_all(fingerprint);
        }
    }

    /// An alert of our own fires.
    pub(super) fn raise(
        &mut self,
        alert: plimsoll_types::Alert,
        origin: Origin,
        now: Timestamp,
        step: &mut Step,
    ) {
        let post = Post {
            alert,
            is_timeout: false,
        };
        // It can be refused only when somebody posted an alert with just these labels, which then fires.
        if let Err(reason) = self.take_post(post, origin, now, step) {
            *self.counts.refused.entry(reason).or_default() += 1;
        }
    }

    /// An alert of our own is over.
    pub(super) fn lower(&mut self, labels: &Labels, now: Timestamp, step: &mut Step) {
        let fingerprint = Fingerprint::of(labels);
        let Some(entry) = self.book.get(fingerprint) else {
            return;
        };
        if entry.origin == Origin::Posted || entry.labels != *labels {
            return;
        }
        let alert = entry.alert(entry.starts_at, Some(now));
        let origin = entry.origin;
        self.raise(alert, origin, now, step);
    }
}
