//! Labels and annotations: what templates see, what their failures look like, and when they are expanded again.

use std::sync::{Arc, Mutex};

use plimsoll_rules::{Ask, Element, GroupEngine, Outcome};
use plimsoll_types::{BucketCounts, Counts, Histogram, Labels, Timestamp, Value};

use crate::support::{at, element, engine, nothing_asked, read, shown, step};

/// Answers every query with one element, and notes what was asked when.
#[derive(Default)]
struct Asked(Mutex<Vec<(String, i64)>>);

impl Ask for Asked {
    fn query(&self, expr: &str, at: Timestamp) -> Result<Vec<Element>, String> {
        self.0
            .lock()
            .unwrap()
            .push((expr.to_owned(), at.millis() / 1000));
        match expr {
            "broken" => Err("no such thing".into()),
            _ => Ok(vec![element(&[("host", "h1")], 7.0)]),
        }
    }
}

fn alert(rest: &str) -> GroupEngine {
    engine(&format!(
        "query_offset: 30s\nlabels: {{team: '{{{{ $labels.owner }}}}'}}\nrules:\n- alert: A\n  expr: up\n{rest}"
    ))
}

fn notice(outcome: &Outcome) -> (String, String) {
    let alert = &outcome.notices[0];
    (alert.labels.to_string(), format!("{:?}", alert.annotations))
}

