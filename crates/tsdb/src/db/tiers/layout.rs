//! Where the windows of a range come from.

use plimsoll_types::{Tier, TimeRange, Timestamp, window_end};

/// What is known of a part of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::db) struct Known {
    pub(super) tier: Tier,
    /// The span that it stands for.
    pub(super) span: TimeRange,
    /// Samples of its span came, or went, since it was made.
    pub(super) is_stale: bool,
}

/// A part of a range, and where its windows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: TimeRange,
    pub(super) origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The part at this position.
    Part(usize),
    /// Samples.
    Samples,
}

/// All parts of windows. Where there is none, all samples that are on the disk count, also those that are too old to be
/// shown: they stay there until windows are made of them.
pub(super) struct Layout<'a> {
    pub(super) parts: &'a [Known],
    /// From here on all samples are kept, so that windows of a stale part can be calculated anew.
    pub(super) samples_from: Timestamp,
}

impl Layout<'_> {
    /// Returns the pieces of a range (both ends where windows of `tier` have theirs) in the order of time.
    pub(super) fn pieces(&self, tier: Tier, range: TimeRange) -> Vec<Piece> {
        let Some(finer) = finer(tier) else {
            let origin = Origin::Samples;
            return vec![Piece { range, origin }];
        };
        let touches = |at: &usize| {
            let part = &self.parts[*at];
            part.tier == tier && part.span.overlaps(range)
        };
        let mut parts: Vec<usize> = (0..self.parts.len()).filter(touches).collect();
        parts.sort_by_key(|at| self.parts[*at].span.start);
        let mut pieces = Vec::new();
        let mut next = range.start;
        for at in parts {
            let part = &self.parts[at];
            let gap = TimeRange::new(next, part.span.start.saturating_add_millis(-1));
            if !gap.is_empty() {
                pieces.extend(self.pieces(finer, gap));
            }
            let start = part.span.start.max(next);
            let inside = TimeRange::new(start, part.span.end.min(range.end));
            pieces.extend(self.of_part(at, tier, inside));
            next = inside.end.saturating_add_millis(1);
        }
        let rest = TimeRange::new(next, range.end);
        if !rest.is_empty() {
            pieces.extend(self.pieces(finer, rest));
        }
        joined(pieces)
    }

    /// A stale part is used as far back as nothing better is left.
    fn of_part(&self, at: usize, tier: Tier, inside: TimeRange) -> Vec<Piece> {
        let origin = Origin::Part(at);
        let (older, newer) = match self.parts[at].is_stale {
            true => split(inside, first_whole(self.samples_from, tier)),
            false => (inside, None),
        };
        let older = (!older.is_empty()).then_some(Piece {
            range: older,
            origin,
        });
        let finer = finer(tier).unwrap_or(Tier::Raw);
        let newer = newer.map_or(Vec::new(), |newer| self.pieces(finer, newer));
        older.into_iter().chain(newer).collect()
    }
}

/// Makes one of samples that follow each other.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if (last.origin, piece.origin) == (Origin::Samples, Origin::Samples) => {
                last.range.end = piece.range.end;
            }
            _ => joined.push(piece),
        }
    }
    joined
}

/// Returns the tier from which the windows of another one are made; `None` of samples.
pub(super) fn finer(tier: Tier) -> Option<Tier> {
    match tier {
        Tier::Raw => None,
        Tier::FiveMinutes => Some(Tier::Raw),
        Tier::Hour => Some(Tier::FiveMinutes),
    }
}

/// Returns the first point in time inside a window all samples of which are no older than `from`.
pub(super) fn first_whole(from: Timestamp, tier: Tier) -> Timestamp {
    let length = tier.window_millis().unwrap_or(1);
    if from == Timestamp::MIN {
        return from;
    }
    let before = from.saturating_add_millis(-1);
    window_end(before, length).saturating_add_millis(1)
}

/// Returns what of a range lies before `at`, and what does not.
fn split(range: TimeRange, at: Timestamp) -> (TimeRange, Option<TimeRange>) {
    let older = TimeRange::new(range.start, range.end.min(at.saturating_add_millis(-1)));
    let newer = TimeRange::new(range.start.max(at), range.end);
    (older, (!newer.is_empty()).then_some(newer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    /// From hour to hour, as windows are.
    fn span(from: i64, to: i64) -> TimeRange {
        let at = Timestamp::from_millis;
        TimeRange::new(at(from * HOUR + 1), at(to * HOUR))
    }

    fn known(tier: Tier, hours: (i64, i64), is_stale: bool) -> Known {
        let span = span(hours.0, hours.1);
        Known {
            tier,
            span,
            is_stale,
        }
    }

    fn check(parts: &[Known], samples_from: i64, expected: &[(i64, i64, Option<usize>)]) {
        let samples_from = Timestamp::from_millis(samples_from);
        let layout = Layout {
            parts,
            samples_from,
        };
        let found = layout.pieces(Tier::Hour, span(0, 96));
        let expected = expected.iter().map(|(from, to, part)| Piece {
            range: span(*from, *to),
            origin: part.map_or(Origin::Samples, Origin::Part),
        });
        assert_eq!(found, expected.collect::<Vec<_>>());
    }

    #[test]
    fn coarse_parts_come_before_fine_ones_and_those_before_samples() {
        let parts = [
            known(Tier::FiveMinutes, (24, 72), false),
            known(Tier::Hour, (0, 24), false),
            known(Tier::Hour, (24, 48), false),
        ];
        check(
            &parts,
            1,
            &[
                (0, 24, Some(1)),
                (24, 48, Some(2)),
                (48, 72, Some(0)),
                (72, 96, None),
            ],
        );
        check(&[], 1, &[(0, 96, None)]);
        check(&[], 10 * HOUR + 1, &[(0, 96, None)]);
    }

    #[test]
    fn a_stale_part_is_used_where_samples_are_gone() {
        let parts = [known(Tier::Hour, (0, 48), true)];
        // The hour in which the samples begin is not whole.
        check(&parts, 30 * HOUR + 2, &[(0, 31, Some(0)), (31, 96, None)]);
        check(&parts, 30 * HOUR + 1, &[(0, 30, Some(0)), (30, 96, None)]);
        check(&parts, 1, &[(0, 96, None)]);
        let parts = [
            known(Tier::Hour, (0, 48), true),
            known(Tier::FiveMinutes, (0, 48), false),
        ];
        check(&parts, 1, &[(0, 48, Some(1)), (48, 96, None)]);
    }
}
