//! Settings of a store: plain [`Settings`] in, a checked [`Config`] out.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::ByteCount;

use crate::retention_rules::{RetentionRule, RetentionRules};
use crate::{Error, ErrorKind, Result};

/// When the WAL is synced for writes that ask for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncMode {
    /// One fdatasync per write.
    Always,
    /// One fdatasync per group: what gathered while the sync before ran, and for at most
    /// [`group_delay`](Settings::group_delay) or [`group_bytes`](Settings::group_bytes) more.
    #[default]
    Group,
    /// The operating system decides: kill -9 loses nothing, a power loss may lose what it had not written back.
    Os,
}

/// How long windows are kept; at most 100 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierRetention {
    /// Those of five minutes. Default 90 d.
    pub five_minutes: Duration,
    /// Those of an hour. Default 730 d.
    pub hour: Duration,
}

impl Default for TierRetention {
    fn default() -> Self {
        Self {
            five_minutes: Duration::from_hours(90 * 24),
            hour: Duration::from_hours(730 * 24),
        }
    }
}

/// Every setting with its default; [`Config::new`] checks the ranges.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The data directory; made when it does not exist.
    pub directory: PathBuf,
    /// How long samples are kept of series that fulfil none of `retention_rules`. Default 15 d, at least two windows.
    pub retention: Duration,
    /// How long the windows of series are kept that fulfil none of `retention_rules`.
    pub tier_retention: TierRetention,
    /// How long the series of a selector are kept; the first rule that fits counts. Samples at least two windows. Default
    /// none.
    pub retention_rules: Vec<RetentionRule>,
    /// Above this size of parts and WAL the oldest parts go. Default none.
    pub retention_bytes: Option<ByteCount>,
    /// Above this share of the size of the file system the oldest parts go: above 0, at most 1. Default none. With
    /// `retention_bytes` as well, the smaller one counts.
    pub retention_disk_share: Option<f64>,
    /// How far ahead of the clock a sample may be. Default 10 min, at most 1 d.
    pub future_limit: Duration,
    /// What one sealed part covers, and how much of the newest past is in memory and in the WAL. Default 30 min, 1 min to
    /// 31 d.
    pub window: Duration,
    /// How long after its end a window is sealed. Default 5 min, at most one window.
    pub seal_grace: Duration,
    /// When the WAL is synced. Default [`SyncMode::Group`].
    pub sync_mode: SyncMode,
    /// The least time between the starts of two syncs, unless `group_bytes` gathered. Default 5 ms, at most 1 s.
    pub group_delay: Duration,
    /// How much makes a group full. Default 1 MiB.
    pub group_bytes: ByteCount,
    /// Where one WAL segment ends. Default 64 MiB, 64 KiB to 1 GiB.
    pub segment_bytes: ByteCount,
    /// How much may wait for the WAL before writes are refused as overloaded. Default 64 MiB.
    pub queue_bytes: ByteCount,
    /// How many series the head may hold. Default 5,000,000, at most 2^31.
    pub series_limit: u64,
    /// Free space below which writes are refused, so that sealing can still free some. Default 64 MiB.
    pub free_bytes_reserve: ByteCount,
    /// How long a store that refuses writes waits before it tries the disk again. Default 1 s.
    pub retry_interval: Duration,
    /// How much the merging in the background reads and writes per second. Default 64 MiB; 0 is no limit.
    pub merge_bytes_per_second: ByteCount,
    /// How much memory the decoded pages of all parts' indexes take at most. Default 32 MiB.
    pub page_cache_bytes: ByteCount,
    /// How much memory is used to remember which series selectors found. Default 16 MiB.
    pub selector_cache_bytes: ByteCount,
    /// How many files of parts stay open at most; others are opened when they are read. A part that is in use takes up to
    /// seven. Default 512, half of what a process often may; 16 to 1,000,000.
    pub part_files_max: u64,
    /// In which time every part is read once and checked. Default 7 d; 0: never.
    pub scrub_interval: Duration,
}

impl Settings {
    /// Returns the defaults for a directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            retention: Duration::from_hours(15 * 24),
            tier_retention: TierRetention::default(),
            retention_rules: Vec::new(),
            retention_bytes: None,
            retention_disk_share: None,
            future_limit: Duration::from_mins(10),
            window: Duration::from_mins(30),
            seal_grace: Duration::from_mins(5),
            sync_mode: SyncMode::Group,
            group_delay: Duration::from_millis(5),
            group_bytes: ByteCount::MIB,
            segment_bytes: ByteCount::MIB.times(64),
            queue_bytes: ByteCount::MIB.times(64),
            series_limit: 5_000_000,
            free_bytes_reserve: ByteCount::MIB.times(64),
            retry_interval: Duration::from_secs(1),
            merge_bytes_per_second: ByteCount::MIB.times(64),
            page_cache_bytes: ByteCount::MIB.times(32),
            selector_cache_bytes: ByteCount::MIB.times(16),
            part_files_max: 512,
            scrub_interval: Duration::from_hours(7 * 24),
        }
    }
}

