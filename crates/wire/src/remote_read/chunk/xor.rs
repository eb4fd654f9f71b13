//! Float chunks.
//!
//! ```text
//! count: u16, big end first
//! first sample:   time: zigzag varint, value: 8 bytes
//! second sample:  time since the first: varint, value: xor
//! later samples:  change of that difference: 0 | 10 + 14 bits | 110 + 17 | 1110 + 20 | 1111 + 64, value: xor
//! xor:            0 (the same) | 10 + bits in the last window | 11 + leading zeros 5 + length 6 + bits
//! ```

use plimsoll_types::{Sample, Timestamp};

use super::bits::{BitReader, BitWriter, XorFloat};

/// Widths of the change of a difference of times.
const WIDTHS: [u32; 3] = [14, 17, 20];

pub(super) fn encode(timestamps: &[i64], values: &[f64]) -> Vec<u8> {
    let count = u16::try_from(timestamps.len()).expect("a chunk holds 120 samples");
    let (Some((first, later)), Some(first_value)) = (timestamps.split_first(), values.first())
    else {
        return count.to_be_bytes().to_vec();
    };
    let mut head = count.to_be_bytes().to_vec();
    write_varint(&mut head, ((first << 1) ^ (first >> 63)) as u64);
    let mut writer = BitWriter::after(head);
    writer.float(*first_value);
    let (mut xor, mut before, mut difference) = (XorFloat::new(*first_value), *first, None);
    for (timestamp, value) in later.iter().zip(&values[1..]) {
        let now = timestamp.wrapping_sub(before);
        match difference {
            None => write_difference(&mut writer, now as u64),
            Some(difference) => write_change(&mut writer, now.wrapping_sub(difference)),
        }
        (before, difference) = (*timestamp, Some(now));
        xor.write(&mut writer, *value);
    }
    writer.into_bytes()
}

pub(super) fn decode(data: &[u8], mut each: impl FnMut(Sample)) -> Option<()> {
    let mut reader = BitReader::new(data);
    let count = reader.bits(16)?;
    if count == 0 {
        return Some(());
    }
    let zigzag = read_varint(&mut reader)?;
    let mut timestamp = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
    let first = reader.float()?;
    each(Sample::float(Timestamp::from_millis(timestamp), first));
    let (mut xor, mut difference) = (XorFloat::new(first), 0i64);
    for index in 1..count {
        difference = match index {
            1 => read_varint(&mut reader)? as i64,
            _ => difference.wrapping_add(read_change(&mut reader)?),
        };
        timestamp = timestamp.wrapping_add(difference);
        let value = xor.read(&mut reader)?;
        each(Sample::float(Timestamp::from_millis(timestamp), value));
    }
    Some(())
}

fn write_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn write_difference(writer: &mut BitWriter, value: u64) {
    let mut bytes = Vec::new();
    write_varint(&mut bytes, value);
    bytes.iter().for_each(|byte| writer.bits((*byte).into(), 8));
}

fn read_varint(reader: &mut BitReader<'_>) -> Option<u64> {
    let mut value = 0;
    for index in 0..10 {
        let byte = reader.bits(8)?;
        value |= (byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn write_change(writer: &mut BitWriter, change: i64) {
    if change == 0 {
        return writer.bit(false);
    }
    let fits = |width: &u32| {
        let half = 1i64 << (width - 1);
        -half < change && change <= half
    };
    match WIDTHS.iter().position(fits) {
        Some(at) => {
            let ones = at as u32 + 1;
            writer.bits((1 << (ones + 1)) - 2, ones + 1);
            writer.bits(change as u64, WIDTHS[at]);
        }
        None => {
            writer.bits(0b1111, 4);
            writer.bits(change as u64, 64);
        }
    }
}

fn read_change(reader: &mut BitReader<'_>) -> Option<i64> {
    let mut ones = 0;
    while ones < 4 && reader.bit()? {
        ones += 1;
    }
    match ones {
        0 => Some(0),
        4 => reader.bits(64).map(|bits| bits as i64),
        _ => {
            let width = WIDTHS[ones - 1];
            let value = reader.bits(width)?;
            Some(match value > 1 << (width - 1) {
                true => value as i64 - (1 << width),
                false => value as i64,
            })
        }
    }
}
