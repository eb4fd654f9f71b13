//! What a configuration is refused for, and where the finding points.

use plimsoll_alerting::config::{Loaded, Options, load, parse};
use plimsoll_alerting::matchers::{self, Mode};
use plimsoll_runtime::config::{Diagnostic, Severity};

pub(crate) fn read(text: &str) -> Result<Loaded, String> {
    let loaded = parse("am.yml".as_ref(), text, &Options::default());
    loaded.map_err(|findings| findings.to_string())
}

/// The smallest configuration, and more sections.
pub(crate) fn with(sections: &str) -> String {
    format!("route: {{receiver: a}}\nreceivers: [{{name: a}}, {{name: b}}]\n{sections}")
}

/// Expects that a text is refused with these findings: what is pointed at, and the message.
pub(crate) fn refused(text: &str, expected: &[(&str, &str)]) {
    let findings = match parse("am.yml".as_ref(), text, &Options::default()) {
        Ok(_) => panic!("was taken:\n{text}"),
        Err(findings) => findings,
    };
    let pointed_at = |finding: &Diagnostic| -> String {
        let line = text.lines().nth(finding.line - 1).unwrap_or_default();
        let from = line.chars().skip(finding.column - 1);
        from.take(finding.length).collect()
    };
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let found: Vec<(String, &str)> = errors
        .map(|finding| (pointed_at(finding), &*finding.message))
        .collect();
    let found: Vec<(&str, &str)> = found.iter().map(|(at, what)| (&**at, *what)).collect();
    assert_eq!(found, expected, "{text}\n{findings}");
}

#[test]
fn the_tree_of_routes_is_checked() {
    const NO_RECEIVER: &str = "the root of the routes needs a `receiver`";
    const MATCHERS: &str = "the root of the routes cannot have matchers: every alert takes it that no other route wants";
    for (route, place, message) in [
        ("{}", "route", NO_RECEIVER),
        ("{receiver: ''}", "''", NO_RECEIVER),
        ("{receiver: c}", "c", "there is no receiver `c`"),
        (
            "{receiver: a, continue: true}",
            "true",
            "the root of the routes cannot `continue`: it has no siblings",
        ),
        ("{receiver: a, match: {b: c}}", "b", MATCHERS),
        ("{receiver: a, match_re: {b: c}}", "b", MATCHERS),
        ("{receiver: a, matchers: ['b=c']}", "'b=c'", MATCHERS),
        (
            "{receiver: a, group_interval: 0s}",
            "0s",
            "`group_interval` must be above zero",
        ),
        (
            "{receiver: a, repeat_interval: 0}",
            "0",
            "`repeat_interval` must be above zero",
        ),
        (
            "{receiver: a, group_wait: 293y}",
            "293y",
            "the duration is longer than 292 years",
        ),
        (
            "{receiver: a, group_by: [b, b]}",
            "b",
            "the label `b` is here twice",
        ),
        (
            "{receiver: a, group_by: [b, '...']}",
            "'...'",
            "`...` stands for all labels, so it stands alone",
        ),
        (
            "{receiver: a, group_by: ['']}",
            "''",
            "\"\" is no name of a label",
        ),
        (
            "{receiver: a, routes: [{receiver: c}]}",
            "c",
            "there is no receiver `c`",
        ),
        (
            "{receiver: a, routes: [{match: {b-c: d}}]}",
            "b-c",
            "\"b-c\" is no name of a label",
        ),
        (
            "{receiver: a, routes: [{match_re: {b: '('}}]}",
            "'('",
            "invalid regular expression \"(\": unclosed group",
        ),
        (
            "{receiver: a, routes: [{match_re: {b: }}]}",
            "b",
            "expected a regular expression, found nothing",
        ),
        (
            "{receiver: a, routes: [{matchers: ['b=c', 'd=\"e\", f']}]}",
            "f",
            "expected a matcher such as a=\"b\", found \"f\"",
        ),
        (
            "{receiver: a, group_wait: soon}",
            "soon",
            "expected a duration such as 15s, 5m or 1h30m, found \"soon\"",
        ),
        (
            "{receiver: a, recieve: b}",
            "recieve",
            "unknown field `recieve`",
        ),
    ] {
        let text = format!("route: {route}\nreceivers: [{{name: a}}]\n");
        refused(&text, &[(place, message)]);
    }
    const NO_ROUTE: &str = "there is no `route`: alerts would go nowhere";
    refused("receivers: [{name: a}]\n", &[("r", NO_ROUTE)]);
    refused("", &[("", NO_ROUTE)]);
}

