//! How long windows are kept, which stand for samples.

use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Spanned};

use super::raw::RawTiers;
use super::storage::Retention;

/// How long windows are kept of series that no rule of retention is for; 0: none are made. Reloads live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiers {
    /// Those of five minutes. Default 90 d.
    pub five_minutes: Duration,
    /// Those of an hour. Default 2 y.
    pub hour: Duration,
}

impl Default for Tiers {
    fn default() -> Self {
        Self {
            five_minutes: Duration::from_hours(90 * 24),
            hour: Duration::from_hours(2 * 365 * 24),
        }
    }
}

pub(super) fn check(raw: &RawTiers, findings: &mut Findings<'_>) -> Tiers {
    let default = Tiers::default();
    let mut kept = |raw: Option<Spanned<DurationValue>>, default| {
        let Some(time) = raw else {
            return default;
        };
        if time.0 > Retention::MAX {
            findings.error(time.span, "windows are kept for at most 100 years");
        }
        time.0
    };
    Tiers {
        five_minutes: kept(raw.five_minutes, default.five_minutes),
        hour: kept(raw.hour, default.hour),
    }
}
