use std::path::Path;

use plimsoll_runtime::clock::Monotonic;

use super::*;
use crate::books::{Answered, Seen};
use crate::shop::Route;

const STORY: &str = "
version: plimsoll/v1
title: t
steps:
  - at: 1s
    say: well
  - at: 10s
    inject: {service: checkout, fault: errors, for: 40s}
    expect:
      alert: Burn
      labels: {slo: buy, severity: page}
      within: 60s
      resolves_within: 2m
      budget: [{slo: shop/buy, at_most: 0%}, {slo: shop/browse, at_least: 50%}]
";

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn judge() -> Judge {
    let story = Story::parse(Path::new("story.yml"), STORY).unwrap();
    Judge::new(&story, Scale::default())
}

fn notice(slo: &str, severity: &str, is_firing: bool) -> Notice {
    let pairs = [
        ("alertname", "Burn"),
        ("slo", slo),
        ("severity", severity),
        ("x", "y"),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Notice {
        at: Monotonic::from_origin(Duration::ZERO),
        receiver: "on-call".into(),
        is_firing,
        labels: pairs.into(),
        summary: String::new(),
        since: String::new(),
    }
}

/// Plays a story in which the fault begins at 10 s, with pages about `buy` at the times given.
fn played(notices: &[(u64, bool)]) -> Judge {
    let mut judge = judge();
    judge.began(1, at(10));
    for (seconds, is_firing) in notices {
        judge.told(&notice("buy", "page", *is_firing), at(*seconds));
    }
    judge
}

fn check(judge: &Judge, wanted: &str) {
    let found = judge.alerts();
    assert!(
        found.len() == 1 && found[0].contains(wanted),
        "{wanted} in {found:?}"
    );
}

#[test]
fn an_alert_that_comes_and_goes_in_time_is_right() {
    let judge = played(&[(25, true), (30, true), (80, false)]);
    assert_eq!(judge.alerts(), [""; 0]);
    assert!(judge.is_settled(at(80)));
    let expected = "Burn{severity=\"page\", slo=\"buy\"} came after 15 s and was over after 70 s";
    assert_eq!(judge.facts(), [expected]);
}

#[test]
fn one_that_is_late_early_or_missing_is_not() {
    check(&played(&[]), "did not come within 60 s");
    check(
        &played(&[(71, true), (80, false)]),
        "came after 61 s, wanted within 60 s",
    );
    check(
        &played(&[(20, true)]),
        "was not over 120 s after its cause was",
    );
    check(
        &played(&[(20, true), (171, false)]),
        "was over 121 s after its cause, wanted within 120 s",
    );
    check(&judge(), "the story ended before");
    let mut early = judge();
    early.told(&notice("buy", "page", true), at(9));
    early.began(1, at(10));
    early.told(&notice("buy", "page", false), at(70));
    check(&early, "came 1.0 s before there was a reason");
}

#[test]
fn nobody_is_paged_for_anything_else_or_twice() {
    let good = [(25, true), (80, false)];
    let mut stranger = played(&good);
    stranger.told(&notice("browse", "ticket", true), at(30));
    assert_eq!(stranger.alerts(), [""; 0]);
    stranger.told(&notice("browse", "page", true), at(30));
    stranger.told(&notice("browse", "page", true), at(35));
    check(
        &stranger,
        "nobody expected came: Burn{severity=\"page\", slo=\"browse\", x=\"y\"}",
    );
    let twice = played(&[(25, true), (80, false), (90, true), (95, false)]);
    check(&twice, "came a second time");
}

#[test]
fn waits_for_what_may_still_come() {
    let mut judge = judge();
    assert!(!judge.is_settled(at(1000)));
    judge.began(1, at(10));
    assert!(!judge.is_settled(at(70)));
    assert!(judge.is_settled(at(71)));
    judge.told(&notice("buy", "page", true), at(20));
    assert!(!judge.is_settled(at(170)));
    assert!(judge.is_settled(at(171)));
    judge.told(&notice("buy", "page", false), at(40));
    // The fault goes on: it may fire again.
    assert!(!judge.is_settled(at(49)));
    assert!(judge.is_settled(at(50)));
}

fn account() -> Account {
    Account {
        route: Route::Buy,
        seen: Seen {
            good: 100,
            failed_by_service: 7,
            failed_by_gateway: 3,
            shed: 5,
            lost: 0,
        },
        answered: Answered {
            good: 100,
            failed: 7,
        },
        ledger: Some(Ledger {
            good: 100,
            bad: 15,
            excluded: 0,
            remaining: Some(-2.0),
        }),
    }
}

#[test]
fn books_agree_to_the_request_or_do_not() {
    assert_eq!(differences(&[account()]), [""; 0]);
    let check = |change: fn(&mut Account), wanted: &str| {
        let mut account = account();
        change(&mut account);
        let found = differences(&[account]);
        assert!(
            found.len() == 1 && found[0].contains(wanted),
            "{wanted} in {found:?}"
        );
    };
    check(
        |one| one.seen.good += 1,
        "the ledger has 100 good, callers saw 101",
    );
    check(
        |one| one.seen.failed_by_gateway += 1,
        "the ledger has 15 bad, callers saw 16",
    );
    check(
        |one| one.seen.shed -= 1,
        "the ledger has 15 bad, callers saw 14",
    );
    check(|one| one.seen.lost = 2, "2 requests got no answer at all");
    check(
        |one| one.answered.failed = 8,
        "saw 7 failures of the service, which answered 8",
    );
    check(
        |one| one.answered.failed = 6,
        "saw 7 failures of the service, which answered 6",
    );
    check(|one| one.ledger = None, "could not be asked");
}

#[test]
fn tries_that_failed_may_be_more_than_failures_that_callers_saw() {
    let repeated = Account {
        route: Route::Stock,
        // What is sent away is left out here.
        ledger: Some(Ledger {
            good: 100,
            bad: 10,
            excluded: 5,
            remaining: None,
        }),
        ..account()
    };
    let tried = Account {
        answered: Answered {
            good: 100,
            failed: 9,
        },
        ..repeated
    };
    assert_eq!(differences(&[repeated, tried]), [""; 0]);
    let answered = Answered {
        good: 100,
        failed: 6,
    };
    let fewer = Account {
        answered,
        ..repeated
    };
    assert_eq!(differences(&[fewer]).len(), 1);
}

#[test]
fn budgets_are_held_against_the_story() {
    let judge = judge();
    let browse = |remaining| Account {
        route: Route::Browse,
        ledger: Some(Ledger {
            remaining,
            ..Ledger::default()
        }),
        ..account()
    };
    assert_eq!(judge.budgets(&[account(), browse(Some(0.5))]), [""; 0]);
    let found = judge.budgets(&[account(), browse(Some(0.49))]);
    assert_eq!(
        found,
        ["49.0 % of the budget of shop/browse is left, wanted at least 50.0 %"]
    );
    let found = judge.budgets(&[account(), browse(None)]);
    assert_eq!(found, ["nothing is known about the budget of shop/browse"]);
    let found = judge.budgets(&[browse(Some(1.0))]);
    assert_eq!(found, ["nothing is known about the budget of shop/buy"]);
}
