//! Reports as JUnit XML, which every build farm reads.
//!
//! ```text
//! <testsuites tests failures errors time>
//!   <testsuite name=FILE tests failures errors skipped timestamp time>
//!     <testcase name classname time>
//!       <failure message>...</failure>       one per expectation that was not met
//!     </testcase>
//!     <testcase name="file" ...><error message>...</error></testcase>     when the file was refused
//! ```

use std::fmt::Write;
use std::time::Duration;

use super::report::{Report, Style, TestReport};

/// Writes reports as one JUnit document; `began` is when the tests began, as `2026-01-31T12:00:00`.
pub fn junit(reports: &[Report], began: &str) -> String {
    let suites = reports.iter().map(|report| suite(report, began));
    let counts = reports.iter().map(Counts::of);
    let all = counts.fold(Counts::default(), Counts::plus);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {}>\n{}</testsuites>\n",
        all.attributes(),
        suites.collect::<String>()
    )
}

#[derive(Clone, Copy, Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    duration: Duration,
}

impl Counts {
    fn of(report: &Report) -> Self {
        let tests = &report.tests;
        let errors = usize::from(report.refusal.is_some());
        Self {
            tests: tests.len() + errors,
            failures: tests
                .iter()
                .filter(|test| !test.failures.is_empty())
                .count(),
            errors,
            duration: tests.iter().map(|test| test.duration).sum(),
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            duration: self.duration + other.duration,
        }
    }

    fn attributes(self) -> String {
        format!(
            "tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3}\"",
            self.tests,
            self.failures,
            self.errors,
            self.duration.as_secs_f64()
        )
    }
}

fn suite(report: &Report, began: &str) -> String {
    let name = escaped(&report.path.to_string_lossy());
    let counts = Counts::of(report).attributes();
    let mut text = format!(
        "  <testsuite name=\"{name}\" {counts} skipped=\"0\" timestamp=\"{}\">\n",
        escaped(began)
    );
    for test in &report.tests {
        text.push_str(&case(test, &name));
    }
    if let Some(refusal) = &report.refusal {
        let shown = refusal.to_string();
        let first = escaped(shown.lines().next().unwrap_or_default());
        write!(
            text,
            "    <testcase name=\"file\" classname=\"{name}\" time=\"0.000\">\n      \
             <error message=\"{first}\">{}</error>\n    </testcase>\n",
            escaped(&shown)
        )
        .expect("writing to a string never fails");
    }
    text + "  </testsuite>\n"
}

fn case(test: &TestReport, file: &str) -> String {
    let mut text = format!(
        "    <testcase name=\"{}\" classname=\"{file}\" time=\"{:.3}\"",
        escaped(&test.name),
        test.duration.as_secs_f64()
    );
    if test.failures.is_empty() {
        return text + "/>\n";
    }
    text.push_str(">\n");
    for failure in &test.failures {
        let message: Vec<&str> = failure.heading.split_whitespace().collect();
        let message = message.join(" ");
        writeln!(
            text,
            "      <failure message=\"{}\">{}</failure>",
            escaped(message.trim_end_matches([' ', ','])),
            escaped(&failure.text(Style::Whole))
        )
        .expect("writing to a string never fails");
    }
    text + "    </testcase>\n"
}

/// Escapes a text for content and for attributes; what XML 1.0 cannot hold becomes the replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => {
                escaped.push(c);
            }
            _ => escaped.push(char::REPLACEMENT_CHARACTER),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::config::{Diagnostic, Severity};

    use super::super::report::{Fault, TestFailure};
    use super::*;

    #[test]
    fn a_document_names_every_test() {
        let failure = TestFailure {
            heading: "    expr: \"a < b\", time: 1m,".into(),
            fault: Fault::Samples {
                expected: Vec::new(),
                found: vec!["{x=\"\u{1}&\"} 1E+00".into()],
            },
            place: None,
        };
        let test = |name: &str, failures| TestReport {
            name: name.into(),
            duration: Duration::from_millis(1500),
            evaluations: 1,
            failures,
            dump: None,
        };
        let refusal = Diagnostic::file("b.yml", Severity::Error, "no");
        let reports = [
            Report {
                path: "a.yml".into(),
                warnings: Vec::new(),
                refusal: None,
                tests: vec![test("good", Vec::new()), test("<bad>", vec![failure])],
            },
            Report {
                path: "b.yml".into(),
                warnings: Vec::new(),
                refusal: Some(refusal.into()),
                tests: Vec::new(),
            },
        ];
        insta::assert_snapshot!(junit(&reports, "2026-01-31T12:00:00"));
    }
}
