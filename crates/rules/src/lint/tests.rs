//! Every lint finds what it says, and passes over what it says.

mod known;

use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_promql::{Expr, Features};
use plimsoll_runtime::config::{Diagnostic, Source};

use super::*;

/// Makes a file of the items of `rules:`.
fn file_of(rules: &str) -> String {
    let indented: Vec<String> = rules
        .lines()
        .map(|line| format!("      {line}\n"))
        .collect();
    format!(
        "groups:\n  - name: group\n    rules:\n{}",
        indented.concat()
    )
}

fn lint_text(text: &str, options: &Options, facts: &dyn Facts) -> Vec<Diagnostic> {
    let source = Source::new("rules.yml".as_ref(), text).unwrap();
    let features = Features::default();
    let file = crate::check(&source, &features).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    lint(&file, options, facts)
}

fn only(name: &str) -> Options {
    Options {
        only: vec![name.to_owned()],
        ..Options::default()
    }
}

/// Returns the findings of one lint, as `line:column message`.
fn found(name: &str, rules: &str) -> Vec<String> {
    let findings = lint_text(&file_of(rules), &only(name), &NoFacts);
    let shown = findings.iter();
    shown
        .map(|finding| format!("{}:{} {}", finding.line, finding.column, finding.message))
        .collect()
}

fn check_found(name: &str, rules: &str, expected: usize) {
    let found = found(name, rules);
    assert_eq!(found.len(), expected, "{name}\n{rules}\n{found:#?}");
}

/// One alert of an expression, with whatever other fields.
fn check_expr(name: &str, expr: &str, fields: &str, expected: usize) {
    check_found(
        name,
        &format!("- alert: A\n  expr: {expr}\n{fields}"),
        expected,
    );
}

#[test]
fn every_lint_finds_its_example_and_not_the_mended_one() {
    for lint in ALL.iter().filter(|lint| !lint.asks_server) {
        let found_bad = found(lint.name, lint.bad);
        assert!(
            !found_bad.is_empty(),
            "{} does not find its example",
            lint.name
        );
        let mark = format!("[{}: {}]", lint.level.as_str(), lint.name);
        assert!(
            found_bad.iter().all(|found| found.ends_with(&mark)),
            "{found_bad:?}"
        );
        check_found(lint.name, lint.good, 0);
    }
}

#[test]
fn names_are_unique_and_mistakes_come_first() {
    let mut names: Vec<_> = ALL.iter().map(|lint| lint.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
    assert!(ALL.is_sorted_by_key(|lint| std::cmp::Reverse(lint.level)));
}

#[test]
fn the_manual_says_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/lint.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    if written != page() {
        let wanted = std::env::temp_dir().join("plimsoll-lint.md");
        std::fs::write(&wanted, page()).unwrap();
        panic!(
            "docs/lint.md is out of date: copy {} over it",
            wanted.display()
        );
    }
}

#[test]
fn what_cannot_be_true_is_found() {
    for (expr, expected) in [
        ("up > 1", 1),
        ("up == 2", 1),
        ("up < 0", 1),
        ("2 < up", 1),
        ("absent(foo) == 0", 1),
        ("absent(foo) < 1", 1),
        ("count(foo) == 0", 1),
        ("rate(foo_total[5m]) < 0", 1),
        ("sum by (job) (increase(foo_total[5m])) < 0", 1),
        (
            "histogram_quantile(95, sum by (le) (rate(foo_bucket[5m]))) < 10",
            1,
        ),
        ("avg(up) * 100 > 100", 1),
        ("hour() > 23", 1),
        ("vector(0) > 1", 1),
        ("(up > 1) or (foo > 3)", 1),
        ("(foo > 5) < 3", 1),
        ("count(up == 0) / count(up) > 50", 1),
        ("sum(up) / count(up) > 1", 1),
        // What can be true, however seldom.
        ("up == 0", 0),
        ("up < 1", 0),
        ("foo > 1", 0),
        ("absent(foo)", 0),
        ("absent(foo) == 1", 0),
        ("count(foo) < 3", 0),
        ("sum(foo) == 0", 0),
        (
            "histogram_quantile(0.95, sum by (le) (rate(foo_bucket[5m]))) > 10",
            0,
        ),
        (
            "histogram_quantile(95, sum by (le) (rate(foo_bucket[5m]))) > 10",
            0,
        ),
        ("sum(rate(a_total[5m])) / sum(rate(b_total[5m])) > 5", 0),
        ("foo_ratio > 1", 0),
        ("predict_linear(foo_total[1h], 3600) < 0", 0),
        ("delta(foo_total[1h]) < 0", 0),
        ("time() - foo_timestamp_seconds > 300", 0),
        ("time() - foo_timestamp_seconds < 0", 0),
        ("scalar(up) > bool 1", 0),
        ("ALERTS{alertstate=\"firing\"} == 1", 0),
        ("foo != foo", 0),
        ("foo == +Inf", 0),
        ("label_replace(up, \"a\", \"b\", \"c\", \"d\") == 1", 0),
        ("(up == 0) + 1 > 0", 0),
        ("job:foo:count < 1", 0),
    ] {
        check_expr("unreachable-condition", expr, "", expected);
    }
}

