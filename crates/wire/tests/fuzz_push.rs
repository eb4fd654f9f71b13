//! Hostile bytes for every decoder of a push: no panic, no more memory than allowed, and what is read can be written.

use bolero::check;
use plimsoll_types::{ByteCount, SampleColumns, Timestamp, Value};
use plimsoll_wire::compression::{gzip_capped, snappy_capped};
use plimsoll_wire::push::{Decoded, Error, Limits};
use plimsoll_wire::remote_write::{Version, decode, encode};
use plimsoll_wire::{exposition, influx, text_import, vm_json};

fn limits() -> Limits {
    Limits {
        samples: 100,
        memory: ByteCount::MIB,
        ..Limits::default()
    }
}

/// Whatever was decoded holds its own invariants.
fn assert_sound(decoded: &Result<Decoded, Error>) {
    let Ok(decoded) = decoded else { return };
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
