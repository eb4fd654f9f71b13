//! Which alert windows rules of Sloth's kind have, as flags.

use std::path::{Path, PathBuf};
use std::time::Duration;

use plimsoll_runtime::config::Source;
use plimsoll_slo::export::sloth::{AlertWindows, Options};
use plimsoll_types::parse_duration;

use crate::commands::Failure;

/// The period and the windows of SLOs that are written for Sloth.
#[derive(clap::Args)]
pub(super) struct Windows {
    /// The period of Sloth's SLOs, which do not say theirs
    #[arg(long, value_name = "DURATION", default_value = "30d")]
    default_slo_period: String,
    /// A file of Sloth's kind AlertWindows, or a folder of them; 30d and 28d are known without
    #[arg(long, value_name = "PATH")]
    slo_period_windows_path: Option<PathBuf>,
}

impl Windows {
    /// Reads the files that are named.
    pub(super) fn options(&self) -> Result<Options, Failure> {
        let mut options = Options {
            period: period(&self.default_slo_period)?,
            ..Options::default()
        };
        let Some(path) = &self.slo_period_windows_path else {
            return Ok(options);
        };
        for file in files(path)? {
            let windows = Source::read(&file).and_then(|source| AlertWindows::read(&source));
            let windows = windows.map_err(|findings| Failure::rendered(format!("{findings}\n")))?;
            options.windows.add(windows);
        }
        Ok(options)
    }
}

fn period(text: &str) -> Result<Duration, Failure> {
    let period = parse_duration(text).map_err(|error| {
        Failure::usage(format!(
            "--default-slo-period {text:?} is no duration: {error}"
        ))
    })?;
    match period.is_zero() {
        true => Err(Failure::usage("--default-slo-period is above 0")),
        false => Ok(period),
    }
}

/// Returns a file, or the YAML files of a folder, by name.
fn files(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let failed =
        |error: std::io::Error| Failure::failed(format!("cannot read {}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let ending = file.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some("yml" | "yaml")) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}
