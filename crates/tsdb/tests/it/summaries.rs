//! What a store tells of a range without reading it is what reading it would tell.

use std::sync::Arc;

use plimsoll_testkit::{Seed, for_each_seed};
use plimsoll_types::{
    Histogram, Queryable, Sample, SampleColumns, StoreAdmin, Summary, TimeRange, Timestamp,
    stale_nan,
};

use crate::support::{HOUR, NOON, Store, float, write};

/// Walks the samples of a range, in the way of the PromQL functions.
fn walked(columns: &SampleColumns) -> Summary {
    let values = &columns.values;
    let at = |index: usize| {
        (
            Timestamp::from_millis(columns.timestamps[index]),
            values[index],
        )
    };
    let pick = |better: fn(f64, f64) -> bool| {
        let choose = |best, value| if better(value, best) { value } else { best };
        values[1..].iter().copied().fold(values[0], choose)
    };
    let drops = values.windows(2).filter(|two| two[1] < two[0]);
    Summary {
        count: values.len() as u64,
        first: at(0),
        last: at(values.len() - 1),
        min: pick(|value, best| value < best),
        max: pick(|value, best| value > best),
        sum: Some(values.iter().fold(0.0, |sum, value| sum + value)),
        resets: Some(drops.fold(0.0, |sum, two| sum + two[0])),
    }
}

/// Writes several windows of a series and seals some of them.
fn filled(seed: &mut Seed) -> Store {
    let store = Store::seeded(Seed::new(seed.bits()));
    let scale = [1.0, 10.0, 1e9][seed.below(3) as usize];
    let mut counter = 0.0;
    for hour in 0..24 {
        let samples: Vec<Sample> = (0..30)
            .map(|minute| {
                counter += seed.below(5) as f64;
                if seed.percent(2) {
                    counter = 0.0;
                }
                float(
                    NOON - (24 - hour) * HOUR + minute * 120_000,
                    counter / scale * 10.0,
                )
            })
            .collect();
        write(&store.db, "a", &samples, plimsoll_types::Durability::Synced).unwrap();
        if seed.percent(15) {
            store.db.seal_all().unwrap();
        }
        if seed.percent(4) {
            let time = NOON - (24 - hour) * HOUR + 1;
            let odd = match seed.below(3) {
                0 => float(time, stale_nan()),
                1 => float(time, f64::NAN),
                _ => {
                    Sample::histogram(Timestamp::from_millis(time), Arc::new(Histogram::default()))
                }
            };
            write(&store.db, "a", &[odd], plimsoll_types::Durability::Synced).unwrap();
        }
    }
    store
}

fn random_range(seed: &mut Seed) -> TimeRange {
    let start = NOON - seed.below(26 * HOUR as u64) as i64;
    let end = start + seed.below(26 * HOUR as u64) as i64;
    TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end))
}

#[test]
fn a_summary_is_what_a_walk_gives() {
    let told = std::cell::Cell::new((0, 0, 0));
    for_each_seed(500, 60, |mut seed| {
        let store = filled(&mut seed);
        if seed.percent(30) {
            let start = Timestamp::from_millis(NOON - 20 * HOUR);
            let range = TimeRange::new(start, start.saturating_add_millis(HOUR));
            store.db.delete_series(&[vec![]], range).unwrap();
        }
        let mut selection = store.db.select(&[], TimeRange::ALL).unwrap();
        for _ in 0..20 {
            let range = random_range(&mut seed);
            let Some(found) = selection.source.summary(0, range).unwrap() else {
                continue;
            };
            let mut columns = SampleColumns::default();
            let mut part = store.db.select(&[], range).unwrap();
            part.source.read(0, &mut columns).unwrap();
            let walked = walked(&columns);
            let wanted = Summary {
                sum: found.sum.and(walked.sum),
                resets: found.resets.and(walked.resets),
                ..walked
            };
            assert_eq!(found, wanted);
            let (all, sums, resets) = told.get();
            let one = |told: Option<f64>| usize::from(told.is_some());
            told.set((all + 1, sums + one(found.sum), resets + one(found.resets)));
        }
    });
    let (all, sums, resets) = told.get();
    if std::env::var_os("PLIMSOLL_SEED").is_none() {
        assert!(all > 200, "{all}");
        assert!(0 < sums && sums < all, "{sums} of {all}");
        assert!(0 < resets && resets < all, "{resets} of {all}");
    }
}

#[test]
fn a_range_without_a_whole_block_is_left_to_reading() {
    let store = Store::new();
    store.put("a", &[(NOON, 1.0), (NOON + 9, 2.0)]);
    let mut selection = store.db.select(&[], TimeRange::ALL).unwrap();
    assert_eq!(selection.source.summary(0, TimeRange::ALL).unwrap(), None);
    store.db.seal_all().unwrap();
    let mut selection = store.db.select(&[], TimeRange::ALL).unwrap();
    let range =
        |start, end| TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
    let cut = selection.source.summary(0, range(NOON + 1, NOON + 99));
    assert_eq!(cut.unwrap(), None);
    let whole = selection.source.summary(0, range(NOON, NOON + 9)).unwrap();
    assert_eq!(whole.unwrap().sum, Some(3.0));
    assert_eq!(selection.source.summary(0, range(0, 9)).unwrap(), None);
}
