//! What is answered in a quicker way has the bits of the slow one.

use std::time::Duration;

use plimsoll_promql::{Control, Engine, Options, QueryResult, parse};
use plimsoll_types::{Labels, Sample, Timestamp, stale_nan};
use proptest::prelude::*;

use crate::storage::Memory;

const FUNCTIONS: [&str; 12] = [
    "rate",
    "increase",
    "delta",
    "sum_over_time",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "count_over_time",
    "present_over_time",
    "first_over_time",
    "last_over_time",
    "resets",
];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A sample every ten seconds, some of them missing: counters with resets, and now and then something that is no counter.
fn samples() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        12 => (0..50u32).prop_map(|value| Some(f64::from(value))),
        4 => Just(None),
        1 => any::<f64>().prop_map(Some),
        1 => Just(Some(stale_nan())),
        1 => Just(Some(-0.0)),
    ];
    prop::collection::vec(value, 0..60)
}

fn store(values: &[Option<f64>], is_telling: bool) -> Memory {
    let mut store = Memory::default();
    store.is_telling = is_telling;
    let times = (0..).map(|index| at(10 * index));
    let samples = times
        .zip(values)
        .filter_map(|(time, value)| Some(Sample::float(time, (*value)?)));
    store.add(Labels::from_pairs([("__name__", "x_total")]), samples);
    store
}

fn bits(result: &QueryResult) -> String {
    // The sign and the bits of NaN are told apart by nobody.
    format!(
        "{:?} {:?} {:?}",
        result.value, result.warnings, result.infos
    )
}

proptest! {
    #[test]
    fn runs_of_windows_equal_single_windows(
        values in samples(),
        range in 1..200i64,
        step in 1..100u64,
        offset in -50..50i64,
    ) {
        let (engine, store) = (Engine::new(Options::default()), store(&values, false));
        for function in &FUNCTIONS[..3] {
            let expr = parse(&format!("{function}(x_total[{range}s] offset {offset}s)")).unwrap();
            let ask = |control: Control| {
                engine.range(&store, &expr, at(0), at(600), Duration::from_secs(step), &control)
            };
            // Who wants to know the samples of each step gets them window by window.
            let slow = ask(Control::unlimited().with_samples_per_step()).unwrap();
            let fast = ask(Control::unlimited()).unwrap();
            prop_assert_eq!(bits(&fast), bits(&slow), "{}", expr);
            prop_assert_eq!(fast.stats.samples_queryable, slow.stats.samples_queryable);
        }
    }

    #[test]
    fn summaries_equal_samples(values in samples(), range in 1..700i64, end in 0..700i64) {
        let engine = Engine::new(Options::default());
        for function in FUNCTIONS {
            let expr = parse(&format!("{function}(x_total[{range}s])")).unwrap();
            let ask = |is_telling| {
                engine.instant(&store(&values, is_telling), &expr, at(end), &Control::unlimited())
            };
            let (fast, slow) = (ask(true).unwrap(), ask(false).unwrap());
            prop_assert_eq!(bits(&fast), bits(&slow), "{}", expr);
            prop_assert_eq!(fast.stats.samples_queryable, slow.stats.samples_queryable);
        }
    }
}

#[test]
fn a_summary_spares_the_reading() {
    let values: Vec<Option<f64>> = (0..50).map(|value| Some(f64::from(value))).collect();
    let store = store(&values, true);
    let expr = parse("increase(x_total[5m])").unwrap();
    let engine = Engine::new(Options::default());
    engine
        .instant(&store, &expr, at(400), &Control::unlimited())
        .unwrap();
    assert_eq!(store.reads(), 0);
}
