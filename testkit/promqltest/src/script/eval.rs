//! `eval`: a query, when it is evaluated, and what is expected of the answer.
//!
//! | expectation | meaning |
//! |---|---|
//! | `expect fail`, `warn`, `info` `[msg:TEXT / regex:PATTERN]` | it fails, or has annotations of the kind, with such a text |
//! | `expect no_warn`, `no_info` | it has no annotation of the kind |
//! | `expect ordered` | the series come in the order of the script |
//! | `expect string "TEXT"` | the value is a string |
//! | `expect range vector from START to END step STEP` | an instant query gives a matrix with these times |
//! | `NUMBER` alone | the value is a scalar |
//! | `LABELS VALUES` | the series is in the answer, with these values |
//!
//! Scripts before 3.4 say `eval_fail`, `eval_warn`, `eval_info` and `eval_ordered`, and `expected_fail_message TEXT` or
//! `expected_fail_regexp PATTERN` below an `eval_fail`.

use plimsoll_promql::SeriesPoint;
use plimsoll_types::Labels;
use regex::Regex;

use super::{Lines, ScriptError};
use crate::notation;

/// When a query is evaluated, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At one point in time.
    Instant(i64),
    /// At `start`, `start + step` and so on up to `end`.
    Range {
        /// The first time.
        start: i64,
        /// The last time.
        end: i64,
        /// The distance, above 0.
        step: i64,
    },
}

impl When {
    /// Returns the distance of the steps of a range.
    pub(crate) fn step(&self) -> Option<i64> {
        match *self {
            Self::Instant(_) => None,
            Self::Range { step, .. } => Some(step),
        }
    }

    /// Returns all times.
    pub(crate) fn times(&self) -> impl Iterator<Item = i64> {
        let (start, end, step) = match *self {
            Self::Instant(at) => (at, at, 1),
            Self::Range { start, end, step } => (start, end, step),
        };
        (0..=(end - start) / step).map(move |index| start + step * index)
    }
}

/// What a message has to be.
#[derive(Clone, Debug)]
pub enum Message {
    /// Anything.
    Any,
    /// This text.
    Exact(String),
    /// A text that matches.
    Regex(Regex),
}

impl Message {
    /// Says whether a text is as wanted.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == text,
            Self::Regex(regex) => regex.is_match(text),
        }
    }
}

/// A series that is expected.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedSeries {
    /// Its labels.
    pub labels: Labels,
    /// Its values; `None` where there must be none.
    pub points: Vec<Option<SeriesPoint>>,
}

/// The value that is expected.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpectedValue {
    /// A scalar.
    Scalar(f64),
    /// A string.
    String(String),
    /// These series and no other: a vector, or a matrix for a range query.
    Series(Vec<ExpectedSeries>),
    /// A matrix with samples at these times, from an instant query.
    Matrix(When, Vec<ExpectedSeries>),
}

/// A query and its result.
#[derive(Clone, Debug)]
pub struct Eval {
    /// The line it stands in, from 1.
    pub line: usize,
    /// The query.
    pub query: String,
    /// When it is evaluated.
    pub when: When,
    /// How it must fail, if it must.
    pub fail: Option<Message>,
    /// Warnings that must be there, and no other.
    pub warnings: Vec<Message>,
    /// Infos that must be there, and no other.
    pub infos: Vec<Message>,
    /// There must be no warning.
    pub no_warning: bool,
    /// There must be no info.
    pub no_info: bool,
    /// The series must come in this order.
    pub ordered: bool,
    /// The value; meaningless when it must fail.
    pub value: ExpectedValue,
}

pub(super) fn read(line: usize, text: &str, lines: &mut Lines<'_>) -> Result<Eval, ScriptError> {
    let mut eval = first_line(line, text).map_err(ScriptError::at(line))?;
    while let Some((number, text)) = lines.of_command() {
        let wrong = ScriptError::at(number);
        if text.split(' ').next() == Some("expect") {
            eval.expect(text["expect".len()..].trim()).map_err(wrong)?;
        } else if let Some(message) = text.strip_prefix("expected_fail_message ") {
            eval.fail = Some(Message::Exact(message.trim().into()));
        } else if let Some(pattern) = text.strip_prefix("expected_fail_regexp ") {
            eval.fail = Some(regex(pattern).map_err(wrong)?);
        } else if let Some(number) = whole_number(text) {
            eval.expect_scalar(number).map_err(wrong)?;
            // Nothing can follow a number, so that an empty line is not needed after it.
            break;
        } else {
            eval.expect_series(text).map_err(wrong)?;
        }
    }
    eval.check().map_err(ScriptError::at(line))?;
    Ok(eval)
}

