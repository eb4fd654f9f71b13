use proptest::prelude::*;

use super::*;
use crate::FailureKind;

const FAILED: Outcome = Outcome::ServerError {
    status: 500,
    retry_after: None,
};
const FAST: Duration = Duration::from_millis(10);

fn at(seconds: u64) -> Moment {
    Moment::ORIGIN.after(Duration::from_secs(seconds))
}

fn outliers(count: u32, change: impl FnOnce(&mut Options)) -> Outliers {
    let mut options = Options::default();
    change(&mut options);
    let mut outliers = Outliers::new(options, at(0));
    (0..count)
        .map(EndpointId)
        .for_each(|id| outliers.insert(id));
    outliers
}

fn tick(outliers: &mut Outliers, now: Moment) -> Vec<Change> {
    let mut changes = Vec::new();
    outliers.tick(now, &mut changes);
    changes
}

/// Lets an endpoint fail until something happens, at most ten times.
fn fail(outliers: &mut Outliers, id: u32, now: Moment) -> Option<Change> {
    (0..10).find_map(|_| outliers.done(EndpointId(id), FAILED, FAST, now))
}

#[test]
fn a_row_of_failures_ejects() {
    let mut outliers = outliers(3, |_| {});
    let id = EndpointId(1);
    let throttled = Outcome::Throttled { retry_after: None };
    let row = [
        FAILED,
        FAILED,
        Outcome::Success,
        FAILED,
        FAILED,
        throttled,
        FAILED,
        FAILED,
    ];
    for outcome in row {
        assert_eq!(outliers.done(id, outcome, FAST, at(1)), None);
    }
    let failed = Outcome::Failed(FailureKind::Refused);
    let change = outliers.done(id, failed, FAST, at(1)).unwrap();
    assert_eq!(change.ejected_for, Some(Duration::from_secs(30)));
    assert_eq!(
        change.reason,
        "5 failures in a row, the last one: connection refused"
    );
    assert_eq!(outliers.ejected_until(id), Some(at(31)));
    assert_eq!(outliers.reason(id), change.reason);
    assert_eq!(
        outliers.done(id, FAILED, FAST, at(2)),
        None,
        "what ran before is ignored"
    );
}

#[test]
fn rests_grow_and_are_forgotten_by_and_by() {
    let mut outliers = outliers(3, |options| options.interval = Duration::from_secs(1000));
    let mut now = at(0);
    let mut rests = Vec::new();
    for _ in 0..12 {
        let rest = fail(&mut outliers, 0, now).unwrap().ejected_for.unwrap();
        rests.push(rest.as_secs());
        now = now.after(rest);
        let changes = tick(&mut outliers, now);
        assert!(changes.iter().any(|change| change.ejected_for.is_none()));
    }
    assert_eq!(
        rests,
        [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300]
    );
    for _ in 0..11 {
        now = now.after(Duration::from_secs(1000));
        tick(&mut outliers, now);
    }
    // Eleven intervals took eleven of twelve off.
    let rest = fail(&mut outliers, 0, now).unwrap().ejected_for.unwrap();
    assert_eq!(rest.as_secs(), 60);
}

#[test]
fn no_more_than_the_share_is_ejected() {
    let check = |count, share, expected| {
        let mut outliers = outliers(count, |options| options.max_ejected = share);
        let ejected = (0..count)
            .filter(|id| fail(&mut outliers, *id, at(0)).is_some())
            .count();
        assert_eq!(
            (ejected, outliers.ejected()),
            (expected, expected),
            "{count} {share}"
        );
        assert_eq!(outliers.withheld() > 0, expected < count as usize);
    };
    check(1, 1.0, 0);
    check(2, 0.5, 1);
    check(2, 0.0, 1);
    check(3, 0.5, 1);
    check(4, 0.5, 2);
    check(10, 0.1, 1);
    check(10, 0.35, 3);
    check(10, 1.0, 10);
}

