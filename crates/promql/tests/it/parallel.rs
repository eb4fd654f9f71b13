//! Aggregations of many series, which several threads may share: the result is the same, to the bit, and everything that
//! ends a query ends it there, too.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use plimsoll_promql::{
    Control, Engine, MemoryBudget, Options, QueryError, QueryErrorKind, QueryResult, Value, parse,
};
use plimsoll_types::{
    BucketCounts, ByteCount, Counts, Exemplar, Histogram, Labels, Matcher, Metadata, Queryable,
    Sample, SampleColumns, SampleSource, Selection, Span, StorageError, StorageErrorKind,
    TimeRange, Timestamp,
};
use proptest::prelude::*;

use crate::storage::Memory;

const STEP: i64 = 15;
const STEPS: i64 = 36;
/// Enough for three shards at least.
const SERIES: usize = 1300;

type Hook = Arc<dyn Fn(usize) -> Result<(), StorageError> + Send + Sync>;

/// A store that tells who reads what, and whose sources several threads may read.
struct Watched {
    memory: Memory,
    forks: bool,
    on_read: Hook,
}

struct WatchedSource {
    inner: Box<dyn SampleSource>,
    forks: bool,
    on_read: Hook,
}

impl SampleSource for WatchedSource {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<(), StorageError> {
        (self.on_read)(index)?;
        self.inner.read(index, into)
    }

    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        let inner = self.inner.fork().filter(|_| self.forks)?;
        let (forks, on_read) = (self.forks, Arc::clone(&self.on_read));
        Some(Box::new(Self {
            inner,
            forks,
            on_read,
        }))
    }
}

impl Queryable for Watched {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        let selection = self.memory.select(matchers, range)?;
        Ok(Selection {
            source: Box::new(WatchedSource {
                inner: selection.source,
                forks: self.forks,
                on_read: Arc::clone(&self.on_read),
            }),
            ..selection
        })
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        self.memory.series(selectors, range, limit)
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.memory.label_names(selectors, range, limit)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.memory.label_values(name, selectors, range, limit)
    }

    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        self.memory.exemplars(selectors, range)
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        self.memory.metadata(metric, limit)
    }
}

impl Watched {
    fn new(memory: Memory) -> Self {
        Self::hooked(memory, |_| Ok(()))
    }

    fn hooked(
        memory: Memory,
        on_read: impl Fn(usize) -> Result<(), StorageError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            memory,
            forks: true,
            on_read: Arc::new(on_read),
        }
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// Numbers that look random, the same ones for the same seed.
fn numbers(seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state >> 11
    })
}

fn labels(name: &str, series: usize) -> Labels {
    let series_label = format!("{series:05}");
    let pairs = [
        ("__name__", name),
        ("pod", &series_label),
        ("job", ["x", "y", "z"][series % 3]),
    ];
    Labels::from_pairs(pairs)
}

/// Counters and gauges of very different sizes, with gaps and resets.
fn random(seed: u64) -> Memory {
    let mut memory = Memory::default();
    let mut numbers = numbers(seed);
    let mut next = |below: u64| numbers.next().unwrap() % below;
    for series in 0..SERIES {
        let scale = 10f64.powi(next(12) as i32 - 4);
        let mut total = 0.0;
        let mut samples = Vec::new();
        for step in -8..STEPS {
            total = if next(20) == 0 {
                0.0
            } else {
                total + scale * next(1000) as f64 / 7.0
            };
            if next(10) != 0 {
                samples.push(Sample::float(at(STEP * step), total));
            }
        }
        memory.add(labels("a", series), samples);
    }
    memory
}

fn engine(helpers_max: usize) -> Engine {
    Engine::new(Options {
        helpers_max,
        ..Options::default()
    })
}

fn ask(
    engine: &Engine,
    storage: &dyn Queryable,
    query: &str,
    control: &Control,
) -> Result<QueryResult, QueryError> {
    let (expr, step) = (parse(query).unwrap(), Duration::from_secs(STEP as u64));
    engine.range(storage, &expr, at(0), at(STEP * (STEPS - 1)), step, control)
}

