//! Targets in files that others rewrite.
//!
//! Once a second each path is looked at, which costs one `stat`. A file is read
//!
//! | when | why |
//! |---|---|
//! | it is seen for the first time | |
//! | it differs from what was read, but not from one second ago | whoever writes it in place gets time to finish |
//! | the refresh interval has passed | a file system may lie about changes |
//!
//! A file that cannot be read or understood keeps the groups it had; one that is gone loses them.

mod scan;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::Tasks;

use super::{Context, Kind, Problem, Provider, Refresh, TargetGroup};
use crate::config::{Discovery, FileDiscovery};
use scan::Known;

pub(crate) use scan::single_stars;

/// The time between two looks.
const POLL: Duration = Duration::from_secs(1);
const META_PATH: &str = "__meta_filepath";

/// `file_sd_configs`.
pub(super) struct FileSd;

impl Kind for FileSd {
    fn field(&self) -> &'static str {
        "file_sd_configs"
    }

    fn summary(&self) -> &'static str {
        "Targets in JSON or YAML files, read again within seconds of a change"
    }

    fn meta_labels(&self) -> &'static [&'static str] {
        &[META_PATH]
    }

    fn provider(
        &self,
        config: &Discovery,
        context: &Context,
        known: &[Arc<TargetGroup>],
    ) -> Result<Option<Box<dyn Provider>>, Problem> {
        let Discovery::File(config) = config else {
            return Ok(None);
        };
        Ok(Some(Box::new(Files {
            config: config.clone(),
            tasks: context.tasks.clone(),
            clock: Arc::clone(&context.clock),
            known: scan::remembered(known, context.clock.monotonic()),
        })))
    }
}

struct Files {
    config: FileDiscovery,
    tasks: Tasks,
    clock: Arc<dyn Clock>,
    known: BTreeMap<PathBuf, Known>,
}

impl Provider for Files {
    fn refresh(&mut self) -> Refresh<'_> {
        Box::pin(async {
            let mut known = std::mem::take(&mut self.known);
            let (config, now) = (self.config.clone(), self.clock.monotonic());
            let scan = move || {
                let refreshed = scan::scan(&config, &mut known, now);
                (known, refreshed)
            };
            // Without a deadline: a network file system that hangs holds up this provider alone, and a second
            // attempt would only hang beside the first.
            let (known, refreshed) = self
                .tasks
                .run_blocking("discovery_file_scan", scan)
                .await
                .map_err(|panicked| Problem::new("file_sd_configs", panicked.to_string()))?;
            self.known = known;
            Ok(refreshed)
        })
    }

    fn pause(&self) -> Option<Duration> {
        Some(POLL.min(self.config.refresh_interval))
    }
}
