//! Outages as the counts show them, for pasts of which nobody wrote incidents down.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::{Counts, History, Target, Window};

/// A time in which something was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// Events that were bad in it.
    pub bad: i64,
}

/// Slices that burn this far apart are of one outage.
const GAP: Duration = Duration::from_secs(600);
/// Smaller ones are noise: in hundredths of a budget.
const SHARE_MIN_HUNDREDTHS: i128 = 2;

/// Finds the times in `[from, to)` in which more was bad than the target allows, and which cost at least 2 % of the budget
/// of a window with the past's mean traffic.
///
/// `slice` is the length that is looked at, a multiple of the history's resolution; default a minute.
pub fn outages(
    history: &dyn History,
    (from, to): (Timestamp, Timestamp),
    target: Target,
    window: &Window,
    slice: Duration,
) -> Vec<Outage> {
    let mut found: Vec<Outage> = Vec::new();
    history.walk(from, to, slice, &mut |begin, counts| {
        if !is_burning(counts, target) {
            return;
        }
        let end = begin + slice;
        match found.last_mut().filter(|last| last.to + GAP >= begin) {
            Some(last) => {
                last.to = end;
                last.bad = last.bad.saturating_add(counts.bad);
            }
            None => found.push(Outage {
                from: begin,
                to: end,
                bad: counts.bad,
            }),
        }
    });
    let valid = i128::from(history.between(from, to).valid());
    let length = i128::from(to.millis_since(from).max(1));
    let window = i128::try_from(window.length_nominal().as_millis()).unwrap_or(i128::MAX);
    // valid x window / length x allowed x 2 %, all on one side. With little traffic a division that comes first leaves
    // nothing; with more than 128 bits of it, what it cuts off does not matter.
    let least = valid.saturating_mul(i128::from(target.allowed_billionths()));
    let least = least.saturating_mul(SHARE_MIN_HUNDREDTHS);
    let least = match least.checked_mul(window) {
        Some(product) => product / length,
        None => (least / length).saturating_mul(window),
    };
    found.retain(|outage| i128::from(outage.bad) * 100 * i128::from(Target::WHOLE) >= least);
    found
}

fn is_burning(counts: Counts, target: Target) -> bool {
    let bad = i128::from(counts.bad) * i128::from(Target::WHOLE);
    bad > i128::from(counts.valid()) * i128::from(target.allowed_billionths())
}
