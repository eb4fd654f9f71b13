//! Which files hold service level objectives, and how their events are counted.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Spanned};

use super::paths;
use super::raw::RawSlo;

/// Service level objectives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slo {
    /// The files that exist, in the order of the patterns and none twice. Reloads live.
    pub files: Vec<PathBuf>,
    /// How late a sample may come and still be counted, 10 s to 1 h; default 5 min. Needs a restart.
    pub lateness: Duration,
    /// Time between two snapshots of the counts, 1 min to 1 d; default 10 min. Reloads live.
    pub snapshot_interval: Duration,
}

const LATENESS_DEFAULT: Duration = Duration::from_mins(5);
/// A slice of the ledger: what comes later than it was closed would never count.
const LATENESS_MIN: Duration = Duration::from_secs(10);
const LATENESS_MAX: Duration = Duration::from_hours(1);
const SNAPSHOT_DEFAULT: Duration = Duration::from_mins(10);
const SNAPSHOT_MIN: Duration = Duration::from_mins(1);
const SNAPSHOT_MAX: Duration = Duration::from_hours(24);

impl Default for Slo {
    fn default() -> Self {
        Self {
            files: Vec::new(),
            lateness: LATENESS_DEFAULT,
            snapshot_interval: SNAPSHOT_DEFAULT,
        }
    }
}

pub(super) fn check(raw: &RawSlo, findings: &mut Findings<'_>) -> Slo {
    let files = paths::distinct_files(&raw.files, "files of objectives", findings);
    let mut time = |raw: Option<Spanned<DurationValue>>, default, least, most, message: &str| {
        let Some(time) = raw else { return default };
        if !(least..=most).contains(&time.0) {
            findings.error(time.span, message);
        }
        time.0
    };
    Slo {
        files,
        lateness: time(
            raw.lateness,
            LATENESS_DEFAULT,
            LATENESS_MIN,
            LATENESS_MAX,
            "a sample may be late by 10s to 1h",
        ),
        snapshot_interval: time(
            raw.snapshot_interval,
            SNAPSHOT_DEFAULT,
            SNAPSHOT_MIN,
            SNAPSHOT_MAX,
            "snapshots are made every 1m to 1d",
        ),
    }
}
