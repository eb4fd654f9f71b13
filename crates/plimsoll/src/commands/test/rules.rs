//! `plimsoll test rules`: unit tests of rules, with promtool's files, verdicts and words.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_control::unit_test::{self, Options, Report, Style, TestReport};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_types::{Pattern, Value};

use crate::commands::features::EnabledFeatures;
use crate::commands::{Failure, print};

/// Run unit tests of rules, in promtool's format
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll test rules tests/*.yml\n  \
    plimsoll test rules --run 'disk|cpu' --diff tests/alerts.yml\n  \
    plimsoll test rules --junit report.xml tests/*.yml")]
pub(crate) struct Arguments {
    /// Files of unit tests
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Run only tests whose name matches; any of several
    #[arg(long, value_name = "REGEX")]
    run: Vec<String>,
    /// Show all samples of each test, those of the rules as well
    #[arg(long)]
    debug: bool,
    /// Show only the difference between what was expected and what came
    #[arg(long)]
    diff: bool,
    /// Write the results as JUnit XML to this file, too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Take rule files with fields that nobody knows
    #[arg(long)]
    ignore_unknown_fields: bool,
    #[command(flatten)]
    features: EnabledFeatures,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let clock = SystemClock::new();
    let began = clock.now();
    let selection = selection(&arguments.run)?;
    let selects = |name: &str| selection.as_ref().is_none_or(|names| names.is_match(name));
    let begins = |name: &str| {
        if arguments.debug {
            eprintln!("DEBUG: Starting test {name}");
        }
    };
    let options = Options {
        features: arguments.features.parsed(),
        delayed_name_removal: arguments.features.has("promql-delayed-name-removal"),
        ignores_unknown_fields: arguments.ignore_unknown_fields,
        selects: &selects,
        dumps: arguments.debug,
        now: &|| clock.monotonic().since_origin(),
        begins: &begins,
    };
    let mut reports = Vec::new();
    for path in &arguments.files {
        print(&format!("Unit Testing:  {}\n", path.display()))?;
        let report = unit_test::run(path, &options);
        show(&report, arguments)?;
        reports.push(report);
    }
    if let Some(path) = &arguments.junit {
        let document = unit_test::junit(&reports, &date(began.millis()));
        std::fs::write(path, document).map_err(|error| {
            Failure::failed(format!("cannot write {}: {error}", path.display()))
        })?;
    }
    match reports.iter().all(Report::is_good) {
        true => Ok(()),
        // All that is to say was said beside each file.
        false => Err(Failure::rendered(String::new())),
    }
}

/// Returns what a test's name has to contain; `None` when every test runs.
fn selection(expressions: &[String]) -> Result<Option<Pattern>, Failure> {
    if expressions.is_empty() {
        return Ok(None);
    }
    for expression in expressions {
        Pattern::new(expression).map_err(|error| {
            Failure::usage(format!(
                "--run {expression:?} is no regular expression: {error}"
            ))
        })?;
    }
    // As in Go's tests a part of the name is enough.
    let contained = format!(".*(?:{}).*", expressions.join("|"));
    let pattern = Pattern::new(&contained).map_err(Failure::usage)?;
    Ok(Some(pattern))
}

fn show(report: &Report, arguments: &Arguments) -> Result<(), Failure> {
    for warning in &report.warnings {
        eprintln!("{warning}");
    }
    if arguments.debug {
        for test in &report.tests {
            show_dump(test)?;
        }
    }
    if report.is_good() {
        return print("  SUCCESS\n\n");
    }
    let style = match arguments.diff {
        true => Style::Difference,
        false => Style::Whole,
    };
    eprintln!("  FAILED:\n{}", report.failures(style));
    print("\n")
}

/// Shows the samples of a test in the words of promtool.
fn show_dump(test: &TestReport) -> Result<(), Failure> {
    let mut text = format!(
        "DEBUG: Dump of all data (input_series and rules) of {}:\n",
        test.name
    );
    for (labels, samples) in test.dump.iter().flatten() {
        text.push_str(&format!("{labels} =>\n"));
        for sample in samples {
            let value = match &sample.value {
                value if value.is_stale() => "stale".into(),
                Value::Float(value) => value.to_string(),
                Value::Histogram(histogram) => plimsoll_promql::histogram_notation(histogram),
            };
            text.push_str(&format!("{value} @[{}]\n", sample.timestamp));
        }
    }
    let (evaluations, took) = (test.evaluations, rounded(test.duration));
    text.push_str(&format!(
        "DEBUG: Test {} finished, took {took:?} for {evaluations} evaluations\n",
        test.name
    ));
    print(&text)
}

fn rounded(duration: Duration) -> Duration {
    Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX))
}

/// Writes a point in time as JUnit wants it: ISO 8601 without a zone, which is UTC here.
fn date(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_name_is_enough_to_choose_it() {
        let check = |expressions: &[&str], name: &str| {
            let expressions: Vec<String> = expressions.iter().map(|e| (*e).into()).collect();
            selection(&expressions).unwrap().unwrap().is_match(name)
        };
        assert!(check(&["disk", "^cpu$"], "the disk is full"));
        assert!(check(&["disk", "^cpu$"], "cpu"));
        assert!(!check(&["disk", "^cpu$"], "cpus"));
        assert!(selection(&[]).unwrap().is_none());
        assert!(selection(&["(".into()]).is_err());
    }

    #[test]
    fn junit_has_dates_of_its_own() {
        assert_eq!(date(1_767_225_600_123), "2026-01-01T00:00:00");
    }
}
