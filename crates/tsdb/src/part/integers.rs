//! Columns of signed 64-bit integers: timestamps, start timestamps, decimal mantissas, histogram counts.
//!
//! ```text
//! | encoding u8 | data |
//! 0 constant   | value (signed varint)
//! 1 deltas     | first, then differences                  (signed varints)
//! 2 deltas2    | first, first difference, then differences of differences (signed varints)
//! 3 pco        | see `numbers`
//! ```
//!
//! All differences wrap, so that every i64 may stand beside every other. The smallest encoding wins. The number of
//! values is known to the caller.

use super::bytes::{Decoded, Malformed, Reader, put_signed, varint_length, zigzag};
use super::numbers;

const CONSTANT: u8 = 0;
const DELTAS: u8 = 1;
const DELTAS2: u8 = 2;
const PCO: u8 = 3;
/// Below this many values the metadata of `pco` costs more than it saves.
const PCO_LENGTH_MIN: usize = 16;

/// Appends the column to `into`.
pub(super) fn encode(values: &[i64], level: usize, into: &mut Vec<u8>) {
    let Some(first) = values.first() else {
        return;
    };
    if values.iter().all(|value| value == first) {
        into.push(CONSTANT);
        put_signed(into, *first);
        return;
    }
    let length = |order: usize| -> usize {
        deltas(values, order)
            .map(|delta| varint_length(zigzag(delta)))
            .sum()
    };
    let lengths = [length(1), length(2)];
    let varints = lengths[0].min(lengths[1]);
    if values.len() >= PCO_LENGTH_MIN {
        let compressed = numbers::compress(values, level, &[best_order(values)]);
        if compressed.len() < varints {
            into.push(PCO);
            into.extend_from_slice(&compressed);
            return;
        }
    }
    let order = if lengths[0] <= lengths[1] { 1 } else { 2 };
    into.push(if order == 1 { DELTAS } else { DELTAS2 });
    deltas(values, order).for_each(|delta| put_signed(into, delta));
}

/// Reads back a column of `count` values that fills `bytes`.
pub(super) fn decode(bytes: &[u8], count: usize) -> Decoded<Vec<i64>> {
    if count > numbers::COLUMN_LENGTH_MAX {
        return Err(Malformed("a column has an impossible length"));
    }
    let mut reader = Reader::new(bytes);
    if count == 0 {
        reader.end()?;
        return Ok(Vec::new());
    }
    let values = match reader.u8()? {
        CONSTANT => vec![reader.signed()?; count],
        DELTAS => decode_deltas(&mut reader, count, 1)?,
        DELTAS2 => decode_deltas(&mut reader, count, 2)?,
        PCO => numbers::decompress(reader.take_rest(), count)?,
        _ => return Err(Malformed("a column has an unknown encoding")),
    };
    reader.end()?;
    Ok(values)
}

/// Walks the first value and then the differences of first or second order.
fn deltas(values: &[i64], order: usize) -> impl Iterator<Item = i64> + '_ {
    let (mut previous, mut slope) = (0i64, 0i64);
    values.iter().enumerate().map(move |(index, value)| {
        let delta = value.wrapping_sub(previous);
        let out = delta.wrapping_sub(slope);
        previous = *value;
        // The first value is no difference: it must not become the slope.
        if order == 2 && index > 0 {
            slope = delta;
        }
        out
    })
}

fn decode_deltas(reader: &mut Reader<'_>, count: usize, order: usize) -> Decoded<Vec<i64>> {
    // Each value takes a byte or more, so the claimed count is covered by bytes that are there.
    if count > reader.remaining() {
        return Err(Malformed("a column is shorter than the index says"));
    }
    let mut values = Vec::with_capacity(count);
    let (mut previous, mut slope) = (0i64, 0i64);
    for index in 0..count {
        let delta = reader.signed()?.wrapping_add(slope);
        previous = previous.wrapping_add(delta);
        if order == 2 && index > 0 {
            slope = delta;
        }
        values.push(previous);
    }
    Ok(values)
}

/// Guesses which order of differences is the cheapest from the bits that they need; trying all costs three times more.
fn best_order(values: &[i64]) -> usize {
    let bits = |order: usize| -> u64 {
        let cost = |value: i64| u64::from(64 - zigzag(value).leading_zeros());
        match order {
            // Around the first value, since a large common part is free for pco.
            0 => values
                .iter()
                .map(|value| cost(value.wrapping_sub(values[0])))
                .sum(),
            order => deltas(values, order).skip(order).map(cost).sum(),
        }
    };
    (0..=2).min_by_key(|order| bits(*order)).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[i64]) -> usize {
        let mut bytes = Vec::new();
        encode(values, 4, &mut bytes);
        assert_eq!(decode(&bytes, values.len()).as_deref(), Ok(values));
        bytes.len()
    }

    proptest! {
        #[test]
        fn returns_what_was_put_in(
            values in prop_oneof![
                vec(any::<i64>(), 0..300),
                vec(-5i64..5, 0..300),
                (any::<i64>(), vec(0i64..1000, 0..300)).prop_map(|(first, steps)| steps.iter()
                    .scan(first, |at, step| { *at = at.wrapping_add(15_000 + step); Some(*at) }).collect()),
            ]
        ) {
            check(&values);
        }

        #[test]
        fn refuses_another_length(values in vec(any::<i64>(), 2..300)) {
            let mut bytes = Vec::new();
            encode(&values, 4, &mut bytes);
            prop_assume!(bytes[0] != CONSTANT);
            prop_assert!(decode(&bytes, values.len() - 1).is_err());
            prop_assert!(decode(&bytes, values.len() + 1).is_err());
        }
    }

    #[test]
    fn extremes_survive() {
        check(&[i64::MIN, i64::MAX]);
        check(&[i64::MAX, i64::MIN, 0, -1, i64::MAX]);
        let spread: Vec<i64> = (0..100)
            .map(|i| if i % 2 == 0 { i64::MIN } else { i64::MAX })
            .collect();
        check(&spread);
    }

    #[test]
    fn regular_columns_are_small() {
        assert!(check(&[7; 8192]) <= 3);
        let jittered: Vec<i64> = (0..480)
            .map(|i| 1_700_000_000_000 + i * 15_000 + i * 7 % 3)
            .collect();
        assert!(check(&jittered) < 300);
    }
}
