//! How a post changes an alert that is known.

use plimsoll_types::{Alert, Timestamp};

use super::{Effect, Entry, Posted, shared};
use crate::engine::Post;

/// A row is written again when the alert lives longer by it than by a quarter of what it says: senders post at slightly
/// different times, and a restart may resolve it a little later but not much earlier.
const LONGER_LEASE: f64 = 1.25;

/// Takes the younger post into the alert.
pub(super) fn merge(entry: &mut Entry, post: Post, now: Timestamp) -> Posted {
    let Post { alert, is_timeout } = post;
    let said_end = alert.ends_at.unwrap_or(Timestamp::MAX);
    let is_resolved = said_end <= now;
    let is_about_earlier_time = is_resolved
        && !entry.is_resolved
        && (said_end, alert.starts_at) < (entry.starts_at, entry.starts_at);
    if (is_resolved && entry.is_resolved) || is_about_earlier_time {
        return Posted {
            effect: Effect::None,
            is_to_be_written: false,
        };
    }
    let (starts_at, ends_at) = times(entry, &alert, said_end, is_resolved);
    let was_resolved = entry.is_resolved;
    let says_something_else = entry.starts_at != starts_at
        || entry.annotations != alert.annotations
        || *entry.generator_url != *alert.generator_url;
    // The older texts stay when they are the same, so that they are shared with notices and stay where they are.
    if entry.annotations != alert.annotations {
        entry.annotations = alert.annotations;
    }
    entry.generator_url = shared(alert.generator_url, &entry.generator_url);
    entry.starts_at = starts_at;
    entry.ends_at = ends_at;
    entry.updated_at = now;
    entry.is_timeout = is_timeout;
    entry.is_resolved = ends_at <= now;
    entry.is_processed &= !was_resolved;
    let effect = match (was_resolved, entry.is_resolved) {
        (true, false) => Effect::Fires,
        (false, true) => Effect::Resolved,
        (false, false) if says_something_else => Effect::Changed,
        _ => Effect::None,
    };
    Posted {
        effect,
        is_to_be_written: effect != Effect::None || lives_longer(entry, now),
    }
}

/// Says when the alert begins and ends after the post.
fn times(
    entry: &Entry,
    alert: &Alert,
    said_end: Timestamp,
    is_resolved: bool,
) -> (Timestamp, Timestamp) {
    let is_inside = |at: Timestamp| entry.starts_at < at && at < entry.ends_at;
    if !is_inside(said_end) && !is_inside(alert.starts_at) {
        return (alert.starts_at, said_end);
    }
    let was_said = !entry.is_timeout && !is_resolved;
    let ends_at = match was_said && said_end < entry.ends_at {
        true => entry.ends_at,
        false => said_end,
    };
    (alert.starts_at.min(entry.starts_at), ends_at)
}

fn lives_longer(entry: &Entry, now: Timestamp) -> bool {
    !entry.is_resolved && entry.lease_at(now) > entry.lease.mul_f64(LONGER_LEASE)
}
