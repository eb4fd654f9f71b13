//! Hostile bytes for every decoder of a push: no panic, nothing decoded beyond the limits, and what is read can be written.
//!
//! What a decoder needs beside its result is not measured here; the fixed cases at the end are bodies whose decoding took
//! memory or time out of all proportion once.

use bolero::check;
use plimsoll_types::{ByteCount, Exemplar, Metadata, Sample, SampleColumns, Timestamp, Value};
use plimsoll_wire::compression::{gzip_capped, snappy_capped};
use plimsoll_wire::push::{Decoded, Error, Limits, Series};
use plimsoll_wire::remote_write::{Version, decode, encode};
use plimsoll_wire::{exposition, influx, text_import, vm_json};

fn limits() -> Limits {
    Limits {
        samples: 100,
        memory: ByteCount::MIB,
        ..Limits::default()
    }
}

/// Whatever was decoded holds its own invariants and is within the limits.
fn assert_sound(decoded: &Result<Decoded, Error>) {
    let Ok(decoded) = decoded else { return };
    assert_within(decoded, &limits());
    for series in &decoded.series {
        assert!(series.labels.metric_name().is_some());
        for sample in &series.samples {
            if let Value::Histogram(histogram) = &sample.value {
                histogram
                    .validate()
                    .expect("decoders return valid histograms only");
            }
        }
    }
}

fn assert_within(decoded: &Decoded, limits: &Limits) {
    let (bytes, samples) = decoded
        .series
        .iter()
        .map(size)
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let families: usize = decoded.families.iter().map(family_bytes).sum();
    let bytes = bytes + families;
    assert!(bytes as u64 <= limits.memory.0, "{bytes} bytes");
    assert!(samples as u64 <= limits.samples, "{samples} samples");
    for refusal in decoded.refusals.details() {
        assert!(refusal.message.len() < 2000, "{}", refusal.message);
    }
}

/// How much memory a series needs, and how many samples and exemplars it has.
fn size(series: &Series) -> (usize, usize) {
    let histograms = series.samples.iter().map(|sample| match &sample.value {
        Value::Float(_) => 0,
        Value::Histogram(histogram) => histogram.byte_count(),
    });
    let exemplars = series
        .exemplars
        .iter()
        .map(|exemplar| size_of::<Exemplar>() + exemplar.labels.byte_count());
    let metadata = series.metadata.as_ref().map_or(0, text_bytes);
    let bytes = size_of::<Series>()
        + series.labels.byte_count()
        + series.samples.len() * size_of::<Sample>()
        + histograms.sum::<usize>()
        + exemplars.sum::<usize>()
        + metadata;
    (bytes, series.samples.len() + series.exemplars.len())
}

fn family_bytes((name, metadata): &(String, Metadata)) -> usize {
    size_of::<(String, Metadata)>() + name.len() + text_bytes(metadata)
}

fn text_bytes(metadata: &Metadata) -> usize {
    assert!(metadata.help.len() <= 1024 && metadata.unit.len() <= 1024);
    metadata.help.len() + metadata.unit.len()
}

fn fuzz_remote_write(version: Version, bytes: &[u8]) {
    let decoded = decode(version, bytes, &limits());
    assert_sound(&decoded);
    if let Ok(decoded) = decoded {
        let again = decode(
            version,
            &encode(version, &decoded.series),
            &Limits::default(),
        )
        .expect("our own message is well formed");
        assert!(again.refusals.is_empty());
        assert_eq!(again.series.len(), decoded.series.len());
    }
}

#[test]
fn remote_write_1() {
    check!().for_each(|bytes: &[u8]| fuzz_remote_write(Version::V1, bytes));
}

#[test]
fn remote_write_2() {
    check!().for_each(|bytes: &[u8]| fuzz_remote_write(Version::V2, bytes));
}

#[test]
fn content_type() {
    check!().for_each(|bytes: &[u8]| {
        if let Ok(text) = std::str::from_utf8(bytes) {
            let _ = Version::negotiate(Some(text), None);
            let _ = Version::negotiate(None, Some(text));
        }
    });
}

#[test]
fn json_lines() {
    check!().for_each(|bytes: &[u8]| {
        let decoded = vm_json::decode(bytes, &limits());
        assert_sound(&decoded);
        for series in decoded.unwrap_or_default().series {
            let mut columns = SampleColumns::default();
            series
                .samples
                .iter()
                .for_each(|sample| columns.push(sample));
            let mut line = Vec::new();
            vm_json::encode(&series.labels, &columns, &mut line);
            let again = vm_json::decode(&line, &Limits::default()).unwrap();
            assert!(again.refusals.is_empty());
        }
    });
}

#[test]
fn influx_lines() {
    let options = influx::Options {
        precision: influx::Precision::Seconds,
        db: "fuzz",
        now: Timestamp::EPOCH,
    };
    check!().for_each(|bytes: &[u8]| assert_sound(&influx::decode(bytes, &options, &limits())));
}

