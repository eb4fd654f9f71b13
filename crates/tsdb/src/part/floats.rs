//! Columns of floats, bit for bit: NaN payloads, -0, infinities and subnormals come back as they were.
//!
//! ```text
//! | encoding u8 | exceptions, when bit 7 of the encoding is set | data |
//!
//! exceptions:  | count varint | { index difference varint, bits u64 LE } ... |
//! 0 constant   | value (float)
//! 1 slope      | first (float), step (float): value i is first + i * step
//! 2 pco        | see `numbers`
//! 3 decimal    | exponent u8, integers (see `integers`): value i is integer i / 10^exponent
//! 4 raw        | 8 bytes LE per value
//! ```
//!
//! (float): length byte and the leading bytes, see `bytes`. Exceptions are values that break the numeric encodings: NaN
//! (staleness markers), infinities and -0. When they are few they are taken out and the value before stands in.
//! Every encoding but raw is read back and compared before it may win; the smallest wins.

use super::bytes::{Decoded, Malformed, Reader, put_float, put_varint};
use super::{integers, numbers};

const CONSTANT: u8 = 0;
const SLOPE: u8 = 1;
const PCO: u8 = 2;
const DECIMAL: u8 = 3;
const RAW: u8 = 4;
const HAS_EXCEPTIONS: u8 = 0x80;
/// An exception costs 9 bytes or more; above one in this many values the column is no longer mostly numbers.
const EXCEPTIONS_ONE_IN: usize = 8;
/// Powers of ten above 10^22 are not exact in a float; more than 12 decimals gain nothing over pco on floats.
pub(super) const EXPONENT_MAX: usize = 12;
/// Above 2^53 not every integer is a float.
pub(super) const MANTISSA_MAX: f64 = 9_007_199_254_740_992.0;
pub(super) const POWERS: [f64; EXPONENT_MAX + 1] = [
    1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
];

/// Appends the column to `into`.
pub(super) fn encode(values: &[f64], level: usize, into: &mut Vec<u8>) {
    if values.is_empty() {
        return;
    }
    let (exceptions, plain) = take_exceptions(values);
    let (encoding, data) = encode_plain(&plain, level);
    if exceptions.is_empty() {
        into.push(encoding);
    } else {
        into.push(encoding | HAS_EXCEPTIONS);
        put_exceptions(into, &exceptions);
    }
    into.extend_from_slice(&data);
}

/// Reads back a column of `count` values that fills `bytes`.
pub(super) fn decode(bytes: &[u8], count: usize) -> Decoded<Vec<f64>> {
    if count > numbers::COLUMN_LENGTH_MAX {
        return Err(Malformed("a column has an impossible length"));
    }
    let mut reader = Reader::new(bytes);
    if count == 0 {
        reader.end()?;
        return Ok(Vec::new());
    }
    let encoding = reader.u8()?;
    let exceptions = match encoding & HAS_EXCEPTIONS {
        0 => Vec::new(),
        _ => decode_exceptions(&mut reader, count)?,
    };
    let mut values = decode_plain(encoding & !HAS_EXCEPTIONS, reader.take_rest(), count)?;
    for (index, value) in exceptions {
        values[index] = value;
    }
    Ok(values)
}

/// Returns the value of a column that is a constant without exceptions.
pub(super) fn constant_of(bytes: &[u8]) -> Option<f64> {
    let mut reader = Reader::new(bytes);
    let is_constant = reader.u8() == Ok(CONSTANT);
    let value = reader.float().ok().filter(|_| is_constant)?;
    reader.is_empty().then_some(value)
}

fn is_exception(value: f64) -> bool {
    !value.is_finite() || (value == 0.0 && value.is_sign_negative())
}

