//! A restart anywhere changes nothing.

use proptest::prelude::*;

use super::model::{Arrival, LENGTH, any_trace, check, grouped, run};
use super::*;

/// Reads what was stored before `now`, as often as the engine asks for it.
fn catch_up(engine: &mut Engine, trace: &[Arrival], now: i64) {
    while let Some(range) = engine.catch_up(at(now)) {
        for arrival in trace.iter().filter(|arrival| arrival.arrives < now) {
            if range.contains(at(arrival.seconds)) {
                feed(engine, &arrival.labels, arrival.seconds, arrival.value);
            }
        }
    }
}

fn snapshot(engine: &Engine) -> Vec<u8> {
    let mut bytes = Vec::new();
    assert_eq!(engine.write_snapshot(&mut bytes).unwrap(), engine.horizon());
    bytes
}

fn restored(bytes: &[u8], slo: Slo, now: i64) -> Engine {
    let mut engine = Engine::new(catalog([slo]), Options::default(), at(now));
    engine.restore(bytes).unwrap();
    engine
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_restart_anywhere_counts_as_if_there_had_been_none(
        trace in any_trace(),
        saved in 0..LENGTH / 10,
        down in 0..200_i64,
    ) {
        let (saved, begins) = (saved * 10, (saved + down).min(LENGTH / 10) * 10);
        let mut engine = engine(grouped());
        run(&mut engine, &trace, 0, saved);
        let bytes = snapshot(&engine);
        let mut engine = restored(&bytes, grouped(), begins);
        catch_up(&mut engine, &trace, begins);
        run(&mut engine, &trace, begins, LENGTH + 600);
        check(&engine, &trace);
    }

    #[test]
    fn without_a_snapshot_the_store_tells_all(trace in any_trace()) {
        let mut engine = Engine::new(catalog([grouped()]), Options::default(), at(0));
        catch_up(&mut engine, &trace, LENGTH + 600);
        engine.tick(at(LENGTH + 600));
        check(&engine, &trace);
    }

    #[test]
    fn counting_again_agrees(trace in any_trace(), from in 0..LENGTH) {
        let mut engine = engine(grouped());
        run(&mut engine, &trace, 0, LENGTH + 600);
        let recount = engine.recount("checkout/availability", at(from), at(LENGTH + 600));
        let mut recount = recount.unwrap();
        while let Some(range) = recount.catch_up() {
            for arrival in trace.iter().filter(|arrival| range.contains(at(arrival.seconds))) {
                let sample = Sample::float(at(arrival.seconds), arrival.value);
                recount.observe(&arrival.labels, &sample);
            }
        }
        let found = recount.compare(&engine);
        prop_assert!(found.agrees(), "{found:?}");
        prop_assert!(!found.budgets.is_empty());
    }
}

#[test]
fn counting_again_finds_what_came_too_late() {
    let mut engine = engine(slo(Source::Watches(requests())));
    feed(&mut engine, &series("200", "eu"), 0, 10.0);
    feed(&mut engine, &series("200", "eu"), 60, 30.0);
    engine.tick(at(600));
    assert_eq!(
        feed(&mut engine, &series("200", "eu"), 90, 35.0),
        Observed::TooLate
    );
    let mut recount = engine
        .recount("checkout/availability", at(0), at(600))
        .unwrap();
    while let Some(range) = recount.catch_up() {
        for (seconds, value) in [(0, 10.0), (60, 30.0), (90, 35.0)] {
            if range.contains(at(seconds)) {
                recount.observe(&series("200", "eu"), &Sample::float(at(seconds), value));
            }
        }
    }
    let found = recount.compare(&engine);
    assert!(!found.agrees());
    assert_eq!((found.budgets[0].differing, found.too_late), (3, 1));
    assert_eq!(found.budgets[0].recounted.good, 25);
}

