//! The compact form of aggregates: decimal numbers, as differences to what they usually are near.
//!
//! ```text
//! | flags u8, as in the parent | staleness markers varint, when bit 0 | scale u8 | first | last | min | max | increase | sum |
//!
//! scale:     255 = all that follow are floats; else bits 0 to 3 = exponent e (0 to 12), numbers are integers / 10^e
//!            bits 4 and 5 = form of the increase, bits 6 and 7 = form of the sum
//! form:      0 = an integer, 1 = an integer and the signed difference of the float's bits to those of integer / 10^e,
//!            2 = a float
//! first      signed
//! last       signed difference to first
//! min, max   signed difference to the smaller, larger of first and last
//! increase   signed difference to last - first
//! sum        signed difference to (first + last) * count / 2, rounded to zero
//! ```
//!
//! A number is left out when a flag says that it follows. Only what comes back bit for bit is written as an integer.

use super::super::bytes::{Decoded, Malformed, Reader, put_float, put_signed, put_varint};
use super::super::floats::{EXPONENT_MAX, MANTISSA_MAX, POWERS};
use super::{
    Aggregates, HAS_STALE, INCREASE_IS_DIFFERENCE, IS_WHOLE, LAST_IS_FIRST, MAX_IS_FIRST,
    MAX_IS_LAST, MIN_IS_FIRST, MIN_IS_LAST, NEVER_DROPS, SUM_IS_PRODUCT,
};

const ALL_FLOATS: u8 = 0xff;
const EXPONENT: u8 = 0x0f;
const INCREASE_SHIFT: u8 = 4;
const SUM_SHIFT: u8 = 6;

/// How a number is written that was added up: what rounding left of it lies near an integer / 10^e.
#[derive(Clone, Copy)]
enum Form {
    Integer(i64),
    Near(i64, i64),
    Float(f64),
}

const INTEGER: u8 = 0;
const NEAR: u8 = 1;
const FLOAT: u8 = 2;
/// Farther off it takes as many bytes as a float.
const BITS_OFF_MAX: i64 = 1 << 20;

impl Form {
    /// Chooses the form of a number that usually is `usual` / 10^exponent.
    fn of(value: f64, exponent: usize, usual: i128) -> Self {
        let power = POWERS[exponent];
        let scaled = (value * power).round();
        if scaled.is_nan() || scaled.abs() >= MANTISSA_MAX {
            return Self::Float(value);
        }
        let near = scaled as i64 as f64 / power;
        let off = (value.to_bits() as i64).wrapping_sub(near.to_bits() as i64);
        match i64::try_from(i128::from(scaled as i64) - usual) {
            Ok(difference) if off == 0 => Self::Integer(difference),
            Ok(difference) if (-BITS_OFF_MAX..=BITS_OFF_MAX).contains(&off) => {
                Self::Near(difference, off)
            }
            _ => Self::Float(value),
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Integer(_) => INTEGER,
            Self::Near(..) => NEAR,
            Self::Float(_) => FLOAT,
        }
    }

    fn put(self, into: &mut Vec<u8>) {
        match self {
            Self::Integer(difference) => put_signed(into, difference),
            Self::Near(difference, off) => {
                put_signed(into, difference);
                put_signed(into, off);
            }
            Self::Float(value) => put_float(into, value),
        }
    }

    fn take(code: u8, power: f64, usual: i128, reader: &mut Reader<'_>) -> Decoded<f64> {
        let mut near = || Ok((usual + i128::from(reader.signed()?)) as f64 / power);
        match code & 0b11 {
            INTEGER => near(),
            NEAR => {
                let bits = near()?.to_bits() as i64;
                Ok(f64::from_bits(bits.wrapping_add(reader.signed()?) as u64))
            }
            FLOAT => reader.float(),
            _ => Err(Malformed("a number is of an unknown form")),
        }
    }
}

