//! The table of the module, row by row, and budgets that do what they like.

use proptest::prelude::*;

use super::*;
use BudgetState::{Caution, Critical, Exhausted, Healthy, NoData as Unknown};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_millis(minutes * 60_000)
}

fn left(hundredths: i128) -> Option<Fraction> {
    Fraction::new(hundredths, 100)
}

fn observed(remaining: Option<Fraction>) -> Observation {
    Observation {
        remaining,
        is_fresh: true,
    }
}

/// Steps through (minute, hundredths left, expected state).
fn check(steps: &[(i64, i128, BudgetState)]) {
    let policy = BudgetPolicy::default();
    let mut standing = None;
    for (minute, hundredths, expected) in steps {
        let before = standing;
        let (after, transition) = policy.step(
            standing,
            observed(left(*hundredths)),
            NoData::Ignore,
            at(*minute),
        );
        assert_eq!(after.state, *expected, "minute {minute}, {hundredths} left");
        let is_change = before.is_none_or(|before: Standing| before.state != after.state);
        assert_eq!(transition.is_some(), is_change, "minute {minute}");
        if is_change {
            assert_eq!(after.since, at(*minute));
        }
        standing = Some(after);
    }
}

#[test]
fn bounds_belong_to_the_better_state() {
    let policy = BudgetPolicy::default();
    for (hundredths, expected) in [
        (100, Healthy),
        (50, Healthy),
        (49, Caution),
        (25, Caution),
        (24, Critical),
        (10, Critical),
        (9, Exhausted),
        (-500, Exhausted),
    ] {
        assert_eq!(
            policy.state_of(left(hundredths).unwrap()),
            expected,
            "{hundredths}"
        );
    }
}

#[test]
fn worse_is_at_once() {
    check(&[(0, 80, Healthy), (1, 40, Caution), (2, 5, Exhausted)]);
}

#[test]
fn better_takes_its_time_and_its_distance() {
    check(&[
        (0, 20, Critical),
        (29, 80, Critical),
        (30, 29, Critical),
        (31, 30, Caution),
        (61, 54, Caution),
        (62, 55, Healthy),
    ]);
    // All the way at once, as far as the bounds are cleared.
    check(&[(0, 5, Exhausted), (30, 52, Caution), (60, 100, Healthy)]);
    check(&[(0, 5, Exhausted), (30, 14, Exhausted), (31, 15, Critical)]);
}

#[test]
fn getting_worse_begins_a_new_dwell() {
    check(&[
        (0, 20, Critical),
        (29, 5, Exhausted),
        (31, 90, Exhausted),
        (59, 90, Healthy),
    ]);
}

#[test]
fn unknown_is_a_state_of_its_own() {
    let policy = BudgetPolicy::default();
    let step = |standing, remaining, is_fresh, no_data| {
        let observed = Observation {
            remaining,
            is_fresh,
        };
        policy.step(standing, observed, no_data, at(5)).0.state
    };
    let caution = Some(Standing {
        state: Caution,
        since: at(0),
    });
    assert_eq!(step(None, None, false, NoData::Ignore), Unknown);
    assert_eq!(step(None, None, false, NoData::Freeze), Unknown);
    assert_eq!(step(caution, None, false, NoData::Ignore), Unknown);
    assert_eq!(step(caution, None, false, NoData::Freeze), Caution);
    assert_eq!(step(caution, left(5), false, NoData::Freeze), Caution);
    assert_eq!(step(caution, left(5), true, NoData::Freeze), Exhausted);
    assert_eq!(step(caution, left(5), false, NoData::Ignore), Exhausted);
    let unknown = Some(Standing {
        state: Unknown,
        since: at(4),
    });
    assert_eq!(step(unknown, left(100), true, NoData::Ignore), Healthy);
}

#[test]
fn a_clock_that_goes_back_ends_no_dwell() {
    check(&[
        (100, 20, Critical),
        (10, 90, Critical),
        (129, 90, Critical),
        (130, 90, Healthy),
    ]);
}

#[test]
fn names_read_back() {
    for state in BudgetState::ALL {
        assert_eq!(BudgetState::from_name(state.as_str()), Some(state));
    }
    assert_eq!(BudgetState::from_name("fine"), None);
}

#[test]
fn a_change_explains_itself() {
    use crate::{Counts, Timeline, Window};
    let policy = BudgetPolicy::default();
    let counts = Counts {
        good: 9_999_300,
        bad: 700,
        excluded: 12,
        covered: 6,
    };
    let minute = Duration::from_secs(60);
    let history = Timeline::new(at(0), minute, [counts]);
    let window = Window::Rolling(minute);
    let budget = Budget::read(&history, &window, "99.99".parse().unwrap(), at(1), None);
    let healthy = Some(Standing {
        state: Healthy,
        since: at(0),
    });
    let (_, transition) = policy.step(healthy, observed(budget.remaining()), NoData::Ignore, at(1));
    let decision = transition.unwrap().decision(
        "checkout/errors".to_owned(),
        "slo.yml:3".into(),
        &policy,
        &budget,
    );
    assert_eq!(
        decision.outcome,
        "the budget is caution with 30.00 % of it left; it was healthy"
    );
    assert_eq!(
        decision.counterfactual,
        "from 55 % on, and 30m after its begin at the earliest, it gets better"
    );
    let input = |name: &str| {
        let found = decision.inputs.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(
        (input("bad"), input("valid")),
        (Some("700"), Some("10000000"))
    );
    assert_eq!(
        (input("allowed"), input("consumed")),
        (Some("1000.00"), Some("70.00 %"))
    );
    assert_eq!(
        (input("excluded"), input("from")),
        (Some("12"), Some("1970-01-01T00:00:00Z"))
    );
}

proptest! {
    /// A state is never better than the bounds say, and never lasts when the budget is worse than it.
    #[test]
    fn a_state_is_never_too_good(steps in prop::collection::vec((0_i64..40, -20_i128..120), 1..60)) {
        let policy = BudgetPolicy::default();
        let (mut now, mut standing) = (0, None);
        for (minutes, hundredths) in steps {
            now += minutes;
            let remaining = left(hundredths);
            let (after, _) = policy.step(standing, observed(remaining), NoData::Ignore, at(now));
            prop_assert!(after.state >= policy.state_of(remaining.unwrap()));
            if let Some(before) = standing.filter(|before: &Standing| after.state < before.state) {
                prop_assert!(now * 60_000 - before.since.millis() >= 30 * 60_000);
            }
            standing = Some(after);
        }
    }
}
