//! An alert's life: every row of the transition table, with what is stored, sent, kept and told.

use plimsoll_rules::{AlertChange, AlertState, Element, GroupEngine, Outcome};
use plimsoll_types::Alert;

use crate::support::{at, element, engine, engine_of, group, shown, step};

const INSTANCE: &[(&str, &str)] = &[("__name__", "up"), ("instance", "a")];

fn kinds(outcome: &Outcome) -> Vec<&str> {
    let kinds = outcome.decisions.iter();
    kinds.map(|decision| &*decision.kind).collect()
}

fn states(engine: &GroupEngine) -> Vec<AlertState> {
    let view = engine.view();
    let alerting = view.rules[0].alerting.as_ref().unwrap();
    alerting.alerts.iter().map(|alert| alert.state).collect()
}

fn ends(notices: &[Alert]) -> Vec<i64> {
    let ends = notices.iter();
    ends.map(|alert| alert.ends_at.unwrap().millis() / 1000)
        .collect()
}

#[test]
fn pends_fires_and_is_resolved() {
    let mut engine =
        engine("rules:\n- {alert: Down, expr: up == 0, for: 60s, labels: {severity: page}}");
    let there = [element(INSTANCE, 0.0)];
    let outcome = step(&mut engine, 1000, &there);
    assert_eq!(
        shown(&outcome.samples),
        [
            r#"ALERTS_FOR_STATE{alertname="Down", instance="a", severity="page"} 1000"#,
            r#"ALERTS{alertname="Down", alertstate="pending", instance="a", severity="page"} 1"#,
        ]
    );
    assert!(outcome.notices.is_empty());
    assert_eq!(
        (kinds(&outcome), outcome.changes.len()),
        (vec!["alert.pending"], 1)
    );

    let outcome = step(&mut engine, 1059, &there);
    assert!(
        outcome.changes.is_empty() && outcome.decisions.is_empty(),
        "{outcome:?}"
    );

    let outcome = step(&mut engine, 1060, &there);
    assert_eq!(kinds(&outcome), ["alert.firing"]);
    assert_eq!(
        shown(&outcome.samples),
        [
            r#"ALERTS_FOR_STATE{alertname="Down", instance="a", severity="page"} 1000"#,
            r#"ALERTS{alertname="Down", alertstate="firing", instance="a", severity="page"} 1"#,
            r#"ALERTS{alertname="Down", alertstate="pending", instance="a", severity="page"} stale"#,
        ]
    );
    let notice = &outcome.notices[0];
    assert_eq!(
        (notice.starts_at, notice.ends_at),
        (at(1060), Some(at(1060 + 240)))
    );
    assert_eq!(
        notice.generator_url,
        "http://plimsoll/graph?g0.expr=up+%3D%3D+0&g0.tab=1"
    );

    let outcome = step(&mut engine, 1090, &[]);
    assert_eq!(kinds(&outcome), ["alert.resolved"]);
    assert!(
        shown(&outcome.samples)
            .iter()
            .all(|sample| sample.ends_with("stale"))
    );
    assert_eq!(ends(&outcome.notices), [1090]);
    assert!(states(&engine).is_empty());
}

#[test]
fn a_pending_alert_without_its_element_is_forgotten() {
    let mut engine = engine("rules:\n- {alert: A, expr: up, for: 60s}");
    step(&mut engine, 0, &[element(INSTANCE, 1.0)]);
    let outcome = step(&mut engine, 30, &[]);
    assert_eq!(kinds(&outcome), ["alert.forgotten"]);
    assert!(matches!(outcome.changes[..], [AlertChange::Delete { .. }]));
    assert!(outcome.notices.is_empty() && outcome.samples.len() == 2);
    step(&mut engine, 60, &[element(INSTANCE, 1.0)]);
    assert_eq!(states(&engine), [AlertState::Pending]);
}

