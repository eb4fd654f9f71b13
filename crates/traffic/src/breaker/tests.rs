use proptest::prelude::*;

use super::*;
use crate::FailureKind;

const FAILED: Outcome = Outcome::ServerError {
    status: 503,
    retry_after: None,
};
const THROTTLED: Outcome = Outcome::Throttled { retry_after: None };

fn at(millis: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_millis(millis))
}

fn breaker(change: impl FnOnce(&mut Options)) -> Breaker {
    let mut options = Options::default();
    change(&mut options);
    Breaker::new(options)
}

/// A breaker that opened at 0 because of one failure.
fn opened(change: impl FnOnce(&mut Options)) -> Breaker {
    let mut breaker = breaker(|options| {
        options.consecutive = Some(1);
        change(options);
    });
    breaker.done(FAILED, false, at(0)).unwrap();
    breaker
}

/// Sends the probe that is due and ends it.
fn probe(breaker: &mut Breaker, outcome: Outcome, now: Moment) -> Option<Change> {
    assert_eq!(breaker.admits(now), Admission::Probe);
    breaker.begin_probe(now);
    breaker.done(outcome, true, now)
}

#[test]
fn a_row_of_failures_opens_it() {
    let mut breaker = breaker(|options| options.consecutive = Some(3));
    for outcome in [FAILED, FAILED, Outcome::Success, FAILED, FAILED] {
        assert_eq!(breaker.done(outcome, false, at(0)), None);
    }
    let failed = Outcome::Failed(FailureKind::Closed);
    let change = breaker.done(failed, false, at(5)).unwrap();
    assert_eq!((change.from, change.to), (State::Closed, State::Open));
    assert_eq!(change.open_for, Duration::from_secs(10));
    assert_eq!(
        change.reason,
        "3 failures in a row, the last one: the connection ended before the answer"
    );
    assert_eq!(breaker.reason(), change.reason);
    assert_eq!(breaker.open_until(), Some(at(10_005)));
    assert_eq!(
        breaker.admits(at(10_004)),
        Admission::No { until: at(10_005) }
    );
    assert_eq!(breaker.admits(at(10_005)), Admission::Probe);
}

#[test]
fn throttling_counts_in_the_share_and_not_in_the_row() {
    let mut row = breaker(|options| (options.consecutive, options.ratio) = (Some(2), None));
    for outcome in [FAILED, THROTTLED, THROTTLED, THROTTLED] {
        assert_eq!(row.done(outcome, false, at(0)), None);
    }
    assert!(
        row.done(FAILED, false, at(0)).is_some(),
        "nor does it end the row"
    );

    let mut share = breaker(|options| options.consecutive = Some(2));
    for _ in 0..19 {
        assert_eq!(share.done(THROTTLED, false, at(0)), None);
    }
    let change = share.done(THROTTLED, false, at(0)).unwrap();
    assert_eq!(
        change.reason,
        "20 of 20 requests failed within 10 s, the last one: status 429"
    );
}

#[test]
fn a_share_of_failures_opens_it_at_the_minimum_volume() {
    let mut breaker = breaker(|options| options.consecutive = None);
    for number in 0..18 {
        let outcome = if number % 2 == 0 {
            FAILED
        } else {
            Outcome::Success
        };
        assert_eq!(breaker.done(outcome, false, at(number * 100)), None);
    }
    assert_eq!(breaker.done(Outcome::Success, false, at(1_900)), None);
    // 10 of 20.
    assert!(breaker.done(FAILED, false, at(2_000)).is_some());
}

#[test]
fn what_left_the_window_does_not_count() {
    let mut breaker = breaker(|options| options.consecutive = None);
    for _ in 0..19 {
        assert_eq!(breaker.done(FAILED, false, at(0)), None);
    }
    assert_eq!(
        breaker.done(FAILED, false, at(10_000)),
        None,
        "the 19 are ten seconds old"
    );
    for _ in 0..18 {
        assert_eq!(breaker.done(FAILED, false, at(19_999)), None);
    }
    assert!(breaker.done(FAILED, false, at(19_999)).is_some());
}

