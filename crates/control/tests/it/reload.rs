//! Another configuration while groups run.

use crate::world::{INTERVAL, Lasting};

const ALERT: &str = "groups:\n- name: g\n  rules:\n  - {alert: Down, expr: up == 0, for: 1h}\n";

fn down(lasting: &Lasting) {
    lasting.put(&[("__name__", "up"), ("job", "db")], 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_go_on_through_a_reload_that_changes_their_group() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let world = lasting.start("a", None).await;
    world.apply(&[lasting.file("r.yml", ALERT)]).unwrap();
    down(&lasting);
    let first = world.slot(&key).await;
    let changed = format!("{ALERT}  - {{record: a, expr: 2 * up}}\n");
    world.apply(&[lasting.file("r.yml", &changed)]).unwrap();
    world
        .until("the change is taken", || {
            world.view(&key).is_some_and(|view| view.rules.len() == 2)
        })
        .await;
    down(&lasting);
    let second = world.slot(&key).await;
    assert_eq!(
        second.millis_since(first),
        INTERVAL.as_millis() as i64,
        "the same slots"
    );
    let alerts = world.alerts(&key);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].2, first, "it pends since its first slot");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_in_one_file_changes_nothing() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let world = lasting.start("a", None).await;
    let good = lasting.file("r.yml", ALERT);
    world.apply(std::slice::from_ref(&good)).unwrap();
    let before = world.view(&key).unwrap();
    let bad = lasting.file(
        "bad.yml",
        "groups:\n- name: x\n  rules:\n  - {record: a, expr: 'up['}\n",
    );
    let more = lasting.file("r.yml", &format!("{ALERT}  - {{record: a, expr: up}}\n"));
    let error = world.apply(&[more, bad]).unwrap_err();
    assert!(error.contains("bad.yml:4:"), "{error}");
    assert_eq!(world.view(&key).unwrap().rules.len(), before.rules.len());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removed_group_is_ended_after_two_intervals_and_forgotten_durably() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let world = lasting.start("a", None).await;
    let other = lasting.file("other.yml", "groups:\n- name: o\n  rules: []\n");
    world
        .apply(&[lasting.file("r.yml", ALERT), other.clone()])
        .unwrap();
    down(&lasting);
    world.slot(&key).await;
    let rows = lasting.state.row_count();
    world.apply(&[other]).unwrap();
    assert!(world.view(&key).is_none(), "it is not shown any more");
    let stale = || {
        let dump = lasting.samples.dump();
        let ended = dump
            .values()
            .filter(|samples| samples.iter().any(|(_, value)| value == "stale"));
        ended.count()
    };
    assert_eq!(stale(), 0);
    // The task has to hear of it before the time is moved on.
    world
        .until("it waits for its end", || {
            lasting.clock.sleepers_until(INTERVAL * 2) > 0
        })
        .await;
    lasting.clock.advance(INTERVAL * 2);
    world.until("the series are ended", || stale() == 2).await;
    assert!(lasting.state.row_count() < rows, "its alert is forgotten");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_comes_back_in_time_was_never_away() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let world = lasting.start("a", None).await;
    let file = lasting.file("r.yml", ALERT);
    world.apply(std::slice::from_ref(&file)).unwrap();
    down(&lasting);
    let first = world.slot(&key).await;
    world.apply(&[]).unwrap();
    lasting.clock.advance(INTERVAL);
    world.apply(&[file]).unwrap();
    down(&lasting);
    world.slot(&key).await;
    let alerts = world.alerts(&key);
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].2, first);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_of_a_group_that_got_another_name_go_on() {
    let lasting = Lasting::new();
    let (old, new) = (lasting.key("r.yml", "g"), lasting.key("r.yml", "renamed"));
    let text =
        |name: &str| format!("groups:\n- name: {name}\n  rules:\n  - {{record: r, expr: up}}\n");
    let world = lasting.start("a", None).await;
    world.apply(&[lasting.file("r.yml", &text("g"))]).unwrap();
    down(&lasting);
    world.slot(&old).await;
    world
        .apply(&[lasting.file("r.yml", &text("renamed"))])
        .unwrap();
    world
        .until("the old group waits for its end", || {
            lasting.clock.sleepers_until(INTERVAL * 2) > 0
        })
        .await;
    let samples = || {
        let dump = lasting.samples.dump();
        let found = dump
            .into_iter()
            .find(|(series, _)| series.starts_with("r{"));
        found.map_or_else(Vec::new, |(_, samples)| samples)
    };
    for _ in 0..2 {
        world.slot(&new).await;
    }
    lasting.clock.advance(INTERVAL);
    let is_stale = |(_, value): &(i64, String)| value == "stale";
    world
        .until("the old group has ended its series", || {
            samples().iter().any(is_stale)
        })
        .await;
    let stored = samples();
    assert!(!is_stale(stored.last().unwrap()), "{stored:?}");
    assert_eq!(stored.iter().filter(|sample| is_stale(sample)).count(), 1);
    world.stop().await;
}