/// The values with their bits, and what is said about them.
fn shown(result: QueryResult) -> String {
    let bits = |value: &plimsoll_types::Value| match value {
        plimsoll_types::Value::Float(value) => format!("{:x}", value.to_bits()),
        plimsoll_types::Value::Histogram(histogram) => format!("{histogram:?}"),
    };
    let mut text = format!("{:?} {:?}\n", result.warnings, result.infos);
    match result.value {
        Value::Matrix(matrix) => {
            for series in matrix {
                let samples = series.samples.iter().map(|s| (s.timestamp, bits(&s.value)));
                text += &format!("{} {:?}\n", series.labels, samples.collect::<Vec<_>>());
            }
        }
        Value::Vector(vector) => {
            for sample in vector {
                text += &format!("{} {}\n", sample.labels, bits(&sample.value));
            }
        }
        other => text += &format!("{other:?}"),
    }
    text
}

fn float(sample: &Sample) -> f64 {
    match &sample.value {
        plimsoll_types::Value::Float(value) => *value,
        plimsoll_types::Value::Histogram(_) => panic!("{sample:?} is no float"),
    }
}

/// Asks with more and fewer threads, with a store for one thread, and with measurements.
fn answers(storage: &mut Watched, query: &str) -> Vec<String> {
    let unlimited = Control::unlimited;
    let mut answers = Vec::new();
    for helpers in [0, 1, 7] {
        answers.push(shown(
            ask(&engine(helpers), storage, query, &unlimited()).unwrap(),
        ));
    }
    storage.forks = false;
    answers.push(shown(
        ask(&engine(7), storage, query, &unlimited()).unwrap(),
    ));
    storage.forks = true;
    answers.push(shown(
        ask(&engine(7), storage, query, &unlimited().with_plan()).unwrap(),
    ));
    answers
}

const AGGREGATIONS: [&str; 8] = [
    "sum", "avg", "count", "group", "min", "max", "stddev", "stdvar",
];
const INPUTS: [&str; 6] = [
    "rate(a[1m])",
    "a",
    "-a * -2 > 40",
    "ceil(quantile_over_time(0.3, a[45s]))",
    "avg_over_time(a[1m] offset 15s)",
    "clamp_max(a, time())",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn threads_change_no_bit(
        seed in any::<u64>(),
        aggregation in prop::sample::select(&AGGREGATIONS[..]),
        grouping in prop::sample::select(vec!["", "by (job)", "without (job)", "by (nothing)"]),
        input in prop::sample::select(&INPUTS[..]),
    ) {
        let mut storage = Watched::new(random(seed));
        let query = format!("{aggregation} {grouping} ({input})");
        let answers = answers(&mut storage, &query);
        prop_assert!(answers[0].len() > 100, "{}", answers[0]);
        for other in &answers[1..] {
            prop_assert_eq!(&answers[0], other);
        }
    }

    #[test]
    fn shards_give_what_one_series_after_the_other_gives(
        seed in any::<u64>(),
        aggregation in prop::sample::select(&AGGREGATIONS[..]),
        input in prop::sample::select(&INPUTS[..]),
    ) {
        let storage = Watched::new(random(seed));
        // Nothing is added, but an operator with two vectors is not cut.
        let [whole, cut] = [format!("{aggregation}(({input}) or none)"), format!("{aggregation}({input})")]
            .map(|query| ask(&engine(2), &storage, &query, &Control::unlimited()).unwrap().value);
        let (Value::Matrix(whole), Value::Matrix(cut)) = (whole, cut) else { unreachable!() };
        prop_assert_eq!(whole.len(), cut.len());
        for (whole, cut) in whole.iter().zip(&cut) {
            prop_assert_eq!(whole.samples.len(), cut.samples.len());
            for (whole, cut) in whole.samples.iter().zip(&cut.samples) {
                let (a, b) = (float(whole), float(cut));
                prop_assert!((a - b).abs() <= 1e-12 * a.abs(), "{} {}", a, b);
            }
        }
    }
}

fn histogram(value: u64) -> Arc<Histogram> {
    Arc::new(Histogram {
        sum: value as f64 / 3.0,
        counts: Counts::Float(BucketCounts {
            count: value as f64,
            positive: vec![value as f64],
            ..BucketCounts::default()
        }),
        positive_spans: vec![Span {
            offset: 0,
            length: 1,
        }],
        ..Histogram::default()
    })
}

