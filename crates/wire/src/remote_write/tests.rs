//! Round trips with every NaN payload and every kind of histogram, and each fault that a peer can send.

use std::sync::Arc;

use plimsoll_types::{
    BucketCounts, ByteCount, CUSTOM_BUCKETS_SCHEMA, Counts, Exemplar, Histogram, MetricType,
    ResetHint, Sample, SeriesRef, Span, StartTimestamp, Timestamp, Value, stale_nan,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use prost::Message;

use super::messages::{self, BucketSpan, Count, Label, RequestV2, TimeSeriesV2, ZeroCount};
use super::*;
use crate::push::Spelling;

fn any_float() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        Just(stale_nan()),
        Just(f64::from_bits(0x7ff8_0000_dead_beef)),
        any::<i32>().prop_map(f64::from),
    ]
}

fn spans(first: std::ops::Range<i32>) -> impl Strategy<Value = Vec<Span>> {
    let later = vec((0..5i32, 0..4u32), 0..4);
    (first, 0..4u32, later).prop_map(|(offset, length, later)| {
        let span = |(offset, length)| Span { offset, length };
        std::iter::once((offset, length))
            .chain(later)
            .map(span)
            .collect()
    })
}

fn buckets(spans: &[Span]) -> usize {
    spans.iter().map(|span| span.length as usize).sum()
}

prop_compose! {
    fn integer_counts(positive: usize, negative: usize)(
        zero in 0..1u64 << 40,
        positive in vec(0..1u64 << 40, positive),
        negative in vec(0..1u64 << 40, negative),
    ) -> Counts {
        let count = zero + positive.iter().sum::<u64>() + negative.iter().sum::<u64>();
        Counts::Integer(BucketCounts { count, zero, positive, negative })
    }
}

prop_compose! {
    fn float_counts(positive: usize, negative: usize)(
        count in 0.0..1e9,
        zero in 0.0..1e9,
        positive in vec(0.0..1e9, positive),
        negative in vec(0.0..1e9, negative),
    ) -> Counts {
        Counts::Float(BucketCounts { count, zero, positive, negative })
    }
}

fn any_hint() -> impl Strategy<Value = ResetHint> {
    prop_oneof![
        Just(ResetHint::Unknown),
        Just(ResetHint::Reset),
        Just(ResetHint::NotReset),
        Just(ResetHint::Gauge),
    ]
}

fn exponential() -> impl Strategy<Value = Histogram> {
    (
        spans(-100..100),
        spans(-100..100),
        -4..9i8,
        any::<i32>(),
        any_hint(),
    )
        .prop_flat_map(
            |(positive_spans, negative_spans, schema, sum, reset_hint)| {
                let (positive, negative) = (buckets(&positive_spans), buckets(&negative_spans));
                let counts = prop_oneof![
                    integer_counts(positive, negative),
                    float_counts(positive, negative)
                ];
                counts.prop_map(move |counts| Histogram {
                    schema,
                    zero_threshold: 0.001,
                    sum: sum.into(),
                    reset_hint,
                    counts,
                    positive_spans: positive_spans.clone(),
                    negative_spans: negative_spans.clone(),
                    custom_bounds: Vec::new(),
                })
            },
        )
}

fn custom() -> impl Strategy<Value = Histogram> {
    vec(0..1u64 << 40, 1..6).prop_map(|positive| Histogram {
        schema: CUSTOM_BUCKETS_SCHEMA,
        sum: 1.5,
        positive_spans: vec![Span {
            offset: 0,
            length: positive.len() as u32,
        }],
        custom_bounds: (1..positive.len()).map(|bound| bound as f64).collect(),
        counts: Counts::Integer(BucketCounts {
            count: positive.iter().sum(),
            positive,
            ..BucketCounts::default()
        }),
        ..Histogram::default()
    })
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let histogram = prop_oneof![exponential(), custom(), Just(Histogram::stale())];
    let value = prop_oneof![
        any_float().prop_map(Value::Float),
        histogram.prop_map(|histogram| Value::Histogram(Arc::new(histogram))),
    ];
    (any::<i64>(), any::<i64>(), value).prop_map(|(timestamp, start, value)| Sample {
        timestamp: Timestamp::from_millis(timestamp),
        start: StartTimestamp::from_millis(start),
        value,
    })
}