#[test]
fn fires_on_for_keep_firing_for_and_no_longer() {
    let mut engine = engine("rules:\n- {alert: A, expr: up, keep_firing_for: 60s}");
    let there = [element(INSTANCE, 1.0)];
    assert_eq!(kinds(&step(&mut engine, 0, &there)), ["alert.firing"]);
    assert_eq!(kinds(&step(&mut engine, 30, &[])), ["alert.kept_firing"]);
    let view = engine.view();
    let alert = &view.rules[0].alerting.as_ref().unwrap().alerts[0];
    assert_eq!(alert.keep_firing_since, Some(at(30)));
    assert_eq!(kinds(&step(&mut engine, 60, &there)), ["alert.came_back"]);
    assert_eq!(kinds(&step(&mut engine, 90, &[])), ["alert.kept_firing"]);
    assert!(kinds(&step(&mut engine, 149, &[])).is_empty());
    assert_eq!(kinds(&step(&mut engine, 150, &[])), ["alert.resolved"]);
}

#[test]
fn is_sent_again_after_more_than_the_delay_and_resolved_for_a_quarter_of_an_hour() {
    let mut engine = engine("rules:\n- {alert: A, expr: up}");
    let there = [element(INSTANCE, 1.0)];
    let sent = |outcome: Outcome| outcome.notices.len();
    assert_eq!(sent(step(&mut engine, 0, &there)), 1);
    assert_eq!(sent(step(&mut engine, 60, &there)), 0);
    assert_eq!(sent(step(&mut engine, 61, &there)), 1);
    assert_eq!(ends(&step(&mut engine, 90, &[]).notices), [90]);
    assert_eq!(sent(step(&mut engine, 150, &[])), 0);
    assert_eq!(ends(&step(&mut engine, 151, &[]).notices), [90]);
    assert_eq!(sent(step(&mut engine, 90 + 900, &[])), 1);
    let outcome = step(&mut engine, 90 + 961, &[]);
    assert!(outcome.notices.is_empty());
    assert!(matches!(outcome.changes[..], [AlertChange::Delete { .. }]));
    // Prometheus has sent a resolved alert that came back as a new one.
    step(&mut engine, 2000, &there);
    step(&mut engine, 2030, &[]);
    let outcome = step(&mut engine, 2060, &there);
    assert_eq!(
        (kinds(&outcome), outcome.notices[0].starts_at),
        (vec!["alert.firing"], at(2060))
    );
}

#[test]
fn a_longer_interval_makes_notices_last_longer() {
    let mut engine = engine("interval: 5m\nrules:\n- {alert: A, expr: up}");
    let outcome = step(&mut engine, 0, &[element(INSTANCE, 1.0)]);
    assert_eq!(ends(&outcome.notices), [1200]);
}

#[test]
fn an_evaluation_that_fails_changes_nothing() {
    let mut engine = engine("rules:\n- {alert: A, expr: up, for: 60s}");
    step(&mut engine, 0, &[element(INSTANCE, 1.0)]);
    let ask = crate::support::nothing_asked();
    let outcome = engine.step(0, at(30), Err("no store".into()), &ask);
    assert_eq!(outcome.error.as_deref(), Some("no store"));
    assert!(outcome.samples.is_empty() && outcome.changes.is_empty());
    let view = engine.view();
    assert_eq!(
        (
            view.rules[0].health.as_str(),
            view.rules[0].last_error.as_deref()
        ),
        ("err", Some("no store"))
    );
    assert_eq!(
        kinds(&step(&mut engine, 60, &[element(INSTANCE, 1.0)])),
        ["alert.firing"]
    );
    assert_eq!(engine.view().rules[0].health.as_str(), "ok");
}

#[test]
fn labels_that_become_the_same_are_an_error_that_keeps_the_state() {
    let mut engine = engine("rules:\n- {alert: A, expr: up, labels: {instance: x}}");
    step(&mut engine, 0, &[element(INSTANCE, 1.0)]);
    let two = [element(INSTANCE, 1.0), element(&[("instance", "b")], 1.0)];
    let outcome = step(&mut engine, 30, &two);
    let expected = "vector contains metrics with the same labelset after applying alert labels";
    assert_eq!(outcome.error.as_deref(), Some(expected));
    assert!(outcome.changes.is_empty() && outcome.samples.is_empty());
    assert_eq!(states(&engine), [AlertState::Firing]);
}

