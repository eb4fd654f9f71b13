//! Windows inside a range that moves forward.

use plimsoll_types::{Tier, TierWindow};

use crate::evaluate::Bounds;

/// The windows inside a range; both ends only move forward because ranges do.
#[derive(Default)]
pub(super) struct Inside {
    from: usize,
    to: usize,
}

impl Inside {
    /// Moves on to the windows that a range is made of.
    pub(super) fn advance<'w>(
        &mut self,
        windows: &'w [TierWindow],
        bounds: Bounds,
    ) -> &'w [TierWindow] {
        let ends_by =
            |at: usize, time: i64| windows.get(at).is_some_and(|w| w.end.millis() <= time);
        while ends_by(self.from, bounds.after) {
            self.from += 1;
        }
        self.to = self.to.max(self.from);
        while ends_by(self.to, bounds.until) {
            self.to += 1;
        }
        &windows[self.from..self.to]
    }
}

/// Returns the range of whole windows that stands for a range: as long as it, to a window, and no later.
pub(super) fn snapped(bounds: Bounds, tier: Tier) -> Bounds {
    let length = tier.window_millis().unwrap_or(1);
    let range = bounds.until.saturating_sub(bounds.after);
    let windows = (range.saturating_add(length / 2) / length).max(1);
    let until = bounds.until.saturating_sub(bounds.until.rem_euclid(length));
    Bounds {
        after: until.saturating_sub(windows.saturating_mul(length)),
        until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_whole_windows_stands_for_itself() {
        const FIVE: i64 = 300_000;
        let check = |(after, until): (i64, i64), expected: (i64, i64)| {
            let found = snapped(Bounds { after, until }, Tier::FiveMinutes);
            assert_eq!((found.after, found.until), expected, "{after} {until}");
        };
        check((FIVE, 4 * FIVE), (FIVE, 4 * FIVE));
        check((-FIVE, 0), (-FIVE, 0));
        check((FIVE + 7, 4 * FIVE + 7), (FIVE, 4 * FIVE));
        check((4 * FIVE - 60_000, 4 * FIVE), (3 * FIVE, 4 * FIVE));
        check((4 * FIVE, 4 * FIVE + 60_000), (3 * FIVE, 4 * FIVE));
        check((0, 7 * FIVE / 2), (-FIVE, 3 * FIVE));
    }
}
