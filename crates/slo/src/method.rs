//! How counts become the units of a budget: events as they are, or slices of time that are judged first.
//!
//! The ledger keeps for a method with slices a second stream, in which each slice of the method's length is one
//! judgement; [`Method::derive`] makes it. So a budget is read the same way whatever the method is.

mod timeline;

use std::time::Duration;

use crate::{Counts, Method, NoData, Target};

pub use timeline::Timeline;
pub(crate) use timeline::first_slice;

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Events.
    Events,
    /// Slices of time.
    Slices,
    /// Millionths of slices of time.
    SliceMillionths,
}

impl Unit {
    /// Returns its name for people, in the plural.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Slices => "slices",
            Self::SliceMillionths => "millionths of slices",
        }
    }
}

/// What a whole slice is in a budget of [`Method::RatioTimeslices`].
pub const SLICE_MILLIONTHS: i64 = 1_000_000;

impl Method {
    /// Returns the name in files.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Occurrences => "occurrences",
            Self::Timeslices { .. } => "timeslices",
            Self::RatioTimeslices { .. } => "ratio_timeslices",
        }
    }

    /// Returns what its budgets count.
    pub const fn unit(&self) -> Unit {
        match self {
            Self::Occurrences => Unit::Events,
            Self::Timeslices { .. } => Unit::Slices,
            Self::RatioTimeslices { .. } => Unit::SliceMillionths,
        }
    }

    /// Returns the length of the slices that it judges; `None` when it counts events as they are.
    pub const fn slice_length(&self) -> Option<Duration> {
        match self {
            Self::Occurrences => None,
            Self::Timeslices { length, .. } | Self::RatioTimeslices { length } => Some(*length),
        }
    }

    /// Judges the counts of one slice of its length. `target` is the objective's.
    ///
    /// | slice | Timeslices | RatioTimeslices |
    /// |---|---|---|
    /// | has events | bad when the share of good ones is below the slice's target, or their rate below `rate_min` | its share of bad ones, in millionths |
    /// | was measured, no event | good; bad with `rate_min` | nothing |
    /// | was not measured | nothing; bad with [`NoData::Bad`] | nothing |
    ///
    /// Excluded events and measured time are taken over, events as events.
    #[must_use]
    pub fn derive(&self, target: Target, no_data: NoData, counts: Counts) -> Counts {
        let valid = counts.valid();
        let is_measured = valid > 0 || counts.covered > 0;
        let (good, bad) = match self {
            Self::Occurrences => (counts.good, counts.bad),
            Self::Timeslices { .. } if !is_measured => (0, i64::from(no_data == NoData::Bad)),
            Self::Timeslices {
                length,
                target: of_slice,
                rate_min,
            } => {
                let is_few =
                    rate_min.is_some_and(|least| (valid as f64) < least * length.as_secs_f64());
                let is_bad = is_few || is_below(of_slice.unwrap_or(target), counts);
                (i64::from(!is_bad), i64::from(is_bad))
            }
            Self::RatioTimeslices { .. } => match valid {
                0 => (0, 0),
                _ => {
                    let bad = bad_millionths(counts.bad.clamp(0, valid), valid);
                    (SLICE_MILLIONTHS - bad, bad)
                }
            },
        };
        Counts {
            good,
            bad,
            ..counts
        }
    }
}

/// Says whether the share of good events is below a target; the target itself is reached.
fn is_below(target: Target, counts: Counts) -> bool {
    let bad = i128::from(counts.bad) * i128::from(Target::WHOLE);
    bad > i128::from(counts.valid()) * i128::from(target.allowed_billionths())
}

/// Rounds half up.
fn bad_millionths(bad: i64, valid: i64) -> i64 {
    let (bad, valid) = (i128::from(bad), i128::from(valid));
    let millionths = (2 * bad * i128::from(SLICE_MILLIONTHS) + valid) / (2 * valid);
    i64::try_from(millionths).expect("a share of at most a million millionths")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn counts(good: i64, bad: i64, covered: i64) -> Counts {
        Counts {
            good,
            bad,
            excluded: 3,
            covered,
        }
    }

    fn derived(method: &Method, no_data: NoData, from: Counts) -> (i64, i64) {
        let derived = method.derive("99".parse().unwrap(), no_data, from);
        assert_eq!(
            (derived.excluded, derived.covered),
            (from.excluded, from.covered)
        );
        (derived.good, derived.bad)
    }

    #[test]
    fn a_slice_is_bad_below_its_target_and_good_at_it() {
        let slices = |target: Option<&str>, rate_min| Method::Timeslices {
            length: MINUTE,
            target: target.map(|target| target.parse().unwrap()),
            rate_min,
        };
        let check = |method: &Method, from, expected| {
            assert_eq!(derived(method, NoData::Ignore, from), expected, "{from:?}");
        };
        let plain = slices(None, None);
        check(&plain, counts(99, 1, 6), (1, 0));
        check(&plain, counts(98, 1, 6), (0, 1));
        check(&plain, counts(0, 0, 6), (1, 0));
        check(&plain, counts(0, 0, 0), (0, 0));
        check(&slices(Some("90"), None), counts(90, 10, 6), (1, 0));
        let throughput = slices(None, Some(1.0));
        check(&throughput, counts(60, 0, 6), (1, 0));
        check(&throughput, counts(59, 0, 6), (0, 1));
        check(&throughput, counts(0, 0, 6), (0, 1));
        assert_eq!(
            derived(&throughput, NoData::Ignore, counts(0, 0, 0)),
            (0, 0)
        );
        assert_eq!(derived(&plain, NoData::Bad, counts(0, 0, 0)), (0, 1));
        // Failures were scraped before the requests that they are of.
        check(&plain, counts(-3, 3, 6), (0, 1));
    }

    #[test]
    fn a_share_is_kept_in_millionths() {
        let method = Method::RatioTimeslices { length: MINUTE };
        assert_eq!(
            derived(&method, NoData::Bad, counts(2, 1, 6)),
            (666_667, 333_333)
        );
        assert_eq!(derived(&method, NoData::Bad, counts(0, 0, 6)), (0, 0));
        assert_eq!(derived(&method, NoData::Bad, counts(0, 0, 0)), (0, 0));
        assert_eq!(
            derived(&method, NoData::Bad, counts(-1, 2, 6)),
            (0, 1_000_000)
        );
    }

    proptest! {
        #[test]
        fn a_judged_slice_is_one_whole(good in 0..i64::MAX / 2, bad in 0..i64::MAX / 2, ratio: bool) {
            let method = match ratio {
                true => Method::RatioTimeslices { length: MINUTE },
                false => Method::Timeslices { length: MINUTE, target: None, rate_min: None },
            };
            let (good, bad) = derived(&method, NoData::Ignore, counts(good, bad, 1));
            let is_empty_ratio = ratio && (good, bad) == (0, 0);
            let whole = if ratio { SLICE_MILLIONTHS } else { 1 };
            prop_assert!(is_empty_ratio || good + bad == whole);
            prop_assert!(good >= 0 && bad >= 0);
        }
    }
}
