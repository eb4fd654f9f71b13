//! Where the buckets of exponential schemas end.

/// Roots of two: 2^(1/2), 2^(1/4) and so on to 2^(1/256). The first is not the nearest float, on purpose.
#[expect(
    clippy::approx_constant,
    reason = "the nearest float to the root of two would be another bound"
)]
const ROOTS: [f64; 8] = [
    1.414213562373095,
    1.189207115002721,
    1.0905077326652577,
    1.0442737824274138,
    1.0218971486541166,
    1.0108892860517005,
    1.0054299011128027,
    1.0027112750502025,
];

/// Where the buckets of the finest schema end between 1/2 and 1.
///
/// Multiplied in this order the roots give the same bits that Prometheus and its clients have in their tables (found by
/// asking Prometheus 3.13). Rounding better would be worse: where a client widened the zero bucket to the end of a
/// bucket, that bucket would seem to be cut, and the counter to have begun anew.
const BOUNDS: [f64; 256] = {
    let mut bounds = [0.5; 256];
    let mut index = 0;
    while index < bounds.len() {
        let mut root = 0;
        while root < ROOTS.len() {
            if index & (128 >> root) != 0 {
                bounds[index] *= ROOTS[root];
            }
            root += 1;
        }
        index += 1;
    }
    bounds
};

/// Returns where bucket `index` of an exponential schema ends.
pub(super) fn exponential_bound(schema: i8, index: i64) -> f64 {
    let Ok(shift) = u32::try_from(schema) else {
        let exponent = index.saturating_mul(1 << i64::from(schema.unsigned_abs()).min(62));
        // 2^1024 is no float; the bucket that ends there ends at the largest one.
        return match exponent {
            1024 => f64::MAX,
            exponent => power_of_two(exponent),
        };
    };
    // Schemas beyond the finest are refused everywhere; this only keeps the arithmetic in its bounds.
    let shift = shift.min(8);
    let per_octave = 1i64 << shift;
    let fraction = index.rem_euclid(per_octave) << (8 - shift);
    let half = BOUNDS[usize::try_from(fraction).expect("a remainder of at most 255")];
    match index.div_euclid(per_octave) {
        1025.. => f64::INFINITY,
        1024 if fraction == 0 => f64::MAX,
        1024 => f64::INFINITY,
        1023 => half * power_of_two(1023) * 2.0,
        exponent => half * power_of_two(exponent + 1),
    }
}

/// Returns 2^exponent exactly, subnormal numbers included; `powi` loses those.
fn power_of_two(exponent: i64) -> f64 {
    match exponent {
        1024.. => f64::INFINITY,
        -1022.. => f64::from_bits(((exponent + 1023) as u64) << 52),
        -1074.. => f64::from_bits(1 << (exponent + 1074)),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_powers_of_the_schemas_base() {
        assert_eq!(exponential_bound(0, 0), 1.0);
        assert_eq!(exponential_bound(0, 3), 8.0);
        assert_eq!(exponential_bound(0, -3), 0.125);
        assert_eq!(exponential_bound(1, 1), ROOTS[0]);
        assert_eq!(exponential_bound(8, 512), 4.0);
        assert_eq!(exponential_bound(-2, 1), 16.0);
        assert_eq!(exponential_bound(-4, 1), 65536.0);
        assert_eq!(exponential_bound(0, 1023), 2f64.powi(1023));
        assert_eq!(exponential_bound(0, 1024), f64::MAX);
        assert_eq!(exponential_bound(-4, 64), f64::MAX);
        assert_eq!(exponential_bound(0, -1074), 5e-324);
        assert_eq!(exponential_bound(0, -1075), 0.0);
        assert_eq!(exponential_bound(8, i64::MAX - 1), f64::INFINITY);
        assert_eq!(exponential_bound(-4, i64::MIN), 0.0);
    }

    #[test]
    fn bounds_are_those_of_prometheus_bit_for_bit() {
        // As the thresholds of zero buckets that Prometheus 3.13 widened to the end of these buckets.
        for (schema, index, expected) in [
            (8, -255, 0.5013556375251013),
            (8, -253, 0.5040779490592088),
            (1, -1, 0.7071067811865475),
            (2, -1, 0.8408964152537144),
            (2, 3, 1.6817928305074288),
        ] {
            assert_eq!(exponential_bound(schema, index), expected);
        }
        assert!(BOUNDS.is_sorted_by(|a, b| a < b));
        let exact = |index: usize| ((index as f64 / 256.0) - 1.0).exp2();
        let ratios = BOUNDS
            .iter()
            .enumerate()
            .map(|(index, bound)| bound / exact(index));
        assert!(ratios.into_iter().all(|ratio| (ratio - 1.0).abs() < 1e-15));
    }
}