#[test]
fn one_probe_runs_at_a_time() {
    let mut breaker = opened(|_| {});
    let change = breaker.begin_probe(at(10_000)).unwrap();
    assert_eq!((change.from, change.to), (State::Open, State::HalfOpen));
    assert_eq!(change.reason, "open for 10.0 s, now a probe asks");
    assert_eq!(
        breaker.admits(at(10_001)),
        Admission::No { until: at(20_000) }
    );
    assert_eq!(
        breaker.done(FAILED, false, at(10_001)),
        None,
        "an attempt from before"
    );
    assert_eq!(breaker.state(), State::HalfOpen);
    let change = breaker.done(Outcome::Success, true, at(10_002)).unwrap();
    assert_eq!(
        (change.to, change.reason.as_str()),
        (State::Closed, "1 probes succeeded")
    );
    assert_eq!(breaker.admits(at(10_002)), Admission::Yes);
}

#[test]
fn a_probe_that_never_ends_is_followed_by_another() {
    let mut breaker = opened(|_| {});
    breaker.begin_probe(at(10_000));
    assert_eq!(breaker.admits(at(20_000)), Admission::Probe);
    assert_eq!(breaker.begin_probe(at(20_000)), None);
    assert_eq!(
        breaker.admits(at(20_001)),
        Admission::No { until: at(30_000) }
    );
    assert_eq!(
        breaker.done(FAILED, true, at(20_002)).unwrap().to,
        State::Open
    );
    assert_eq!(
        breaker.done(Outcome::Success, true, at(20_003)),
        None,
        "the first probe, late"
    );
}

#[test]
fn a_cancelled_probe_says_nothing() {
    let mut breaker = opened(|_| {});
    breaker.begin_probe(at(10_000));
    assert_eq!(breaker.done(Outcome::Cancelled, true, at(10_001)), None);
    assert_eq!(breaker.admits(at(10_001)), Admission::Probe);
}

#[test]
fn as_many_probes_as_wanted_must_succeed_in_a_row() {
    let mut breaker = opened(|options| options.probes = 3);
    assert!(probe(&mut breaker, Outcome::Success, at(10_000)).is_none());
    assert!(probe(&mut breaker, Outcome::Success, at(10_001)).is_none());
    assert_eq!(
        probe(&mut breaker, FAILED, at(10_002)).unwrap().to,
        State::Open
    );
    let now = breaker.open_until().unwrap();
    assert!(probe(&mut breaker, Outcome::Success, now).is_none());
    assert!(probe(&mut breaker, Outcome::Success, now).is_none());
    assert_eq!(
        probe(&mut breaker, Outcome::Success, now).unwrap().to,
        State::Closed
    );
}

#[test]
fn the_open_time_doubles_up_to_its_limit() {
    let mut breaker = opened(|options| options.open_max = Duration::from_secs(60));
    let mut seconds = Vec::new();
    for _ in 0..4 {
        let now = breaker.open_until().unwrap();
        let change = probe(&mut breaker, THROTTLED, now).unwrap();
        assert_eq!(change.reason, "a probe failed: status 429");
        seconds.push(change.open_for.as_secs());
    }
    assert_eq!(seconds, [20, 40, 60, 60]);
}

#[test]
fn an_endpoint_that_flaps_rests_ever_longer() {
    let mut breaker = opened(|_| {});
    let mut seconds = Vec::new();
    for _ in 0..3 {
        let now = breaker.open_until().unwrap();
        probe(&mut breaker, Outcome::Success, now).unwrap();
        let change = breaker
            .done(FAILED, false, now.after(Duration::from_secs(1)))
            .unwrap();
        seconds.push(change.open_for.as_secs());
    }
    assert_eq!(seconds, [20, 40, 80]);
    let now = breaker.open_until().unwrap();
    probe(&mut breaker, Outcome::Success, now).unwrap();
    let calm = now.after(Duration::from_secs(80));
    assert_eq!(
        breaker
            .done(FAILED, false, calm)
            .unwrap()
            .open_for
            .as_secs(),
        10
    );
}