#[test]
fn too_many_alerts_are_all_forgotten_without_markers() {
    let mut engine = engine("limit: 1\nrules:\n- {alert: A, expr: up}");
    step(&mut engine, 0, &[element(INSTANCE, 1.0)]);
    let two = [element(INSTANCE, 1.0), element(&[("instance", "b")], 1.0)];
    let outcome = step(&mut engine, 30, &two);
    assert_eq!(
        outcome.error.as_deref(),
        Some("exceeded limit of 1 with 2 alerts")
    );
    assert!(outcome.samples.is_empty() && outcome.notices.is_empty());
    assert!(
        matches!(outcome.changes[..], [AlertChange::Delete { .. }]),
        "{outcome:?}"
    );
    assert_eq!(kinds(&outcome), ["alert.over_limit"]);
    assert!(states(&engine).is_empty());
    // The series end when an evaluation succeeds that does not write them.
    let outcome = step(&mut engine, 60, &[]);
    assert_eq!(outcome.samples.len(), 2);
}

#[test]
fn a_for_that_was_raised_makes_an_alert_pend_again() {
    let mut old = engine("rules:\n- {alert: A, expr: up, for: 30s}");
    let there = [element(INSTANCE, 1.0)];
    step(&mut old, 0, &there);
    step(&mut old, 30, &there);
    assert_eq!(states(&old), [AlertState::Firing]);
    let mut new = engine_of(group("rules:\n- {alert: A, expr: up, for: 90s}"));
    assert!(new.adopt(old).is_empty());
    let outcome = step(&mut new, 60, &there);
    assert_eq!(kinds(&outcome), ["alert.pending_again"]);
    assert!(
        shown(&outcome.samples)
            .iter()
            .any(|s| s.contains("firing") && s.ends_with("stale"))
    );
    assert_eq!(kinds(&step(&mut new, 90, &there)), ["alert.firing"]);
}

#[test]
fn a_clock_that_was_set_back_makes_no_firing_alert_pend() {
    let mut engine = engine("rules:\n- {alert: A, expr: up, for: 30s}");
    let there = [element(INSTANCE, 1.0)];
    step(&mut engine, 3600, &there);
    step(&mut engine, 3630, &there);
    step(&mut engine, 0, &there);
    assert_eq!(states(&engine), [AlertState::Firing]);
}

#[test]
fn the_query_offset_moves_samples_and_not_states() {
    let mut engine = engine("query_offset: 10s\nrules:\n- {alert: A, expr: up}");
    assert_eq!(engine.evaluated_at(at(100)), at(90));
    let outcome = step(&mut engine, 100, &[element(INSTANCE, 1.0)]);
    assert!(
        outcome
            .samples
            .iter()
            .all(|(_, sample)| sample.timestamp == at(90))
    );
    assert_eq!(outcome.notices[0].starts_at, at(100));
    let for_state = shown(&outcome.samples);
    assert!(for_state[0].ends_with(" 100"), "{for_state:?}");
}

