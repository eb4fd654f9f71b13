//! What stays when the configuration changes.

use super::*;

#[test]
fn who_stays_keeps_id_counts_and_state() {
    let passive = Some(health::passive::Options::default());
    let options = Options { passive, ..bare() };
    let mut bench = Bench::new(options.clone(), &["a", "b", "c"]);
    let (a, c) = (bench.id("a"), bench.id("c"));
    bench.fail("c", 5);
    let running: Vec<Pick> = (0..6).map(|_| bench.pick().unwrap()).collect();
    bench
        .upstream
        .reconfigure(options, &specs(&["d", "c", "a"]), bench.now);

    assert_eq!((bench.id("a"), bench.id("c")), (a, c));
    assert_eq!(bench.upstream.in_flight(a), Some(3));
    assert_eq!(bench.standing("c").0, Standing::Ejected);
    for pick in running {
        bench.done(pick, Outcome::Success);
    }
    assert_eq!(
        bench.upstream.in_flight(a),
        Some(0),
        "those of b are gone with it"
    );
}

#[test]
fn an_id_is_never_given_again() {
    let mut bench = Bench::new(bare(), &["a", "b"]);
    let old = bench.id("b");
    bench
        .upstream
        .reconfigure(bare(), &specs(&["a"]), bench.now);
    bench
        .upstream
        .reconfigure(bare(), &specs(&["a", "b"]), bench.now);
    assert_ne!(bench.id("b"), old);
}

#[test]
fn a_weight_that_was_set_holds_until_another_one_is_declared() {
    let mut bench = Bench::new(bare(), &["a*2", "b*2"]);
    let weight = |bench: &Bench| bench.upstream.view(bench.now).endpoints[0].weight;
    bench.upstream.set_weight(bench.id("a"), 7, bench.now);
    bench
        .upstream
        .reconfigure(bare(), &specs(&["a*2", "b*3"]), bench.now);
    assert_eq!(weight(&bench), 7);
    bench
        .upstream
        .reconfigure(bare(), &specs(&["a*4", "b*3"]), bench.now);
    assert_eq!(weight(&bench), 4);
}

#[test]
fn turning_checks_on_takes_nothing_away() {
    let mut bench = Bench::new(bare(), &["a", "b"]);
    bench
        .upstream
        .reconfigure(checked(), &specs(&["a", "b", "c"]), bench.now);
    assert_eq!(
        bench.shares(20).len(),
        2,
        "the new one waits for its checks"
    );
    for _ in 0..3 {
        bench.check("a", false);
    }
    assert_eq!(bench.shares(20).len(), 1);
    bench
        .upstream
        .reconfigure(bare(), &specs(&["a", "b", "c"]), bench.now);
    assert_eq!(
        bench.shares(20).len(),
        3,
        "nobody says anything against them"
    );
}

#[test]
fn passive_ejection_can_be_turned_on_and_off() {
    let passive = Some(health::passive::Options::default());
    let mut bench = Bench::new(bare(), &["a", "b"]);
    bench.fail("a", 5);
    assert_eq!(bench.shares(20).len(), 2);
    bench.upstream.reconfigure(
        Options { passive, ..bare() },
        &specs(&["a", "b"]),
        bench.now,
    );
    bench.fail("a", 5);
    assert_eq!(bench.shares(20).len(), 1);
    bench
        .upstream
        .reconfigure(bare(), &specs(&["a", "b"]), bench.now);
    assert_eq!(bench.shares(20).len(), 2);
}

#[test]
fn another_policy_takes_over() {
    let mut bench = Bench::new(bare(), &["a*5", "b*1"]);
    let options = Options {
        policy: balance::Policy::RoundRobin,
        ..bare()
    };
    bench
        .upstream
        .reconfigure(options, &specs(&["a*5", "b*1"]), bench.now);
    assert!((bench.shares(20)["b"] - 0.5).abs() < 1e-9);
}

#[test]
fn who_is_added_starts_slowly() {
    let slow_start = Duration::from_secs(10);
    let options = Options {
        slow_start,
        ..bare()
    };
    let mut bench = Bench::new(options.clone(), &["a"]);
    assert_eq!(bench.standing("a").0, Standing::Up);
    bench
        .upstream
        .reconfigure(options, &specs(&["a", "b"]), bench.now);
    assert_eq!(bench.standing("b").0, Standing::SlowStart);
}
