//! Reload.

use super::*;

#[test]
fn an_unchanged_group_goes_on() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a"]);
    world.seconds(100);
    world.fire(&["A name=b"]);
    let with_more = ONE_RECEIVER.replace(
        "repeat_interval: 4h}",
        "repeat_interval: 4h, routes: [{receiver: other, matchers: [x=y]}]}",
    );
    world.reload(&format!("{with_more}- name: other\n"));
    world.seconds(300);
    world.expect(&[
        "30s team: first notification +a",
        "330s team: new alerts added +a +b",
    ]);
}

#[test]
fn another_receiver_of_the_same_route_hears_of_it() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(100);
    world.reload(&ONE_RECEIVER.replace("team", "others"));
    world.seconds(300);
    world.expect(&[
        "30s team: first notification +A",
        "330s others: first notification +A",
    ]);
    assert_eq!(
        world
            .rows
            .told
            .iter()
            .filter(|row| !row.firing.is_empty())
            .count(),
        1
    );
}

#[test]
fn a_notice_to_a_receiver_that_is_gone_is_told_by_its_heir() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A"]);
    world.seconds(60);
    world.resolve(&["A"]);
    world.reload(&ONE_RECEIVER.replace("team", "others"));
    world.seconds(400);
    let texts: Vec<_> = world
        .heard
        .iter()
        .map(|one| (&*one.receiver, &*one.text))
        .collect();
    assert_eq!(
        texts,
        [
            ("others", "first notification +A"),
            ("others", "all alerts resolved -A")
        ]
    );
    assert!(world.outcomes().contains(&"orphaned"));
    assert_eq!(
        (world.rows.deliveries.len(), world.rows.groups.len()),
        (0, 0)
    );
}

#[test]
fn what_nobody_heard_of_is_told_by_the_new_group() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A"]);
    world.seconds(60);
    world.resolve(&["A"]);
    world.reload(&ONE_RECEIVER.replace("[alertname]", "[site]"));
    world.broken.clear();
    world.restart();
    world.seconds(700);
    let texts: Vec<_> = world
        .heard
        .iter()
        .map(|one| (&*one.group_key, &*one.text))
        .collect();
    assert_eq!(
        texts,
        [
            ("{}:{}", "first notification +A"),
            ("{}:{}", "all alerts resolved -A")
        ]
    );
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
}

#[test]
fn alerts_that_are_grouped_otherwise_begin_anew() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a", "B name=b"]);
    world.seconds(60);
    world.reload(&ONE_RECEIVER.replace("[alertname]", "[site]"));
    world.seconds(60);
    world.expect(&[
        "30s team: first notification +a",
        "30s team: first notification +b",
        "60s team: first notification +a +b",
    ]);
    let views = world.engine.groups(&AlertQuery::default(), world.now);
    assert_eq!(views.len(), 1);
    world.resolve(&["A name=a"]);
    world.seconds(301);
    world.expect(&[
        "330s team: all alerts resolved -a",
        "360s team: some alerts resolved -a +b",
    ]);
}

fn heard(world: &World) -> Vec<(&str, &str, &str)> {
    let heard = world.heard.iter();
    heard
        .map(|one| (&*one.receiver, &*one.group_key, &*one.text))
        .collect()
}

#[test]
fn a_resolution_on_its_way_is_told_although_its_group_is_dissolved() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A", "B"]);
    world.seconds(60);
    world.heard.clear();
    world.unavailable("team", None);
    world.resolve(&["A"]);
    world.seconds(280);
    assert_eq!(world.rows.deliveries.len(), 1);
    world.resolve(&["B"]);
    world.reload(&ONE_RECEIVER.replace("[alertname]", "[site]"));
    world.restart();
    world.broken.clear();
    world.seconds(100);
    let mut found = heard(&world);
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("team", "{}:{alertname=\"A\"}", "all alerts resolved -A"),
            ("team", "{}:{alertname=\"B\"}", "all alerts resolved -B"),
        ]
    );
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
    assert_eq!(world.engine.groups.len(), 0);
}

#[test]
fn whoever_was_told_that_an_alert_fires_hears_its_end_under_the_same_key() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(60);
    world.reload(&ONE_RECEIVER.replace("[alertname]", "[site]"));
    world.seconds(60);
    world.restart();
    world.resolve(&["A"]);
    world.fire(&["A"]);
    world.seconds(700);
    world.resolve(&["A"]);
    world.restart();
    world.seconds(700);
    assert_eq!(
        heard(&world),
        [
            ("team", "{}:{alertname=\"A\"}", "first notification +A"),
            ("team", "{}:{}", "first notification +A"),
            ("team", "{}:{alertname=\"A\"}", "all alerts resolved -A"),
            ("team", "{}:{}", "all alerts resolved -A"),
        ]
    );
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
}

#[test]
fn a_receiver_that_its_route_left_hears_ends_and_nothing_new() {
    let two = format!(
        "{ONE_RECEIVER}- {{name: other, webhook_configs: [{{url: 'http://127.0.0.1:2/'}}]}}\n"
    );
    let moved = two.replace("{receiver: team,", "{receiver: other,");
    let mut world = World::new(&two);
    world.fire(&["A name=a"]);
    world.seconds(60);
    world.reload(&moved);
    world.fire(&["A name=b"]);
    world.restart();
    world.seconds(300);
    world.resolve(&["A name=a", "A name=b"]);
    world.seconds(400);
    world.expect(&[
        "30s team: first notification +a",
        "330s other: first notification +a +b",
        "630s team: all alerts resolved -a",
        "630s other: all alerts resolved -a -b",
    ]);
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
}

#[test]
fn a_receiver_that_is_gone_hears_nothing() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(60);
    world.heard.clear();
    world.unavailable("team", None);
    world.resolve(&["A"]);
    world.seconds(280);
    world.broken.clear();
    let others = ONE_RECEIVER.replace("team", "others");
    world.reload(&others.replace("[alertname]", "[site]"));
    world.seconds(700);
    world.expect(&[]);
    assert!(world.outcomes().contains(&"orphaned"));
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
}

#[test]
fn a_reload_with_a_notice_on_its_way_sends_it_once() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A"]);
    world.seconds(60);
    world.reload(&format!("{ONE_RECEIVER}- name: other\n"));
    world.broken.clear();
    world.seconds(100);
    assert_eq!(world.heard.len(), 1);
}

#[test]
fn new_rules_of_inhibition_count_at_once() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["Down", "Slow"]);
    world.reload(&format!(
        "{ONE_RECEIVER}inhibit_rules: [{{source_matchers: [alertname=Down], target_matchers: [alertname=Slow]}}]\n"
    ));
    world.seconds(60);
    world.expect(&["30s team: first notification +Down"]);
}
