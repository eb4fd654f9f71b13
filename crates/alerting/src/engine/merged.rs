//! What other replicas wrote.

use plimsoll_types::Timestamp;

use super::{Engine, Step};
use crate::book::Effect;
use crate::group::Address;
use crate::rows::{Change, Rows, ToldRow};

impl Engine {
    /// Takes alerts and silences of others. Who does not lead also learns what was told, so that it repeats as little as
    /// possible should it have to lead without the database.
    pub(super) fn take_merged(&mut self, rows: Rows, now: Timestamp, step: &mut Step) {
        for row in rows.alerts {
            let effect = self.book.merge(&row, now);
            self.take_effect(row.fingerprint, effect, now, step);
            if effect != Effect::None && !row.is_resolved && self.is_leading {
                self.heartbeat_seen(&row.labels, now, step);
            }
        }
        for silence in rows.silences {
            if self.silences.put(crate::Silence::clone(&silence), now) {
                self.count_alerts_of(&silence);
            }
        }
        let forgotten = self.silences.forget_surplus(now).into_iter();
        step.changes.extend(forgotten.map(Change::DeleteSilence));
        if !self.is_leading {
            self.learn(&rows.told, now);
        }
    }

    fn learn(&mut self, told: &[ToldRow], now: Timestamp) {
        if told.is_empty() {
            return;
        }
        let by_name = self.groups.by_name();
        for row in told {
            let at = by_name.get(&row.channel.group);
            let Some(group) = at.and_then(|at| self.groups.get_mut(*at)) else {
                continue;
            };
            if let Some(place) = group.channel(&Address::of_channel(&row.channel)) {
                let channel = &mut group.channels[place];
                channel.restore(row, now);
                // The leader is done with what waits here.
                let waiting = channel.delivery.and_then(|id| self.outbox.get(id));
                if waiting.is_some_and(|waiting| waiting.sequence <= row.sequence)
                    && let Some(done) = channel
                        .delivery
                        .take()
                        .and_then(|id| self.outbox.remove(id))
                {
                    self.timers.remove(&done.timer());
                }
                group.flushed_at = group.flushed_at.max(Some(row.at.min(now)));
            }
        }
    }
}
