//! The table of functions. One row is all that the parser, the checks and the planner know about a function.

mod absent;
mod bounds;
mod counter;
mod date;
pub(crate) mod extended;
mod histogram;
mod info;
mod label;
mod math;
mod moment;
mod order;
mod over_time;
mod regression;
mod rolled;
mod spread;
mod starts;
mod summarized;
mod time;
mod trend;

pub(crate) use bounds::{larger, smaller};
pub(crate) use date::date_function;
pub(crate) use over_time::quantile_of;
pub(crate) use rolled::{RolledBody, Unknown, rolled};
pub(crate) use summarized::{SummaryBody, Told};

use plimsoll_types::Value;

use crate::ast::ValueType::{self, Matrix, Scalar, String as Text, Vector};
use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{Grid, Notes, Planner, RunBody, Scalars, Source, Window};

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Types of its arguments; when there may be more, the last one repeats.
    pub arguments: &'static [ValueType],
    /// How many of `arguments` must be there.
    pub required: usize,
    /// How many arguments there may be; `None` means any number.
    pub most: Option<usize>,
    /// It may still change, and needs the feature flag of experimental functions.
    pub experimental: bool,
    /// It looks at the evaluation time beside its arguments.
    pub(crate) timed: bool,
    /// Type of the value.
    pub returns: ValueType,
    pub(crate) body: Body,
    /// The same from the summary of a window.
    pub(crate) summary: Option<SummaryBody>,
    /// The same from what a tier keeps of native histograms.
    pub(crate) of_histograms: Option<RolledBody>,
    /// Its value is about twice as large for a range that is twice as long.
    pub(crate) grows: bool,
    /// The same for all windows of a series of floats at once.
    pub(crate) run: Option<RunBody>,
}

/// How a function is evaluated.
pub(crate) enum Body {
    /// One window of one series (and the scalar arguments at that step) to one value.
    Window(fn(&Window<'_>, &[f64], &mut Notes<'_>) -> Option<Value>),
    /// As `Window`, and the metric name stays.
    WindowKeepingName(fn(&Window<'_>, &[f64], &mut Notes<'_>) -> Option<Value>),
    /// One float (and the scalar arguments at that step) to one float; histograms give nothing.
    Float(fn(f64, &[f64]) -> f64),
    /// A point in time, the current one without argument, to a part of its date in UTC.
    Date(fn(date::Date) -> f64),
    /// One native histogram to a float; floats give nothing.
    Histogram(fn(&plimsoll_types::Histogram) -> f64),
    /// A whole expression of type scalar.
    Scalar(for<'a> fn(&Planner<'a>, &'a Call, &Grid) -> Result<Scalars, QueryError>),
    /// An operator of its own.
    Operator(for<'a> fn(&Planner<'a>, &'a Expr, &'a Call, &Grid) -> Result<Source<'a>, QueryError>),
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Window(_) | Self::WindowKeepingName(_) => "Window",
            Self::Float(_) => "Float",
            Self::Date(_) => "Date",
            Self::Histogram(_) => "Histogram",
            Self::Scalar(_) => "Scalar",
            Self::Operator(_) => "Operator",
        })
    }
}

impl Function {
    /// Returns how few and how many arguments may be given; `None` means any number.
    pub fn arity(&self) -> (usize, Option<usize>) {
        (self.required, self.most)
    }

    /// Returns the type of argument `index`.
    pub fn argument(&self, index: usize) -> ValueType {
        let last = self.arguments.len().saturating_sub(1);
        self.arguments
            .get(index.min(last))
            .copied()
            .unwrap_or(Vector)
    }

    const fn in_runs(mut self, body: RunBody) -> Self {
        self.run = Some(body);
        self
    }

    const fn summarized(mut self, body: SummaryBody) -> Self {
        self.summary = Some(body);
        self
    }

    const fn rolled(mut self, body: RolledBody) -> Self {
        self.of_histograms = Some(body);
        self
    }

    const fn growing(mut self) -> Self {
        self.grows = true;
        self
    }

    const fn optional(mut self) -> Self {
        self.required -= 1;
        self
    }

    const fn repeating(mut self) -> Self {
        self.most = None;
        self
    }

    const fn up_to(mut self, arguments: usize) -> Self {
        self.most = Some(arguments);
        self
    }

    const fn timed(mut self) -> Self {
        self.timed = true;
        self
    }

    const fn experimental(mut self) -> Self {
        self.experimental = true;
        self
    }
}

const fn row(
    name: &'static str,
    arguments: &'static [ValueType],
    returns: ValueType,
    body: Body,
) -> Function {
    Function {
        name,
        arguments,
        required: arguments.len(),
        most: Some(arguments.len()),
        experimental: false,
        timed: false,
        returns,
        body,
        summary: None,
        of_histograms: None,
        grows: false,
        run: None,
    }
}

