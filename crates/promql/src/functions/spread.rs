//! How far the values of a window lie apart: `mad_over_time`.

use plimsoll_types::Value;

use crate::evaluate::{Notes, Window};

use super::over_time::{floats, quantile_of};

/// Median of the distances from the median.
pub(super) fn mad(window: &Window<'_>, _: &[f64], notes: &mut Notes<'_>) -> Option<Value> {
    let mut values = floats(window, notes)?.to_vec();
    // The ranks of a quantile sort NaN below all numbers, which would hide it.
    if values.iter().any(|value| value.is_nan()) {
        return Some(Value::Float(f64::NAN));
    }
    let median = quantile_of(0.5, &mut values);
    for value in &mut values {
        *value = (*value - median).abs();
    }
    Some(Value::Float(quantile_of(0.5, &mut values)))
}