impl Aggregates {
    /// Writes what [`decode_compact`](Self::decode_compact) reads; `samples` counts staleness markers too.
    pub(in super::super) fn encode_compact(&self, samples: u32, into: &mut Vec<u8>) {
        let flags = self.flags();
        into.push(flags);
        if self.has_stale {
            put_varint(into, u64::from(samples - self.count));
        }
        let ends = [self.first, self.last, self.min, self.max];
        let scaled = (0..=EXPONENT_MAX).find_map(|exponent| {
            let all = ends.map(|value| mantissa(value, exponent));
            Some((exponent, [all[0]?, all[1]?, all[2]?, all[3]?]))
        });
        match scaled {
            None => self.put_floats(flags, into),
            Some((exponent, ends)) => self.put_integers(flags, exponent, ends, into),
        }
    }

    fn put_floats(&self, flags: u8, into: &mut Vec<u8>) {
        into.push(ALL_FLOATS);
        put_float(into, self.first);
        for (implied, number) in [
            (LAST_IS_FIRST, self.last),
            (MIN_IS_FIRST | MIN_IS_LAST, self.min),
            (MAX_IS_FIRST | MAX_IS_LAST, self.max),
            (INCREASE_IS_DIFFERENCE, self.increase),
            (SUM_IS_PRODUCT, self.sum),
        ] {
            if flags & implied == 0 {
                put_float(into, number);
            }
        }
    }

    fn put_integers(&self, flags: u8, exponent: usize, ends: [i64; 4], into: &mut Vec<u8>) {
        let [first, last, min, max] = ends;
        let increase = Form::of(self.increase, exponent, i128::from(last - first));
        let sum = Form::of(self.sum, exponent, self.usual_sum(first, last));
        // A number that follows is not written, whatever its form would be.
        let code = |implied: u8, form: Form| match flags & implied {
            0 => form.code(),
            _ => INTEGER,
        };
        into.push(
            exponent as u8
                | code(INCREASE_IS_DIFFERENCE, increase) << INCREASE_SHIFT
                | code(SUM_IS_PRODUCT, sum) << SUM_SHIFT,
        );
        put_signed(into, first);
        for (implied, difference) in [
            (LAST_IS_FIRST, last - first),
            (MIN_IS_FIRST | MIN_IS_LAST, min - first.min(last)),
            (MAX_IS_FIRST | MAX_IS_LAST, max - first.max(last)),
        ] {
            if flags & implied == 0 {
                put_signed(into, difference);
            }
        }
        for (implied, form) in [(INCREASE_IS_DIFFERENCE, increase), (SUM_IS_PRODUCT, sum)] {
            if flags & implied == 0 {
                form.put(into);
            }
        }
    }

    fn usual_sum(&self, first: i64, last: i64) -> i128 {
        (i128::from(first) + i128::from(last)) * i128::from(self.count) / 2
    }

    /// Reads back what [`encode_compact`](Self::encode_compact) wrote and `traits` said.
    pub(in super::super) fn decode_compact(
        samples: u32,
        traits: u8,
        reader: &mut Reader<'_>,
    ) -> Decoded<Self> {
        let flags = reader.u8()?;
        let stale = match flags & HAS_STALE {
            0 => 0,
            _ => reader.varint_up_to(samples as usize)? as u32,
        };
        let mut found = Self {
            count: samples - stale,
            has_stale: flags & HAS_STALE != 0,
            is_whole: traits & IS_WHOLE != 0,
            never_drops: traits & NEVER_DROPS != 0,
            ..Self::default()
        };
        match reader.u8()? {
            ALL_FLOATS => found.take_numbers(flags, reader)?,
            scale => found.take_integers(flags, scale, reader)?,
        }
        Ok(found)
    }

