//! A reload keeps the state of every rule that is still there, and ends what is gone.

use plimsoll_rules::{AlertChange, GroupEngine};
use proptest::prelude::*;

use crate::model::{self, events, says};

use crate::support::{Rows, at, element, engine, nothing_asked, shown, unsent};

/// Evaluates all rules at a slot, each with one element that names the rule's place.
fn evaluate(engine: &mut GroupEngine, slot: i64, rules: &[usize]) -> Vec<AlertChange> {
    let mut changes = Vec::new();
    for rule in rules {
        let result = Ok(vec![element(&[("was", &rule.to_string())], 1.0)]);
        changes.extend(
            engine
                .step(*rule, at(slot), result, &nothing_asked())
                .changes,
        );
    }
    changes
}

/// Says of each rule which of the elements of [`evaluate`] are its alerts.
fn alerts(engine: &GroupEngine) -> Vec<String> {
    let view = engine.view();
    let rules = view.rules.iter();
    rules
        .map(|rule| {
            let alerts = rule.alerting.iter().flat_map(|alerting| &alerting.alerts);
            alerts
                .map(|alert| alert.labels.get("was").unwrap())
                .collect()
        })
        .collect()
}

fn reload(old: &str, new: &str) -> (Vec<String>, Rows) {
    let mut before = engine(old);
    let rules: Vec<usize> = (0..before.definition().rules.len()).collect();
    let mut rows = Rows::default();
    rows.apply(&evaluate(&mut before, 0, &rules));
    let restored = {
        let mut rows = rows.clone();
        let mut engine = engine(new);
        rows.apply(&engine.restore(rows.all()));
        (alerts(&engine), rows)
    };
    let mut after = engine(new);
    rows.apply(&after.adopt(before));
    let adopted = alerts(&after);
    // A restart with the new file gives what a reload gives, and so does one with the rows of the reload.
    assert_eq!(restored.0, adopted);
    assert_eq!(unsent(restored.1.all()), unsent(rows.all()));
    let mut again = engine(new);
    assert!(again.restore(rows.all()).is_empty());
    assert_eq!(alerts(&again), adopted);
    (adopted, rows)
}

#[test]
fn rules_are_the_same_by_name_and_labels() {
    let old = "rules:\n- {alert: A, expr: up}\n- {alert: B, expr: up, labels: {x: y}}\n- {alert: C, expr: up, labels: {x: y}}";
    let new = "rules:\n- {alert: C, expr: down, labels: {x: z}}\n- {alert: B, expr: down, labels: {x: y}, for: 5m}\n- {alert: A, expr: up}";
    let (alerts, rows) = reload(old, new);
    assert_eq!(alerts, ["", "1", "0"]);
    assert_eq!(rows.all().len(), 2);
}

#[test]
fn of_several_with_one_name_the_expression_tells() {
    let old = "rules:\n- {alert: A, expr: up > 1}\n- {alert: A, expr: up > 2}\n- {alert: A, expr: up > 3}";
    // The first is gone: in Prometheus its alerts would move to the second.
    assert_eq!(
        reload(
            old,
            "rules:\n- {alert: A, expr: up > 2}\n- {alert: A, expr: up > 3}"
        )
        .0,
        ["1", "2"]
    );
    assert_eq!(reload(old, "rules:\n- {alert: A, expr: up > 3}\n- {alert: A, expr: up > 1}\n- {alert: A, expr: up > 2}").0, ["2", "0", "1"]);
    // With other expressions the first is the first.
    assert_eq!(reload(old, "rules:\n- {alert: A, expr: up > 7}\n- {alert: A, expr: up > 3}\n- {alert: A, expr: up > 8}").0, ["0", "2", "1"]);
    let same = "rules:\n- {alert: A, expr: up}\n- {alert: A, expr: up}";
    assert_eq!(reload(same, same).0, ["0", "1"]);
}

#[test]
fn labels_of_the_group_count_as_those_of_the_rule() {
    let old = "labels: {team: a}\nrules:\n- {alert: A, expr: up}";
    assert_eq!(
        reload(old, "rules:\n- {alert: A, expr: up, labels: {team: a}}").0,
        ["0"]
    );
    assert_eq!(
        reload(old, "labels: {team: b}\nrules:\n- {alert: A, expr: up}").0,
        [""]
    );
}