#[test]
fn everything_wrong_is_told_at_once() {
    let text = "route:\n  receiver: x\n  group_interval: 0s\n  active_time_intervals: [u]\nreceivers:\n- name: a\n- name: a\n- name: ''\n\
        time_intervals:\n- name: t\n  time_intervals:\n  - weekdays: [someday]\n    times: [{start_time: '9:00', end_time: '17:00'}]\n\
        inhibit_rules:\n- source_matchers: [b]\n  equal: ['']\n";
    refused(
        text,
        &[
            ("a", "two receivers have the name `a`"),
            ("name", "a receiver needs a `name`"),
            ("start_time", "expected a time such as 09:30, found `9:00`"),
            ("someday", "`someday` is no weekday"),
            ("b", "expected a matcher such as a=\"b\", found \"b\""),
            ("''", "\"\" is no name of a label"),
            (
                "u",
                "the root of the routes cannot have `active_time_intervals`",
            ),
            ("x", "there is no receiver `x`"),
            ("u", "there is no time interval `u`"),
            ("0s", "`group_interval` must be above zero"),
        ],
    );
}

#[test]
fn names_of_time_intervals_are_shared() {
    let intervals = |names: [&str; 2]| {
        with(&format!(
            "mute_time_intervals: [{{name: '{}'}}]\ntime_intervals: [{{name: '{}'}}]\n",
            names[0], names[1]
        ))
    };
    assert!(read(&intervals(["t", "u"])).is_ok());
    refused(
        &intervals(["t", "t"]),
        &[("'t'", "two time intervals have the name `t`")],
    );
    refused(
        &intervals(["", "t"]),
        &[("name", "time intervals need a `name`")],
    );
}

#[test]
fn receivers_we_lack_are_refused_by_name_with_the_list_of_ours() {
    let error = read(
        "route: {receiver: a}\nreceivers: [{name: a, pushover_configs: [{token: t, user_key: u}]}]\n",
    );
    let error = error.unwrap_err();
    assert!(
        error.contains("am.yml:2:23: error: receivers of the kind `pushover` are not supported"),
        "{error}"
    );
    assert!(error.contains("webhook"), "{error}");
    assert!(!error.contains("token: t"), "{error}");
}

#[test]
fn what_has_no_effect_or_should_be_written_otherwise_is_told() {
    let text = with("tracing: {endpoint: x}\ninhibit_rules:\n- source_matchers: ['a=b c']\n");
    let warnings = read(&text).unwrap().warnings;
    let found: Vec<String> = warnings
        .iter()
        .map(|one| format!("{}:{}: {}", one.line, one.column, one.message))
        .collect();
    let expected = [
        "3:1: `tracing` is accepted, but this version does not act on it",
        "5:21: these matchers are not valid in the syntax for UTF-8: expected a comma or the end, found `c`; write {a=\"b c\"}",
        "5:3: without `target_matchers` every alert is a target of this rule",
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_mode_of_matchers_is_that_of_the_flag() {
    let text = with(
        "inhibit_rules: [{source_matchers: ['\"my label\"=b'], target_matchers: ['c=d e'], equal: ['x y']}]\n",
    );
    let verdict = |matchers| {
        let loaded = parse("am.yml".as_ref(), &text, &Options { matchers });
        loaded
            .map(|_| ())
            .map_err(|findings| findings.iter().filter(|one| one.line > 0).count())
    };
    assert_eq!(verdict(Mode::Fallback), Ok(()));
    assert_eq!(verdict(Mode::Classic), Err(2), "both names");
    assert_eq!(verdict(Mode::Utf8), Err(1), "the value");
    assert!(matchers::parse("c=d e", Mode::Utf8).is_err());
}

#[test]
fn paths_are_relative_to_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("am.yml");
    std::fs::write(&path, with("templates: ['t/*.tmpl', /abs.tmpl]\n")).unwrap();
    let config = load(&path, &Options::default()).unwrap().config;
    assert_eq!(
        config.templates,
        [directory.path().join("t/*.tmpl"), "/abs.tmpl".into()]
    );
    let missing = load(&directory.path().join("no.yml"), &Options::default());
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("cannot read the file")
    );
}

#[test]
fn rules_of_inhibition_take_all_spellings() {
    let text = with(
        "inhibit_rules:\n- name: n\n  source_match: {b: c}\n  source_match_re: {a: 'd|e'}\n  source_matchers: ['a!=x']\n  \
         target_match: {b: c}\n  target_match_re: {a: d}\n  equal: [z, y, z]\n",
    );
    let rule = read(&text).unwrap().config.inhibit_rules.remove(0);
    assert_eq!(rule.name, "n");
    assert_eq!(
        matchers::display(&rule.source_matchers),
        "{a=~\"^(?:d|e)$\",a!=\"x\",b=\"c\"}"
    );
    assert_eq!(
        matchers::display(&rule.target_matchers),
        "{a=~\"^(?:d)$\",b=\"c\"}"
    );
    assert_eq!(rule.equal, ["y", "z"]);
}
