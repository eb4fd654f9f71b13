//! The outbox: retries, superseding, failover, dead letters.

use super::*;

fn first(world: &mut World) {
    world.fire(&["A name=a"]);
    world.seconds(30);
}

#[test]
fn a_failed_attempt_is_made_again_under_the_same_key() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    first(&mut world);
    assert!(matches!(
        &world.why("A name=a")[0].1,
        Why::Queued { failures: 1, .. }
    ));
    let id = world.rows.deliveries[0].id;
    world.seconds(18);
    world.broken.clear();
    world.seconds(40);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(world.heard[0].id, id.to_string());
    assert!(world.heard[0].at.millis_since(NOON) < 70_000);
}

#[test]
fn a_peer_that_asks_for_a_pause_gets_it_and_no_more() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", Some(7));
    first(&mut world);
    world.broken.clear();
    world.seconds(60);
    let at = world.heard[0].at.millis_since(NOON) - 30_000;
    assert!((7000..=8000).contains(&at), "{at}");
}

#[test]
fn a_pause_is_for_all_groups() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", Some(60));
    first(&mut world);
    world.broken.clear();
    world.fire_since(&["B"], -100);
    world.expect(&[]);
    world.seconds(70);
    assert_eq!(world.heard.len(), 2);
}

#[test]
fn a_retry_survives_the_next_flush() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    first(&mut world);
    world.seconds(1000);
    world.broken.clear();
    world.seconds(60);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(world.heard[0].text, "first notification +a");
}

#[test]
fn a_newer_decision_takes_the_place_of_the_older() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    first(&mut world);
    world.fire(&["A name=b", "A name=c"]);
    world.resolve(&["A name=a", "A name=c"]);
    world.seconds(400);
    world.broken.clear();
    world.seconds(60);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(world.heard[0].text, "first notification -a +b -c");
    assert!(world.outcomes().contains(&"superseded"));
    world.seconds(600);
    assert_eq!(world.heard.len(), 1);
}

#[test]
fn what_nobody_heard_of_is_told_although_it_is_over() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", None);
    first(&mut world);
    world.resolve(&["A name=a"]);
    world.seconds(600);
    world.broken.clear();
    world.seconds(60);
    let texts: Vec<_> = world.heard.iter().map(|one| &*one.text).collect();
    assert_eq!(texts, ["first notification +a", "all alerts resolved -a"]);
    assert_eq!((world.rows.alerts.len(), world.rows.groups.len()), (0, 0));
}

#[test]
fn a_resolution_that_waits_is_withdrawn_when_the_alert_fires_again() {
    let text = format!(
        "{ONE_RECEIVER}plimsoll:\n  receivers: [{{name: team, rate_limit: {{notices: 1, per: 1h}}}}]\n"
    );
    let mut world = World::new(&text);
    first(&mut world);
    world.resolve(&["A name=a"]);
    world.seconds(310);
    assert_eq!(world.rows.deliveries.len(), 1);
    world.fire(&["A name=a"]);
    world.seconds(600);
    world.expect(&["30s team: first notification +a"]);
    assert_eq!(world.rows.deliveries.len(), 0);
    assert!(world.outcomes().contains(&"withdrawn"));
}

#[test]
fn a_resolution_that_may_have_arrived_is_corrected() {
    let mut world = World::new(ONE_RECEIVER);
    first(&mut world);
    world.unavailable("team", None);
    world.resolve(&["A name=a"]);
    world.seconds(310);
    world.fire(&["A name=a"]);
    world.seconds(300);
    world.broken.clear();
    world.seconds(60);
    let texts: Vec<_> = world.heard.iter().map(|one| &*one.text).collect();
    assert_eq!(texts, ["first notification +a", "new alerts added +a"]);
}

