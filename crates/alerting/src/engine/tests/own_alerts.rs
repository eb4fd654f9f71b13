//! Alerts of our own.

use super::*;

#[test]
fn the_dead_man_s_receiver_hears_from_us_as_long_as_we_work() {
    let text = "
route: {receiver: team}
receivers:
- {name: team}
- {name: outside, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
plimsoll: {dead_man: {receiver: outside, interval: 1m}}
";
    let mut world = World::new(text);
    world.step(Event::Due);
    world.seconds(150);
    world.restart();
    world.seconds(60);
    world.expect(&[
        "0s outside: first notification +PlimsollAlertingWorks",
        "60s outside: repeat interval elapsed +PlimsollAlertingWorks",
        "120s outside: repeat interval elapsed +PlimsollAlertingWorks",
        "180s outside: repeat interval elapsed +PlimsollAlertingWorks",
    ]);
    assert_eq!(world.engine.alerts(&AlertQuery::default(), world.now), []);
    world.reload("route: {receiver: team}\nreceivers: [{name: team}]\n");
    world.seconds(600);
    world.expect(&[]);
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
}

const WITH_HEARTBEAT: &str = "
route: {receiver: team, group_wait: 0s, group_interval: 1m}
receivers: [{name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
plimsoll:
  heartbeats: [{name: PrometheusGone, matchers: [alertname=Watchdog], timeout: 5m, labels: {severity: page}}]
";

#[test]
fn a_heartbeat_that_stays_away_is_an_alert() {
    let mut world = World::new(WITH_HEARTBEAT);
    world.fire(&["Watchdog"]);
    world.seconds(200);
    world.fire(&["Watchdog"]);
    assert!(!world.engine.heartbeats()[0].is_missing);
    world.seconds(310);
    assert!(world.engine.heartbeats()[0].is_missing);
    world.expect(&["0s team: first notification +Watchdog"]);
    world.restart();
    world.fire(&["Watchdog"]);
    assert!(!world.engine.heartbeats()[0].is_missing);
}

#[test]
fn nobody_else_posts_our_alerts() {
    let mut world = World::new(WITH_HEARTBEAT);
    world.seconds(301);
    world.expect(&["300s team: first notification +PrometheusGone"]);
    world.resolve(&["PrometheusGone severity=page"]);
    assert_eq!(
        world.last.refused[0].reason,
        RefusalReason::FingerprintTaken
    );
}

#[test]
fn somebody_hears_that_a_silence_ends() {
    let mut world = World::new(
        "
route: {receiver: team}
receivers:
- {name: team}
- {name: keeper, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
plimsoll: {silences: {notify_before_expiry: 10m, receiver: keeper}}
",
    );
    let sets = vec![vec![plimsoll_types::Matcher::equal("a", "b")]];
    let draft = crate::Draft {
        id: None,
        matchers: crate::MatcherSets::for_alerts(sets).expect("matchers"),
        receivers: crate::MatcherSets::default(),
        starts_at: None,
        ends_at: world.now.saturating_add_millis(3_600_000),
        created_by: "ann".into(),
        comment: String::new(),
        annotations: Annotations::default(),
        recurrence: None,
        until_resolved: None,
    };
    let fresh = crate::SilenceId::from_random(1);
    world.step(Event::SetSilence {
        draft: Box::new(draft),
        fresh,
    });
    world.seconds(4000);
    world.expect(&[
        "3000s keeper: first notification +PlimsollSilenceEndsSoon",
        "3600s keeper: all alerts resolved -PlimsollSilenceEndsSoon",
    ]);
}