/// Splits off the exceptions, when there are few, and fills their places.
fn take_exceptions(values: &[f64]) -> (Vec<(usize, f64)>, Vec<f64>) {
    let exceptions: Vec<(usize, f64)> = values
        .iter()
        .copied()
        .enumerate()
        .filter(|(_, value)| is_exception(*value))
        .collect();
    // A lone staleness marker after a short run is worth taking out too.
    let limit = values.len() / EXCEPTIONS_ONE_IN + 1;
    let first = values.iter().copied().find(|value| !is_exception(*value));
    let (Some(mut stand_in), true) = (first, exceptions.len() <= limit) else {
        return (Vec::new(), values.to_vec());
    };
    let plain = values
        .iter()
        .map(|value| {
            if !is_exception(*value) {
                stand_in = *value;
            }
            stand_in
        })
        .collect();
    (exceptions, plain)
}

fn put_exceptions(into: &mut Vec<u8>, exceptions: &[(usize, f64)]) {
    put_varint(into, exceptions.len() as u64);
    let mut previous = 0;
    for (index, value) in exceptions {
        put_varint(into, (index - previous) as u64);
        into.extend_from_slice(&value.to_bits().to_le_bytes());
        previous = *index;
    }
}

fn decode_exceptions(reader: &mut Reader<'_>, count: usize) -> Decoded<Vec<(usize, f64)>> {
    let mut index = 0;
    (0..reader.count(9)?)
        .map(|_| {
            index += reader.varint_up_to(count)?;
            if index >= count {
                return Err(Malformed("an exception lies outside its column"));
            }
            Ok((index, f64::from_bits(reader.u64()?)))
        })
        .collect()
}

fn encode_plain(values: &[f64], level: usize) -> (u8, Vec<u8>) {
    let same = |bytes: &(u8, Vec<u8>)| {
        decode_plain(bytes.0, &bytes.1, values.len()).is_ok_and(|back| same_bits(&back, values))
    };
    // The first two are a few bytes long, which nothing else can be.
    for cheap in [constant(values), slope(values)] {
        if same(&cheap) {
            return cheap;
        }
    }
    let decimal = decimal(values, level);
    // A decimal column that is this small is not beaten by floats, and it spares the trial.
    let is_tiny = |data: &[u8]| data.len() <= values.len() / 8;
    let mut candidates: Vec<_> = decimal.into_iter().collect();
    if !candidates.iter().any(|(_, data)| is_tiny(data)) {
        candidates.push((PCO, numbers::compress(values, level, &[0, 1])));
    }
    candidates.sort_by_key(|(_, data)| data.len());
    candidates
        .into_iter()
        .find(|candidate| candidate.1.len() < 8 * values.len() && same(candidate))
        .unwrap_or_else(|| (RAW, values.iter().flat_map(|v| v.to_le_bytes()).collect()))
}

fn decode_plain(encoding: u8, bytes: &[u8], count: usize) -> Decoded<Vec<f64>> {
    let mut reader = Reader::new(bytes);
    let values = match encoding {
        CONSTANT => vec![reader.float()?; count],
        SLOPE => {
            let (first, step) = (reader.float()?, reader.float()?);
            (0..count).map(|i| on_slope(first, step, i)).collect()
        }
        PCO => numbers::decompress(reader.take_rest(), count)?,
        DECIMAL => {
            let exponent = usize::from(reader.u8()?);
            let power = *POWERS
                .get(exponent)
                .ok_or(Malformed("a decimal exponent is too large"))?;
            let mantissas = integers::decode(reader.take_rest(), count)?;
            mantissas.into_iter().map(|m| m as f64 / power).collect()
        }
        RAW => {
            let bytes = reader.take(count.saturating_mul(8))?;
            let (words, _) = bytes.as_chunks::<8>();
            words.iter().map(|word| f64::from_le_bytes(*word)).collect()
        }
        _ => return Err(Malformed("a float column has an unknown encoding")),
    };
    reader.end()?;
    Ok(values)
}

fn constant(values: &[f64]) -> (u8, Vec<u8>) {
    let mut data = Vec::new();
    put_float(&mut data, values[0]);
    (CONSTANT, data)
}

fn slope(values: &[f64]) -> (u8, Vec<u8>) {
    let mut data = Vec::new();
    put_float(&mut data, values[0]);
    put_float(&mut data, values.get(1).map_or(0.0, |v| v - values[0]));
    (SLOPE, data)
}