#[test]
fn templates_see_the_element_with_its_name_and_the_server() {
    let mut engine = alert(
        "  labels: {severity: '{{ if gt $value 1.0 }}page{{ else }}ticket{{ end }}', empty: '{{ $labels.none }}'}\n  \
         annotations: {who: '{{ $labels.__name__ }} on {{ $labels.instance }}{{ .Labels.none }}', server: '{{ $externalURL }} {{ $externalLabels.region }}', number: '{{ $value | humanize }}'}",
    );
    let outcome = step(
        &mut engine,
        100,
        &[element(
            &[
                ("__name__", "up"),
                ("instance", "a:1"),
                ("owner", "x"),
                ("empty", "e"),
            ],
            1200.0,
        )],
    );
    let (labels, annotations) = notice(&outcome);
    assert_eq!(
        labels,
        r#"{alertname="A", instance="a:1", owner="x", severity="page", team="x"}"#
    );
    assert_eq!(
        annotations,
        r#"{"number": "1.2k", "server": "http://plimsoll north", "who": "up on a:1"}"#
    );
    // A label whose template gave nothing is not on the alert, but as it was written on its series.
    let series = shown(&outcome.samples);
    assert!(
        series[0].contains(r#"empty="{{ $labels.none }}""#),
        "{series:?}"
    );
}

#[test]
fn a_label_that_depends_on_the_value_makes_another_alert() {
    let mut engine = alert("  labels: {v: '{{ $value }}'}");
    step(&mut engine, 100, &[element(&[], 1.0)]);
    let outcome = step(&mut engine, 200, &[element(&[], 2.0)]);
    let kinds: Vec<&str> = outcome
        .decisions
        .iter()
        .map(|decision| &*decision.kind)
        .collect();
    assert_eq!(kinds, ["alert.resolved", "alert.firing"]);
}

#[test]
fn what_fails_says_so_and_the_alert_fires() {
    let mut engine = alert(
        "  annotations: {a: 'x{{ template \"none\" }}', b: '{{ query \"broken\" }}', good: text}",
    );
    let ask: Arc<dyn Ask> = Arc::new(Asked::default());
    let outcome = engine.step(0, at(100), Ok(vec![element(&[], 1.0)]), &ask);
    let annotations = &outcome.notices[0].annotations;
    let (a, b) = (annotations.get("a").unwrap(), annotations.get("b").unwrap());
    assert!(
        a.starts_with(
            "<error expanding template: error executing template __alert_A: template: __alert_A:1:"
        ),
        "{a}"
    );
    assert!(b.ends_with("error calling query: no such thing>"), "{b}");
    assert_eq!(annotations.get("good"), Some("text"));
    assert_eq!(outcome.template_errors.len(), 2);
}

#[test]
fn a_label_of_the_group_that_is_no_template_says_so_too() {
    let mut engine = engine("labels: {team: '{{ bad'}\nrules:\n- {alert: A, expr: up}");
    let outcome = step(&mut engine, 0, &[element(&[], 1.0)]);
    let team = outcome.notices[0].labels.get("team").unwrap().to_owned();
    assert!(
        team.starts_with(
            "<error expanding template: error parsing template __alert_A: template: __alert_A:1: "
        ),
        "{team}"
    );
}

#[test]
fn queries_are_asked_at_the_slot_and_not_at_the_offset() {
    let mut engine = alert(
        "  annotations: {a: '{{ range query \"up\" }}{{ .Labels.host }}={{ .Value }}{{ end }} at {{ now }}'}",
    );
    assert!(engine.asks(0));
    let asked = Arc::new(Asked::default());
    let ask: Arc<dyn Ask> = asked.clone();
    for slot in [100, 160] {
        let outcome = engine.step(0, at(slot), Ok(vec![element(&[], 1.0)]), &ask);
        let view = engine.view();
        let alerts = &view.rules[0].alerting.as_ref().unwrap().alerts;
        assert_eq!(
            alerts[0].annotations.get("a"),
            Some(&*format!("h1=7 at {slot}"))
        );
        assert!(outcome.template_errors.is_empty());
    }
    assert_eq!(
        *asked.0.lock().unwrap(),
        [("up".to_owned(), 100), ("up".to_owned(), 160)]
    );
    let plain = alert("  annotations: {a: text}");
    assert!(!plain.asks(0));
}

#[test]
fn texts_follow_the_value_while_the_alert_is_there_and_stay_when_it_is_kept() {
    let mut engine = alert("  keep_firing_for: 5m\n  annotations: {a: '{{ $value }}'}");
    let text = |engine: &GroupEngine| {
        let view = engine.view();
        let alert = view.rules[0].alerting.as_ref().unwrap().alerts[0].clone();
        (alert.annotations.get("a").unwrap().to_owned(), alert.value)
    };
    step(&mut engine, 100, &[element(&[], 1.0)]);
    assert_eq!(text(&engine), ("1".into(), 1.0));
    let outcome = step(&mut engine, 200, &[element(&[], 2.5)]);
    assert_eq!(text(&engine), ("2.5".into(), 2.5));
    assert!(outcome.changes.is_empty(), "a value is no change");
    step(&mut engine, 300, &[]);
    assert_eq!(text(&engine), ("2.5".into(), 2.5));
}

#[test]
fn texts_of_another_definition_are_made_anew() {
    let mut old = alert("  annotations: {a: 'old {{ $value }}'}");
    step(&mut old, 100, &[element(&[], 1.0)]);
    let mut new = alert("  annotations: {a: 'new {{ $value }}'}");
    new.adopt(old);
    step(&mut new, 130, &[element(&[], 1.0)]);
    let view = new.view();
    let alert = &view.rules[0].alerting.as_ref().unwrap().alerts[0];
    assert_eq!(
        (alert.annotations.get("a"), alert.active_at),
        (Some("new 1"), at(100))
    );
}

#[test]
fn a_histogram_is_a_value_to_templates_and_zero_to_the_api() {
    let mut engine = alert("  annotations: {a: '{{ $value }} {{ $value.Count }}'}");
    let histogram = Histogram {
        sum: 2.5,
        counts: Counts::Float(BucketCounts {
            count: 3.0,
            zero: 3.0,
            ..BucketCounts::default()
        }),
        zero_threshold: 0.5,
        ..Histogram::default()
    };
    let element = Element {
        labels: Labels::empty(),
        value: Value::Histogram(Arc::new(histogram)),
    };
    let outcome = engine.step(0, at(100), Ok(vec![element]), &nothing_asked());
    assert_eq!(
        outcome.notices[0].annotations.get("a"),
        Some("{count:3, sum:2.5, [-0.5,0.5]:3} 3")
    );
    let view = engine.view();
    assert_eq!(
        view.rules[0].alerting.as_ref().unwrap().alerts[0].value,
        0.0
    );
}

#[test]
fn a_text_that_is_no_template_refuses_the_file_with_its_place() {
    let text = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up\n    labels: {x: '{{ $labels.a'}\n    annotations:\n      \
                summary: |\n        fine {{ $value }}\n        not {{ nothing }} fine\n      other: '{{ if }}'\n  \
                - {record: r, expr: up, labels: {x: '{{ fine here'}}\n";
    let errors = read(text).unwrap_err();
    let shown: Vec<String> = errors
        .iter()
        .map(|e| format!("{}:{} {}", e.line, e.column, e.message))
        .collect();
    assert_eq!(shown.len(), 3, "{shown:#?}");
    assert!(
        shown[0].starts_with("6:18 the label `x` is no template: "),
        "{shown:#?}"
    );
    assert!(
        shown[2].starts_with(
            "10:9 the annotation `summary` is no template: function \"nothing\" not defined"
        ),
        "{shown:#?}"
    );
    assert!(
        shown[1].starts_with("11:15 the annotation `other` is no template: missing value for if"),
        "{shown:#?}"
    );
    assert!(
        errors
            .to_string()
            .contains("not {{ nothing }} fine\n   |         ^^^^"),
        "{errors}"
    );
}

#[test]
fn a_text_has_a_bound() {
    let mut engine = alert(
        "  annotations: {a: '{{ range query \"up\" }}{{ printf \"%2000000d\" 1 }}{{ end }}'}",
    );
    let ask: Arc<dyn Ask> = Arc::new(Asked::default());
    let outcome = engine.step(0, at(100), Ok(vec![element(&[], 1.0)]), &ask);
    let text = outcome.notices[0].annotations.get("a").unwrap().to_owned();
    assert!(
        text.starts_with("<error expanding template: ") && text.len() < 1000,
        "{text:.200}"
    );
}
