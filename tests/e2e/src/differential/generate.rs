//! Random expressions, well typed by construction: of the language of Prometheus 2.42, and in `current` of a newer one.

mod current;
mod leaf;

use plimsoll_testkit::Seed;

use super::data::{Dialect, Names};
use super::expression::{Expression, Kind};

/// How many operations lie inside of each other.
const DEPTH_MAX: u32 = 4;

const MATH: [&str; 24] = [
    "abs", "ceil", "floor", "exp", "ln", "log2", "log10", "sqrt", "sgn", "deg", "rad", "sin",
    "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "round",
];
const DATES: [&str; 8] = [
    "minute",
    "hour",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "days_in_month",
    "month",
    "year",
];
const WINDOWS: [&str; 16] = [
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "absent_over_time",
    "changes",
    "resets",
    "delta",
    "idelta",
    "deriv",
    "irate",
];
const COUNTER_WINDOWS: [&str; 2] = ["rate", "increase"];
const AGGREGATES: [&str; 6] = ["sum", "avg", "min", "max", "count", "group"];
const GROUPINGS: [&str; 8] = [
    "",
    " by (job)",
    " by (zone)",
    " by (job, zone)",
    " by ()",
    " without (job)",
    " without (zone, le)",
    " by (nothing)",
];
const ARITHMETIC: [&str; 7] = ["+", "-", "*", "/", "%", "^", "atan2"];
/// Operators under which 2.42 keeps the metric name by mistake.
const KEEPS_NAME: &str = "atan2";
const COMPARISON: [&str; 6] = ["==", "!=", ">", "<", ">=", "<="];
const MATCHING: [&str; 8] = [
    "",
    "",
    " on (job, zone)",
    " on (job)",
    " ignoring (zone)",
    " ignoring (version)",
    " on (job) group_left",
    " on (job) group_left (version)",
];
const SETS: [&str; 3] = ["and", "or", "unless"];
const NUMBERS: [&str; 12] = [
    "0", "1", "2", "-1", "0.5", "3.25", "100", "1e6", "NaN", "Inf", "-Inf", "0x1F",
];
/// Makes random expressions over the metrics of a seed.
struct Generator<'a> {
    names: &'a Names,
    random: &'a mut Seed,
}

/// Returns a random expression.
pub(super) fn expression(names: &Names, random: &mut Seed) -> Expression {
    let mut generator = Generator { names, random };
    match generator.random.below(12) {
        0 => generator.scalar(DEPTH_MAX),
        _ => generator.vector(DEPTH_MAX),
    }
}

fn vector(text: &str, parts: Vec<Expression>) -> Expression {
    Expression::new(Kind::Vector, text, parts)
}