/// Splits off the next word.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim_start())
}

/// Takes `keyword VALUE` from the front, where the value is a time or a distance.
fn keyword<'a>(text: &'a str, keyword: &str) -> Result<(i64, &'a str), String> {
    let (found, rest) = word(text);
    if found != keyword {
        return Err(format!("wanted {keyword:?}, found {found:?}"));
    }
    let (value, rest) = word(rest);
    Ok((notation::millis(value)?, rest))
}

fn range(text: &str) -> Result<(When, &str), String> {
    let (start, rest) = keyword(text, "from")?;
    let (end, rest) = keyword(rest, "to")?;
    let (step, rest) = keyword(rest, "step")?;
    if step <= 0 || end < start {
        return Err(format!(
            "no range: from {start} ms to {end} ms step {step} ms"
        ));
    }
    Ok((When::Range { start, end, step }, rest))
}

fn first_line(line: usize, text: &str) -> Result<Eval, String> {
    let (command, rest) = word(text);
    let (kind, rest) = word(rest);
    let (when, query) = match kind {
        "instant" if rest.starts_with("at ") || rest.starts_with("at\t") => {
            let (at, rest) = keyword(rest, "at")?;
            (When::Instant(at), rest)
        }
        "instant" => (When::Instant(0), rest),
        "range" => range(rest)?,
        other => return Err(format!("wanted instant or range, found {other:?}")),
    };
    if query.is_empty() {
        return Err("there is no query".into());
    }
    let mut eval = Eval {
        line,
        query: query.into(),
        when,
        fail: None,
        warnings: Vec::new(),
        infos: Vec::new(),
        no_warning: false,
        no_info: false,
        ordered: false,
        value: ExpectedValue::Series(Vec::new()),
    };
    match command {
        "eval" => {}
        "eval_fail" => eval.fail = Some(Message::Any),
        "eval_warn" => eval.warnings.push(Message::Any),
        "eval_info" => eval.infos.push(Message::Any),
        "eval_ordered" => eval.ordered = true,
        other => return Err(format!("unknown command {other:?}")),
    }
    Ok(eval)
}

fn regex(pattern: &str) -> Result<Message, String> {
    let regex = Regex::new(pattern.trim()).map_err(|error| error.to_string())?;
    Ok(Message::Regex(regex))
}

/// Reads a line that is one number and nothing else; `0x` and a leading zero mean other bases, as in Go.
fn whole_number(text: &str) -> Option<f64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16)
            .ok()
            .map(|number| number as f64),
        None => notation::float(text),
    }
}

impl Eval {
    fn expect(&mut self, text: &str) -> Result<(), String> {
        let (kind, rest) = word(text);
        match kind {
            "string" => {
                self.value = ExpectedValue::String(notation::string(rest)?);
                return Ok(());
            }
            "range" => return self.expect_matrix(rest),
            _ => {}
        }
        let message = match (rest.strip_prefix("msg:"), rest.strip_prefix("regex:")) {
            (Some(exact), _) => Message::Exact(exact.trim().into()),
            (_, Some(pattern)) => regex(pattern)?,
            _ if rest.is_empty() => Message::Any,
            _ => return Err(format!("wanted msg: or regex:, found {rest:?}")),
        };
        match kind {
            "fail" if self.fail.is_none() => self.fail = Some(message),
            "fail" => return Err("it can only fail once".into()),
            "warn" => self.warnings.push(message),
            "info" => self.infos.push(message),
            "no_warn" => self.no_warning = true,
            "no_info" => self.no_info = true,
            "ordered" => self.ordered = true,
            other => return Err(format!("unknown expectation {other:?}")),
        }
        Ok(())
    }

    fn expect_matrix(&mut self, text: &str) -> Result<(), String> {
        let (kind, rest) = word(text);
        let (times, rest) = range(rest)?;
        let series = match &mut self.value {
            ExpectedValue::Series(series) => std::mem::take(series),
            other => return Err(format!("two expected values: {other:?} and a range vector")),
        };
        if kind != "vector" || !rest.is_empty() || !matches!(self.when, When::Instant(_)) {
            return Err(
                "wanted `expect range vector from START to END step STEP` under an instant eval"
                    .into(),
            );
        }
        self.value = ExpectedValue::Matrix(times, series);
        Ok(())
    }

    fn expect_scalar(&mut self, number: f64) -> Result<(), String> {
        match (&mut self.value, self.when) {
            (value, When::Instant(_)) if *value == ExpectedValue::Series(Vec::new()) => {
                *value = ExpectedValue::Scalar(number);
                Ok(())
            }
            // The one nameless series of a range query over a scalar.
            (ExpectedValue::Series(series), When::Range { .. }) if series.is_empty() => {
                series.push(ExpectedSeries {
                    labels: Labels::empty(),
                    points: vec![Some(SeriesPoint::Float(number))],
                });
                Ok(())
            }
            (value, _) => Err(format!("two expected values: {value:?} and {number}")),
        }
    }

