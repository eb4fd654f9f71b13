//! `plimsoll check slo`: whether files of objectives would be taken, each by itself and all together.

use std::path::{Path, PathBuf};

use plimsoll_promql::Features;
use plimsoll_runtime::config::Source;
use plimsoll_slo::Catalog;
use plimsoll_slo::file::{SloFile, check};

use crate::commands::features::EnabledFeatures;
use crate::commands::shown::counted;
use crate::commands::{Failure, print};

/// Check files of objectives, each and all together; prints findings with their place
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll check slo checkout.yml\n  \
    plimsoll check slo slo/*.yml")]
pub(crate) struct Arguments {
    /// Files of the version plimsoll/v1; those of Sloth, Pyrra and OpenSLO are read by slo import
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    features: EnabledFeatures,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let features = arguments.features.parsed();
    let (mut good, mut errors) = (Vec::new(), String::new());
    for path in &arguments.files {
        match read(path, &features) {
            Ok(file) => good.push(file),
            Err(found) => errors.push_str(&found),
        }
    }
    let summaries: String = good.iter().map(summary).collect();
    if errors.is_empty()
        && let Err(diagnostics) = Catalog::merge(good)
    {
        errors = format!("{diagnostics}\n");
    }
    if !errors.is_empty() {
        return Err(Failure::rendered(errors));
    }
    print(&summaries)
}

/// Checks a file by itself: says on stdout that it is good, or returns what is wrong with it. What a composite is made of
/// may stand in another file.
pub(super) fn alone(path: &Path) -> Result<String, Failure> {
    match read(path, &Features::default()) {
        Ok(file) => print(&summary(&file)).map(|()| String::new()),
        Err(found) => Ok(found),
    }
}

/// Reads a file and tells its warnings.
fn read(path: &Path, features: &Features) -> Result<SloFile, String> {
    let read = Source::read(path).and_then(|source| check(&source, features));
    let file = read.map_err(|diagnostics| format!("{diagnostics}\n"))?;
    let warnings = file.warnings.iter();
    warnings.for_each(|warning| eprintln!("{warning}"));
    Ok(file)
}

fn summary(file: &SloFile) -> String {
    let catalog = &file.catalog;
    let objectives = catalog.slos.iter().map(|slo| slo.objectives.len());
    format!(
        "{}: good: {}, {}, {}, {}\n",
        file.source().path().display(),
        counted(catalog.slos.len(), "SLO"),
        counted(objectives.sum(), "objective"),
        counted(catalog.composites.len(), "composite"),
        counted(file.warnings.len(), "warning")
    )
}
