//! `double_exponential_smoothing`: a level and a trend, both smoothed (Holt 1957).

use plimsoll_types::Value;

use crate::error::QueryError;
use crate::evaluate::{Notes, Window};
use crate::number;

use super::over_time::floats;

/// Takes the factors of smoothing and of trend, both between 0 and 1.
pub(super) fn double_exponential_smoothing(
    window: &Window<'_>,
    parameters: &[f64],
    notes: &mut Notes<'_>,
) -> Option<Value> {
    let [smoothing, trend] = [parameters[0], parameters[1]];
    for (factor, what, letter) in [(smoothing, "smoothing", 's'), (trend, "trend", 't')] {
        if factor <= 0.0 || factor >= 1.0 {
            let found = match factor.is_finite() {
                true => format!("{factor:.6}"),
                false => number::format(factor),
            };
            notes.fail(QueryError::execution(format!(
                "invalid {what} factor. Expected: 0 < {letter}f < 1, got: {found}"
            )));
            return None;
        }
    }
    let [first, rest @ ..] = floats(window, notes)? else {
        return None;
    };
    let (mut level, mut slope) = (*first, rest.first()? - first);
    let mut previous = None;
    for value in rest {
        if let Some(previous) = previous {
            slope = trend * (level - previous) + (1.0 - trend) * slope;
        }
        previous = Some(level);
        level = smoothing * value + (1.0 - smoothing) * (level + slope);
    }
    Some(Value::Float(level))
}
