use std::fs;
use std::path::PathBuf;

use super::*;

const RULES: &str = "groups:\n- name: g\n  interval: 7m\n  rules:\n  - record: job:up:sum\n    expr: sum by (job) (up)\n  \
                     - alert: Down\n    expr: up == 0\n    for: 2m\n    labels: {severity: page}\n    \
                       annotations: {text: 'of {{ $labels.job }}', empty: ''}\n";
const SERIES: &str = "  input_series:\n  - {series: 'up{job=\"a\"}', values: 1 0x9}\n  - {series: 'up{job=\"b\"}', values: 1x9 stale}\n";

/// Runs a file of tests beside these rules.
fn run_with(rules: &str, tests: &str, change: impl FnOnce(&mut Options<'_>)) -> Report {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("rules.yml"), rules).unwrap();
    let path = directory.path().join("tests.yml");
    fs::write(&path, format!("rule_files: [rules*.yml]\n{tests}")).unwrap();
    let mut options = options();
    change(&mut options);
    run(&path, &options)
}

fn options() -> Options<'static> {
    Options {
        features: Features::default(),
        delayed_name_removal: false,
        ignores_unknown_fields: false,
        selects: &|_| true,
        dumps: false,
        now: &|| Duration::ZERO,
        begins: &|_| {},
    }
}

fn check(rules: &str, tests: &str, expected: &[&str]) {
    let report = run_with(rules, tests, |_| {});
    let text = report.failures(Style::Whole);
    assert_eq!(report.is_good(), expected.is_empty(), "{text}");
    for expected in expected {
        assert!(text.contains(expected), "{expected} is missing in:\n{text}");
    }
}

#[test]
fn alerts_are_compared_with_labels_and_annotations() {
    let test = |time: &str, alerts: &str| {
        format!(
            "tests:\n- interval: 1m\n{SERIES}  alert_rule_test:\n  - {{eval_time: {time}, alertname: Down, exp_alerts: {alerts}}}\n"
        )
    };
    let alert =
        "[{exp_labels: {job: a, severity: page}, exp_annotations: {text: of a, empty: ''}}]";
    check(RULES, &test("3m", alert), &[]);
    check(RULES, &test("2m59s", "[]"), &[]);
    check(
        RULES,
        &test("3m", "[]"),
        &[
            "    alertname: Down, time: 3m, \n        exp:[], \n        got:[\n            0:\n",
            "              Labels:{alertname=\"Down\", job=\"a\", severity=\"page\"}\n",
            "              Annotations:{empty=\"\", text=\"of a\"}\n            ]",
            "          + Labels:{alertname=\"Down\", job=\"a\", severity=\"page\"}\n",
            "tests.yml:8:6: error: other alerts fire than this test expects",
        ],
    );
    // An empty annotation is one, and an empty label is none that an alert has.
    check(
        RULES,
        &test("3m", &alert.replace(", empty: ''", "")),
        &["Annotations"],
    );
    check(
        RULES,
        &test("3m", &alert.replace("{job", "{x: '', job")),
        &["x=\"\""],
    );
}

#[test]
fn expressions_see_what_rules_wrote_in_the_interval_of_the_file() {
    let test = |expr: &str, time: &str, samples: &str| {
        format!(
            "evaluation_interval: 2m\ntests:\n- interval: 1m\n{SERIES}  promql_expr_test:\n  \
             - {{expr: '{expr}', eval_time: {time}, exp_samples: {samples}}}\n"
        )
    };
    check(
        RULES,
        &test(
            "job:up:sum",
            "0",
            "[{labels: 'job:up:sum{job=\"b\"}', value: 1}, {labels: 'job:up:sum{job=\"a\"}', value: 1}]",
        ),
        &[],
    );
    check(
        RULES,
        &test(
            "timestamp(job:up:sum{job=\"b\"})",
            "3m",
            "[{labels: '{job=\"b\"}', value: 120}]",
        ),
        &[],
    );
    // Samples after the last evaluation have not come yet.
    check(
        RULES,
        &test(
            "timestamp(up{job=\"a\"})",
            "3m59s",
            "[{labels: '{job=\"a\"}', value: 120}]",
        ),
        &[],
    );
    check(RULES, &test("up{job=\"b\"}", "10m", "[]"), &[]);
    check(
        RULES,
        &test("job:up:sum", "0", "[{value: 1}]"),
        &[
            "    expr: \"job:up:sum\", time: 0s,\n        exp: {} 1E+00\n        got: {__name__=\"job:up:sum\", job=\"a\"} 1E+00, ",
        ],
    );
    check(
        RULES,
        &test("up[5m]", "0", "[]"),
        &["rule result is not a vector or scalar"],
    );
}

