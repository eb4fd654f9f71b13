//! What survives a restart.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_state::{Location, Patience, Retention};
use plimsoll_testkit::FakeClock;
use plimsoll_types::{Alert, Annotations, Labels};

use super::world::{Node, START, Town};

const MINUTE: Duration = Duration::from_mins(1);

fn ready(town: &Town, node: Node) -> Node {
    town.pass_until(&[&node], MINUTE, "all is read", || {
        node.is_leading() && node.is_ready()
    });
    node
}

fn told(town: &Town, node: &Node, count: usize) {
    let what = format!("{count} notices came");
    town.pass_until(&[node], 3 * MINUTE, &what, || {
        town.hook.told().len() >= count
    });
    // And its answer is durable.
    town.pass(&[node], Duration::from_secs(2));
    assert_eq!(town.hook.told().len(), count, "{:?}", town.hook.said());
}

/// The same story over a store: killed before the notice, after it, and with an attempt under way.
fn story(town: &Town) {
    let node = ready(town, town.start());
    node.post(&["A", "B"]).unwrap();
    node.kill();

    let node = ready(town, town.start());
    told(town, &node, 2);
    let mut said = town.hook.said();
    said.sort();
    assert_eq!(said, [["A firing"], ["B firing"]]);
    node.kill();

    // Nothing is told again, for far longer than group_interval.
    let node = ready(town, town.start());
    node.post(&["A", "B"]).unwrap();
    town.pass(&[&node], 3 * MINUTE);
    assert_eq!(town.hook.told().len(), 2, "{:?}", town.hook.said());
    town.hook.is_silent();
    node.resolve(&["A"]).unwrap();
    let is_told = || town.hook.told().len() == 3;
    town.pass_with(&node, "the end is told", is_told);
    node.kill();
    town.hook.takes();

    // Nobody knows whether the receiver has it: once more, under the same key.
    let node = ready(town, town.start());
    told(town, &node, 4);
    let told = town.hook.told();
    assert_eq!(told[2].alerts(), ["A resolved"]);
    assert_eq!(told[3].alerts(), ["A resolved"]);
    assert_eq!(told[2].key, told[3].key);
    assert_ne!(told[1].key, told[2].key);
    node.stop();
}

#[test]
fn kills_lose_nothing_and_repeat_nothing_over_a_store_in_memory() {
    story(&Town::new());
}

#[test]
fn kills_lose_nothing_and_repeat_nothing_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeClock::new(START);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let real: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let registry = Registry::new();
    let parts = plimsoll_state::Parts {
        clock: Arc::clone(&real),
        tasks: Tasks::new(Shutdown::new(), real, &registry),
        metrics: registry,
        retention: Retention::default(),
        patience: Patience::default(),
    };
    let location = Location::in_directory(folder.path());
    let store = runtime
        .block_on(plimsoll_state::open(&location, parts))
        .unwrap();
    story(&Town::over(clock, Arc::clone(&store)));
    runtime.block_on(store.close()).unwrap();
}

#[test]
fn silences_survive_a_kill() {
    let town = Town::new();
    let node = ready(&town, town.start());
    let id = node.silence("A").unwrap();
    node.kill();
    let node = ready(&town, town.start());
    node.post(&["A", "B"]).unwrap();
    told(&town, &node, 1);
    assert_eq!(town.hook.said(), [["B firing"]]);
    let expired = node.wait_for(plimsoll_alerting::surface::Alerting::expire_silence(
        &node.alerting,
        id,
    ));
    assert_eq!(expired.unwrap().unwrap(), id);
    node.kill();
    let node = ready(&town, town.start());
    town.pass_until(&[&node], 3 * MINUTE, "A is told", || {
        town.hook.told().len() == 2
    });
    assert_eq!(town.hook.said()[1], ["A firing"]);
}

#[test]
fn a_reload_keeps_timers_and_what_was_told() {
    let town = Town::new();
    let node = ready(&town, town.start());
    node.post(&["A"]).unwrap();
    told(&town, &node, 1);
    let other =
        "  routes:\n  - matchers: [alertname=\"C\"]\n    receiver: hook\n    group_wait: 1s";
    let prepared = node.alerting.prepare(town.config(other)).unwrap();
    node.wait_for(node.alerting.apply(prepared));
    node.post(&["A", "C"]).unwrap();
    told(&town, &node, 2);
    assert_eq!(town.hook.said()[1], ["C firing"]);
    let waited = town.hook.told()[1].at.millis_since(town.hook.told()[0].at);
    assert!(
        waited < 20_000,
        "the new route's group_wait counts: {waited} ms"
    );
}

#[test]
fn the_rule_engine_s_notices_are_routed() {
    let town = Town::new();
    let node = ready(&town, town.start());
    let alert = |ends: Duration| Alert {
        labels: Labels::from_pairs([("alertname", "R")]),
        annotations: Annotations::default(),
        starts_at: START,
        ends_at: Some(START + ends),
        generator_url: String::new(),
    };
    let sink = node.alerting.sink();
    sink.send(vec![alert(Duration::from_mins(4))]);
    told(&town, &node, 1);
    sink.send(vec![alert(Duration::from_secs(5))]);
    told(&town, &node, 2);
    assert_eq!(town.hook.said(), [["R firing"], ["R resolved"]]);
}

#[test]
fn what_is_said_while_the_program_ends_is_taken() {
    let town = Town::new();
    let node = ready(&town, town.start());
    node.begin_to_stop();
    // Requests that are finished, and rules that are evaluated for the last time.
    node.post(&["A"]).unwrap();
    let alert = Alert {
        labels: Labels::from_pairs([("alertname", "R")]),
        annotations: Annotations::default(),
        starts_at: START,
        ends_at: Some(START + Duration::from_mins(4)),
        generator_url: String::new(),
    };
    node.alerting.sink().send(vec![alert]);
    node.stop();
    let node = ready(&town, town.start());
    let shown: Vec<_> = node.shown().into_keys().collect();
    assert_eq!(shown, ["A", "R"]);
}

#[test]
fn a_long_post_is_taken_whole() {
    let town = Town::new();
    let node = town.start();
    // Some of it may come before the rows are read, some of it after.
    node.post_instances("A", 2_600).unwrap();
    let node = ready(&town, node);
    node.post_instances("B", 2_600).unwrap();
    node.kill();
    let node = ready(&town, town.start());
    town.pass_until(&[&node], MINUTE, "all of it is known", || {
        node.count() == 5_200
    });
}
