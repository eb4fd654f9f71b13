//! Which windows are sealed into one part: a pure decision.
//!
//! A window of the running time makes a part of its own, as large as it is. Late and backfilled data, scattered over many
//! windows, would make as many small parts, and each of them costs every query a look, memory and open files until
//! it is merged. So the late windows of one day, the unit that merging works on, are sealed together.
//!
//! What is sealed together stays in memory until its part is there, and is written again as a whole when that fails. So
//! no more samples than a large window of the running time holds are sealed together: it takes no more memory, and for no
//! longer, than sealing on time does.

use std::collections::BTreeMap;

use plimsoll_types::Timestamp;

use super::merge_plan::DAY_MILLIS;

/// No more samples are sealed together, but for those of a single window: a window of 30 minutes of 70,000 series that are
/// scraped every 15 s. In memory they are about 16 MB.
const SAMPLES_MAX: u64 = 8 << 20;

/// What is known of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// Its first millisecond.
    pub(super) start: i64,
    pub(super) samples: u64,
    /// It is to be sealed now; one that is not may go with others.
    pub(super) is_due: bool,
}

/// What the decision depends on besides the windows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// How long a window is, in milliseconds.
    pub(super) length: i64,
    /// Windows that end before this are late.
    pub(super) late_before: Timestamp,
}

/// Returns the starts of the windows that are sealed now, those of one part together, ascending. Late windows go with a
/// late one of their day that is due. `windows` come in the order of their starts.
pub(super) fn together(windows: &[Candidate], terms: &Terms) -> Vec<Vec<i64>> {
    let mut days: BTreeMap<i64, Vec<&Candidate>> = BTreeMap::new();
    let mut groups = Vec::new();
    for window in windows {
        match terms.late_day(window) {
            Some(day) => days.entry(day).or_default().push(window),
            None if window.is_due => groups.push(vec![window.start]),
            None => {}
        }
    }
    let due = days.into_values();
    for day in due.filter(|day| day.iter().any(|window| window.is_due)) {
        groups.extend(pieces(&day));
    }
    groups.sort_unstable();
    groups
}

/// Cuts the windows of a day where there are too many samples.
fn pieces(day: &[&Candidate]) -> Vec<Vec<i64>> {
    let (mut pieces, mut samples) = (vec![Vec::new()], 0u64);
    for window in day {
        samples = samples.saturating_add(window.samples);
        if samples > SAMPLES_MAX && pieces.last().is_some_and(|piece| !piece.is_empty()) {
            pieces.push(Vec::new());
            samples = window.samples;
        }
        pieces
            .last_mut()
            .into_iter()
            .for_each(|piece| piece.push(window.start));
    }
    pieces
}

impl Terms {
    /// Returns the day of a late window that lies inside one.
    fn late_day(&self, window: &Candidate) -> Option<i64> {
        let start = Timestamp::from_millis(window.start);
        let end = start.saturating_add_millis(self.length);
        let day = start.align_down(DAY_MILLIS);
        let is_inside = end <= day.saturating_add_millis(DAY_MILLIS);
        (is_inside && end < self.late_before).then_some(day.millis())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LENGTH: i64 = 30 * 60_000;

    fn terms(late_before: i64) -> Terms {
        Terms {
            length: LENGTH,
            late_before: Timestamp::from_millis(late_before),
        }
    }

    fn window(number: i64, samples: u64, is_due: bool) -> Candidate {
        Candidate {
            start: number * LENGTH,
            samples,
            is_due,
        }
    }

    fn found(windows: &[Candidate], late_before: i64) -> Vec<Vec<i64>> {
        let groups = together(windows, &terms(late_before * LENGTH));
        let numbers = |group: Vec<i64>| group.into_iter().map(|start| start / LENGTH).collect();
        groups.into_iter().map(numbers).collect()
    }

    #[test]
    fn late_windows_of_a_day_go_together_and_others_alone() {
        let all: Vec<_> = [-2, 0, 7, 47, 48, 95, 96, 97]
            .into_iter()
            .map(|number| window(number, 1, true))
            .collect();
        let expected: [&[i64]; 5] = [&[-2], &[0, 7, 47], &[48, 95], &[96], &[97]];
        assert_eq!(found(&all, 97), expected);
        assert_eq!(found(&all, i64::MIN / LENGTH).len(), all.len());
    }

    #[test]
    fn what_is_not_due_goes_with_what_is_or_waits() {
        let all = [
            window(1, 1, false),
            window(5, 1, true),
            window(9, 1, false),
            window(50, 1, false),
            window(97, 1, false),
            window(98, 1, true),
        ];
        let expected: [&[i64]; 2] = [&[1, 5, 9], &[98]];
        assert_eq!(found(&all, 97), expected);
    }

    #[test]
    fn windows_longer_than_a_day_or_across_midnight_stay_alone() {
        let week = Terms {
            length: 7 * DAY_MILLIS,
            late_before: Timestamp::MAX,
        };
        let all: Vec<_> = (0..3)
            .map(|number| Candidate {
                start: number * week.length,
                ..window(0, 1, true)
            })
            .collect();
        assert_eq!(together(&all, &week).len(), 3);
        let uneven = Terms {
            length: 7 * 3_600_000,
            ..week
        };
        let all: Vec<_> = (0..4)
            .map(|number| Candidate {
                start: number * uneven.length,
                ..window(0, 1, true)
            })
            .collect();
        let hours = |group: &Vec<i64>| group.iter().map(|start| start / 3_600_000).collect();
        let groups: Vec<Vec<i64>> = together(&all, &uneven).iter().map(hours).collect();
        assert_eq!(groups, [vec![0, 7, 14], vec![21]]);
    }

    proptest! {
        #[test]
        fn each_due_window_is_sealed_once_and_little_together(
            windows in prop::collection::btree_map(-100..100i64, (0..SAMPLES_MAX * 2, any::<bool>()), 0..60),
            late_before in -100..100i64,
        ) {
            let all: Vec<_> = windows.iter().map(|(number, (samples, is_due))| window(*number, *samples, *is_due)).collect();
            let groups = found(&all, late_before);
            let sealed: Vec<i64> = groups.iter().flatten().copied().collect();
            prop_assert!(sealed.is_sorted_by(|a, b| a < b));
            for (number, (_, is_due)) in &windows {
                prop_assert!(!is_due || sealed.contains(number));
            }
            for group in groups {
                let samples: u64 = group.iter().map(|number| windows[number].0).sum();
                prop_assert!(group.len() == 1 || samples <= SAMPLES_MAX);
                prop_assert!(group.iter().all(|number| number.div_euclid(48) == group[0].div_euclid(48)));
                prop_assert!(group.len() == 1 || group.iter().all(|number| number + 1 < late_before));
            }
        }
    }
}
