//! Composites against sums and products by hand.

use plimsoll_types::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::{Timeline, Window};

const MINUTE: Duration = Duration::from_secs(60);

fn history(good: i64, bad: i64) -> Timeline {
    let counts = Counts {
        good,
        bad,
        excluded: 0,
        covered: 6,
    };
    Timeline::new(Timestamp::EPOCH, MINUTE, [counts])
}

fn nothing() -> Timeline {
    Timeline::new(Timestamp::EPOCH, MINUTE, [Counts::ZERO])
}

fn component(weight: f64, no_data: NoData) -> Component {
    Component {
        id: "shop/step".into(),
        objective: 0,
        weight,
        no_data,
    }
}

fn figure(kind: CompositeKind, parts: &[(Component, Timeline)]) -> Option<Figure> {
    let parts = parts
        .iter()
        .map(|(component, history)| (component, Source::History(history)));
    Composed::new(kind, parts.collect()).figure(Timestamp::EPOCH, Timestamp::EPOCH + MINUTE)
}

fn is_near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1.0)
}

#[test]
fn each_kind_has_its_share() {
    let parts = [
        (component(3.0, NoData::Ignore), history(99, 1)),
        (component(1.0, NoData::Ignore), history(45, 5)),
    ];
    let check = |kind, share, events| {
        let found = figure(kind, &parts).unwrap();
        assert!(is_near(found.share, share), "{kind:?}: {found:?}");
        assert!(is_near(found.events, events), "{kind:?}: {found:?}");
    };
    // Variances: 0.01/100 and 0.1/50, each with its slope squared.
    let weighted = 0.0325 / (0.5625 * 0.0001 + 0.0625 * 0.002);
    check(CompositeKind::Weighted, 0.0325, weighted);
    check(CompositeKind::WorstOf, 0.1, 50.0);
    let series = 0.109 / (0.81 * 0.0001 + 0.9801 * 0.002);
    check(CompositeKind::Series, 0.109, series);
}

#[test]
fn evidence_is_that_of_the_part_that_failed() {
    let parts = [
        (component(1.0, NoData::Ignore), history(5, 5)),
        (component(1.0, NoData::Ignore), history(1_000_000, 0)),
    ];
    let parts: Vec<_> = parts
        .iter()
        .map(|(one, history)| (one, Source::History(history)))
        .collect();
    let composed = Composed::new(CompositeKind::Weighted, parts);
    let counts = composed.between(Timestamp::EPOCH, Timestamp::EPOCH + MINUTE);
    assert_eq!((counts.bad, counts.good), (5, 15));
}

#[test]
fn a_part_without_data_is_what_its_rule_says() {
    let share = |no_data, kind| {
        let parts = [
            (component(1.0, NoData::Ignore), history(80, 20)),
            (component(1.0, no_data), nothing()),
        ];
        figure(kind, &parts).map(|figure| figure.share)
    };
    assert_eq!(share(NoData::Ignore, CompositeKind::Weighted), Some(0.2));
    assert_eq!(share(NoData::Bad, CompositeKind::Weighted), Some(0.6));
    assert_eq!(share(NoData::Bad, CompositeKind::Series), Some(1.0));
    assert_eq!(share(NoData::Freeze, CompositeKind::WorstOf), None);
    let parts = [(component(1.0, NoData::Ignore), nothing())];
    assert_eq!(figure(CompositeKind::Series, &parts), None);
}

#[test]
fn composites_nest() {
    let (one, two) = (history(90, 10), history(80, 20));
    let of = component(1.0, NoData::Ignore);
    let inner = Composed::new(
        CompositeKind::Series,
        vec![(&of, Source::History(&one)), (&of, Source::History(&two))],
    );
    let outer = Composed::new(
        CompositeKind::WorstOf,
        vec![
            (&of, Source::Composite(&inner)),
            (&of, Source::History(&one)),
        ],
    );
    let window = Window::Rolling(MINUTE);
    let target = "70".parse().unwrap();
    let budget = CompositeBudget::read(&outer, &window, target, Timestamp::EPOCH + MINUTE);
    // 1 - 0.9 x 0.8 of the 30 % that may fail.
    assert_eq!(budget.consumed().unwrap().to_percent(4), "93.3333");
    assert_eq!(budget.remaining().unwrap().to_percent(4), "6.6667");
    assert_eq!(budget.parts.len(), 2);
    assert!(is_near(budget.parts[0].figure.unwrap().share, 0.28));
}

proptest! {
    #[test]
    fn a_series_is_worse_than_its_worst_and_a_mean_lies_between(
        parts in prop::collection::vec((1_i64..1000, 0_i64..1000, 1_u8..10), 1..6),
    ) {
        let parts: Vec<(Component, Timeline)> = parts
            .into_iter()
            .map(|(good, bad, weight)| (component(f64::from(weight), NoData::Ignore), history(good, bad)))
            .collect();
        let share = |kind| figure(kind, &parts).unwrap().share;
        let (mean, worst, series) =
            (share(CompositeKind::Weighted), share(CompositeKind::WorstOf), share(CompositeKind::Series));
        prop_assert!(mean <= worst + 1e-12 && worst <= series + 1e-12 && series <= 1.0);
        for kind in [CompositeKind::Weighted, CompositeKind::WorstOf, CompositeKind::Series] {
            let figure = figure(kind, &parts).unwrap();
            prop_assert!(figure.events.is_finite() && figure.events > 0.0);
        }
    }
}
