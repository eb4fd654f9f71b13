use proptest::prelude::*;

use super::*;

const HOUR: i64 = 3_600_000;
const MIB: u64 = 1 << 20;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// A part of some hours of the first days; ids and sequences follow the order.
fn part(id: u64, hours: std::ops::Range<i64>, bytes: u64) -> Candidate {
    Candidate {
        id,
        range: TimeRange::new(at(hours.start * HOUR), at(hours.end * HOUR - 1)),
        bytes,
        sequence: id,
    }
}

fn windows(hours: std::ops::Range<i64>) -> Vec<Candidate> {
    let starts = hours.step_by(2).enumerate();
    let window = |(id, hour)| part(id as u64, hour..hour + 2, 100 * MIB);
    starts.map(window).collect()
}

fn terms<'a>(over_hours: i64, failed: &'a HashSet<u64>) -> Terms<'a> {
    Terms {
        over: at(over_hours * HOUR),
        span_millis: 31 * DAY_MILLIS,
        aside: &[],
        failed,
    }
}

fn due_at(hours: i64, parts: &[Candidate]) -> Vec<Group> {
    due(parts, &terms(hours, &HashSet::new()))
}

#[test]
fn a_running_day_is_merged_by_fours_and_a_finished_one_whole() {
    assert_eq!(due_at(0, &windows(0..6)), [[0; 0]; 0]);
    assert_eq!(due_at(0, &windows(0..8)), [vec![0, 1, 2, 3]]);
    // What was merged is no longer similar.
    let mut parts = windows(0..8);
    parts[0] = part(0, 0..8, 380 * MIB);
    assert_eq!(due_at(0, &parts), [[0; 0]; 0]);
    assert_eq!(due_at(48, &windows(0..24)), [(0..12).collect::<Vec<_>>()]);
    // A day waits until it is over to the last millisecond.
    assert_eq!(due_at(24, &windows(0..24))[0].len(), 12);
    assert_eq!(due_at(23, &windows(0..6)), [[0; 0]; 0]);
}

#[test]
fn spans_are_merged_when_they_are_over_and_days_first() {
    let day = |day: i64| part(day as u64, day * 24..day * 24 + 24, 100 * MIB);
    let days: Vec<_> = (0..31).map(day).collect();
    assert_eq!(due_at(30 * 24, &days), [[0; 0]; 0]);
    assert_eq!(due_at(32 * 24, &days), [(0..31).collect::<Vec<_>>()]);
    let mut late = days.clone();
    late.extend((40..44).map(|id| part(id, 5..6, MIB)));
    assert_eq!(
        due_at(32 * 24, &late)[0],
        [31, 32, 33, 34],
        "the day's late ones among themselves"
    );
    let mut long = days;
    long.push(part(99, 0..24 * 40, MIB));
    assert_eq!(
        due_at(32 * 24, &long),
        [[0; 0]; 0],
        "one reaches over the end"
    );
}

#[test]
fn a_large_part_is_written_again_only_for_a_quarter_of_its_bytes() {
    let beside = |small: u64| vec![part(0, 0..24, 1000 * MIB), part(1, 0..1, small)];
    assert_eq!(due_at(48, &beside(249 * MIB)), [[0; 0]; 0]);
    assert_eq!(due_at(48, &beside(250 * MIB)), [[0, 1]]);
    let huge = vec![part(0, 0..2, BYTES_MAX), part(1, 2..4, BYTES_MAX)];
    assert_eq!(due_at(48, &huge), [[0; 0]; 0]);
}

#[test]
fn late_parts_between_windows_do_not_lose_their_place() {
    // Small late parts come between windows; those that touch an older window must stay younger than it.
    let mut parts = Vec::new();
    for (id, hour) in [0, 2, 4, 6].into_iter().enumerate() {
        parts.push(part(2 * id as u64, hour..hour + 2, 100 * MIB));
        parts.push(part(2 * id as u64 + 1, 0..1, MIB));
    }
    assert_eq!(
        due_at(0, &parts),
        [[1, 3, 5, 7]],
        "the small ones; windows 0 and 6 may not pass them"
    );
    for (index, part) in parts.iter_mut().enumerate() {
        part.bytes = if index % 2 == 0 {
            100 * MIB
        } else {
            10 * MIB * (1 << index)
        };
    }
    assert_eq!(due_at(0, &parts), [[0; 0]; 0]);
}

