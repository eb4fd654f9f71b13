//! Corners of the semantics that no script of Prometheus' own looks into, by scripts in the format of promqltest.
//!
//! The answers are those of a Prometheus 3.13 that was given the same samples by remote write.

use plimsoll_promqltest::{EngineSubject, run};

fn passes(script: &str) {
    let report = run(script, &mut EngineSubject::default()).unwrap();
    let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(report.passed > 0);
}

#[test]
fn names_are_kept_dropped_and_given_back() {
    passes(include_str!("semantics/names.test"));
}

#[test]
fn parameters_of_aggregations_are_checked() {
    passes(include_str!("semantics/aggregations.test"));
}

#[test]
fn annotations_have_the_words_and_places_of_prometheus() {
    passes(include_str!("semantics/annotations.test"));
}

#[test]
fn operators_take_floats_and_histograms() {
    passes(include_str!("semantics/operators.test"));
}

#[test]
fn subqueries_and_pinned_selectors_look_where_they_should() {
    passes(include_str!("semantics/pinned.test"));
}

#[test]
fn where_totals_suffice_nothing_is_said_of_buckets() {
    passes(include_str!("semantics/totals.test"));
}
