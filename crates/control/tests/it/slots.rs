//! When groups are evaluated.

use std::time::Duration;

use plimsoll_rules::Schedule;
use plimsoll_types::Labels;

use crate::world::{INTERVAL, Lasting};

const DOUBLE: &str = "groups:\n- name: g\n  rules:\n  - {record: double, expr: 2 * x}\n  \
    - {record: again, expr: 2 * double}\n";

fn times(lasting: &Lasting, series: &str) -> Vec<(i64, String)> {
    let series = Labels::from_pairs([("__name__", series)]).to_string();
    lasting.samples.dump().remove(&series).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_evaluated_at_its_slots_and_sees_its_own_results() {
    let lasting = Lasting::new();
    let world = lasting.start("a", None).await;
    let key = lasting.key("r.yml", "g");
    lasting.put(&[("__name__", "x")], 3.0);
    world.apply(&[lasting.file("r.yml", DOUBLE)]).unwrap();
    let mut slots = Vec::new();
    for _ in 0..3 {
        slots.push(world.slot(&key).await);
    }
    let schedule = Schedule::new(&key, INTERVAL);
    assert!(slots.iter().all(|slot| schedule.is_slot(*slot)));
    let expected = |value: &str| -> Vec<(i64, String)> {
        slots
            .iter()
            .map(|slot| (slot.millis(), value.to_owned()))
            .collect()
    };
    assert_eq!(times(&lasting, "double"), expected("6"));
    assert_eq!(times(&lasting, "again"), expected("12"));
    let group = format!("{{rule_group=\"{key}\"}}");
    assert!(world.counts(&format!("prometheus_rule_evaluations_total{group} 6")));
    assert!(world.counts(&format!("prometheus_rule_group_iterations_total{group} 3")));
    assert!(world.counts(&format!(
        "prometheus_rule_group_last_evaluation_samples{group} 2"
    )));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_group_leaves_out_whole_slots() {
    let lasting = Lasting::new();
    let world = lasting.start("a", None).await;
    let key = lasting.key("r.yml", "g");
    lasting.put(&[("__name__", "x")], 3.0);
    world.apply(&[lasting.file("r.yml", DOUBLE)]).unwrap();
    let first = world.slot(&key).await;
    world.storage.take_time_once(Duration::from_secs(25));
    world.slot(&key).await;
    // The slot 10 s later took 25 s, so the one after it is 30 s later and not 20 s.
    let last = first + Duration::from_secs(30);
    world
        .until("the late slot is evaluated", || {
            world
                .view(&key)
                .is_some_and(|view| view.last_slot == Some(last))
        })
        .await;
    let view = world.view(&key).unwrap();
    assert_eq!(view.missed, 1);
    let expected = [0, 10, 30].map(|seconds| (first + Duration::from_secs(seconds)).millis());
    let found: Vec<i64> = times(&lasting, "double").iter().map(|(t, _)| *t).collect();
    assert_eq!(found, expected);
    let group = format!("{{rule_group=\"{key}\"}}");
    assert!(world.counts(&format!(
        "prometheus_rule_group_iterations_missed_total{group} 1"
    )));
    assert!(world.counts(&format!("prometheus_rule_group_iterations_total{group} 4")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_does_not_stop_evaluation() {
    let lasting = Lasting::new();
    let world = lasting.start("a", None).await;
    let key = lasting.key("r.yml", "g");
    world.apply(&[lasting.file("r.yml", DOUBLE)]).unwrap();
    let before = world.slot(&key).await;
    world
        .until("it waits for its next slot", || {
            lasting.clock.sleepers_until(INTERVAL) > 0
        })
        .await;
    lasting.clock.jump_to(before - Duration::from_hours(2));
    // One interval of real time later the group is evaluated at a slot of the new time.
    lasting.clock.advance(INTERVAL);
    world
        .until("a slot of the new time is evaluated", || {
            world
                .view(&key)
                .is_some_and(|view| view.last_slot < Some(before))
        })
        .await;
    world.stop().await;
}
