use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

fn rate(count: u64, per_millis: u64, burst: u64) -> Rate {
    Rate {
        count,
        per: Duration::from_millis(per_millis),
        burst,
        keys_max: 1000,
    }
}

fn at(millis: u64) -> Moment {
    Moment::from_origin(Duration::from_millis(millis))
}

/// Asks at each of these milliseconds; the second number is what it is told to wait, 0 when it is let in.
fn check(rate: Rate, asks: &[(u64, u64)]) {
    let (single, keyed) = (Limiter::single(rate), Limiter::keyed(rate));
    for (place, &(millis, wait)) in asks.iter().enumerate() {
        let expected = match wait {
            0 => Ok(()),
            _ => Err(Refused {
                retry_after: Duration::from_millis(wait),
            }),
        };
        assert_eq!(single.take(3, at(millis)), expected, "ask {place}");
        assert_eq!(keyed.take(3, at(millis)), expected, "ask {place}");
    }
}

#[test]
fn without_a_burst_requests_keep_their_distance() {
    // Ten per second: 100 ms apart, and a refused one costs nothing.
    check(
        rate(10, 1000, 1),
        &[(0, 0), (0, 100), (99, 1), (100, 0), (150, 50), (1000, 0)],
    );
}

#[test]
fn a_burst_is_let_in_at_once_and_comes_back_one_by_one() {
    check(
        rate(10, 1000, 3),
        &[
            (0, 0),
            (0, 0),
            (0, 0),
            (0, 100),
            (100, 0),
            (100, 100),
            (250, 0),
            (250, 50),
            // Full again, and no more than full.
            (10_000, 0),
            (10_000, 0),
            (10_000, 0),
            (10_000, 100),
        ],
    );
}

#[test]
fn a_rate_below_one_per_second_waits_for_seconds() {
    check(rate(2, 60_000, 1), &[(0, 0), (10_000, 20_000), (30_000, 0)]);
}

#[test]
fn a_clock_that_stands_still_gives_no_credit() {
    let limiter = Limiter::single(rate(10, 1000, 2));
    let taken = (0..100).filter(|_| limiter.take(0, at(5)).is_ok()).count();
    assert_eq!(taken, 2);
}

#[test]
fn an_earlier_moment_than_the_last_is_no_reason_to_let_more_in() {
    let limiter = Limiter::single(rate(10, 1000, 1));
    limiter.take(0, at(1000)).unwrap();
    let refused = limiter.take(0, at(500)).unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_millis(600));
}

#[test]
fn the_end_of_time_refuses_instead_of_wrapping() {
    let limiter = Limiter::single(rate(1, 1000, u64::MAX));
    let end = Moment::from_nanos(u64::MAX - 1);
    assert!(limiter.take(0, end).is_ok());
    assert!(
        Gcra::new(&rate(0, 0, 0))
            .take(Bucket::default(), end)
            .is_ok()
    );
}

#[test]
fn credit_counts_down_and_what_is_given_back_can_be_used_again() {
    let limiter = Limiter::keyed(rate(10, 1000, 3));
    assert_eq!(limiter.credit(1, at(0)), 3);
    limiter.take(1, at(0)).unwrap();
    assert_eq!(limiter.credit(1, at(0)), 2);
    limiter.give_back(1, at(0));
    assert_eq!(limiter.credit(1, at(0)), 3);
    assert_eq!(limiter.credit(1, at(60_000)), 3);
}

#[test]
fn each_key_has_its_own() {
    let limiter = Limiter::keyed(rate(1, 1000, 1));
    for key in 0..500 {
        limiter.take(key, at(0)).unwrap();
        limiter.take(key, at(0)).unwrap_err();
    }
    assert_eq!(limiter.keys(), 500);
}

#[test]
fn a_flood_of_keys_is_bounded_and_pushes_no_busy_key_out() {
    let limiter = Limiter::keyed(Rate {
        keys_max: 64,
        ..rate(1, 1000, 1)
    });
    limiter.take(u64::MAX, at(0)).unwrap();
    for key in 0..10_000 {
        // Whoever is limited and keeps asking stays remembered, or a flood of other keys would free it.
        limiter.take(u64::MAX, at(0)).unwrap_err();
        limiter.take(key, at(0)).unwrap();
    }
    assert_eq!(limiter.keys(), 64);
    assert_eq!(limiter.forgotten(), 10_000 - 63);
}