fn on_slope(first: f64, step: f64, index: usize) -> f64 {
    first + index as f64 * step
}

/// Finds the smallest exponent with which all values are whole numbers.
fn decimal(values: &[f64], level: usize) -> Option<(u8, Vec<u8>)> {
    let mut exponent = 0;
    for value in values {
        while !is_whole_at(*value, exponent) {
            exponent += 1;
            if exponent > EXPONENT_MAX {
                return None;
            }
        }
    }
    let mantissas: Vec<i64> = values
        .iter()
        .map(|value| (value * POWERS[exponent]).round() as i64)
        .collect();
    let mut data = vec![exponent as u8];
    integers::encode(&mantissas, level, &mut data);
    Some((DECIMAL, data))
}

fn is_whole_at(value: f64, exponent: usize) -> bool {
    let mantissa = (value * POWERS[exponent]).round();
    mantissa.abs() <= MANTISSA_MAX && (mantissa / POWERS[exponent]).to_bits() == value.to_bits()
}

fn same_bits(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}

#[cfg(test)]
mod tests {
    use plimsoll_types::STALE_NAN_BITS;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn encoded(values: &[f64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        encode(values, 4, &mut bytes);
        let back = decode(&bytes, values.len()).unwrap();
        assert!(same_bits(&back, values), "{values:?} came back as {back:?}");
        bytes
    }

    fn special() -> impl Strategy<Value = f64> {
        prop_oneof![
            Just(f64::from_bits(STALE_NAN_BITS)),
            Just(-0.0),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(f64::from_bits(1)),
            Just(f64::MAX),
            any::<u64>().prop_map(f64::from_bits),
        ]
    }

    proptest! {
        #[test]
        fn returns_what_was_put_in(
            mut values in prop_oneof![
                vec(special(), 0..200),
                (-1000i32..1000, vec(0u32..50, 1..600), 0usize..5).prop_map(|(first, steps, exponent)| steps.iter()
                    .scan(f64::from(first), |at, step| { *at += f64::from(*step); Some(*at / POWERS[exponent]) }).collect()),
                (any::<f64>(), 1usize..600).prop_map(|(value, count)| vec![value; count]),
                vec(0.0f64..1.0, 1..600),
            ],
            places in vec((any::<proptest::sample::Index>(), special()), 0..4),
        ) {
            if !values.is_empty() {
                for (place, value) in places {
                    let at = place.index(values.len());
                    values[at] = value;
                }
            }
            encoded(&values);
        }
    }

    #[test]
    fn picks_the_encoding_that_fits() {
        let check = |values: &[f64], encoding: u8, limit: usize| {
            let bytes = encoded(values);
            assert_eq!(bytes[0], encoding, "{:?}", &values[..2]);
            assert!(bytes.len() <= limit, "{} bytes", bytes.len());
        };
        let each = |f: fn(u64) -> f64| (0..480).map(f).collect::<Vec<f64>>();
        let noise = |i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
        assert!(noise(1) != noise(2));
        check(&[1.5; 8192], CONSTANT, 4);
        check(&each(|i| 100.0 + i as f64 * 15.0), SLOPE, 8);
        check(&each(|i| (i * i % 97) as f64 / 100.0), DECIMAL, 480);
        check(
            &each(|i| ((i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64).sqrt()),
            PCO,
            8 * 480,
        );
        let mut stale_at_end = vec![3.0; 480];
        stale_at_end[479] = f64::from_bits(STALE_NAN_BITS);
        check(&stale_at_end, CONSTANT | HAS_EXCEPTIONS, 16);
    }

    #[test]
    fn many_exceptions_stay_inside() {
        let values: Vec<f64> = (0..100)
            .map(|i| if i % 2 == 0 { f64::NAN } else { 1.0 })
            .collect();
        assert_eq!(encoded(&values)[0] & HAS_EXCEPTIONS, 0);
        encoded(&[-0.0; 50]);
        encoded(&[f64::from_bits(0x7ff8_0000_dead_beef); 50]);
    }
}
