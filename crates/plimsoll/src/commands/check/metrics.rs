//! `plimsoll check metrics`: whether an exposition is valid, and what its readers would wish for.

use std::path::PathBuf;

use plimsoll_wire::exposition::{
    Error, Family, Format, Options, Problem, exposed_name, lint, prometheus_text, read_families,
};

use crate::commands::shown::COLUMN_MAX;
use crate::commands::{Failure, input, print};

/// Check expositions (text as a target shows it); ends with 3 when a lint found something
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Files; standard input when there are none, and for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print how many series each metric has, most first
    #[arg(long)]
    extended: bool,
    /// What is looked for beside errors
    #[arg(long, value_enum, value_name = "LINT", default_value = "all")]
    lint: Lint,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Lint {
    /// Names, units, help texts
    All,
    /// Nothing
    None,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (mut errors, mut found) = (String::new(), 0);
    for (name, text) in input::read(&arguments.files)? {
        match families(&text) {
            Err(error) => errors.push_str(&format!("error: {}: {error}\n", name.display())),
            Ok(families) => {
                if arguments.extended {
                    print(&cardinality(&families))?;
                }
                if arguments.lint == Lint::All {
                    found += tell(&lint(&families));
                }
            }
        }
    }
    if !errors.is_empty() {
        return Err(Failure::rendered(errors));
    }
    match found {
        0 => Ok(()),
        count => Err(Failure::lint(count)),
    }
}

fn families(text: &[u8]) -> Result<Vec<Family>, Error> {
    prometheus_text::validate(text)?;
    read_families(Format::PrometheusText100, text, Options::default())
}

/// Tells what a lint found; returns how much that is.
fn tell(problems: &[Problem]) -> usize {
    for problem in problems {
        eprintln!("{} {}", problem.metric, problem.text);
    }
    problems.len()
}

fn cardinality(families: &[Family]) -> String {
    let all: usize = families.iter().map(|family| family.samples.len()).sum();
    let mut sorted: Vec<(&str, usize)> = families
        .iter()
        .map(|family| (exposed_name(family), family.samples.len()))
        .collect();
    sorted.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    let width = sorted.iter().map(|(name, _)| name.chars().count());
    let width = width.max().unwrap_or(0).clamp("metric".len(), COLUMN_MAX);
    let mut text = format!("{:width$}  series   share\n", "metric");
    for (name, count) in sorted {
        let share = 100.0 * count as f64 / all.max(1) as f64;
        text.push_str(&format!("{name:width$}  {count:6}  {share:5.1}%\n"));
    }
    text.push_str(&format!("{:width$}  {all:6}  100.0%\n", "total"));
    text
}
