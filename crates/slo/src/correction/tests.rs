//! Corrections against counting slice by slice.

use std::time::Duration;

use jiff::tz::TimeZone;
use plimsoll_types::Matcher;
use proptest::prelude::*;

use super::*;
use crate::{History, Timeline};

const SLICE: Duration = Duration::from_secs(10);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn correction(id: &str, kind: CorrectionKind, from: i64, to: i64) -> Correction {
    Correction {
        id: id.into(),
        kind,
        from: at(from),
        length: Duration::from_secs((to - from).unsigned_abs()),
        repeat: None,
        matchers: Vec::new(),
        reason: "maintenance".to_owned(),
        author: "ops".to_owned(),
        created: at(0),
        revoked: None,
    }
}

fn counts(good: i64, bad: i64) -> Counts {
    Counts {
        good,
        bad,
        excluded: 1,
        covered: 1,
    }
}

fn spans(all: &[Correction]) -> Spans {
    let corrections = Corrections::new(all).unwrap();
    corrections.spans(&Labels::empty(), at(0), at(100_000_000))
}

fn shown(spans: &Spans) -> Vec<(i64, i64, &str)> {
    let each = spans.iter();
    each.map(|span| {
        (
            span.from.millis() / 1000,
            span.to.millis() / 1000,
            &*span.id,
        )
    })
    .collect()
}

#[test]
fn a_correction_changes_what_events_are() {
    let history = Timeline::new(at(0), SLICE, [counts(8, 2), counts(5, 5), counts(10, 0)]);
    let check = |kind, good, bad, excluded| {
        let spans = spans(&[correction("a", kind, 10, 20)]);
        let corrected = Corrected::new(&history, &spans);
        let expected = Counts {
            good,
            bad,
            excluded,
            covered: 3,
        };
        assert_eq!(corrected.between(at(0), at(30)), expected, "{kind:?}");
        // Outside of it nothing changes.
        assert_eq!(corrected.between(at(20), at(30)), counts(10, 0));
    };
    check(CorrectionKind::Exclude, 18, 2, 13);
    check(CorrectionKind::Good, 28, 2, 3);
    check(CorrectionKind::Bad, 18, 12, 3);
}

#[test]
fn counts_beyond_all_numbers_are_no_panic() {
    let most = i64::MAX;
    for kind in CorrectionKind::ALL {
        let all = kind.apply(counts(most, most));
        let sum = all.good.wrapping_add(all.bad).wrapping_add(all.excluded);
        assert_eq!(sum, most.wrapping_mul(2).wrapping_add(1), "{kind:?}");
    }
}

#[test]
fn the_one_that_was_written_later_counts() {
    let mut late = correction("late", CorrectionKind::Bad, 20, 30);
    late.created = at(5);
    let early = correction("early", CorrectionKind::Exclude, 10, 60);
    let expected = [(10, 20, "early"), (20, 30, "late"), (30, 60, "early")];
    assert_eq!(shown(&spans(&[late.clone(), early.clone()])), expected);
    late.created = at(-5);
    assert_eq!(shown(&spans(&[late, early])), [(10, 60, "early")]);
}

#[test]
fn one_that_was_taken_back_changes_nothing() {
    let mut taken_back = correction("a", CorrectionKind::Good, 0, 60);
    taken_back.revoked = Some(at(70));
    let corrections = Corrections::new([&taken_back]).unwrap();
    assert!(corrections.is_empty());
    let history = Timeline::new(at(0), SLICE, [counts(1, 2)]);
    let spans = spans(&[taken_back]);
    assert_eq!(
        Corrected::new(&history, &spans).between(at(0), at(60)),
        counts(1, 2)
    );
}

#[test]
fn only_groups_that_match_are_corrected() {
    let mut eu = correction("eu", CorrectionKind::Exclude, 0, 10);
    eu.matchers = vec![Matcher::equal("region", "eu")];
    let corrections = Corrections::new([&eu]).unwrap();
    assert!(corrections.is_by_group());
    let of = |region| {
        let group = Labels::from_pairs([("region", region)]);
        corrections.spans(&group, at(0), at(100))
    };
    let history = Timeline::new(at(0), SLICE, [counts(1, 2)]);
    let (eu, us) = (of("eu"), of("us"));
    let (eu, us) = (Corrected::new(&history, &eu), Corrected::new(&history, &us));
    let whole = Sum::new(vec![&eu, &us]).between(at(0), at(100));
    let expected = Counts {
        good: 1,
        bad: 2,
        excluded: 5,
        covered: 1,
    };
    assert_eq!(whole, expected);
}