const fn vector(name: &'static str, arguments: &'static [ValueType], body: Body) -> Function {
    row(name, arguments, Vector, body)
}

const fn float(name: &'static str, body: fn(f64, &[f64]) -> f64) -> Function {
    vector(name, &[Vector], Body::Float(body))
}

const fn window(
    name: &'static str,
    body: fn(&Window<'_>, &[f64], &mut Notes<'_>) -> Option<Value>,
) -> Function {
    vector(name, &[Matrix], Body::Window(body))
}

const fn date(name: &'static str, body: fn(date::Date) -> f64) -> Function {
    vector(name, &[Vector], Body::Date(body)).optional().timed()
}

/// Every function, in order of names.
pub(crate) const FUNCTIONS: &[Function] = &[
    float("abs", math::abs),
    vector("absent", &[Vector], Body::Operator(absent::absent)),
    vector(
        "absent_over_time",
        &[Matrix],
        Body::Operator(absent::absent_over_time),
    ),
    float("acos", math::acos),
    float("acosh", math::acosh),
    float("asin", math::asin),
    float("asinh", math::asinh),
    float("atan", math::atan),
    float("atanh", math::atanh),
    window("avg_over_time", over_time::avg)
        .summarized(summarized::avg)
        .rolled(rolled::avg),
    float("ceil", math::ceil),
    window("changes", over_time::changes),
    vector(
        "clamp",
        &[Vector, Scalar, Scalar],
        Body::Operator(math::clamp),
    ),
    vector("clamp_max", &[Vector, Scalar], Body::Float(math::clamp_max)),
    vector("clamp_min", &[Vector, Scalar], Body::Float(math::clamp_min)),
    float("cos", math::cos),
    float("cosh", math::cosh),
    window("count_over_time", over_time::count)
        .summarized(summarized::count)
        .rolled(rolled::count)
        .growing(),
    date("day_of_month", date::day_of_month),
    date("day_of_week", date::day_of_week),
    date("day_of_year", date::day_of_year),
    date("days_in_month", date::days_in_month),
    float("deg", math::deg),
    window("delta", counter::delta)
        .summarized(counter::delta_of_summary)
        .rolled(counter::delta_of_histograms)
        .growing()
        .in_runs(counter::delta_in_runs),
    window("deriv", regression::deriv),
    vector(
        "double_exponential_smoothing",
        &[Matrix, Scalar, Scalar],
        Body::Window(trend::double_exponential_smoothing),
    )
    .experimental(),
    row("end", &[], Scalar, Body::Scalar(bounds::end)).experimental(),
    float("exp", math::exp),
    vector(
        "first_over_time",
        &[Matrix],
        Body::WindowKeepingName(over_time::first),
    )
    .summarized(summarized::first)
    .rolled(rolled::first),
    float("floor", math::floor),
    vector("histogram_avg", &[Vector], Body::Histogram(histogram::avg)),
    vector(
        "histogram_count",
        &[Vector],
        Body::Histogram(histogram::count),
    ),
    vector(
        "histogram_fraction",
        &[Scalar, Scalar, Vector],
        Body::Operator(histogram::fraction),
    ),
    vector(
        "histogram_quantile",
        &[Scalar, Vector],
        Body::Operator(histogram::quantile),
    ),
    vector(
        "histogram_quantiles",
        &[Vector, Text, Scalar, Scalar],
        Body::Operator(histogram::quantiles),
    )
    .optional()
    .up_to(12)
    .experimental(),
    vector(
        "histogram_stddev",
        &[Vector],
        Body::Histogram(histogram::stddev),
    ),
    vector(
        "histogram_stdvar",
        &[Vector],
        Body::Histogram(histogram::stdvar),
    ),
    vector("histogram_sum", &[Vector], Body::Histogram(histogram::sum)),
    date("hour", date::hour),
    window("idelta", counter::idelta),
    window("increase", counter::increase)
        .summarized(counter::increase_of_summary)
        .rolled(counter::increase_of_histograms)
        .growing()
        .in_runs(counter::increase_in_runs),
    vector("info", &[Vector, Vector], Body::Operator(info::info))
        .optional()
        .experimental(),
    window("irate", counter::irate),
    vector(
        "label_join",
        &[Vector, Text, Text, Text],
        Body::Operator(label::join),
    )
    .optional()
    .repeating(),
    vector(
        "label_replace",
        &[Vector, Text, Text, Text, Text],
        Body::Operator(label::replace),
    ),
    vector(
        "last_over_time",
        &[Matrix],
        Body::WindowKeepingName(over_time::last),
    )
    .summarized(summarized::last)
    .rolled(rolled::last),
    float("ln", math::ln),
    float("log10", math::log10),
    float("log2", math::log2),
    window("mad_over_time", spread::mad).experimental(),
    row(
        "max_of",
        &[Scalar, Scalar],
        Scalar,
        Body::Scalar(bounds::max_of),
    )
    .experimental(),
    window("max_over_time", over_time::max).summarized(summarized::max),
    row(
        "min_of",
        &[Scalar, Scalar],
        Scalar,
        Body::Scalar(bounds::min_of),
    )
    .experimental(),
    window("min_over_time", over_time::min).summarized(summarized::min),
    date("minute", date::minute),
    date("month", date::month),
    row("pi", &[], Scalar, Body::Scalar(time::pi)),
    vector(
        "predict_linear",
        &[Matrix, Scalar],
        Body::Window(regression::predict_linear),
    )
    .timed(),
    window("present_over_time", over_time::present)
        .summarized(summarized::present)
        .rolled(rolled::present),
    vector(
        "quantile_over_time",
        &[Scalar, Matrix],
        Body::Window(over_time::quantile),
    ),
    float("rad", math::rad),
    row("range", &[], Scalar, Body::Scalar(bounds::range)).experimental(),
    window("rate", counter::rate)
        .summarized(counter::rate_of_summary)
        .rolled(counter::rate_of_histograms)
        .in_runs(counter::rate_in_runs),
    window("resets", over_time::resets),
    vector("round", &[Vector, Scalar], Body::Float(math::round)).optional(),
    row("scalar", &[Vector], Scalar, Body::Scalar(time::scalar)),
    float("sgn", math::sgn),
    float("sin", math::sin),
    float("sinh", math::sinh),
    vector("sort", &[Vector], Body::Operator(order::sort)),
    vector(
        "sort_by_label",
        &[Vector, Text],
        Body::Operator(order::sort_by_label),
    )
    .optional()
    .repeating()
    .experimental(),
    vector(
        "sort_by_label_desc",
        &[Vector, Text],
        Body::Operator(order::sort_by_label),
    )
    .optional()
    .repeating()
    .experimental(),
    vector("sort_desc", &[Vector], Body::Operator(order::sort)),
    float("sqrt", math::sqrt),
    row("start", &[], Scalar, Body::Scalar(bounds::start)).experimental(),
    vector("start_timestamp", &[Vector], Body::Operator(moment::start)).experimental(),
    window("stddev_over_time", over_time::stddev),
    window("stdvar_over_time", over_time::stdvar),
    row("step", &[], Scalar, Body::Scalar(bounds::step)).experimental(),
    window("sum_over_time", over_time::sum)
        .summarized(summarized::sum)
        .rolled(rolled::sum)
        .growing(),
    float("tan", math::tan),
    float("tanh", math::tanh),
    row("time", &[], Scalar, Body::Scalar(time::time)).timed(),
    vector("timestamp", &[Vector], Body::Operator(time::timestamp)).timed(),
    window("ts_of_first_over_time", moment::of_first).experimental(),
    window("ts_of_last_over_time", moment::of_last).experimental(),
    window("ts_of_max_over_time", moment::of_max).experimental(),
    window("ts_of_min_over_time", moment::of_min).experimental(),
    vector("vector", &[Scalar], Body::Operator(time::vector)),
    date("year", date::year),
];

/// Returns every function of the language, sorted by name.
pub fn all_functions() -> &'static [Function] {
    FUNCTIONS
}

/// Finds a function by its exact name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let at = FUNCTIONS.binary_search_by(|row| row.name.cmp(name)).ok()?;
    FUNCTIONS.get(at)
}

/// Finds the function whose name is at most two edits away, for "did you mean".
pub(crate) fn similar(name: &str) -> Option<&'static str> {
    // Longer than any function: not worth a comparison, and hostile input stays cheap.
    if name.len() > 64 {
        return None;
    }
    let name = name.to_ascii_lowercase();
    FUNCTIONS
        .iter()
        .map(|row| {
            let edits = strsim::osa_distance(&name, row.name);
            // Of those that are as close, the one that was begun and not finished.
            (edits, !row.name.starts_with(&name), row.name)
        })
        .min()
        .filter(|(edits, ..)| *edits <= 2 && edits * 3 <= name.len())
        .map(|(.., name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_by_name() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn suggests_what_is_close() {
        assert_eq!(similar("raet"), Some("rate"));
        assert_eq!(similar("rat"), Some("rate"));
        assert_eq!(similar("histogram_quantil"), Some("histogram_quantile"));
        assert_eq!(similar("something_else"), None);
    }
}
