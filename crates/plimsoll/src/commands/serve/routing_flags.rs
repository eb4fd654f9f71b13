//! The flags of routing alerts in this process: off unless there is an alertmanager.yml.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use plimsoll_alerting::config::Options;
use plimsoll_types::{format_duration, parse_duration};

use crate::commands::alerting::{File, RETENTION};

/// Whether and how alerts are routed here.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Routing of alerts")]
pub(crate) struct RoutingArguments {
    /// Route alerts and tell receivers as well: your alertmanager.yml, as it is
    #[arg(long, visible_alias = "alertmanager.config-file", value_name = "FILE")]
    alertmanager_config: Option<PathBuf>,
    /// How long expired silences are kept
    #[arg(long, visible_alias = "alertmanager.data-retention", value_name = "DURATION", default_value = RETENTION, value_parser = duration, requires = "alertmanager_config")]
    alertmanager_retention: Duration,
}

impl RoutingArguments {
    /// Returns the configuration; `None` when alerts are not routed here.
    pub(super) fn file(&self) -> Option<File> {
        let path = self.alertmanager_config.clone()?;
        let options = Options::default();
        Some(File { path, options })
    }

    /// Returns how long expired silences are kept.
    pub(super) fn retention(&self) -> Duration {
        self.alertmanager_retention
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, flags: &mut BTreeMap<String, String>) {
        let file = self.alertmanager_config.as_ref();
        let file = file.map_or(String::new(), |path| path.display().to_string());
        let retention = format_duration(self.alertmanager_retention);
        flags.insert("alertmanager.config-file".into(), file);
        flags.insert("alertmanager.data-retention".into(), retention);
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}