#[test]
fn a_check_that_passes_ends_the_rest() {
    let mut outliers = outliers(2, |_| {});
    fail(&mut outliers, 0, at(0)).unwrap();
    let change = outliers.restore(EndpointId(0), "a check passed").unwrap();
    assert_eq!(
        (change.ejected_for, change.reason.as_str()),
        (None, "a check passed")
    );
    assert_eq!(outliers.restore(EndpointId(0), "a check passed"), None);
    assert_eq!(outliers.ejected_until(EndpointId(0)), None);
}

#[test]
fn ticks_are_due_when_a_rest_or_the_interval_is_over() {
    let mut outliers = outliers(2, |options| options.interval = Duration::from_secs(50));
    assert_eq!(outliers.next_tick(), at(50));
    fail(&mut outliers, 0, at(3)).unwrap();
    assert_eq!(outliers.next_tick(), at(33));
    assert_eq!(tick(&mut outliers, at(32)), []);
    assert_eq!(tick(&mut outliers, at(33)).len(), 1);
    assert_eq!(outliers.next_tick(), at(50));
    tick(&mut outliers, at(51));
    assert_eq!(outliers.next_tick(), at(101));
}

/// Gives each endpoint requests of which so many fail, and ends the interval.
fn rates(failures: &[u32], requests: u32) -> Vec<Change> {
    let mut outliers = outliers(failures.len() as u32, |options| options.consecutive = None);
    for (id, failed) in failures.iter().enumerate() {
        for number in 0..requests {
            let outcome = if number < *failed {
                FAILED
            } else {
                Outcome::Success
            };
            outliers.done(EndpointId(id as u32), outcome, FAST, at(1));
        }
    }
    tick(&mut outliers, at(10))
}

#[test]
fn a_success_rate_far_below_the_others_ejects() {
    let changes = rates(&[0, 1, 0, 40, 0], 100);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].endpoint, EndpointId(3));
    // Mean 91.8, standard deviation 15.905: 91.8 - 1.9 * 15.905 = 61.58.
    assert_eq!(
        changes[0].reason,
        "60.0 % of 100 requests succeeded; the mean of 5 endpoints is 91.8 %, the least 61.6 %"
    );
}

#[test]
fn rates_that_cannot_be_compared_eject_nobody() {
    assert_eq!(rates(&[0, 0, 0, 40], 100), [], "too few endpoints");
    assert_eq!(rates(&[0, 0, 0, 40, 0], 99), [], "too few requests");
    assert_eq!(rates(&[40, 40, 40, 40, 40], 100), [], "all fail alike");
    assert_eq!(rates(&[0, 0, 0, 1, 0], 100), [], "within the margin");
}

#[test]
fn counts_of_an_interval_end_with_it() {
    let mut outliers = outliers(5, |options| options.consecutive = None);
    for id in 0..5 {
        for _ in 0..60 {
            let outcome = if id == 0 { FAILED } else { Outcome::Success };
            outliers.done(EndpointId(id), outcome, FAST, at(1));
        }
    }
    assert_eq!(tick(&mut outliers, at(10)), []);
    for id in 0..5 {
        for _ in 0..60 {
            let outcome = if id == 0 { FAILED } else { Outcome::Success };
            outliers.done(EndpointId(id), outcome, FAST, at(11));
        }
    }
    assert_eq!(
        tick(&mut outliers, at(20)),
        [],
        "60 and 60 are not 100 of one interval"
    );
}

/// Gives each endpoint requests of this many milliseconds, and ends the interval.
fn latencies(millis: &[u64], requests: u32) -> Vec<Change> {
    let mut outliers = outliers(millis.len() as u32, |_| {});
    for (id, millis) in millis.iter().enumerate() {
        for _ in 0..requests {
            let latency = Duration::from_millis(*millis);
            outliers.done(EndpointId(id as u32), Outcome::Success, latency, at(1));
        }
    }
    tick(&mut outliers, at(10))
}