#[test]
fn histograms_are_added_one_by_one_wherever_they_are() {
    for first in [0, 700, SERIES - 1] {
        let mut memory = Memory::default();
        for series in 0..SERIES {
            let sample = |step| match series < first || series % 3 == 1 {
                true => Sample::float(at(STEP * step), series as f64 / 7.0),
                false => Sample::histogram(at(STEP * step), histogram(series as u64)),
            };
            memory.add(labels("a", series), (0..STEPS).map(sample));
        }
        let mut storage = Watched::new(memory);
        for query in [
            "sum by (job) (a)",
            "avg by (job) (a * 2)",
            "max(a)",
            "count(a)",
            "sum(rate(a[1m]))",
        ] {
            let answers = answers(&mut storage, query);
            assert!(
                answers.iter().all(|answer| *answer == answers[0]),
                "{query} {answers:#?}"
            );
            let (name, input) = query.split_at(query.len() - 1);
            let whole = format!("{name} or none{input}");
            let whole = ask(&engine(0), &storage, &whole, &Control::unlimited()).unwrap();
            let notes = |answer: &str| answer.lines().next().unwrap().matches("PromQL").count();
            assert_eq!(notes(&shown(whole)), notes(&answers[0]), "{query}");
        }
    }
}

#[test]
fn notes_come_in_the_order_of_the_series() {
    let mut memory = Memory::default();
    for series in 0..SERIES {
        let name = format!("metric_{series:05}");
        let samples = (0..STEPS).map(|step| Sample::float(at(STEP * step), step as f64));
        memory.add(labels(&name, series), samples);
    }
    let mut storage = Watched::new(memory);
    let answers = answers(&mut storage, "sum(rate({__name__=~\"metric.*\"}[1m]))");
    assert!(
        answers[0].contains("metric_00009") && answers[0].contains("90 more"),
        "{}",
        answers[0]
    );
    assert!(answers.iter().all(|answer| *answer == answers[0]));
}

#[test]
fn series_that_become_one_are_not_cut_apart() {
    let mut memory = Memory::default();
    for series in 0..SERIES {
        // The two halves of a series that changed its name.
        for (name, from, to) in [("a", 0, 4), ("b", 4, STEPS)] {
            let samples = (from..to).map(|step| Sample::float(at(STEP * step), 1.0));
            memory.add(labels(name, series), samples);
        }
    }
    let mut storage = Watched::new(memory);
    let answers = answers(
        &mut storage,
        "count(last_over_time({__name__=~\"a|b\"}[10s]) + 1)",
    );
    assert!(
        answers[0].contains(&format!("{:x}", (SERIES as f64).to_bits())),
        "{}",
        answers[0]
    );
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

/// Runs a query of which reading series 900 fails in some way.
fn failing(
    helpers: usize,
    control: &Control,
    options: Options,
    on_read: impl Fn(usize) -> Result<(), StorageError> + Send + Sync + 'static,
) -> QueryError {
    let storage = Watched::hooked(random(1), on_read);
    let engine = Engine::new(Options {
        helpers_max: helpers,
        ..options
    });
    ask(&engine, &storage, "sum by (job) (rate(a[1m]))", control).unwrap_err()
}

#[test]
fn cancelling_ends_all_threads() {
    for helpers in [0, 3] {
        let control = Control::unlimited();
        let (canceller, reads) = (control.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&reads);
        let error = failing(helpers, &control, Options::default(), move |_| {
            if counted.fetch_add(1, Ordering::Relaxed) == 600 {
                canceller.cancel();
            }
            Ok(())
        });
        assert_eq!(error.kind(), QueryErrorKind::Canceled);
        let reads = reads.load(Ordering::Relaxed);
        assert!((600..SERIES).contains(&reads), "{reads}");
    }
}

#[test]
fn limits_hold_for_all_threads_together() {
    let kind = |options: Options, control: Control| {
        let kinds =
            [0, 3].map(|helpers| failing(helpers, &control, options.clone(), |_| Ok(())).kind());
        assert_eq!(kinds[0], kinds[1]);
        kinds[0]
    };
    let options = Options::default;
    let work = Control::unlimited().with_work_max(100_000);
    assert_eq!(kind(options(), work), QueryErrorKind::WorkLimit);
    let ticks = AtomicUsize::new(0);
    let clock = move || Duration::from_millis(ticks.fetch_add(1, Ordering::Relaxed) as u64);
    let hurried = Control::new(clock).with_timeout(Duration::from_millis(5));
    assert_eq!(kind(options(), hurried), QueryErrorKind::Timeout);
}

#[test]
fn memory_that_runs_out_ends_all_threads() {
    for helpers in [0, 3] {
        let memory = MemoryBudget::unlimited().query(ByteCount::MIB);
        let control = Control::unlimited().with_memory(memory.clone());
        let error = failing(helpers, &control, Options::default(), move |index| {
            // Somebody else takes all that is left.
            while index >= 700 && memory.add(64).is_ok() {}
            Ok(())
        });
        assert_eq!(error.kind(), QueryErrorKind::MemoryLimit);
    }
}

#[test]
fn of_several_errors_the_first_series_counts() {
    for helpers in [0, 1, 7] {
        let error = failing(
            helpers,
            &Control::unlimited(),
            Options::default(),
            |index| {
                let error =
                    || StorageError::new(StorageErrorKind::Corrupt, format!("series {index}"));
                match index {
                    650 | 1250 => Err(error()),
                    _ => Ok(()),
                }
            },
        );
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "series 650");
    }
}

