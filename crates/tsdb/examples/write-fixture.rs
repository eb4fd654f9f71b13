//! Writes a small store with a bit of everything, which later versions must open:
//!
//! ```text
//! cargo run -p plimsoll-tsdb --example write-fixture -- crates/tsdb/tests/fixtures/store-<year>-<month>
//! ```
//!
//! Run it once, with the code of a version that is about to change a format, and add the folder's name to
//! `tests/it/fixture.rs`. Beside the store it puts `EXPECTED`, what the store answers. A folder that was committed is
//! never written again.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool of developers"
)]

#[path = "../tests/it/dump.rs"]
mod dump;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_testkit::{FakeClock, Seed, wait};
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::{
    Appender, BucketCounts, ByteCount, Counts, Durability, Exemplar, Histogram, Labels, Matcher,
    Metadata, MetricType, ResetHint, Sample, Span, StartTimestamp, StoreAdmin, TimeRange,
    Timestamp, WriteBatch, stale_nan,
};

/// 2023-11-15T00:00:00Z, the begin of a day.
const BEGIN: i64 = 1_700_006_400_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const STEP: Duration = Duration::from_mins(15);
/// A day that is merged, and what comes after it.
const HOURS: i64 = 30;

fn main() {
    let directory: PathBuf = std::env::args_os().nth(1).expect("wanted a folder").into();
    assert!(!directory.exists(), "{} is there", directory.display());
    let store = directory.join("store");
    let clock = FakeClock::new(Timestamp::from_millis(BEGIN));
    fill(&open(&store, &clock), &clock);
    damage(&store);
    let db = open(&store, &clock);
    assert_eq!(db.recovery().quarantined.len(), 1);
    finish(&db, &clock);
    let expected = dump::dump(&db);
    drop(db);
    for name in ["LOCK", "LOCK.probe"] {
        let _ = std::fs::remove_file(store.join(name));
    }
    let manifest = std::fs::read_to_string(store.join("MANIFEST")).unwrap();
    std::fs::write(directory.join("EXPECTED"), &expected).unwrap();
    println!("{manifest}now {}", clock.now().millis());
}

fn open(directory: &Path, clock: &FakeClock) -> Db {
    let settings = Settings {
        group_delay: Duration::ZERO,
        free_bytes_reserve: ByteCount(0),
        ..Settings::new(directory)
    };
    let config = Config::new(settings).unwrap();
    Db::open(config, Arc::new(clock.clone()), Metrics::default()).unwrap()
}

/// A day of scrapes that is merged, late data that stays in a part of its own, and some hours more.
fn fill(db: &Db, clock: &FakeClock) {
    let mut seed = Seed::new(202_611);
    let end = BEGIN + HOURS * HOUR;
    while clock.now().millis() < end {
        scrape(db, clock.now().millis(), &mut seed);
        clock.advance(STEP);
        db.maintain().unwrap();
    }
    late(db, "late", BEGIN + 3 * HOUR);
    db.seal_all().unwrap();
    late(db, "lost", BEGIN + 25 * HOUR);
    db.seal_all().unwrap();
}

/// The newest part holds nothing but the series `lost`.
fn damage(store: &Path) {
    let bytes = std::fs::read(store.join("MANIFEST")).unwrap();
    let newest = Manifest::decode(&bytes).unwrap().next_part - 1;
    let meta = store.join("parts").join(format!("{newest:016x}/meta"));
    let mut bytes = std::fs::read(&meta).unwrap();
    bytes[20] ^= 4;
    std::fs::write(&meta, bytes).unwrap();
}

/// A deletion that hides samples of parts, a snapshot, and a head that is in the WAL only, with a deletion in it.
fn finish(db: &Db, clock: &FakeClock) {
    let mut seed = Seed::new(77);
    let now = clock.now().millis();
    delete(
        db,
        Matcher::equal("instance", "b"),
        now - 20 * HOUR,
        now - 19 * HOUR,
    );
    db.maintain().unwrap();
    for minute in 0..20 {
        scrape(db, now + minute * MINUTE, &mut seed);
        clock.advance(Duration::from_mins(1));
    }
    db.snapshot(false).unwrap();
    scrape(db, clock.now().millis(), &mut seed);
    delete(
        db,
        Matcher::equal("__name__", "noise"),
        now + 3 * MINUTE,
        now + 4 * MINUTE,
    );
    scrape(db, clock.now().millis() + 1, &mut seed);
    db.sync().unwrap();
}

fn delete(db: &Db, matcher: Matcher, start: i64, end: i64) {
    let range = TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
    db.delete_series(&[vec![matcher]], range).unwrap();
}

