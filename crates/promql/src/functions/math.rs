//! Functions of one number, in the order of the table.

use std::f64::consts::PI;

use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{Column, Grid, Planner, Source, map, merge};

macro_rules! floats {
    ($($name:ident = $body:expr;)*) => {
        $(pub(super) fn $name(value: f64, _: &[f64]) -> f64 {
            let body: fn(f64) -> f64 = $body;
            body(value)
        })*
    };
}

floats! {
    abs = f64::abs;
    acos = f64::acos;
    acosh = f64::acosh;
    asin = f64::asin;
    asinh = f64::asinh;
    atan = f64::atan;
    atanh = f64::atanh;
    ceil = f64::ceil;
    cos = f64::cos;
    cosh = f64::cosh;
    // In this order of operations, so that the last bit is the one that Prometheus gives.
    deg = |value| value * 180.0 / PI;
    exp = f64::exp;
    floor = f64::floor;
    ln = f64::ln;
    log10 = f64::log10;
    log2 = f64::log2;
    rad = |value| value * PI / 180.0;
    // Zero and NaN stay what they are, which `f64::signum` would not leave them.
    sgn = |value| if value == 0.0 || value.is_nan() { value } else { value.signum() };
    sin = f64::sin;
    sinh = f64::sinh;
    sqrt = f64::sqrt;
    tan = f64::tan;
    tanh = f64::tanh;
}

/// Returns NaN when one of both is NaN, unlike `f64::max`, but nothing is larger than +Inf: Go's rule.
fn larger(a: f64, b: f64) -> f64 {
    let is_top = a == f64::INFINITY || b == f64::INFINITY;
    if !is_top && (a.is_nan() || b.is_nan()) {
        f64::NAN
    } else {
        a.max(b)
    }
}

fn smaller(a: f64, b: f64) -> f64 {
    let is_bottom = a == f64::NEG_INFINITY || b == f64::NEG_INFINITY;
    if !is_bottom && (a.is_nan() || b.is_nan()) {
        f64::NAN
    } else {
        a.min(b)
    }
}

pub(super) fn clamp_max(value: f64, parameters: &[f64]) -> f64 {
    smaller(value, parameters[0])
}

pub(super) fn clamp_min(value: f64, parameters: &[f64]) -> f64 {
    larger(value, parameters[0])
}

/// Rounds to the nearest multiple, ties up; the inverse is used because 1/0.1 is exact and 0.1 is not.
pub(super) fn round(value: f64, parameters: &[f64]) -> f64 {
    let inverse = 1.0 / parameters.first().copied().unwrap_or(1.0);
    (value * inverse + 0.5).floor() / inverse
}

/// `clamp(v, min, max)`: nothing at steps where the bounds are the wrong way round.
pub(super) fn clamp<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let source = planner.vector(&call.args[0], grid)?;
    let low = planner.scalar(&call.args[1], grid)?;
    let high = planner.scalar(&call.args[2], grid)?;
    let change = move |column: &mut Column| {
        for step in 0..column.len() {
            let value = column.float(step);
            column.remove(step);
            let (low, high) = (low.at(step), high.at(step));
            let is_empty = high < low;
            if let Some(value) = value.filter(|_| !is_empty) {
                column.set_float(step, larger(low, smaller(high, value)));
            }
        }
        Ok(())
    };
    let clamped = map(planner.context, source, true, Box::new(change));
    Ok(merge(planner.context, clamped, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_and_radians_round_where_prometheus_does() {
        // The numbers are v * Pi / 180 and v * 180 / Pi in doubles; multiplying by a constant gives their neighbours.
        assert_eq!(rad(3.0, &[]), 0.05235987755982988);
        assert_ne!(rad(3.0, &[]), 3.0_f64.to_radians());
        assert_eq!(deg(11.0, &[]), 630.2535746439056);
        assert_ne!(deg(11.0, &[]), 11.0_f64.to_degrees());
    }

    #[test]
    fn clamps_as_go_compares() {
        let (nan, top, bottom) = (f64::NAN, f64::INFINITY, f64::NEG_INFINITY);
        for (value, bound, at_most, at_least) in [
            (1.0, 2.0, 1.0, 2.0),
            (nan, 2.0, nan, nan),
            (1.0, nan, nan, nan),
            (bottom, nan, bottom, nan),
            (nan, bottom, bottom, nan),
            (top, nan, nan, top),
            (nan, top, nan, top),
        ] {
            // As debug texts, in which NaN equals itself.
            let found = (clamp_max(value, &[bound]), clamp_min(value, &[bound]));
            let expected = (at_most, at_least);
            assert_eq!(
                format!("{found:?}"),
                format!("{expected:?}"),
                "{value} {bound}"
            );
        }
    }
}
