//! How long samples are kept; the rest of `storage` is checked and reported.

use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Spanned};

use super::findings::Findings;
use super::raw::{RawConfig, RawRetention, RawTsdb};

/// How long samples are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What the file says, at least 4 h (two windows of storage); `None`: it says nothing.
    pub time: Option<Duration>,
}

impl Retention {
    /// What is kept when neither file nor command line say so.
    pub const DEFAULT: Duration = Duration::from_hours(15 * 24);
    /// The least that can be asked for: storage seals windows of two hours and keeps two of them.
    pub const MIN: Duration = Duration::from_hours(4);

    /// Returns the time to keep samples for.
    pub fn time_or_default(self) -> Duration {
        self.time.unwrap_or(Self::DEFAULT)
    }
}

const RETENTION_MAX: Duration = Duration::from_hours(36_500 * 24);

pub(super) fn check(raw: &RawConfig, findings: &mut Findings<'_>) -> Retention {
    let tsdb = raw.storage.tsdb.as_ref();
    if let Some(tsdb) = tsdb {
        check_tsdb(tsdb, findings);
    }
    if let Some(exemplars) = &raw.storage.exemplars {
        findings.not_acted_on(exemplars.key, "storage.exemplars");
    }
    let retention = tsdb.and_then(|tsdb| tsdb.retention.as_ref());
    if let Some(retention) = retention {
        check_retention(retention, findings);
    }
    let theirs = retention.and_then(|retention| retention.time);
    // Zero counts as absent in each place by itself: here it must not hide what is written there.
    let is_written = |time: &Spanned<DurationValue>| !time.0.is_zero();
    let written = raw
        .plimsoll
        .retention
        .filter(is_written)
        .or(theirs.filter(is_written));
    Retention {
        time: written.map(|time| bounded(time, findings)),
    }
}

fn bounded(time: Spanned<DurationValue>, findings: &mut Findings<'_>) -> Duration {
    if time.0 > RETENTION_MAX {
        findings.error(time.span, "the retention is longer than 100 years");
    }
    if time.0 < Retention::MIN {
        let message = format!(
            "samples are kept for at least {}, so {} has that effect",
            DurationValue(Retention::MIN),
            time.value
        );
        findings.warning(time.span, message);
    }
    time.0.max(Retention::MIN)
}

fn check_retention(raw: &RawRetention, findings: &mut Findings<'_>) {
    if let Some(size) = raw.size.filter(|size| size.0.0 > 0) {
        findings.not_acted_on(size.key, "storage.tsdb.retention.size");
    }
    if let Some(share) = raw.percentage {
        if (0.0..=100.0).contains(&share.value) {
            findings.not_acted_on(share.key, "storage.tsdb.retention.percentage");
        } else {
            let message = format!("expected a percentage from 0 to 100, found {}", share.value);
            findings.error(share.span, message);
        }
    }
}

fn check_tsdb(raw: &RawTsdb, findings: &mut Findings<'_>) {
    if let Some(window) = raw.out_of_order_time_window {
        findings.warning(
            window.key,
            "`out_of_order_time_window` is accepted, but has no effect: samples of any age within \
             the retention are taken",
        );
    }
    if let Some(threshold) = raw.stale_series_compaction_threshold {
        if (0.0..=1.0).contains(&threshold.value) {
            findings.not_acted_on(threshold.key, "stale_series_compaction_threshold");
        } else {
            let message = format!("expected a share from 0 to 1, found {}", threshold.value);
            findings.error(threshold.span, message);
        }
    }
    if let Some(encoding) = &raw.chunk_encoding {
        findings.not_acted_on(encoding.key, "storage.tsdb.chunk_encoding");
    }
}
