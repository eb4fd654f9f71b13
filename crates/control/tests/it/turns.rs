//! Which evaluations run at the same time, and what happens to those that do not end.

use std::time::Duration;

use plimsoll_types::Labels;

use crate::world::{INTERVAL, Lasting};

/// Longer than a query may take and the grace that the lane adds.
const OVERDUE: Duration = Duration::from_secs(131);

fn last(lasting: &Lasting, series: &str) -> Option<(i64, String)> {
    let series = Labels::from_pairs([("__name__", series)]).to_string();
    let samples = lasting.samples.dump().remove(&series).unwrap_or_default();
    samples.last().cloned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_that_hang_take_turns_from_others_only_until_they_are_overdue() {
    let lasting = Lasting::new();
    let world = lasting.start("a", None).await;
    let group = |name: &str, metric: &str| {
        format!("- name: {name}\n  rules:\n  - {{record: of_{name}, expr: {metric}}}\n")
    };
    // As many that hang as there are turns.
    let text = ["one", "two"].map(|name| group(name, "hang")).concat();
    let text = format!("groups:\n{text}{}", group("good", "x"));
    lasting.put(&[("__name__", "x")], 3.0);
    world.storage.hangs.set(true);
    world.apply(&[lasting.file("r.yml", &text)]).unwrap();
    lasting.clock.advance(INTERVAL);
    world
        .until("both hang", || world.storage.hangs.waiting() == 2)
        .await;
    lasting.clock.advance(OVERDUE);
    world
        .until("their turns go to others", || {
            world.counts("plimsoll_rules_threads_overdue 2")
        })
        .await;
    lasting.put(&[("__name__", "x")], 4.0);
    let key = lasting.key("r.yml", "good");
    world.slot(&key).await;
    assert_eq!(
        last(&lasting, "of_good").map(|(_, value)| value),
        Some("4".into())
    );
    world.storage.hangs.set(false);
    world
        .until("they end", || {
            world.counts("plimsoll_rules_threads_overdue 0")
        })
        .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_rules_that_do_not_read_each_other_are_asked_at_the_same_time() {
    let lasting = Lasting::new();
    let world = lasting.start("a", None).await;
    let key = lasting.key("r.yml", "g");
    let rules: String = (0..4)
        .map(|at| format!("  - {{record: r{at}, expr: {at} + meet}}\n"))
        .collect();
    let sum = "  - {record: sum, expr: r0 + r1 + r2 + r3}\n";
    lasting.put(&[("__name__", "meet")], 1.0);
    let text = format!("groups:\n- name: g\n  rules:\n{rules}{sum}");
    world.apply(&[lasting.file("r.yml", &text)]).unwrap();
    // The first slot only says that the group was read back, which looks series up as well.
    world.slot(&key).await;
    lasting.put(&[("__name__", "meet")], 1.0);
    world.storage.take_time(Duration::from_millis(30));
    world.slot(&key).await;
    world.slot(&key).await;
    // Now it is known that they take their time.
    world.storage.meeting.turn_on();
    lasting.put(&[("__name__", "meet")], 2.0);
    let slot = world.slot(&key).await;
    assert_eq!(world.storage.meeting.met(), 4);
    assert_eq!(last(&lasting, "sum"), Some((slot.millis(), "14".into())));
    world.stop().await;
}
