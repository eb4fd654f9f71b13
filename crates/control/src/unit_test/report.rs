//! What became of unit tests, for people: promtool's words, then the difference and the place of the expectation.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_runtime::config::{Diagnostic, Diagnostics};
use plimsoll_types::{Labels, Sample};

use super::diff::diff;

/// What became of one file of unit tests.
#[derive(Debug)]
pub struct Report {
    /// The file as it was named.
    pub path: PathBuf,
    /// What is legal and most likely not meant.
    pub warnings: Vec<Diagnostic>,
    /// Why nothing of the file was run, when nothing was.
    pub refusal: Option<Diagnostics>,
    /// The tests that were run, in the order of the file.
    pub tests: Vec<TestReport>,
}

impl Report {
    /// Says whether the file was read and every test that was run passed.
    pub fn is_good(&self) -> bool {
        self.refusal.is_none() && self.tests.iter().all(|test| test.failures.is_empty())
    }

    /// Writes why the file is not good, with a line break at the end; empty when it is.
    pub fn failures(&self, style: Style) -> String {
        let mut text = String::new();
        if let Some(refusal) = &self.refusal {
            writeln!(text, "{refusal}").expect("writing to a string never fails");
        }
        for failure in self.tests.iter().flat_map(|test| &test.failures) {
            text.push_str(&failure.text(style));
        }
        text
    }
}

/// How much of a failure is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// All that was expected, all that was found, and the difference.
    Whole,
    /// The difference only.
    Difference,
}

/// What became of one test.
#[derive(Debug)]
pub struct TestReport {
    /// Its name, or `unnamed#` and its number from 0.
    pub name: String,
    /// How long it took.
    pub duration: Duration,
    /// At how many points in time rules were evaluated.
    pub evaluations: u64,
    /// What was not as expected.
    pub failures: Vec<TestFailure>,
    /// All samples of the test, input and results, when they were asked for; sorted by labels.
    pub dump: Option<Vec<(Labels, Vec<Sample>)>>,
}

/// Something that was not as expected.
#[derive(Debug)]
pub struct TestFailure {
    /// What was tested, in promtool's words: name of the test, alert or expression, and time.
    pub heading: String,
    /// What was wrong with it.
    pub fault: Fault,
    /// Where the expectation stands in the file.
    pub place: Option<Diagnostic>,
}

/// How a test fails.
#[derive(Debug)]
pub enum Fault {
    /// It could not be evaluated, and why.
    Error(String),
    /// Other alerts fire than expected.
    Alerts {
        /// What was expected, in lines.
        expected: Vec<AlertLines>,
        /// What was found, in lines.
        found: Vec<AlertLines>,
    },
    /// An expression gave other samples than expected.
    Samples {
        /// What was expected.
        expected: Vec<String>,
        /// What was found.
        found: Vec<String>,
    },
}

/// An alert in words: its labels and its annotations.
pub type AlertLines = [String; 2];

impl TestFailure {
    /// Writes the failure with a line break at the end.
    pub fn text(&self, style: Style) -> String {
        let mut text = self.heading.clone();
        match &self.fault {
            Fault::Error(error) => text.push_str(error),
            Fault::Alerts { expected, found } => {
                let lines = |all: &[AlertLines]| -> Vec<String> { all.concat() };
                if style == Style::Whole {
                    write!(
                        text,
                        "\n        exp:{}, \n        got:{}",
                        alert_list(expected),
                        alert_list(found)
                    )
                    .expect("writing to a string never fails");
                }
                add_difference(&mut text, &lines(expected), &lines(found));
            }
            Fault::Samples { expected, found } => {
                if style == Style::Whole {
                    write!(
                        text,
                        "\n        exp: {}\n        got: {}",
                        sample_list(expected),
                        sample_list(found)
                    )
                    .expect("writing to a string never fails");
                }
                add_difference(&mut text, expected, found);
                if expected == found && found.iter().any(|sample| sample.ends_with(" NaN")) {
                    text.push_str(
                        "\n        NaN equals nothing, as in promtool: test for it with x != x",
                    );
                }
            }
        }
        text.push('\n');
        if let Some(place) = &self.place {
            for line in place.to_string().lines() {
                writeln!(text, "        {line}").expect("writing to a string never fails");
            }
        }
        text
    }
}

fn add_difference(text: &mut String, expected: &[String], found: &[String]) {
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    text.push_str("\n        diff: (- expected, + got)");
    for (sign, line) in diff(&expected, &found) {
        write!(text, "\n          {sign} {line}").expect("writing to a string never fails");
    }
}

fn alert_list(alerts: &[AlertLines]) -> String {
    if alerts.is_empty() {
        return "[]".into();
    }
    let one = |(index, [labels, annotations]): (usize, &AlertLines)| {
        format!("\n            {index}:\n              {labels}\n              {annotations}")
    };
    let alerts: Vec<String> = alerts.iter().enumerate().map(one).collect();
    format!("[{}\n            ]", alerts.join(","))
}

fn sample_list(samples: &[String]) -> String {
    match samples.is_empty() {
        true => "nil".into(),
        false => samples.join(", "),
    }
}