fn late(db: &Db, name: &str, time: i64) {
    let mut batch = WriteBatch::default();
    let labels = [("__name__", name), ("job", "fixture")];
    let id = db.resolve(&Labels::from_pairs(labels)).unwrap();
    for step in 0..3 {
        let timestamp = Timestamp::from_millis(time + step);
        batch
            .samples
            .push((id, Sample::float(timestamp, step as f64)));
    }
    append(db, &batch);
}

fn append(db: &Db, batch: &WriteBatch) {
    let appended = db.append(batch, Durability::Synced).unwrap();
    assert_eq!(appended.rejected, []);
    wait(appended.commit).unwrap();
}

/// One round of all series: counters with a start and a reset, decimals, noise, odd floats, histograms of each kind.
fn scrape(db: &Db, time: i64, seed: &mut Seed) {
    let mut batch = WriteBatch::default();
    let minutes = (time - BEGIN) / MINUTE;
    for instance in ["a", "b"] {
        let mut put = |name: &str, metric_type: MetricType, mut sample: Sample| {
            let labels = [
                ("__name__", name),
                ("instance", instance),
                ("job", "fixture"),
            ];
            let id = db.resolve(&Labels::from_pairs(labels)).unwrap();
            if metric_type == MetricType::Counter {
                sample.start = StartTimestamp::from_millis(BEGIN - HOUR);
                let labels = Labels::from_pairs([("trace_id", format!("{minutes:08x}"))]);
                let timestamp = sample.timestamp;
                let exemplar = Exemplar {
                    labels,
                    value: 0.5,
                    timestamp,
                };
                batch
                    .exemplars
                    .extend((minutes % 60 == 0).then_some((id, exemplar)));
            }
            batch.samples.push((id, sample));
            let help = format!("What {name} counts.");
            let unit = "things".into();
            batch.metadata.push((
                id,
                Metadata {
                    metric_type,
                    unit,
                    help,
                },
            ));
        };
        let at = |value: f64| Sample::float(Timestamp::from_millis(time), value);
        let counted = (minutes % 600 * 7) as f64;
        put("things_total", MetricType::Counter, at(counted));
        put(
            "level",
            MetricType::Gauge,
            at(seed.below(1000) as f64 / 10.0),
        );
        put("noise", MetricType::Gauge, at(seed.unit()));
        put("odd", MetricType::Unknown, at(odd(seed)));
        let histogram = |kind| {
            let histogram = Arc::new(histogram(kind, minutes.unsigned_abs()));
            Sample::histogram(Timestamp::from_millis(time), histogram)
        };
        put("exponential", MetricType::Histogram, histogram(0));
        put("custom", MetricType::Histogram, histogram(1));
        put("float_gauge", MetricType::GaugeHistogram, histogram(2));
    }
    append(db, &batch);
}

fn odd(seed: &mut Seed) -> f64 {
    let all = [
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        stale_nan(),
        1e-300,
        42.0,
    ];
    all[seed.below(all.len() as u64) as usize]
}

fn histogram(kind: u64, minutes: u64) -> Histogram {
    let spans = |offset| vec![Span { offset, length: 2 }];
    let counts = BucketCounts {
        count: 5 * minutes,
        zero: minutes,
        positive: vec![minutes, 2 * minutes],
        negative: vec![minutes],
    };
    let base = Histogram {
        schema: 3,
        zero_threshold: 0.001,
        sum: minutes as f64 * 1.5,
        positive_spans: spans(-3),
        negative_spans: vec![Span {
            offset: 1,
            length: 1,
        }],
        ..Histogram::default()
    };
    match kind {
        0 => Histogram {
            counts: Counts::Integer(counts),
            ..base
        },
        1 => Histogram {
            schema: plimsoll_types::CUSTOM_BUCKETS_SCHEMA,
            zero_threshold: 0.0,
            custom_bounds: vec![0.1, 1.0],
            positive_spans: spans(0),
            negative_spans: Vec::new(),
            counts: Counts::Integer(BucketCounts {
                count: 3 * minutes,
                zero: 0,
                negative: Vec::new(),
                ..counts
            }),
            ..base
        },
        _ => Histogram {
            reset_hint: ResetHint::Gauge,
            counts: Counts::Float(BucketCounts {
                count: minutes as f64 * 2.5,
                zero: minutes as f64,
                positive: vec![minutes as f64 * 0.25, minutes as f64 * 0.75],
                negative: vec![minutes as f64 * 0.5],
            }),
            ..base
        },
    }
}