#[test]
fn numbers_are_equal_bit_by_bit_unless_they_may_be_fuzzy() {
    let test = |fuzzy: bool, value: &str| {
        format!(
            "fuzzy_compare: {fuzzy}\ntests:\n- promql_expr_test:\n  - {{expr: '0.1 + 0.2', exp_samples: [{{value: {value}}}]}}\n"
        )
    };
    check(RULES, &test(false, "0.30000000000000004"), &[]);
    check(RULES, &test(false, "0.3"), &["exp: {} 3E-01"]);
    check(RULES, &test(true, "0.3"), &[]);
    check(
        RULES,
        &test(true, "0.2999999"),
        &["got: {} 3.0000000000000004E-01"],
    );
    let nan = "tests:\n- promql_expr_test:\n  - {expr: 0 / 0, exp_samples: [{value: .nan}]}\n";
    check(RULES, nan, &["NaN equals nothing"]);
}

#[test]
fn histograms_have_the_hints_of_a_store() {
    let test = |hint: &str| {
        format!(
            "tests:\n- input_series:\n  - {{series: h, values: '{{{{count:2 sum:3 buckets:[2]}}}}x2'}}\n  promql_expr_test:\n  \
             - {{expr: h, eval_time: 2m, exp_samples: [{{labels: h, histogram: '{{{{sum:3 count:2{hint} buckets:[2]}}}}'}}]}}\n"
        )
    };
    check(RULES, &test(" counter_reset_hint:not_reset"), &[]);
    check(
        RULES,
        &test(""),
        &["got: {__name__=\"h\"} {{count:2 sum:3 counter_reset_hint:not_reset buckets:[2]}}"],
    );
}

#[test]
fn a_rule_that_fails_ends_its_test() {
    let rules = "groups:\n- name: g\n  limit: 1\n  rules:\n  - {record: x, expr: up}\n";
    let tests = format!(
        "tests:\n- name: n\n{SERIES}  promql_expr_test:\n  - {{expr: '1', eval_time: 5m}}\n- {{}}\n"
    );
    check(
        rules,
        &tests,
        &[
            "    name: n,\n    rule: x, time: 0s, err: exceeded limit of 1 with 2 series\n",
            "rules.yml:5:",
        ],
    );
    let twice = "groups:\n- name: g\n  rules:\n  - {record: x, expr: vector(1)}\n  - {record: x, expr: vector(2)}\n";
    check(
        twice,
        "tests:\n- {}\n",
        &["rule: x, time: 0s, err: duplicate sample for timestamp"],
    );
    let shifted = "groups:\n- name: g\n  query_offset: 1m\n  rules:\n  - {record: up, expr: 'up{job=\"a\"}'}\n";
    let late = format!(
        "tests:\n- interval: 1m\n{SERIES}  promql_expr_test:\n  - {{expr: '1', eval_time: 1m, exp_samples: [{{value: 1}}]}}\n"
    );
    check(
        shifted,
        &late,
        &["rule: up, time: 1m0s, err: out of order sample"],
    );
}

#[test]
fn time_begins_where_the_test_says() {
    let test = |start: &str| {
        format!(
            "tests:\n- start_timestamp: {start}\n  input_series:\n  - {{series: up, values: 5x3}}\n  promql_expr_test:\n  \
             - {{expr: 'timestamp(up) - 0 * time()', eval_time: 1m, exp_samples: [{{value: 1704067260}}]}}\n"
        )
    };
    check(RULES, &test("2024-01-01T00:00:00Z"), &[]);
    check(RULES, &test("1704067200"), &[]);
}

#[test]
fn templates_see_the_labels_and_url_of_the_test() {
    let rules = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: vector(1)\n    annotations: {x: '{{ $externalLabels.a }} {{ externalURL }} {{ query \"up\" | len }}'}\n";
    let tests = format!(
        "tests:\n- external_labels: {{a: b}}\n  external_url: http://x\n{SERIES}  alert_rule_test:\n  \
         - {{alertname: A, exp_alerts: [{{exp_annotations: {{x: b http://x 2}}}}]}}\n"
    );
    check(rules, &tests, &[]);
}

