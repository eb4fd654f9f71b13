//! Checks, ejections and slow start.

use super::*;

#[test]
fn checks_decide_who_is_used() {
    let mut bench = Bench::new(checked(), &["a", "b"]);
    assert_eq!(
        bench.standing("a"),
        (Standing::Unchecked, "not checked yet".to_owned())
    );
    bench.check("a", true);
    assert_eq!(
        bench.pick(),
        Err(NoEndpoint::NoneHealthy),
        "one check is not enough"
    );
    bench.check("a", true);
    assert_eq!(bench.standing("a").0, Standing::Up);
    assert_eq!(bench.shares(20).len(), 1);
    bench.check("b", true);
    bench.check("b", true);
    assert_eq!(bench.shares(20).len(), 2);

    for _ in 0..3 {
        bench.check("a", false);
    }
    let reason = "the last check failed: status 500".to_owned();
    assert_eq!(bench.standing("a"), (Standing::Down, reason));
    assert_eq!(bench.shares(20).len(), 1);
    assert_eq!(
        bench.events(),
        [
            "a: Up: 2 checks in a row passed",
            "b: Up: 2 checks in a row passed",
            "a: Down: 3 checks in a row failed, the last one: status 500",
        ]
    );
}

#[test]
fn first_checks_are_spread_and_follow_one_another_soon() {
    let mut bench = Bench::new(checked(), &["a", "b", "c", "d"]);
    let start = bench.now;
    let due = |bench: &Bench, name| {
        let next = bench.upstream.next_check(bench.id(name)).unwrap();
        next.since(start)
    };
    let names = ["a", "b", "c", "d"];
    let first = names.map(|name| due(&bench, name));
    for pair in first.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(
            apart.abs_diff(Duration::from_millis(50)) < Duration::from_micros(1),
            "{apart:?}"
        );
    }
    assert!(!bench.upstream.is_settled());
    bench.check("a", true);
    assert_eq!(due(&bench, "a"), Duration::from_millis(100));
    bench.check("a", true);
    assert_eq!(due(&bench, "a"), Duration::from_secs(2));
    bench.check("b", false);
    assert_eq!(due(&bench, "b"), Duration::from_secs(2));
    for name in ["b", "c", "d"] {
        (0..3).for_each(|_| bench.check(name, false));
    }
    assert!(bench.upstream.is_settled());

    let options = bench.upstream.options().clone();
    let more = specs(&["a", "b", "c", "d", "e"]);
    bench.upstream.reconfigure(options, &more, start);
    assert_eq!(
        due(&bench, "e"),
        Duration::ZERO,
        "a new one is checked at once"
    );
    assert!(!bench.upstream.is_settled());
    assert_eq!(bench.upstream.next_check(EndpointId(77)), None);
}

#[test]
fn a_failed_attempt_brings_the_next_check_forward() {
    let schedule = health::active::Schedule {
        interval: Duration::from_secs(60),
        fast_interval: Duration::from_secs(1),
        jitter: 0.0,
        ..health::active::Schedule::default()
    };
    let mut bench = Bench::new(
        Options {
            checks: Some(schedule),
            ..bare()
        },
        &["a"],
    );
    bench.check("a", true);
    bench.check("a", true);
    let id = bench.id("a");
    let in_a_minute = bench.now.after(Duration::from_secs(60));
    assert_eq!(bench.upstream.next_check(id), Some(in_a_minute));
    bench.fail("a", 1);
    let soon = bench.now.after(Duration::from_secs(1));
    assert_eq!(bench.upstream.next_check(id), Some(soon));
}