#[test]
fn pushed_expositions() {
    check!().for_each(|bytes: &[u8]| {
        for format in [
            exposition::Format::PrometheusText004,
            exposition::Format::OpenMetricsText100,
            exposition::Format::PrometheusProto,
        ] {
            let decoded = text_import::decode(format, bytes, Timestamp::EPOCH, &limits());
            assert_sound(&decoded);
        }
    });
}

#[test]
fn compressed_bodies() {
    check!().for_each(|bytes: &[u8]| {
        let limit = ByteCount::KIB;
        for contents in [snappy_capped(bytes, limit), gzip_capped(bytes, limit)] {
            assert!(contents.unwrap_or_default().len() as u64 <= limit.0);
        }
    });
}

/// A field of a protobuf message that has a length.
fn field(number: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    bytes.extend(length(contents.len()));
    bytes.extend(contents);
    bytes
}

fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length >= 128 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
}

/// Two bytes of an empty label become a struct of 48, so 32 MiB of them would need 800 MiB.
#[test]
fn a_metric_of_empty_labels_is_refused_before_it_is_decoded() {
    let metric = field(1, b"").repeat(16 << 20);
    let family = [field(1, b"a"), field(4, &metric)].concat();
    let body = [length(family.len()), family].concat();
    let format = exposition::Format::PrometheusProto;
    let error = text_import::decode(format, &body, Timestamp::EPOCH, &limits()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with("at most 1048576 bytes, found 33554432"),
        "{message}"
    );
    let metric = field(1, b"").repeat(500_000);
    let family = [field(1, b"a"), field(4, &metric)].concat();
    let body = [length(family.len()), family].concat();
    let error = text_import::decode(format, &body, Timestamp::EPOCH, &limits()).unwrap_err();
    let message = error.to_string();
    assert!(
        message.ends_with("at most 1024 labels, found 500000"),
        "{message}"
    );
}

/// A field for every four bytes of a line whose other half is its measurement.
#[test]
fn an_influx_line_is_read_once_and_not_for_each_field() {
    let options = influx::Options {
        precision: influx::Precision::Seconds,
        db: "fuzz",
        now: Timestamp::EPOCH,
    };
    let fields = vec!["f=1"; 2 << 20].join(",");
    let line = format!("{} {fields}", "x".repeat((8 << 20) - 1));
    assert_eq!(line.len(), (16 << 20) - 1);
    let roomy = Limits {
        samples: u64::MAX,
        ..Limits::default()
    };
    let decoded = influx::decode(line.as_bytes(), &options, &roomy).unwrap();
    assert_within(&decoded, &roomy);
    assert_eq!((decoded.series.len(), decoded.refusals.items()), (0, 1));
    // With the limits of a request the fields are not even collected.
    let limit = limits().samples;
    let decoded = influx::decode(line.as_bytes(), &options, &limits());
    assert_eq!(decoded, Err(Error::TooManySamples { limit }));
}

#[test]
fn a_text_series_of_endless_labels_is_refused_by_its_length() {
    let labels: Vec<String> = (0..1 << 20).map(|index| format!("l{index}=\"\"")).collect();
    for (labels, expected) in [
        (labels[..100].join(","), "101 labels, the limit is 64"),
        (labels.join(","), "1048577 labels, the limit is 64"),
        (
            format!("a=\"{}\"", "x".repeat(16 << 20)),
            "the series has 16777223 bytes, the limit is 16 MiB",
        ),
    ] {
        let body = format!("a{{{labels}}} 1\n");
        let format = exposition::Format::PrometheusText004;
        let decoded = text_import::decode(format, body.as_bytes(), Timestamp::EPOCH, &limits());
        let decoded = decoded.unwrap();
        assert_within(&decoded, &limits());
        let message = &decoded.refusals.details()[0].message;
        assert!(message.ends_with(expected), "{message}");
    }
}

/// One long help text that each series refers to.
#[test]
fn metadata_of_remote_write_is_cut() {
    let help = "h".repeat(1 << 20);
    let metadata = Metadata {
        help,
        ..Metadata::default()
    };
    let families = [("a".to_owned(), metadata.clone())];
    let body = plimsoll_wire::remote_write::encode_families(&families);
    assert_sound(&decode(Version::V1, &body, &limits()));
    let series: Vec<Series> = (0..90)
        .map(|index| Series {
            labels: plimsoll_types::Labels::from_pairs([("__name__", format!("a{index}"))]),
            samples: vec![Sample::float(Timestamp::EPOCH, 1.0)],
            metadata: Some(metadata.clone()),
            ..Series::default()
        })
        .collect();
    let decoded = decode(Version::V2, &encode(Version::V2, &series), &limits());
    assert_eq!(decoded.as_ref().unwrap().series.len(), 90);
    assert_sound(&decoded);
}