#[test]
fn every_decision_says_from_what_it_was_made_and_what_would_have_changed_it() {
    let mut engine = engine("rules:\n- {alert: A, expr: up > 2, for: 30s, keep_firing_for: 30s}");
    let there = [element(INSTANCE, 2.5)];
    let mut decisions = Vec::new();
    for (slot, elements) in [
        (0, &there[..]),
        (30, &there[..]),
        (60, &[]),
        (75, &there[..]),
        (90, &[]),
        (120, &[]),
        (150, &there[..]),
        (165, &[]),
    ] {
        decisions.extend(step(&mut engine, slot, elements).decisions);
    }
    let kinds: Vec<&str> = decisions.iter().map(|decision| &*decision.kind).collect();
    assert_eq!(
        kinds,
        [
            "alert.pending",
            "alert.firing",
            "alert.kept_firing",
            "alert.came_back",
            "alert.kept_firing",
            "alert.resolved",
            "alert.pending",
            "alert.forgotten"
        ]
    );
    for decision in &decisions {
        assert!(!decision.outcome.is_empty() && !decision.counterfactual.is_empty());
        assert_eq!(&*decision.rule, "rules.yml;g;A");
        assert_eq!(decision.subject, r#"{alertname="A", instance="a"}"#);
        let input = |name: &str| {
            decision
                .inputs
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        assert_eq!(input("query"), Some("up > 2"));
        assert_eq!(input("for"), Some("30s"));
        assert!(
            input("evaluated_at")
                .unwrap()
                .starts_with("1970-01-01T00:0")
        );
    }
    assert_eq!(
        decisions[0].counterfactual,
        "it fires at 1970-01-01T00:00:30Z if the condition holds at every evaluation until then, with `for: 0s` it would fire now"
    );
    assert_eq!(
        decisions[1].outcome,
        "the alert fires: its condition has held for 30s of 30s"
    );
    assert_eq!(
        decisions[5].outcome,
        "the alert is resolved: its condition has been gone for 30s"
    );
}

#[test]
fn a_clock_that_was_set_back_takes_the_times_of_alerts_with_it() {
    const HOUR: i64 = 3600;
    let mut engine = engine("rules:\n- {alert: A, expr: up, for: 60s, keep_firing_for: 30s}");
    let there = [element(&[], 1.0)];
    let mut slot = |slot: i64, elements: &[Element]| {
        let outcome = step(&mut engine, slot, elements);
        engine.finish(at(slot));
        outcome
    };
    slot(9000, &there);
    slot(9040, &there);
    // 40 s have passed. A clock an hour back takes none of them away and adds none.
    let outcome = slot(9040 - HOUR, &there);
    let [AlertChange::Upsert(row)] = &outcome.changes[..] else {
        panic!("{:?}", outcome.changes);
    };
    assert_eq!(
        (row.state, row.active_at),
        (AlertState::Pending, at(9000 - HOUR))
    );
    let outcome = slot(9060 - HOUR, &there);
    assert_eq!(kinds(&outcome), ["alert.firing"]);
    assert_eq!(outcome.notices[0].starts_at, at(9060 - HOUR));

    // It fires, is kept and is resolved an hour before the time at which it began.
    let outcome = slot(9070 - 2 * HOUR, &[]);
    assert_eq!(kinds(&outcome), ["alert.kept_firing"]);
    let outcome = slot(9100 - 2 * HOUR, &[]);
    assert_eq!(kinds(&outcome), ["alert.resolved"]);
    let notice = &outcome.notices[0];
    assert_eq!(notice.ends_at, Some(at(9100 - 2 * HOUR)));
    assert!(notice.starts_at < notice.ends_at.unwrap(), "{notice:?}");
    // Its resolution is sent again, as without the jump, and forgotten in time.
    assert!(slot(9130 - 2 * HOUR, &[]).notices.is_empty());
    assert_eq!(slot(9170 - 2 * HOUR, &[]).notices.len(), 1);
    let forgotten = slot(9100 + 901 - 3 * HOUR + HOUR, &[]);
    assert!(
        matches!(forgotten.changes[..], [AlertChange::Delete { .. }]),
        "{forgotten:?}"
    );
}

#[test]
fn rows_from_a_clock_that_was_ahead_do_not_lie_in_the_future() {
    const FILE: &str = "rules:\n- {alert: A, expr: up, for: 60s}";
    let there = [element(&[], 1.0)];
    let mut first = engine(FILE);
    let mut changes = step(&mut first, 9000, &there).changes;
    let Some(AlertChange::Upsert(row)) = changes.pop() else {
        panic!("no row");
    };
    let mut second = engine(FILE);
    second.restore(vec![row]);
    step(&mut second, 5000, &there);
    assert_eq!(kinds(&step(&mut second, 5060, &there)), ["alert.firing"]);
}