#[test]
fn a_panic_ends_the_query_only() {
    let is_broken = Arc::new(AtomicUsize::new(1));
    let broken = Arc::clone(&is_broken);
    let storage = Watched::hooked(random(1), move |index| {
        assert!(
            index != 900 || broken.load(Ordering::Relaxed) == 0,
            "series 900"
        );
        Ok(())
    });
    let engine = engine(3);
    let sum = || ask(&engine, &storage, "sum(rate(a[1m]))", &Control::unlimited());
    assert!(catch_unwind(AssertUnwindSafe(sum)).is_err());
    is_broken.store(0, Ordering::Relaxed);
    assert!(sum().is_ok());
}

#[test]
fn queries_share_the_helpers() {
    let threads: Arc<Mutex<HashSet<ThreadId>>> = Arc::default();
    let seen = Arc::clone(&threads);
    let storage = Watched::hooked(random(1), move |_| {
        seen.lock().unwrap().insert(std::thread::current().id());
        Ok(())
    });
    let ask =
        |engine: &Engine| shown(ask(engine, &storage, "avg(a)", &Control::unlimited()).unwrap());
    let expected = ask(&engine(0));
    assert_eq!(
        threads.lock().unwrap().len(),
        1,
        "a query without helpers works alone"
    );
    let engine = engine(2);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| assert_eq!(ask(&engine), expected));
        }
    });
    threads.lock().unwrap().clear();
    assert_eq!(ask(&engine), expected);
    assert!(
        threads.lock().unwrap().len() <= 3,
        "its own thread and two helpers"
    );
}

#[test]
fn shards_are_read_at_the_same_time() {
    // Whoever reads first waits for somebody else to read.
    let (threads, others) = (Mutex::new(HashSet::new()), Condvar::new());
    let storage = Watched::hooked(random(1), move |index| {
        let mut seen = threads.lock().unwrap();
        seen.insert(std::thread::current().id());
        others.notify_all();
        let patience = Duration::from_secs(60);
        let is_alone = |seen: &mut HashSet<ThreadId>| index > 0 && seen.len() < 2;
        let (_seen, outcome) = others.wait_timeout_while(seen, patience, is_alone).unwrap();
        assert!(!outcome.timed_out(), "nobody helps");
        Ok(())
    });
    let result = ask(&engine(1), &storage, "sum(a)", &Control::unlimited());
    assert!(result.is_ok());
}

#[test]
fn what_was_read_and_held_is_counted() {
    let storage = Watched::new(random(1));
    let stats = |helpers| {
        let control = Control::unlimited().with_samples_per_step();
        let stats = ask(&engine(helpers), &storage, "sum(rate(a[1m]))", &control)
            .unwrap()
            .stats;
        (
            stats.samples_read,
            stats.series_read,
            stats.samples_queryable,
            stats.samples_per_step,
        )
    };
    assert_eq!(stats(0), stats(3));
    assert_eq!(stats(0).1, SERIES as u64);
    assert!(stats(0).3.iter().all(|samples| *samples > 0));
}

#[test]
fn the_plan_tells_of_shards() {
    let storage = Watched::new(random(1));
    let control = Control::unlimited().with_plan();
    let result = ask(&engine(3), &storage, "sum(rate(a[1m]))", &control).unwrap();
    let notes = result.stats.plan.unwrap().notes;
    assert_eq!(notes, ["one thread when measured, else 3 shards"]);
}