    fn take_integers(&mut self, flags: u8, scale: u8, reader: &mut Reader<'_>) -> Decoded<()> {
        let exponent = usize::from(scale & EXPONENT);
        if exponent > EXPONENT_MAX {
            return Err(Malformed("the scale of aggregates is unknown"));
        }
        let power = POWERS[exponent];
        let has = |flag: u8| flags & flag != 0;
        let mut difference = |base: i64, is_implied: bool| match is_implied {
            true => Ok(base),
            false => Ok(base.wrapping_add(reader.signed()?)),
        };
        let first = difference(0, false)?;
        let last = difference(first, has(LAST_IS_FIRST))?;
        let near = |of_first: u8, of_last: u8, usual: i64| match (has(of_first), has(of_last)) {
            (true, _) => (first, true),
            (false, true) => (last, true),
            _ => (usual, false),
        };
        let (base, is_implied) = near(MIN_IS_FIRST, MIN_IS_LAST, first.min(last));
        let min = difference(base, is_implied)?;
        let (base, is_implied) = near(MAX_IS_FIRST, MAX_IS_LAST, first.max(last));
        let max = difference(base, is_implied)?;
        let value = |mantissa: i64| mantissa as f64 / power;
        (self.first, self.last) = (value(first), value(last));
        (self.min, self.max) = (value(min), value(max));
        self.increase = match has(INCREASE_IS_DIFFERENCE) {
            true => self.last - self.first,
            false => {
                let usual = i128::from(last) - i128::from(first);
                Form::take(scale >> INCREASE_SHIFT, power, usual, reader)?
            }
        };
        self.sum = match has(SUM_IS_PRODUCT) {
            true => self.product(),
            false => {
                let usual = self.usual_sum(first, last);
                Form::take(scale >> SUM_SHIFT, power, usual, reader)?
            }
        };
        Ok(())
    }
}

/// Returns the integer that is the value times 10^exponent, when that leads back to it bit for bit.
fn mantissa(value: f64, exponent: usize) -> Option<i64> {
    let power = POWERS[exponent];
    let scaled = (value * power).round();
    if scaled.is_nan() || scaled.abs() >= MANTISSA_MAX {
        return None;
    }
    let mantissa = scaled as i64;
    // No integer is a negative zero.
    (mantissa as f64 / power)
        .to_bits()
        .eq(&value.to_bits())
        .then_some(mantissa)
}

#[cfg(test)]
mod tests {
    use plimsoll_types::stale_nan;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>(),
            Just(stale_nan()),
            Just(-0.0),
            Just(f64::INFINITY),
            any::<u64>().prop_map(f64::from_bits),
            (0u32..1000).prop_map(f64::from),
            (-50_000i32..50_000).prop_map(|value| f64::from(value) / 100.0),
        ]
    }

    proptest! {
        #[test]
        fn returns_what_was_put_in(
            values in prop_oneof![
                vec(any_value(), 1..20),
                vec((0u32..1 << 20).prop_map(f64::from), 1..20),
                vec((0u32..1 << 20).prop_map(|value| f64::from(value) / 1000.0), 1..20),
            ],
        ) {
            let aggregates = Aggregates::of_floats(&values);
            let mut bytes = Vec::new();
            aggregates.encode_compact(values.len() as u32, &mut bytes);
            let mut reader = Reader::new(&bytes);
            let back = Aggregates::decode_compact(values.len() as u32, aggregates.traits(), &mut reader).unwrap();
            prop_assert!(back.is_bits_of(&aggregates), "{:?} came back as {:?}", aggregates, back);
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn hostile_bytes_are_an_error_or_a_value(bytes: Vec<u8>, samples in 1u32..9000, traits: u8) {
            let _ = Aggregates::decode_compact(samples, traits, &mut Reader::new(&bytes));
        }
    }

    #[test]
    fn numbers_of_few_digits_take_few_bytes() {
        let length = |values: &[f64]| {
            let mut bytes = Vec::new();
            Aggregates::of_floats(values).encode_compact(values.len() as u32, &mut bytes);
            bytes.len()
        };
        let counter: Vec<f64> = (0..480).map(|i| 1_234_567.0 + f64::from(i * 31)).collect();
        assert!(length(&counter) <= 12, "{}", length(&counter));
        let seconds: Vec<f64> = (0..480)
            .map(|i| f64::from(8_765 + i * i % 97) / 100.0)
            .collect();
        assert!(length(&seconds) <= 16, "{}", length(&seconds));
    }
}
