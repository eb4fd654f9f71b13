//! Random series, a part written from them, and the comparison of the two.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::{Disk, SystemDisk};
use plimsoll_types::{
    BucketCounts, CUSTOM_BUCKETS_SCHEMA, Counts, Exemplar, Histogram, Labels, Metadata, MetricType,
    ResetHint, Sample, SampleColumns, Span, StartTimestamp, TimeRange, Timestamp, Value, stale_nan,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::part::{Error, Part, PartMeta, PartWriter, WriteOptions};

#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    pub(super) samples: Vec<Sample>,
    pub(super) metadata: Option<Metadata>,
    pub(super) exemplars: Vec<Exemplar>,
}

pub(super) type Model = BTreeMap<Labels, Series>;

pub(super) fn columns(samples: &[Sample]) -> SampleColumns {
    let mut columns = SampleColumns::default();
    samples.iter().for_each(|sample| columns.push(sample));
    columns
}

pub(super) fn write(
    disk: Arc<dyn Disk>,
    directory: &Path,
    model: &Model,
    options: WriteOptions,
) -> Result<PartMeta, Error> {
    let mut writer = PartWriter::create(disk, directory, options)?;
    for (labels, series) in model {
        let samples = columns(&series.samples);
        writer.add_series(
            labels,
            &samples,
            series.metadata.as_ref(),
            &series.exemplars,
        )?;
    }
    writer.finish()
}

/// Writes a part below a directory that goes with the returned guard.
pub(super) fn on_disk(model: &Model, options: WriteOptions) -> (tempfile::TempDir, PathBuf) {
    let guard = tempfile::tempdir().unwrap();
    let directory = guard.path().join("part");
    write(Arc::new(SystemDisk), &directory, model, options).unwrap();
    (guard, directory)
}

pub(super) fn open(directory: &Path) -> Result<Part, Error> {
    Part::open(Arc::new(SystemDisk), directory)
}

/// Reads the whole part back.
pub(super) fn read(part: &Part) -> Result<Model, Error> {
    let mut model = Model::new();
    for id in 0..part.meta().series {
        let mut columns = SampleColumns::default();
        part.read(id, TimeRange::ALL, &mut columns)?;
        let series = Series {
            samples: columns.iter().collect(),
            metadata: part.metadata(id)?.cloned(),
            exemplars: part.exemplars(id, TimeRange::ALL)?,
        };
        model.insert(part.labels(id)?, series);
    }
    Ok(model)
}

/// Says where two models differ; floats are compared bit by bit.
pub(super) fn difference(wanted: &Model, found: &Model) -> Option<String> {
    if !wanted.keys().eq(found.keys()) {
        return Some("the labels differ".into());
    }
    let bits = |e: &Exemplar| (e.labels.clone(), e.value.to_bits(), e.timestamp);
    for (labels, series) in wanted {
        let back = &found[labels];
        if series.samples != back.samples {
            return Some(format!("samples of {labels}: {series:?} and {back:?}"));
        }
        let exemplars = |series: &Series| series.exemplars.iter().map(bits).collect::<Vec<_>>();
        if series.metadata != back.metadata || exemplars(series) != exemplars(back) {
            return Some(format!("{labels}: {series:?} and {back:?}"));
        }
    }
    None
}

/// Drops what the writer leaves out.
pub(super) fn without_empty(model: &Model) -> Model {
    let has_data = |series: &Series| !series.samples.is_empty() || !series.exemplars.is_empty();
    model
        .iter()
        .filter(|(_, series)| has_data(series))
        .map(|(labels, series)| (labels.clone(), series.clone()))
        .collect()
}

pub(super) fn any_model() -> impl Strategy<Value = Model> {
    // Few names and values, so that labels are shared, and few time grids, so that vectors are shared.
    let labels =
        btree_map("[a-d]|__name__|é", "[a-c]{1,2}|ß|x{70}", 0..4).prop_map(Labels::from_pairs);
    btree_map(labels, any_series(), 0..12)
}

