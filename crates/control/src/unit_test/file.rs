//! A file of unit tests as it is written, in promtool's format, and what may be wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use plimsoll_promql::{
    Expr, Features, ParseError, SeriesPoint, histogram_notation, parse_metric, parse_points,
    parse_series, parse_with,
};
use plimsoll_runtime::config::{Diagnostic, Diagnostics, DurationValue, Source, Span, Spanned};
use plimsoll_types::{ALERT_NAME, Labels, Sample, Timestamp};
use serde::Deserialize;

/// Prometheus' default of `evaluation_interval`.
const INTERVAL: Duration = Duration::from_secs(60);

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawFile {
    rule_files: Vec<Spanned<String>>,
    evaluation_interval: DurationValue,
    group_eval_order: Vec<Spanned<String>>,
    fuzzy_compare: bool,
    start_timestamp: Spanned<String>,
    tests: Vec<Spanned<RawTest>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawTest {
    name: String,
    interval: DurationValue,
    start_timestamp: Spanned<String>,
    input_series: Vec<RawSeries>,
    alert_rule_test: Vec<Spanned<RawAlertTest>>,
    promql_expr_test: Vec<Spanned<RawExprTest>>,
    external_labels: BTreeMap<String, String>,
    external_url: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawSeries {
    series: Spanned<String>,
    values: Spanned<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawAlertTest {
    eval_time: DurationValue,
    alertname: String,
    exp_alerts: Vec<Option<RawAlert>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawAlert {
    exp_labels: BTreeMap<String, String>,
    exp_annotations: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawExprTest {
    expr: Spanned<String>,
    eval_time: DurationValue,
    exp_samples: Vec<Option<RawSample>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawSample {
    labels: Spanned<String>,
    value: f64,
    histogram: Spanned<String>,
}

/// A file of unit tests: those that are to run, checked.
#[derive(Debug)]
pub(super) struct TestFile {
    pub(super) source: Source,
    /// Patterns of paths, relative ones from the directory of this file.
    pub(super) rule_files: Vec<Spanned<String>>,
    /// The distance of two evaluations; above 0.
    pub(super) interval: Duration,
    pub(super) order: Vec<String>,
    pub(super) is_fuzzy: bool,
    pub(super) tests: Vec<Test>,
}

/// One test group.
#[derive(Debug)]
pub(super) struct Test {
    /// Empty when it has none.
    pub(super) name: String,
    /// From 0, those that do not run counted as well.
    pub(super) index: usize,
    pub(super) start: Timestamp,
    pub(super) external_labels: Labels,
    pub(super) external_url: String,
    pub(super) series: Vec<InputSeries>,
    pub(super) alerts: Vec<AlertTest>,
    pub(super) exprs: Vec<ExprTest>,
}

/// A series and all samples that it will have.
#[derive(Debug)]
pub(super) struct InputSeries {
    pub(super) labels: Labels,
    /// Ascending in time.
    pub(super) samples: Vec<Sample>,
}

/// Which alerts of a name have to fire at a time.
#[derive(Debug)]
pub(super) struct AlertTest {
    pub(super) span: Span,
    pub(super) eval_time: Duration,
    pub(super) alertname: String,
    pub(super) expected: Vec<ExpectedAlert>,
}

/// An alert that has to fire.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ExpectedAlert {
    /// Its labels, the alert's name among them.
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
}

/// What an expression has to give at a time.
#[derive(Debug)]
pub(super) struct ExprTest {
    pub(super) span: Span,
    pub(super) eval_time: Duration,
    pub(super) text: String,
    pub(super) expr: Expr,
    pub(super) expected: Vec<FoundSample>,
}

/// A sample as tests compare it: a histogram is its notation, and its value 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoundSample {
    pub(super) labels: Labels,
    pub(super) value: f64,
    pub(super) histogram: Option<String>,
}

/// Reads a file of unit tests; only what `selects` chooses by name is checked in full and returned.
///
/// # Errors
/// Everything that is wrong with it, or the first thing that keeps it from being read at all.
pub(super) fn read(
    source: Source,
    features: &Features,
    selects: &dyn Fn(&str) -> bool,
) -> Result<TestFile, Diagnostics> {
    let raw: RawFile = source.parse()?;
    let interval = non_zero(raw.evaluation_interval, INTERVAL);
    let mut checker = Checker {
        source: &source,
        features,
        interval,
        found: Vec::new(),
    };
    let start = checker.start(&raw.start_timestamp, Timestamp::EPOCH);
    let order = checker.order(raw.group_eval_order);
    let tests = raw.tests.into_iter().enumerate();
    let tests = tests.filter(|(_, test)| selects(&test.name));
    let tests = tests.map(|(index, test)| checker.test(index, test.value, start));
    let tests = tests.collect();
    match checker.found.is_empty() {
        true => Ok(TestFile {
            rule_files: raw.rule_files,
            interval,
            order,
            is_fuzzy: raw.fuzzy_compare,
            tests,
            source,
        }),
        false => Err(Diagnostics(checker.found)),
    }
}

fn non_zero(value: DurationValue, default: Duration) -> Duration {
    if value.0.is_zero() { default } else { value.0 }
}

struct Checker<'a> {
    source: &'a Source,
    features: &'a Features,
    interval: Duration,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn wrong<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.found.push(self.source.error(at.span, message));
    }

    /// Points at the very place in a text when it is written as it is, and at all of it otherwise.
    fn unread(&mut self, text: &Spanned<String>, what: &str, error: &ParseError) {
        let mut place = text.span;
        let span = error.span();
        if let Some(start) = written_at(self.source, text) {
            let at = |offset: usize| start + offset.min(text.len()) as u32;
            place = Span {
                start: at(span.start),
                end: at(span.end),
            };
        }
        let message = format!("{what}: {}", error.message());
        let found = self.source.error(place, message);
        self.found.push(match error.hint() {
            Some(hint) => found.with_hint(hint),
            None => found,
        });
    }

    fn order(&mut self, groups: Vec<Spanned<String>>) -> Vec<String> {
        let mut order: Vec<String> = Vec::new();
        for group in groups {
            if order.contains(&group.value) {
                let message = format!("the group {:?} is in the order twice", group.value);
                self.wrong(&group, message);
            }
            order.push(group.value);
        }
        order
    }

    fn start(&mut self, text: &Spanned<String>, default: Timestamp) -> Timestamp {
        if text.is_empty() {
            return default;
        }
        let seconds = text
            .parse::<f64>()
            .ok()
            .filter(|seconds| seconds.is_finite());
        let at = match seconds {
            Some(seconds) => Some((seconds * 1000.0).round() as i64),
            None => text
                .parse::<jiff::Timestamp>()
                .ok()
                .map(jiff::Timestamp::as_millisecond),
        };
        match at {
            Some(millis) => Timestamp::from_millis(millis),
            None => {
                let message = format!(
                    "{:?} is no point in time: expected Unix seconds or RFC 3339",
                    text.value
                );
                self.wrong(text, message);
                default
            }
        }
    }

    fn test(&mut self, index: usize, raw: RawTest, start: Timestamp) -> Test {
        let start = self.start(&raw.start_timestamp, start);
        let interval = non_zero(raw.interval, self.interval);
        let series = raw.input_series.iter();
        let series = series.filter_map(|series| self.series(series, start, interval));
        let series = series.collect();
        let alerts = raw.alert_rule_test.into_iter();
        let alerts = alerts.filter_map(|test| self.alert_test(test)).collect();
        let exprs = raw.promql_expr_test.into_iter();
        let exprs = exprs.filter_map(|test| self.expr_test(test)).collect();
        Test {
            name: raw.name,
            index,
            start,
            external_labels: Labels::from_pairs(raw.external_labels),
            external_url: raw.external_url,
            series: last_of_each(series),
            alerts,
            exprs,
        }
    }

    fn series(
        &mut self,
        raw: &RawSeries,
        start: Timestamp,
        interval: Duration,
    ) -> Option<InputSeries> {
        let labels = match parse_series(&raw.series) {
            Ok(series) if series.labels.is_empty() => {
                self.wrong(&raw.series, "a series needs a name or a label");
                return None;
            }
            Ok(series) if !series.points.is_empty() => {
                self.wrong(&raw.series, "values belong into `values`");
                return None;
            }
            Ok(series) => series.labels,
            Err(error) => {
                self.unread(&raw.series, "not a series", &error);
                return None;
            }
        };
        let samples = self.samples(&raw.values, start, interval)?;
        Some(InputSeries { labels, samples })
    }

    fn samples(
        &mut self,
        values: &Spanned<String>,
        start: Timestamp,
        interval: Duration,
    ) -> Option<Vec<Sample>> {
        let points = parse_points(values)
            .map_err(|error| self.unread(values, "not the values of a series", &error))
            .ok()?;
        let step = i64::try_from(interval.as_millis()).unwrap_or(i64::MAX);
        let mut samples = Vec::with_capacity(points.len());
        for (index, point) in points.into_iter().enumerate() {
            let after = step.saturating_mul(index as i64);
            match sample(point, start.saturating_add_millis(after)) {
                Ok(sample) => samples.extend(sample),
                Err(message) => {
                    self.wrong(values, format!("value {}: {message}", index + 1));
                    return None;
                }
            }
        }
        Some(samples)
    }

    fn alert_test(&mut self, raw: Spanned<RawAlertTest>) -> Option<AlertTest> {
        if raw.alertname.is_empty() {
            self.wrong(&raw, "a test of alerts needs `alertname`");
            return None;
        }
        let (span, raw) = (raw.span, raw.value);
        let named = |alert: Option<RawAlert>| {
            let RawAlert {
                exp_labels: mut labels,
                exp_annotations: annotations,
            } = alert.unwrap_or_default();
            labels.insert(ALERT_NAME.into(), raw.alertname.clone());
            ExpectedAlert {
                labels,
                annotations,
            }
        };
        let mut expected: Vec<ExpectedAlert> = raw.exp_alerts.into_iter().map(named).collect();
        expected.sort();
        Some(AlertTest {
            span,
            eval_time: raw.eval_time.0,
            expected,
            alertname: raw.alertname,
        })
    }

    fn expr_test(&mut self, raw: Spanned<RawExprTest>) -> Option<ExprTest> {
        let before = self.found.len();
        let (span, raw) = (raw.span, raw.value);
        let expr = parse_with(&raw.expr, self.features);
        let expr = expr.map_err(|error| match raw.expr.is_empty() {
            true => {
                let at = Spanned {
                    value: (),
                    span,
                    key: span,
                };
                self.wrong(&at, "a test of an expression needs `expr`");
            }
            false => self.unread(&raw.expr, "the expression is no PromQL", &error),
        });
        let samples = raw.exp_samples.into_iter().map(Option::unwrap_or_default);
        let expected = samples.filter_map(|sample| self.sample(sample)).collect();
        Some(ExprTest {
            span,
            eval_time: raw.eval_time.0,
            text: raw.expr.value,
            expr: expr.ok().filter(|_| self.found.len() == before)?,
            expected,
        })
    }

    fn sample(&mut self, raw: RawSample) -> Option<FoundSample> {
        let labels = parse_metric(&raw.labels)
            .map_err(|error| self.unread(&raw.labels, "not the labels of a sample", &error));
        let histogram = match raw.histogram.is_empty() {
            true => Ok(None),
            false => self.histogram(&raw.histogram).map(Some).ok_or(()),
        };
        Some(FoundSample {
            labels: labels.ok()?,
            value: raw.value,
            histogram: histogram.ok()?,
        })
    }

    fn histogram(&mut self, text: &Spanned<String>) -> Option<String> {
        match parse_points(text).as_deref() {
            Ok([Some(SeriesPoint::Histogram { value, .. })]) => Some(histogram_notation(value)),
            Ok(_) => {
                self.wrong(text, "expected one histogram such as {{sum:1 count:2}}");
                None
            }
            Err(error) => {
                self.unread(text, "not a histogram", error);
                None
            }
        }
    }
}

/// Makes a value a sample; refuses a histogram that no store takes.
fn sample(point: Option<SeriesPoint>, at: Timestamp) -> Result<Option<Sample>, String> {
    match point {
        None => Ok(None),
        Some(SeriesPoint::Float(value)) => Ok(Some(Sample::float(at, value))),
        Some(SeriesPoint::Histogram { value, .. }) => {
            value.validate().map_err(|error| error.to_string())?;
            Ok(Some(Sample::histogram(at, value)))
        }
    }
}

/// Of series with the same labels the last one counts, as in promtool; it takes the place of the first.
fn last_of_each(series: Vec<InputSeries>) -> Vec<InputSeries> {
    let mut places: HashMap<Labels, usize> = HashMap::new();
    let mut kept: Vec<InputSeries> = Vec::with_capacity(series.len());
    for one in series {
        match places.get(&one.labels) {
            Some(place) => kept[*place] = one,
            None => {
                places.insert(one.labels.clone(), kept.len());
                kept.push(one);
            }
        }
    }
    kept
}

/// Returns the byte at which a text begins in the file when it is there byte for byte: plain, or quoted without escapes.
fn written_at(source: &Source, text: &Spanned<String>) -> Option<u32> {
    let (start, end) = (text.span.start as usize, text.span.end as usize);
    let written = source.text().get(start..end)?;
    if written == text.value {
        return Some(text.span.start);
    }
    let quoted = written.get(1..written.len().saturating_sub(1))?;
    (written.starts_with(['"', '\'']) && quoted == text.value).then_some(text.span.start + 1)
}

#[cfg(test)]
mod tests;
