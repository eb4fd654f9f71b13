use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn at(millis: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_millis(millis))
}

fn budget(ratio: f64, reserve_per_second: u32) -> Budget {
    let options = BudgetOptions {
        ratio,
        reserve_per_second,
        ttl: Duration::from_secs(10),
    };
    Budget::new(options, at(0))
}

fn withdraw_all(budget: &Budget, now: Moment) -> usize {
    (0..100_000).take_while(|_| budget.withdraw(now)).count()
}

#[test]
fn five_requests_pay_a_retry() {
    let budget = budget(0.2, 0);
    (0..4).for_each(|_| budget.deposit(at(0)));
    assert!(!budget.withdraw(at(0)));
    budget.deposit(at(0));
    assert_eq!(budget.balance(at(0)), 1);
    assert!(budget.withdraw(at(0)));
    assert!(!budget.withdraw(at(0)));
}

#[test]
fn the_reserve_is_there_without_requests_and_comes_back() {
    let budget = budget(0.2, 10);
    assert_eq!(budget.balance(at(0)), 100);
    assert_eq!(withdraw_all(&budget, at(0)), 100);
    assert_eq!(withdraw_all(&budget, at(9_999)), 0);
    assert_eq!(withdraw_all(&budget, at(10_000)), 100);
}

#[test]
fn deposits_are_gone_after_their_time() {
    let budget = budget(0.2, 0);
    (0..100).for_each(|_| budget.deposit(at(0)));
    assert_eq!(budget.balance(at(9_999)), 20);
    assert_eq!(budget.balance(at(10_000)), 0);
    (0..100).for_each(|_| budget.deposit(at(1_000_000)));
    assert_eq!(
        budget.balance(at(1_000_000)),
        20,
        "after a pause it counts from nothing"
    );
}

#[test]
fn without_ratio_and_reserve_there_is_nothing() {
    let budget = budget(-1.0, 0);
    (0..100).for_each(|_| budget.deposit(at(0)));
    assert_eq!((budget.balance(at(0)), budget.withdraw(at(0))), (0, false));
}

#[test]
fn a_clock_that_two_threads_read_in_another_order_loses_nothing() {
    let budget = budget(1.0, 0);
    budget.deposit(at(1_000));
    budget.deposit(at(999));
    assert_eq!(budget.balance(at(999)), 2);
}

#[test]
fn other_options_keep_what_was_counted_unless_time_is_another() {
    let budget = budget(0.2, 0);
    (0..50).for_each(|_| budget.deposit(at(0)));
    let mut options = BudgetOptions {
        ratio: 1.0,
        reserve_per_second: 1,
        ttl: Duration::from_secs(10),
    };
    budget.reconfigure(options, at(1_000));
    assert_eq!(
        budget.balance(at(1_000)),
        20,
        "ten are deposited, ten in reserve"
    );
    budget.deposit(at(1_000));
    assert_eq!(budget.balance(at(1_000)), 21);
    options.ttl = Duration::from_secs(60);
    budget.reconfigure(options, at(2_000));
    assert_eq!(budget.balance(at(2_000)), 60, "the reserve of a minute");
    budget.deposit(at(3_000));
    assert_eq!(budget.balance(at(59_999)), 61);
    assert_eq!(budget.balance(at(63_000)), 60);
}

#[test]
fn threads_never_take_more_than_there_is() {
    let budget = budget(0.5, 0);
    let taken = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let budget = &budget;
            move || {
                let turn = |round: u64| {
                    let now = at(round * 3 + thread);
                    budget.deposit(now);
                    budget.withdraw(now)
                };
                (0..2_000).filter(|round| turn(*round)).count()
            }
        };
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(work(thread))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<usize>()
    });
    assert!(taken <= 4_000, "{taken} of 8000 requests at 0.5");
    // All happens within one time to live, in which nothing is lost: what was not taken is still there.
    assert_eq!(taken as u64 + budget.balance(at(6_003)), 4_000);
}

proptest! {
    /// Against a list of all deposits and withdrawals.
    #[test]
    fn the_slots_count_as_a_list_does(
        steps in prop::collection::vec((0_u64..4_000, any::<bool>()), 1..300),
        ratio in prop::sample::select(vec![0.0, 0.1, 0.2, 0.5, 1.0]), reserve in 0_u32..3,
    ) {
        let budget = budget(ratio, reserve);
        let mut entries: Vec<(u64, i64)> = Vec::new();
        let mut millis = 0;
        for (wait, deposits) in steps {
            millis += wait;
            let second = millis / 1000;
            entries.retain(|(then, _)| then + 10 > second);
            let sum = entries.iter().map(|(_, amount)| amount).sum::<i64>();
            let sum = sum + i64::from(reserve) * 10_000;
            if deposits {
                budget.deposit(at(millis));
                entries.push((second, (ratio * 1000.0) as i64));
            } else {
                prop_assert_eq!(budget.withdraw(at(millis)), sum >= 1000);
                if sum >= 1000 { entries.push((second, -1000)); }
            }
        }
    }

    /// The promise of its documentation.
    #[test]
    fn no_window_sees_more_retries_than_its_requests_pay(
        steps in prop::collection::vec((0_u64..2_000, any::<bool>()), 1..300),
    ) {
        let budget = budget(0.2, 1);
        let (mut requests, mut retries) = (Vec::new(), Vec::new());
        let mut now = 0;
        for (wait, is_request) in steps {
            now += wait;
            if is_request {
                budget.deposit(at(now));
                requests.push(now);
            } else if budget.withdraw(at(now)) {
                retries.push(now);
            }
            // To a tenth: a slot of a second may be gone early.
            let within = |times: &[u64], millis| times.iter().filter(|then| **then + millis > now).count();
            let paid = within(&requests, 20_000) as f64 * 0.2 + 10.0;
            prop_assert!(within(&retries, 9_000) as f64 <= paid);
        }
    }
}
