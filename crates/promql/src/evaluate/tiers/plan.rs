//! Which steps are answered from which resolution: a pure decision.
//!
//! | the range of a step | answered from |
//! |---|---|
//! | all of its samples are kept | samples; or windows, when the query is longer than a day, windows begin and end where its ranges do, and each range has some of them: then the answer has the same bits |
//! | it begins before samples are kept | the coarsest windows of which a range has three and that are no longer than a step, aligned with it; else the finest that are kept |

use std::ops::Range;

use plimsoll_types::{Kept, Tier, Timestamp};

use crate::evaluate::Grid;
use crate::evaluate::window::Frame;

/// A query over less is answered from samples as long as they are there.
const LONG_MILLIS: i64 = 24 * 3_600_000;
/// So many steps are worth a look at windows; a few ranges are answered from what is known of blocks.
const STEPS_MIN: usize = 2;

/// What is asked.
pub(crate) struct Asked {
    pub(crate) kept: Kept,
    pub(crate) frame: Frame,
    pub(crate) grid: Grid,
    /// A range has at least so many windows of a tier that is chosen freely.
    pub(crate) windows_min: i64,
    /// Windows may stand for samples that are there.
    pub(crate) may_be_exact: bool,
}

/// Steps that are answered in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) steps: Range<usize>,
    pub(crate) answer: Answer,
}

/// How steps are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Samples,
    Windows {
        tier: Tier,
        /// The answer has the bits that samples would give, which are looked at where it might not.
        is_exact: bool,
    },
}

/// Returns how all steps are answered, in their order.
pub(crate) fn stretches(asked: &Asked) -> Vec<Stretch> {
    let count = asked.grid.count;
    let first_since = |since: Option<Timestamp>| match since {
        None => count,
        Some(since) => asked.first_step_since(since.millis()),
    };
    let samples = first_since(Some(asked.kept.raw));
    let fine = first_since(asked.kept.five_minutes).min(samples);
    let coarse = match asked.kept.hour {
        None => fine,
        Some(_) => 0,
    };
    // What nothing is kept of is asked of samples, which have nothing either.
    let recent = match asked.exact_tier(samples) {
        Some(tier) => Answer::Windows {
            tier,
            is_exact: true,
        },
        None => Answer::Samples,
    };
    let rough = |tier| Answer::Windows {
        tier,
        is_exact: false,
    };
    let middle = match asked.coarsest() {
        Some(Tier::Hour) => rough(Tier::Hour),
        _ => rough(Tier::FiveMinutes),
    };
    let all = [
        (0..coarse, Answer::Samples),
        (coarse..fine, rough(Tier::Hour)),
        (fine..samples, middle),
        (samples..count, recent),
    ];
    let mut stretches: Vec<Stretch> = Vec::new();
    for (steps, answer) in all {
        match stretches.last_mut() {
            _ if steps.is_empty() => {}
            Some(last) if last.answer == answer => last.steps.end = steps.end,
            _ => stretches.push(Stretch { steps, answer }),
        }
    }
    stretches
}

impl Asked {
    /// Says whether some samples that are asked for are gone.
    pub(crate) fn needs_samples(&self) -> bool {
        self.first_step_since(self.kept.raw.millis()) > 0
    }