#[test]
fn a_latency_far_above_the_others_ejects() {
    let changes = latencies(&[20, 22, 210], 20);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].endpoint, EndpointId(2));
    assert_eq!(
        changes[0].reason,
        "20 requests took 210 ms in the mean; the median of the endpoints is 22 ms, the most 110 ms"
    );
    assert_eq!(
        latencies(&[20, 210], 20)[0].endpoint,
        EndpointId(1),
        "one of two"
    );
    assert_eq!(latencies(&[20, 99], 20), [], "less than five times");
    assert_eq!(latencies(&[1, 1, 49], 20), [], "fast enough for anybody");
    assert_eq!(latencies(&[20, 22, 210], 19), [], "too few requests");
    assert_eq!(latencies(&[210], 20), [], "slower than whom?");
}

#[test]
fn timeouts_count_as_slow_and_refusals_not_as_fast() {
    let mut outliers = outliers(2, |options| options.consecutive = None);
    for _ in 0..20 {
        outliers.done(EndpointId(0), Outcome::Success, FAST, at(1));
        let hangs = Outcome::Failed(FailureKind::TryTimeout);
        outliers.done(EndpointId(1), hangs, Duration::from_secs(1), at(1));
        let refuses = Outcome::Failed(FailureKind::Refused);
        outliers.done(EndpointId(1), refuses, Duration::ZERO, at(1));
    }
    let changes = tick(&mut outliers, at(10));
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].endpoint, EndpointId(1));
}

#[test]
fn the_worst_goes_first_when_not_all_may() {
    let changes = latencies(&[20, 20, 20, 20, 500, 900, 300], 20);
    let order: Vec<u32> = changes.iter().map(|change| change.endpoint.0).collect();
    assert_eq!(order, [5, 4, 6]);
    let mut few = outliers(7, |options| options.max_ejected = 0.15);
    for (id, millis) in [20, 20, 20, 20, 500, 900, 300].into_iter().enumerate() {
        for _ in 0..20 {
            let latency = Duration::from_millis(millis);
            few.done(EndpointId(id as u32), Outcome::Success, latency, at(1));
        }
    }
    let changes = tick(&mut few, at(10));
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].endpoint, EndpointId(5));
}

#[test]
fn endpoints_come_and_go() {
    let mut outliers = outliers(2, |_| {});
    fail(&mut outliers, 0, at(0)).unwrap();
    outliers.insert(EndpointId(0));
    assert!(
        outliers.ejected_until(EndpointId(0)).is_some(),
        "it was in already"
    );
    outliers.remove(EndpointId(0));
    assert_eq!(
        (outliers.ejected(), outliers.ejected_until(EndpointId(0))),
        (0, None)
    );
    assert_eq!(fail(&mut outliers, 0, at(1)), None, "nobody knows it");
    assert_eq!(fail(&mut outliers, 1, at(1)), None, "the last one stays");
}

proptest! {
    /// Whatever happens, the share holds, rests are within their limits, and everybody returns.
    #[test]
    fn ejections_are_bounded_and_end(
        steps in prop::collection::vec((0_u32..8, 0_u8..5, 0_u64..5_000), 0..400),
        count in 1_u32..8, share in 0.0..=1.0_f64,
    ) {
        let mut outliers = outliers(count, |options| options.max_ejected = share);
        let most = if count < 2 { 0 } else { ((f64::from(count) * share) as usize).max(1) };
        let mut now = at(0);
        for (id, kind, millis) in steps {
            now = now.after(Duration::from_millis(millis));
            let outcome = if kind == 0 { Outcome::Success } else { FAILED };
            let mut changes = Vec::new();
            if now >= outliers.next_tick() {
                outliers.tick(now, &mut changes);
            }
            changes.extend(outliers.done(EndpointId(id), outcome, FAST, now));
            for change in changes {
                prop_assert!(change.endpoint.0 < count);
                let rest = change.ejected_for.unwrap_or(Duration::from_secs(30));
                prop_assert!((30..=300).contains(&rest.as_secs()));
            }
            prop_assert!(outliers.ejected() <= most, "{} of {most}", outliers.ejected());
            prop_assert!(outliers.next_tick() > now);
        }
        tick(&mut outliers, now.after(Duration::from_secs(300)));
        prop_assert_eq!(outliers.ejected(), 0);
    }
}