#[test]
fn a_condition_about_existence_is_no_mistake() {
    for (expr, expected) in [
        ("rate(foo_total[5m]) >= 0", 1),
        ("increase(foo_total[5m]) > -1", 1),
        ("foo_total != -1", 1),
        ("count(foo) > 0", 0),
        ("absent(foo) == 1", 0),
        ("up >= 0", 0),
        ("foo >= 0", 0),
        ("rate(foo_total[5m]) > 0", 0),
        ("vector(1)", 0),
    ] {
        check_expr("always-true-condition", expr, "", expected);
    }
    check_found(
        "always-true-condition",
        "- record: a:b:c\n  expr: rate(foo_total[5m]) >= 0\n",
        0,
    );
}

#[test]
fn ranges_are_judged_by_what_is_known_of_samples() {
    for (expr, expected) in [
        ("rate(foo_total[29s]) > 1", 1),
        ("rate(foo_total[30s]) > 1", 0),
        ("max_over_time(foo[5s]) > 1", 0),
        ("rate(job:foo:sum[20s]) > 1", 0),
        ("rate(foo_total[1m:1m]) > 1", 1),
        ("rate(foo_total[2m:1m]) > 1", 0),
        ("rate(foo_total[20s:]) > 1", 0),
    ] {
        check_expr("short-range", expr, "", expected);
    }
    let recorded = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - record: a:b:c\n    expr: foo\n  - alert: A\n    expr: deriv(a:b:c[90s]) > 1\n";
    let found = lint_text(recorded, &only("short-range"), &NoFacts);
    assert!(
        found[0].message.contains("samples are 1m apart"),
        "{}",
        found[0]
    );
    assert_eq!(
        (found[0].line, found[0].column, found[0].length),
        (8, 17, 10)
    );
    let minute = Options {
        scrape_interval: Duration::from_secs(60),
        ..only("short-range")
    };
    let text = file_of("- alert: A\n  expr: rate(foo_total[90s]) > 1\n");
    assert_eq!(lint_text(&text, &minute, &NoFacts).len(), 1);
    assert_eq!(
        lint_text(&text, &minute, &Told),
        Vec::new(),
        "the server knows better"
    );
}

#[test]
fn labels_that_change_are_found() {
    for (label, expected) in [
        ("'{{ $value }}'", 1),
        ("'{{ $value | humanize }}'", 1),
        ("'{{- printf \"%.0f\" .Value }}'", 1),
        (
            "'{{ if gt $value 90.0 }}critical{{ else }}warning{{ end }}'",
            0,
        ),
        ("'{{ $labels.instance }}'", 0),
        ("'value'", 0),
    ] {
        check_expr(
            "value-in-label",
            "foo > 1",
            &format!("  labels: {{x: {label}}}\n"),
            expected,
        );
    }
    let annotation = "  annotations: {summary: '{{ $value }}'}\n";
    check_expr("value-in-label", "foo > 1", annotation, 0);
    let page = "  labels: {severity: page}\n";
    for (expr, fields, expected) in [
        ("sum by (request_id) (foo) > 1", "", 1),
        ("count(sum by (request_id) (foo) > 1) > 5", "", 0),
        ("sum by (pod, namespace) (foo) > 1", "", 0),
        ("sum by (pod, namespace) (foo) > 1", page, 1),
        ("sum by (namespace) (foo) > 1", page, 0),
        ("sum without (pod) (foo) > 1", page, 0),
    ] {
        check_expr("unbounded-label", expr, fields, expected);
    }
}

