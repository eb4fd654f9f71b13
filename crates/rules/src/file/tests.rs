use std::time::Duration;

use plimsoll_promql::Features;
use plimsoll_runtime::config::{Diagnostics, Source};

use super::check;
use crate::model::{Kind, RuleFile};

fn read(text: &str) -> Result<RuleFile, Diagnostics> {
    let source = Source::new("rules.yml".as_ref(), text).unwrap();
    check(&source, &Features::default())
}

#[test]
fn reads_every_field() {
    let file = read(
        "groups:\n- name: g\n  interval: 30s\n  query_offset: 1m\n  limit: 5\n  labels: {team: a}\n  rules:\n  \
         - record: job:up:sum\n    expr: sum by (job) (up)\n    labels: {x: y}\n  \
         - alert: Down\n    expr: up == 0\n    for: 5m\n    keep_firing_for: 1m\n    annotations: {summary: s}\n",
    )
    .unwrap();
    let group = &file.groups[0];
    assert_eq!((group.limit, group.labels["team"].as_str()), (5, "a"));
    assert_eq!(group.interval, Some(Duration::from_secs(30)));
    assert_eq!(group.query_offset, Some(Duration::from_secs(60)));
    assert_eq!(group.rules[0].name(), "job:up:sum");
    let Kind::Alert {
        hold,
        keep_firing_for,
        annotations,
        ..
    } = &group.rules[1].kind
    else {
        panic!("{:?}", group.rules[1]);
    };
    assert_eq!((hold.as_secs(), keep_firing_for.as_secs()), (300, 60));
    assert_eq!(annotations["summary"], "s");
}

#[test]
fn tells_all_that_is_wrong_with_its_place() {
    let errors = read(
        "groups:\n- name: g\n  rules:\n  - record: x\n    expr: sum(up) by\n  - alert: y\n    record: z\n    expr: up\n  \
         - record: r\n    expr: up\n    for: 5m\n  - alert: a\n    expr: ''\n    labels: {__name__: x}\n  \
         - alert: b\n    expr: up\n    annotations: {'': x}\n- name: g\n",
    )
    .unwrap_err();
    let shown: Vec<String> = errors
        .iter()
        .map(|error| format!("{}:{} {}", error.line, error.column, error.message))
        .collect();
    let expected = [
        "5:21 the expression is no PromQL",
        "7:13 a rule is either",
        "11:10 `for` belongs to alerts",
        "14:24 `__name__` cannot",
        "12:5 a rule needs `expr`",
        "17:23 the name of a",
        "18:9 the group \"g\"",
    ];
    assert_eq!(shown.len(), expected.len(), "{shown:#?}");
    for (shown, expected) in shown.iter().zip(expected) {
        assert!(shown.starts_with(expected), "{shown} / {expected}");
    }
}

#[test]
fn of_several_documents_the_first_counts() {
    let group = "groups:\n- name: g\n  rules:\n  - record: x\n    expr: up\n";
    let file = read(&format!("# rules\n---\n{group}---\ngroups: [\n")).unwrap();
    assert_eq!(file.groups.len(), 1);
    let warning = file.warnings[0].to_string();
    assert!(warning.starts_with("rules.yml:8:1: warning: "), "{warning}");
    assert!(read(&format!("---\n{group}")).unwrap().warnings.is_empty());
    assert!(read(&format!("{group}...\n")).unwrap().warnings.is_empty());
}

#[test]
fn what_may_have_been_meant_is_told() {
    let text = "groups:\n- name: g\n  rules:\n  - record: x\n    expr: raet(up[5m])\n";
    let errors = read(text).unwrap_err().to_string();
    assert!(errors.contains("^^^^ did you mean \"rate\"?"), "{errors}");
}

#[test]
fn unknown_fields_are_refused() {
    assert!(read("groups:\n- name: g\n  rule: []\n").is_err());
    assert!(read("group: []\n").is_err());
    assert!(read("groups: []\n").unwrap().groups.is_empty());
    assert!(read("").unwrap().groups.is_empty());
}
