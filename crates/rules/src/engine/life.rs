//! The life of an alert: how its state and its times change when its element is there, and when it is not.
//!
//! ```text
//! from      event                                    to        effect
//! -         element there                            pending   row, active_at = slot
//! pending   element there, slot - active_at >= for   firing    row, fired_at = slot, sent
//! pending   element gone                             -         row deleted, its series end
//! firing    element there, for > slot - active_at    pending   row; `for` was raised by a reload
//! firing    element gone, keep_firing_for > 0        firing    row, keep_firing_since = slot
//! firing    element there again                      firing    row, keep_firing_since cleared
//! firing    element gone and not kept                inactive  row, resolved_at = slot, sent
//! inactive  element there                            pending   a new alert, as from -
//! inactive  slot - resolved_at > 15 m                -         row deleted
//! any       more alerts than `limit`                 -         all rows of the rule deleted, error, nothing sent
//! ```
//!
//! After an outage of the whole program "gone" waits for the data to come back (`GroupEngine::settle_until`).
//! With a `for` of 0 an alert is pending and fires in the same evaluation. An evaluation that fails changes nothing.

use std::time::Duration;

use plimsoll_types::Timestamp;

use super::active::Times;
use crate::globals::RESOLVED_RETENTION;
use crate::outcome::AlertState;

/// What happened to an alert in one evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It began, and has to hold longer before it fires.
    Pending,
    /// It fires.
    Firing,
    /// It fired and has to hold longer now, because `for` was raised.
    PendingAgain,
    /// Its condition is gone, and it fires on for a while.
    KeptFiring,
    /// Its condition is there again before that while was over.
    CameBack,
    /// It fires no more.
    Resolved,
    /// Its condition was gone before it fired.
    Forgotten,
    /// It was resolved long ago.
    Expired,
    /// The rule has more alerts than it may.
    OverLimit,
}

/// The element is there.
pub(super) fn present(times: &mut Times, slot: Timestamp, hold: Duration) -> Option<Event> {
    let came_back = times.keep_firing_since.take().is_some();
    match times.state {
        AlertState::Pending if held(times.active_at, slot, hold) => {
            times.state = AlertState::Firing;
            times.fired_at = Some(slot);
            Some(Event::Firing)
        }
        // It fired when less was asked for. That it did is known from its times, so that no clock that was set back
        // takes a firing alert for one that has not held long enough.
        AlertState::Firing
            if !held(times.active_at, slot, hold)
                && !held(times.active_at, times.fired_at.unwrap_or(slot), hold) =>
        {
            times.state = AlertState::Pending;
            times.fired_at = None;
            Some(Event::PendingAgain)
        }
        _ => came_back.then_some(Event::CameBack),
    }
}

/// The element is gone.
pub(super) fn absent(
    times: &mut Times,
    slot: Timestamp,
    keep_firing_for: Duration,
) -> Option<Event> {
    match times.state {
        AlertState::Pending => Some(Event::Forgotten),
        AlertState::Inactive => {
            let resolved = times.resolved_at.unwrap_or(slot);
            let is_old = slot.millis_since(resolved) > RESOLVED_RETENTION.as_millis() as i64;
            is_old.then_some(Event::Expired)
        }
        AlertState::Firing => {
            let is_first = times.keep_firing_since.is_none();
            if !keep_firing_for.is_zero() {
                let since = *times.keep_firing_since.get_or_insert(slot);
                if !held(since, slot, keep_firing_for) {
                    return is_first.then_some(Event::KeptFiring);
                }
            }
            times.state = AlertState::Inactive;
            times.resolved_at = Some(slot);
            Some(Event::Resolved)
        }
    }
}

/// Says whether `duration` has passed from `since` to `slot`.
fn held(since: Timestamp, slot: Timestamp, duration: Duration) -> bool {
    since + duration <= slot
}