#[test]
fn groups_are_evaluated_in_the_order_that_is_wanted() {
    let rules = "groups:\n- name: a\n  rules:\n  - {record: x, expr: y + 1}\n- name: b\n  rules:\n  - {record: y, expr: vector(1)}\n";
    let test = |order: &str, expected: &str| {
        format!(
            "group_eval_order: {order}\ntests:\n- promql_expr_test:\n  - {{expr: x, exp_samples: {expected}}}\n"
        )
    };
    check(rules, &test("[b, a]", "[{labels: x, value: 2}]"), &[]);
    check(rules, &test("[a, b]", "[]"), &[]);
}

#[test]
fn what_is_not_chosen_is_not_run() {
    let tests = "tests:\n- name: bad\n  promql_expr_test: [{expr: '1'}]\n- name: good\n";
    let report = run_with(RULES, tests, |options| {
        options.selects = &|name| name == "good"
    });
    assert!(report.is_good());
    assert_eq!(report.tests.len(), 1);
    // Without a test nobody looks at the rules.
    let report = run_with("groups: 1\n", tests, |options| options.selects = &|_| false);
    assert!(report.is_good());
    let report = run_with("groups: 1\n", tests, |_| {});
    assert!(
        report
            .failures(Style::Whole)
            .contains("rules.yml:1:9: error")
    );
}

#[test]
fn unknown_fields_of_rules_are_refused_or_told() {
    let rules = RULES.replace("  interval: 7m\n", "  owner: me\n");
    let report = run_with(&rules, "tests: [{}]\n", |_| {});
    assert!(!report.is_good());
    let report = run_with(&rules, "tests: [{}]\n", |options| {
        options.ignores_unknown_fields = true
    });
    assert!(report.is_good());
    assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
}

#[test]
fn a_pattern_without_files_is_a_warning() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tests.yml");
    fs::write(&path, "rule_files: ['none*.yml']\ntests: [{}]\n").unwrap();
    let report = run(&path, &options());
    assert!(report.is_good());
    assert!(
        report.warnings[0]
            .to_string()
            .contains("tests.yml:1:14: warning: no file matches")
    );
    let absent = run(&directory.path().join("absent.yml"), &options());
    assert!(
        absent
            .failures(Style::Whole)
            .contains("cannot read the file")
    );
}

#[test]
fn a_dump_has_all_samples() {
    let tests = format!(
        "tests:\n- interval: 1m\n{SERIES}  promql_expr_test:\n  - {{expr: job:up:sum, eval_time: 1m}}\n"
    );
    let report = run_with(RULES, &tests, |options| options.dumps = true);
    let dump = report.tests[0].dump.as_ref().unwrap();
    let shown: Vec<String> = dump
        .iter()
        .map(|(labels, samples)| format!("{labels} {}", samples.len()))
        .collect();
    let alerts = "{alertname=\"Down\", alertstate=\"pending\", job=\"a\", severity=\"page\"} 1";
    let for_state = "{alertname=\"Down\", job=\"a\", severity=\"page\"} 1";
    let expected = [
        format!("ALERTS{alerts}"),
        format!("ALERTS_FOR_STATE{for_state}"),
        "job:up:sum{job=\"a\"} 2".into(),
        "job:up:sum{job=\"b\"} 2".into(),
        "up{job=\"a\"} 2".into(),
        "up{job=\"b\"} 2".into(),
    ];
    assert_eq!(shown, expected);
}

/// Prometheus' own files have Prometheus' verdicts.
#[test]
fn the_files_of_promtool_pass() {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let data = std::env::var_os("PLIMSOLL_TESTDATA").map_or_else(beside, PathBuf::from);
    let folder = data.join("prometheus/promtool");
    if !folder.is_dir() {
        eprintln!("SKIPPED: there is no {}", folder.display());
        return;
    }
    for name in [
        "unittest.yml",
        "at-modifier-test.yml",
        "negative-offset-test.yml",
    ] {
        let report = run(&folder.join(name), &options());
        assert!(
            report.is_good(),
            "{name}: {}",
            report.failures(Style::Whole)
        );
        assert!(!report.tests.is_empty());
    }
}