fn any_series() -> impl Strategy<Value = Series> {
    let metadata =
        proptest::option::of((0..3usize, "[a-z]{0,3}").prop_map(|(kind, help)| Metadata {
            metric_type: [
                MetricType::Counter,
                MetricType::Histogram,
                MetricType::Unknown,
            ][kind],
            unit: "seconds".into(),
            help,
        }));
    (any_samples(), metadata, vec(any_exemplar(), 0..3)).prop_map(
        |(samples, metadata, exemplars)| Series {
            samples,
            metadata,
            exemplars,
        },
    )
}

fn any_samples() -> impl Strategy<Value = Vec<Sample>> {
    (any_times(), any::<u64>()).prop_flat_map(|(times, start)| {
        let count = times.len();
        (
            Just(times),
            any_values(count),
            any_starts(count, start as i64),
        )
            .prop_map(|(times, values, starts)| {
                let samples = times.into_iter().zip(values).zip(starts);
                samples
                    .map(|((time, value), start)| Sample {
                        timestamp: Timestamp::from_millis(time),
                        start: StartTimestamp::from_millis(start),
                        value,
                    })
                    .collect()
            })
    })
}

fn any_times() -> impl Strategy<Value = Vec<i64>> {
    let grid = (0..3i64, 0usize..60).prop_map(|(grid, count)| {
        let first = 1_700_000_000_000 + grid * 7;
        (0..count as i64)
            .map(|i| first + i * 15_000 + grid * (i % 3))
            .collect()
    });
    let with_gaps = vec(1i64..20_000_000, 0..60).prop_map(|steps| {
        let sum = |at: &mut i64, step: i64| {
            *at += step;
            Some(*at)
        };
        steps.into_iter().scan(-5_000_000, sum).collect()
    });
    let anything = proptest::collection::btree_set(
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -3i64..3],
        0..20,
    )
    .prop_map(|times| times.into_iter().collect());
    prop_oneof![3 => grid, 2 => with_gaps, 1 => anything]
}

fn any_starts(count: usize, start: i64) -> impl Strategy<Value = Vec<i64>> {
    prop_oneof![
        2 => Just(vec![0; count]),
        1 => Just(vec![start; count]),
        1 => vec(prop_oneof![Just(0), any::<i64>()], count),
    ]
}

fn any_values(count: usize) -> impl Strategy<Value = Vec<Value>> {
    let float = || {
        prop_oneof![
            any::<u64>().prop_map(f64::from_bits),
            Just(stale_nan()),
            Just(-0.0),
            (0i32..100).prop_map(f64::from),
        ]
    };
    let floats = |values: Vec<f64>| values.into_iter().map(Value::Float).collect::<Vec<_>>();
    let counter = vec(0u32..10, count).prop_map(move |steps| {
        let sum = |at: &mut f64, step: u32| {
            *at += f64::from(step);
            Some(*at)
        };
        floats(steps.into_iter().scan(0.0, sum).collect())
    });
    let histogram = || any_histogram().prop_map(|h| Value::Histogram(Arc::new(h)));
    prop_oneof![
        3 => vec(float(), count).prop_map(floats),
        2 => (float(), Just(count)).prop_map(move |(value, count)| floats(vec![value; count])),
        2 => counter,
        2 => vec(histogram(), count),
        1 => vec(prop_oneof![float().prop_map(Value::Float), histogram()], count),
    ]
}

