//! Whether a file is taken: as Debian's `promtool check rules` says, but for what Prometheus 3 changed.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::read;

fn testdata() -> Option<PathBuf> {
    let named = std::env::var_os("PLIMSOLL_TESTDATA").map(PathBuf::from);
    let root = named.unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata")
    });
    root.is_dir().then_some(root)
}

#[test]
fn fixtures_of_prometheus_have_their_verdicts() {
    let Some(root) = testdata() else {
        println!("skipped: no rule files of Prometheus (set PLIMSOLL_TESTDATA)");
        return;
    };
    let mut count = 0;
    for folder in ["promtool", "rules"] {
        for entry in std::fs::read_dir(root.join("prometheus").join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Unit tests are no rule files, and fields that Prometheus does not know refuse one.
            let is_bad = name.contains("test") || name.contains("extrafields");
            let read = read(&std::fs::read_to_string(&path).unwrap());
            assert_eq!(read.is_err(), is_bad, "{name}: {read:?}");
            count += 1;
        }
    }
    assert!(count > 10, "only {count} files");
}

/// Rules or whole groups, and whether a file with them is good.
const FILES: &[(bool, &str)] = &[
    (true, ""),
    (true, "groups:"),
    (true, "groups: []"),
    (true, "groups:\n- name: g"),
    (true, "groups:\n- name: g\n  rules:"),
    (
        true,
        "groups:\n- name: g\n  interval: 0s\n  limit: -1\n  rules: []",
    ),
    (true, "groups:\n- name: g\n- name: h"),
    (false, "groups:\n- name: g\n- name: g"),
    (false, "groups:\n- rules: []"),
    (false, "groups:\n- name: g\n  interval: 1"),
    (false, "groups:\n- name: g\n  interval: -1m"),
    (true, "groups:\n- name: g\n  limit: 1.5"),
    (false, "groups:\n- name: g\n  limit: .inf"),
    (false, "groups:\n- name: g\n  limit: 1e30"),
    (false, "groups:\n- name: g\n  limit: x"),
    (false, "groups:\n- name: g\n  unknown: 1"),
    (false, "groups:\n- name: g\n  name: h"),
    (true, "- {record: r, expr: up}"),
    (
        true,
        "- {record: 'a:b', expr: up, for: 0s, keep_firing_for: 0s, annotations: {}}",
    ),
    (false, "- {record: r, expr: up, for: 1s}"),
    (false, "- {record: r, expr: up, annotations: {a: b}}"),
    (false, "- {record: r, alert: a, expr: up}"),
    (false, "- {expr: up}"),
    (false, "- {record: r}"),
    (false, "- {record: r, expr: ''}"),
    (false, "- {record: r, expr: 'up{'}"),
    (false, "- {record: 'r{a=\"b\"}', expr: up}"),
    (false, "- {record: r, expr: up, labels: {__name__: x}}"),
    (
        true,
        "- {record: r, expr: up, labels: {a: '', alertname: x}}",
    ),
    (true, "- {record: r, expr: up, labels: {a: '{{ bad'}}"),
    (true, "- {record: r, expr: 1}"),
    (true, "- {record: r, expr: '\"text\"'}"),
    (true, "- {record: r, expr: 'up[5m]'}"),
    (true, "- {alert: a b, expr: up, for: 1h30m}"),
    (true, "- {alert: a, expr: up, annotations: {__name__: x}}"),
    (false, "- {alert: a, expr: up, for: 1h 30m}"),
    (false, "- {alert: a, expr: up, for: 5}"),
    (true, "- {alert: a, expr: up, for: 0}"),
    (false, "- {alert: a, expr: up, for: -5m}"),
    (false, "- {alert: a, expr: up, labels: [a]}"),
    (false, "- {alert: a, expr: up, labels: {a: {b: c}}}"),
    (
        true,
        "- {alert: a, expr: up, labels: {a: 1, b: true, c: null, d: 1.5}}",
    ),
    (
        true,
        "- {alert: a, expr: up, labels: {a: '{{ $labels.x }}', b: '{{ $value | humanize }}'}}",
    ),
    (
        true,
        "- {alert: a, expr: up, annotations: {a: '{{ range query \"up\" }}{{ .Value }}{{ end }}'}}",
    ),
    (
        true,
        "- {alert: a, expr: up, annotations: {a: '{{ .Nothing }} {{ index $labels 3 }} }}'}}",
    ),
    (
        false,
        "- {alert: a, expr: up, annotations: {a: '{{ $labels.x'}}",
    ),
    (
        false,
        "- {alert: a, expr: up, annotations: {a: '{{ unknown 1 }}'}}",
    ),
    (
        false,
        "- {alert: a, expr: up, annotations: {a: '{{ $nothing }}'}}",
    ),
    (
        false,
        "- {alert: a, expr: up, annotations: {a: '{{ if true }}x'}}",
    ),
    (false, "- {alert: a, expr: up, labels: {a: '{{ end }}'}}"),
    (false, "- {alert: a, expr: up, labels: {a: '{{ }}'}}"),
    (
        true,
        "- {alert: a, expr: up, labels: {a: '{{ define \"x\" }}1{{ end }}{{ template \"x\" }}'}}",
    ),
];

/// What Prometheus 2.42 takes otherwise than Prometheus 3.
const CHANGED: &[(bool, &str)] = &[
    (
        true,
        "groups:\n- name: g\n  query_offset: 1m\n  labels: {a: '{{ bad'}",
    ),
    (false, "groups:\n- name: g\n  labels: {__name__: x}"),
    (true, "- {record: 'a.b \u{fc}', expr: up}"),
    (true, "- {record: r, expr: up, labels: {'a b': x}}"),
    (false, "- {record: r, expr: up, labels: {'': x}}"),
    (
        true,
        "- {alert: a, expr: up, keep_firing_for: 5m, annotations: {'a b': x}}",
    ),
    (true, "- {alert: a, expr: '{\"a.b\"}'}"),
];

fn whole(text: &str) -> String {
    match text.starts_with("- ") {
        true => format!("groups:\n- name: g\n  rules:\n  {text}\n"),
        false => format!("{text}\n"),
    }
}

#[test]
fn files_are_good_or_bad_as_in_prometheus() {
    for (is_good, text) in FILES.iter().chain(CHANGED) {
        let read = read(&whole(text));
        assert_eq!(read.is_ok(), *is_good, "{text}: {read:?}");
    }
}

#[test]
fn promtool_agrees() {
    let promtool = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rules.yml");
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("promtool");
        let command = command.args(["check", "rules"]).arg(&file);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.map(|status| status.success())
    };
    for (is_good, text) in FILES {
        match promtool(&whole(text)) {
            Ok(taken) => assert_eq!(taken, *is_good, "{text}"),
            Err(error) => {
                let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
                assert!(!is_required, "promtool: {error}");
                println!("skipped: promtool is not installed");
                return;
            }
        }
    }
}
