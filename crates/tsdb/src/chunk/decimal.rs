//! Values as whole multiples of a power of ten, which is what most programs count in.

/// More digits after the point than this are hardly ever anything but noise.
pub(super) const SCALE_MAX: u8 = 9;
/// Beyond this a whole number may not be told from its neighbours after the arithmetic below.
const MANTISSA_MAX: f64 = (1u64 << 51) as f64;
/// All of them are exact.
const POWERS: [f64; SCALE_MAX as usize + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Returns the whole number that [`value`] turns into exactly this value, bit for bit, if there is one.
#[inline(always)]
pub(super) fn mantissa(value: f64, scale: u8) -> Option<i64> {
    let scaled = value * POWERS[usize::from(scale)];
    // The comparison is false for what is not a number, too.
    if scaled.abs() <= MANTISSA_MAX {
        let rounded = (scaled + 0.5f64.copysign(scaled)) as i64;
        let is_exact = self::value(rounded, scale).to_bits() == value.to_bits();
        return is_exact.then_some(rounded);
    }
    None
}

/// Returns the value of a whole number. A division, since that is what makes 123 hundredths the same as `1.23`.
#[inline(always)]
pub(super) fn value(mantissa: i64, scale: u8) -> f64 {
    mantissa as f64 / POWERS[usize::from(scale)]
}

/// Returns the lowest scale, at least `from`, at which a value is a whole number.
pub(super) fn scale_of(value: f64, from: u8) -> Option<u8> {
    (from..=SCALE_MAX).find(|scale| mantissa(value, *scale).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn decimals_are_found(whole in -2_000_000_000_000i64..2_000_000_000_000, scale in 0..=3u8) {
            let text = format!("{whole}e-{scale}");
            let number: f64 = text.parse().unwrap();
            prop_assert_eq!(mantissa(number, scale), Some(whole));
            prop_assert!(scale_of(number, 0).unwrap() <= scale);
        }

        #[test]
        fn what_is_found_is_exact(bits: u64, scale in 0..=SCALE_MAX) {
            let number = f64::from_bits(bits);
            if let Some(found) = mantissa(number, scale) {
                prop_assert_eq!(value(found, scale).to_bits(), bits);
            }
        }
    }

    #[test]
    fn special_values_have_none() {
        for special in [f64::NAN, f64::INFINITY, -0.0, 1e300, 1e-300, 0.1 + 0.2] {
            assert_eq!(scale_of(special, 0), None, "{special}");
        }
        assert_eq!(scale_of(0.0, 0), Some(0));
    }
}
