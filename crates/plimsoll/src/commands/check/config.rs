//! `plimsoll check config`: whether `serve` would take a configuration.

use std::path::{Path, PathBuf};

use plimsoll_alerting::config::Options;
use plimsoll_ingest::config;
use plimsoll_runtime::config::Source;

use super::{alertmanager, slo};
use crate::commands::{Failure, environment, gateway, print};

/// Check a configuration and the scrape_config_files it names; prints findings with their place
///
/// An alertmanager.yml is recognized by its sections, files of objectives and of a gateway by their version, and each is
/// checked as one; check alertmanager, check slo and gateway check have more to say about these.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// prometheus.yml, alertmanager.yml, a file of objectives or of a gateway, as it is
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut errors = String::new();
    for path in &arguments.files {
        match kind(path) {
            Kind::Prometheus => {}
            Kind::Alertmanager => {
                errors.push_str(&alertmanager::one(path, &Options::default())?);
                continue;
            }
            Kind::Objectives => {
                errors.push_str(&slo::alone(path)?);
                continue;
            }
            Kind::Gateway => {
                errors.push_str(&gateway::alone(path)?);
                continue;
            }
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

/// What a file is.
enum Kind {
    Prometheus,
    Alertmanager,
    Objectives,
    Gateway,
}

/// Finds out what a file is; one that cannot be read is told by who reads it.
fn kind(path: &Path) -> Kind {
    match Source::read(path) {
        Ok(source) if plimsoll_slo::file::is_native(source.text()) => {
            match gateway::is_gateway(source.text()) {
                true => Kind::Gateway,
                false => Kind::Objectives,
            }
        }
        Ok(source) if alertmanager::is_alertmanager(source.text()) => Kind::Alertmanager,
        _ => Kind::Prometheus,
    }
}
