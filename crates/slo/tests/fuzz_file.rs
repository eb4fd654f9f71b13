//! Hostile files of objectives: refused with a place or read, never a panic.

use plimsoll_promql::Features;
use plimsoll_runtime::config::{Severity, Source};
use plimsoll_slo::Catalog;
use plimsoll_slo::file::{check, read_correction};
use plimsoll_types::Timestamp;

const GOOD: &str = "\
version: plimsoll/v1
service: checkout
slos:
- name: availability
  objectives: [{name: p95, objective: 95, below: 300ms}, {name: p99, objective: 99, below: 1s}]
  windows: [30d, {calendar: month, zone: Europe/Athens}]
  method: {timeslices: {length: 1m}}
  sli: {latency: {histogram: 'h{job=\"a\"}', exclude: [{match: 'code=\"429\"', reason: client}]}}
  dimensions: {by: [region], objectives: [{match: 'region=\"eu\"', objectives: {p95: 96}}]}
  alerts: {windows: [{severity: page, budget: 2%, in: 1h}], hysteresis: {off: 0.5}}
  budget: {states: {caution: 50%}}
  corrections: [{id: a, kind: bad, from: 2026-01-01T00:00:00Z, for: 1h, reason: r, author: b}]
composites: [{name: j, kind: series, objective: 9, of: [{slo: availability, objective: p95}]}]
";

fn read(text: &str) {
    let Ok(source) = Source::new("fuzz.yml".as_ref(), text) else {
        return;
    };
    match check(&source, &Features::default()) {
        Ok(file) => {
            let warnings = file.warnings.iter();
            assert!(
                warnings
                    .clone()
                    .all(|one| one.severity == Severity::Warning)
            );
            let _ = Catalog::merge(vec![file]);
        }
        Err(errors) => {
            assert!(errors.has_errors());
            // The place of each must be one that can be shown.
            assert!(!errors.to_string().is_empty());
        }
    }
    let _ = read_correction(&source, Timestamp::EPOCH);
}

#[test]
fn any_text_is_read_or_refused() {
    bolero::check!().for_each(|bytes: &[u8]| read(&String::from_utf8_lossy(bytes)));
}

#[test]
fn a_file_with_something_else_in_it_is_read_or_refused() {
    let changes = bolero::check!().with_type::<(u16, u8, Vec<char>)>();
    changes.for_each(|(at, removed, inserted)| {
        let characters: Vec<char> = GOOD.chars().collect();
        let at = usize::from(*at) % characters.len();
        let end = (at + usize::from(*removed % 16)).min(characters.len());
        let inserted = inserted.iter().take(8);
        let text = characters[..at]
            .iter()
            .chain(inserted)
            .chain(&characters[end..]);
        read(&text.collect::<String>());
    });
}

#[test]
fn the_file_that_is_changed_is_good() {
    let source = Source::new("fuzz.yml".as_ref(), GOOD).expect("text");
    let file = check(&source, &Features::default()).expect("good");
    Catalog::merge(vec![file]).expect("good together");
}
