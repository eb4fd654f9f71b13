use std::sync::Arc;

use plimsoll_types::{Annotations, Labels};

use super::*;
use crate::Reason;

/// Where Debian's Alertmanager has its templates.
const DEBIAN: &str = "/usr/share/prometheus/alertmanager/default.tmpl";

fn now() -> Now {
    Arc::new(|| Timestamp::from_millis(1_700_000_000_000))
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

fn alert_of(number: usize, is_resolved: bool, cluster: &str) -> NoticeAlert {
    let instance = format!("web-{number}:9100");
    let url = format!("http://prometheus:9090/graph?g0.expr=up+%3D%3D+0&x=<{number}>");
    let alert = plimsoll_types::Alert {
        labels: labels(&[
            ("alertname", "Down"),
            ("cluster", cluster),
            ("instance", &instance),
            ("team", "a & b"),
        ]),
        annotations: match number % 2 {
            0 => Annotations::default(),
            _ => Annotations::from_pairs([("summary", "it <burns>"), ("runbook", "")]),
        },
        starts_at: Timestamp::from_millis(1_699_999_000_000),
        ends_at: is_resolved.then(|| Timestamp::from_millis(1_699_999_900_000)),
        generator_url: url,
    };
    NoticeAlert {
        alert: Arc::new(alert),
        fingerprint: number as u64,
        is_resolved,
    }
}

fn notice(firing: usize, resolved: usize, group: &[(&str, &str)]) -> Notice {
    let cluster = |number: usize| {
        if group.is_empty() && number > 1 {
            "b"
        } else {
            "a"
        }
    };
    let alerts = (0..firing + resolved)
        .map(|number| alert_of(number, number >= firing, cluster(number)))
        .collect();
    Notice {
        id: "id".into(),
        receiver: "team-a/pager (1)".into(),
        group_key: "{}:{}".into(),
        group_labels: labels(group),
        route_labels: Labels::empty(),
        reason: Reason::First,
        alerts,
        truncated: 0,
        external_url: "http://alerts.example:9093".into(),
        now: Timestamp::from_millis(1_700_000_000_000),
        is_degraded: false,
        previous: None,
    }
}

/// Every template of Debian's file is one of ours, and says the same to the byte.
#[test]
fn the_defaults_say_what_debians_say() {
    let Ok(theirs) = std::fs::read_to_string(DEBIAN) else {
        let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
        assert!(
            !is_required,
            "{DEBIAN} is not there, and programs are required"
        );
        eprintln!("SKIPPED: {DEBIAN} is not there");
        return;
    };
    let mut debian = Set::new(functions(now()));
    debian.parse("default.tmpl", &theirs).unwrap();
    let ours = Templates::builtin(now());
    let groups: [&[(&str, &str)]; 3] = [
        &[],
        &[("alertname", "Down"), ("cluster", "a")],
        &[("alertname", "Down"), ("cluster", "a"), ("team", "a & b")],
    ];
    let mut compared = 0;
    for (firing, resolved) in [(1, 0), (0, 1), (2, 3), (3, 0), (0, 4), (0, 0)] {
        for group in groups {
            let notice = notice(firing, resolved, group);
            let data = ours.data(&notice);
            compared += compare(&debian, &ours, &data);
        }
    }
    assert!(compared > 18 * 30, "{compared}");
}

fn compare(debian: &Set, ours: &Templates, data: &Data) -> usize {
    let dot = data.to_value();
    let mut compared = 0;
    for name in debian.names().filter(|name| *name != "default.tmpl") {
        let is_list = name == "__text_alert_list" || name == "pagerduty.default.instances";
        let call = match is_list {
            true => format!("{{{{ template {name:?} .Alerts.Firing }}}}"),
            false => format!("{{{{ template {name:?} . }}}}"),
        };
        let wanted = debian.render_text(&call, &dot).unwrap();
        assert_eq!(ours.text(&call, &dot).unwrap(), wanted, "{name}");
        compared += 1;
    }
    compared
}

#[test]
fn mail_has_all_of_debians_names_and_escapes() {
    let ours = Templates::builtin(now());
    for name in ["email.default.subject", "email.default.html"] {
        assert!(ours.names().any(|known| known == name));
    }
    let data = ours
        .data(&notice(2, 1, &[("alertname", "Down")]))
        .to_value();
    let html = ours
        .html("{{ template \"email.default.html\" . }}", &data)
        .unwrap();
    assert!(html.contains("3 alerts for alertname=Down"), "{html}");
    assert!(html.contains("it &lt;burns&gt;"), "{html}");
    assert!(html.contains("resolved 2023-11-14 22:11:40 UTC"), "{html}");
    assert!(
        !html.contains("<burns>") && !html.contains("ZgotmplZ"),
        "{html}"
    );
}

#[test]
fn files_replace_what_they_define() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.tmpl");
    std::fs::write(&path, "{{ define \"__subject\" }}mine{{ end }}").unwrap();
    let pattern = directory.path().join("*.tmpl");
    let templates = Templates::load(std::slice::from_ref(&pattern), now()).unwrap();
    assert_eq!(templates.file_count(), 1);
    let dot = templates.data(&notice(1, 0, &[])).to_value();
    let title = templates.text("{{ template \"slack.default.title\" . }}", &dot);
    assert_eq!(title.unwrap(), "mine");

    std::fs::write(&path, "one\n{{ .Bad").unwrap();
    let error = Templates::load(&[pattern], now()).unwrap_err().to_string();
    assert!(error.contains("a.tmpl: template: a.tmpl:2:"), "{error}");
    let nothing = Templates::load(&[directory.path().join("none-*.tmpl")], now());
    assert_eq!(nothing.unwrap().file_count(), 0);
}

#[test]
fn labels_of_the_route_are_rendered_once() {
    let templates = Templates::builtin(now());
    let mut notice = notice(1, 0, &[("cluster", "a")]);
    notice.route_labels = labels(&[("plain", "x"), ("team", "{{ .GroupLabels.cluster }}-team")]);
    let dot = templates.data(&notice).to_value();
    let text = templates.text("{{ .RouteLabels.team }} {{ .RouteLabels.plain }}", &dot);
    assert_eq!(text.unwrap(), "a-team x");
}