#[test]
fn it_is_open_as_long_as_the_endpoint_asked() {
    let asks = |seconds| Outcome::ServerError {
        status: 503,
        retry_after: Some(Duration::from_secs(seconds)),
    };
    let check = |seconds, expected| {
        let mut breaker = breaker(|options| options.consecutive = Some(1));
        let change = breaker.done(asks(seconds), false, at(0)).unwrap();
        assert_eq!(change.open_for.as_secs(), expected);
    };
    check(5, 10);
    check(30, 30);
    check(86_400, 300);
}

#[test]
fn an_order_closes_it() {
    let mut breaker = opened(|_| {});
    assert_eq!(breaker.reset(at(1)).unwrap().to, State::Closed);
    assert_eq!(breaker.reset(at(2)), None);
    assert_eq!(breaker.admits(at(2)), Admission::Yes);
}

#[test]
fn both_triggers_off_never_open() {
    let mut breaker = breaker(|options| (options.consecutive, options.ratio) = (None, None));
    for millis in 0..1000 {
        assert_eq!(breaker.done(FAILED, false, at(millis)), None);
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Wait(u64),
    Send(Outcome),
    Late(Outcome),
}

fn outcomes() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Success,
        FAILED,
        THROTTLED,
        Outcome::Failed(FailureKind::TryTimeout),
        Outcome::Cancelled,
    ])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0_u64..30_000).prop_map(Step::Wait),
        outcomes().prop_map(Step::Send),
        outcomes().prop_map(Step::Late),
    ];
    prop::collection::vec(step, 0..300)
}

proptest! {
    /// Whatever happens: changes tell of the states that they join, only the table's transitions are taken, open times
    /// stay within their limits, and an open breaker can always be probed later.
    #[test]
    fn only_the_transitions_of_the_table_happen(steps in steps(), probes in 1_u32..4) {
        let mut breaker = breaker(|options| {
            (options.consecutive, options.volume_min) = (Some(3), 5);
            options.probes = probes;
        });
        let mut now = at(0);
        for step in steps {
            let before = breaker.state();
            let change = match step {
                Step::Wait(millis) => {
                    now = now.after(Duration::from_millis(millis));
                    None
                }
                Step::Late(outcome) => breaker.done(outcome, false, now),
                Step::Send(outcome) => match breaker.admits(now) {
                    Admission::Yes => breaker.done(outcome, false, now),
                    Admission::Probe => {
                        let half = breaker.begin_probe(now);
                        prop_assert_eq!(half.is_some(), before == State::Open);
                        let ended = breaker.done(outcome, true, now);
                        prop_assert!(ended.as_ref().is_none_or(|change| change.from == State::HalfOpen));
                        continue;
                    }
                    Admission::No { until } => {
                        prop_assert!(until > now);
                        prop_assert_eq!(breaker.admits(until), Admission::Probe);
                        None
                    }
                },
            };
            let to = change.as_ref().map_or(before, |change| change.to);
            prop_assert_eq!(breaker.state(), to);
            if let Some(change) = change {
                prop_assert_eq!((change.from, change.to), (State::Closed, State::Open));
                prop_assert!(!change.reason.is_empty());
                prop_assert!(change.open_for >= Duration::from_secs(10));
                prop_assert!(change.open_for <= Duration::from_secs(300));
            }
        }
    }

    /// The ring of buckets against a list of everything, at a grain of one bucket.
    #[test]
    fn the_window_counts_as_a_list_does(
        events in prop::collection::vec((0_u64..5_000, any::<bool>()), 1..200),
    ) {
        let mut window = Window::new(Duration::from_secs(10));
        let mut all: Vec<(u64, bool)> = Vec::new();
        let mut millis = 0;
        for (wait, failed) in events {
            millis += wait;
            window.add(failed, at(millis));
            all.push((millis / 1000, failed));
            let alive = |(bucket, _): &&(u64, bool)| bucket + 10 > millis / 1000;
            let expected = all.iter().filter(alive);
            let failures = expected.clone().filter(|(_, failed)| *failed).count() as u64;
            prop_assert_eq!(window.sum(at(millis)), (failures, expected.count() as u64));
        }
        prop_assert_eq!(window.sum(at(millis + 10_000)), (0, 0));
    }
}
