//! `plimsoll test rules` beside promtool: verdicts, words, JUnit, and random rules.

use plimsoll_e2e::{Home, RuleDifferential, find, promtool};

use crate::cli::plimsoll;

const RULES: &str = "groups:\n- name: g\n  rules:\n  - record: job:up:sum\n    expr: sum by (job) (up)\n  \
                     - alert: Down\n    expr: up == 0\n    for: 1m\n    annotations: {text: '{{ $labels.job }} is down'}\n";
const SERIES: &str = "  input_series:\n  - {series: 'up{job=\"a\"}', values: 1 0x5}\n";

/// Writes rules and tests; returns the path of the tests.
fn tests(home: &Home, tests: &str) -> String {
    home.write("rules.yml", RULES.as_bytes()).unwrap();
    let text = format!("rule_files: [rules.yml]\ntests:\n{tests}");
    let path = home.write("tests.yml", text.as_bytes()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn of_alert(name: &str, expected: &str) -> String {
    format!(
        "- name: {name}\n  interval: 1m\n{SERIES}  alert_rule_test:\n  \
         - {{eval_time: 3m, alertname: Down, exp_alerts: {expected}}}\n"
    )
}

const GOOD: &str = "[{exp_labels: {job: a}, exp_annotations: {text: a is down}}]";

#[test]
fn verdicts_and_words_are_those_of_promtool() {
    if find("promtool").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    for text in [
        of_alert("good", GOOD),
        of_alert("bad", "[]"),
        of_alert("bad", &GOOD.replace("is down", "is up")),
        of_alert("bad", &GOOD.replace("alertname", "alert")),
        format!("- promql_expr_test: [{{expr: up, exp_samples: [{{value: 1}}]}}]\n{SERIES}"),
        "- promql_expr_test: [{expr: 'up['}]\n".into(),
        "- input_series: [{series: 'up{', values: 1}]\n".into(),
        "- input_series: [{series: up, values: 1y}]\n".into(),
        "- alert_rule_test: [{eval_time: 1m}]\n".into(),
        "- interval: 5\n".into(),
        "- unknown: 1\n".into(),
        "- {}\n".into(),
    ] {
        let path = tests(&home, &text);
        let theirs = promtool(&["test", "rules", &path]).unwrap();
        let ours = plimsoll(&["test", "rules", &path]);
        assert_eq!(
            theirs.status.code(),
            ours.code,
            "{text}{theirs:?}\n{ours:?}"
        );
        // What promtool says about an expectation, we say word for word before our own lines.
        let theirs = String::from_utf8_lossy(&theirs.stderr).into_owned();
        for line in theirs.lines().filter(|line| line.contains("alertname: ")) {
            assert!(ours.stderr.contains(line), "{line}\n{ours:?}");
        }
    }
}

#[test]
fn tests_are_chosen_by_name_and_written_as_junit() {
    let home = Home::new().unwrap();
    let path = tests(
        &home,
        &(of_alert("good one", GOOD) + &of_alert("bad <one>", "[]")),
    );
    let ended = plimsoll(&["test", "rules", "--run", "^good", &path]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with("Unit Testing:  ") && ended.stdout.contains("  SUCCESS\n"));
    let junit = home.path("junit.xml");
    let line = [
        "test",
        "rules",
        "--diff",
        "--junit",
        junit.to_str().unwrap(),
        &path,
    ];
    let ended = plimsoll(&line);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("+ Labels:{alertname=\"Down\", job=\"a\"}"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains("exp:[]"), "{ended:?}");
    let xml = std::fs::read_to_string(junit).unwrap();
    assert!(
        xml.contains("<testsuites tests=\"2\" failures=\"1\" errors=\"0\""),
        "{xml}"
    );
    assert!(xml.contains("<testcase name=\"bad &lt;one&gt;\""), "{xml}");
    let wrong = plimsoll(&["test", "rules", "--run", "(", &path]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

#[test]
fn bad_files_are_refused_with_place_and_caret() {
    let home = Home::new().unwrap();
    let path = tests(&home, "- input_series:\n  - {series: up, values: 1 2y}\n");
    let ended = plimsoll(&["test", "rules", &path]);
    assert_eq!(ended.code, Some(1));
    let expected = "tests.yml:4:28: error: not the values of a series";
    assert!(ended.stderr.contains(expected), "{ended:?}");
    assert!(ended.stderr.contains("^^"), "{ended:?}");
    let absent = plimsoll(&["test", "rules", "absent.yml"]);
    assert_eq!(absent.code, Some(1));
    assert!(
        absent.stderr.contains("absent.yml: error: cannot read"),
        "{absent:?}"
    );
}

#[test]
fn unknown_fields_are_taken_on_demand() {
    let home = Home::new().unwrap();
    let path = tests(&home, &of_alert("good", GOOD));
    let rules = RULES.replace("- name: g\n", "- name: g\n  owner: {team: a}\n");
    let rules = home.write("rules.yml", rules.as_bytes()).unwrap();
    for (command, file) in [("test", path.as_str()), ("check", rules.to_str().unwrap())] {
        let ended = plimsoll(&[command, "rules", file]);
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let ended = plimsoll(&[command, "rules", "--ignore-unknown-fields", file]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(
            ended
                .stderr
                .contains("rules.yml:3:3: warning: the field `owner`"),
            "{ended:?}"
        );
    }
}

#[test]
fn random_rules_are_judged_as_promtool_judges_them() {
    let Some(differential) = RuleDifferential::new().unwrap() else {
        return;
    };
    for seed in 1..=8 {
        let agreement = differential
            .run(seed)
            .unwrap_or_else(|error| panic!("{error:#}"));
        assert!(agreement.passed + agreement.failed == 2, "{agreement:?}");
    }
}