#[test]
fn nothing_replaces_an_attempt_under_way() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    first(&mut world);
    assert_eq!(world.open.len(), 1);
    world.resolve(&["A name=a"]);
    world.seconds(310);
    assert!(matches!(world.why("A name=a")[0].1, Why::BeingTold { .. }));
    assert_eq!(world.open.len(), 1);
    world.answer();
    assert_eq!(world.open.len(), 1, "the resolution follows at once");
    world.answer();
    world.expect(&[
        "340s team: first notification +a",
        "340s team: all alerts resolved -a",
    ]);
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    first(&mut world);
    let delivery = world.open[0].delivery;
    world.answer();
    let rows = world.rows.clone();
    let verdict = Verdict::refused("late");
    world.step(Event::Answered { delivery, verdict });
    assert!(world.last.is_empty());
    assert_eq!(world.rows, rows);
}

#[test]
fn a_refused_notice_dies_and_is_decided_again_at_the_next_flush() {
    let mut world = World::new(ONE_RECEIVER);
    world.broken.insert("team".into(), Verdict::refused("404"));
    first(&mut world);
    assert_eq!(world.outcomes(), ["dead"]);
    world.broken.clear();
    world.seconds(300);
    world.expect(&["330s team: first notification +a"]);
}

const WITH_FALLBACK: &str = "
route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 5m, repeat_interval: 4h}
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: second, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: third, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: owner, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
plimsoll:
  receivers:
  - {name: team, fallback: [second, third], fallback_after: {failures: 2, age: 1h}}
  dead_letters: {receiver: owner, after: 10m}
";

#[test]
fn another_receiver_is_told_in_its_place_and_hears_the_end() {
    let mut world = World::new(WITH_FALLBACK);
    world.unavailable("team", None);
    first(&mut world);
    world.seconds(10);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(
        (&*world.heard[0].receiver, &*world.heard[0].text),
        ("second", "first notification +a")
    );
    let told = world
        .engine
        .explain(&labels("A name=a"), world.now)
        .channels[0]
        .told
        .clone();
    assert_eq!(told.and_then(|told| told.via).as_deref(), Some("second"));
    world.seconds(3000);
    assert_eq!(world.heard.len(), 1, "nothing is told twice");
    world.broken.clear();
    world.heard.clear();
    world.resolve(&["A name=a"]);
    world.seconds(600);
    let mut heard: Vec<_> = world
        .heard
        .iter()
        .map(|one| (&*one.receiver, &*one.text))
        .collect();
    heard.sort();
    assert_eq!(
        heard,
        [
            ("second", "all alerts resolved -a"),
            ("team", "all alerts resolved -a")
        ]
    );
    assert_eq!(world.engine.groups.len(), 0);
}

#[test]
fn who_stands_in_hears_of_an_end_once() {
    let mut world = World::new(WITH_FALLBACK);
    world.unavailable("team", None);
    first(&mut world);
    world.fire(&["A name=b"]);
    world.seconds(600);
    world.heard.clear();
    world.resolve(&["A name=a"]);
    world.seconds(600);
    world.resolve(&["A name=b"]);
    world.seconds(600);
    let heard = world.heard.iter();
    let heard: Vec<_> = heard.map(|one| (&*one.receiver, &*one.text)).collect();
    assert_eq!(
        heard,
        [
            ("second", "some alerts resolved -a +b"),
            ("second", "all alerts resolved -b")
        ]
    );
}

#[test]
fn the_next_in_the_chain_is_asked_when_the_first_fallback_fails() {
    let mut world = World::new(WITH_FALLBACK);
    world.unavailable("team", None);
    world
        .broken
        .insert("second".into(), Verdict::refused("401"));
    first(&mut world);
    world.seconds(10);
    assert_eq!(world.heard.len(), 1);
    assert_eq!(&*world.heard[0].receiver, "third");
    world.restart();
    world.seconds(3600);
    assert_eq!(world.heard.len(), 1);
}