#[test]
fn keys_that_are_full_of_credit_are_forgotten_first_and_without_loss() {
    let limiter = Limiter::keyed(Rate {
        keys_max: 3,
        ..rate(1, 1000, 10)
    });
    for _ in 0..10 {
        limiter.take(1, at(0)).unwrap();
    }
    limiter.take(2, at(0)).unwrap();
    limiter.take(3, at(0)).unwrap();
    // 2 and 3 are full again; 1 is not, and was used before them.
    limiter.take(4, at(2000)).unwrap();
    limiter.take(5, at(2000)).unwrap();
    assert_eq!(limiter.credit(1, at(2000)), 2);
    assert_eq!(limiter.forgotten(), 0);
}

#[test]
fn threads_that_share_a_bucket_get_no_more_than_the_rate() {
    let limiter = Limiter::single(rate(1000, 1000, 50));
    let taken = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for millis in 0..=100 {
                    for _ in 0..20 {
                        let is_in = limiter.take(0, at(millis)).is_ok();
                        taken.fetch_add(u64::from(is_in), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    // The burst, and one per millisecond.
    assert_eq!(taken.into_inner(), 150);
}

/// The bucket of water that GCRA is another form of: it leaks all the time and takes what fits.
#[derive(Clone, Copy, Default)]
struct Water {
    level: u128,
    at: u64,
}

proptest! {
    #[test]
    fn it_is_the_leaky_bucket(
        count in 1u64..1000,
        burst in 1u64..50,
        steps in proptest::collection::vec(0u64..40_000_000, 1..300),
    ) {
        let rate = rate(count, 1000, burst);
        let limiter = Limiter::keyed(rate);
        let step = u128::from(1_000_000_000u64.div_ceil(count));
        let mut water = Water::default();
        for elapsed in steps {
            let now = water.at + elapsed;
            let level = water.level.saturating_sub(u128::from(elapsed));
            let fits = level + step <= step * u128::from(burst);
            let taken = limiter.take(9, Moment::from_nanos(now));
            prop_assert_eq!(taken.is_ok(), fits);
            if let Err(refused) = taken {
                let wait = level + step - step * u128::from(burst);
                prop_assert_eq!(refused.retry_after.as_nanos(), wait);
            }
            water = Water { level: if fits { level + step } else { level }, at: now };
        }
    }

    #[test]
    fn whoever_waits_as_told_is_let_in(
        count in 1u64..100_000,
        burst in 1u64..20,
        start in 0u64..1_000_000_000_000,
    ) {
        let limiter = Limiter::single(rate(count, 1000, burst));
        let start = Moment::from_nanos(start);
        for _ in 0..burst {
            prop_assert!(limiter.take(0, start).is_ok());
        }
        let refused = limiter.take(0, start).unwrap_err();
        prop_assert!(refused.retry_after > Duration::ZERO);
        let early = refused.retry_after - Duration::from_nanos(1);
        prop_assert!(limiter.take(0, start.after(early)).is_err());
        prop_assert!(limiter.take(0, start.after(refused.retry_after)).is_ok());
    }

    #[test]
    fn remembered_keys_are_the_last_used_ones(keys in proptest::collection::vec(0u64..40, 1..400)) {
        // Nobody ever has full credit again, so age alone decides.
        let limiter = Limiter::keyed(Rate { keys_max: 16, ..rate(1, 1_000_000, 5) });
        let mut last_used = HashMap::new();
        for (place, &key) in keys.iter().enumerate() {
            let _ = limiter.take(key, at(0));
            last_used.insert(key, place);
        }
        let mut keys: Vec<u64> = last_used.keys().copied().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(last_used[key]));
        let expected: HashSet<u64> = keys.iter().copied().take(16).collect();
        for key in keys {
            prop_assert_eq!(limiter.credit(key, at(0)) < 5, expected.contains(&key));
        }
    }
}
