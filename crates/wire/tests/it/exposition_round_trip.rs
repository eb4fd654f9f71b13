//! Families, written and read back, in every format.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{
    BucketCounts, Counts, Histogram, Labels, METRIC_NAME, Metadata, MetricType, ResetHint, Span,
    StartTimestamp, Timestamp, Value,
};
use plimsoll_wire::exposition::{
    Escaping, Family, FamilyExemplar, FamilySample, Format, Negotiated, Options, read_families,
    write_families,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

/// `le` in the one spelling in which it is stored.
const BOUNDS: [&str; 3] = ["0.5", "1.0", "+Inf"];

fn number() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(|bits| match f64::from_bits(bits) {
        value if value.is_nan() => f64::from_bits(0x7ff8_0000_0000_0001),
        value => value,
    })
}

fn millis() -> impl Strategy<Value = Timestamp> {
    // Zero means "none" in protobuf, and beyond 2^51 ms floats of seconds skip milliseconds.
    (1i64..1 << 51, any::<bool>()).prop_map(|(millis, negative)| {
        Timestamp::from_millis(if negative { -millis } else { millis })
    })
}

fn label_set() -> impl Strategy<Value = BTreeMap<String, String>> {
    let name = prop_oneof!["x[a-z0-9_]{0,4}", "x\\PC{1,4}"];
    let value = prop_oneof!["\\PC{1,6}", "[\\\\\"\n{},= #a]{1,8}"];
    btree_map(name, value, 0..4)
}

fn exemplar() -> impl Strategy<Value = FamilyExemplar> {
    (label_set(), number(), proptest::option::of(millis())).prop_map(
        |(labels, value, timestamp)| FamilyExemplar {
            labels: Labels::from_pairs(labels),
            value,
            timestamp,
        },
    )
}

/// The parts of one metric, before its type is known.
#[derive(Clone, Debug)]
struct Seed {
    labels: BTreeMap<String, String>,
    timestamp: Option<Timestamp>,
    start: Timestamp,
    values: [f64; 5],
    exemplar: Option<FamilyExemplar>,
    native: Histogram,
}

fn seed() -> impl Strategy<Value = Seed> {
    let parts = (
        label_set(),
        proptest::option::of(millis()),
        millis(),
        [number(), number(), number(), number(), number()],
        proptest::option::of(exemplar()),
        native(),
    );
    parts.prop_map(
        |(labels, timestamp, start, values, exemplar, native)| Seed {
            labels,
            timestamp,
            start,
            values,
            exemplar,
            native,
        },
    )
}

fn native() -> impl Strategy<Value = Histogram> {
    let buckets = vec((0i32..5, 0u64..1 << 40), 1..5);
    (buckets.clone(), buckets, -4i8..=8, number(), any::<bool>()).prop_map(
        |(positive, negative, schema, sum, is_float)| {
            let spans = |buckets: &[(i32, u64)]| {
                buckets
                    .iter()
                    .map(|(offset, _)| Span {
                        offset: *offset,
                        length: 1,
                    })
                    .collect()
            };
            let counts = |buckets: &[(i32, u64)]| {
                buckets.iter().map(|(_, count)| *count).collect::<Vec<_>>()
            };
            let total = positive
                .iter()
                .chain(&negative)
                .map(|(_, count)| count)
                .sum::<u64>()
                + 3;
            let floats = |buckets: &[(i32, u64)]| {
                counts(buckets).iter().map(|count| *count as f64).collect()
            };
            Histogram {
                schema,
                zero_threshold: 0.25,
                sum,
                reset_hint: ResetHint::Unknown,
                counts: if is_float {
                    Counts::Float(BucketCounts {
                        count: total as f64,
                        zero: 3.0,
                        positive: floats(&positive),
                        negative: floats(&negative),
                    })
                } else {
                    Counts::Integer(BucketCounts {
                        count: total,
                        zero: 3,
                        positive: counts(&positive),
                        negative: counts(&negative),
                    })
                },
                positive_spans: spans(&positive),
                negative_spans: spans(&negative),
                custom_bounds: Vec::new(),
            }
        },
    )
}

impl Seed {
    fn sample(
        &self,
        family: &str,
        suffix: &str,
        extra: Option<(&str, &str)>,
        value: f64,
    ) -> FamilySample {
        let mut labels = Labels::from_pairs(&self.labels).to_builder();
        labels.set(METRIC_NAME, &format!("{family}{suffix}"));
        if let Some((name, value)) = extra {
            labels.set(name, value);
        }
        FamilySample {
            timestamp: self.timestamp,
            ..FamilySample::float(labels.build(), value)
        }
    }

    fn samples(&self, family: &str, metric_type: MetricType) -> Vec<FamilySample> {
        let one = |suffix| vec![self.sample(family, suffix, None, self.values[0])];
        let count = self.values[0].abs().min(1e15).trunc();
        let count = if count.is_nan() { 0.0 } else { count };
        match metric_type {
            MetricType::Counter => {
                let mut samples = one("_total");
                samples[0].exemplars.extend(self.exemplar.clone());
                samples
            }
            MetricType::Info => one("_info"),
            MetricType::Summary => vec![
                self.sample(family, "", Some(("quantile", "0.5")), self.values[1]),
                self.sample(family, "", Some(("quantile", "1.0")), self.values[2]),
                self.sample(family, "_sum", None, self.values[3]),
                self.sample(family, "_count", None, count),
            ],
            MetricType::Histogram | MetricType::GaugeHistogram => {
                let bucket = |bound| self.sample(family, "_bucket", Some(("le", bound)), count);
                let mut samples: Vec<_> = BOUNDS.into_iter().map(bucket).collect();
                samples[1].exemplars.extend(self.exemplar.clone());
                let (sum, all) = match metric_type {
                    MetricType::Histogram => ("_sum", "_count"),
                    _ => ("_gsum", "_gcount"),
                };
                samples.push(self.sample(family, sum, None, self.values[3]));
                samples.push(self.sample(family, all, None, count));
                samples
            }
            _ => one(""),
        }
    }
}

