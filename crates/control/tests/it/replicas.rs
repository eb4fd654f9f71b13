//! Several processes on one store of state.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_rules::GroupKey;
use plimsoll_runtime::clock::Clock;

use crate::world::{INTERVAL, Lasting, World, until};

const SILENCE_MAX: Duration = Duration::from_secs(15);
const GROUPS: usize = 6;

fn rules(lasting: &Lasting) -> std::path::PathBuf {
    let group = |index| {
        format!("- name: g{index}\n  rules:\n  - {{alert: A{index}, expr: up == 0, for: 1h}}\n")
    };
    let groups: String = (0..GROUPS).map(group).collect();
    lasting.file("r.yml", &format!("groups:\n{groups}"))
}

async fn replica(lasting: &Lasting, owner: &str) -> World {
    let world = lasting.start(owner, Some(SILENCE_MAX)).await;
    world.apply(&[rules(lasting)]).unwrap();
    world
}

/// Moves time on in steps, in each of which each replica looks around.
async fn pass(worlds: &[&World], time: Duration) {
    let clock = &worlds[0].lasting.clock;
    let step = SILENCE_MAX / 10;
    let end = clock.monotonic().after(time);
    while clock.monotonic() < end {
        // Who has looked around sleeps for one step, and what was due before that has begun: all share this thread. What is
        // evaluated on another one ends before time moves on, however busy the machine is.
        let is_asleep = || {
            let computes = worlds.iter().any(|world| world.computes());
            !computes && clock.sleepers_until(step) >= worlds.len()
        };
        until("every replica has looked around", is_asleep).await;
        clock.advance(step);
    }
}

/// Lets time pass until a condition holds, for a minute at most.
async fn pass_until(worlds: &[&World], what: &str, holds: impl Fn() -> bool) {
    for _ in 0..40 {
        if holds() {
            return;
        }
        pass(worlds, SILENCE_MAX / 10).await;
    }
    panic!("waited in vain until {what}");
}

fn held(world: &World) -> usize {
    let text = world.registry.render();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("plimsoll_rules_groups_held "));
    line.and_then(|count| count.parse().ok()).unwrap_or(0)
}

fn keys(lasting: &Lasting) -> Vec<GroupKey> {
    (0..GROUPS)
        .map(|index| lasting.key("r.yml", &format!("g{index}")))
        .collect()
}

/// Returns who evaluated each group last.
fn evaluators<'a>(
    worlds: &[(&'a str, &World)],
    keys: &[GroupKey],
) -> BTreeMap<String, Vec<&'a str>> {
    let mut evaluators: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, world) in worlds {
        for key in keys {
            if world.view(key).is_some_and(|view| view.last_slot.is_some()) {
                evaluators.entry(key.to_string()).or_default().push(name);
            }
        }
    }
    evaluators
}

#[tokio::test]
async fn groups_are_shared_out_and_each_is_evaluated_by_exactly_one() {
    let lasting = Lasting::new();
    let (first, second) = (replica(&lasting, "a").await, replica(&lasting, "b").await);
    lasting.put(&[("__name__", "up")], 0.0);
    pass_until(&[&first, &second], "the groups are shared out", || {
        (held(&first), held(&second)) == (3, 3)
    })
    .await;
    pass(&[&first, &second], INTERVAL * 2).await;
    let evaluated = || evaluators(&[("a", &first), ("b", &second)], &keys(&lasting));
    pass_until(&[&first, &second], "all are evaluated", || {
        evaluated().len() == GROUPS
    })
    .await;
    let evaluated = evaluated();
    assert!(evaluated.values().all(|by| by.len() == 1), "{evaluated:?}");
    first.stop().await;
    second.stop().await;
}

#[tokio::test]
async fn the_groups_of_a_replica_that_is_silent_are_taken_over_with_their_alerts() {
    let lasting = Lasting::new();
    let first = replica(&lasting, "a").await;
    lasting.put(&[("__name__", "up")], 0.0);
    pass_until(&[&first], "all are held", || held(&first) == GROUPS).await;
    let keys = keys(&lasting);
    let active_at = |world: &World| -> Vec<_> {
        keys.iter()
            .map(|key| world.alerts(key).first().map(|alert| alert.2))
            .collect()
    };
    pass_until(&[&first], "all pend", || {
        active_at(&first).iter().all(Option::is_some)
    })
    .await;
    let before = active_at(&first);
    // From now on the store hears nothing of the first one.
    first.state.set(true);
    first.die_after_commits();
    let second = replica(&lasting, "b").await;
    lasting.put(&[("__name__", "up")], 0.0);
    pass(&[&first, &second], SILENCE_MAX + INTERVAL).await;
    pass_until(&[&first, &second], "all are taken over", || {
        held(&second) == GROUPS
    })
    .await;
    pass_until(&[&first, &second], "their alerts are read back", || {
        active_at(&second).iter().all(Option::is_some)
    })
    .await;
    assert_eq!(active_at(&second), before, "they go on pending");
    // It hears that it lost them, and stops at once.
    first.state.set(false);
    pass(&[&first, &second], SILENCE_MAX).await;
    pass_until(&[&first, &second], "the first has stopped", || {
        held(&first) < GROUPS
    })
    .await;
    assert!(
        first
            .registry
            .render()
            .contains("plimsoll_rules_leases_lost_total 6")
    );
    first.stop().await;
    second.stop().await;
}
