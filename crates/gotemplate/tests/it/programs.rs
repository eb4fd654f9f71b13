//! The functions and data of Prometheus and Alertmanager.

use std::sync::Arc;

use plimsoll_gotemplate::alertmanager::{self, Alert, Data, Kv};
use plimsoll_gotemplate::prometheus::{
    AlertData, Environment, Expander, Sample, check as check_alert,
};
use plimsoll_gotemplate::{Set, Time};
use plimsoll_types::{Labels, Timestamp, Value};

use crate::check;
use crate::recorded_programs::{ALERTMANAGER, PROMETHEUS};

pub(crate) fn notification() -> Data {
    let labels = || Kv::new([("alertname", "A"), ("job", "n"), ("zone", "<b>")]);
    let time = |text: &str| Time::from_rfc3339(text).unwrap();
    Data {
        receiver: "team-X".into(),
        status: "firing".into(),
        alerts: vec![
            Alert {
                status: "firing".into(),
                labels: labels(),
                annotations: Kv::new([("summary", "s & t"), ("x", "y")]),
                starts_at: time("2023-11-14T22:13:20.123456789Z"),
                ends_at: Time::zero(),
                generator_url: "http://p/graph?g0.expr=up+%3D%3D+0&g0.tab=1".into(),
                fingerprint: "abc".into(),
            },
            Alert {
                status: "resolved".into(),
                labels: Kv::new([("alertname", "B")]),
                annotations: Kv::default(),
                starts_at: time("2023-11-14T23:13:20+01:00"),
                ends_at: time("2023-11-15T00:00:00.5-05:30"),
                generator_url: String::new(),
                fingerprint: "def".into(),
            },
        ],
        notification_reason: "new".into(),
        group_labels: Kv::new([("alertname", "A")]),
        common_labels: labels(),
        common_annotations: Kv::new([("summary", "s & t")]),
        route_labels: Kv::new([
            ("a", "{{ routeLabels \"b\" }}!"),
            ("b", "{{ .Status }}"),
            ("c", "{{ routeLabels \"d\" }}"),
            ("d", "{{ routeLabels \"c\" }}"),
            ("e", "{{ bad"),
        ]),
        are_route_labels_rendered: false,
        external_url: "http://am:9093".into(),
    }
}

#[test]
fn equals_alertmanager() {
    let set = Set::new(alertmanager::functions(Arc::new(|| Timestamp::EPOCH)));
    let data = notification().to_value();
    check(ALERTMANAGER, |template| {
        set.render_text(template, &data)
            .map_err(|error| error.to_string())
    });
}

fn sample(pairs: &[(&str, &str)], value: f64) -> Sample {
    Sample {
        labels: Labels::from_pairs(pairs.iter().copied()),
        value: Value::Float(value),
    }
}

fn expander() -> Expander {
    let query = |expression: &str| match expression {
        "bad" => Err("bad query".into()),
        "empty" => Ok(Vec::new()),
        _ => Ok(vec![
            sample(
                &[("__name__", "m"), ("instance", "b:80"), ("__value__", "sv")],
                2.0,
            ),
            sample(&[("__name__", "m"), ("instance", "a:80")], 11.5),
        ]),
    };
    Expander::new(&Environment {
        query: Arc::new(query),
        external_url: "http://ext:9090/pre/fix".into(),
        now: Timestamp::from_millis(1_700_000_000_123),
    })
}

fn alert() -> AlertData {
    AlertData {
        labels: Labels::from_pairs([("instance", "host.example.org:9100"), ("job", "node")]),
        external_labels: Labels::from_pairs([("cluster", "x<y>")]),
        external_url: "http://ext:9090/pre/fix".into(),
        value: Value::Float(1234.5678),
    }
}

#[test]
fn equals_prometheus() {
    let (expander, alert) = (expander(), alert());
    check(PROMETHEUS, |template| {
        let result = expander.expand("__alert_A", template, &alert);
        result.map_err(|error| error.to_string())
    });
}

#[test]
fn an_error_stands_where_the_text_would() {
    assert_eq!(
        expander().expand_alert("A", "{{ .Nope", &alert()),
        "<error expanding template: error parsing template __alert_A: template: __alert_A:1: unclosed action>"
    );
    assert_eq!(
        expander().expand_alert("A", "{{ $value }}", &alert()),
        "1234.5678"
    );
    assert!(check_alert("A", "{{ $labels.job | toUpper }}").is_ok());
    assert_eq!(
        check_alert("A", "{{ nope }}").unwrap_err().to_string(),
        "template: __alert_A:1: function \"nope\" not defined"
    );
}
