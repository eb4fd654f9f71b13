//! Scalars that tell about the evaluation itself, and the larger or smaller of two.

use crate::ast::Call;
use crate::error::QueryError;
use crate::evaluate::{Grid, Planner, Scalars};

type Result<T> = std::result::Result<T, QueryError>;

/// When the evaluation begins, in seconds.
pub(super) fn start<'a>(planner: &Planner<'a>, _: &'a Call, _: &Grid) -> Result<Scalars> {
    Ok(seconds(planner.context.bounds.0.millis()))
}

/// When the evaluation ends, in seconds.
pub(super) fn end<'a>(planner: &Planner<'a>, _: &'a Call, _: &Grid) -> Result<Scalars> {
    Ok(seconds(planner.context.bounds.1.millis()))
}

/// The distance of the steps in seconds, 0 for an instant query.
pub(super) fn step<'a>(planner: &Planner<'a>, _: &'a Call, _: &Grid) -> Result<Scalars> {
    Ok(seconds(planner.context.step))
}

/// The end minus the start, in seconds.
pub(super) fn range<'a>(planner: &Planner<'a>, _: &'a Call, _: &Grid) -> Result<Scalars> {
    let (start, end) = planner.context.bounds;
    Ok(seconds(end.millis().saturating_sub(start.millis())))
}

fn seconds(millis: i64) -> Scalars {
    Scalars::Constant(millis as f64 / 1000.0)
}

pub(super) fn max_of<'a>(planner: &Planner<'a>, call: &'a Call, grid: &Grid) -> Result<Scalars> {
    of_two(planner, call, grid, larger)
}

pub(super) fn min_of<'a>(planner: &Planner<'a>, call: &'a Call, grid: &Grid) -> Result<Scalars> {
    of_two(planner, call, grid, smaller)
}

fn of_two<'a>(
    planner: &Planner<'a>,
    call: &'a Call,
    grid: &Grid,
    choose: fn(f64, f64) -> f64,
) -> Result<Scalars> {
    let left = planner.scalar(&call.args[0], grid)?;
    let right = planner.scalar(&call.args[1], grid)?;
    Ok(left.combine(&right, choose))
}

/// As Go's `math.Max`: infinity wins over NaN, NaN over numbers, 0 over -0.
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a > b || (a == b && b.is_sign_negative()) {
        a
    } else {
        b
    }
}

/// As Go's `math.Min`: the mirror of [`larger`].
pub(crate) fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_as_go_does() {
        let check = |a: f64, b: f64, large: f64, small: f64| {
            for (a, b) in [(a, b), (b, a)] {
                let same = |found: f64, wanted: f64| {
                    (found.is_nan() && wanted.is_nan()) || found.to_bits() == wanted.to_bits()
                };
                assert!(same(larger(a, b), large), "{a} {b}");
                assert!(same(smaller(a, b), small), "{a} {b}");
            }
        };
        check(1.0, 2.0, 2.0, 1.0);
        check(0.0, -0.0, 0.0, -0.0);
        check(f64::NAN, 1.0, f64::NAN, f64::NAN);
        check(f64::NAN, f64::INFINITY, f64::INFINITY, f64::NAN);
        check(f64::NAN, f64::NEG_INFINITY, f64::NAN, f64::NEG_INFINITY);
    }
}
