//! `plimsoll check rules`: whether rule files would be taken.

mod against;
mod lint;

use std::path::{Path, PathBuf};

use plimsoll_rules::{Kind, RuleFile, check};
use plimsoll_runtime::config::{Diagnostics, Source};

use crate::commands::features::EnabledFeatures;
use crate::commands::{Failure, input, print};

/// Check rule files; prints findings with their place
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rule files; standard input when there are none, and for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Take files with fields that nobody knows; each is a warning
    #[arg(long)]
    ignore_unknown_fields: bool,
    #[command(flatten)]
    features: EnabledFeatures,
    #[command(flatten)]
    lint: lint::Flags,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let features = arguments.features.parsed();
    let mut linter = arguments.lint.linter()?;
    let mut errors = String::new();
    for (path, source) in sources(&arguments.files)? {
        let source = source.map(|source| match arguments.ignore_unknown_fields {
            true => source.ignoring_unknown_fields(),
            false => source,
        });
        match source.and_then(|source| check(&source, &features)) {
            Ok(file) => {
                file.warnings
                    .iter()
                    .for_each(|warning| eprintln!("{warning}"));
                print(&summary(&path, &file))?;
                linter.lint(&file);
            }
            Err(diagnostics) => errors.push_str(&format!("{diagnostics}\n")),
        }
    }
    if !errors.is_empty() {
        return Err(Failure::rendered(errors));
    }
    linter.verdict()
}

type Read = (PathBuf, Result<Source, Diagnostics>);

fn sources(files: &[PathBuf]) -> Result<Vec<Read>, Failure> {
    if !files.is_empty() && files.iter().all(|path| path.as_os_str() != "-") {
        let read = |path: &PathBuf| (path.clone(), Source::read(path));
        return Ok(files.iter().map(read).collect());
    }
    let one = |(path, bytes): (PathBuf, Vec<u8>)| {
        let source = Source::new(&path, &String::from_utf8_lossy(&bytes));
        (path, source)
    };
    Ok(input::read(files)?.into_iter().map(one).collect())
}

fn summary(path: &Path, file: &RuleFile) -> String {
    let rules = || file.groups.iter().flat_map(|group| &group.rules);
    let alerts = rules().filter(|rule| matches!(rule.kind, Kind::Alert { .. }));
    let (all, alerts) = (rules().count(), alerts.count());
    format!(
        "{}: good: {} groups, {} recording rules, {alerts} alerting rules\n",
        path.display(),
        file.groups.len(),
        all - alerts
    )
}
