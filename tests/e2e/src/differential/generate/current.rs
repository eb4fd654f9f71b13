//! What Prometheus 3.13 has and 2.42 has not: native histograms, experimental functions, operators and modifiers.

use super::super::expression::{Expression, Kind};
use super::{GROUPINGS, Generator, vector};

const WINDOWS: [&str; 8] = [
    "first_over_time",
    "ts_of_min_over_time",
    "ts_of_max_over_time",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "rate",
    "increase",
    "resets",
];
const ANCHORED: [&str; 5] = ["rate", "increase", "delta", "changes", "resets"];
const SMOOTHED: [&str; 3] = ["rate", "increase", "delta"];
const OF_HISTOGRAM: [&str; 5] = [
    "histogram_count",
    "histogram_sum",
    "histogram_avg",
    "histogram_stddev",
    "histogram_stdvar",
];
const OPERATORS: [&str; 12] = [
    "+", "-", "*", "/", "==", "!=", ">", "</", ">/", "and", "or", "%",
];
const FILLS: [&str; 4] = [
    " fill (0)",
    " fill_left (1)",
    " fill_right (-2.5)",
    " fill_left (3) fill_right (NaN)",
];

impl Generator<'_> {
    pub(super) fn histogram_name(&mut self) -> String {
        let names = self.names;
        self.pick(&[&names.exponential, &names.custom]).clone()
    }

    /// Returns an expression of what is new.
    pub(super) fn current(&mut self, depth: u32) -> Expression {
        match self.random.below(16) {
            0..=1 => self.limit(depth),
            2..=3 => self.filled(depth),
            4..=6 => self.extended(),
            7..=8 => self.of_histogram(depth),
            9..=11 => self.histogram(depth),
            12..=13 => {
                let (function, matrix) = (self.pick(&WINDOWS), self.matrix(depth));
                vector(&format!("{function}($)"), vec![matrix])
            }
            14 if self.random.percent(50) => {
                // With NaN among the values, 3.13 and 3.14 differ.
                let (name, length) = (self.names.gauge.clone(), self.length());
                Expression::leaf(Kind::Vector, format!("mad_over_time({name}[{length}])"))
            }
            14 => self.smoothing(depth),
            _ => {
                let (inner, function) = (self.vector(depth), self.pick(&["", "_desc"]));
                vector(
                    &format!("sort_by_label{function}($, \"zone\", \"job\")"),
                    vec![inner],
                )
            }
        }
    }

    fn limit(&mut self, depth: u32) -> Expression {
        let (inner, grouping) = (self.vector(depth), self.pick(&GROUPINGS));
        if self.random.percent(50) {
            let count = self.pick(&["1", "2", "100", "0", "-1", "2.9"]);
            // Which series come first is the store's business.
            let text = format!("count{grouping} (limitk{grouping} ({count}, $))");
            return vector(&text, vec![inner]);
        }
        let ratio = self.pick(&["0.5", "-0.5", "1", "0.1", "-0.9", "0", "2", "-3"]);
        vector(&format!("limit_ratio{grouping} ({ratio}, $)"), vec![inner])
    }

    fn filled(&mut self, depth: u32) -> Expression {
        let (left, right) = (self.vector(depth), self.vector(depth));
        let operator = self.pick(&["+", "-", "*", "==", ">", "> bool", "!= bool"]);
        let matching = self.pick(&[
            "",
            " on (job, zone)",
            " ignoring (le)",
            " on (job) group_left ()",
        ]);
        let fill = self.pick(&FILLS);
        vector(
            &format!("($ {operator}{matching}{fill} $)"),
            vec![left, right],
        )
    }

    fn extended(&mut self) -> Expression {
        let names = self.names;
        let name = self.pick(&[
            &names.counter,
            &names.gauge,
            &names.distinct,
            &names.exponential,
            &names.custom,
        ]);
        let (conditions, length, modifiers) = (self.conditions(), self.length(), self.modifiers());
        let (function, extension) = match self.random.percent(50) {
            true => (self.pick(&ANCHORED), "anchored"),
            false => (self.pick(&SMOOTHED), "smoothed"),
        };
        let text = match self.random.percent(15) {
            true => format!("{name}{conditions} smoothed{modifiers}"),
            false => format!("{function}({name}{conditions}[{length}] {extension}{modifiers})"),
        };
        Expression::leaf(Kind::Vector, text)
    }

    fn of_histogram(&mut self, depth: u32) -> Expression {
        let inner = match self.random.percent(70) {
            true => self.histogram(depth),
            false => self.vector(depth),
        };
        match self.random.below(5) {
            0 => {
                let fraction = self.pick(&["0", "0.1", "0.5", "0.9", "1", "NaN", "2"]);
                vector(&format!("histogram_quantile({fraction}, $)"), vec![inner])
            }
            1 => {
                let (lower, upper) = (
                    self.pick(&["-Inf", "0", "-1", "0.3"]),
                    self.pick(&["+Inf", "0", "1", "2.5"]),
                );
                vector(
                    &format!("histogram_fraction({lower}, {upper}, $)"),
                    vec![inner],
                )
            }
            _ => {
                let function = self.pick(&OF_HISTOGRAM);
                vector(&format!("{function}($)"), vec![inner])
            }
        }
    }

    /// Returns an expression whose values are histograms for the most part.
    fn histogram(&mut self, depth: u32) -> Expression {
        let name = self.histogram_name();
        let (conditions, modifiers) = (self.conditions(), self.modifiers());
        let selector = format!("{name}{conditions}");
        if depth == 0 || self.random.percent(20) {
            return Expression::leaf(Kind::Vector, format!("{selector}{modifiers}"));
        }
        let depth = depth - 1;
        match self.random.below(6) {
            0..=1 => {
                let length = self.length();
                let function = self.pick(&[
                    "rate",
                    "increase",
                    "delta",
                    "irate",
                    "idelta",
                    "sum_over_time",
                    "avg_over_time",
                    "last_over_time",
                    "changes",
                    "resets",
                ]);
                Expression::leaf(
                    Kind::Vector,
                    format!("{function}({selector}[{length}]{modifiers})"),
                )
            }
            2..=3 => {
                let (operator, grouping) = (
                    self.pick(&["sum", "avg", "count", "group", "max"]),
                    self.pick(&GROUPINGS),
                );
                let inner = self.histogram(depth);
                vector(&format!("{operator}{grouping} ($)"), vec![inner])
            }
            4 => {
                let (operator, inner) = (self.pick(&OPERATORS[..9]), self.histogram(depth));
                let number = self.pick(&["2", "0.5", "-1", "0", "-3", "10"]);
                vector(&format!("($ {operator} {number})"), vec![inner])
            }
            _ => {
                let (left, right) = (self.histogram(depth), self.histogram(depth));
                let operator = self.pick(&OPERATORS);
                vector(&format!("($ {operator} $)"), vec![left, right])
            }
        }
    }

    fn smoothing(&mut self, depth: u32) -> Expression {
        let matrix = self.matrix(depth);
        let (level, trend) = (
            self.pick(&["0.1", "0.5", "0.9"]),
            self.pick(&["0.1", "0.5"]),
        );
        vector(
            &format!("double_exponential_smoothing($, {level}, {trend})"),
            vec![matrix],
        )
    }
}
