//! Hostile bytes for every decoder of the WAL, the head and the manifest: no panic, no memory beyond their length.

use plimsoll_tsdb::chunk::Decoder;
use plimsoll_tsdb::deletion::Deletion;
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_tsdb::queried::Queried;
use plimsoll_tsdb::wal::batch::{decode_batch, decode_series, encode_batch};
use plimsoll_tsdb::wal::{decode_histogram, encode_histogram, scan};

#[test]
fn wal_records() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let mut covered = 0;
        for found in scan(bytes, 0, 0) {
            covered += match found {
                Ok((offset, _)) => offset - covered,
                Err(damage) => damage.length,
            };
        }
        assert!(covered <= bytes.len());
    });
}

#[test]
fn wal_payloads() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = decode_series(bytes);
        if let Ok(batch) = decode_batch(bytes) {
            let again = decode_batch(&encode_batch(&batch)).expect("what decodes can be written");
            assert_eq!(again.samples, batch.samples);
        }
    });
}

#[test]
fn histograms() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(histogram) = decode_histogram(bytes) {
            let again = decode_histogram(&encode_histogram(&histogram))
                .expect("what decodes can be written");
            assert!(again.same_bits(&histogram));
        }
    });
}

#[test]
fn chunks() {
    bolero::check!()
        .with_type()
        .for_each(|(bytes, count): &(Vec<u8>, u32)| {
            // Two samples need at least two bits.
            let count = count % 4096;
            assert!(Decoder::new(bytes, count).count() <= count as usize);
        });
}

#[test]
fn queried_metrics() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(queried) = Queried::decode(bytes) {
            let again = Queried::decode(queried.encode().as_bytes());
            assert_eq!(again.map(|again| again.encode()), Ok(queried.encode()));
        }
    });
}

#[test]
fn manifests() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(manifest) = Manifest::decode(bytes) {
            assert_eq!(Manifest::decode(manifest.encode().as_bytes()), Ok(manifest));
        }
    });
}

#[test]
fn deletions() {
    bolero::check!().for_each(|bytes: &[u8]| {
        if let Ok(text) = std::str::from_utf8(bytes)
            && let Ok(deletion) = Deletion::parse(text)
        {
            assert_eq!(Deletion::parse(&deletion.to_string()), Ok(deletion));
        }
    });
}