/// Checked settings.
#[derive(Clone, Debug)]
pub struct Config {
    settings: Settings,
    retention: Arc<Retention>,
}

/// What limits how much is kept. An open store takes another one at any time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Retention {
    pub(crate) rules: RetentionRules,
    pub(crate) bytes: Option<ByteCount>,
    pub(crate) disk_share: Option<f64>,
}

impl Config {
    /// Checks settings.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] names the setting, its range and what was found.
    pub fn new(settings: Settings) -> Result<Self> {
        check_durations(&settings)?;
        check_sizes(&settings)?;
        check("series_limit", &settings.series_limit, &1, &(1 << 31))?;
        check("part_files_max", &settings.part_files_max, &16, &1_000_000)?;
        check_retention(&settings)?;
        let default = RetentionRule {
            matchers: Vec::new(),
            raw: settings.retention,
            five_minutes: settings.tier_retention.five_minutes,
            hour: settings.tier_retention.hour,
        };
        let retention = Retention {
            rules: RetentionRules::new(settings.retention_rules.clone(), default),
            bytes: settings.retention_bytes,
            disk_share: settings.retention_disk_share,
        };
        Ok(Self {
            settings,
            retention: Arc::new(retention),
        })
    }

    /// Returns the data directory.
    pub fn directory(&self) -> &Path {
        &self.settings.directory
    }

    /// Returns all settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn window_millis(&self) -> i64 {
        millis(self.settings.window)
    }

    pub(crate) fn retention(&self) -> &Arc<Retention> {
        &self.retention
    }

    /// Returns how long which series are kept, in which resolution.
    pub fn retention_rules(&self) -> &RetentionRules {
        &self.retention.rules
    }

    pub(crate) fn future_limit_millis(&self) -> i64 {
        millis(self.settings.future_limit)
    }

    pub(crate) fn seal_grace_millis(&self) -> i64 {
        millis(self.settings.seal_grace)
    }
}

fn check_durations(settings: &Settings) -> Result<()> {
    let (day, second) = (Duration::from_hours(24), Duration::from_secs(1));
    let (minute, zero) = (Duration::from_mins(1), Duration::ZERO);
    let window = settings.window;
    check("window", &window, &minute, &(31 * day))?;
    check(
        "scrub_interval",
        &settings.scrub_interval,
        &zero,
        &(365 * day),
    )?;
    check("future_limit", &settings.future_limit, &zero, &day)?;
    check("seal_grace", &settings.seal_grace, &zero, &window)?;
    check("group_delay", &settings.group_delay, &zero, &second)?;
    check(
        "retry_interval",
        &settings.retry_interval,
        &zero,
        &(60 * minute),
    )
}

fn check_retention(settings: &Settings) -> Result<()> {
    let (least, most) = (settings.window * 2, Duration::from_hours(36_500 * 24));
    check("retention", &settings.retention, &least, &most)?;
    let TierRetention { five_minutes, hour } = settings.tier_retention;
    for duration in [five_minutes, hour] {
        check("tier_retention", &duration, &Duration::ZERO, &most)?;
    }
    for rule in &settings.retention_rules {
        check("retention_rules.raw", &rule.raw, &least, &most)?;
        for duration in [rule.five_minutes, rule.hour] {
            check("retention_rules", &duration, &Duration::ZERO, &most)?;
        }
    }
    let share = settings.retention_disk_share.unwrap_or(1.0);
    check("retention_disk_share", &share, &f64::MIN_POSITIVE, &1.0)
}

fn check_sizes(settings: &Settings) -> Result<()> {
    let (kib, gib) = (ByteCount::KIB, ByteCount::GIB);
    check("group_bytes", &settings.group_bytes, &ByteCount(1), &gib)?;
    check(
        "segment_bytes",
        &settings.segment_bytes,
        &kib.times(64),
        &gib,
    )?;
    check(
        "queue_bytes",
        &settings.queue_bytes,
        &kib.times(64),
        &gib.times(64),
    )
}

pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn check<T: PartialOrd + std::fmt::Debug>(name: &str, found: &T, low: &T, high: &T) -> Result<()> {
    if low <= found && found <= high {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Config,
        format!("{name} must lie between {low:?} and {high:?}, found {found:?}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_and_ranges_are_named() {
        assert!(Config::new(Settings::new("data")).is_ok());
        let settings = Settings {
            window: Duration::from_secs(1),
            ..Settings::new("data")
        };
        let error = Config::new(settings).unwrap_err();
        assert_eq!(
            error.to_string(),
            "window must lie between 60s and 2678400s, found 1s"
        );
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}
