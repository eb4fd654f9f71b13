//! What overflow series hold.

use plimsoll_types::{
    BucketCounts, Counts, Exemplar, Histogram, Metadata, MetricType, ResetHint, Span,
    StartTimestamp, stale_nan,
};

use super::*;
use crate::limits::sum::Kind;

/// Limits one value of `path`, which `/known` has.
fn world(metric: &str) -> (World, impl Fn(&str) -> Labels + use<>) {
    let world = World::new(values(1));
    let metric = metric.to_owned();
    let series = move |path: &str| labels([("__name__", metric.as_str()), ("path", path)]);
    world.stored(&series("/known"));
    (world, series)
}

/// Returns the samples of the overflow series as pairs.
fn overflow(world: &World) -> Vec<(i64, f64)> {
    let samples = world.store.samples();
    let folded = samples
        .iter()
        .find(|(labels, _)| labels.get("path") == Some(OVERFLOW));
    let samples = folded
        .map(|(_, samples)| samples.clone())
        .unwrap_or_default();
    let pair = |sample: &Sample| match sample.value {
        Value::Float(value) => (sample.timestamp.millis(), value),
        Value::Histogram(_) => panic!("wanted floats"),
    };
    samples.iter().map(pair).collect()
}

#[test]
fn counters_grow_together_and_never_fall() {
    let (world, series) = world("x_total");
    let [a, b] = ["/a", "/b"].map(|path| world.limiter.resolve(&series(path)).unwrap());
    world.push(&[(a, 1000, 100.0), (b, 1000, 7.0)]);
    let appended = world.push(&[(a, 2000, 101.0), (b, 2000, 9.0)]);
    assert_eq!(appended.written.floats, 2, "the sender counts what it sent");
    // One begins anew, the other one ends.
    world.push(&[(a, 3000, 5.0), (b, 3000, stale_nan())]);
    world.push(&[(a, 4000, 6.0)]);
    assert_eq!(
        overflow(&world),
        [(1000, 0.0), (2000, 3.0), (3000, 8.0), (4000, 9.0)]
    );
    // It comes back as if it had never been away.
    world.push(&[(b, 5000, 10.0)]);
    assert_eq!(overflow(&world).last(), Some(&(5000, 10.0)));
}

#[test]
fn what_the_store_did_not_take_is_told_when_it_comes_again() {
    let (world, series) = world("x");
    let member = world.limiter.resolve(&series("/a")).unwrap();
    world.push(&[(member, 1000, 3.0)]);
    world.store.is_full.store(true, Ordering::Relaxed);
    let batch = WriteBatch {
        samples: vec![(member, Sample::float(Timestamp::from_millis(2000), 4.0))],
        ..WriteBatch::default()
    };
    let append = || world.limiter.append(&batch, Durability::Synced);
    assert!(append().is_err());
    world.store.is_full.store(false, Ordering::Relaxed);
    for _ in 0..2 {
        assert!(append().is_ok());
        assert_eq!(overflow(&world), [(1000, 3.0), (2001, 4.0)]);
    }
}

#[test]
fn samples_of_one_time_may_come_in_several_pushes_and_twice() {
    let (world, series) = world("x_total");
    let [a, b] = ["/a", "/b"].map(|path| world.limiter.resolve(&series(path)).unwrap());
    for (time, value) in [(1000, 1.0), (2000, 2.0)] {
        world.push(&[(a, time, value)]);
        world.push(&[(b, time, value)]);
        world.push(&[(b, time, value)]);
    }
    assert_eq!(overflow(&world), [(1000, 0.0), (2000, 1.0), (2001, 2.0)]);
    // A member whose clock is wrong does not drag the others along.
    let ahead = world.clock.now().millis() + 6 * 60_000;
    world.push(&[(a, ahead, 500.0)]);
    assert_eq!(world.metrics.lost.get(), 1);
    // Far behind the rest it is lost, and counted as that.
    world.push(&[(a, 10_000_000, 3.0)]);
    world.push(&[(b, 3000, 3.0)]);
    assert_eq!(world.metrics.lost.get(), 2);
    assert_eq!(overflow(&world).last(), Some(&(10_000_000, 3.0)));
}