#[test]
fn what_is_calm_by_itself_needs_no_for() {
    for (expr, fields, expected) in [
        ("up == 0", "", 1),
        ("up == 0", "  for: 1m\n", 0),
        ("up == 0", "  keep_firing_for: 1m\n", 0),
        ("up == 0", "  labels: {severity: info}\n", 0),
        ("absent(up{job=\"x\"})", "", 1),
        ("absent_over_time(up{job=\"x\"}[10m])", "", 0),
        ("irate(foo_total[5m]) > 10", "", 1),
        ("node_load1 > 20", "", 1),
        ("node_load1 > 20 and node_load5 > 10", "", 1),
        ("avg_over_time(node_load1[5m]) > 20", "", 0),
        ("rate(foo_total[5m]) > 10", "", 0),
        ("time() - last_success_timestamp_seconds > 3600", "", 0),
        ("job_failed > 0", "", 0),
        ("config_last_reload_successful == 0", "", 0),
        ("errors_total > 10", "", 0),
        ("job:errors:ratio_rate5m > 0.1", "", 0),
        ("vector(1)", "", 0),
        ("ALERTS{severity=\"info\"} == 1", "", 0),
    ] {
        check_expr("missing-for", expr, fields, expected);
    }
}

#[test]
fn a_page_about_a_symptom_is_passed_over() {
    let page = "  labels: {severity: critical}\n";
    for (expr, fields, expected) in [
        ("node_load5 > 10", page, 1),
        ("node_load5 > 10", "  labels: {severity: warning}\n", 0),
        ("instance:node_cpu_utilisation:rate5m > 0.9", page, 1),
        (
            "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1",
            page,
            1,
        ),
        (
            "node_filesystem_avail_bytes < 1e9 and predict_linear(node_filesystem_avail_bytes[6h], 3600) < 0",
            page,
            0,
        ),
        ("node_filesystem_readonly == 1", page, 0),
        ("rate(http_errors_total[5m]) > 1", page, 0),
        (
            "node_load5 > 10 and on() rate(http_errors_total[5m]) > 1",
            page,
            0,
        ),
        ("absent(node_load5)", page, 0),
        ("up == 0", page, 0),
        ("vector(1)", page, 0),
    ] {
        check_expr("paging-cause", expr, fields, expected);
    }
}

#[test]
fn a_divisor_that_is_kept_above_zero_is_no_risk() {
    let ratio = "rate(errors_total[5m]) / rate(requests_total[5m])";
    for (expr, expected) in [
        (format!("{ratio} > 0.1"), 1),
        (
            format!("({ratio} > 0.1) and rate(requests_total[5m]) > 1"),
            0,
        ),
        (
            "rate(errors_total[5m]) / (rate(requests_total[5m]) > 0) > 0.1".into(),
            0,
        ),
        (
            "rate(errors_total[5m]) / clamp_min(rate(requests_total[5m]), 1) > 0.1".into(),
            0,
        ),
        (
            "rate(errors_total[5m]) / (rate(requests_total[5m]) + 1) > 0.1".into(),
            0,
        ),
        (
            "rate(x_total{code=\"500\"}[5m]) / rate(x_total[5m]) > 0.1".into(),
            0,
        ),
        ("rate(x_sum[5m]) / rate(x_count[5m]) > 0.1".into(), 0),
        ("memory_used_bytes / memory_limit_bytes > 0.9".into(), 0),
        (format!("{ratio} < 0.1"), 0),
    ] {
        check_expr("unguarded-division", &expr, "", expected);
    }
    let record = |expr: &str| format!("- record: a:b:c\n  expr: {expr}\n");
    check_found(
        "unguarded-division",
        &record("rate(x_sum[5m]) / rate(x_count[5m])"),
        1,
    );
    check_found("unguarded-division", &record("a / b"), 0);
}

