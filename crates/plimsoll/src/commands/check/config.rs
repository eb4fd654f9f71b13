//! `plimsoll check config`: whether `serve` would take a configuration.

use std::path::{Path, PathBuf};

use plimsoll_alerting::config::Options;
use plimsoll_ingest::config;
use plimsoll_runtime::config::Source;

use super::alertmanager;
use crate::commands::{Failure, environment, print};

/// Check a configuration and the scrape_config_files it names; prints findings with their place
///
/// An alertmanager.yml is recognized by its sections and checked as one; check alertmanager has more to say about these.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// prometheus.yml or alertmanager.yml, as it is
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut errors = String::new();
    for path in &arguments.files {
        if is_alertmanager(path) {
            errors.push_str(&alertmanager::one(path, &Options::default())?);
            continue;
        }
        match config::load(path, &environment) {
            Ok(loaded) => {
                for warning in &loaded.warnings {
                    eprintln!("{warning}");
                }
                let (jobs, warnings) = (loaded.config.scrape_configs.len(), loaded.warnings.len());
                print(&format!(
                    "{}: good: {jobs} scrape jobs, {warnings} warnings\n",
                    path.display()
                ))?;
            }
            Err(diagnostics) => errors.push_str(&format!("{diagnostics}\n")),
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::rendered(errors))
    }
}

/// Says whether a file is an alertmanager.yml; one that cannot be read is told by who reads it.
fn is_alertmanager(path: &Path) -> bool {
    Source::read(path).is_ok_and(|source| alertmanager::is_alertmanager(source.text()))
}