#[test]
fn series_of_a_rule_that_is_gone_end_in_the_next_slot() {
    let mut old =
        engine("rules:\n- {record: a, expr: up}\n- {record: b, expr: up}\n- {alert: C, expr: up}");
    evaluate(&mut old, 0, &[0, 1, 2]);
    old.finish(at(0));
    let mut new = engine("rules:\n- {record: b, expr: down}\n- {record: a2, expr: up}");
    let deleted = new.adopt(old);
    assert!(
        matches!(deleted[..], [AlertChange::Delete { .. }]),
        "{deleted:?}"
    );
    assert_eq!(new.last_slot(), Some(at(0)));
    let samples = new
        .step(0, at(60), Ok(Vec::new()), &nothing_asked())
        .samples;
    assert_eq!(shown(&samples), [r#"b{was="1"} stale"#]);
    new.step(1, at(60), Ok(Vec::new()), &nothing_asked());
    let ended = new.finish(at(60));
    assert_eq!(
        shown(&ended),
        [
            r#"ALERTS_FOR_STATE{alertname="C", was="2"} stale"#,
            r#"ALERTS{alertname="C", alertstate="firing", was="2"} stale"#,
            r#"a{was="0"} stale"#,
        ]
    );
    assert!(new.finish(at(120)).is_empty());
}

#[test]
fn a_series_that_another_rule_writes_now_does_not_end() {
    let mut old = engine("rules:\n- {record: a, expr: up, labels: {x: y}}");
    evaluate(&mut old, 0, &[0]);
    let mut new =
        engine("rules:\n- {record: a, expr: 'label_replace(up, \"x\", \"y\", \"\", \"\")'}");
    new.adopt(old);
    let result = Ok(vec![element(&[("was", "0"), ("x", "y")], 1.0)]);
    new.step(0, at(60), result, &nothing_asked());
    assert!(new.finish(at(60)).is_empty());
}

#[test]
fn a_group_that_is_gone_leaves_markers_and_deletes() {
    let mut engine =
        engine("query_offset: 5s\nrules:\n- {record: a, expr: up}\n- {alert: C, expr: up}");
    let mut rows = Rows::default();
    rows.apply(&evaluate(&mut engine, 0, &[0, 1]));
    let ending = engine.end(at(90));
    rows.apply(&ending.changes);
    assert!(rows.all().is_empty());
    assert_eq!(ending.samples.len(), 3);
    assert!(
        ending
            .samples
            .iter()
            .all(|(_, sample)| sample.timestamp == at(85) && sample.value.is_stale())
    );
}

#[test]
fn a_reload_keeps_what_was_measured_and_sent() {
    const FILE: &str = "rules:\n- {alert: A, expr: up}";
    let mut old = engine(FILE);
    evaluate(&mut old, 0, &[0]);
    old.measured(0, at(1), std::time::Duration::from_millis(7));
    let mut new = engine(FILE);
    new.adopt(old);
    let view = new.view();
    assert_eq!(
        (
            view.rules[0].health.as_str(),
            view.rules[0].evaluation_time.as_millis()
        ),
        ("ok", 7)
    );
    let result = Ok(vec![element(&[("was", "0")], 1.0)]);
    let outcome = new.step(0, at(30), result, &nothing_asked());
    assert!(outcome.notices.is_empty() && outcome.changes.is_empty());
}

proptest! {
    #[test]
    fn a_reload_of_the_same_file_is_nothing(
        says in says(), events in events(), reloads in prop::collection::vec(0usize..200, 1..6),
    ) {
        let (mut kept, mut reloaded) = (says.engine(), says.engine());
        let mut slot = 1_000_000;
        for (number, (gap, there)) in events.iter().enumerate() {
            if reloads.iter().any(|at| at % events.len() == number) {
                let old = std::mem::replace(&mut reloaded, says.engine());
                prop_assert_eq!(reloaded.adopt(old), []);
            }
            slot += says.interval * (1 + gap);
            let expected = model::evaluate(&mut kept, slot, there.as_ref());
            let found = model::evaluate(&mut reloaded, slot, there.as_ref());
            prop_assert_eq!(found.samples, expected.samples);
            prop_assert_eq!(found.notices, expected.notices);
            prop_assert_eq!(found.changes, expected.changes);
            prop_assert_eq!(found.decisions, expected.decisions);
            prop_assert_eq!(reloaded.finish(at(slot)), kept.finish(at(slot)));
        }
    }
}