#[test]
fn the_owner_hears_of_what_nobody_took() {
    let mut world = World::new(WITH_FALLBACK);
    for name in ["team", "second", "third"] {
        world.unavailable(name, None);
    }
    first(&mut world);
    world.seconds(1200);
    assert!(world.outcomes().contains(&"dead"));
    assert_eq!(world.heard.len(), 1);
    assert_eq!(
        (&*world.heard[0].receiver, &*world.heard[0].text),
        ("owner", "first notification +PlimsollNoticeNotDelivered")
    );
    assert!(world.engine.alerts(&AlertQuery::default(), world.now).len() == 1);
}

#[test]
fn a_rate_limit_delays_and_drops_nothing() {
    let text = format!(
        "{ONE_RECEIVER}plimsoll:\n  receivers: [{{name: team, rate_limit: {{notices: 2, per: 1m}}}}]\n"
    );
    let mut world = World::new(&text);
    world.fire(&["A", "B", "C", "D", "E"]);
    world.seconds(200);
    let at: Vec<i64> = world
        .heard
        .iter()
        .map(|one| one.at.millis_since(NOON) / 1000)
        .collect();
    assert_eq!(at, [30, 30, 60, 90, 120]);
    let numbers = world.engine.numbers();
    let counts = numbers
        .counts
        .channels
        .values()
        .next()
        .expect("one integration");
    assert_eq!((counts.sent, counts.delayed), (5, 3));
}

#[test]
fn notices_say_that_they_are_sent_without_the_database() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    world.step(Event::Degraded(true));
    first(&mut world);
    assert!(world.open[0].notice.is_degraded);
}

#[test]
fn receivers_get_back_what_they_gave() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    first(&mut world);
    assert_eq!(world.open[0].notice.previous, None);
    let data = plimsoll_notify::ReceiverData::from_pairs([("ts", "12.34")]);
    let attempt = world.open.remove(0);
    let verdict = Verdict::Sent { data: data.clone() };
    world.step(Event::Answered {
        delivery: attempt.delivery,
        verdict,
    });
    world.fire(&["A name=b"]);
    world.restart();
    world.seconds(300);
    assert_eq!(world.open[0].notice.previous, Some(data));
}

#[test]
fn each_attempt_comes_within_a_second_of_when_the_peer_wants_it() {
    let mut world = World::new(ONE_RECEIVER);
    world.unavailable("team", Some(7));
    first(&mut world);
    world.seconds(200);
    let attempts = world.started.iter().map(|((at, _), _)| at.millis());
    let attempts: Vec<i64> = attempts.collect();
    assert!(attempts.len() > 20, "{attempts:?}");
    for pair in attempts.windows(2) {
        let wait = pair[1] - pair[0];
        assert!((7000..=8000).contains(&wait), "{attempts:?}");
    }
}

#[test]
fn a_correction_that_waits_is_still_news_at_the_next_flush() {
    let mut world = World::new(ONE_RECEIVER);
    first(&mut world);
    world.unavailable("team", None);
    world.resolve(&["A name=a"]);
    world.seconds(310);
    // The correction is not attempted for longer than a flush: the receiver asked for patience.
    world.unavailable("team", Some(1500));
    world.seconds(60);
    world.fire(&["A name=a"]);
    world.seconds(1000);
    assert_eq!(world.rows.deliveries.len(), 1, "the correction waits");
    world.restart();
    world.broken.clear();
    world.seconds(2000);
    let texts: Vec<_> = world.heard.iter().map(|one| &*one.text).collect();
    assert_eq!(texts, ["first notification +a", "new alerts added +a"]);
}

