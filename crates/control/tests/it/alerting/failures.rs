//! What happens without the store, and with a receiver that fails.

use std::time::Duration;

use plimsoll_state::Rows;
use plimsoll_state::rows::alerting::InboxRow;

use super::world::{Node, Town};

const MINUTE: Duration = Duration::from_mins(1);

fn rows_of_inbox(node: &Node) -> usize {
    let local = node.local.as_ref().unwrap();
    node.wait_for(local.rows(Rows::<InboxRow>::all()))
        .unwrap()
        .len()
}

#[test]
fn a_full_disk_is_told_and_what_is_known_pages() {
    let town = Town::new();
    let node = town.start();
    town.pass_until(&[&node], MINUTE, "all is read", || node.is_leading());
    node.store.is_full();
    let refused = node.post(&["A"]).unwrap_err();
    assert!(refused.contains("the disk is full"), "{refused}");
    town.pass_until(&[&node], MINUTE, "it pages", || {
        !town.hook.told().is_empty()
    });
    assert_eq!(town.hook.said(), [["A firing"]]);
    assert!(town.hook.told()[0].is_degraded());
    assert!(node.is_degraded());

    node.store.works();
    town.pass_until(&[&node], MINUTE, "it is durable", || !node.is_degraded());
    node.post(&["A"]).unwrap();
    node.kill();
    let node = town.start();
    town.pass(&[&node], 3 * MINUTE);
    assert_eq!(town.hook.told().len(), 1, "{:?}", town.hook.said());
}