#[test]
fn a_custom_that_a_file_does_not_know_is_told_once() {
    let alert = |name: usize, annotation: &str| {
        format!("- alert: A{name}\n  expr: foo > 5\n  for: 1m\n{annotation}")
    };
    let all: String = (0..5).map(|name| alert(name, "")).collect();
    let told = found("missing-runbook", &all);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("4:16 none of the 5 alerts of this file has a link to a runbook"),
        "{told:?}"
    );
    let one = alert(9, "  annotations: {runbook_url: 'https://x.example'}\n");
    check_found("missing-runbook", &format!("{all}{one}"), 5);
    let silent = alert(9, "  labels: {severity: none}\n");
    check_found("missing-runbook", &silent, 0);
    check_found(
        "missing-owner",
        "- alert: A\n  expr: sum by (team) (foo) > 5\n",
        0,
    );
    check_found(
        "missing-severity",
        "- alert: Heartbeat\n  expr: vector(1)\n",
        0,
    );
    let group = "groups:\n- name: g\n  labels: {team: a, severity: page}\n  rules:\n  - alert: A\n    expr: foo > 5\n";
    for name in ["missing-owner", "missing-severity"] {
        assert_eq!(lint_text(group, &only(name), &NoFacts), Vec::new());
    }
}

#[test]
fn findings_are_silenced_where_they_were_decided_about() {
    let rule = "- alert: A\n  expr: up == 0\n";
    check_found(
        "missing-for",
        "- alert: A\n  expr: up == 0  # plimsoll: disable=missing-for a reason\n",
        0,
    );
    check_found(
        "missing-for",
        &format!("# plimsoll: disable=missing-for\n{rule}{rule}"),
        1,
    );
    check_found(
        "missing-for",
        &format!("{rule}# plimsoll: disable=missing-for\n# why\n\n{rule}"),
        1,
    );
    check_found(
        "missing-for",
        "- alert: A\n  # plimsoll: disable=missing-owner, missing-for\n  expr: up == 0\n",
        0,
    );
    check_found(
        "missing-for",
        &format!("{rule}# plimsoll: disable=missing-owner\n{rule}"),
        2,
    );
    let text = file_of(&format!("{rule}{rule}"));
    let all = |text: String| lint_text(&text, &only("missing-for"), &NoFacts).len();
    assert_eq!(all(text.clone()), 2);
    assert_eq!(all(format!("# plimsoll: disable=missing-for\n\n{text}")), 0);
    assert_eq!(
        all(text.replace(
            "name: group\n",
            "name: group # plimsoll: disable=missing-for\n"
        )),
        0
    );
    assert_eq!(
        all(text.replace(
            "name: group\n",
            "name: group # plimsoll: disable=missing-owner\n"
        )),
        2
    );
    let text = text.replace(
        "name: group\n",
        "name: group # plimsoll: disable=mising-for\n",
    );
    let found = lint_text(&text, &only("missing-for"), &NoFacts);
    assert_eq!(found.len(), 3);
    assert_eq!(
        (found[0].line, found[0].column, found[0].length),
        (2, 37, 10)
    );
    assert_eq!(
        found[0].hint.as_deref(),
        Some("did you mean `missing-for`?")
    );
}

#[test]
fn a_finding_has_its_place_and_caret() {
    let rules = "- alert: A\n  expr: |\n    sum(foo)\n      and up > 1\n";
    let found = lint_text(&file_of(rules), &only("unreachable-condition"), &NoFacts);
    let shown = found[0].to_string();
    let expected = "rules.yml:7:17: warning: `>` is never true: the left side is from 0 to 1, the right side is 1 \
                    [mistake: unreachable-condition]\n  |\n7 |             and up > 1\n  |                 ^^^^^^";
    assert_eq!(shown, expected);
}

#[test]
fn names_that_no_lint_has_are_told() {
    let options = only("missing-owenr");
    assert_eq!(
        options.unknown_name(),
        Some(("missing-owenr", Some("missing-owner")))
    );
    assert_eq!(only("short-range").unknown_name(), None);
    assert_eq!(
        only("zzzzzzzzzzzz").unknown_name(),
        Some(("zzzzzzzzzzzz", None))
    );
}

/// A server that has `known{job}` every 30 s, and has watched alerts for 30 days.
#[derive(Debug)]
struct Told;

impl Facts for Told {
    fn has_metric(&self, name: &str) -> Option<bool> {
        Some(["known", "foo_total"].contains(&name))
    }

