//! Silences come and go.

use std::sync::Arc;

use plimsoll_types::Timestamp;

use super::event::SilenceError;
use super::{Engine, Step};
use crate::SilenceId;
use crate::rows::Change;
use crate::silence::{Draft, Silence, SilenceEventKind};

impl Engine {
    pub(super) fn set_silence(
        &mut self,
        draft: Draft,
        fresh: SilenceId,
        now: Timestamp,
        step: &mut Step,
    ) {
        let set = self.silences.set(draft, fresh, now);
        step.silence = Some(match set {
            Ok(set) => {
                step.changes.extend(set.replaced.map(Change::PutSilence));
                let forgotten = set.forgotten.into_iter();
                step.changes.extend(forgotten.map(Change::DeleteSilence));
                let id = set.silence.id;
                self.count_alerts_of(&set.silence);
                step.changes.push(Change::PutSilence(set.silence));
                Ok(id)
            }
            Err(error) => Err(SilenceError::Set(error)),
        });
    }

    pub(super) fn expire_silence(&mut self, id: SilenceId, now: Timestamp, step: &mut Step) {
        let expired = self.silences.expire(id, now);
        step.silence = Some(match expired {
            Ok(silence) => {
                step.changes.extend(silence.map(Change::PutSilence));
                Ok(id)
            }
            Err(error) => Err(SilenceError::Unknown(error)),
        });
    }

    /// A silence that ends when its alerts are resolved has to know which of them fire.
    pub(super) fn count_alerts_of(&mut self, silence: &Arc<Silence>) {
        if silence.until_resolved.is_none() {
            return;
        }
        for (fingerprint, entry) in self.book.iter() {
            let counts = !entry.is_resolved && entry.origin.is_routed();
            if counts && silence.matchers.matches(&entry.labels) {
                self.silences.alert_fires(fingerprint, &entry.labels);
            }
        }
    }

    pub(super) fn silences_are_due(&mut self, now: Timestamp, step: &mut Step) {
        for event in self.silences.expire_due(now) {
            self.note_silence(&event, now, step);
            if event.kind == SilenceEventKind::EndsSoon {
                self.silence_ends_soon(&event.silence, now, step);
            }
            if self.is_leading && event.kind.changes_row() {
                step.changes.push(Change::PutSilence(event.silence));
            }
        }
        let gone = self.silences.gc(now, self.settings.retention);
        if self.is_leading {
            step.changes
                .extend(gone.into_iter().map(Change::DeleteSilence));
        }
    }
}
