//! Chunks read back what was written; requests are read as clients write them.

use std::sync::Arc;

use plimsoll_types::{
    BucketCounts, Counts, Histogram, ResetHint, Sample, Span, StartTimestamp, stale_nan,
};
use proptest::prelude::*;

use super::*;

fn columns(samples: &[Sample]) -> SampleColumns {
    let mut columns = SampleColumns::default();
    samples.iter().for_each(|sample| columns.push(sample));
    columns
}

fn read_back(columns: &SampleColumns) -> (Vec<Encoding>, Vec<Sample>) {
    let (mut encodings, mut samples) = (Vec::new(), Vec::new());
    for chunk in encode(columns) {
        let begin = samples.len();
        decode(chunk.encoding, &chunk.data, |sample| samples.push(sample)).unwrap();
        assert_eq!(samples[begin].timestamp.millis(), chunk.start_millis);
        assert_eq!(
            samples[samples.len() - 1].timestamp.millis(),
            chunk.end_millis
        );
        encodings.push(chunk.encoding);
    }
    (encodings, samples)
}

fn any_histogram() -> impl Strategy<Value = Histogram> {
    let bound = prop_oneof![Just(0.0), Just(0.125), Just(0.001), any::<f64>()];
    let spans = prop::collection::vec((any::<i32>(), 0..4u32), 0..3);
    let counts = (any::<u64>(), any::<f64>(), any::<bool>());
    let custom = prop::collection::vec(
        prop_oneof![
            (0..100_000u32).prop_map(|n| f64::from(n) / 1000.0),
            any::<f64>()
        ],
        0..4,
    );
    (bound, spans, counts, any::<f64>(), 0..4u8, custom, -4..9i8).prop_map(
        |(zero_threshold, spans, (count, float, is_float), sum, hint, custom_bounds, schema)| {
            let spans: Vec<Span> = spans
                .into_iter()
                .map(|(offset, length)| Span { offset, length })
                .collect();
            let total: u32 = spans.iter().map(|span| span.length).sum();
            let integers = (0..total)
                .map(|index| count.rotate_left(index))
                .collect::<Vec<_>>();
            let floats = (0..total)
                .map(|index| float * f64::from(index))
                .collect::<Vec<_>>();
            let is_custom = schema == -4;
            Histogram {
                schema: if is_custom {
                    plimsoll_types::CUSTOM_BUCKETS_SCHEMA
                } else {
                    schema
                },
                zero_threshold,
                sum,
                reset_hint: [
                    ResetHint::Unknown,
                    ResetHint::Reset,
                    ResetHint::NotReset,
                    ResetHint::Gauge,
                ][usize::from(hint)],
                counts: match is_float {
                    true => Counts::Float(BucketCounts {
                        count: float,
                        zero: float,
                        positive: floats,
                        negative: vec![],
                    }),
                    false => Counts::Integer(BucketCounts {
                        count,
                        zero: count,
                        positive: integers,
                        negative: vec![],
                    }),
                },
                positive_spans: spans,
                negative_spans: vec![],
                custom_bounds: if is_custom { custom_bounds } else { vec![] },
            }
        },
    )
}

/// A run of histograms that grow, so that several share a chunk.
fn any_run() -> impl Strategy<Value = Vec<Histogram>> {
    (any_histogram(), 1..130usize, any::<u32>()).prop_map(|(first, length, step)| {
        let grown = |index: usize| {
            let mut next = first.clone();
            if let Counts::Integer(counts) = &mut next.counts {
                counts.count = (counts.count >> 8).wrapping_add(u64::from(step) * index as u64);
                counts.zero = 0;
                for (at, bucket) in counts.positive.iter_mut().enumerate() {
                    *bucket = u64::from(step) * (index + at) as u64;
                }
            }
            next.sum += index as f64;
            next
        };
        (0..length).map(grown).collect()
    })
}

proptest! {
    #[test]
    fn floats_read_back(values in prop::collection::vec((1..i64::MAX >> 20, any::<f64>()), 1..300), first: i32) {
        let mut at = i64::from(first);
        let samples: Vec<Sample> = values.iter().map(|(gap, value)| {
            at += gap;
            Sample::float(Timestamp::from_millis(at), *value)
        }).collect();
        prop_assert_eq!(read_back(&columns(&samples)).1, samples);
    }

    #[test]
    fn histograms_read_back(run in any_run(), gap in 1..100_000i64) {
        let samples: Vec<Sample> = run.into_iter().enumerate().map(|(index, histogram)| {
            Sample::histogram(Timestamp::from_millis(index as i64 * gap), Arc::new(histogram))
        }).collect();
        let (_, found) = read_back(&columns(&samples));
        prop_assert_eq!(found.len(), samples.len());
        for (found, wanted) in found.iter().zip(&samples) {
            let (Value::Histogram(found), Value::Histogram(wanted)) = (&found.value, &wanted.value) else {
                panic!("a histogram became something else");
            };
            // Inside a chunk it is known that nothing was reset.
            let wanted = Histogram { reset_hint: found.reset_hint, ..(**wanted).clone() };
            prop_assert!(found.same_bits(&wanted), "{:?} became {:?}", wanted, found);
        }
    }
}

