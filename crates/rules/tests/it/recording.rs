//! Recording rules: names, labels, limits, histograms, markers and failures.

use std::sync::Arc;

use plimsoll_rules::{Element, Outcome};
use plimsoll_types::{BucketCounts, Counts, Histogram, Labels, Value, stale_nan};

use crate::support::{at, element, engine, nothing_asked, shown, step};

fn rule(rest: &str) -> plimsoll_rules::GroupEngine {
    engine(&format!("labels: {{team: a, tier: x}}\n{rest}"))
}

#[test]
fn labels_of_the_rule_go_over_those_of_the_group_over_those_of_the_result() {
    let mut engine =
        rule("rules:\n- {record: r, expr: up, labels: {tier: y, job: '', zone: '{{ $x }}'}}");
    let outcome = step(
        &mut engine,
        0,
        &[element(
            &[("__name__", "up"), ("job", "j"), ("team", "b"), ("i", "1")],
            2.0,
        )],
    );
    assert_eq!(
        shown(&outcome.samples),
        [r#"r{i="1", team="a", tier="y", zone="{{ $x }}"} 2"#]
    );
    assert_eq!(outcome.results, 1);
}

#[test]
fn a_series_that_vanishes_is_ended_once() {
    let mut engine = rule("rules:\n- {record: r, expr: up}");
    let (a, b) = (
        element(&[("i", "a")], 1.0),
        element(&[("i", "b")], f64::NAN),
    );
    step(&mut engine, 0, &[a.clone(), b]);
    let outcome = step(&mut engine, 60, std::slice::from_ref(&a));
    let expected = [
        r#"r{i="a", team="a", tier="x"} 1"#,
        r#"r{i="b", team="a", tier="x"} stale"#,
    ];
    assert_eq!(shown(&outcome.samples), expected);
    assert_eq!(outcome.results, 1);
    assert_eq!(step(&mut engine, 120, &[a]).samples.len(), 1);
}

fn failed(outcome: &Outcome, expected: &str) {
    assert_eq!(outcome.error.as_deref(), Some(expected));
    assert!(outcome.samples.is_empty(), "{outcome:?}");
}

#[test]
fn a_failure_writes_nothing_and_ends_nothing() {
    let mut engine = rule("limit: 2\nrules:\n- {record: r, expr: up, labels: {i: ''}}");
    step(&mut engine, 0, &[element(&[("job", "a")], 1.0)]);
    let same = [element(&[("i", "1")], 1.0), element(&[("i", "2")], 1.0)];
    failed(
        &step(&mut engine, 60, &same),
        "vector contains metrics with the same labelset after applying rule labels",
    );
    let three = ["a", "b", "c"].map(|job| element(&[("job", job)], 1.0));
    failed(
        &step(&mut engine, 120, &three),
        "exceeded limit of 2 with 3 series",
    );
    let outcome = step(&mut engine, 180, &[]);
    assert_eq!(
        shown(&outcome.samples),
        [r#"r{job="a", team="a", tier="x"} stale"#]
    );
}

#[test]
fn a_scalar_and_a_histogram_are_results_too() {
    let mut engine = rule("rules:\n- {record: r, expr: up}");
    let outcome = step(&mut engine, 0, &[Element::scalar(3.0)]);
    assert_eq!(shown(&outcome.samples), [r#"r{team="a", tier="x"} 3"#]);
    let histogram = Histogram {
        counts: Counts::Float(BucketCounts {
            count: 7.0,
            ..BucketCounts::default()
        }),
        ..Histogram::default()
    };
    let element = Element {
        labels: Labels::empty(),
        value: Value::Histogram(Arc::new(histogram)),
    };
    let outcome = step(&mut engine, 60, &[element]);
    assert_eq!(
        shown(&outcome.samples),
        [r#"r{team="a", tier="x"} histogram(7)"#]
    );
}

#[test]
fn a_marker_that_was_not_stored_is_tried_again() {
    let mut engine = rule("rules:\n- {record: r, expr: up}");
    step(&mut engine, 0, &[element(&[], 1.0)]);
    let outcome = step(&mut engine, 60, &[]);
    assert!(outcome.samples[0].1.value.is_stale());
    engine.append_failed(0, "the disk is full", &outcome.samples);
    let view = engine.view();
    let rule = &view.rules[0];
    assert_eq!(
        (rule.health.as_str(), rule.last_error.as_deref()),
        ("err", Some("the disk is full"))
    );
    let outcome = step(&mut engine, 120, &[]);
    assert_eq!(shown(&outcome.samples), [r#"r{team="a", tier="x"} stale"#]);
    assert!(step(&mut engine, 180, &[]).samples.is_empty());
}

#[test]
fn a_result_may_hold_the_bits_of_a_marker() {
    // No engine gives one; what is written as a result stays one.
    let mut engine = rule("rules:\n- {record: r, expr: up}");
    let ask = nothing_asked();
    let result = Ok(vec![element(&[], stale_nan())]);
    assert_eq!(engine.step(0, at(0), result, &ask).results, 1);
}