#[test]
fn failed_parts_and_those_around_one_in_quarantine_stay() {
    let parts = windows(0..8);
    let failed = HashSet::from([2]);
    assert_eq!(due(&parts, &terms(0, &failed)), [[0; 0]; 0]);
    let none = HashSet::new();
    let aside = [Candidate {
        id: 99,
        sequence: 1,
        ..part(0, 0..4, MIB)
    }];
    let with_aside = Terms {
        aside: &aside,
        ..terms(48, &none)
    };
    let found = due(&windows(0..24), &with_aside);
    assert_eq!(
        found,
        [(2..12).collect::<Vec<_>>()],
        "only what is younger than it"
    );
}

#[test]
fn force_makes_one_part_of_every_span_and_knows_no_hours() {
    let mut parts = windows(0..6);
    parts.push(part(9, 24..26, MIB));
    let none = HashSet::new();
    let all = forced(&parts, &terms(0, &none), TimeRange::ALL);
    assert_eq!(all, [[0, 1, 2, 3]]);
    let elsewhere = TimeRange::new(at(40 * DAY_MILLIS), at(41 * DAY_MILLIS));
    assert_eq!(forced(&parts, &terms(0, &none), elsewhere), [[0; 0]; 0]);
    // One that reaches over the span leaves its days.
    parts.push(part(10, 30 * 24..32 * 24, MIB));
    assert_eq!(
        forced(&parts, &terms(0, &none), TimeRange::ALL),
        [[0, 1, 2]]
    );
    assert_eq!(
        forced(&parts[..1], &terms(0, &none), TimeRange::ALL),
        [[0; 0]; 0]
    );
}

#[test]
fn no_part_passes_one_of_the_sequence_that_it_will_have() {
    // Two windows that were sealed at one moment have one sequence; the first member is older and reaches into both.
    let parts = |sequence| {
        let mut parts = vec![
            part(0, 0..8, 1),
            part(1, 0..2, 1),
            part(2, 0..2, 1),
            part(3, 0..2, 1),
        ];
        parts.push(Candidate {
            sequence,
            ..part(4, 2..4, 100 * MIB)
        });
        parts
    };
    assert_eq!(due_at(0, &parts(4)), [vec![0, 1, 2, 3]]);
    assert_eq!(due_at(0, &parts(3)), [[0; 0]; 0]);
    let aside = [parts(3).remove(4)];
    let none = HashSet::new();
    let with_aside = Terms {
        aside: &aside,
        ..terms(0, &none)
    };
    assert_eq!(due(&parts(3)[..4], &with_aside), [[0; 0]; 0]);
    assert_eq!(due(&parts(3)[..4], &terms(0, &none)), [vec![0, 1, 2, 3]]);
}

#[test]
fn spans_follow_the_retention() {
    for (days, expected) in [(1, 1), (15, 1), (25, 2), (100, 10), (400, 31), (36_500, 31)] {
        assert_eq!(
            span_millis(days * DAY_MILLIS),
            expected * DAY_MILLIS,
            "{days}"
        );
    }
}

/// Which part's value counts at a point in time, oldest first: what merging must not change.
fn winners(parts: &[Candidate], order: &[usize]) -> Vec<Option<usize>> {
    let wins = |hour: i64| {
        let mut youngest = order.iter().rev();
        youngest
            .find(|part| parts[**part].range.contains(at(hour * HOUR)))
            .copied()
    };
    (0..80).map(wins).collect()
}