#[test]
fn without_the_database_replicas_accept_and_after_the_grace_they_page() {
    let town = Town::new();
    let node = town.replica("a", town.local());
    town.pass_until(&[&node], MINUTE, "it leads", || node.is_leading());
    node.post(&["A"]).unwrap();
    town.pass_until(&[&node], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
    town.pass(&[&node], Duration::from_secs(2));

    node.store.is_away();
    node.post(&["B"]).unwrap();
    assert!(
        rows_of_inbox(&node) > 0,
        "what was accepted is durable here"
    );
    town.pass(&[&node], Duration::from_secs(20));
    assert_eq!(
        town.hook.told().len(),
        1,
        "another replica may have the database"
    );
    town.pass_until(&[&node], MINUTE, "B is told", || {
        town.hook.told().len() == 2
    });
    let told = town.hook.told();
    assert_eq!(told[1].alerts(), ["B firing"]);
    assert!(told[1].is_degraded() && !told[0].is_degraded());

    node.store.works();
    town.pass_until(&[&node], MINUTE, "the database has it all", || {
        !node.is_degraded() && rows_of_inbox(&node) == 0
    });
    node.kill();
    town.clock.advance(Duration::from_secs(30));
    let other = town.replica("b", town.local());
    town.pass_until(&[&other], MINUTE, "it leads", || other.is_leading());
    assert_eq!(other.shown().len(), 2);
    town.pass(&[&other], 3 * MINUTE);
    assert_eq!(town.hook.told().len(), 2, "{:?}", town.hook.said());
}

#[test]
fn the_mark_ends_with_the_outage_though_nothing_happens() {
    let town = Town::new();
    let node = town.replica("a", town.local());
    town.pass_until(&[&node], MINUTE, "it leads", || node.is_leading());
    town.pass(&[&node], Duration::from_secs(2));
    node.store.is_away();
    town.pass_until(&[&node], 2 * MINUTE, "the grace is over", || {
        node.is_degraded()
    });
    node.store.works();
    town.pass_until(&[&node], MINUTE, "the mark is gone", || !node.is_degraded());
    node.post(&["A"]).unwrap();
    town.pass_until(&[&node], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
    assert!(!town.hook.told()[0].is_degraded());
}

#[test]
fn a_long_post_takes_several_rows_of_the_inbox() {
    let town = Town::new();
    let node = town.replica("a", town.local());
    town.pass_until(&[&node], MINUTE, "it leads", || node.is_leading());
    node.store.is_away();
    node.post_instances("A", 2_600).unwrap();
    assert_eq!(rows_of_inbox(&node), 3);
    // Another process takes it up where this one is gone.
    let local = node.local.clone().unwrap();
    node.kill();
    town.clock.advance(Duration::from_secs(30));
    let node = town.replica("b", local);
    town.pass_until(&[&node], MINUTE, "all of it is known", || {
        node.is_leading() && node.count() == 2_600 && rows_of_inbox(&node) == 0
    });
}

#[test]
fn a_standby_without_the_database_pages_what_is_new_and_repeats_nothing() {
    let town = Town::new();
    let leader = town.replica("a", town.local());
    town.pass_until(&[&leader], MINUTE, "it leads", || leader.is_leading());
    leader.post(&["A"]).unwrap();
    town.pass_until(&[&leader], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
    let standby = town.replica("b", town.local());
    town.pass(&[&leader, &standby], Duration::from_secs(20));
    assert!(!standby.is_leading() && standby.is_ready());
    assert_eq!(standby.shown().len(), 1);

    standby.store.is_away();
    standby.post(&["B"]).unwrap();
    town.pass_until(&[&leader, &standby], 2 * MINUTE, "B is told", || {
        town.hook.told().len() > 1
    });
    assert_eq!(town.hook.said()[1], ["B firing"]);
    assert!(town.hook.told()[1].is_degraded());

    // The leader hears of B when the database is back for the other, and tells it once more at most, under the same key.
    standby.store.works();
    let both = [&leader, &standby];
    town.pass_until(&both, MINUTE, "it stands by", || !standby.is_leading());
    town.pass(&both, 3 * MINUTE);
    assert_eq!(leader.shown().len(), 2);
    let told = town.hook.told();
    let of_b: Vec<_> = told
        .iter()
        .filter(|told| told.alerts() == ["B firing"])
        .collect();
    assert!(
        of_b.len() <= 2 && of_b.iter().all(|one| one.key == of_b[0].key),
        "{told:?}"
    );
    assert!(
        told.iter()
            .filter(|told| told.alerts() == ["A firing"])
            .count()
            == 1
    );
}

#[test]
fn the_leader_tells_again_what_fires_when_one_without_the_database_told_its_end() {
    let town = Town::new();
    let leader = town.replica("a", town.local());
    town.pass_until(&[&leader], MINUTE, "it leads", || leader.is_leading());
    leader.post(&["A"]).unwrap();
    town.pass_until(&[&leader], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
    let standby = town.replica("b", town.local());
    let both = [&leader, &standby];
    town.pass(&both, Duration::from_secs(20));

    standby.store.is_away();
    town.pass_until(&both, 2 * MINUTE, "it is alone", || standby.is_degraded());
    standby.resolve(&["A"]).unwrap();
    town.pass_until(&both, 2 * MINUTE, "its end is told", || {
        town.hook.told().len() == 2
    });
    // By the time that the leader hears of the end, it fires again.
    standby.post_anew("A").unwrap();
    standby.store.works();
    town.pass(&both, 4 * MINUTE);
    assert_eq!(
        town.hook.said(),
        [["A firing"], ["A resolved"], ["A firing"]]
    );
}

#[test]
fn a_receiver_that_fails_is_told_again_under_the_same_key() {
    let town = Town::new();
    let node = town.start();
    town.pass_until(&[&node], MINUTE, "all is read", || node.is_leading());
    town.hook.fails();
    node.post(&["A"]).unwrap();
    town.pass_until(&[&node], MINUTE, "it is tried", || {
        town.hook.told().len() >= 2
    });
    town.hook.takes();
    let tried = town.hook.told().len();
    town.pass_until(&[&node], 2 * MINUTE, "it is told", || {
        town.hook.told().len() > tried
    });
    town.pass(&[&node], 3 * MINUTE);
    let told = town.hook.told();
    assert!(told.iter().all(|one| one.key == told[0].key), "{told:?}");
    let history = node.wait_for(plimsoll_alerting::surface::Alerting::history(
        &node.alerting,
        100,
    ));
    let outcomes: Vec<_> = history
        .unwrap()
        .iter()
        .map(|row| row.outcome.as_str())
        .collect();
    assert_eq!(outcomes[0], "sent");
    assert!(
        outcomes[1..].iter().all(|outcome| *outcome == "failed"),
        "{outcomes:?}"
    );
    assert_eq!(outcomes.len(), told.len());
}
