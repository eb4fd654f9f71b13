//! Several processes on one store: one routes, all accept.

use std::time::Duration;

use super::world::{Node, Town};

const MINUTE: Duration = Duration::from_mins(1);

/// Starts two; returns the one that leads first.
fn two(town: &Town) -> (Node, Node) {
    let (a, b) = (
        town.replica("a", town.local()),
        town.replica("b", town.local()),
    );
    town.pass_until(&[&a, &b], MINUTE, "one leads and one stands by", || {
        (a.is_leading() || b.is_leading()) && a.is_ready() && b.is_ready()
    });
    match a.is_leading() {
        true => (a, b),
        false => (b, a),
    }
}

#[test]
fn what_a_standby_accepts_is_routed_once() {
    let town = Town::new();
    let (leader, standby) = two(&town);
    let both = [&leader, &standby];
    standby.silence("S").unwrap();
    standby.post(&["A", "S"]).unwrap();
    leader.post(&["A", "B"]).unwrap();
    town.pass_until(&both, MINUTE, "A and B are told", || {
        town.hook.told().len() >= 2
    });
    town.pass(&both, 3 * MINUTE);
    let mut said = town.hook.said();
    said.sort();
    assert_eq!(said, [["A firing"], ["B firing"]]);
    assert_eq!(
        leader.shown()["S"],
        1,
        "the silence is known where it counts"
    );
    assert_eq!(standby.shown(), leader.shown());
    assert!(leader.is_leading() && !standby.is_leading());
}

#[test]
fn a_standby_takes_over_and_repeats_nothing() {
    let town = Town::new();
    let (leader, standby) = two(&town);
    leader.post(&["A"]).unwrap();
    town.pass_until(&[&leader, &standby], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
    town.pass(&[&leader, &standby], Duration::from_secs(2));
    // It began just now, so that `group_wait` lies ahead: one that has fired for as long is told at once, and again after a
    // kill with its attempt under way.
    leader.post_anew("B").unwrap();
    leader.kill();
    standby.post(&["C"]).unwrap();
    town.pass_until(&[&standby], MINUTE, "it leads", || standby.is_leading());
    town.pass_until(&[&standby], MINUTE, "B and C are told", || {
        town.hook.told().len() == 3
    });
    town.pass(&[&standby], 3 * MINUTE);
    let mut said = town.hook.said();
    said.sort();
    assert_eq!(said, [["A firing"], ["B firing"], ["C firing"]]);
    assert!(town.hook.told().iter().all(|told| !told.is_degraded()));
}

#[test]
fn who_stops_hands_over_at_once() {
    let town = Town::new();
    let (leader, standby) = two(&town);
    leader.post(&["A"]).unwrap();
    leader.stop();
    let soon = Duration::from_secs(8);
    town.pass_until(&[&standby], soon, "it leads", || standby.is_leading());
    town.pass_until(&[&standby], MINUTE, "A is told", || {
        town.hook.told().len() == 1
    });
}

#[test]
fn a_standby_shows_what_it_accepted_until_somebody_routes() {
    let town = Town::new();
    let (leader, standby) = two(&town);
    leader.kill();
    standby.post(&["A"]).unwrap();
    // Shorter than a lease lasts, and longer than what was accepted here lately is remembered.
    for seconds in 1..=11 {
        town.pass(&[&standby], Duration::from_secs(1));
        assert!(!standby.is_leading(), "{seconds} s: too soon to tell");
        assert_eq!(standby.shown().len(), 1, "after {seconds} s");
    }
    town.pass_until(&[&standby], MINUTE, "A is told", || {
        !town.hook.told().is_empty()
    });
}