#[test]
fn a_counter_that_began_since_counts_from_zero() {
    let (world, series) = world("x_total");
    let a = world.limiter.resolve(&series("/a")).unwrap();
    let now = world.clock.now().millis();
    let push = |time: i64, start: i64, value| {
        let start = StartTimestamp::from_millis(start);
        let sample = Sample {
            start,
            ..Sample::float(Timestamp::from_millis(time), value)
        };
        let batch = WriteBatch {
            samples: vec![(a, sample)],
            ..WriteBatch::default()
        };
        world.limiter.append(&batch, Durability::Periodic).unwrap();
    };
    push(now + 1000, now + 500, 3.0);
    push(now + 2000, now + 500, 4.0);
    // Higher than before, and all the same a new one.
    push(now + 3000, now + 2500, 5.0);
    assert_eq!(
        overflow(&world),
        [(now + 1000, 3.0), (now + 2000, 4.0), (now + 3000, 9.0)]
    );
}

#[test]
fn gauges_are_the_sum_of_what_is_there() {
    let (world, series) = world("x_bytes");
    let [a, b] = ["/a", "/b"].map(|path| world.limiter.resolve(&series(path)).unwrap());
    world.push(&[(a, 1000, 10.0), (b, 1000, f64::INFINITY)]);
    world.push(&[(a, 2000, 20.0), (b, 2000, 5.0)]);
    world.push(&[(b, 3000, stale_nan())]);
    world.push(&[(a, 4000, stale_nan())]);
    let found = overflow(&world);
    assert_eq!(
        found[..3],
        [(1000, f64::INFINITY), (2000, 25.0), (3000, 20.0)]
    );
    assert!(
        plimsoll_types::is_stale(found[3].1),
        "the last one has ended"
    );
    // What did not come for 5 min counts no more, as in a query.
    world.push(&[(a, 5000, 1.0), (b, 5000, 2.0)]);
    world.push(&[(a, 400_000, 1.0)]);
    assert_eq!(overflow(&world).last(), Some(&(400_000, 1.0)));
}

#[test]
fn quantiles_and_points_in_time_are_the_highest() {
    for metric in ["x_created", "x_last_seen_timestamp_seconds"] {
        let (world, series) = world(metric);
        let [a, b] = ["/a", "/b"].map(|path| world.limiter.resolve(&series(path)).unwrap());
        world.push(&[(a, 1000, 17.0), (b, 1000, 18.0)]);
        assert_eq!(overflow(&world), [(1000, 18.0)], "{metric}");
    }
    assert_eq!(Kind::of("x", true, MetricType::Summary), Kind::Extreme);
    assert_eq!(Kind::of("x_sum", false, MetricType::Summary), Kind::Counter);
    assert_eq!(
        Kind::of("x_bucket", false, MetricType::GaugeHistogram),
        Kind::Gauge
    );
    assert_eq!(
        Kind::of("x_count", false, MetricType::Unknown),
        Kind::Counter
    );
    assert_eq!(Kind::of("x", false, MetricType::Unknown), Kind::Gauge);
}

#[test]
fn metadata_decides_and_reaches_the_overflow_series() {
    let (world, series) = world("requests");
    let [a, b] = ["/a", "/b"].map(|path| world.limiter.resolve(&series(path)).unwrap());
    let counter = Metadata {
        metric_type: MetricType::Counter,
        ..Metadata::default()
    };
    let time = Timestamp::from_millis(1000);
    let exemplar = Exemplar {
        labels: Labels::empty(),
        value: 1.0,
        timestamp: time,
    };
    let batch = WriteBatch {
        samples: vec![(a, Sample::float(time, 5.0)), (b, Sample::float(time, 6.0))],
        metadata: vec![(a, counter.clone()), (b, counter)],
        exemplars: vec![(a, exemplar)],
    };
    let sorted = world.limiter.sort_out(&batch);
    assert_eq!(
        (sorted.batch.metadata.len(), sorted.batch.exemplars.len()),
        (1, 1)
    );
    world.push(&[(a, 2000, 6.0), (b, 2000, 8.0)]);
    assert_eq!(overflow(&world), [(2000, 3.0)]);
}

fn observations(count: u64) -> Arc<Histogram> {
    Arc::new(Histogram {
        sum: count as f64,
        positive_spans: vec![Span {
            offset: 0,
            length: 1,
        }],
        counts: Counts::Integer(BucketCounts {
            count,
            positive: vec![count],
            ..BucketCounts::default()
        }),
        ..Histogram::default()
    })
}

