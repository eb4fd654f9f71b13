//! `plimsoll check metrics`: whether an exposition is valid, and what its readers would wish for.

use std::io::Read;

use plimsoll_wire::exposition::{Family, Format, Options, lint, prometheus_text, read_families};

use crate::commands::{Failure, print};

/// The most bytes that an exposition may have.
const BYTES_MAX: u64 = 1 << 30;

/// Check an exposition (text as a target shows it) from standard input; ends with 3 when a lint found something
#[derive(clap::Args)]
pub(crate) struct Arguments {
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
    let mut text = Vec::new();
    std::io::stdin()
        .lock()
        .take(BYTES_MAX)
        .read_to_end(&mut text)
        .map_err(|error| Failure::failed(format!("cannot read standard input: {error}")))?;
    let wrong = |error| Failure::failed(format!("standard input: {error}"));
    prometheus_text::validate(&text).map_err(wrong)?;
    let families = read_families(Format::PrometheusText100, &text, Options::default());
    let families = families.map_err(wrong)?;
    if arguments.extended {
        print(&cardinality(&families))?;
    }
    let problems = match arguments.lint {
        Lint::All => lint(&families),
        Lint::None => Vec::new(),
    };
    for problem in &problems {
        eprintln!("{} {}", problem.metric, problem.text);
    }
    match problems.len() {
        0 => Ok(()),
        count => Err(Failure::lint(format!("{count} findings"))),
    }
}

fn cardinality(families: &[Family]) -> String {
    let all: usize = families.iter().map(|family| family.samples.len()).sum();
    let mut sorted: Vec<&Family> = families.iter().collect();
    sorted.sort_by_key(|family| (std::cmp::Reverse(family.samples.len()), &family.name));
    let width = sorted.iter().map(|family| family.name.chars().count());
    let width = width.max().unwrap_or(0).max("metric".len());
    let mut text = format!("{:width$}  series  share\n", "metric");
    for family in sorted {
        let count = family.samples.len();
        let share = 100.0 * count as f64 / all.max(1) as f64;
        text.push_str(&format!(
            "{:width$}  {count:6}  {share:4.1}%\n",
            family.name
        ));
    }
    text
}
