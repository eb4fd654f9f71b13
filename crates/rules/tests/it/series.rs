//! `ALERTS` and `ALERTS_FOR_STATE` in corners, and what is remembered of label sets.

use crate::support::{element, engine, shown, step};

#[test]
fn alerts_that_share_a_series_write_it_once() {
    let mut engine = engine("rules:\n- {alert: A, expr: up}");
    let two = [
        element(&[("alertstate", "x")], 1.0),
        element(&[("alertstate", "y")], 1.0),
    ];
    let outcome = step(&mut engine, 0, &two);
    assert_eq!(
        shown(&outcome.samples),
        [
            r#"ALERTS_FOR_STATE{alertname="A", alertstate="x"} 0"#,
            r#"ALERTS_FOR_STATE{alertname="A", alertstate="y"} 0"#,
            r#"ALERTS{alertname="A", alertstate="firing"} 1"#,
        ]
    );
    assert_eq!(outcome.notices.len(), 2);
}

#[test]
fn the_name_of_the_alert_goes_over_every_label() {
    let mut engine = engine("rules:\n- {alert: A, expr: up, labels: {alertname: B, gone: ''}}");
    let outcome = step(
        &mut engine,
        0,
        &[element(&[("alertname", "C"), ("gone", "x")], 1.0)],
    );
    assert_eq!(outcome.notices[0].labels.to_string(), r#"{alertname="A"}"#);
}

#[test]
fn churning_label_sets_are_not_remembered_for_ever() {
    let mut engine = engine("rules:\n- {alert: A, expr: up}\n- {record: r, expr: up}");
    for slot in 0..200 {
        let outcome = step(
            &mut engine,
            slot * 60,
            &[element(&[("pod", &slot.to_string())], 1.0)],
        );
        assert_eq!(
            outcome.notices.len(),
            outcome.notices.len().min(17),
            "resolved ones go after 15 minutes"
        );
        assert_eq!(outcome.results, 2);
    }
}
