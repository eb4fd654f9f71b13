//! What all policies must do, and what those that go by chance must do on average.

use std::collections::HashSet;
use std::time::Duration;

use proptest::prelude::*;

use super::chance::Chance;
use super::ewma::Ewma;
use super::fixture::Plain;
use super::*;
use crate::{EndpointId, FailureKind, Moment, Outcome};

/// Requests, one after the other; by chance a share is off by 0.01 once in a million times.
const MANY: usize = 60_000;

fn shares(plain: &mut Plain) -> Vec<f64> {
    let mut keys = Chance::new(99);
    let mut counts = vec![0_u32; plain.candidates.len()];
    for _ in 0..MANY {
        let place = plain.ask(Some(keys.next_u64()), &[]);
        counts[place.unwrap()] += 1;
    }
    let share = |count| f64::from(count) / MANY as f64;
    counts.into_iter().map(share).collect()
}

fn check_shares(policy: Policy, weights: &[u32]) {
    let is_weighted = policy != Policy::RoundRobin;
    let total: u32 = weights.iter().sum();
    let mut plain = Plain::new(policy.clone(), weights, 5);
    for (share, weight) in shares(&mut plain).into_iter().zip(weights) {
        let wanted = match is_weighted {
            true => f64::from(*weight) / f64::from(total),
            false => 1.0 / weights.len() as f64,
        };
        assert!(
            (share - wanted).abs() < 0.01,
            "{policy:?}: {share} instead of {wanted}"
        );
    }
}

#[test]
fn shares_are_within_one_percent() {
    for kind in ALL {
        check_shares(kind.policy(), &[1]);
        check_shares(kind.policy(), &[1, 1, 1]);
        check_shares(kind.policy(), &[5, 1, 1]);
        check_shares(kind.policy(), &[90, 10]);
        check_shares(kind.policy(), &[1, 2, 3, 4, 5, 6, 7, 8]);
    }
}

#[test]
fn the_list_is_complete_and_its_names_are_different() {
    let names: HashSet<_> = ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), ALL.len());
    for kind in ALL {
        assert_eq!(kind.policy().kind().name(), kind.name());
        assert!(kind.about().ends_with('.'), "{}", kind.name());
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        assert!(kind.name().chars().all(is_plain), "{}", kind.name());
    }
}

#[test]
fn slow_start_lessens_a_share() {
    for kind in ALL {
        let mut plain = Plain::new(kind.policy(), &[1, 1], 5);
        plain.warm(&[0.1, 1.0]);
        let share = shares(&mut plain)[0];
        let wanted = match kind.policy() {
            // Each second turn is its own, and it takes a tenth of them.
            Policy::RoundRobin => 0.1 / 1.1,
            policy if policy.kind().is_hash() => 0.5,
            _ => 0.1 / 1.1,
        };
        assert!((share - wanted).abs() < 0.01, "{}: {share}", kind.name());
    }
}

/// An endpoint is drawn twice once in n^2 times, however it looks.
#[test]
fn two_choices_keep_the_worse_within_reach() {
    for policy in [Policy::TwoChoices, Policy::PeakEwma(EwmaOptions::default())] {
        let mut plain = Plain::new(policy, &[1; 4], 5);
        plain.loads[2].in_flight = 3;
        let share = shares(&mut plain)[2];
        assert!((share - 1.0 / 16.0).abs() < 0.003, "{share}");
    }
}

/// One that hangs piles up requests, and is only taken when chance draws nobody else seven times.
#[test]
fn two_choices_leave_out_who_is_far_worse() {
    for policy in [Policy::TwoChoices, Policy::PeakEwma(EwmaOptions::default())] {
        let mut plain = Plain::new(policy.clone(), &[1; 4], 5);
        plain.loads[2].in_flight = 4;
        assert!(shares(&mut plain)[2] < 0.001, "{policy:?}");
        let mut plain = Plain::new(policy, &[1; 2], 5);
        plain.loads[1].in_flight = 1000;
        let share = shares(&mut plain)[1];
        assert!((share - 1.0 / 128.0).abs() < 0.002, "{share}");
    }
}

#[test]
fn least_connections_finds_the_least_loaded_for_its_weight() {
    let mut plain = Plain::new(Policy::LeastConnections, &[1, 4, 2], 5);
    for (load, in_flight) in plain.loads.iter_mut().zip([1, 3, 2]) {
        load.in_flight = in_flight;
    }
    assert_eq!(plain.next(), 1);
    plain.loads[1].in_flight = 5;
    let seen: HashSet<usize> = (0..100).map(|_| plain.next()).collect();
    assert_eq!(seen, HashSet::from([0, 2]), "1 for 1 is as much as 2 for 2");
}

