//! The section `plimsoll:`, which only we know. Prometheus refuses it, so a file for both keeps it out.
//!
//! ```yaml
//! plimsoll:
//!   retention: 15d            # how long samples are kept; wins over storage.tsdb.retention
//!   retention_rules:          # the same for some series: the first rule that fits decides
//!     - {match: '{team="payments"}', raw: 400d, hour: 5y}
//!   tiers: {five_minutes: 90d, hour: 2y}   # how long windows are kept; 0: none
//!   merge_bytes_per_second: 64MiB
//!   wal:
//!     sync: group             # always | group | os
//!   state:
//!     url_file: state-url     # postgres://...; default: SQLite in the data directory
//!   slo:
//!     files: [slos/*.yml]     # objectives, see docs/formats/slo.md
//!   host_metrics:
//!     enabled: true           # metrics of this machine, with node_exporter's names
//!     interval: 15s           # default: global.scrape_interval
//!   limits:
//!     active_series_max: 5000000   # in the head
//!     metric_series_max: 100000    # of one metric in one scrape
//!     series_per_metric: 100000    # these fold what is above, see `limits`
//!     values_per_label: 10000
//! ```

use std::time::Duration;

use plimsoll_runtime::config::Findings;
use plimsoll_types::ByteCount;

use super::raw::{RawHostMetrics, RawLimits, RawPlimsoll, RawWalSync};
use super::series_limits::{self, SeriesLimits};
use super::slo::{self, Slo};
use super::state::{self, State};
use super::tiers::{self, Tiers};

/// What only Plimsoll knows, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plimsoll {
    /// When writes reach the disk; needs a restart. Default [`WalSync::Group`].
    pub wal_sync: WalSync,
    /// How long windows are kept. Reloads live.
    pub tiers: Tiers,
    /// How much merging reads and writes per second; 0 is no limit; needs a restart. Default 64 MiB.
    pub merge_bytes_per_second: ByteCount,
    /// Where the state of alerts is kept; needs a restart.
    pub state: State,
    /// Service level objectives.
    pub slo: Slo,
    /// Metrics of this machine.
    pub host_metrics: HostMetrics,
    /// Guards against too many series.
    pub limits: Limits,
}

/// When the WAL is synced for an acknowledged write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WalSync {
    /// One sync per write.
    Always,
    /// One sync for the writes of a few milliseconds.
    #[default]
    Group,
    /// The operating system decides: a power loss may lose what it had not written back.
    Os,
}

/// Metrics of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostMetrics {
    /// Whether they are collected; default: yes. Reloads live.
    pub is_enabled: bool,
    /// Time between two collections, at least 1 s; default: `global.scrape_interval`. Reloads live.
    pub interval: Duration,
}

/// Guards against too many series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Series that the head may hold, 1 to 2^31; default 5,000,000. Needs a restart.
    pub active_series_max: u64,
    /// Series of one metric in one scrape of one target, 1 to 2^31; default 100,000. Reloads live.
    pub metric_series_max: u64,
    /// Above which series are folded instead of refused. Reloads live.
    pub series: SeriesLimits,
}

const ACTIVE_SERIES_DEFAULT: u64 = 5_000_000;
/// The most that the head can number.
const ACTIVE_SERIES_MAX: u64 = 1 << 31;
const METRIC_SERIES_DEFAULT: u64 = 100_000;
const HOST_INTERVAL_MIN: Duration = Duration::from_secs(1);

pub(super) fn check(
    raw: &RawPlimsoll,
    scrape_interval: Duration,
    findings: &mut Findings<'_>,
) -> Plimsoll {
    Plimsoll {
        wal_sync: match raw.wal.sync {
            Some(RawWalSync::Always) => WalSync::Always,
            Some(RawWalSync::Os) => WalSync::Os,
            Some(RawWalSync::Group) | None => WalSync::Group,
        },
        tiers: tiers::check(&raw.tiers, findings),
        merge_bytes_per_second: raw
            .merge_bytes_per_second
            .map_or(ByteCount::MIB.times(64), |size| size.0),
        state: state::check(&raw.state, findings),
        slo: slo::check(&raw.slo, findings),
        host_metrics: host_metrics(&raw.host_metrics, scrape_interval, findings),
        limits: limits(&raw.limits, findings),
    }
}

fn host_metrics(
    raw: &RawHostMetrics,
    scrape_interval: Duration,
    findings: &mut Findings<'_>,
) -> HostMetrics {
    if let Some(interval) = raw
        .interval
        .filter(|interval| interval.0 < HOST_INTERVAL_MIN)
    {
        findings.error(
            interval.span,
            "the interval of host metrics must be at least 1s",
        );
    }
    HostMetrics {
        is_enabled: raw.enabled.unwrap_or(true),
        interval: raw
            .interval
            .map_or(scrape_interval.max(HOST_INTERVAL_MIN), |interval| {
                interval.0
            }),
    }
}

fn limits(raw: &RawLimits, findings: &mut Findings<'_>) -> Limits {
    let series = series_limits::check(raw, findings);
    let mut positive = |value: Option<plimsoll_runtime::config::Spanned<u64>>, default, most| {
        let Some(value) = value else {
            return default;
        };
        if !(1..=most).contains(&value.value) {
            let message = format!("expected a limit from 1 to {most}, found {}", value.value);
            findings.error(value.span, message);
        }
        value.value
    };
    Limits {
        active_series_max: positive(
            raw.active_series_max,
            ACTIVE_SERIES_DEFAULT,
            ACTIVE_SERIES_MAX,
        ),
        metric_series_max: positive(
            raw.metric_series_max,
            METRIC_SERIES_DEFAULT,
            ACTIVE_SERIES_MAX,
        ),
        series,
    }
}
