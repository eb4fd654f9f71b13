//! `plimsoll check rules`: whether rule files would be taken.

use std::path::{Path, PathBuf};

use plimsoll_rules::{Kind, RuleFile, check, duplicates};
use plimsoll_runtime::config::{Diagnostics, Source};
use plimsoll_types::{Labels, METRIC_NAME};

use crate::commands::features::EnabledFeatures;
use crate::commands::{Failure, input, print};

/// Check rule files; prints findings with their place
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rule files; standard input when there are none, and for -
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    features: EnabledFeatures,
    /// What is looked for beside errors
    #[arg(
        long,
        value_enum,
        value_name = "LINT",
        default_value = "duplicate-rules"
    )]
    lint: Lint,
    /// End with exit code 3 when a lint found something
    #[arg(long)]
    lint_fatal: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Lint {
    /// Everything that can be looked for
    All,
    /// Rules that write the same series twice
    DuplicateRules,
    /// Nothing
    None,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let features = arguments.features.parsed();
    let (mut errors, mut found) = (String::new(), 0);
    for (path, source) in sources(&arguments.files)? {
        match source.and_then(|source| check(&source, &features)) {
            Ok(file) => {
                file.warnings
                    .iter()
                    .for_each(|warning| eprintln!("{warning}"));
                print(&summary(&path, &file))?;
                if arguments.lint != Lint::None {
                    found += lint(&path, &file);
                }
            }
            Err(diagnostics) => errors.push_str(&format!("{diagnostics}\n")),
        }
    }
    if !errors.is_empty() {
        return Err(Failure::rendered(errors));
    }
    match found > 0 && arguments.lint_fatal {
        true => Err(Failure::lint(found)),
        false => Ok(()),
    }
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

/// Tells what is legal and most likely a mistake; returns how much that was.
fn lint(path: &Path, file: &RuleFile) -> usize {
    let found = duplicates(file);
    for duplicate in &found {
        let name = [(METRIC_NAME, &*duplicate.name)].into_iter();
        let labels = duplicate
            .labels
            .iter()
            .map(|(name, value)| (&**name, &**value));
        eprintln!(
            "{}: warning: more than one rule writes {}; what a query then finds is one of them by chance",
            path.display(),
            Labels::from_pairs(name.chain(labels))
        );
    }
    found.len()
}
