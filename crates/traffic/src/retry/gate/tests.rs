use proptest::prelude::*;

use super::*;
use crate::retry::{BudgetOptions, Conditions};

const NOW: Moment = Moment::ORIGIN;

fn rich() -> Budget {
    Budget::new(BudgetOptions::default(), NOW)
}

fn poor() -> Budget {
    let options = BudgetOptions {
        reserve_per_second: 0,
        ..BudgetOptions::default()
    };
    Budget::new(options, NOW)
}

fn gate(change: impl FnOnce(&mut Options)) -> Gate {
    let mut options = Options {
        retries_max: 3,
        ..Options::default()
    };
    change(&mut options);
    Gate::new(options)
}

const STATUS_503: Outcome = Outcome::ServerError {
    status: 503,
    retry_after: None,
};

/// A GET that ended so, with all the time in the world.
fn attempted(outcome: Outcome) -> Attempted {
    Attempted {
        is_repeatable: true,
        is_body_replayable: true,
        retries: 0,
        outcome,
        left: Duration::from_secs(60),
    }
}

fn check(gate: &Gate, attempted: Attempted, expected: Again) {
    assert_eq!(
        gate.again(&attempted, &rich(), NOW, 0.999_999),
        expected,
        "{attempted:?}"
    );
}

#[test]
fn what_did_not_fail_is_not_tried_again() {
    let gate = gate(|_| {});
    for outcome in [
        Outcome::Success,
        Outcome::Cancelled,
        Outcome::Throttled { retry_after: None },
        Outcome::ServerError {
            status: 500,
            retry_after: None,
        },
        Outcome::Failed(FailureKind::Truncated),
    ] {
        check(&gate, attempted(outcome), Again::No(Refusal::NotRetried));
    }
}

#[test]
fn conditions_choose() {
    let none = gate(|options| options.on = Conditions::default());
    let all = gate(|options| options.on.statuses = vec![429, 500]);
    for outcome in [
        Outcome::Throttled { retry_after: None },
        Outcome::ServerError {
            status: 500,
            retry_after: None,
        },
        Outcome::Failed(FailureKind::TryTimeout),
        Outcome::Failed(FailureKind::Closed),
        Outcome::Failed(FailureKind::Malformed),
    ] {
        check(&none, attempted(outcome), Again::No(Refusal::NotRetried));
        let again = all.again(&attempted(outcome), &rich(), NOW, 0.5);
        assert_eq!(
            again,
            Again::After(Duration::from_micros(12_500)),
            "{outcome:?}"
        );
        // What may have been processed is repeated only when that is allowed.
        let post = Attempted {
            is_repeatable: false,
            ..attempted(outcome)
        };
        check(&all, post, Again::No(Refusal::NotRepeatable));
    }
}

#[test]
fn what_was_not_processed_is_always_safe() {
    let gate = gate(|options| options.on = Conditions::default());
    for kind in [
        FailureKind::Refused,
        FailureKind::ConnectTimeout,
        FailureKind::Unresolved,
        FailureKind::Tls,
        FailureKind::NotProcessed,
    ] {
        let post = Attempted {
            is_repeatable: false,
            ..attempted(Outcome::Failed(kind))
        };
        let again = gate.again(&post, &rich(), NOW, 0.5);
        // The first goes to another endpoint at once, but for a busy one.
        let wait = if kind == FailureKind::NotProcessed {
            12_500
        } else {
            0
        };
        assert_eq!(again, Again::After(Duration::from_micros(wait)), "{kind:?}");
        let second = Attempted { retries: 1, ..post };
        let again = gate.again(&second, &rich(), NOW, 0.5);
        assert_eq!(
            again,
            Again::After(Duration::from_micros(37_500)),
            "{kind:?}"
        );
        let gone = Attempted {
            is_body_replayable: false,
            ..post
        };
        check(&gate, gone, Again::No(Refusal::BodyGone));
    }
}

#[test]
fn attempts_are_counted() {
    let three = gate(|_| {});
    check(
        &three,
        Attempted {
            retries: 3,
            ..attempted(STATUS_503)
        },
        Again::No(Refusal::Exhausted),
    );
    let off = gate(|options| options.retries_max = 0);
    let refused = attempted(Outcome::Failed(FailureKind::Refused));
    check(&off, refused, Again::No(Refusal::Exhausted));
}

#[test]
fn retry_after_is_the_least_wait() {
    let gate = gate(|_| {});
    let asks = |millis| {
        let retry_after = Some(Duration::from_millis(millis));
        attempted(Outcome::ServerError {
            status: 503,
            retry_after,
        })
    };
    check(&gate, asks(1000), Again::After(Duration::from_secs(1)));
    check(&gate, asks(1001), Again::No(Refusal::RetryAfterTooLong));
    let again = gate.again(&asks(5), &rich(), NOW, 0.5);
    assert_eq!(again, Again::After(Duration::from_micros(12_500)));
}

#[test]
fn what_would_come_too_late_takes_nothing_from_the_budget() {
    let (gate, budget) = (gate(|_| {}), rich());
    let late = Attempted {
        left: Duration::from_micros(12_500),
        ..attempted(STATUS_503)
    };
    assert_eq!(
        gate.again(&late, &budget, NOW, 0.5),
        Again::No(Refusal::NoTime)
    );
    let over = Attempted {
        left: Duration::ZERO,
        ..attempted(Outcome::Failed(FailureKind::Refused))
    };
    assert_eq!(
        gate.again(&over, &budget, NOW, 0.5),
        Again::No(Refusal::NoTime)
    );
    assert_eq!(budget.balance(NOW), 100);
}

#[test]
fn the_budget_has_the_last_word() {
    let (gate, budget) = (gate(|_| {}), poor());
    let again = || gate.again(&attempted(STATUS_503), &budget, NOW, 0.0);
    assert_eq!(again(), Again::No(Refusal::BudgetSpent));
    (0..5).for_each(|_| budget.deposit(NOW));
    assert_eq!(again(), Again::After(Duration::ZERO));
    assert_eq!(again(), Again::No(Refusal::BudgetSpent));
}

#[test]
fn methods_of_rfc_9110() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        assert!(crate::retry::is_idempotent(method));
    }
    for method in ["POST", "PATCH", "CONNECT", "get", "PURGE", ""] {
        assert!(!crate::retry::is_idempotent(method));
    }
}

proptest! {
    /// Envoy's vector: 25, 75, 175, 250, 250 ms at most.
    #[test]
    fn the_wait_is_full_jitter(retries in 0_u32..100, chance in 0.0..1.0_f64) {
        let gate = gate(|options| options.retries_max = u32::MAX);
        let most = [25, 75, 175].get(retries as usize).copied().unwrap_or(250);
        let tried = Attempted { retries, ..attempted(STATUS_503) };
        let Again::After(wait) = gate.again(&tried, &rich(), NOW, chance) else {
            return Err(TestCaseError::fail("it is tried again"));
        };
        let expected = Duration::from_millis(most).mul_f64(chance);
        prop_assert_eq!(wait, expected);
    }
}
