//! When two numbers are the same to a script.

/// How much of its size a number may differ.
const RELATIVE_ERROR_MAX: f64 = 1e-6;

/// Says whether two floats are equal to six digits. NaN equals NaN, the staleness marker only itself; beside zero only
/// what is nearly no number at all counts as equal.
pub(super) fn is_close(a: f64, b: f64) -> bool {
    if plimsoll_types::is_stale(a) || plimsoll_types::is_stale(b) {
        return a.to_bits() == b.to_bits();
    }
    if a == b || (a.is_nan() && b.is_nan()) {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < RELATIVE_ERROR_MAX * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < RELATIVE_ERROR_MAX
}

#[cfg(test)]
mod tests {
    use plimsoll_types::stale_nan;

    use super::*;

    #[test]
    fn six_digits_count() {
        for (a, b, expected) in [
            (1.0, 1.000_001, true),
            (1.0, 1.000_01, false),
            (f64::NAN, -f64::NAN, true),
            (f64::NAN, stale_nan(), false),
            (stale_nan(), stale_nan(), true),
            (0.0, 1e-9, false),
            (0.0, -0.0, true),
            (f64::INFINITY, f64::INFINITY, true),
            (f64::INFINITY, f64::MAX, false),
            (f64::MAX, f64::MAX * (1.0 - 1e-9), true),
            (1.0, f64::NAN, false),
        ] {
            assert_eq!(is_close(a, b), expected, "{a} {b}");
            assert_eq!(is_close(b, a), expected, "{b} {a}");
        }
    }
}
