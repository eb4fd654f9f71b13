//! What the values of functions can be.

use crate::lint::interval::Interval;

/// Returns what a function gives; `None` when it never gives anything.
pub(super) fn values(name: &str, arguments: &[Option<Interval>]) -> Option<Interval> {
    // A function of no series at all gives nothing, but these give something then.
    if matches!(name, "absent" | "absent_over_time") {
        return Some(Interval::point(1.0));
    }
    let argument = |index: usize| arguments.get(index).copied().flatten();
    if arguments.iter().any(Option::is_none) && name != "scalar" {
        return None;
    }
    let first = argument(0).unwrap_or(Interval::ALL);
    let second = argument(1).unwrap_or(Interval::ALL);
    Some(match name {
        "rate" | "irate" | "increase" | "changes" | "resets" | "stddev_over_time"
        | "stdvar_over_time" | "mad_over_time" | "histogram_count" | "histogram_stddev"
        | "histogram_stdvar" | "sqrt" | "time" => Interval::NOT_NEGATIVE,
        "present_over_time" => Interval::point(1.0),
        "count_over_time" => Interval::AT_LEAST_ONE,
        "abs" => first.absolute(),
        "exp" => first.rising(f64::exp),
        "ceil" => first.rising(f64::ceil),
        "floor" => first.rising(f64::floor),
        "sgn" => first.rising(|value| if value == 0.0 { 0.0 } else { value.signum() }),
        "round" => rounded(first, arguments.len()),
        "sin" | "cos" | "tanh" => Interval::closed(-1.0, 1.0),
        "histogram_fraction" => Interval::SHARE,
        "histogram_quantile" => quantile(Some(first), Interval::ALL),
        "quantile_over_time" => quantile(Some(first), second),
        "min_over_time" | "max_over_time" | "avg_over_time" | "last_over_time"
        | "first_over_time" | "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc"
        | "label_replace" | "label_join" | "vector" | "info" => first,
        "sum_over_time" => first.summed(),
        "clamp_min" => first.raised(second),
        "clamp_max" => first.lowered(second),
        "clamp" => first
            .raised(second)
            .lowered(argument(2).unwrap_or(Interval::ALL)),
        _ => return Some(date(name).unwrap_or(Interval::ALL)),
    })
}

/// Returns what a quantile is: infinite when no share of values is meant, else among the values.
pub(super) fn quantile(phi: Option<Interval>, of: Interval) -> Interval {
    match phi {
        Some(phi) if phi.low > 1.0 => Interval::point(f64::INFINITY),
        Some(phi) if phi.high < 0.0 => Interval::point(f64::NEG_INFINITY),
        Some(phi) if phi.low >= 0.0 && phi.high <= 1.0 => of,
        _ => Interval::ALL,
    }
}

fn rounded(of: Interval, arguments: usize) -> Interval {
    match arguments {
        1 => of.rising(|value| (value + 0.5).floor()),
        _ => Interval::ALL,
    }
}

fn date(name: &str) -> Option<Interval> {
    let (low, high) = match name {
        "minute" => (0.0, 59.0),
        "hour" => (0.0, 23.0),
        "day_of_week" => (0.0, 6.0),
        "day_of_month" => (1.0, 31.0),
        "days_in_month" => (28.0, 31.0),
        "day_of_year" => (1.0, 366.0),
        "month" => (1.0, 12.0),
        _ => return None,
    };
    Some(Interval::closed(low, high))
}

impl Interval {
    /// Returns the values when none below the bound is left.
    fn raised(self, bound: Self) -> Self {
        Self::closed(self.low.max(bound.low), self.high.max(bound.high))
    }

    /// Returns the values when none above the bound is left.
    fn lowered(self, bound: Self) -> Self {
        Self::closed(self.low.min(bound.low), self.high.min(bound.high))
    }
}
