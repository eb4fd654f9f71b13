//! Breakers: who is left out, and who is probed.

use super::*;

fn options() -> Options {
    let breaker = breaker::Options {
        consecutive: Some(3),
        open: Duration::from_secs(10),
        ..breaker::Options::default()
    };
    Options {
        breaker: Some(breaker),
        ..bare()
    }
}

#[test]
fn an_open_breaker_lets_nothing_through_until_a_probe_succeeds() {
    let mut bench = Bench::new(options(), &["a", "b"]);
    bench.fail("a", 3);
    assert_eq!(bench.standing("a").0, Standing::BreakerOpen);
    assert_eq!(bench.shares(50).len(), 1);

    bench.wait(10.0);
    let probe = bench.pick().unwrap();
    assert!(probe.is_probe);
    assert_eq!(bench.name(probe.endpoint), "a");
    assert_eq!(bench.standing("a").0, Standing::Probing);
    assert_eq!(bench.shares(50).len(), 1, "one probe at a time");

    bench.done(probe, Outcome::Success);
    assert_eq!(bench.shares(50).len(), 2);
    let events = bench.events();
    let kinds: Vec<&str> = events
        .iter()
        .map(|event| event.split(':').nth(1).unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            " BreakerOpened(10s)",
            " BreakerHalfOpened",
            " BreakerClosed"
        ]
    );
}

#[test]
fn a_probe_that_fails_opens_it_for_longer_and_one_that_is_cancelled_is_repeated() {
    let mut bench = Bench::new(options(), &["a", "b"]);
    bench.fail("a", 3);
    bench.wait(10.0);
    let probe = bench.pick().unwrap();
    bench.done(probe, Outcome::Cancelled);
    let probe = bench.pick().unwrap();
    assert!(probe.is_probe);
    bench.done(probe, Outcome::Failed(FailureKind::Closed));
    bench.wait(19.9);
    assert_eq!(bench.shares(50).len(), 1);
    bench.wait(0.2);
    assert!(bench.pick().unwrap().is_probe);
}

#[test]
fn a_retry_is_no_probe_unless_nobody_else_is_left() {
    let mut bench = Bench::new(options(), &["a", "b", "c"]);
    bench.fail("a", 3);
    bench.wait(10.0);
    let tried = [bench.id("b")];
    let ask = Ask {
        tried: &tried,
        ..Ask::default()
    };
    let pick = bench.upstream.pick(&ask, bench.now).unwrap();
    assert_eq!(
        (bench.name(pick.endpoint).as_str(), pick.is_probe),
        ("c", false)
    );

    let tried = [bench.id("b"), bench.id("c")];
    let ask = Ask {
        tried: &tried,
        ..Ask::default()
    };
    let pick = bench.upstream.pick(&ask, bench.now).unwrap();
    assert_eq!(
        (bench.name(pick.endpoint).as_str(), pick.is_probe),
        ("a", true)
    );
}

#[test]
fn when_all_are_open_it_is_said_and_a_pardon_closes_them() {
    let mut bench = Bench::new(options(), &["a", "b"]);
    bench.fail("a", 3);
    bench.fail("b", 3);
    assert_eq!(bench.pick(), Err(NoEndpoint::BreakersOpen));
    bench.upstream.pardon(bench.id("b"), bench.now);
    let pick = bench.pick().unwrap();
    assert_eq!(bench.name(pick.endpoint), "b");
}

#[test]
fn who_is_forced_up_is_used_whatever_is_measured() {
    let mut bench = Bench::new(options(), &["a"]);
    bench.fail("a", 3);
    assert_eq!(bench.pick(), Err(NoEndpoint::BreakersOpen));
    bench.order("a", AdminState::ForcedUp);
    let pick = bench.pick().unwrap();
    assert!(!pick.is_probe);
}

#[test]
fn a_probe_that_is_never_done_is_given_up() {
    let mut bench = Bench::new(options(), &["a", "b"]);
    bench.fail("a", 3);
    bench.wait(10.0);
    assert!(bench.pick().unwrap().is_probe);
    bench.wait(10.0);
    assert!(bench.pick().unwrap().is_probe);
}
