//! A column of whole numbers in a frame: the least of them, and the others' distance from it in as many bits as the
//! greatest needs.
//!
//! ```text
//! +---------+------------------+--------------------------------+
//! | bits    | least            | distances, lowest bit first    |
//! | 1 byte  | zigzag varint    | count * bits / 8 bytes, rounded up |
//! +---------+------------------+--------------------------------+
//! ```
//!
//! Events per slice lie close together, so this takes about a byte for each where a varint takes two; a column of equal
//! numbers (no failure, full coverage) takes two bytes in all.

use super::varint::{Bytes, write_zigzag};

/// Appends a column.
pub(super) fn write(values: &[i64], into: &mut Vec<u8>) {
    let least = values.iter().copied().min().unwrap_or(0);
    let distance = |value: &i64| value.wrapping_sub(least) as u64;
    let greatest = values.iter().map(distance).max().unwrap_or(0);
    let bits = 64 - greatest.leading_zeros();
    into.push(bits as u8);
    write_zigzag(into, least);
    let (mut pending, mut filled) = (0_u128, 0);
    for value in values {
        pending |= u128::from(distance(value)) << filled;
        filled += bits;
        while filled >= 8 {
            into.push(pending as u8);
            pending >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        into.push(pending as u8);
    }
}

/// Takes a column of `count` numbers and calls `visit` for the first `first` of them; `None` when it is none.
pub(super) fn read(
    bytes: &mut Bytes<'_>,
    count: usize,
    first: usize,
    mut visit: impl FnMut(usize, i64),
) -> Option<()> {
    let bits = u32::from(bytes.byte()?);
    if bits > 64 {
        return None;
    }
    let least = bytes.zigzag()?;
    let packed = bytes.take((count * bits as usize).div_ceil(8))?;
    let mask = (1_u128 << bits) - 1;
    let (mut pending, mut filled, mut source) = (0_u128, 0, packed.iter());
    for index in 0..first.min(count) {
        while filled < bits {
            pending |= u128::from(*source.next()?) << filled;
            filled += 8;
        }
        visit(index, least.wrapping_add((pending & mask) as u64 as i64));
        pending >>= bits;
        filled -= bits;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_column() -> impl Strategy<Value = Vec<i64>> {
        prop_oneof![
            prop::collection::vec(any::<i64>(), 1..70),
            prop::collection::vec(-3..900_i64, 1..70),
            (any::<i64>(), 1..70_usize).prop_map(|(value, count)| vec![value; count]),
        ]
    }

    proptest! {
        #[test]
        fn a_column_comes_back(values in any_column()) {
            let mut bytes = Vec::new();
            write(&values, &mut bytes);
            let mut reader = Bytes(&bytes);
            let mut read_back = Vec::new();
            read(&mut reader, values.len(), usize::MAX, |_, value| read_back.push(value)).unwrap();
            prop_assert_eq!(read_back, values);
            prop_assert!(reader.0.is_empty());
        }
    }

    #[test]
    fn equal_numbers_take_two_bytes() {
        let mut bytes = Vec::new();
        write(&[6; 64], &mut bytes);
        assert_eq!(bytes.len(), 2);
    }
}
