//! `plimsoll check rules`: whether rule files would be taken.

use std::io::Read;
use std::path::{Path, PathBuf};

use plimsoll_rules::{Kind, RuleFile, check, duplicates};
use plimsoll_runtime::config::Source;

use crate::commands::features::EnabledFeatures;
use crate::commands::{Failure, print};

/// Check rule files; prints findings with their place
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Rule files; standard input when there are none
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
        true => Err(Failure::lint(format!("{found} findings"))),
        false => Ok(()),
    }
}

type Read1 = (
    PathBuf,
    Result<Source, plimsoll_runtime::config::Diagnostics>,
);

fn sources(files: &[PathBuf]) -> Result<Vec<Read1>, Failure> {
    if !files.is_empty() {
        let read = |path: &PathBuf| (path.clone(), Source::read(path));
        return Ok(files.iter().map(read).collect());
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(plimsoll_runtime::config::FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::failed(format!("cannot read standard input: {error}")))?;
    let path = PathBuf::from("standard input");
    let source = Source::new(&path, &text);
    Ok(vec![(path, source)])
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
        let labels = plimsoll_types::Labels::from_pairs(&duplicate.labels);
        eprintln!(
            "{}: warning: {}{labels} is written by more than one rule; what a query then finds is one of them by chance",
            path.display(),
            duplicate.name
        );
    }
    found.len()
}
