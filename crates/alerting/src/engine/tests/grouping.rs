//! Groups, timers and reasons: reference 2.2.

use super::*;

#[test]
fn the_first_notice_waits_for_group_wait() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a"]);
    assert!(matches!(
        world.why("A name=a")[0].1,
        Why::Waiting {
            timer: crate::Timer::GroupWait,
            ..
        }
    ));
    world.seconds(20);
    world.fire(&["A name=b"]);
    world.seconds(20);
    world.expect(&["30s team: first notification +a +b"]);
}

#[test]
fn an_old_alert_is_told_at_once() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a"]);
    world.seconds(5);
    world.fire_since(&["A name=b"], -31);
    world.expect(&["5s team: first notification +a +b"]);
}

#[test]
fn new_alerts_wait_for_group_interval() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a"]);
    world.seconds(60);
    world.fire(&["A name=b"]);
    world.seconds(600);
    world.expect(&[
        "30s team: first notification +a",
        "330s team: new alerts added +a +b",
    ]);
}

#[test]
fn groups_are_told_apart() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A", "B"]);
    world.seconds(60);
    let keys: Vec<_> = world
        .heard
        .iter()
        .map(|one| one.group_key.clone())
        .collect();
    assert_eq!(keys, [r#"{}:{alertname="A"}"#, r#"{}:{alertname="B"}"#]);
}

#[test]
fn resolved_alerts_are_told_and_forgotten() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a", "A name=b"]);
    world.seconds(60);
    world.resolve(&["A name=a"]);
    world.seconds(300);
    world.resolve(&["A name=b"]);
    world.seconds(300);
    world.expect(&[
        "30s team: first notification +a +b",
        "330s team: some alerts resolved -a +b",
        "630s team: all alerts resolved -b",
    ]);
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
    assert_eq!(world.engine.groups.len(), 0);
    assert_eq!(world.rows.deliveries, []);
    assert_eq!(
        world.rows.told.len(),
        1,
        "the number of the last notice stays"
    );
    world.seconds(9 * 3600);
    assert_eq!(world.rows.told, []);
}

#[test]
fn an_alert_that_nobody_heard_of_ends_unheard() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(10);
    world.resolve(&["A"]);
    assert_eq!(world.why("A")[0].1, Why::ResolvedUnheard);
    world.seconds(60);
    world.expect(&[]);
    assert_eq!(world.rows, Rows::default());
}

#[test]
fn a_resolved_post_of_an_unknown_alert_does_nothing() {
    let mut world = World::new(ONE_RECEIVER);
    world.resolve(&["A"]);
    assert!(world.last.is_empty());
}

#[test]
fn repeats_after_repeat_interval() {
    let mut world = World::new(&ONE_RECEIVER.replace("4h", "20m"));
    world.fire(&["A"]);
    world.seconds(3000);
    world.expect(&[
        "30s team: first notification +A",
        "1530s team: repeat interval elapsed +A",
    ]);
}

#[test]
fn who_does_not_want_resolutions_is_not_told() {
    let text = ONE_RECEIVER.replace("/'}", "/', send_resolved: false}");
    let mut world = World::new(&text);
    world.fire(&["A name=a", "A name=b"]);
    world.seconds(60);
    world.resolve(&["A name=a"]);
    assert_eq!(world.why("A name=a")[0].1, Why::ResolvedNotWanted);
    world.seconds(300);
    world.resolve(&["A name=b"]);
    world.seconds(300);
    world.fire(&["A name=b"]);
    world.seconds(60);
    world.expect(&[
        "30s team: first notification +a +b",
        "690s team: first notification +b",
    ]);
}

#[test]
fn an_alert_ends_when_nobody_prolongs_it() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(3000);
    world.expect(&["30s team: first notification +A"]);
    world.seconds(1000);
    world.expect(&["3630s team: all alerts resolved -A"]);
}

#[test]
fn a_post_that_only_prolongs_is_not_written() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(60);
    for _ in 0..100 {
        world.seconds(60);
        world.fire_since(&["A"], 0);
        let started = world.rows.alerts[0].starts_at;
        assert_eq!(started, NOON, "the earliest start counts");
        assert_eq!(world.last.changes, []);
    }
    world.seconds(3000);
    assert_eq!(
        world.engine.alerts(&AlertQuery::default(), world.now).len(),
        1
    );
}

#[test]
fn resolutions_can_come_sooner_than_group_interval() {
    let text = format!("{ONE_RECEIVER}plimsoll: {{resolve_interval: 10s}}\n");
    let mut world = World::new(&text);
    world.fire(&["A name=a", "A name=b"]);
    world.seconds(100);
    world.resolve(&["A name=a"]);
    world.seconds(5);
    world.resolve(&["A name=b"]);
    assert!(matches!(
        world.why("A name=b")[0].1,
        Why::Waiting {
            timer: crate::Timer::ResolveInterval,
            ..
        }
    ));
    world.seconds(60);
    world.expect(&[
        "30s team: first notification +a +b",
        "100s team: some alerts resolved -a +b",
        "110s team: all alerts resolved -b",
    ]);
}

#[test]
fn an_alert_goes_to_all_its_routes() {
    let mut world = World::new(
        "
route:
  receiver: default
  group_wait: 0s
  routes:
  - {receiver: first, matchers: [team=a], continue: true}
  - {receiver: second, matchers: [team=a]}
  - {receiver: third, matchers: [team=a]}
receivers:
- {name: default}
- {name: first, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: second, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: third, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
",
    );
    world.fire(&["A team=a"]);
    world.expect(&[
        "0s first: first notification +A",
        "0s second: first notification +A",
    ]);
    let explanation = world.engine.explain(&labels("A team=a"), world.now);
    let not: Vec<_> = explanation
        .not_routed_to
        .iter()
        .map(|name| &**name)
        .collect();
    assert_eq!(not, ["default", "third"]);
    world.fire(&["B"]);
    assert_eq!(
        world.why("B"),
        [(String::from("default"), Why::NoIntegration)]
    );
    world.resolve(&["A team=a", "B"]);
    world.seconds(400);
    assert_eq!((world.engine.groups.len(), world.rows.alerts.len()), (0, 0));
}

#[test]
fn a_storm_beyond_the_bound_is_refused_and_counted() {
    let text = format!("{ONE_RECEIVER}plimsoll: {{limits: {{alerts: 2}}}}\n");
    let mut world = World::new(&text);
    world.fire(&["A", "B", "C", "A"]);
    assert_eq!(world.last.refused.len(), 1);
    assert_eq!(world.last.refused[0].place, 2);
    assert_eq!(
        world.last.refused[0].reason,
        RefusalReason::TooManyAlerts(2)
    );
    let numbers = world.engine.numbers();
    assert_eq!((numbers.alerts, numbers.firing), (2, 2));
    assert_eq!(numbers.counts.refused[&RefusalReason::TooManyAlerts(2)], 1);
}

#[test]
fn states_are_those_of_the_api() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    let state = |world: &World| world.engine.alerts(&AlertQuery::default(), world.now)[0].state;
    assert_eq!(state(&world), crate::AlertState::Unprocessed);
    world.seconds(31);
    assert_eq!(state(&world), crate::AlertState::Active);
    let groups = world.engine.groups(&AlertQuery::default(), world.now);
    assert_eq!(groups[0].phase, crate::GroupPhase::Active);
    assert_eq!(
        groups[0].channels[0].told.as_ref().map(|told| told.firing),
        Some(1)
    );
    let none = AlertQuery {
        active: false,
        ..AlertQuery::default()
    };
    assert_eq!(world.engine.groups(&none, world.now), []);
}