fn any_labels() -> impl Strategy<Value = Labels> {
    (".{1,20}", btree_map(".{1,10}", ".{0,10}", 0..5)).prop_map(|(name, others)| {
        let mut builder = Labels::from_pairs(others).to_builder();
        builder.set("__name__", &name).build()
    })
}

fn any_exemplar() -> impl Strategy<Value = Exemplar> {
    let labels = btree_map(".{1,10}", ".{0,10}", 0..3).prop_map(Labels::from_pairs);
    // A float that equals itself: exemplars are compared by value.
    (labels, any::<i32>(), any::<i64>()).prop_map(|(labels, value, timestamp)| Exemplar {
        labels,
        value: value.into(),
        timestamp: Timestamp::from_millis(timestamp),
    })
}

fn any_metadata() -> impl Strategy<Value = Metadata> {
    ("[a-z]{0,8}", ".{0,20}", 0..8u64).prop_map(|(unit, help, metric_type)| Metadata {
        metric_type: messages::metric_type(metric_type),
        unit,
        help,
    })
}

/// Floats before histograms, as both messages keep them apart.
fn any_series() -> impl Strategy<Value = Series> {
    // Version 2 reads a message that says nothing as none.
    let says_something = |metadata: &Metadata| *metadata != Metadata::default();
    let metadata = proptest::option::of(any_metadata().prop_filter("empty", says_something));
    (
        any_labels(),
        vec(any_sample(), 1..6),
        vec(any_exemplar(), 0..3),
        metadata,
    )
        .prop_map(|(labels, mut samples, exemplars, metadata)| {
            samples.sort_by_key(|sample| matches!(sample.value, Value::Histogram(_)));
            Series {
                labels,
                samples,
                exemplars,
                metadata,
                spelling: None,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn version_2_returns_what_was_encoded(series in vec(any_series(), 0..4)) {
        let bytes = encode(Version::V2, &series);
        let decoded = decode(Version::V2, &bytes, &Limits::default()).unwrap();
        prop_assert_eq!(decoded.refusals.details(), &[]);
        prop_assert_eq!(decoded.series, series);
    }

    #[test]
    fn version_1_returns_what_it_has_a_place_for(mut series in vec(any_series(), 0..4)) {
        let bytes = encode(Version::V1, &series);
        for series in &mut series {
            series.metadata = None;
            series.samples.iter_mut().for_each(|sample| sample.start = StartTimestamp::UNKNOWN);
        }
        let decoded = decode(Version::V1, &bytes, &Limits::default()).unwrap();
        prop_assert_eq!(decoded.refusals.details(), &[]);
        prop_assert_eq!(decoded.series, series);
    }

    #[test]
    fn families_return(families in vec(("[a-z]{1,8}", any_metadata()), 0..4)) {
        let decoded = decode(Version::V1, &encode_families(&families), &Limits::default());
        prop_assert_eq!(decoded.unwrap().families, families);
    }

    #[test]
    fn a_damaged_message_is_refused_or_read_and_never_panics(
        series in vec(any_series(), 1..3),
        at: prop::sample::Index,
        byte: u8,
    ) {
        for version in [Version::V1, Version::V2] {
            let mut bytes = encode(version, &series);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = decode(version, &bytes, &Limits::default());
            let _ = decode(version, &bytes[..at], &Limits::default());
        }
    }
}

const NAME: &str = "__name__";

fn label(name: &str, value: &str) -> Label {
    Label {
        name: name.into(),
        value: value.into(),
    }
}

fn sample(timestamp: i64) -> messages::Sample {
    messages::Sample {
        value: 1.0,
        timestamp,
        start_timestamp: 0,
    }
}

fn v1(series: Vec<messages::TimeSeries>) -> Decoded {
    let request = messages::WriteRequest {
        timeseries: series,
        metadata: Vec::new(),
    };
    decode(Version::V1, &request.encode_to_vec(), &Limits::default()).unwrap()
}

fn v1_labels(labels: Vec<Label>) -> messages::TimeSeries {
    messages::TimeSeries {
        labels,
        samples: vec![sample(1), sample(2)],
        ..Default::default()
    }
}

fn v2(symbols: &[&str], series: Vec<TimeSeriesV2>) -> Result<Decoded, Error> {
    let request = RequestV2 {
        symbols: symbols.iter().map(|symbol| symbol.to_string()).collect(),
        timeseries: series,
    };
    decode(Version::V2, &request.encode_to_vec(), &Limits::default())
}

fn v2_refs(label_refs: Vec<u32>) -> TimeSeriesV2 {
    TimeSeriesV2 {
        label_refs,
        samples: vec![sample(1)],
        ..Default::default()
    }
}

fn messages_of(decoded: &Decoded) -> Vec<&str> {
    let details = decoded.refusals.details().iter();
    details.map(|refusal| refusal.message.as_str()).collect()
}

#[test]
fn version_1_refuses_each_bad_series_alone() {
    let decoded = v1(vec![
        v1_labels(vec![label("job", "a")]),
        v1_labels(vec![
            label("job", "a"),
            label(NAME, "up"),
            label("job", "b"),
        ]),
        v1_labels(vec![label(NAME, "up"), label("", "b")]),
        v1_labels(vec![label(NAME, "")]),
        v1_labels(vec![label("b", "2"), label(NAME, "good"), label("a", "1")]),
    ]);
    assert_eq!(
        messages_of(&decoded),
        [
            r#"series 0 {job="a"}: wanted the label __name__, found none"#,
            r#"series 1 up{job="a", job="b"}: the label "job" is there twice"#,
            r#"series 2 up{="b"}: wanted a label name, found """#,
            r#"series 3 {}: wanted the label __name__, found none"#,
        ]
    );
    let counts: Vec<_> = decoded.refusals.samples_by_reason().collect();
    assert_eq!(counts, [(RefusalReason::InvalidLabels, 8)]);
    assert_eq!(decoded.series.len(), 1, "labels out of order are sorted");
    assert_eq!(
        decoded.series[0].labels.to_string(),
        r#"good{a="1", b="2"}"#
    );
}

#[test]
fn version_2_refuses_each_bad_series_alone() {
    let symbols = ["", NAME, "up", "job", "a"];
    let empty = TimeSeriesV2 {
        samples: Vec::new(),
        ..v2_refs(vec![1, 2])
    };
    let bad_exemplar = TimeSeriesV2 {
        exemplars: vec![messages::ExemplarV2 {
            label_refs: vec![99, 1],
            ..Default::default()
        }],
        metadata: Some(messages::MetadataV2 {
            help_ref: 99,
            ..Default::default()
        }),
        ..v2_refs(vec![1, 2])
    };
    let series = vec![
        v2_refs(vec![1, 2, 3]),
        v2_refs(vec![1, 2, 3, 5]),
        v2_refs(vec![3, 4, 1, 2, 3, 4]),
        v2_refs(vec![]),
        empty,
        bad_exemplar,
    ];
    let decoded = v2(&symbols, series).unwrap();
    assert_eq!(
        messages_of(&decoded),
        [
            "series 0 up: wanted an even number of label references, found 3",
            "series 1 up: wanted a reference to one of 5 symbols, found 5",
            r#"series 2 up{job="a", job="a"}: the label "job" is there twice"#,
            "series 3 {}: wanted the label __name__, found none",
            "series 4 up: wanted at least one sample or histogram",
            "exemplar of series up: wanted a reference to one of 5 symbols, found 99",
            "metadata of series up: wanted a reference to one of 5 symbols, found 99",
        ]
    );
    assert_eq!(decoded.series.len(), 1, "a bad exemplar costs no sample");
}

#[test]
fn the_first_symbol_is_empty_or_the_request_is_refused() {
    let error = v2(&["up", NAME], vec![v2_refs(vec![1, 0])]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"wanted an empty string as the first symbol, found "up""#
    );
    assert_eq!(v2(&[], Vec::new()).unwrap(), Decoded::default());
}

#[test]
fn symbols_may_follow_the_series_that_refer_to_them() {
    let part = |symbols: &[&str], timeseries| RequestV2 {
        symbols: symbols.iter().map(|symbol| symbol.to_string()).collect(),
        timeseries,
    };
    let mut bytes = part(&[], vec![v2_refs(vec![1, 2])]).encode_to_vec();
    bytes.extend(part(&["", NAME, "up"], Vec::new()).encode_to_vec());
    let decoded = decode(Version::V2, &bytes, &Limits::default()).unwrap();
    assert_eq!(decoded.series[0].labels.to_string(), "up");
}

#[test]
fn exemplars_may_come_without_a_sample() {
    let series = TimeSeriesV2 {
        samples: Vec::new(),
        exemplars: vec![messages::ExemplarV2::default()],
        ..v2_refs(vec![1, 2])
    };
    let decoded = v2(&["", NAME, "up"], vec![series]).unwrap();
    assert!(decoded.refusals.is_empty());
    assert_eq!(decoded.series[0].exemplars.len(), 1);
}

#[test]
fn the_created_timestamp_stands_in_where_a_sample_has_no_start() {
    let series = TimeSeriesV2 {
        samples: vec![
            sample(10),
            messages::Sample {
                start_timestamp: 7,
                ..sample(11)
            },
        ],
        created_timestamp: 5,
        ..v2_refs(vec![1, 2])
    };
    let decoded = v2(&["", NAME, "up"], vec![series]).unwrap();
    let starts: Vec<i64> = decoded.series[0]
        .samples
        .iter()
        .map(|sample| sample.start.millis())
        .collect();
    assert_eq!(starts, [5, 7]);
}

/// What becomes of one histogram in a series of version 1.
fn histogram_of(histogram: messages::Histogram) -> Result<Arc<Histogram>, String> {
    let decoded = v1(vec![messages::TimeSeries {
        labels: vec![label(NAME, "h")],
        samples: vec![sample(1)],
        histograms: vec![histogram],
        ..Default::default()
    }]);
    match (
        &decoded.series[0].samples[..],
        decoded.refusals.details().first(),
    ) {
        ([_, sample], None) => match &sample.value {
            Value::Histogram(histogram) => Ok(histogram.clone()),
            Value::Float(_) => panic!("wanted a histogram"),
        },
        ([_], Some(refusal)) => Err(refusal.message.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn refuses_each_bad_histogram_and_keeps_the_floats() {
    let integer = |deltas: Vec<i64>, length: u32| messages::Histogram {
        count: Some(Count::Integer(3)),
        positive_deltas: deltas,
        positive_spans: vec![BucketSpan { offset: 0, length }],
        ..Default::default()
    };
    let error = |histogram| histogram_of(histogram).unwrap_err();
    let prefix = "histogram of series h at 0 ms: ";
    assert_eq!(
        error(integer(vec![3], u32::MAX)),
        format!("{prefix}positive spans need 4294967295 buckets, found 1")
    );
    assert_eq!(
        error(integer(vec![2, -3], 2)),
        format!("{prefix}a positive bucket is -1, wanted 0 or more")
    );
    assert_eq!(
        error(integer(vec![i64::MAX, i64::MAX, 2], 3)),
        format!("{prefix}a positive bucket is 18446744073709552000, wanted 0 or more")
    );
    assert_eq!(
        error(integer(vec![2], 1)),
        format!("{prefix}2 observations in the buckets, but the count is 3")
    );
    let schema = messages::Histogram {
        schema: 1 << 20,
        ..integer(vec![3], 1)
    };
    assert_eq!(
        error(schema),
        format!("{prefix}schema 1048576 is none of -4 to 8 and -53")
    );
    assert!(histogram_of(integer(vec![3], 1)).is_ok());
}

#[test]
fn a_stale_histogram_brings_no_buckets_to_storage() {
    let junk = messages::Histogram {
        count: Some(Count::Float(1.0)),
        zero_count: Some(ZeroCount::Float(-1.0)),
        sum: stale_nan(),
        schema: 99,
        positive_spans: vec![BucketSpan {
            offset: -5,
            length: u32::MAX,
        }],
        ..Default::default()
    };
    let expected = Histogram {
        counts: Counts::Float(BucketCounts::default()),
        ..Histogram::stale()
    };
    assert!(histogram_of(junk).unwrap().same_bits(&expected));
}

#[test]
fn a_label_value_of_10_mb_is_refused_by_name() {
    let decoded = v1(vec![
        v1_labels(vec![label(NAME, "big"), label("b", &"x".repeat(10 << 20))]),
        v1_labels(vec![label(NAME, "good")]),
    ]);
    let dots = format!("{}\"...", "x".repeat(64));
    assert_eq!(
        messages_of(&decoded),
        [format!(
            "series 0 big{{b=\"{dots}}}: the value of label \"b\" has 10485760 bytes, the limit is 64 KiB"
        )]
    );
    assert_eq!(decoded.series.len(), 1);
}

#[test]
fn too_many_labels_are_refused_in_either_version() {
    let names: Vec<String> = (0..64).map(|index| format!("l{index}")).collect();
    let mut labels: Vec<Label> = names.iter().map(|name| label(name, "x")).collect();
    labels.push(label(NAME, "up"));
    let decoded = v1(vec![v1_labels(labels)]);
    assert!(messages_of(&decoded)[0].ends_with("65 labels, the limit is 64"));
    let decoded = v2(&["", NAME], vec![v2_refs(vec![1; 2 * 65])]).unwrap();
    assert!(messages_of(&decoded)[0].ends_with("65 labels, the limit is 64"));
    assert_eq!(decoded.refusals.details()[0].reason.as_str(), "label_limit");
}

#[test]
fn labels_that_are_not_utf8_are_refused_with_their_place() {
    // prost cannot write them, so the message is put together by hand: Label { name: "a", value: 0x78 0xff }.
    let bad_label = b"\x0a\x01a\x12\x02x\xff";
    let mut series = messages::TimeSeries {
        labels: vec![label(NAME, "up")],
        ..Default::default()
    }
    .encode_to_vec();
    series.extend([0x0a, bad_label.len() as u8]);
    series.extend(bad_label);
    let mut request = vec![0x0a, series.len() as u8];
    request.extend(series);
    let decoded = decode(Version::V1, &request, &Limits::default()).unwrap();
    assert_eq!(
        messages_of(&decoded),
        ["series 0 up{a=\"x\u{fffd}\"}: the value of label \"a\" is not valid UTF-8 at byte 1"]
    );
}

#[test]
fn one_long_symbol_does_not_multiply_in_memory() {
    let limits = Limits {
        memory: ByteCount::MIB,
        ..Limits::default()
    };
    let request = RequestV2 {
        symbols: ["", NAME, "up", "b", &"x".repeat(60_000)]
            .map(String::from)
            .to_vec(),
        timeseries: vec![v2_refs(vec![1, 2, 3, 4]); 100],
    };
    let error = decode(Version::V2, &request.encode_to_vec(), &limits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the decoded request needs more than the limit of 1 MiB of memory; send smaller ones"
    );
}

#[test]
fn the_samples_of_a_request_are_limited() {
    let limits = Limits {
        samples: 3,
        ..Limits::default()
    };
    let series = vec![v1_labels(vec![label(NAME, "up")]); 2];
    let request = messages::WriteRequest {
        timeseries: series,
        metadata: Vec::new(),
    };
    assert_eq!(
        decode(Version::V1, &request.encode_to_vec(), &limits),
        Err(Error::TooManySamples { limit: 3 })
    );
}

#[test]
fn a_torn_message_is_refused_whole() {
    let series = Series {
        labels: Labels::from_pairs([(NAME, "up")]),
        samples: vec![Sample::float(Timestamp::from_millis(1), 1.0)],
        ..Series::default()
    };
    for version in [Version::V1, Version::V2] {
        let bytes = encode(version, std::slice::from_ref(&series));
        let error = decode(version, &bytes[..bytes.len() - 1], &Limits::default()).unwrap_err();
        assert!(
            error.to_string().starts_with("wanted a protobuf field of "),
            "{error}"
        );
    }
}

#[test]
fn metric_types_we_do_not_know_say_nothing() {
    assert_eq!(messages::metric_type(7), MetricType::StateSet);
    assert_eq!(messages::metric_type(8), MetricType::Unknown);
    assert_eq!(messages::metric_type(u64::MAX), MetricType::Unknown);
}

#[test]
fn tells_the_version_from_the_headers() {
    let negotiate = |content_type, encoding| Version::negotiate(content_type, encoding).ok();
    let snappy = Some("snappy");
    for (content_type, expected) in [
        ("application/x-protobuf", Some(Version::V1)),
        ("application/x-protobuf; charset=utf-8", Some(Version::V1)),
        (
            "application/x-protobuf;proto=prometheus.WriteRequest",
            Some(Version::V1),
        ),
        (
            "Application/X-Protobuf; proto=io.prometheus.write.v2.Request",
            Some(Version::V2),
        ),
        (
            "application/x-protobuf;proto=io.prometheus.write.v3.Request",
            None,
        ),
        ("application/x-protobuf;proto", None),
        ("application/json", None),
        ("", Some(Version::V1)),
    ] {
        assert_eq!(
            negotiate(Some(content_type), snappy),
            expected,
            "{content_type}"
        );
    }
    for version in [Version::V1, Version::V2] {
        assert_eq!(
            negotiate(Some(version.content_type()), snappy),
            Some(version)
        );
    }
    assert_eq!(negotiate(None, None), Some(Version::V1));
    assert_eq!(
        negotiate(Some("application/x-protobuf"), Some("zstd")),
        None
    );
    assert_eq!(
        Version::negotiate(None, Some("zstd"))
            .unwrap_err()
            .to_string(),
        r#"wanted Content-Encoding snappy, found "zstd""#
    );
}

/// Puts a message together byte by byte, so that a wrong field number cannot cancel out between writer and reader.
fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, contents.len() as u8], contents].concat()
}

const ONE: [u8; 8] = 1f64.to_le_bytes();

#[test]
fn reads_and_writes_the_bytes_of_version_1() {
    let label = |name: &[u8], value: &[u8]| field(1, &[field(1, name), field(2, value)].concat());
    let sample = [&[0x09][..], &ONE, &[0x10, 5]].concat();
    let series = [label(b"__name__", b"up"), field(2, &sample)].concat();
    let bytes = field(1, &series);
    let expected = Series {
        labels: Labels::from_pairs([(NAME, "up")]),
        samples: vec![Sample::float(Timestamp::from_millis(5), 1.0)],
        ..Series::default()
    };
    let decoded = decode(Version::V1, &bytes, &Limits::default()).unwrap();
    assert_eq!(decoded.series, [expected]);
    assert_eq!(encode(Version::V1, &decoded.series), bytes);
}

#[test]
fn metadata_that_says_nothing_is_none() {
    let empty = TimeSeriesV2 {
        metadata: Some(messages::MetadataV2::default()),
        ..v2_refs(vec![1, 2])
    };
    let typed = TimeSeriesV2 {
        metadata: Some(messages::MetadataV2 {
            metric_type: messages::MetricType::from(MetricType::Counter).into(),
            ..Default::default()
        }),
        ..v2_refs(vec![1, 2])
    };
    let decoded = v2(&["", NAME, "up"], vec![empty, typed]).unwrap();
    assert_eq!(decoded.series[0].metadata, None);
    let found = decoded.series[1].metadata.as_ref().unwrap();
    assert_eq!(found.metric_type, MetricType::Counter);
}

#[test]
fn reads_and_writes_the_bytes_of_version_2() {
    let symbols = [field(4, b""), field(4, b"__name__"), field(4, b"up")].concat();
    let sample = [&[0x09][..], &ONE, &[0x10, 5, 0x18, 3]].concat();
    let exemplar = [&[0x11][..], &ONE, &[0x18, 4]].concat();
    let metadata = [0x08, 2, 0x18, 3];
    let series = [
        field(1, &[1, 2]),
        field(2, &sample),
        field(4, &exemplar),
        field(5, &metadata),
    ]
    .concat();
    let bytes = [symbols, field(4, b"Up?"), field(5, &series)].concat();
    let expected = Series {
        labels: Labels::from_pairs([(NAME, "up")]),
        samples: vec![Sample {
            start: StartTimestamp::from_millis(3),
            ..Sample::float(Timestamp::from_millis(5), 1.0)
        }],
        exemplars: vec![Exemplar {
            labels: Labels::empty(),
            value: 1.0,
            timestamp: Timestamp::from_millis(4),
        }],
        metadata: Some(Metadata {
            metric_type: MetricType::Gauge,
            unit: String::new(),
            help: "Up?".into(),
        }),
        spelling: None,
    };
    let decoded = decode(Version::V2, &bytes, &Limits::default()).unwrap();
    assert_eq!(decoded.series, [expected]);
    assert_eq!(encode(Version::V2, &decoded.series), bytes);
}

#[test]
fn reads_and_writes_the_bytes_of_a_histogram() {
    let histogram = [
        &[0x08, 6, 0x19][..], // count 6, sum
        &ONE,
        &[0x20, 3, 0x29], // schema -2 (zigzag 3), zero threshold
        &ONE,
        &[0x30, 1],                         // zero count 1
        &field(8, &[0x10, 1]),              // negative span of 1 at 0
        &field(9, &[4]),                    // negative bucket 2 (zigzag 4)
        &field(11, &[0x08, 5, 0x10, 2]),    // positive span of 2 at -3 (zigzag 5)
        &field(12, &[4, 1]),                // positive buckets 2 and 2 - 1
        &[0x70, 2, 0x78, 9, 0x88, 0x01, 7], // no reset, at 9, since 7
    ]
    .concat();
    let symbols = [field(4, b""), field(4, b"__name__"), field(4, b"h")].concat();
    let series = [field(1, &[1, 2]), field(3, &histogram)].concat();
    let bytes = [symbols, field(5, &series)].concat();
    let decoded = decode(Version::V2, &bytes, &Limits::default()).unwrap();
    let expected = Sample {
        timestamp: Timestamp::from_millis(9),
        start: StartTimestamp::from_millis(7),
        value: Value::Histogram(Arc::new(Histogram {
            schema: -2,
            zero_threshold: 1.0,
            sum: 1.0,
            reset_hint: ResetHint::NotReset,
            counts: Counts::Integer(BucketCounts {
                count: 6,
                zero: 1,
                positive: vec![2, 1],
                negative: vec![2],
            }),
            positive_spans: vec![Span {
                offset: -3,
                length: 2,
            }],
            negative_spans: vec![Span {
                offset: 0,
                length: 1,
            }],
            custom_bounds: Vec::new(),
        })),
    };
    assert_eq!(decoded.refusals.details(), &[]);
    assert_eq!(decoded.series[0].samples, [expected]);
    assert_eq!(encode(Version::V2, &decoded.series), bytes);
}

/// Knows all that it was told.
struct Acquainted(Vec<(Spelling, SeriesRef)>);

impl KnownSeries for Acquainted {
    fn seed(&self) -> Option<u64> {
        Some(7)
    }

    fn find(&self, spelling: Spelling) -> Option<SeriesRef> {
        let found = self.0.iter().find(|(known, _)| *known == spelling);
        found.map(|(_, series)| *series)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// A series that is recognised brings the floats that decoding finds, and nothing else is lost.
    #[test]
    fn recognising_equals_decoding(series in vec(any_series(), 0..4), is_first: bool) {
        let version = if is_first { Version::V1 } else { Version::V2 };
        let bytes = encode(version, &series);
        let limits = Limits::default();
        let told = decode_with(version, &bytes, &limits, &Acquainted(Vec::new())).unwrap();
        prop_assert!(told.known.is_empty());
        let learned = (0..).zip(&told.series).filter_map(|(index, series)| {
            Some((series.spelling?, SeriesRef(index)))
        });
        let known = Acquainted(learned.collect());
        let found = decode_with(version, &bytes, &limits, &known).unwrap();
        let mut samples = Vec::new();
        for one in &told.series {
            let is_plain = one.exemplars.is_empty()
                && one.samples.iter().all(|sample| matches!(sample.value, Value::Float(_)));
            match one.spelling.and_then(|spelling| known.find(spelling)) {
                Some(id) if is_plain => samples.extend(one.samples.iter().map(|sample| (id, sample.clone()))),
                _ => prop_assert!(found.series.contains(one)),
            }
        }
        prop_assert_eq!(found.known, samples);
        prop_assert_eq!(found.refusals, told.refusals);
    }
}

#[test]
fn a_series_without_samples_is_refused_though_it_is_recognised() {
    let mut series = Series {
        labels: Labels::from_pairs([(NAME, "a")]),
        samples: vec![Sample::float(Timestamp::from_millis(1), 1.0)],
        ..Series::default()
    };
    let decode = |series: &Series, known| {
        let bytes = encode(Version::V2, std::slice::from_ref(series));
        decode_with(Version::V2, &bytes, &Limits::default(), &Acquainted(known)).unwrap()
    };
    let spelling = decode(&series, Vec::new()).series[0].spelling.unwrap();
    let known = vec![(spelling, SeriesRef(1))];
    assert_eq!(decode(&series, known.clone()).known.len(), 1);
    series.samples.clear();
    let refusals = decode(&series, known).refusals;
    assert_eq!(refusals, decode(&series, Vec::new()).refusals);
    assert!(!refusals.is_empty());
}

#[test]
fn other_labels_are_spelled_otherwise() {
    let spelled = |version, pairs: &[(&str, &str)], metadata: Option<Metadata>| {
        let series = Series {
            labels: Labels::from_pairs(pairs.iter().copied()),
            samples: vec![Sample::float(Timestamp::from_millis(1), 1.0)],
            metadata,
            ..Series::default()
        };
        let bytes = encode(version, &[series]);
        let decoded = decode_with(version, &bytes, &Limits::default(), &Acquainted(Vec::new()));
        decoded.unwrap().series[0].spelling.unwrap()
    };
    let metadata = |help: &str| Metadata {
        help: help.into(),
        ..Metadata::default()
    };
    for version in [Version::V1, Version::V2] {
        let base = spelled(version, &[(NAME, "a"), ("b", "c")], None);
        assert_eq!(base, spelled(version, &[("b", "c"), (NAME, "a")], None));
        assert_ne!(base, spelled(version, &[(NAME, "a"), ("b", "d")], None));
        assert_ne!(base, spelled(version, &[(NAME, "a"), ("bc", "")], None));
        assert_ne!(base, spelled(version, &[(NAME, "a")], None));
    }
    let described = |help| spelled(Version::V2, &[(NAME, "a")], Some(metadata(help)));
    assert_eq!(described("x"), described("x"));
    assert_ne!(described("x"), described("y"));
}