#[test]
fn ejection_ends_by_time_or_by_checks_that_pass_again() {
    let passive = health::passive::Options::default();
    let mut bench = Bench::new(
        Options {
            passive: Some(passive),
            ..checked()
        },
        &["a", "b"],
    );
    for name in ["a", "b", "a", "b"] {
        bench.check(name, true);
    }
    bench.events();
    bench.fail("a", 5);
    assert_eq!(
        bench.events(),
        ["a: Ejected(30s): 5 failures in a row, the last one: connection refused"]
    );
    assert_eq!(bench.standing("a").0, Standing::Ejected);
    bench.check("a", true);
    assert_eq!(
        bench.standing("a").0,
        Standing::Ejected,
        "it passed all along"
    );
    assert_eq!(bench.shares(20).len(), 1);

    bench.wait(30.0);
    assert!(bench.upstream.next_tick() <= bench.now);
    assert_eq!(bench.shares(20).len(), 2);
    assert_eq!(bench.events(), ["a: Returned: its rest is over"]);

    bench.fail("a", 5);
    for _ in 0..3 {
        bench.check("a", false);
    }
    bench.check("a", true);
    bench.check("a", true);
    assert_eq!(
        bench.standing("a").0,
        Standing::Up,
        "checks say that it recovered"
    );
    let events = bench.events();
    assert_eq!(events.last().unwrap(), "a: Returned: checks pass again");
}

#[test]
fn who_comes_back_starts_slowly_and_who_was_there_first_does_not() {
    let slow_start = Duration::from_secs(10);
    let mut bench = Bench::new(
        Options {
            slow_start,
            ..checked()
        },
        &["a", "b"],
    );
    for name in ["a", "b", "a", "b"] {
        bench.check(name, true);
    }
    assert_eq!(bench.standing("a").0, Standing::Up);
    for passed in [false, false, false, true, true] {
        bench.check("a", passed);
    }
    assert_eq!(
        bench.standing("a"),
        (Standing::SlowStart, "10 % of its weight".to_owned())
    );
    let near = |share: f64, wanted: f64| (share - wanted).abs() < 0.01;
    let share = bench.shares(1100)["a"];
    assert!(near(share, 0.1 / 1.1), "{share}");

    bench.wait(5.0);
    let share = bench.shares(1500)["a"];
    assert!(near(share, 0.5 / 1.5), "{share}");

    bench.wait(5.1);
    let share = bench.shares(1000)["a"];
    assert!(near(share, 0.5), "{share}");
    assert_eq!(bench.standing("a").0, Standing::Up);
    assert_eq!(bench.upstream.next_tick(), Moment::from_nanos(u64::MAX));
}

#[test]
fn explains_who_could_be_chosen() {
    let policy = balance::Policy::Rendezvous(balance::HashOptions::default());
    let mut bench = Bench::new(
        Options {
            policy,
            ..checked()
        },
        &["a", "b", "c", "d", "e*1@1"],
    );
    for name in ["a", "b", "d", "e", "a", "b", "d", "e"] {
        bench.check(name, true);
    }
    bench.order("d", AdminState::Draining);
    for key in [3, 4, 5, 6] {
        let tried = [bench.id("a")];
        let sticky = Some(bench.id("d"));
        let ask = Ask {
            key: Some(key),
            sticky: None,
            tried: &tried,
        };
        let explanation = bench.upstream.explain(&ask, bench.now);
        let told: Vec<(bool, &str)> = explanation
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.is_eligible, endpoint.reason.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (false, "it was tried"),
                (true, "up"),
                (false, "unchecked: not checked yet"),
                (false, "draining: ordered"),
                (false, "priority 1 gets requests when others cannot"),
            ]
        );
        let chosen = bench.upstream.pick(&ask, bench.now).unwrap();
        assert_eq!(explanation.choice, Ok((chosen.endpoint, chosen.why)));

        let ask = Ask { sticky, ..ask };
        let explanation = bench.upstream.explain(&ask, bench.now);
        assert_eq!(explanation.choice, Ok((bench.id("d"), Why::Sticky)));
        assert_eq!(explanation.endpoints[3].reason, "the client sticks to it");
    }
}

/// A failure counts as five seconds of latency, which would keep an endpoint from requests for most of a minute.
#[test]
fn who_returns_gets_its_share_at_once() {
    let options = Options {
        policy: balance::Policy::PeakEwma(EwmaOptions::default()),
        passive: Some(health::passive::Options::default()),
        ..bare()
    };
    let mut bench = Bench::new(options, &["a", "b", "c"]);
    bench.shares(300);
    bench.fail("b", 5);
    assert!(!bench.shares(300).contains_key("b"));
    bench.wait(31.0);
    let shares = bench.shares(300);
    assert!(shares["b"] > 0.2, "{shares:?}");
}