#[test]
fn native_histograms_grow_like_counters() {
    let (world, series) = world("latency");
    let [a, b] = ["/a", "/b"].map(|path| world.limiter.resolve(&series(path)).unwrap());
    let histogram = Metadata {
        metric_type: MetricType::Histogram,
        ..Metadata::default()
    };
    let push = |time: i64, counts: [u64; 2]| {
        let sample = |count| Sample::histogram(Timestamp::from_millis(time), observations(count));
        let batch = WriteBatch {
            samples: vec![(a, sample(counts[0])), (b, sample(counts[1]))],
            metadata: vec![(a, histogram.clone())],
            ..WriteBatch::default()
        };
        assert_eq!(
            world
                .limiter
                .append(&batch, Durability::Periodic)
                .unwrap()
                .written
                .histograms,
            2
        );
    };
    push(1000, [100, 50]);
    push(2000, [103, 51]);
    push(3000, [2, 52]);
    let samples = world.store.samples();
    let (_, samples) = samples
        .iter()
        .find(|(labels, _)| labels.get("path") == Some(OVERFLOW))
        .unwrap();
    let counts: Vec<_> = samples
        .iter()
        .map(|sample| match &sample.value {
            Value::Histogram(histogram) => {
                histogram.validate().unwrap();
                assert_eq!(histogram.reset_hint, ResetHint::Unknown);
                histogram.count()
            }
            Value::Float(_) => panic!("a histogram stays one"),
        })
        .collect();
    assert_eq!(counts, [0.0, 4.0, 7.0]);
}

/// Returns what a counter grew by, as `increase` sees it.
fn increase(samples: &[Sample]) -> f64 {
    let value = |sample: &Sample| match sample.value {
        Value::Float(value) => value,
        Value::Histogram(_) => panic!("wanted floats"),
    };
    let grown = |pair: &[Sample]| match (value(&pair[0]), value(&pair[1])) {
        (before, now) if now < before => now,
        (before, now) => now - before,
    };
    samples.windows(2).map(grown).sum()
}

/// One round: of each series whether it comes, by how much it grew, whether it began anew, and in which push it is.
fn round() -> impl Strategy<Value = Vec<(bool, u32, bool, usize)>> {
    prop::collection::vec(
        (any::<bool>(), 0..9u32, prop::bool::weighted(0.1), 0..3usize),
        8,
    )
}

proptest! {
    /// What rates over the metric see is what they would see without limits, however samples are spread over pushes.
    #[test]
    fn growth_is_neither_lost_nor_invented(rounds in prop::collection::vec(round(), 1..20)) {
        let world = World::new(values(3));
        let series = |number: usize| labels([("__name__", "x_total"), ("path", &number.to_string())]);
        let refs: Vec<SeriesRef> = (0..8).map(|number| world.limiter.resolve(&series(number)).unwrap()).collect();
        let mut alone: Vec<Vec<Sample>> = vec![Vec::new(); 8];
        for (time, round) in (1..).zip(&rounds) {
            let time = Timestamp::from_millis(time * 15_000);
            let mut pushes = [const { Vec::new() }; 3];
            for (number, (comes, by, is_new, push)) in round.iter().enumerate() {
                let before = alone[number].last().map_or(1000.0, |sample| match sample.value {
                    Value::Float(value) => value,
                    Value::Histogram(_) => unreachable!("only floats are made"),
                });
                if *comes || time.millis() == 15_000 {
                    let value = if *is_new { f64::from(*by) } else { before + f64::from(*by) };
                    let sample = Sample::float(time, value);
                    alone[number].push(sample.clone());
                    pushes[*push].push((refs[number], sample));
                }
            }
            for samples in pushes {
                let batch = WriteBatch { samples, ..WriteBatch::default() };
                let appended = world.limiter.append(&batch, Durability::Periodic).unwrap();
                prop_assert_eq!(appended.written.floats, batch.samples.len() as u64);
            }
        }
        let expected: f64 = alone.iter().map(|samples| increase(samples)).sum();
        let stored = world.store.samples();
        let found: f64 = stored.values().map(|samples| increase(samples)).sum();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(stored.len(), 4, "three of their own and one for the rest");
        prop_assert_eq!(world.metrics.lost.get(), 0);
    }
}
