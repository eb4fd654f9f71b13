//! `plimsoll check config`: whether `serve` would take a configuration.

use std::path::PathBuf;

use plimsoll_ingest::config;

use crate::commands::{Failure, environment, print};

/// Check a configuration and the scrape_config_files it names; prints findings with their place
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// prometheus.yml, as it is
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut errors = String::new();
    for path in &arguments.files {
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