#[test]
fn what_did_not_fit_is_read_again() {
    let mut engine = engine(slo(Source::Watches(requests())));
    feed(&mut engine, &series("200", "eu"), 0, 10.0);
    assert!(engine.lose(at(10)) && engine.is_catching_up());
    assert_eq!(engine.tick(at(60)).rows, [], "nothing is judged meanwhile");
    let range = engine.catch_up(at(60)).unwrap();
    assert!(range.contains(at(10)) && range.contains(at(60)));
    feed(&mut engine, &series("200", "eu"), 20, 13.0);
    assert_eq!(engine.catch_up(at(60)), None);
    engine.tick(at(1000));
    assert_eq!(counts(&engine, None, 0, 60).good, 3);
    assert!(!engine.lose(at(10)), "that is settled");
}

#[test]
fn a_snapshot_is_good_as_a_whole_or_not_at_all() {
    let mut engine = engine(grouped());
    feed(&mut engine, &series("200", "eu"), 0, 10.0);
    engine.tick(at(1000));
    let good = snapshot(&engine);
    let fresh = || Engine::new(catalog([grouped()]), Options::default(), at(1000));
    for cut in 0..good.len() {
        assert!(fresh().restore(&good[..cut]).is_err(), "{cut}");
    }
    for at in 0..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 0x10;
        assert!(fresh().restore(&damaged).is_err(), "{at}");
    }
    let mut other = good;
    other[8] = 9;
    assert_eq!(fresh().restore(&other), Err(SnapshotError::Version(9)));
}

const DAY: i64 = 86_400;

#[test]
fn what_is_gone_for_long_is_forgotten_once_also_over_restarts() {
    let mut engine = engine(slo(Source::Watches(requests())));
    feed(&mut engine, &series("200", "eu"), 10, 1.0);
    engine.tick(at(20));
    engine.reload(catalog([]), at(30));
    engine.tick(at(29 * DAY));
    let stranger = BudgetRow {
        key: BudgetKey {
            slo: "nobody/knows".into(),
            objective: "".into(),
            group: None,
        },
        standing: None,
        burn: None,
        firing: None,
    };
    assert!(engine.restore_rows(vec![stranger]).is_empty());
    let mut bytes = Vec::new();
    engine.write_snapshot(&mut bytes).unwrap();
    let mut engine = Engine::new(catalog([]), Options::default(), at(29 * DAY));
    engine.restore(&bytes).unwrap();
    while engine.catch_up(at(29 * DAY)).is_some() {}
    assert_eq!(engine.tick(at(30 * DAY)).forgotten, []);
    let gone = |id: &str| [Forgotten::Slo(id.into())];
    let step = engine.tick(at(31 * DAY));
    assert_eq!(step.forgotten, gone("checkout/availability"));
    assert_eq!(engine.tick(at(58 * DAY)).forgotten, []);
    assert_eq!(engine.tick(at(60 * DAY)).forgotten, gone("nobody/knows"));
    assert_eq!(engine.tick(at(90 * DAY)).forgotten, []);
    let mut bytes = Vec::new();
    engine.write_snapshot(&mut bytes).unwrap();
    let mut engine = Engine::new(catalog([]), Options::default(), at(90 * DAY));
    engine.restore(&bytes).unwrap();
    assert!(engine.versions("checkout/availability").is_empty());
    let back = engine.reload(catalog([slo(Source::Watches(requests()))]), at(90 * DAY));
    assert_eq!(back, [Changed::Added("checkout/availability".into())]);
}

#[test]
fn rows_of_groups_that_do_not_come_back_go() {
    let mut slo = slo(Source::Watches(requests()));
    slo.dimensions = by_region(5);
    let mut engine = engine(slo);
    let key = BudgetKey {
        slo: "checkout/availability".into(),
        objective: "".into(),
        group: Some(Labels::from_pairs([("region", "gone")])),
    };
    let row = BudgetRow {
        key: key.clone(),
        standing: None,
        burn: None,
        firing: None,
    };
    engine.restore_rows(vec![row]);
    assert_eq!(engine.tick(at(5 * 3600)).forgotten, []);
    assert_eq!(
        engine.tick(at(7 * 3600)).forgotten,
        [Forgotten::Budget(key)]
    );
    assert_eq!(engine.tick(at(9 * 3600)).forgotten, []);
}
