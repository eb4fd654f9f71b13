//! `plimsoll check rules` and `check metrics`, beside promtool's verdicts.

use plimsoll_e2e::{Home, find, promtool};

use crate::cli::{plimsoll, plimsoll_reading, refused};

const GOOD: &str = "groups:\n- name: g\n  rules:\n  - record: job:up:sum\n    expr: sum by (job) (up)\n  \
                    - alert: Down\n    expr: up == 0\n    for: 5m\n";
const TWICE: &str =
    "groups:\n- name: g\n  rules:\n  - record: x\n    expr: up\n  - record: x\n    expr: up\n";
const UNKNOWN: &str = "groups:\n- name: g\n  rules:\n  - record: x\n    expr: raet(up[5m])\n";

#[test]
fn good_rules_are_counted() {
    let home = Home::new().unwrap();
    let path = home.write("rules.yml", GOOD.as_bytes()).unwrap();
    let ended = plimsoll(&["check", "rules", path.to_str().unwrap()]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let expected = "rules.yml: good: 1 groups, 1 recording rules, 1 alerting rules\n";
    assert!(ended.stdout.ends_with(expected), "{ended:?}");
}

#[test]
fn bad_rules_are_refused_with_place_and_caret() {
    for (text, expected) in [
        (
            UNKNOWN,
            &["standard input:5:11: error", "^^^^ did you mean \"rate\"?"][..],
        ),
        (
            "groups:\n- name: g\n  rule: []\n",
            &[":3:3: error", "`rules`"],
        ),
        ("groups:\n- name: g\n- name: g\n", &[":3:9: error", "twice"]),
        (
            "groups:\n- name: g\n  interval: 5\n",
            &[":3:13: error", "expected a duration such as 15s"],
        ),
        ("groups: [\n", &["never closed"]),
    ] {
        for line in [&["check", "rules"][..], &["check", "rules", "-"]] {
            refused(&plimsoll_reading(text, line), 1, expected);
        }
    }
    refused(
        &plimsoll(&["check", "rules", "absent.yml"]),
        1,
        &["absent.yml: error: cannot read"],
    );
}

#[test]
fn what_is_legal_and_not_meant_is_told() {
    let rules = |line: &[&str]| plimsoll_reading(TWICE, &[&["check", "rules"], line].concat());
    let ended = rules(&[]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stderr.contains("more than one rule writes x;"),
        "{ended:?}"
    );
    assert_eq!(rules(&["--lint-fatal"]).code, Some(3));
    let silent = rules(&["--lint-fatal", "--lint", "none"]);
    assert_eq!((silent.code, &*silent.stderr), (Some(0), ""));
    let two = plimsoll_reading(&format!("{GOOD}---\n{TWICE}"), &["check", "rules"]);
    assert_eq!(two.code, Some(0), "{two:?}");
    assert!(
        two.stderr.contains(":9:1: warning: a second document"),
        "{two:?}"
    );
}

#[test]
fn experimental_functions_are_allowed_by_name() {
    let text = "groups:\n- name: g\n  rules:\n  - record: x\n    expr: limitk(1, up)\n";
    refused(
        &plimsoll_reading(text, &["check", "rules"]),
        1,
        &["promql-experimental-functions"],
    );
    let line = [
        "check",
        "rules",
        "--enable-feature",
        "promql-experimental-functions",
    ];
    assert_eq!(plimsoll_reading(text, &line).code, Some(0));
}

#[test]
fn rule_files_get_the_verdicts_of_promtool() {
    if find("promtool").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    let rule = |fields: &str| format!("groups:\n- name: g\n  rules:\n  - {fields}\n");
    for (text, code) in [
        (GOOD.to_owned(), 0),
        (String::new(), 0),
        (UNKNOWN.to_owned(), 1),
        (rule("{record: x, alert: y, expr: up}"), 1),
        (rule("{record: x, expr: up, for: 5m}"), 1),
        (rule("{record: x, expr: up, annotations: {a: b}}"), 1),
        (rule("{record: x}"), 1),
        (rule("{expr: up}"), 1),
        (rule("{alert: x, expr: up, for: -1m}"), 1),
        (rule("{alert: x, expr: up, fro: 1m}"), 1),
        (rule("{alert: x, expr: up, labels: {__name__: y}}"), 1),
        (rule("{alert: x, expr: up, keep_firing_for: 1m}"), 0),
        ("groups:\n- rules: []\n".to_owned(), 1),
        (TWICE.to_owned(), 0),
    ] {
        let path = home.write("rules.yml", text.as_bytes()).unwrap();
        let path = path.to_str().unwrap();
        // Debian's promtool is older than `keep_firing_for`.
        if !text.contains("keep_firing_for") {
            let theirs = promtool(&["check", "rules", path]).unwrap();
            assert_eq!(theirs.status.code(), Some(code), "promtool: {text}");
        }
        let ours = plimsoll(&["check", "rules", path]);
        assert_eq!(ours.code, Some(code), "{text}{ours:?}");
    }
}

#[test]
fn expositions_are_checked_from_files_and_standard_input() {
    let good = "# HELP a_total A.\n# TYPE a_total counter\na_total{x=\"1\"} 1\na_total{x=\"2\"} 1\n\
                # HELP b_seconds B.\n# TYPE b_seconds gauge\nb_seconds 1\n";
    let home = Home::new().unwrap();
    let path = home.write("good.prom", good.as_bytes()).unwrap();
    let path = path.to_str().unwrap();
    for line in [&["check", "metrics"][..], &["check", "metrics", path]] {
        let ended = plimsoll_reading(good, line);
        assert_eq!(
            (ended.code, &*ended.stdout, &*ended.stderr),
            (Some(0), "", ""),
        );
    }
    let ended = plimsoll(&["check", "metrics", "--extended", path]);
    assert_eq!(
        ended.stdout,
        "metric     series   share\na_total         2   66.7%\nb_seconds       1   33.3%\n\
         total           3  100.0%\n"
    );
    refused(
        &plimsoll_reading("a{x=\"1\" 1\n", &["check", "metrics"]),
        1,
        &["error: standard input: line 1, column "],
    );
    refused(
        &plimsoll_reading("requestCount 1\n", &["check", "metrics"]),
        3,
        &[
            "requestCount no help text\n",
            "requestCount metric names should be written in 'snake_case'",
            "error: 2 lint findings\n",
        ],
    );
    let ended = plimsoll_reading("requestCount 1\n", &["check", "metrics", "--lint", "none"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    refused(
        &plimsoll(&["check", "metrics", "absent"]),
        1,
        &["cannot read absent: "],
    );
}