#[test]
fn kinds_and_ends_begin_another_chunk() {
    let at = Timestamp::from_millis;
    let histogram = |count: u64| Histogram {
        counts: Counts::Integer(BucketCounts {
            count,
            zero: count,
            ..BucketCounts::default()
        }),
        ..Histogram::default()
    };
    let of = |millis: i64, histogram: Histogram| Sample::histogram(at(millis), Arc::new(histogram));
    let samples = [
        Sample::float(at(1), 1.0),
        Sample::float(at(2), stale_nan()),
        of(3, histogram(5)),
        of(4, histogram(7)),
        of(5, histogram(1)),
        of(6, Histogram::stale()),
        Sample {
            start: StartTimestamp::UNKNOWN,
            ..Sample::float(at(7), 2.0)
        },
    ];
    let (encodings, found) = read_back(&columns(&samples));
    use Encoding::{Histogram as H, Xor};
    assert_eq!(encodings, [Xor, H, H, H, Xor]);
    assert_eq!(found.len(), samples.len());
    assert!(found[1].value.is_stale() && found[5].value.is_stale());
}

#[test]
fn a_chunk_is_written_as_prometheus_writes_it() {
    // One sample: count 1, time 1 ms as zigzag 2, the value as 8 bytes.
    let one = columns(&[Sample::float(Timestamp::from_millis(1), 1.0)]);
    let chunk = encode(&one).next().unwrap();
    assert_eq!(chunk.data, [0, 1, 2, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]);
    // The second: difference 1, the same value as one bit 0.
    let samples = [1, 2].map(|millis| Sample::float(Timestamp::from_millis(millis), 1.0));
    let chunk = encode(&columns(&samples)).next().unwrap();
    assert_eq!(chunk.data[1], 2);
    assert_eq!(chunk.data[11..], [1, 0]);
}

#[test]
fn a_request_is_read() {
    let mut matcher = Vec::new();
    write_int64(&mut matcher, 1, 2);
    write_message(&mut matcher, 2, b"job");
    write_message(&mut matcher, 3, b"a|b");
    let mut query = Vec::new();
    write_int64(&mut query, 1, -5);
    write_int64(&mut query, 2, 10);
    write_message(&mut query, 3, &matcher);
    let mut request = Vec::new();
    write_message(&mut request, 1, &query);
    write_message(&mut request, 2, &[1, 0]);
    let request = Request::decode(&request).unwrap();
    assert_eq!(request.response_type(), Ok(ResponseType::StreamedXorChunks));
    let found = &request.queries[0];
    assert_eq!(
        (found.range.start.millis(), found.range.end.millis()),
        (-5, 10)
    );
    assert_eq!(found.matchers[0].to_string(), r#"job=~"a|b""#);
    assert_eq!(
        Request::default().response_type(),
        Ok(ResponseType::Samples)
    );
    let foreign = Request {
        accepted: vec![7],
        ..Request::default()
    };
    let error = foreign.response_type().unwrap_err().to_string();
    assert!(
        error.contains("does not support any of the requested response types"),
        "{error}"
    );
    let many: Vec<u8> = [0x0a, 0].repeat(QUERIES_MAX + 1);
    assert!(Request::decode(&many).is_err());
}

#[test]
fn expressions_are_bounded_together() {
    let request = |count| {
        let mut matcher = Vec::new();
        write_int64(&mut matcher, 1, 2);
        write_message(&mut matcher, 2, b"job");
        // Each takes some megabytes once compiled.
        write_message(&mut matcher, 3, br"(\pL{60}|x){6}");
        let (mut query, mut request) = (Vec::new(), Vec::new());
        write_message(&mut query, 3, &matcher);
        (0..count).for_each(|_| write_message(&mut request, 1, &query));
        request
    };
    assert!(Request::decode(&request(2)).is_ok());
    let error = Request::decode(&request(40)).unwrap_err();
    assert!(error.to_string().contains("128"), "{error}");
}

#[test]
fn hostile_bytes_end_in_a_value_or_an_error() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = Request::decode(bytes);
        for number in 0..4 {
            if let Some(encoding) = Encoding::from_number(number) {
                let _ = decode(encoding, bytes, |_| {});
            }
        }
    });
}

#[test]
fn frames_carry_their_checksum_and_break_between_chunks() {
    let samples: Vec<Sample> = (0..500)
        .map(|index| Sample::float(Timestamp::from_millis(index * 1000), index as f64))
        .collect();
    let labels = Labels::from_pairs([("__name__", "up"), ("job", "a")]);
    let mut frames = Vec::new();
    let is_complete = write_frames(&labels, &columns(&samples), 3, 1, |frame| {
        frames.push(frame);
        true
    });
    assert!(is_complete);
    assert_eq!(
        frames.len(),
        5,
        "each chunk of 120 samples is above one byte"
    );
    for frame in &frames {
        let length = frame.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        let data = &frame[length + 4..];
        assert_eq!(
            frame[length..length + 4],
            crc32c::crc32c(data).to_be_bytes()
        );
        assert_eq!(data[data.len() - 2..], [0x10, 3], "the number of the query");
    }
    assert!(!write_frames(&labels, &columns(&samples), 0, 1, |_| false));
}
