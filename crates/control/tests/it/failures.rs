//! Crashes, and stores that fail.

use std::time::Duration;

use plimsoll_types::Timestamp;

use crate::world::{Lasting, World};

const ALERTS: &str = "groups:\n- name: g\n  rules:\n  \
    - {alert: Down, expr: up == 0, for: 20s, keep_firing_for: 30s, labels: {severity: page}}\n";

async fn world(lasting: &Lasting) -> World {
    let world = lasting.start("a", None).await;
    world.apply(&[lasting.file("r.yml", ALERTS)]).unwrap();
    world
}

fn down(lasting: &Lasting, is_down: bool) {
    lasting.put(
        &[("__name__", "up"), ("job", "db")],
        f64::from(u8::from(!is_down)),
    );
}

/// What an undisturbed run shows at each of some slots; `crash` says before which slot the process is killed after the
/// commit, and before which it is started anew.
async fn states(slots: usize, crash: Option<usize>) -> Vec<Vec<(&'static str, Timestamp)>> {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let mut world = world(&lasting).await;
    let mut states = Vec::new();
    let mut first = None;
    for slot in 0..slots {
        down(&lasting, slot < 4);
        if crash == Some(slot) {
            world.die_after_commits();
        }
        let at = world.slot(&key).await;
        let origin = *first.get_or_insert(at);
        let shown = world.alerts(&key).into_iter();
        // File names differ between runs, so times are told from the first slot.
        let since = |at: Timestamp| Timestamp::from_millis(at.millis_since(origin));
        states.push(shown.map(|(_, state, at)| (state, since(at))).collect());
        if crash == Some(slot) {
            world.stop().await;
            world = self::world(&lasting).await;
        }
    }
    world.stop().await;
    states
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_crash_between_commit_and_samples_states_go_on() {
    let undisturbed = states(9, None).await;
    let kinds: Vec<Option<&str>> = undisturbed
        .iter()
        .map(|alerts| alerts.first().map(|(state, _)| *state))
        .collect();
    let (pending, firing) = (Some("pending"), Some("firing"));
    assert_eq!(
        kinds,
        [
            pending, pending, firing, firing, firing, firing, firing, None, None
        ]
    );
    for crash in 0..8 {
        assert_eq!(
            states(9, Some(crash)).await,
            undisturbed,
            "killed in slot {crash}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_that_was_lost_in_a_crash_is_sent_after_the_restart() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let first = world(&lasting).await;
    down(&lasting, true);
    for _ in 0..2 {
        first.slot(&key).await;
    }
    assert!(first.sink.take().is_empty(), "it only pends");
    first.die_after_commits();
    let fired = first.slot(&key).await;
    first.stop().await;
    let second = world(&lasting).await;
    second.slot(&key).await;
    let sent = second.sink.take();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].starts_at, fired);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_leave_while_the_store_of_state_is_away_and_are_durable_once_it_is_back() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let first = world(&lasting).await;
    down(&lasting, true);
    first.slot(&key).await;
    first.state.set(true);
    for _ in 0..2 {
        first.slot(&key).await;
    }
    assert_eq!(first.sink.take().len(), 1);
    assert!(first.counts("plimsoll_rules_notices_not_durable_total 1"));
    assert!(first.counts("plimsoll_rules_uncommitted_changes 1"));
    first.state.set(false);
    let expected = {
        first.slot(&key).await;
        first.alerts(&key)
    };
    assert!(first.counts("plimsoll_rules_uncommitted_changes 0"));
    first.stop().await;
    let second = world(&lasting).await;
    second
        .until("the rows are read", || !second.alerts(&key).is_empty())
        .await;
    assert_eq!(second.alerts(&key), expected);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_long_outage_what_pended_pends_anew_and_what_fired_fires_on() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let text = format!("{ALERTS}  - {{alert: Long, expr: up == 0, for: 1d}}\n");
    let file = lasting.file("r.yml", &text);
    let first = lasting.start("a", None).await;
    first.apply(std::slice::from_ref(&file)).unwrap();
    down(&lasting, true);
    let mut began = Vec::new();
    for _ in 0..3 {
        began.push(first.slot(&key).await);
    }
    first.stop().await;
    lasting.clock.advance(Duration::from_hours(3));
    down(&lasting, true);
    let second = lasting.start("b", None).await;
    second.apply(&[file]).unwrap();
    let anew = second.slot(&key).await;
    let states: Vec<_> = second
        .alerts(&key)
        .into_iter()
        .map(|(_, state, active_at)| (state, active_at))
        .collect();
    assert_eq!(states, [("firing", began[0]), ("pending", anew)]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_panic_a_group_goes_on_from_its_rows_also_when_the_start_came_after_an_outage() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let first = world(&lasting).await;
    down(&lasting, true);
    first.slot(&key).await;
    first.stop().await;
    lasting.clock.advance(Duration::from_hours(3));
    let second = world(&lasting).await;
    down(&lasting, true);
    let began = second.slot(&key).await;
    second.storage.panic_once();
    down(&lasting, true);
    second.begin_slot(&key);
    second
        .until("the broken group rests", || {
            lasting.clock.sleepers_until(Duration::from_secs(1)) > 0
        })
        .await;
    lasting.clock.advance(Duration::from_secs(1));
    second
        .until("the rows are read back", || {
            second
                .view(&key)
                .is_some_and(|view| view.last_slot.is_none())
        })
        .await;
    down(&lasting, true);
    second.slot(&key).await;
    let states: Vec<_> = second
        .alerts(&key)
        .into_iter()
        .map(|(_, state, active_at)| (state, active_at))
        .collect();
    assert_eq!(states, [("firing", began)]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_is_faster_than_the_first_scrape_resolves_nothing() {
    let lasting = Lasting::new();
    let key = lasting.key("r.yml", "g");
    let first = world(&lasting).await;
    for _ in 0..3 {
        down(&lasting, true);
        first.slot(&key).await;
    }
    let before = first.alerts(&key);
    assert_eq!(before[0].1, "firing");
    first.stop().await;
    // Longer than queries look back.
    lasting.clock.advance(Duration::from_mins(10));
    let second = world(&lasting).await;
    for is_scraped in [false, true, true] {
        if is_scraped {
            down(&lasting, true);
        }
        let slot = second.slot(&key).await;
        assert_eq!(second.alerts(&key), before);
        let sent = second.sink.take();
        assert!(
            sent.iter().all(|alert| alert.ends_at > Some(slot)),
            "{sent:?}"
        );
    }
    second.stop().await;
}