fn families(types: &'static [MetricType]) -> impl Strategy<Value = Vec<Family>> {
    let name = prop_oneof!["[a-z]{1,6}", "\\PC{1,5}"];
    let help = prop_oneof!["\\PC{0,8}", "[\\\\\"\n a]{0,8}"];
    let family = (name, help, select(types), any::<bool>(), vec(seed(), 1..4));
    vec(family, 0..5).prop_map(|families| {
        let build = |(index, (name, help, metric_type, has_unit, seeds)): (
            usize,
            (String, String, MetricType, bool, Vec<Seed>),
        )| {
            let unit = if has_unit { "seconds" } else { "" };
            // The number keeps names apart, the letter keeps them from ending in a suffix that means something.
            let name = format!("{name}_{index}z{}{unit}", if has_unit { "_" } else { "" });
            let mut seen = std::collections::BTreeSet::new();
            let distinct = seeds.iter().filter(|seed| seen.insert(seed.labels.clone()));
            Family {
                samples: distinct
                    .flat_map(|seed| seed.samples(&name, metric_type))
                    .collect(),
                metadata: Metadata {
                    metric_type,
                    unit: unit.into(),
                    help,
                },
                name,
            }
        };
        families.into_iter().enumerate().map(build).collect()
    })
}

fn through(format: Format, families: &[Family]) -> Vec<Family> {
    let negotiated = Negotiated {
        format,
        escaping: Escaping::AllowUtf8,
    };
    let bytes = write_families(families, negotiated);
    let options = Options {
        always_scrape_classic_histograms: true,
        ..Options::default()
    };
    match read_families(format, &bytes, options) {
        Ok(families) => families,
        Err(error) => panic!("{error} in\n{}", String::from_utf8_lossy(&bytes)),
    }
}

use MetricType::{Counter, Gauge, GaugeHistogram, Info, StateSet, Unknown};

const TEXT_TYPES: &[MetricType] = &[
    Counter,
    Gauge,
    Unknown,
    MetricType::Histogram,
    MetricType::Summary,
];
const ALL_TYPES: &[MetricType] = &[
    Counter,
    Gauge,
    Unknown,
    MetricType::Histogram,
    GaugeHistogram,
    MetricType::Summary,
    Info,
    StateSet,
];

/// Protobuf has one set of suffixes for both kinds of histograms, and start timestamps.
fn for_protobuf(mut families: Vec<Family>, seeds: &[Seed]) -> Vec<Family> {
    for family in &mut families {
        let has_start = matches!(
            family.metadata.metric_type,
            Counter | MetricType::Histogram | MetricType::Summary | GaugeHistogram
        );
        for sample in &mut family.samples {
            if has_start {
                sample.start = StartTimestamp::from_millis(seeds[0].start.millis());
            }
        }
    }
    families
}

fn native_family(seeds: &[Seed], metric_type: MetricType) -> Family {
    let mut seen = std::collections::BTreeSet::new();
    let distinct = seeds.iter().filter(|seed| seen.insert(seed.labels.clone()));
    let samples = distinct.map(|seed| {
        let mut native = seed.native.clone();
        if metric_type == GaugeHistogram {
            native.reset_hint = ResetHint::Gauge;
        }
        FamilySample {
            value: Value::Histogram(Arc::new(native)),
            start: StartTimestamp::from_millis(seed.start.millis()),
            exemplars: seed.exemplar.clone().into_iter().collect(),
            ..seed.sample("native", "", None, 0.0)
        }
    });
    Family {
        name: "native".into(),
        metadata: Metadata {
            metric_type,
            ..Metadata::default()
        },
        samples: samples.collect(),
    }
}

proptest! {
    #[test]
    fn prometheus_text_reads_back_equal(mut families in families(TEXT_TYPES)) {
        for family in &mut families {
            // What the format does not carry.
            family.metadata.unit.clear();
            family.samples.iter_mut().for_each(|sample| sample.exemplars.clear());
        }
        prop_assert_eq!(through(Format::PrometheusText100, &families), families);
    }

    #[test]
    fn openmetrics_reads_back_equal(families in families(ALL_TYPES)) {
        prop_assert_eq!(through(Format::OpenMetricsText100, &families), families);
    }

    #[test]
    fn protobuf_reads_back_equal(families in families(TEXT_TYPES), seeds in vec(seed(), 1..4)) {
        let mut families = for_protobuf(families, &seeds);
        families.push(native_family(&seeds, MetricType::Histogram));
        families.push(Family { name: "other".into(), ..native_family(&[], GaugeHistogram) });
        prop_assert_eq!(through(Format::PrometheusProto, &families), families);
        let gauges = [native_family(&seeds, GaugeHistogram)];
        prop_assert_eq!(through(Format::PrometheusProto, &gauges), gauges);
    }
}
