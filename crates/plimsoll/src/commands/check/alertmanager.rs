//! `plimsoll check alertmanager`: whether alerts would be routed by a configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use plimsoll_alerting::config::{self, Loaded, Options};
use plimsoll_alerting::matchers::Mode;
use plimsoll_notify::Templates;

use crate::commands::shown::{counted, now};
use crate::commands::{Failure, print};

/// Check an alertmanager.yml and the templates it names; prints findings with their place
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll check alertmanager alertmanager.yml\n  \
    plimsoll check alertmanager --matchers utf8 alertmanager.yml")]
pub(crate) struct Arguments {
    /// alertmanager.yml, as it is
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How matchers are read
    #[arg(long, value_enum, value_name = "SYNTAX", default_value = "both")]
    matchers: Syntax,
}

#[derive(Clone, Copy, ValueEnum)]
enum Syntax {
    /// As Alertmanager does without flags: classic where that means something else
    Both,
    /// As with the feature classic-mode
    Classic,
    /// As with the feature utf8-strict-mode
    Utf8,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let matchers = match arguments.matchers {
        Syntax::Both => Mode::Fallback,
        Syntax::Classic => Mode::Classic,
        Syntax::Utf8 => Mode::Utf8,
    };
    let mut errors = String::new();
    for path in &arguments.files {
        errors.push_str(&one(path, &Options { matchers })?);
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(Failure::rendered(errors)),
    }
}

/// Checks a file: says on stdout that it is good, or returns what is wrong with it.
pub(super) fn one(path: &Path, options: &Options) -> Result<String, Failure> {
    let loaded = match config::load(path, options) {
        Ok(loaded) => loaded,
        Err(diagnostics) => return Ok(format!("{diagnostics}\n")),
    };
    for warning in &loaded.warnings {
        eprintln!("{warning}");
    }
    match Templates::load(&loaded.config.templates, Arc::new(now)) {
        Ok(templates) => {
            print(&summary(path, &loaded, templates.file_count()))?;
            Ok(String::new())
        }
        Err(error) => Ok(format!("{}: error: {error}\n", path.display())),
    }
}

fn summary(path: &Path, loaded: &Loaded, templates: usize) -> String {
    let config = &loaded.config;
    format!(
        "{}: good: {}, {}, {}, {}, {}\n",
        path.display(),
        counted(config.route.iter().len(), "route"),
        counted(config.receivers.len(), "receiver"),
        counted(config.inhibit_rules.len(), "inhibit rule"),
        counted(templates, "template file"),
        counted(loaded.warnings.len(), "warning")
    )
}

/// Says whether a text is an alertmanager.yml and no prometheus.yml: one of its sections stands at the margin.
pub(super) fn is_alertmanager(text: &str) -> bool {
    let has = |keys: &[&str]| {
        text.lines().any(|line| {
            let key = line.split(':').next().unwrap_or_default();
            line.contains(':') && keys.contains(&key.trim_end())
        })
    };
    has(&["route", "receivers", "inhibit_rules", "time_intervals"])
        && !has(&["scrape_configs", "rule_files", "alerting", "remote_write"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alertmanager_yml_is_recognized() {
        assert!(is_alertmanager(
            "global:\n  resolve_timeout: 5m\nroute:\n  receiver: x\n"
        ));
        assert!(is_alertmanager("receivers: [{name: x}]\n"));
        assert!(!is_alertmanager("scrape_configs:\n- job_name: x\n"));
        assert!(!is_alertmanager(
            "alerting:\n  alertmanagers: []\nroute: x\n"
        ));
        assert!(!is_alertmanager("global:\n  route: x\n"));
        assert!(!is_alertmanager(""));
    }
}
