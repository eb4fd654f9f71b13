use std::path::Path;

use plimsoll_promql::{Features, parse};
use plimsoll_runtime::config::Source;

use super::*;
use crate::file;

fn labels(text: &str) -> Labels {
    let matchers = plimsoll_promql::parse_selector(text).unwrap();
    let pairs = matchers
        .iter()
        .map(|matcher| (matcher.name(), matcher.value()));
    Labels::from_pairs(pairs)
}

/// Proposes files, holds them against the checks of files, and returns them.
fn proposed(series: &[&str], answer: Option<f64>) -> Vec<String> {
    let series: Vec<Labels> = series.iter().map(|text| labels(text)).collect();
    let mut measure = |query: &str| {
        parse(query).unwrap_or_else(|error| panic!("{error}\n{query}"));
        answer
    };
    let documents = propose(&series, &mut measure);
    let texts: Vec<String> = documents.iter().map(Document::to_yaml).collect();
    for text in &texts {
        let source = Source::new(Path::new("x.yml"), text).unwrap();
        let checked = file::check(&source, &Features::default());
        let checked = checked.unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert!(
            checked.warnings.is_empty(),
            "{:?}\n{text}",
            checked.warnings
        );
    }
    texts
}

#[test]
fn requests_with_codes_are_an_availability() {
    let series = [
        "http_requests_total{job=\"shop\",code=\"200\"}",
        "http_requests_total{job=\"shop\",code=\"429\"}",
        "up{job=\"shop\"}",
        "http_requests_total{job=\"other\",method=\"GET\"}",
    ];
    let files = proposed(&series, Some(0.9997));
    let [file] = files.as_slice() else {
        panic!("one job has something to promise: {files:?}");
    };
    for expected in [
        "service: shop",
        "name: http-requests-availability",
        "objective: 99.9\n",
        "99.97 % were good in the last day",
        "bad: http_requests_total{job=\"shop\",code=~\"5..|5xx\"}",
        "match: code=~\"429\"",
    ] {
        assert!(file.contains(expected), "{expected}\n{file}");
    }
    assert!(!file.contains("targets"), "{file}");
}

#[test]
fn jobs_whose_names_become_one_get_two_files() {
    let files = proposed(&["up{job=\"a b\"}", "up{job=\"a-b\"}"], Some(0.999_999_9));
    let services = ["service: a-b\n", "service: a-b-2\n"];
    assert!(
        files.len() == 2
            && files
                .iter()
                .zip(services)
                .all(|(file, service)| file.contains(service)),
        "{files:?}"
    );
    // Nearly all is not all.
    assert!(files[0].contains("99.99999 % were good"), "{}", files[0]);
}

#[test]
fn a_latency_has_the_edge_that_the_percentile_needs() {
    let series = ["0.1", "0.25", "0.5", "1", "+Inf"]
        .map(|edge| format!("http_request_duration_seconds_bucket{{job=\"shop\",le=\"{edge}\"}}"));
    let series: Vec<&str> = series.iter().map(String::as_str).collect();
    let files = proposed(&series, Some(0.3));
    assert!(files[0].contains("below: 500ms"), "{}", files[0]);
    assert!(files[0].contains("histogram: http_request_duration_seconds{job=\"shop\"}"));
}

#[test]
fn a_target_that_answers_is_promised_where_there_is_nothing_else() {
    let files = proposed(
        &[
            "up{job=\"a job\"}",
            "probe_success{job=\"b\",instance=\"x\"}",
        ],
        None,
    );
    assert!(files[0].contains("service: a-job"), "{}", files[0]);
    assert!(
        files[0].contains("success: up{job=\"a job\"}"),
        "{}",
        files[0]
    );
    assert!(files[0].contains("a guess"), "{}", files[0]);
    assert!(files[1].contains("by:\n        - instance"), "{}", files[1]);
}

#[test]
fn grpc_counts_what_a_server_is_to_blame_for() {
    let files = proposed(
        &["grpc_server_handled_total{job=\"api\",grpc_code=\"OK\"}"],
        Some(1.0),
    );
    assert!(files[0].contains("grpc_code=~\"Unknown|"), "{}", files[0]);
    assert!(files[0].contains("objective: 99.99\n"), "{}", files[0]);
}

#[test]
fn hostile_labels_propose_files_that_are_read() {
    proptest::proptest!(|(job in "\\PC{1,20}", code in "[2-5][0-9]{2}")| {
        let series = [Labels::from_pairs([
            ("__name__", "http_requests_total"), ("job", &*job), ("code", &*code),
        ])];
        for document in propose(&series, &mut |_| None) {
            let source = Source::new(Path::new("x.yml"), &document.to_yaml()).unwrap();
            let read = file::check(&source, &Features::default());
            proptest::prop_assert!(read.is_ok(), "{}\n{}", read.unwrap_err(), document.to_yaml());
        }
    });
}