#[test]
fn who_heard_a_page_itself_hears_its_end_when_it_is_back() {
    let mut world = World::new(WITH_FALLBACK);
    first(&mut world);
    world.unavailable("team", None);
    world.resolve(&["A name=a"]);
    world.seconds(1800);
    let attempts = world.started.len();
    // Each flush tries twice at most and then hands over to who knows it already.
    assert!((4..=14).contains(&attempts), "{attempts} attempts");
    world.restart();
    world.broken.clear();
    world.seconds(900);
    let mut heard: Vec<_> = world
        .heard
        .iter()
        .map(|one| (&*one.receiver, &*one.text))
        .collect();
    heard.sort();
    assert_eq!(
        heard,
        [
            ("second", "all alerts resolved -a"),
            ("team", "all alerts resolved -a"),
            ("team", "first notification +a"),
        ]
    );
    assert_eq!(world.engine.groups.len(), 0);
}

#[test]
fn an_end_that_may_have_arrived_keeps_its_key() {
    let mut world = World::new(WITH_FALLBACK);
    first(&mut world);
    world.unavailable("team", None);
    world.resolve(&["A name=a"]);
    world.seconds(1800);
    let ends = world.started.iter().map(|(_, attempt)| &attempt.notice);
    let mut ids: Vec<_> = ends
        .filter(|notice| notice.receiver == "team" && !notice.is_firing())
        .map(|notice| &notice.id)
        .collect();
    assert!(ids.len() > 4, "{} attempts", ids.len());
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[test]
fn who_heard_nothing_itself_is_not_waited_for() {
    let mut world = World::new(WITH_FALLBACK);
    world.unavailable("team", None);
    first(&mut world);
    world.seconds(60);
    world.resolve(&["A name=a"]);
    world.seconds(1200);
    let heard = world.heard.iter();
    let heard: Vec<_> = heard.map(|one| (&*one.receiver, &*one.text)).collect();
    assert_eq!(
        heard,
        [
            ("second", "first notification +a"),
            ("second", "all alerts resolved -a"),
        ]
    );
    assert_eq!(world.engine.groups.len(), 0);
}

#[test]
fn what_a_stand_in_heard_the_end_of_is_news_when_it_fires_again() {
    let quiet = "[{url: 'http://127.0.0.1:1/', send_resolved: false}]";
    let text = WITH_FALLBACK.replacen("[{url: 'http://127.0.0.1:1/'}]", quiet, 1);
    let mut world = World::new(&text);
    world.unavailable("team", None);
    first(&mut world);
    world.fire(&["A name=b"]);
    world.seconds(600);
    world.resolve(&["A name=a"]);
    world.seconds(600);
    world.heard.clear();
    world.fire(&["A name=a"]);
    world.seconds(1200);
    let pages = world.heard.iter().filter(|one| one.text.contains("+a"));
    assert!(pages.count() > 0, "nobody heard that it fires again");
}

#[test]
fn what_a_stand_in_heard_the_end_of_is_news_also_to_who_heard_the_page_itself() {
    let quiet = "[{url: 'http://127.0.0.1:1/', send_resolved: false}]";
    let text = WITH_FALLBACK.replacen("[{url: 'http://127.0.0.1:1/'}]", quiet, 1);
    let mut world = World::new(&text);
    world.unavailable("team", None);
    first(&mut world);
    world.seconds(60);
    world.broken.clear();
    world.fire(&["A name=b"]);
    world.seconds(300);
    world.resolve(&["A name=a"]);
    world.seconds(300);
    world.fire(&["A name=a"]);
    world.seconds(300);
    let heard = world.heard.iter();
    let heard: Vec<_> = heard.map(|one| (&*one.receiver, &*one.text)).collect();
    assert_eq!(
        heard,
        [
            ("second", "first notification +a"),
            ("team", "new alerts added +a +b"),
            ("second", "all alerts resolved -a"),
            ("team", "new alerts added +a +b"),
        ]
    );
}

#[test]
fn two_integrations_hand_over_the_same_page_once() {
    let integrations = "[{url: 'http://127.0.0.1:1/'}, {url: 'http://127.0.0.1:2/'}]";
    let text = WITH_FALLBACK.replacen("[{url: 'http://127.0.0.1:1/'}]", integrations, 1);
    let mut world = World::new(&text);
    world.unavailable("team", None);
    // It takes the page, and its answer is lost.
    world.unavailable("second", None);
    first(&mut world);
    let to_second = |world: &World| {
        let started = world.started.iter();
        let ids = started.filter(|(_, attempt)| attempt.notice.receiver == "second");
        ids.map(|(_, attempt)| attempt.notice.id.clone())
            .collect::<std::collections::BTreeSet<_>>()
    };
    world.seconds(2);
    world.broken.remove("second");
    world.seconds(60);
    assert_eq!(to_second(&world).len(), 1);
    assert_eq!(world.heard.len(), 1);
    world.seconds(4 * 3600 + 300);
    assert_eq!(to_second(&world).len(), 2, "and a repetition once, too");
}

#[test]
fn what_is_on_its_way_to_a_fallback_is_not_told_yet() {
    let mut world = World::new(WITH_FALLBACK);
    world.broken.insert("team".into(), Verdict::refused("404"));
    world.unavailable("second", Some(300));
    first(&mut world);
    let explain = |world: &World| {
        let explanation = world.engine.explain(&labels("A name=a"), world.now);
        explanation.channels.into_iter().next().expect("of team")
    };
    let found = explain(&world);
    assert_eq!(found.told, None);
    assert!(matches!(found.why, Why::Queued { failures: 1, .. }));
    assert!(
        found.text.starts_with("on its way to second, "),
        "{}",
        found.text
    );
    world.broken.remove("second");
    world.seconds(310);
    let found = explain(&world);
    assert_eq!(
        found.told.and_then(|told| told.via).as_deref(),
        Some("second")
    );
    assert!(matches!(found.why, Why::NothingNew { .. }));
}

#[test]
fn what_is_being_told_may_be_answered_at_any_moment() {
    let mut world = World::new(ONE_RECEIVER);
    world.is_slow = true;
    first(&mut world);
    world.seconds(5);
    let explanation = world.engine.explain(&labels("A name=a"), world.now);
    assert_eq!(explanation.channels[0].next_at, Some(world.now));
}

/// Two integrations of a receiver whose first one does not want ends, and a fallback that does not either.
const QUIET_FALLBACK: &str = "
route: {receiver: team, group_by: [alertname], group_wait: 30s, group_interval: 1m, repeat_interval: 10m}
receivers:
- name: team
  webhook_configs: [{url: 'http://127.0.0.1:1/', send_resolved: false}, {url: 'http://127.0.0.1:2/'}]
- {name: second, webhook_configs: [{url: 'http://127.0.0.1:1/', send_resolved: false}]}
plimsoll:
  receivers: [{name: team, fallback: [second], fallback_after: {failures: 2, age: 1h}}]
";

#[test]
fn a_page_handed_over_late_is_not_told_again_to_who_wants_no_ends() {
    let mut world = World::new(QUIET_FALLBACK);
    world.is_slow = true;
    world.unavailable("team", None);
    first(&mut world);
    let (early, late) = (world.open.remove(0), world.open.remove(0));
    let refuse = |world: &mut World, attempt: &Attempt| {
        world.step(Event::Answered {
            delivery: attempt.delivery,
            verdict: Verdict::refused("404"),
        });
    };
    refuse(&mut world, &early);
    world.answer();
    world.resolve(&["A name=a"]);
    world.seconds(61);
    refuse(&mut world, &late);
    world.is_slow = false;
    world.seconds(600);
    world.expect(&["30s second: first notification +a"]);
}

#[test]
fn a_repetition_is_not_handed_over_to_who_was_told_a_moment_ago() {
    let mut world = World::new(QUIET_FALLBACK);
    world.unavailable("team", None);
    world.unavailable("second", None);
    first(&mut world);
    world.seconds(560);
    world.broken.remove("second");
    world.seconds(100);
    assert_eq!(world.heard.len(), 1);
    world.heard.clear();
    world.seconds(300);
    assert_eq!(world.heard, [], "a repetition of what came late");
    world.seconds(600);
    let texts: Vec<_> = world.heard.iter().map(|one| &*one.text).collect();
    assert_eq!(texts, ["repeat interval elapsed +a"]);
}

#[test]
fn what_is_hidden_while_all_else_ends_is_no_news_to_who_wants_no_ends() {
    let text = ONE_RECEIVER.replace(
        "[{url: 'http://127.0.0.1:1/'}]",
        "[{url: 'http://127.0.0.1:1/', send_resolved: false}]",
    );
    let inhibition = "inhibit_rules: [{source_matchers: [s=1], target_matchers: [t=1]}]\n";
    let mut world = World::new(&format!("{text}{inhibition}"));
    world.fire(&["A name=a t=1", "A name=b"]);
    world.seconds(30);
    world.fire(&["S s=1"]);
    world.resolve(&["A name=b"]);
    world.seconds(600);
    world.resolve(&["S s=1"]);
    world.seconds(600);
    world.expect(&[
        "30s team: first notification +b +a",
        "60s team: first notification +S",
    ]);
}

/// The receiver may take notices; nobody hears so.
fn unanswered(world: &mut World, receiver: &str) {
    let verdict = Verdict::unknown("timed out");
    world.broken.insert(receiver.into(), verdict);
}

#[test]
fn who_may_have_a_page_hears_its_end_though_another_was_told() {
    let mut world = World::new(WITH_FALLBACK);
    unanswered(&mut world, "team");
    first(&mut world);
    world.seconds(60);
    world.restart();
    world.resolve(&["A name=a"]);
    world.seconds(1200);
    world.restart();
    world.broken.clear();
    world.seconds(900);
    let heard = world.heard.iter();
    let heard: Vec<_> = heard.map(|one| (&*one.receiver, &*one.text)).collect();
    assert_eq!(
        heard,
        [
            ("second", "first notification +a"),
            ("second", "all alerts resolved -a"),
            ("team", "all alerts resolved -a"),
        ]
    );
    assert_eq!(world.engine.groups.len(), 0);
}

#[test]
fn the_end_of_a_page_that_may_have_arrived_before_it_was_hidden_is_told() {
    let inhibition = "inhibit_rules: [{source_matchers: [s=1], target_matchers: [t=1]}]\n";
    let mut world = World::new(&format!("{ONE_RECEIVER}{inhibition}"));
    unanswered(&mut world, "team");
    world.fire(&["A name=a t=1"]);
    world.seconds(30);
    world.fire(&["S s=1"]);
    world.seconds(600);
    assert!(world.outcomes().contains(&"withdrawn"));
    let told = world
        .engine
        .explain(&labels("A name=a t=1"), world.now)
        .channels[0]
        .told
        .clone();
    assert_eq!(told, None, "nobody confirmed it");
    world.broken.clear();
    world.heard.clear();
    world.resolve(&["S s=1", "A name=a t=1"]);
    world.restart();
    world.seconds(600);
    let texts: Vec<_> = world.heard.iter().map(|one| &*one.text).collect();
    assert!(texts.contains(&"all alerts resolved -a"), "{texts:?}");
}

#[test]
fn what_is_left_of_a_notice_is_told_when_it_is_news() {
    let inhibition = "inhibit_rules: [{source_matchers: [s=1], target_matchers: [t=1]}]\n";
    let mut world = World::new(&format!("{ONE_RECEIVER}{inhibition}"));
    first(&mut world);
    world.fire(&["A name=b t=1"]);
    world.unavailable("team", Some(600));
    world.seconds(310);
    world.fire(&["S s=1"]);
    world.broken.clear();
    world.seconds(900);
    let texts: Vec<_> = world.heard.iter().map(|one| &*one.text).collect();
    assert_eq!(texts, ["first notification +a", "first notification +S"]);
}