    fn expect_series(&mut self, text: &str) -> Result<(), String> {
        let (metric, points) = notation::split(text);
        let labels = notation::labels(metric)?;
        let points = notation::points(points)?;
        if points.is_empty() {
            return Err(format!("{metric} has no values"));
        }
        let when = match &self.value {
            ExpectedValue::Matrix(times, _) => times,
            _ => &self.when,
        };
        let steps = when.times().count();
        if points.len() > steps {
            return Err(format!(
                "{} values for {steps} points in time",
                points.len()
            ));
        }
        match &mut self.value {
            ExpectedValue::Series(series) | ExpectedValue::Matrix(_, series) => {
                if series.iter().any(|other| other.labels == labels) {
                    return Err(format!("{labels} is expected twice"));
                }
                series.push(ExpectedSeries { labels, points });
                Ok(())
            }
            other => Err(format!("two expected values: {other:?} and {labels}")),
        }
    }

    /// Checks what contradicts itself.
    fn check(&self) -> Result<(), String> {
        let wrong = |message: &str| Err(message.to_string());
        if self.no_warning && !self.warnings.is_empty() {
            return wrong("it cannot be expected to warn and not to warn");
        }
        if self.no_info && !self.infos.is_empty() {
            return wrong("it cannot be expected to inform and not to inform");
        }
        if self.fail.is_some() && self.value != ExpectedValue::Series(Vec::new()) {
            return wrong("it cannot be expected to fail and to have a value");
        }
        if self.ordered && !matches!(self.when, When::Instant(_)) {
            return wrong("a range query is always ordered by labels");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Command, read};

    fn eval(text: &str) -> Eval {
        match read(text).unwrap().remove(0) {
            Command::Eval(eval) => eval,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn times_are_durations_or_seconds() {
        let instant = |text: &str| eval(text).when;
        assert_eq!(instant("eval instant at 1h30m a"), When::Instant(5_400_000));
        assert_eq!(instant("eval instant at -10 a"), When::Instant(-10_000));
        assert_eq!(instant("eval instant at 0.5 a"), When::Instant(500));
        assert_eq!(instant("eval instant at_risk"), When::Instant(0));
        let range = eval("eval range from -1m to 5m step 10s a + b");
        let (start, end, step) = (-60_000, 300_000, 10_000);
        assert_eq!(range.when, When::Range { start, end, step });
        assert_eq!(range.query, "a + b");
    }

    #[test]
    fn expectations_are_read_in_both_spellings() {
        let new = eval(
            "eval instant a\n  expect ordered\n  expect warn msg: x: y\n  expect warn regex:z+\n  expect no_info",
        );
        assert!(new.ordered && new.no_info && !new.no_warning);
        assert!(new.warnings[0].fits("x: y") && !new.warnings[0].fits("y"));
        assert!(new.warnings[1].fits("zzz") && !new.warnings[1].fits("y"));
        let old = eval("eval_fail instant a\n  expected_fail_message no such thing");
        assert!(old.fail.is_some_and(|fail| fail.fits("no such thing")));
        let old = eval("eval_fail instant a\n  expected_fail_regexp no .*");
        assert!(old.fail.is_some_and(|fail| fail.fits("no such thing")));
        assert!(eval("eval_ordered instant a").ordered);
        assert_eq!(eval("eval_warn instant a").warnings.len(), 1);
        assert_eq!(eval("eval_info range from 0 to 1 step 1 a").infos.len(), 1);
    }

    #[test]
    fn values_are_scalars_strings_series_or_matrices() {
        assert_eq!(
            eval("eval instant 1\n  0x1f").value,
            ExpectedValue::Scalar(31.0)
        );
        assert_eq!(
            eval("eval instant `a`\n  expect string \"a\"").value,
            ExpectedValue::String("a".into())
        );
        let ExpectedValue::Series(series) =
            eval("eval range from 0 to 3 step 1 a\n  a{b=\"c\"} 1 _ 2\n  {} {{sum:1}}").value
        else {
            panic!("no series")
        };
        assert_eq!(series.len(), 2);
        assert_eq!(series[0].points.len(), 3);
        let matrix =
            eval("eval instant a[1m]\n  expect range vector from 10s to 20s step 10s\n  a 1 2");
        assert!(matches!(matrix.value, ExpectedValue::Matrix(_, series) if series.len() == 1));
    }
}
