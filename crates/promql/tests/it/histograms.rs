//! Histograms, by scripts of our own in the format of promqltest.

use plimsoll_promqltest::{EngineSubject, run};

fn passes(script: &str) {
    let report = run(script, &mut EngineSubject::default()).unwrap();
    let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(report.passed > 0);
}

#[test]
fn native_histograms_answer_as_prometheus_does() {
    passes(include_str!("histograms/recorded.test"));
}

#[test]
fn quantiles_and_fractions_say_what_they_met() {
    passes(include_str!("histograms/answers.test"));
}
