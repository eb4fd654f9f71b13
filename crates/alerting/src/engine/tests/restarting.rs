//! Restarts, replicas, and clocks that are set.

use super::*;

#[test]
fn a_restart_changes_nothing() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a"]);
    world.restart();
    world.seconds(100);
    world.restart();
    world.fire(&["A name=b"]);
    world.restart();
    world.seconds(300);
    world.resolve(&["A name=a", "A name=b"]);
    world.restart();
    world.seconds(300);
    world.expect(&[
        "30s team: first notification +a",
        "330s team: new alerts added +a +b",
        "630s team: all alerts resolved -a -b",
    ]);
    world.restart();
    assert_eq!(world.engine.groups.len(), 0);
}

#[test]
fn a_crash_before_the_answer_is_durable_sends_again_under_the_same_key() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    world.fire(&["A"]);
    world.seconds(30);
    let lost = world.open[0].clone();
    assert_eq!(
        world.rows.deliveries[0].phase,
        crate::rows::DeliveryPhase::Leased
    );
    world.restart();
    world.is_slow = false;
    world.seconds(1);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(world.heard[0].id, lost.notice.id);
    world.seconds(1000);
    assert_eq!(world.heard.len(), 1);
}

#[test]
fn what_was_due_while_we_were_away_is_done_at_once() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.now = world.now.saturating_add_millis(100_000);
    world.restart();
    world.seconds(0);
    world.expect(&["100s team: first notification +A"]);
}

#[test]
fn a_firing_alert_lives_one_lease_after_a_restart() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(60);
    world.now = world.now.saturating_add_millis(2 * 3_600_000);
    world.restart();
    world.seconds(3500);
    world.expect(&["30s team: first notification +A"]);
    world.seconds(400);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(world.heard[0].text, "all alerts resolved -A");
}

#[test]
fn an_hour_back_delays_nothing() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A name=a"]);
    world.seconds(60);
    world.fire(&["A name=b"]);
    world.set_clock(-3_600_000);
    world.seconds(300);
    world.expect(&[
        "30s team: first notification +a",
        "-3270s team: new alerts added +a +b",
    ]);
    world.restart();
    world.seconds(600);
    world.expect(&[]);
}

#[test]
fn a_retry_does_not_wait_an_hour_more_after_the_clock_was_set_back() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", Some(50));
    world.fire(&["A"]);
    world.seconds(31);
    world.broken.clear();
    world.set_clock(-3_600_000);
    world.seconds(60);
    assert_eq!(world.heard.len(), 1);
}

#[test]
fn a_clock_that_is_slewed_stands_still() {
    let mut world = World::new(ONE_RECEIVER);
    world.fire(&["A"]);
    world.seconds(10);
    world.set_clock(-500);
    assert_eq!(
        world.engine.wake_at(),
        Some(NOON.saturating_add_millis(30_000))
    );
}

#[test]
fn who_does_not_lead_keeps_alerts_and_tells_nobody() {
    let mut world = World::new(ONE_RECEIVER);
    world.settings.is_leading = false;
    world.restart();
    world.fire(&["A"]);
    assert_eq!(world.rows.alerts.len(), 1);
    assert_eq!(world.rows.groups.len(), 0);
    assert_eq!(world.why("A")[0].1, Why::NotLeading);
    world.seconds(1000);
    world.expect(&[]);
    world.settings.is_leading = true;
    world.restart();
    world.seconds(1);
    assert_eq!(world.heard.len(), 1);
}

#[test]
fn who_leads_without_having_read_the_rows_says_so() {
    let mut world = World::new(ONE_RECEIVER);
    assert_eq!(world.why("A")[0].1, Why::NoAlert);
    world.engine = Engine::new(world.config.clone(), world.settings.clone(), world.now);
    assert_eq!(world.why("A")[0].1, Why::RowsUnread);
    world.fire(&["A"]);
    assert!(matches!(world.why("A")[0].1, Why::Waiting { .. }));
    world.resolve(&["A"]);
    assert_eq!(world.why("A")[0].1, Why::RowsUnread);
}

