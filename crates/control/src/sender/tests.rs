//! The sender against receivers on loopback that are slow, silent, broken, unwilling or lying.

mod world;

use std::time::Duration;

use self::world::{Answer, Receiver, World, alert, set};
use super::{Alertmanagers, Options};
use crate::sink::AlertSink;

fn options(queue_capacity: usize, batch_size: usize) -> Options {
    Options {
        queue_capacity,
        batch_size,
        ..Options::default()
    }
}

#[tokio::test]
async fn alerts_go_out_in_batches() {
    let mut receiver = Receiver::start([]).await;
    let world = World::new(options(100, 2));
    world
        .apply(&[set(
            &receiver,
            ", path_prefix: /am, basic_auth: {username: ann, password: x}",
        )])
        .await;
    world.send(&["1", "2", "3", "4", "5"]);
    let first = receiver.next().await;
    assert_eq!(first.names(), ["1", "2"]);
    let head = first.head.to_ascii_lowercase();
    assert!(
        head.starts_with("post /am/api/v2/alerts http/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.contains("\r\ncontent-type: application/json\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nauthorization: basic yw5uong="), "{head}");
    assert_eq!(receiver.names().await, ["3", "4"]);
    assert_eq!(receiver.names().await, ["5"]);
    world
        .until(|| world.exposes("sent_total{alertmanager=\"http://"))
        .await;
    assert!(world.exposes("prometheus_notifications_queue_capacity 100\n"));
    assert!(world.exposes("prometheus_notifications_alertmanagers_discovered 1\n"));
}

#[tokio::test]
async fn all_alertmanagers_of_all_sets_are_told() {
    let (mut one, mut two, mut three) = (
        Receiver::start([]).await,
        Receiver::start([]).await,
        Receiver::start([]).await,
    );
    let both = format!(
        "{{static_configs: [{{targets: ['{}', '{}']}}]}}",
        one.address, two.address
    );
    let dropping = ", alert_relabel_configs: [{source_labels: [n], regex: a, action: drop}]";
    let world = World::to(&[both, set(&three, dropping)]).await;
    world.send(&["a", "b"]);
    assert_eq!(one.names().await, ["a", "b"]);
    assert_eq!(two.names().await, ["a", "b"]);
    assert_eq!(three.names().await, ["b"]);
    world.counts("sent_total", &one, 2).await;
    world.counts("sent_total", &three, 1).await;
    world.counts("latency_seconds_count", &three, 1).await;
    world.counts("errors_total", &three, 0).await;
}

#[tokio::test]
async fn external_labels_and_rules_for_all_apply() {
    let mut receiver = Receiver::start([]).await;
    let world = World::new(Options::default());
    world.apply_text(&format!(
        "global: {{external_labels: {{cluster: eu, replica: a}}}}\nalerting:\n  alert_relabel_configs:\n  \
         - {{action: labeldrop, regex: replica}}\n  - {{source_labels: [n], regex: drop, action: drop}}\n  \
         alertmanagers: [{}]\n",
        set(&receiver, "")
    ));
    world
        .until(|| !world.sender.alertmanagers().active.is_empty())
        .await;
    world.send(&["drop", "keep"]);
    let received = receiver.next().await;
    let pairs = [("alertname", "A"), ("cluster", "eu"), ("n", "keep")];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(received.alerts, [pairs]);
    // Nobody is asked when no alert is left.
    world.send(&["drop"]);
    world.send(&["last"]);
    assert_eq!(receiver.names().await, ["last"]);
}

#[tokio::test]
async fn a_silent_alertmanager_delays_no_other() {
    let (mut silent, mut good) = (
        Receiver::start([Answer::Silent]).await,
        Receiver::start([]).await,
    );
    let world = World::to(&[set(&silent, ", timeout: 1h"), set(&good, "")]).await;
    world.send(&["1"]);
    assert_eq!(silent.names().await, ["1"]);
    assert_eq!(good.names().await, ["1"]);
    world.counts("sent_total", &good, 1).await;
    world.send(&["2"]);
    assert_eq!(good.names().await, ["2"]);
    world.counts("queue_length", &silent, 1).await;
    assert!(silent.is_quiet());
}

#[tokio::test]
async fn what_failed_is_sent_again_with_the_newest_word() {
    for answer in [
        Answer::status("500 Internal Server Error"),
        Answer::status("503 Service Unavailable"),
        Answer::Says("502 Bad Gateway", "", "x".repeat(1 << 20)),
        Answer::Closes,
        Answer::Silent,
    ] {
        let mut receiver = Receiver::start([answer.clone()]).await;
        let world = World::to(&[set(&receiver, ", timeout: 3s")]).await;
        world.send(&["1", "2"]);
        assert_eq!(receiver.names().await, ["1", "2"]);
        world.counts("errors_total", &receiver, 2).await;
        world
            .sender
            .send(vec![alert("2", 90_000), alert("3", 90_000)]);
        world.counts("queue_length", &receiver, 3).await;
        assert_eq!(world.clock.step().await, Duration::from_millis(500));
        let again = receiver.next().await;
        assert_eq!(
            (again.names(), again.ends.clone()),
            (vec!["1", "2", "3"], vec![60_000, 90_000, 90_000]),
            "{answer:?}"
        );
        world.counts("sent_total", &receiver, 3).await;
        world.counts("dropped_total", &receiver, 0).await;
        world.counts("queue_length", &receiver, 0).await;
    }
}

#[tokio::test]
async fn pauses_grow_and_end_with_success() {
    let answers = vec![Answer::status("500 Internal Server Error"); 5];
    let mut receiver = Receiver::start(answers).await;
    let world = World::to(&[set(&receiver, "")]).await;
    world.send(&["1"]);
    let mut pauses = Vec::new();
    for _ in 0..5 {
        receiver.next().await;
        pauses.push(world.clock.step().await.as_millis());
    }
    assert_eq!(pauses, [500, 1000, 2000, 4000, 5000]);
    receiver.next().await;
    world.counts("sent_total", &receiver, 1).await;
    receiver.then(Answer::status("500 Internal Server Error"));
    world.send(&["1"]);
    receiver.next().await;
    assert_eq!(world.clock.step().await.as_millis(), 500);
}

#[tokio::test]
async fn an_alertmanager_says_how_long_it_wants_to_be_left_alone() {
    for (header, expected) in [
        ("retry-after: 7\r\n", 7_000),
        ("retry-after: 86400\r\n", 30_000),
        ("retry-after: 0\r\n", 500),
        ("retry-after: Sat, 21 Nov 2026 20:00:00 GMT\r\n", 500),
    ] {
        let answer = Answer::Says("429 Too Many Requests", header, String::new());
        let mut receiver = Receiver::start([answer]).await;
        let world = World::to(&[set(&receiver, "")]).await;
        world.send(&["1"]);
        receiver.next().await;
        assert_eq!(world.clock.step().await.as_millis(), expected, "{header}");
        assert_eq!(receiver.names().await, ["1"]);
    }
}

#[tokio::test]
async fn what_would_be_refused_again_is_dropped() {
    for answer in [
        Answer::Says(
            "400 Bad Request",
            "",
            "start time must be before end time".into(),
        ),
        Answer::status("404 Not Found"),
        Answer::Says("400 Bad Request", "", "x".repeat(1 << 20)),
        Answer::Says(
            "302 Found",
            "location: http://127.0.0.1:1/\r\n",
            String::new(),
        ),
    ] {
        let mut receiver = Receiver::start([answer]).await;
        let world = World::to(&[set(&receiver, ", follow_redirects: false")]).await;
        world.send(&["1"]);
        receiver.next().await;
        world.counts("dropped_total", &receiver, 1).await;
        world.counts("errors_total", &receiver, 1).await;
        world.send(&["2"]);
        assert_eq!(receiver.names().await, ["2"]);
    }
}

#[tokio::test]
async fn a_batch_that_cannot_be_swallowed_does_not_block_the_queue_for_ever() {
    let answers = vec![Answer::status("500 Internal Server Error"); 10];
    let mut receiver = Receiver::start(answers).await;
    let world = World::new(options(100, 1));
    world.apply(&[set(&receiver, "")]).await;
    world.send(&["poison", "good"]);
    for _ in 0..10 {
        assert_eq!(receiver.names().await, ["poison"]);
        world.clock.step().await;
    }
    assert_eq!(receiver.names().await, ["good"]);
    world.counts("dropped_total", &receiver, 1).await;
    world.counts("errors_total", &receiver, 10).await;
}

#[tokio::test]
async fn an_answer_that_says_yes_counts_whatever_follows() {
    for answer in [
        Answer::Stalls,
        Answer::Says("200 OK", "", "x".repeat(1 << 20)),
    ] {
        let mut receiver = Receiver::start([answer]).await;
        let world = World::to(&[set(&receiver, ", timeout: 3s")]).await;
        world.send(&["1"]);
        receiver.next().await;
        world.counts("sent_total", &receiver, 1).await;
        world.counts("errors_total", &receiver, 0).await;
    }
}

#[tokio::test]
async fn a_full_queue_drops_its_oldest_alerts() {
    let mut receiver = Receiver::start([Answer::Silent]).await;
    let world = World::new(options(3, 1));
    world.apply(&[set(&receiver, ", timeout: 1h")]).await;
    world.send(&["1"]);
    receiver.next().await;
    world.send(&["2", "3", "4", "5", "6"]);
    world.counts("dropped_total", &receiver, 2).await;
    world.counts("queue_length", &receiver, 3).await;
    // What is said anew needs no further place.
    world.send(&["4", "5", "6"]);
    world.counts("dropped_total", &receiver, 2).await;
}

#[tokio::test]
async fn what_nobody_can_be_told_yet_waits() {
    let mut receiver = Receiver::start([]).await;
    let world = World::new(options(2, 10));
    world.apply_text("alerting: {alertmanagers: [{static_configs: [{targets: []}]}]}\n");
    world.send(&["1", "2", "3"]);
    world.apply(&[set(&receiver, "")]).await;
    assert_eq!(receiver.names().await, ["2", "3"]);
    assert!(world.exposes("plimsoll_notifications_unplaced_total 1\n"));
    // Without any set there is nothing to wait for.
    world.apply(&[]).await;
    world.send(&["4"]);
    world.apply(&[set(&receiver, "")]).await;
    world.send(&["5"]);
    assert_eq!(receiver.names().await, ["5"]);
}

#[tokio::test]
async fn a_reload_keeps_what_waits() {
    let mut receiver = Receiver::start([Answer::status("500 Internal Server Error")]).await;
    let mut other = Receiver::start([]).await;
    let world = World::to(&[set(&receiver, "")]).await;
    world.send(&["1"]);
    receiver.next().await;
    world.counts("queue_length", &receiver, 1).await;
    // The same set elsewhere in the list, then with other settings and sources.
    world.apply(&[set(&other, ""), set(&receiver, "")]).await;
    world.counts("queue_length", &receiver, 1).await;
    let twice = format!(
        "{{timeout: 3s, static_configs: [{{targets: ['{0}']}}, {{targets: ['{0}', '{1}']}}]}}",
        receiver.address, other.address
    );
    world.apply_text(&format!(
        "alerting: {{alertmanagers: [{}, {twice}]}}\n",
        set(&other, "")
    ));
    world
        .until(|| world.sender.alertmanagers().active.len() == 3)
        .await;
    world.counts("queue_length", &receiver, 1).await;
    world.clock.step().await;
    assert_eq!(receiver.names().await, ["1"]);
    assert!(other.is_quiet());
    assert!(world.exposes("prometheus_notifications_alertmanagers_discovered 3\n"));
}

#[tokio::test]
async fn an_alertmanager_that_goes_is_told_what_waits_and_is_counted_no_more() {
    let mut receiver = Receiver::start([Answer::status("503 Service Unavailable")]).await;
    let world = World::to(&[set(&receiver, "")]).await;
    world.send(&["1"]);
    receiver.next().await;
    world.counts("queue_length", &receiver, 1).await;
    world.apply(&[]).await;
    assert_eq!(receiver.names().await, ["1"]);
    world.until(|| !world.exposes(&receiver.address)).await;
    assert!(world.exposes("prometheus_notifications_alertmanagers_discovered 0\n"));
}

#[tokio::test]
async fn what_waits_is_sent_before_the_end() {
    let mut receiver = Receiver::start([]).await;
    let world = World::new(options(100, 1));
    world.apply(&[set(&receiver, "")]).await;
    world.send(&["1", "2"]);
    world.stop.trigger();
    // The rule groups end later than the signal comes.
    world.send(&["3"]);
    world.sender.close();
    for name in ["1", "2", "3"] {
        assert_eq!(receiver.names().await, [name]);
    }
    world
        .until(|| !world.exposes("queue_length{") || world.exposes("} 0\n"))
        .await;
    world.tasks.join(Duration::from_secs(60)).await.unwrap();
}

#[tokio::test]
async fn the_end_does_not_wait_for_a_silent_alertmanager() {
    for drains_on_shutdown in [true, false] {
        let mut receiver = Receiver::start([Answer::Silent]).await;
        let world = World::new(Options {
            drains_on_shutdown,
            ..options(100, 1)
        });
        world.apply(&[set(&receiver, ", timeout: 1h")]).await;
        world.send(&["1", "2"]);
        receiver.next().await;
        world.stop.trigger();
        world.sender.close();
        if drains_on_shutdown {
            assert_eq!(world.clock.step().await, Duration::from_secs(8));
        }
        world.counts("dropped_total", &receiver, 2).await;
        world.tasks.join(Duration::from_secs(60)).await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_sent_at_the_end_is_dropped() {
    let answers = vec![Answer::status("500 Internal Server Error"); 2];
    let mut receiver = Receiver::start(answers).await;
    let world = World::to(&[set(&receiver, "")]).await;
    world.send(&["1"]);
    receiver.next().await;
    world.counts("errors_total", &receiver, 1).await;
    world.stop.trigger();
    receiver.next().await;
    world.counts("dropped_total", &receiver, 1).await;
    world.tasks.join(Duration::from_secs(60)).await.unwrap();
    assert!(receiver.is_quiet());
}

#[tokio::test]
async fn shows_who_is_told_and_who_is_not() {
    let (one, two) = (Receiver::start([]).await, Receiver::start([]).await);
    let rule = format!(
        ", relabel_configs: [{{source_labels: [__address__], regex: '{}', action: drop}}]",
        two.address
    );
    let world = World::new(Options::default());
    let both = format!(
        "{{static_configs: [{{targets: ['{}', '{}', '{0}']}}]{rule}}}",
        one.address, two.address
    );
    world.apply_text(&format!("alerting: {{alertmanagers: [{both}]}}\n"));
    let url = |receiver: &Receiver| format!("http://{}/api/v2/alerts", receiver.address);
    let expected = Alertmanagers {
        active: vec![url(&one)],
        dropped: vec![url(&two)],
    };
    world
        .until(|| world.sender.alertmanagers() == expected)
        .await;
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_changes_nothing() {
    let mut receiver = Receiver::start([]).await;
    let world = World::to(&[set(&receiver, "")]).await;
    let text = format!(
        "alerting: {{alertmanagers: [{}, {{tls_config: {{ca: 'no certificate'}}}}]}}\n",
        set(&receiver, ", timeout: 1s")
    );
    let parse = plimsoll_ingest::config::parse;
    let loaded = parse("prometheus.yml".as_ref(), &text, &|_| None).unwrap();
    let error = world.sender.apply(&loaded.config).unwrap_err().to_string();
    assert!(error.starts_with("alerting.alertmanagers[1]: "), "{error}");
    world.send(&["1"]);
    assert_eq!(receiver.names().await, ["1"]);
}