pub(super) fn any_histogram() -> impl Strategy<Value = Histogram> {
    let float = || any::<u64>().prop_map(f64::from_bits);
    let span = (-3i32..4, 0u32..4).prop_map(|(offset, length)| Span { offset, length });
    let spans = vec(span, 0..3);
    let integer = (
        any::<u64>(),
        0u64..9,
        vec(0u64..100, 0..6),
        vec(any::<u64>(), 0..3),
    )
        .prop_map(|(count, zero, positive, negative)| {
            Counts::Integer(BucketCounts {
                count,
                zero,
                positive,
                negative,
            })
        });
    let floats = (float(), float(), vec(float(), 0..6), vec(float(), 0..3)).prop_map(
        |(count, zero, positive, negative)| {
            Counts::Float(BucketCounts {
                count,
                zero,
                positive,
                negative,
            })
        },
    );
    let hint = prop_oneof![
        Just(ResetHint::Unknown),
        Just(ResetHint::Reset),
        Just(ResetHint::NotReset),
        Just(ResetHint::Gauge),
    ];
    let schema = prop_oneof![Just(CUSTOM_BUCKETS_SCHEMA), -4i8..9, any::<i8>()];
    let sum = prop_oneof![float(), Just(stale_nan()), Just(1.5)];
    let counts = prop_oneof![2 => integer, 1 => floats];
    let shape = (
        schema,
        prop_oneof![Just(0.001), float()],
        vec(float(), 0..3),
    );
    (shape, sum, hint, counts, spans.clone(), spans).prop_map(
        |((schema, zero_threshold, custom_bounds), sum, reset_hint, counts, positive, negative)| {
            Histogram {
                schema,
                zero_threshold,
                sum,
                reset_hint,
                counts,
                positive_spans: positive,
                negative_spans: negative,
                custom_bounds,
            }
        },
    )
}

pub(super) fn any_exemplar() -> impl Strategy<Value = Exemplar> {
    let labels = btree_map("trace_id|span|[a-z]{80}", "[0-9a-f]{1,16}", 0..3);
    (labels, any::<u64>(), any::<i64>()).prop_map(|(labels, bits, time)| Exemplar {
        labels: Labels::from_pairs(labels),
        value: f64::from_bits(bits),
        timestamp: Timestamp::from_millis(time),
    })
}

/// A small part with one of everything, the same on every run.
pub(super) fn sampler() -> Model {
    let at = |i: i64| Timestamp::from_millis(1_700_000_000_000 + i * 15_000 + i % 2);
    let float = |i: i64, value: f64| Sample::float(at(i), value);
    let histogram = |i: i64| {
        let mut histogram = Histogram {
            sum: i as f64 * 0.37,
            zero_threshold: 0.001,
            positive_spans: vec![Span {
                offset: -1,
                length: 3,
            }],
            ..Histogram::default()
        };
        histogram.counts = Counts::Integer(BucketCounts {
            count: 6 * i as u64,
            positive: vec![i as u64, 2 * i as u64, 3 * i as u64],
            ..BucketCounts::default()
        });
        Sample::histogram(at(i), Arc::new(histogram))
    };
    let exemplar = |i: i64| Exemplar {
        labels: Labels::from_pairs([("trace_id", format!("{:032x}", i * 77))]),
        value: 0.25,
        timestamp: at(i),
    };
    let with = |samples: Vec<Sample>| Series {
        samples,
        ..Series::default()
    };
    let noisy = |i: i64| float(i, ((i * i) as f64).sin());
    let mut model = Model::new();
    let mut add = |name: &str, job: &str, series| {
        let labels = Labels::from_pairs([("__name__", name), ("job", job)]);
        model.insert(labels, series);
    };
    add("up", "node", with((0..50).map(|i| float(i, 1.0)).collect()));
    add(
        "up",
        "api",
        with((0..50).map(|i| float(i, f64::from(i > 20))).collect()),
    );
    add("load", "node", with((0..50).map(noisy).collect()));
    let mut counter: Vec<Sample> = (0..50)
        .map(|i| Sample {
            start: StartTimestamp::from_millis(1_699_999_000_000 + i % 3),
            ..float(i, (i * i) as f64)
        })
        .collect();
    counter.push(float(50, stale_nan()));
    add(
        "requests_total",
        "api",
        Series {
            samples: counter,
            metadata: Some(Metadata {
                metric_type: MetricType::Counter,
                unit: String::new(),
                help: "Requests.".into(),
            }),
            exemplars: vec![exemplar(1), exemplar(7)],
        },
    );
    add(
        "latency_seconds",
        "api",
        with((0..50).map(histogram).collect()),
    );
    model
}