#[test]
fn who_leads_takes_what_others_were_posted() {
    let mut leader = World::new(ONE_RECEIVER);
    let mut standby = World::new(ONE_RECEIVER);
    standby.settings.is_leading = false;
    standby.restart();
    standby.fire(&["A"]);
    leader.step(Event::Merged(Box::new(standby.rows.clone())));
    leader.seconds(31);
    leader.expect(&["30s team: first notification +A"]);
    standby.step(Event::Merged(Box::new(leader.rows.clone())));
    standby.now = leader.now;
    standby.resolve(&["A"]);
    let row = &standby.rows.alerts[0];
    assert!(row.is_resolved);
    leader.step(Event::Merged(Box::new(standby.rows.clone())));
    leader.seconds(300);
    leader.expect(&["330s team: all alerts resolved -A"]);
    assert_eq!(leader.rows.alerts, []);
}

#[test]
fn who_leads_without_the_database_repeats_nothing_it_heard_of() {
    let mut leader = World::new(ONE_RECEIVER);
    let mut standby = World::new(ONE_RECEIVER);
    standby.settings.is_leading = false;
    standby.restart();
    leader.fire(&["A"]);
    leader.seconds(60);
    standby.step(Event::Merged(Box::new(leader.rows.clone())));
    standby.now = leader.now;
    standby.step(Event::Leading(true));
    standby.step(Event::Degraded(true));
    standby.seconds(1000);
    standby.expect(&[]);
    standby.fire(&["A name=b"]);
    standby.seconds(400);
    assert_eq!(standby.heard.len(), 1);
}

#[test]
fn who_does_not_lead_writes_only_what_was_posted_to_it() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A"]);
    world.seconds(60);
    let rows = world.rows.clone();
    world.settings.is_leading = false;
    world.restart();
    world.reload(&ONE_RECEIVER.replace("[alertname]", "[site]"));
    world.seconds(5000);
    assert_eq!(world.rows, rows);
    world.expect(&[]);
}

#[test]
fn who_leads_again_makes_the_attempts_again_that_nobody_answered() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    world.fire(&["A"]);
    world.seconds(60);
    let first = world.open.remove(0);
    world.step(Event::Leading(false));
    let verdict = Verdict::sent();
    world.step(Event::Answered {
        delivery: first.delivery,
        verdict,
    });
    assert!(world.last.is_empty());
    world.step(Event::Leading(true));
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.open[0].delivery, first.delivery);
}

#[test]
fn who_stands_by_forgets_what_the_leader_told() {
    let mut leader = World::new(ONE_RECEIVER);
    leader.unavailable("team", None);
    leader.fire(&["A"]);
    leader.seconds(31);
    let mut standby = World::new(ONE_RECEIVER);
    standby.settings.is_leading = false;
    standby.rows = leader.rows.clone();
    standby.now = leader.now;
    standby.restart();
    leader.broken.clear();
    leader.seconds(60);
    standby.now = leader.now;
    standby.step(Event::Merged(Box::new(leader.rows.clone())));
    standby.step(Event::Leading(true));
    standby.seconds(100);
    standby.expect(&[]);
}

#[test]
fn replicas_that_decide_the_same_use_the_same_key() {
    let mut worlds = [World::new(ONE_RECEIVER), World::new(ONE_RECEIVER)];
    for world in &mut worlds {
        world.fire(&["A"]);
        world.seconds(60);
    }
    assert_eq!(worlds[0].heard[0].id, worlds[1].heard[0].id);
}