impl Generator<'_> {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.random.below(from.len() as u64) as usize]
    }

    fn is_current(&self) -> bool {
        self.names.dialect == Dialect::Current
    }

    fn vector(&mut self, depth: u32) -> Expression {
        if depth == 0 {
            return self.selector();
        }
        let depth = depth - 1;
        if self.is_current() && self.random.percent(40) {
            return self.current(depth);
        }
        match self.random.below(24) {
            0..=2 => self.selector(),
            3..=4 => self.math(depth),
            5..=8 => self.window(depth),
            9..=11 => self.counter_window(),
            12..=14 => self.aggregate(depth),
            15..=17 => self.binary(depth),
            18 => self.set(depth),
            19 => self.quantile(depth),
            20 => self.label(depth),
            21 => self.ranking(depth),
            22 => self.presence(depth),
            _ => self.wrapped(depth),
        }
    }

    fn math(&mut self, depth: u32) -> Expression {
        let inner = self.vector(depth);
        match self.random.below(6) {
            0 => {
                let (low, high) = (self.scalar(1), self.scalar(1));
                vector("clamp($, $, $)", vec![inner, low, high])
            }
            1 => {
                let bound = self.scalar(1);
                let function = self.pick(&["clamp_min", "clamp_max"]);
                vector(&format!("{function}($, $)"), vec![inner, bound])
            }
            2 => {
                let nearest = self.pick(&["0.5", "10", "0.25", "3"]);
                vector(&format!("round($, {nearest})"), vec![inner])
            }
            3 => {
                // What is no number is no point in time, and then it depends on the processor which date Go makes of it.
                let (function, inner) = (self.pick(&DATES), self.finite());
                let seconds = self.pick(&["1", "3600", "86400.25", "-86400"]);
                vector(&format!("{function}($ * {seconds})"), vec![inner])
            }
            _ => {
                let function = self.pick(&MATH);
                vector(&format!("{function}($)"), vec![inner])
            }
        }
    }

    fn window(&mut self, depth: u32) -> Expression {
        let matrix = self.matrix(depth);
        match self.random.below(10) {
            0 => {
                let fraction = self.pick(&["0", "0.1", "0.5", "0.99", "1", "-1", "2"]);
                vector(&format!("quantile_over_time({fraction}, $)"), vec![matrix])
            }
            1 => {
                // With `@`, 2.42 loses samples of all steps but the first.
                let (name, conditions) = (self.name(), self.conditions());
                let (length, offset) = (self.length(), self.offset());
                let ahead = self.pick(&["60", "-60", "3600", "0"]);
                Expression::leaf(
                    Kind::Vector,
                    format!("predict_linear({name}{conditions}[{length}]{offset}, {ahead})"),
                )
            }
            _ => {
                let function = self.pick(&WINDOWS);
                vector(&format!("{function}($)"), vec![matrix])
            }
        }
    }

    fn counter_window(&mut self) -> Expression {
        let matrix = self.counter_matrix();
        let function = self.pick(&COUNTER_WINDOWS);
        vector(&format!("{function}($)"), vec![matrix])
    }

    fn aggregate(&mut self, depth: u32) -> Expression {
        let grouping = self.pick(&GROUPINGS);
        match self.random.below(10) {
            0 => {
                // The values of a selector are written alike, calculated ones may differ in their last digit.
                let inner = self.selector();
                vector(
                    &format!("count_values{grouping} (\"value\", $)"),
                    vec![inner],
                )
            }
            1 => {
                let operator = self.pick(&["stddev", "stdvar"]);
                let inner = self.finite();
                vector(&format!("{operator}{grouping} ($)"), vec![inner])
            }
            2 => {
                let inner = self.vector(depth);
                let fraction = self.pick(&["0", "0.25", "0.5", "0.9", "1", "1.5", "-0.5"]);
                vector(&format!("quantile{grouping} ({fraction}, $)"), vec![inner])
            }
            _ => {
                let (operator, inner) = (self.pick(&AGGREGATES), self.vector(depth));
                vector(&format!("{operator}{grouping} ($)"), vec![inner])
            }
        }
    }

    fn binary(&mut self, depth: u32) -> Expression {
        let is_comparison = self.random.percent(35);
        let operator = match is_comparison {
            true => self.pick(&COMPARISON),
            false => self.pick(&ARITHMETIC),
        };
        let bool = match is_comparison && self.random.percent(50) {
            true => " bool",
            false => "",
        };
        // What is calculated has no name to keep.
        let many = if operator == KEEPS_NAME {
            "abs($)"
        } else {
            "$"
        };
        let left = self.vector(depth);
        match self.random.below(3) {
            0 => {
                let right = self.scalar(depth.min(2));
                vector(&format!("({many} {operator}{bool} $)"), vec![left, right])
            }
            1 => {
                let right = self.scalar(depth.min(2));
                vector(&format!("($ {operator}{bool} {many})"), vec![right, left])
            }
            _ => {
                let matching = match is_comparison && bool.is_empty() {
                    true => self.pick(&["", " on (job) group_left"]),
                    false => self.pick(&MATCHING),
                };
                let right = self.vector(depth);
                vector(
                    &format!("({many} {operator}{bool}{matching} $)"),
                    vec![left, right],
                )
            }
        }
    }

    fn set(&mut self, depth: u32) -> Expression {
        let (left, right) = (self.vector(depth), self.vector(depth));
        let operator = self.pick(&SETS);
        let matching = self.pick(&["", " on (job)", " ignoring (zone)", " on ()"]);
        vector(&format!("($ {operator}{matching} $)"), vec![left, right])
    }

    fn quantile(&mut self, depth: u32) -> Expression {
        let fraction = self.pick(&["0", "0.1", "0.5", "0.9", "0.99", "1", "2", "-1"]);
        let (bucket, length) = (self.names.bucket.clone(), self.length());
        let buckets = match self.random.below(4) {
            0 => bucket,
            1 => format!("rate({bucket}[{length}])"),
            2 => format!("sum by (le) (rate({bucket}[{length}]))"),
            _ => {
                return {
                    let inner = self.vector(depth);
                    vector(&format!("histogram_quantile({fraction}, $)"), vec![inner])
                };
            }
        };
        Expression::leaf(
            Kind::Vector,
            format!("histogram_quantile({fraction}, {buckets})"),
        )
    }

    fn label(&mut self, depth: u32) -> Expression {
        let inner = self.vector(depth);
        match self.random.below(2) {
            0 => {
                let (to, from) = (
                    self.pick(&["zone", "new", "job"]),
                    self.pick(&["zone", "job", "le"]),
                );
                let (with, pattern) = self.pick(&[
                    ("$1-x", "(.)(.*)"),
                    ("${2}", "(.)(.*)"),
                    ("y", "east"),
                    ("", ".*"),
                    ("all", ""),
                ]);
                // A dollar in the text would be a place for a part.
                let arguments = format!("\"{to}\", \"{with}\", \"{from}\", \"{pattern}\"");
                vector(
                    "label_replace($, $)",
                    vec![inner, Expression::leaf(Kind::Fixed, arguments)],
                )
            }
            _ => {
                let separator = self.pick(&["-", ""]);
                vector(
                    &format!(
                        "label_join($, \"joined\", \"{separator}\", \"job\", \"zone\", \"nothing\")"
                    ),
                    vec![inner],
                )
            }
        }
    }

    /// What ranks values needs values of which no two are equal.
    fn ranking(&mut self, depth: u32) -> Expression {
        if self.random.percent(20) {
            let (function, inner) = (self.pick(&["sort", "sort_desc"]), self.vector(depth));
            return vector(&format!("{function}($)"), vec![inner]);
        }
        let (name, conditions, modifiers) = (
            self.names.distinct.clone(),
            self.conditions(),
            self.modifiers(),
        );
        let (operator, grouping) = (self.pick(&["topk", "bottomk"]), self.pick(&GROUPINGS));
        let count = self.pick(&["1", "2", "3.7", "100", "0", "-1"]);
        Expression::leaf(
            Kind::Vector,
            format!("{operator}{grouping} ({count}, {name}{conditions}{modifiers})"),
        )
    }

    fn presence(&mut self, depth: u32) -> Expression {
        match self.random.below(4) {
            0 => {
                let inner = self.vector(depth);
                vector("absent($)", vec![inner])
            }
            1 => {
                let inner = self.vector(depth);
                vector("timestamp($ + 0)", vec![inner])
            }
            2 => {
                // With `@`, Prometheus forgets the offset here.
                let selector = self.finite();
                vector("timestamp($)", vec![selector])
            }
            _ => {
                let inner = self.scalar(depth);
                vector("vector($)", vec![inner])
            }
        }
    }

    fn wrapped(&mut self, depth: u32) -> Expression {
        let inner = self.vector(depth);
        match self.random.percent(50) {
            true => vector("-($)", vec![inner]),
            false => vector("($)", vec![inner]),
        }
    }

    fn scalar(&mut self, depth: u32) -> Expression {
        if depth == 0 || self.random.percent(60) {
            let number = self.pick(&NUMBERS);
            return Expression::leaf(Kind::Scalar, number);
        }
        let depth = depth - 1;
        match self.random.below(5) {
            0 => Expression::leaf(Kind::Scalar, "time()"),
            1 => Expression::leaf(Kind::Scalar, "pi()"),
            2 => {
                let inner = self.vector(depth);
                Expression::new(Kind::Scalar, "scalar($)", vec![inner])
            }
            3 => {
                let (left, right) = (self.scalar(depth), self.scalar(depth));
                let operator = self.pick(&ARITHMETIC);
                Expression::new(
                    Kind::Scalar,
                    &format!("($ {operator} $)"),
                    vec![left, right],
                )
            }
            _ => {
                let (left, right) = (self.scalar(depth), self.scalar(depth));
                let operator = self.pick(&COMPARISON);
                Expression::new(
                    Kind::Scalar,
                    &format!("($ {operator} bool $)"),
                    vec![left, right],
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_makes_the_same_expressions() {
        let make = |seed: u64| {
            let (names, mut random) = (Names::of(seed, Dialect::Debian), Seed::new(seed));
            let expressions = (0..200).map(|_| expression(&names, &mut random).to_string());
            expressions.collect::<Vec<_>>()
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}