    fn has_label(&self, _: &str, label: &str) -> Option<bool> {
        Some(label == "job")
    }

    fn sample_interval(&self, _: &str) -> Option<Duration> {
        Some(Duration::from_secs(30))
    }

    fn firing(&self, alert: &str, _: &Expr) -> Option<Firing> {
        let share = match alert {
            "Never" => 0.0,
            "Always" => 1.0,
            "Sometimes" => 0.3,
            _ => return None,
        };
        let watched = Duration::from_hours(30 * 24);
        Some(Firing { watched, share })
    }
}

fn check_told(name: &str, rules: &str, expected: &[&str]) {
    let found = lint_text(&file_of(rules), &only(name), &Told);
    assert_eq!(found.len(), expected.len(), "{rules} {found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.message.starts_with(expected), "{found}");
    }
}

#[test]
fn what_the_server_does_not_have_is_found() {
    let alert = |expr: &str| format!("- alert: A\n  expr: {expr}\n");
    for (expr, expected) in [
        ("known > 1", &[][..]),
        ("knwon > 1", &["the server has no metric knwon"]),
        (
            "known{jbo=\"a\"} > 1",
            &["no series of known has the label jbo"],
        ),
        ("known{job=\"new\"} > 1", &[]),
        ("known{jbo!=\"a\"} > 1", &[]),
        ("known or knwon", &[]),
        ("knwon or known", &[]),
        ("knwon or known or nwokn", &[]),
        (
            "knwon or nwokn",
            &["the server has no metric", "the server has no metric"],
        ),
        ("ALERTS > 1", &[]),
        ("1 < {__name__=~\"kn.*\"}", &[]),
    ] {
        check_told("unknown-metric", &alert(expr), expected);
    }
    let recorded = "- record: a:b:c\n  expr: known\n- alert: A\n  expr: a:b:c > 1\n";
    check_told("unknown-metric", recorded, &[]);
    check_found("unknown-metric", &alert("knwon > 1"), 0);
}

#[test]
fn alerts_that_never_change_are_found() {
    let alert = |name: &str, expr: &str| format!("- alert: {name}\n  expr: {expr}\n");
    let rules = ["Never", "Always", "Sometimes", "New"]
        .map(|name| alert(name, "known > 1"))
        .concat();
    check_told("never-fired", &rules, &["this has not fired once in 30d"]);
    check_told(
        "always-firing",
        &rules,
        &["this fired in 100 % of the last 30d"],
    );
    check_told("always-firing", &alert("Always", "vector(1)"), &[]);
}

/// Returns the folder of other projects' files, or nothing, having said so.
fn testdata() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
    let named = std::env::var_os("PLIMSOLL_TESTDATA").map(PathBuf::from);
    let found = named.unwrap_or(beside);
    if !found.is_dir() {
        eprintln!("SKIPPED: there is no test data at {}", found.display());
        return None;
    }
    Some(found)
}

/// Rules that others wrote and use: Sloth's generated alerts. What is found there must be true of them.
#[test]
fn what_sloth_generates_has_only_the_findings_that_are_argued() {
    let Some(folder) = testdata() else {
        return;
    };
    let argued = [
        // Several services of one example share a page's name and labels.
        "duplicate-rules",
        // `rate(errors) / rate(total)` recorded without a guard: no traffic records NaN, which Sloth knows and leaves.
        "unguarded-division",
        // Sloth links dashboards by labels and leaves runbooks and owners to its user.
        "missing-runbook",
        "missing-owner",
        // Alerts that its user routes by other labels than the severity.
        "missing-severity",
        "missing-summary",
    ];
    let mut files = 0;
    for entry in std::fs::read_dir(folder.join("sloth/examples/_gen")).unwrap() {
        let path = entry.unwrap().path();
        let source = Source::read(&path).unwrap();
        let Ok(file) = crate::check(&source, &Features::default()) else {
            // Those for Kubernetes wrap the groups.
            continue;
        };
        files += 1;
        for finding in lint(&file, &Options::default(), &NoFacts) {
            let is_argued = argued
                .iter()
                .any(|name| finding.message.ends_with(&format!(": {name}]")));
            assert!(is_argued, "{finding}");
        }
    }
    assert!(files > 3, "{files} files");
}