#[test]
fn replicas_that_decide_differently_use_different_keys() {
    let mut cut_off = World::new(ONE_RECEIVER);
    cut_off.fire(&["A name=a"]);
    cut_off.seconds(60);
    // Another one leads from the rows as they are now, and nothing of what the first one decides gets into them.
    let mut other = World::new(ONE_RECEIVER);
    other.rows = cut_off.rows.clone();
    other.now = cut_off.now;
    other.restart();
    cut_off.resolve(&["A name=a"]);
    cut_off.seconds(300);
    other.fire(&["A name=b"]);
    other.resolve(&["A name=a"]);
    other.seconds(300);
    let [.., end] = &cut_off.heard[..] else {
        panic!("the end is told");
    };
    let [page] = &other.heard[..] else {
        panic!("the page is told: {:?}", other.heard);
    };
    assert_eq!(end.text, "all alerts resolved -a");
    assert_eq!(page.text, "new alerts added -a +b");
    // Who honours the key would take the page for the end that it has already.
    assert_ne!(end.id, page.id);
}

#[test]
fn the_end_of_a_page_that_only_one_without_the_database_told_is_told() {
    let mut alone = World::new(ONE_RECEIVER);
    alone.step(Event::Degraded(true));
    alone.fire(&["A"]);
    alone.seconds(60);
    alone.resolve(&["A"]);
    let told = alone.engine.take_told_alone(alone.now);
    assert_eq!((told.told.len(), told.alerts.len()), (1, 1));
    assert!(alone.engine.take_told_alone(alone.now).is_empty());
    // Who leads when it is back knows nothing of it.
    let mut leader = World::new(ONE_RECEIVER);
    leader.now = alone.now;
    leader.step(Event::ToldAlone(Box::new(told.clone())));
    leader.step(Event::ToldAlone(Box::new(told)));
    leader.restart();
    leader.seconds(600);
    leader.expect(&["90s team: all alerts resolved -A"]);
    assert_eq!((leader.rows.alerts.len(), leader.rows.groups.len()), (0, 0));
}

#[test]
fn that_an_alert_fires_is_news_when_one_without_the_database_told_its_end() {
    let mut leader = World::new(ONE_RECEIVER);
    leader.fire(&["A"]);
    leader.seconds(60);
    let mut alone = World::new(ONE_RECEIVER);
    (alone.rows, alone.now) = (leader.rows.clone(), leader.now);
    alone.restart();
    alone.step(Event::Degraded(true));
    alone.resolve(&["A"]);
    alone.seconds(300);
    alone.expect(&["330s team: all alerts resolved -A"]);
    leader.heard.clear();
    leader.seconds(300);
    let told = alone.engine.take_told_alone(alone.now);
    leader.step(Event::ToldAlone(Box::new(told)));
    leader.seconds(600);
    leader.expect(&["630s team: new alerts added +A"]);
}

#[test]
fn the_end_of_a_page_that_may_have_arrived_without_the_database_is_told() {
    let mut alone = World::new(ONE_RECEIVER);
    alone.is_slow = true;
    alone.step(Event::Degraded(true));
    alone.fire(&["A"]);
    alone.seconds(30);
    alone.resolve(&["A"]);
    let told = alone.engine.take_told_alone(alone.now);
    let mut leader = World::new(ONE_RECEIVER);
    leader.now = alone.now;
    leader.step(Event::ToldAlone(Box::new(told)));
    leader.seconds(600);
    leader.expect(&["60s team: all alerts resolved -A"]);
}

#[test]
fn what_was_told_without_the_database_is_as_any_other_when_the_rows_are_durable() {
    let mut world = World::new(ONE_RECEIVER);
    world.step(Event::Degraded(true));
    world.fire(&["A"]);
    world.seconds(60);
    world.step(Event::Degraded(false));
    assert!(world.engine.take_told_alone(world.now).is_empty());
}