    /// Returns the first step whose range begins no earlier.
    fn first_step_since(&self, since: i64) -> usize {
        let begins = |step: usize| self.frame.bounds(self.grid.at(step)).after;
        let (mut low, mut high) = (0, self.grid.count);
        while low < high {
            let middle = low.midpoint(high);
            match begins(middle) < since {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    /// Returns the tier that answers the steps from `first` on as samples would, and for less.
    fn exact_tier(&self, first: usize) -> Option<Tier> {
        let count = self.grid.count - first;
        if !self.may_be_exact || count < STEPS_MIN {
            return None;
        }
        let begin = self.frame.bounds(self.grid.at(first)).after;
        let end = self.frame.bounds(self.grid.end()).until;
        match end.saturating_sub(begin) > LONG_MILLIS {
            true => self.coarsest(),
            false => None,
        }
    }

    /// Returns the coarsest tier whose windows begin and end where all ranges do.
    fn coarsest(&self) -> Option<Tier> {
        let bounds = self.frame.bounds(self.grid.start);
        let range = bounds.until.saturating_sub(bounds.after);
        let fits = |tier: &Tier| {
            let length = tier.window_millis().unwrap_or(i64::MAX);
            let is_aligned = [bounds.until, self.grid.step, range]
                .iter()
                .all(|time| time.rem_euclid(length) == 0);
            self.kept.since(*tier).is_some() && is_aligned && range / length >= self.windows_min
        };
        Tier::WINDOWS.into_iter().rev().find(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Shift;

    const HOUR: i64 = 3_600_000;
    const MINUTE: i64 = 60_000;

    fn asked(kept: Kept, (start, end, step): (i64, i64, i64), range: i64) -> Asked {
        Asked {
            kept,
            frame: Frame::new(Shift::default(), range),
            grid: Grid::range(start, end, step).unwrap(),
            windows_min: 3,
            may_be_exact: true,
        }
    }

    fn kept(raw: i64, five_minutes: i64) -> Kept {
        let at = |hour: i64| Timestamp::from_millis(hour * HOUR);
        Kept {
            raw: at(raw),
            five_minutes: Some(at(five_minutes)),
            hour: Some(Timestamp::MIN),
        }
    }

    fn check(asked: &Asked, expected: &[(Range<usize>, &str)]) {
        let found = stretches(asked).into_iter().map(|stretch| {
            let answer = match stretch.answer {
                Answer::Samples => "samples".into(),
                Answer::Windows {
                    tier,
                    is_exact: true,
                } => format!("exact {tier}"),
                Answer::Windows {
                    tier,
                    is_exact: false,
                } => tier.to_string(),
            };
            (stretch.steps, answer)
        });
        let expected = expected
            .iter()
            .map(|(steps, answer)| (steps.clone(), answer.to_string()));
        assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_store_of_samples_is_asked_for_samples() {
        let long = (0, 1000 * HOUR, HOUR);
        check(
            &asked(Kept::SAMPLES, long, 3 * HOUR),
            &[(0..1001, "samples")],
        );
    }

    #[test]
    fn what_samples_tell_is_asked_of_windows_only_when_that_is_the_same_and_less() {
        let all = Kept {
            raw: Timestamp::MIN,
            five_minutes: Some(Timestamp::MIN),
            hour: Some(Timestamp::MIN),
        };
        let day = (0, 24 * HOUR, HOUR);
        check(&asked(all, day, 3 * HOUR), &[(0..25, "exact 1h")]);
        check(&asked(all, day, 2 * HOUR), &[(0..25, "exact 5m")]);
        check(&asked(all, day, 10 * MINUTE), &[(0..25, "samples")]);
        check(
            &asked(all, (0, 20 * HOUR, HOUR), 3 * HOUR),
            &[(0..21, "samples")],
        );
        check(
            &asked(all, (1, 24 * HOUR + 1, HOUR), 3 * HOUR),
            &[(0..25, "samples")],
        );
        check(
            &asked(all, (0, 24 * HOUR, 7 * MINUTE), 3 * HOUR),
            &[(0..206, "samples")],
        );
        let with_starts = Asked {
            may_be_exact: false,
            ..asked(all, day, 3 * HOUR)
        };
        check(&with_starts, &[(0..25, "samples")]);
    }

    #[test]
    fn what_is_gone_is_asked_of_what_is_kept() {
        let steps = (0, 40 * HOUR, HOUR);
        check(
            &asked(kept(30, 20), steps, HOUR),
            &[(0..21, "1h"), (21..31, "5m"), (31..41, "samples")],
        );
        check(
            &asked(kept(30, 20), steps, 5 * HOUR),
            &[(0..35, "1h"), (35..41, "samples")],
        );
        check(
            &asked(kept(30, 20), (1, 40 * HOUR, HOUR), 5 * HOUR),
            &[(0..25, "1h"), (25..35, "5m"), (35..40, "samples")],
        );
        let coarse_only = Kept {
            five_minutes: None,
            ..kept(30, 20)
        };
        check(
            &asked(coarse_only, steps, 5 * MINUTE),
            &[(0..31, "1h"), (31..41, "samples")],
        );
        let fine_only = Kept {
            hour: None,
            five_minutes: Some(Timestamp::MIN),
            ..kept(30, 20)
        };
        check(
            &asked(fine_only, steps, 5 * HOUR),
            &[(0..35, "5m"), (35..41, "samples")],
        );
        check(
            &asked(kept(50, 45), (20 * HOUR + 7, 20 * HOUR + 7, 1), 5 * HOUR),
            &[(0..1, "1h")],
        );
    }
}
