//! Every decoder on arbitrary bytes and on slightly damaged good ones: an error or a value, never a panic, never memory
//! that the input has not paid for. The checksums are not in the way here: the decoders alone must hold.

use std::sync::Arc;

use plimsoll_types::{TimeRange, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::model;
use crate::part::aggregate::Aggregates;
use crate::part::bytes::{Decoded, Malformed, Reader};
use crate::part::file::Location;
use crate::part::schedules::{Schedule, SchedulesWriter};
use crate::part::series::{Block, BlockKind, Chain, Entry, ExemplarBlock, Starts, Times, Values};
use crate::part::{
    compact, exemplars, floats, histograms, integers, meta, numbers, postings, reader, schedules,
    series, symbols, values,
};

fn any_schedule(number: u32) -> Decoded<Schedule> {
    let start = Timestamp::from_millis(i64::from(number) * 1000);
    match number {
        0..1000 => Ok(Schedule {
            samples: number + 1,
            range: TimeRange::new(start, start.saturating_add_millis(999)),
            times: Times::Even,
            starts: None,
        }),
        _ => Err(Malformed("there is no such schedule")),
    }
}

/// Runs every decoder of the format.
fn decode_all(bytes: &[u8], count: usize) {
    let _ = integers::decode(bytes, count);
    let _ = floats::decode(bytes, count);
    let _ = numbers::decompress::<i64>(bytes, count);
    let _ = numbers::decompress::<f64>(bytes, count);
    let _ = histograms::decode(bytes, count);
    let _ = exemplars::decode(bytes);
    let _ = symbols::decode_page(bytes);
    let _ = symbols::decode_root(bytes);
    let _ = series::decode_page(bytes, 100);
    let _ = compact::decode_page(bytes, 100, &mut any_schedule);
    let _ = schedules::decode_page(bytes);
    let _ = schedules::decode_root(bytes);
    let _ = series::decode_root(bytes, 100);
    let _ = postings::decode_page(bytes, 100);
    let _ = postings::decode_bitmap(bytes, 100);
    let _ = postings::decode_root(bytes, 100);
    let _ = values::decode_root(bytes, 100);
    let _ = values::decode_shard(bytes.to_vec(), count as u32);
    let _ = reader::decode_metadata(bytes);
    let _ = meta::decode_sections(bytes);
    let _ = Aggregates::decode(
        count as u32,
        bytes.first().copied().unwrap_or(0),
        &mut Reader::new(bytes),
    );
}

#[test]
fn arbitrary_bytes() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let (count, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        decode_all(bytes, usize::from(*count));
    });
}

/// The compressed columns get their own target: their format is the deepest.
#[test]
fn compressed_columns() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let (count, bytes) = bytes.split_first().unwrap_or((&0, &[]));
        let column = [&[4, 1], bytes].concat();
        let _ = numbers::decompress::<i64>(&column, usize::from(*count) * 8);
        let _ = numbers::decompress::<f64>(&column, usize::from(*count) * 8);
    });
}

fn good_blocks(seed: u64) -> Vec<Vec<u8>> {
    let mut random = plimsoll_testkit::Seed::new(seed);
    let count = 1 + random.below(300) as usize;
    let whole: Vec<i64> = (0..count).map(|_| random.below(1000) as i64).collect();
    let real: Vec<f64> = (0..count).map(|_| random.unit()).collect();
    let walk: Vec<f64> = whole.iter().map(|value| *value as f64 / 10.0).collect();
    let mut blocks = vec![Vec::new(); 3];
    integers::encode(&whole, 4, &mut blocks[0]);
    floats::encode(&real, 4, &mut blocks[1]);
    floats::encode(&walk, 4, &mut blocks[2]);
    blocks.push(numbers::compress(&whole, 4, &[0, 1, 2]));
    blocks.push(numbers::compress(&real, 4, &[0, 1]));
    let bitmap: roaring::RoaringBitmap = whole.iter().map(|id| *id as u32 % 100).collect();
    let mut bytes = Vec::new();
    bitmap.serialize_into(&mut bytes).unwrap();
    blocks.push(bytes);
    blocks
}

