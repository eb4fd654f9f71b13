//! Goes through the time of a test and compares what is there with what is expected.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_promql::histogram_notation;
use plimsoll_rules::Element;
use plimsoll_runtime::config::{Diagnostic, Severity, Span};
use plimsoll_types::{Value, format_duration};

use super::file::{AlertTest, ExpectedAlert, ExprTest, FoundSample, Test, TestFile};
use super::report::{AlertLines, Fault, TestFailure};
use super::text;
use super::world::{RuleError, World};

/// Runs a test; returns at how many points in time rules were evaluated, and what was not as expected.
pub(super) fn judge(
    file: &TestFile,
    test: &Test,
    world: &mut World<'_>,
) -> (u64, Vec<TestFailure>) {
    let mut judge = Judge {
        file,
        test,
        failures: Vec::new(),
    };
    let evaluations = judge.all(world);
    (evaluations, judge.failures)
}

struct Judge<'a> {
    file: &'a TestFile,
    test: &'a Test,
    failures: Vec<TestFailure>,
}

impl Judge<'_> {
    fn all(&mut self, world: &mut World<'_>) -> u64 {
        let alerts = self.test.alerts.iter().map(|test| test.eval_time);
        let exprs = self.test.exprs.iter().map(|test| test.eval_time);
        let end = alerts.chain(exprs).max().unwrap_or_default();
        let mut alerts: Vec<&AlertTest> = self.test.alerts.iter().collect();
        alerts.sort_by_key(|test| test.eval_time);
        let mut alerts = alerts.into_iter().peekable();
        let (mut now, mut evaluations) = (Duration::ZERO, 0);
        while now <= end {
            evaluations += 1;
            if let Err(errors) = world.step(self.test.start + now) {
                self.rule_errors(now, errors);
                return evaluations;
            }
            let next = now + self.file.interval;
            while let Some(test) = alerts.next_if(|test| test.eval_time < next) {
                self.alerts(test, world);
            }
            now = next;
        }
        for test in &self.test.exprs {
            self.expr(test, world);
        }
        evaluations
    }

    fn heading(&self) -> String {
        match self.test.name.is_empty() {
            true => String::new(),
            false => format!("    name: {},\n", self.test.name),
        }
    }

    fn place(&self, span: Span, message: &str) -> Option<Diagnostic> {
        Some(self.file.source.error(span, message))
    }

    fn rule_errors(&mut self, now: Duration, errors: Vec<RuleError>) {
        for error in errors {
            let mut place = Diagnostic::file(&*error.file, Severity::Error, "this rule");
            (place.line, place.column) = (error.line as usize, error.column as usize);
            self.failures.push(TestFailure {
                heading: format!(
                    "{}    rule: {}, time: {}, err: ",
                    self.heading(),
                    error.rule,
                    text::go_duration(now)
                ),
                fault: Fault::Error(error.error),
                place: Some(place),
            });
        }
    }

    fn alerts(&mut self, test: &AlertTest, world: &World<'_>) {
        let pairs = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> BTreeMap<String, String> {
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect()
        };
        let alerts = world.firing(&test.alertname).into_iter();
        let mut found: Vec<ExpectedAlert> = alerts
            .map(|alert| ExpectedAlert {
                labels: pairs(&mut alert.labels.iter()),
                annotations: pairs(&mut alert.annotations.iter()),
            })
            .collect();
        found.sort();
        if found == test.expected {
            return;
        }
        self.failures.push(TestFailure {
            heading: format!(
                "{}    alertname: {}, time: {}, ",
                self.heading(),
                test.alertname,
                format_duration(test.eval_time)
            ),
            fault: Fault::Alerts {
                expected: test.expected.iter().map(alert_lines).collect(),
                found: found.iter().map(alert_lines).collect(),
            },
            place: self.place(test.span, "other alerts fire than this test expects"),
        });
    }

    fn expr(&mut self, test: &ExprTest, world: &World<'_>) {
        let result = world.evaluate(&test.expr, self.test.start + test.eval_time);
        let heading = |end: &str| {
            format!(
                "{}    expr: {}, time: {},{end}",
                self.heading(),
                plimsoll_promql::quoted(&test.text),
                format_duration(test.eval_time)
            )
        };
        let failure = match result {
            Err(error) => TestFailure {
                heading: heading(" err: "),
                fault: Fault::Error(error),
                place: self.place(test.span, "this expression cannot be evaluated"),
            },
            Ok(elements) => {
                let (expected, found) = (sorted(test.expected.clone()), found(elements));
                if self.are_same(&expected, &found) {
                    return;
                }
                let lines = |all: &[FoundSample]| all.iter().map(text::sample).collect();
                TestFailure {
                    heading: heading(""),
                    fault: Fault::Samples {
                        expected: lines(&expected),
                        found: lines(&found),
                    },
                    place: self.place(
                        test.span,
                        "the expression gives other samples than expected",
                    ),
                }
            }
        };
        self.failures.push(failure);
    }

    fn are_same(&self, expected: &[FoundSample], found: &[FoundSample]) -> bool {
        let is_same = |(expected, found): (&FoundSample, &FoundSample)| {
            expected.labels == found.labels
                && expected.histogram == found.histogram
                && self.is_same(expected.value, found.value)
        };
        expected.len() == found.len() && expected.iter().zip(found).all(is_same)
    }

    /// Compares as promtool does: NaN equals nothing; `fuzzy_compare` forgives the last bit.
    fn is_same(&self, expected: f64, found: f64) -> bool {
        expected == found
            || self.file.is_fuzzy && (expected.next_down() == found || expected.next_up() == found)
    }
}

fn sorted(mut samples: Vec<FoundSample>) -> Vec<FoundSample> {
    samples.sort_by(|a, b| a.labels.cmp(&b.labels));
    samples
}

fn found(elements: Vec<Element>) -> Vec<FoundSample> {
    let samples = elements.into_iter().map(|element| {
        let (value, histogram) = match element.value {
            Value::Float(value) => (value, None),
            Value::Histogram(histogram) => (0.0, Some(histogram_notation(&histogram))),
        };
        FoundSample {
            labels: element.labels,
            value,
            histogram,
        }
    });
    sorted(samples.collect())
}

fn alert_lines(alert: &ExpectedAlert) -> AlertLines {
    let shown = |pairs: &BTreeMap<String, String>| {
        text::labels(
            pairs
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        )
    };
    [
        format!("Labels:{}", shown(&alert.labels)),
        format!("Annotations:{}", shown(&alert.annotations)),
    ]
}