#[test]
fn maintenance_comes_again_by_the_clock_on_the_wall() {
    // From the 27th of March 2026, 03:30 to 04:30 in Athens, which puts its clocks forward on the 29th at 03:00.
    let first = 1_774_575_000;
    let mut nightly = correction("nightly", CorrectionKind::Exclude, first, first + 3600);
    nightly.repeat = Some((
        "FREQ=DAILY;COUNT=4".into(),
        TimeZone::get("Europe/Athens").unwrap(),
    ));
    let corrections = Corrections::new([&nightly]).unwrap();
    let seen = |from: i64, to: i64| {
        let spans = corrections.spans(&Labels::empty(), at(from), at(to));
        let each = spans.iter().map(|span| {
            let millis = (span.from.millis(), span.to.millis());
            (millis.0 / 1000 - first, millis.1 / 1000 - first)
        });
        each.collect::<Vec<_>>()
    };
    let day = 86_400;
    // 03:30 does not exist on the 29th: the time of the change, an hour earlier than the days before, until 04:30.
    let expected = [
        (0, 3600),
        (day, day + 3600),
        (2 * day - 1800, 2 * day),
        (3 * day - 3600, 3 * day),
    ];
    assert_eq!(seen(first - day, first + 30 * day), expected);
    // Of one that began before the time that is asked for, the rest.
    assert_eq!(seen(first + 1800, first + day), [(1800, 3600)]);
}

#[test]
fn what_cannot_be_is_refused_by_its_id() {
    let check = |change: &dyn Fn(&mut Correction), expected: &str| {
        let mut one = correction("maintenance-7", CorrectionKind::Good, 0, 60);
        change(&mut one);
        assert_eq!(Corrections::new([&one]).unwrap_err().to_string(), expected);
    };
    let empty = "correction maintenance-7: a correction covers at least one slice of 10s";
    check(&|one| one.length = Duration::from_secs(9), empty);
    check(
        &|one| one.repeat = Some(("FREQ=HOURLY".into(), TimeZone::UTC)),
        "correction maintenance-7: FREQ=HOURLY is not supported; supported are FREQ=DAILY, WEEKLY, MONTHLY and YEARLY, \
         INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY, BYMONTH and WKST",
    );
}

fn any_correction() -> impl Strategy<Value = Correction> {
    let kind = prop::sample::select(CorrectionKind::ALL.to_vec());
    (kind, 0_i64..60, 1_i64..20, 0_i64..5, 0_u32..1000).prop_map(
        |(kind, from, length, created, id)| {
            let mut one = correction(&format!("{id:04}"), kind, from * 10, (from + length) * 10);
            one.created = at(created);
            one
        },
    )
}

proptest! {
    /// Whatever overlaps, each slice is corrected once, by the last correction that covers it.
    #[test]
    fn windows_are_sums_of_corrected_slices(
        slices in prop::collection::vec((0_i64..20, 0_i64..20), 70),
        all in prop::collection::vec(any_correction(), 0..8),
        from in 0_usize..70, to in 0_usize..70,
    ) {
        let slices: Vec<Counts> = slices.into_iter().map(|(good, bad)| counts(good, bad)).collect();
        let history = Timeline::new(at(0), SLICE, slices.clone());
        let spans = spans(&all);
        let corrected = Corrected::new(&history, &spans);
        let of_slice = |place: usize| {
            let begin = at(place as i64 * 10);
            let covers = |one: &&Correction| one.from <= begin && begin < one.from + one.length;
            let last = all.iter().filter(covers).max_by_key(|one| (one.created, one.id.clone()));
            last.map_or(slices[place], |one| one.kind.apply(slices[place]))
        };
        let expected: Counts = (from..to).map(of_slice).sum();
        prop_assert_eq!(corrected.between(at(from as i64 * 10), at(to as i64 * 10)), expected);
        let mut walked = Counts::ZERO;
        corrected.walk(at(0), at(700), SLICE, &mut |_, counts| walked += counts);
        prop_assert_eq!(walked, (0..70).map(of_slice).sum());
        let starts: Vec<i64> = spans.iter().flat_map(|span| [span.from.millis(), span.to.millis()]).collect();
        prop_assert!(starts.is_sorted());
    }
}