#[test]
fn no_key_is_used_twice() {
    let mut world = World::new(ONE_RECEIVER);
    for _ in 0..5 {
        let posts = vec![Post {
            alert: Alert {
                labels: labels("A"),
                annotations: Annotations::default(),
                starts_at: NOON,
                ends_at: Some(world.now.saturating_add_millis(3_600_000)),
                generator_url: String::new(),
            },
            is_timeout: false,
        }];
        world.step(Event::Posted(posts));
        world.seconds(400);
        world.resolve(&["A"]);
        world.seconds(400);
        world.restart();
    }
    let mut ids: Vec<_> = world.heard.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), 10);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 10);
}

#[test]
fn a_standby_does_not_take_the_end_of_a_silence_for_announced() {
    let text = "
route: {receiver: team}
receivers:
- {name: team}
- {name: keeper, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
plimsoll: {silences: {notify_before_expiry: 10m, receiver: keeper}}
";
    let mut world = World::new(text);
    world.settings.is_leading = false;
    world.restart();
    let sets = vec![vec![plimsoll_types::Matcher::equal("a", "b")]];
    world.step(Event::SetSilence {
        draft: Box::new(crate::Draft {
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
        }),
        fresh: crate::SilenceId::from_random(1),
    });
    world.seconds(3100);
    world.step(Event::Leading(true));
    world.seconds(60);
    world.expect(&["3100s keeper: first notification +PlimsollSilenceEndsSoon"]);
}

#[test]
fn who_leads_without_the_database_waits_for_heartbeats_anew() {
    let mut world = World::new(&format!(
        "{ONE_RECEIVER}plimsoll: {{heartbeats: [{{name: Gone, matchers: [alertname=Watchdog], timeout: 10m}}]}}\n"
    ));
    world.settings.is_leading = false;
    world.restart();
    world.seconds(3600);
    world.step(Event::Leading(true));
    world.seconds(599);
    world.expect(&[]);
    world.seconds(61);
    world.expect(&["4230s team: first notification +Gone"]);
}

#[test]
fn a_notice_does_not_tell_that_all_is_well_when_its_alerts_cannot_be_read_back() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    world.fire(&["A name=a"]);
    world.seconds(31);
    world.fire(&["A name=b"]);
    world
        .rows
        .alerts
        .retain(|row| row.labels == labels("A name=b"));
    world.broken.clear();
    world.restart();
    world.seconds(60);
    world.expect(&[]);
    world.seconds(300);
    world.expect(&["330s team: first notification +b"]);
}

#[test]
fn an_end_that_is_near_by_a_slow_clock_is_no_page_to_who_is_ahead() {
    let text = ONE_RECEIVER.replace("group_wait: 30s", "group_wait: 0s");
    let mut standby = World::new(&text);
    standby.settings.is_leading = false;
    standby.restart();
    standby.ahead = -500;
    standby.resolve(&["A"]);
    assert_eq!(standby.rows.alerts.len(), 1, "it fires for another moment");
    let mut leader = World::new(&text);
    leader.now = standby.now.saturating_add_millis(2_000);
    leader.step(Event::Merged(Box::new(standby.rows.clone())));
    leader.seconds(100);
    leader.expect(&[]);
}

#[test]
fn an_end_that_the_leader_knows_counts_although_our_clock_is_slow() {
    let mut leader = World::new(ONE_RECEIVER);
    leader.fire(&["A"]);
    leader.seconds(60);
    let mut standby = World::new(ONE_RECEIVER);
    standby.settings.is_leading = false;
    standby.rows = leader.rows.clone();
    standby.now = leader.now.saturating_add_millis(-2000);
    standby.restart();
    leader.resolve(&["A"]);
    standby.step(Event::Merged(Box::new(leader.rows.clone())));
    leader.seconds(400);
    assert_eq!(leader.rows.alerts, []);
    standby.rows = leader.rows.clone();
    standby.seconds(400);
    standby.fire(&["A"]);
    assert_eq!(
        standby.rows.alerts.len(),
        1,
        "it fires anew, and others have to know"
    );
}
