//! Inhibition, silences, time intervals and the warm-up.

use plimsoll_types::Matcher;

use super::*;
use crate::{Draft, MatcherSets, SilenceId};

const INHIBITING: &str = "
route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers: [{name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
inhibit_rules:
- {source_matchers: [severity=page], target_matchers: [severity=warn], equal: [site]}
";

fn silence(world: &mut World, name: &str, seconds: i64) -> SilenceId {
    let sets =
        MatcherSets::for_alerts(vec![vec![Matcher::equal("alertname", name)]]).expect("matchers");
    let draft = Draft {
        id: None,
        matchers: sets,
        receivers: MatcherSets::default(),
        starts_at: None,
        ends_at: world.now.saturating_add_millis(seconds * 1000),
        created_by: "ann".into(),
        comment: "maintenance".into(),
        annotations: Annotations::default(),
        recurrence: None,
        until_resolved: None,
    };
    let fresh = SilenceId::from_random(u128::from(world.now.millis().unsigned_abs()));
    world.step(Event::SetSilence {
        draft: Box::new(draft),
        fresh,
    });
    world
        .last
        .silence
        .clone()
        .expect("an answer")
        .expect("a silence")
}

#[test]
fn an_inhibited_alert_is_not_told_until_its_source_is_over() {
    let mut world = World::new(INHIBITING);
    world.fire(&[
        "Down severity=page site=x",
        "Slow severity=warn site=x",
        "Slow severity=warn site=y name=y",
    ]);
    assert!(matches!(
        world.why("Slow severity=warn site=x")[0].1,
        Why::Inhibited { rule: 0, .. }
    ));
    world.seconds(60);
    world.expect(&[
        "30s team: first notification +Down",
        "30s team: first notification +y",
    ]);
    world.resolve(&["Down severity=page site=x"]);
    world.seconds(300);
    world.expect(&[
        "330s team: all alerts resolved -Down",
        "330s team: new alerts added +Slow +y",
    ]);
}

#[test]
fn after_a_start_an_old_target_waits_for_its_source() {
    let mut world = World::new(INHIBITING);
    world.fire_since(&["Slow severity=warn site=x"], -3600);
    world.expect(&[]);
    let until = NOON.saturating_add_millis(75_000);
    assert_eq!(
        world.why("Slow severity=warn site=x")[0].1,
        Why::WarmUp { until }
    );
    world.pass(500);
    world.fire_since(&["Down severity=page site=x"], -3600);
    world.expect(&["0.5s team: first notification +Down"]);
    world.seconds(1000);
    world.expect(&[]);
}

#[test]
fn after_the_warm_up_an_old_target_without_source_is_told() {
    let mut world = World::new(INHIBITING);
    world.fire_since(&["Slow severity=warn site=x"], -3600);
    world.fire_since(&["Other"], -3600);
    world.expect(&["0s team: first notification +Other"]);
    world.seconds(100);
    world.expect(&["75s team: first notification +Slow"]);
}

#[test]
fn a_target_that_began_when_we_were_there_does_not_wait() {
    let mut world = World::new(INHIBITING);
    world.fire(&["Slow severity=warn site=x"]);
    world.seconds(31);
    world.expect(&["30s team: first notification +Slow"]);
}

#[test]
fn a_silenced_alert_is_not_told_until_the_silence_ends() {
    let mut world = World::new(ONE_RECEIVER);
    let id = silence(&mut world, "A", 400);
    world.fire(&["A"]);
    let until = NOON.saturating_add_millis(400_000);
    assert_eq!(
        world.why("A")[0].1,
        Why::Silenced {
            by: vec![(id, "ann".into(), until)]
        }
    );
    let next = world.engine.explain(&labels("A"), world.now).channels[0].next_at;
    assert_eq!(next, Some(NOON.saturating_add_millis(630_000)));
    world.seconds(620);
    world.expect(&[]);
    assert!(
        world.engine.alerts(&AlertQuery::default(), NOON)[0]
            .silenced_by
            .contains(&id)
    );
    world.seconds(20);
    world.expect(&["630s team: first notification +A"]);
}

#[test]
fn an_expired_silence_keeps_nothing_back() {
    let mut world = World::new(ONE_RECEIVER);
    let id = silence(&mut world, "A", 4000);
    world.fire(&["A"]);
    world.seconds(10);
    world.step(Event::ExpireSilence(id));
    assert_eq!(world.last.silence, Some(Ok(id)));
    world.seconds(30);
    world.expect(&["30s team: first notification +A"]);
    world.step(Event::ExpireSilence(SilenceId::from_u128(7)));
    assert!(matches!(
        world.last.silence,
        Some(Err(SilenceError::Unknown(_)))
    ));
}

#[test]
fn what_may_have_arrived_before_a_silence_keeps_its_key_after_it() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A"]);
    world.seconds(40);
    let first = world.started[0].1.notice.id.clone();
    let id = silence(&mut world, "A", 4000);
    world.seconds(300);
    assert_eq!(world.rows.deliveries, []);
    world.broken.clear();
    world.step(Event::ExpireSilence(id));
    world.seconds(300);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(world.heard[0].id, first);
    // A repetition is another notice.
    world.seconds(4 * 3600 + 300);
    assert_eq!(world.heard.len(), 2);
    assert_ne!(world.heard[1].id, first);
}

#[test]
fn a_notice_that_waits_does_not_leak_past_a_silence() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A"]);
    world.seconds(40);
    silence(&mut world, "A", 4000);
    world.broken.clear();
    world.seconds(100);
    world.expect(&[]);
    assert!(world.outcomes().contains(&"withdrawn"));
}

