use super::*;
use crate::hedge::admits;
use crate::retry::{Budget, BudgetOptions, Refusal};

fn at(millis: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_millis(millis))
}

fn learned(share: f64, answers_min: u32) -> Delay {
    Delay::new(Options::Percentile { share, answers_min }, at(0))
}

/// Within a bucket above the exact value.
fn assert_about(found: Option<Duration>, millis: u64) {
    let exact = Duration::from_millis(millis);
    let found = found.unwrap();
    assert!(
        found > exact && found <= exact.mul_f64(17.0 / 16.0),
        "{found:?}, wanted {exact:?}"
    );
}

#[test]
fn a_fixed_delay_needs_no_answers() {
    let mut delay = Delay::new(Options::After(Duration::from_millis(50)), at(0));
    assert_eq!(delay.delay(at(0)), Some(Duration::from_millis(50)));
    delay.record(Duration::from_secs(5), at(0));
    assert_eq!(delay.delay(at(1)), Some(Duration::from_millis(50)));
}

#[test]
fn a_percentile_needs_enough_answers() {
    let mut delay = learned(0.95, 100);
    for number in 1..100 {
        delay.record(Duration::from_millis(number), at(0));
        assert_eq!(delay.delay(at(number * 1000 / 100)), None);
    }
    delay.record(Duration::from_millis(100), at(1500));
    assert_about(delay.delay(at(2500)), 95);
}

#[test]
fn it_forgets_what_is_old() {
    let mut delay = learned(0.5, 10);
    (0..100).for_each(|_| delay.record(Duration::from_millis(10), at(0)));
    assert_about(delay.delay(at(29_000)), 10);
    assert_about(delay.delay(at(59_000)), 10);
    assert_eq!(
        delay.delay(at(60_001)),
        None,
        "after two rotations nothing is left"
    );
    (0..100).for_each(|_| delay.record(Duration::from_millis(40), at(61_000)));
    assert_about(delay.delay(at(62_000)), 40);
    (0..300).for_each(|_| delay.record(Duration::from_millis(80), at(92_000)));
    assert_about(delay.delay(at(93_000)), 80);
    assert_eq!(
        delay.delay(at(1_000_000)),
        None,
        "after a long pause nothing is left"
    );
}

#[test]
fn a_look_is_remembered_for_a_second() {
    let mut delay = learned(0.5, 1);
    delay.record(Duration::from_millis(10), at(0));
    assert_about(delay.delay(at(0)), 10);
    (0..10).for_each(|_| delay.record(Duration::from_millis(100), at(1)));
    assert_about(delay.delay(at(999)), 10);
    assert_about(delay.delay(at(1000)), 100);
}

#[test]
fn a_hedge_is_paid_by_the_retry_budget() {
    let options = BudgetOptions {
        reserve_per_second: 0,
        ..BudgetOptions::default()
    };
    let budget = Budget::new(options, at(0));
    (0..5).for_each(|_| budget.deposit(at(0)));
    assert_eq!(
        admits(false, true, &budget, at(0)),
        Err(Refusal::NotRepeatable)
    );
    assert_eq!(admits(true, false, &budget, at(0)), Err(Refusal::BodyGone));
    assert_eq!(admits(true, true, &budget, at(0)), Ok(()));
    assert_eq!(
        admits(true, true, &budget, at(0)),
        Err(Refusal::BudgetSpent)
    );
}
