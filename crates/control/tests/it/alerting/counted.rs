//! What dashboards made for Alertmanager find under its names.

use std::time::Duration;

use plimsoll_alerting::surface::Alerting as _;

use super::world::{Node, Town};

const MINUTE: Duration = Duration::from_mins(1);

/// Returns the value of a series, written as it is exposed but for the value.
fn value(node: &Node, series: &str) -> f64 {
    let text = node.registry.render();
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    value
        .unwrap_or_else(|| panic!("{series} of {text}"))
        .parse()
        .unwrap()
}

#[test]
fn alertmanager_s_names_say_what_they_say_there() {
    let town = Town::new();
    let node = town.start();
    town.pass_until(&[&node], MINUTE, "it leads", || node.is_leading());
    let of = |name: &str| {
        format!("alertmanager_{name}{{integration=\"webhook\",receiver_name=\"hook\"}}")
    };
    let failed = "alertmanager_notifications_failed_total{integration=\"webhook\",receiver_name=\"hook\",reason=\"other\"}";
    // Before anything is told, so that the first failure is a rise.
    for series in [&of("notifications_total"), failed] {
        assert_eq!(value(&node, series), 0.0, "{series}");
    }
    node.silence("S").unwrap();
    node.post(&["A", "S"]).unwrap();
    town.pass_until(&[&node], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
    node.alerting.count_invalid(3);
    // They are counted beside the loop, the later the longer it took: on a busy machine time runs on meanwhile.
    let active = "alertmanager_alerts{state=\"active\"}";
    town.pass_until(&[&node], 60 * MINUTE, "they are counted", || {
        value(&node, active) == 1.0
    });
    let expected = [
        ("alertmanager_alerts{state=\"active\"}", 1.0),
        ("alertmanager_alerts{state=\"suppressed\"}", 1.0),
        ("alertmanager_alerts{state=\"unprocessed\"}", 0.0),
        ("alertmanager_alerts_invalid_total{version=\"v2\"}", 3.0),
        (
            "alertmanager_alerts_received_total{status=\"firing\",version=\"v2\"}",
            2.0,
        ),
        ("alertmanager_silences{state=\"active\"}", 1.0),
        ("alertmanager_config_last_reload_successful", 1.0),
        (&of("notifications_total"), 1.0),
        (&of("notification_requests_total"), 1.0),
        (&of("notification_latency_seconds_count"), 1.0),
    ];
    for (series, count) in expected {
        assert_eq!(value(&node, series), count, "{series}");
    }
}

#[test]
fn the_hash_tells_configurations_apart() {
    let town = Town::new();
    let (a, b) = (town.start(), town.start());
    let hash = |node: &Node| value(node, "alertmanager_config_hash");
    assert_eq!(hash(&a), hash(&b));
    let other = "  routes: [{matchers: [a=b], receiver: hook}]";
    let prepared = b.alerting.prepare(town.config(other)).unwrap();
    b.wait_for(b.alerting.apply(prepared));
    assert_ne!(hash(&a), hash(&b));
}