/// linkerd's load biaser: an endpoint that refuses everything at once must not look fast.
#[test]
fn failing_fast_attracts_nothing() {
    let options = EwmaOptions::default();
    let mut plain = Plain::new(Policy::PeakEwma(options), &[1; 3], 5);
    let mut failed = 0;
    for millis in 0..10_000_u64 {
        plain.now = Moment::from_origin(Duration::from_millis(millis));
        let place = plain.next();
        let (outcome, latency) = match place {
            0 => (Outcome::Failed(FailureKind::Refused), 0),
            _ => (Outcome::Success, 20),
        };
        failed += u32::from(place == 0);
        let latency = Duration::from_millis(latency);
        plain.loads[place]
            .ewma
            .record(&outcome, latency, &options, plain.now);
    }
    // Once before anything is known, and when chance draws nobody else seven times.
    assert!((1..30).contains(&failed), "{failed}");
}

#[test]
fn the_slower_of_two_gets_less() {
    let options = EwmaOptions::default();
    for (millis, wanted) in [(60, 0.25), (200, 1.0 / 128.0)] {
        let mut plain = Plain::new(Policy::PeakEwma(options), &[1, 1], 5);
        for (place, millis) in [(0, millis), (1, 20)] {
            let latency = Duration::from_millis(millis);
            // Below the latency that is assumed at first nothing is a peak.
            plain.loads[place].ewma = Ewma::new(&zero(options), Moment::ORIGIN);
            plain.loads[place]
                .ewma
                .record(&Outcome::Success, latency, &options, plain.now);
        }
        let share = shares(&mut plain)[0];
        assert!((share - wanted).abs() < 0.01, "{millis} ms: {share}");
    }
}

fn zero(options: EwmaOptions) -> EwmaOptions {
    EwmaOptions {
        default_latency: Duration::ZERO,
        ..options
    }
}

proptest! {
    /// A request is never sent to an endpoint that was tried while there is another one, and always to that.
    #[test]
    fn another_one_is_chosen_while_there_is_one(
        weights in prop::collection::vec(1..9_u32, 1..9),
        loads in prop::collection::vec(0..50_u32, 9),
        tried in prop::collection::hash_set(0..9_u32, 0..9),
        seed: u64,
        key: u64,
    ) {
        let tried: Vec<EndpointId> = tried.into_iter().map(EndpointId).collect();
        for kind in ALL {
            let mut plain = Plain::new(kind.policy(), &weights, seed);
            for (load, in_flight) in plain.loads.iter_mut().zip(&loads) {
                load.in_flight = *in_flight;
            }
            let is_left = plain.candidates.iter().any(|candidate| !tried.contains(&candidate.id));
            let chosen = plain.ask(Some(key), &tried);
            prop_assert_eq!(chosen.is_some(), is_left, "{}", kind.name());
            if let Some(place) = chosen {
                prop_assert!(!tried.contains(&plain.candidates[place].id), "{}", kind.name());
            }
        }
    }

    /// Requests that begin and end in any order: nobody ever has more than its weight's part of the bound.
    #[test]
    fn the_bound_holds(
        weights in prop::collection::vec(1..9_u32, 1..9),
        steps in prop::collection::vec((0..4_u64, any::<prop::sample::Index>()), 1..300),
        percent in 100..200_u32,
        seed: u64,
    ) {
        let bound = f64::from(percent) / 100.0;
        let options = HashOptions { bound: Some(bound) };
        let total: u32 = weights.iter().sum();
        for policy in [Policy::Maglev(options), Policy::Rendezvous(options)] {
            let mut plain = Plain::new(policy, &weights, seed);
            let mut running: Vec<usize> = Vec::new();
            for (key, ended) in &steps {
                if *key == 3 && !running.is_empty() {
                    let place = running.swap_remove(ended.index(running.len()));
                    plain.loads[place].in_flight -= 1;
                    continue;
                }
                // Few keys, so that there is something to bound.
                let place = plain.ask(Some(*key), &[]).unwrap();
                running.push(place);
                plain.loads[place].in_flight += 1;
                let share = f64::from(weights[place]) / f64::from(total);
                let most = (bound * running.len() as f64 * share + 1e-9).ceil();
                prop_assert!(f64::from(plain.loads[place].in_flight) <= most);
            }
        }
    }
}