#[test]
fn what_a_silence_keeps_from_a_fallback_is_told_to_nobody_and_news_after_it() {
    let mut world = World::new(
        "
route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: second, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
plimsoll:
  receivers: [{name: team, fallback: [second], fallback_after: {failures: 2, age: 1h}}]
",
    );
    world.broken.insert("team".into(), Verdict::refused("404"));
    world.unavailable("second", Some(300));
    world.fire(&["A name=a"]);
    world.seconds(60);
    silence(&mut world, "A", 1000);
    world.broken.clear();
    world.seconds(310);
    let explained = world.engine.explain(&labels("A name=a"), world.now);
    let told = explained.channels.iter().map(|channel| &channel.told);
    assert!(told.eq([&None]), "{explained:?}");
    world.restart();
    world.seconds(1200);
    let heard = world.heard.iter();
    let heard: Vec<_> = heard.map(|one| (&*one.receiver, &*one.text)).collect();
    assert_eq!(heard, [("team", "first notification +a")]);
}

#[test]
fn what_ends_while_it_is_silenced_is_news_when_it_fires_again() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(60);
    silence(&mut world, "A", 1000);
    world.resolve(&["A"]);
    world.seconds(600);
    assert_eq!(world.engine.groups.len(), 0);
    world.seconds(1000);
    world.fire(&["A"]);
    world.seconds(31);
    world.expect(&[
        "30s team: first notification +A",
        "1690s team: first notification +A",
    ]);
}

#[test]
fn a_muted_route_tells_when_it_is_not_muted_any_more() {
    let mut world = World::new(
        "
route:
  receiver: team
  routes:
  - {receiver: team, group_wait: 30s, group_interval: 5m, mute_time_intervals: [lunch]}
receivers: [{name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
time_intervals:
- {name: lunch, time_intervals: [{times: [{start_time: '12:00', end_time: '12:20'}]}]}
",
    );
    world.fire(&["A"]);
    assert_eq!(
        world.why("A")[0].1,
        Why::Muted {
            by: vec!["lunch".into()]
        }
    );
    let next_at = world.engine.explain(&labels("A"), world.now).channels[0].next_at;
    assert_eq!(next_at, Some(NOON.saturating_add_millis(1_230_000)));
    world.seconds(1180);
    world.expect(&[]);
    assert_eq!(
        world.engine.alerts(&AlertQuery::default(), world.now)[0].muted_by,
        ["lunch"]
    );
    world.seconds(300);
    world.expect(&["1230s team: first notification +A"]);
}

#[test]
fn a_route_outside_of_its_active_intervals_is_silent() {
    let mut world = World::new(
        "
route:
  receiver: team
  routes:
  - {receiver: team, group_wait: 30s, group_interval: 5m, active_time_intervals: [afternoon]}
receivers: [{name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]
time_intervals:
- {name: afternoon, time_intervals: [{times: [{start_time: '12:10', end_time: '18:00'}]}]}
",
    );
    world.fire(&["A"]);
    assert_eq!(world.why("A")[0].1, Why::Muted { by: vec![] });
    world.seconds(900);
    world.expect(&["630s team: first notification +A"]);
}

#[test]
fn an_expired_silence_goes_after_the_retention_though_nothing_else_happens() {
    let mut world = World::new(INHIBITING);
    silence(&mut world, "A", 60);
    world.seconds(119 * 3600);
    assert_eq!(world.rows.silences.len(), 1);
    let gone_at = NOON.saturating_add_millis((60 + 120 * 3600) * 1000);
    assert_eq!(world.engine.wake_at(), Some(gone_at));
    world.seconds(2 * 3600);
    assert_eq!(world.rows.silences, []);
    assert_eq!(world.engine.wake_at(), None);
}

#[test]
fn silences_that_are_forgotten_for_new_ones_lose_their_rows() {
    let mut world = World::new(&format!(
        "{INHIBITING}plimsoll: {{limits: {{silences: 2}}}}\n"
    ));
    for _ in 0..20 {
        let id = silence(&mut world, "A", 60);
        world.step(Event::ExpireSilence(id));
        world.seconds(1);
        assert_eq!(world.rows.silences.len(), world.engine.silences().len());
    }
    assert!(world.rows.silences.len() <= 4);
}

#[test]
fn silences_of_others_are_forgotten_when_there_are_too_many() {
    let limited = format!("{INHIBITING}plimsoll: {{limits: {{silences: 2}}}}\n");
    let (mut leader, mut standby) = (World::new(&limited), World::new(&limited));
    standby.settings.is_leading = false;
    standby.restart();
    for _ in 0..20 {
        let id = silence(&mut standby, "A", 60);
        standby.step(Event::ExpireSilence(id));
        standby.seconds(1);
        leader.now = standby.now;
        leader.rows = standby.rows.clone();
        leader.step(Event::Merged(Box::new(standby.rows.clone())));
        standby.rows = leader.rows.clone();
    }
    assert!(leader.engine.silences().len() <= 4);
    assert!(leader.rows.silences.len() <= 4);
}