/// Checks groups against the rules that hold for every plan.
fn check(parts: &[Candidate], groups: Vec<Group>) {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    let before = winners(parts, &order);
    let mut taken = HashSet::new();
    for group in groups {
        assert!(group.is_sorted() && group.len() > 1);
        assert!(group.iter().all(|at| taken.insert(*at)));
        // The merged part stands where its youngest stood; inside it the order of age is kept.
        let place = order
            .iter()
            .position(|at| Some(at) == group.last())
            .unwrap();
        order.splice(place..=place, group.iter().copied());
        let mut seen = HashSet::new();
        let mut kept: Vec<usize> = order
            .iter()
            .rev()
            .copied()
            .filter(|at| seen.insert(*at))
            .collect();
        kept.reverse();
        order = kept;
    }
    assert_eq!(winners(parts, &order), before);
}

fn crowded_of(parts: &[Candidate]) -> Vec<Group> {
    crowded(parts, &terms(0, &HashSet::new()))
}

#[test]
fn a_crowded_day_loses_its_smallest_neighbours_first() {
    let day = |count: u64, bytes: u64| (0..count).map(move |id| part(id, 0..24, bytes));
    assert_eq!(crowded_of(&day(32, 1).collect::<Vec<_>>()), [[0; 0]; 0]);
    let mut parts: Vec<_> = day(60, 1).collect();
    assert_eq!(crowded_of(&parts), [(0..16).collect::<Vec<_>>()]);
    // Larger ones are left for later, however old they are.
    parts[..30].iter_mut().for_each(|part| part.bytes = MIB);
    assert_eq!(crowded_of(&parts), [(30..46).collect::<Vec<_>>()]);
    // What takes long is not for here.
    parts.iter_mut().for_each(|part| part.bytes = 6 * MIB);
    assert_eq!(crowded_of(&parts)[0].len(), 2);
    parts.iter_mut().for_each(|part| part.bytes = 9 * MIB);
    assert_eq!(crowded_of(&parts), [[0; 0]; 0]);
}

#[test]
fn the_most_crowded_day_comes_first_and_each_has_its_turn() {
    let on = |day: i64, ids: std::ops::Range<u64>| {
        ids.map(move |id| part(id, day * 24..day * 24 + 1, 1))
    };
    let days = [on(0, 0..40), on(1, 40..90), on(2, 90..99)];
    let mut parts: Vec<_> = days.into_iter().flatten().collect();
    let groups = crowded_of(&parts);
    assert_eq!(
        groups,
        [(40..56).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>()]
    );
    check(&parts, groups);
    // One that covers both days is not passed.
    parts.insert(45, part(44, 0..48, 1000 * MIB));
    let groups = crowded_of(&parts);
    assert_eq!(groups[0], (46..62).collect::<Vec<_>>());
    check(&parts, groups);
}

proptest! {
    #[test]
    fn nothing_is_taken_twice_and_no_answer_changes(
        shapes in prop::collection::vec((0..70i64, 1..12i64, 0..6u32), 0..24),
        over in 0..100i64,
        is_forced: bool,
    ) {
        let shape = |(id, (start, length, size)): (usize, &(i64, i64, u32))| {
            part(id as u64, *start..start + length, MIB << size)
        };
        let parts: Vec<_> = shapes.iter().enumerate().map(shape).collect();
        let none = HashSet::new();
        let groups = match is_forced {
            true => forced(&parts, &terms(over, &none), TimeRange::ALL),
            false => due(&parts, &terms(over, &none)),
        };
        check(&parts, groups);
    }

    #[test]
    fn a_crowd_is_thinned_out_without_changing_an_answer(
        shapes in prop::collection::vec((0..40i64, 1..6i64, 0..12u32), 30..90),
    ) {
        let shape = |(id, (start, length, size)): (usize, &(i64, i64, u32))| {
            // Of two parts that follow each other every third pair was sealed at one moment.
            let sequence = id as u64 / 3 * 3;
            Candidate { sequence, ..part(id as u64, *start..start + length, 1 << (2 * size)) }
        };
        let parts: Vec<_> = shapes.iter().enumerate().map(shape).collect();
        check(&parts, crowded_of(&parts));
    }
}