proptest! {
    #[test]
    fn damaged_blocks(seed: u64, changes in vec((any::<Index>(), any::<u8>()), 1..4), count in 0usize..600) {
        for mut block in good_blocks(seed) {
            for (place, value) in &changes {
                let at = place.index(block.len());
                block[at] = *value;
            }
            decode_all(&block, count);
        }
    }

    #[test]
    fn damaged_histograms_and_exemplars(
        values in vec(model::any_histogram().prop_map(Arc::new), 1..10),
        marks in vec(model::any_exemplar(), 1..5),
        changes in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut blocks = vec![Vec::new(); 2];
        histograms::encode(&values, 4, &mut blocks[0]);
        exemplars::encode(&marks, 4, &mut blocks[1]);
        let back = histograms::decode(&blocks[0], values.len()).unwrap();
        prop_assert!(values.iter().zip(&back).all(|(a, b)| a.same_bits(b)));
        for mut block in blocks {
            for (place, value) in &changes {
                let at = place.index(block.len());
                block[at] = *value;
            }
            decode_all(&block, values.len());
        }
    }

    #[test]
    fn damaged_index_pages(entries in vec(any_entry(), 1..6), changes in vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut chain = Chain::default();
        let mut encoded = Vec::new();
        entries.iter().for_each(|entry| chain.put_entry(entry, &mut encoded));
        let labels: Vec<_> = entries.iter().map(|entry| entry.labels.clone()).collect();
        let mut page = series::encode_page(&labels, &encoded);
        let back = series::decode_page(&page, 100).unwrap();
        prop_assert_eq!(format!("{back:?}"), format!("{entries:?}"));
        for (place, value) in &changes {
            let at = place.index(page.len());
            page[at] = *value;
        }
        decode_all(&page, 5);
        // The same in the form of version 3.
        let (mut chain, mut writer, mut encoded) = (compact::Chain::default(), SchedulesWriter::default(), Vec::new());
        entries.iter().for_each(|entry| chain.put_entry(entry, &mut writer, &mut encoded));
        let mut page = compact::encode_page(&labels, &encoded);
        let blocks = || entries.iter().flat_map(|entry| &entry.blocks);
        let mut known = |number: u32| {
            let mut again = SchedulesWriter::default();
            let found = blocks().map(Schedule::of).find(|schedule| again.number(*schedule) == number);
            found.ok_or(Malformed("there is no such schedule"))
        };
        let back = compact::decode_page(&page, 100, &mut known).unwrap();
        prop_assert_eq!(format!("{back:?}"), format!("{entries:?}"));
        for (place, value) in &changes {
            let at = place.index(page.len());
            page[at] = *value;
        }
        decode_all(&page, 5);
    }
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let labels = proptest::collection::btree_map(0u32..100, 0u32..100, 0..5);
    let location = || {
        (any::<u32>(), any::<u32>()).prop_map(|(offset, length)| Location {
            offset: offset.into(),
            length,
        })
    };
    let range = |a: i64, b: i64| {
        TimeRange::new(
            Timestamp::from_millis(a.min(b)),
            Timestamp::from_millis(a.max(b)),
        )
    };
    let exemplars =
        (any::<i64>(), any::<i64>(), location()).prop_map(move |(a, b, location)| ExemplarBlock {
            range: range(a, b),
            location,
        });
    let starts = prop_oneof![
        Just(Starts::None),
        any::<i64>().prop_map(Starts::Constant),
        location().prop_map(Starts::Stored)
    ];
    let times = prop_oneof![Just(Times::Even), location().prop_map(Times::Stored)];
    let values = prop_oneof![
        vec(any::<u8>(), 0..24).prop_map(Values::Inline),
        location().prop_map(Values::Stored)
    ];
    let kind = prop_oneof![Just(BlockKind::Floats), Just(BlockKind::Histograms)];
    let block = (
        kind,
        any::<(i64, i64)>(),
        times,
        starts,
        values,
        vec(-9i32..9, 1..5),
    )
        .prop_map(
            move |(kind, (a, b), times, starts, values, numbers)| Block {
                kind,
                samples: numbers.len() as u32,
                range: range(a, b),
                times,
                starts,
                values,
                aggregates: Aggregates::of_floats(
                    &numbers.into_iter().map(f64::from).collect::<Vec<_>>(),
                ),
            },
        );
    let metadata = proptest::option::of(0u32..9);
    (
        labels,
        metadata,
        vec(exemplars, 0..2),
        proptest::option::of(block),
    )
        .prop_map(|(labels, metadata, exemplars, block)| Entry {
            labels: labels.into_iter().collect(),
            metadata,
            exemplars,
            blocks: block.into_iter().collect(),
        })
}

/// Few bytes that claim much: none may be believed.
#[test]
fn large_claims_are_refused() {
    // pco 4.1: a dictionary of 2^25 entries, a look-back window of 2^24.
    // They must be refused before pco sees them, since it allocates first.
    assert!(numbers::check_features(&[4, 1, 0xf4, 0xff, 0xff, 0x1f, 0, 0]).is_err());
    assert!(numbers::check_features(&[4, 1, 0x20, 0xff, 0xff, 0xff]).is_err());
    assert!(numbers::check_features(&[4, 1, 0x10, 0xff]).is_ok());
    assert!(integers::decode(&[0, 2], usize::MAX).is_err());
    assert!(floats::decode(&[0, 0], usize::MAX).is_err());
    // Two layouts of 2^19 buckets each and two histograms.
    let mut bytes = vec![1];
    bytes.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    for _ in 0..2 {
        crate::part::bytes::put_varint(&mut bytes, 1 << 19);
    }
    crate::part::bytes::put_bytes(&mut bytes, &[0, 0]);
    assert!(histograms::decode(&bytes, 2).is_err());
    // A roaring bitmap with 65,536 containers of runs.
    let cookie = (12347u32 | (0xffff << 16)).to_le_bytes();
    assert!(postings::check_containers(&cookie, 100).is_err());
    assert!(postings::check_containers(&12347u32.to_le_bytes(), 100).is_ok());
}
