//! What the engine is told once, and what it tells about its work.

use std::time::Duration;

use crate::ledger::Keep;
use crate::{Catalog, Window};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// How the engine counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// How late a sample may come and still be counted at its time; default 5 minutes.
    pub lateness: Duration,
    /// How far ahead of the time that was reached a sample may lie; default 10 minutes.
    pub ahead: Duration,
    /// Two samples of a series at most this far apart measure the time between them; default 5 minutes.
    pub gap: Duration,
    /// How long a series is remembered after its last sample; what comes later begins it anew. Default 6 hours.
    pub forget: Duration,
    /// How many series are counted at most; default 2 million.
    pub series_max: usize,
    /// How long after the end of a slice its PromQL is asked, so that its samples are there; default 15 seconds.
    pub ask_after: Duration,
    /// How often series for the store are made; default 30 seconds.
    pub export_every: Duration,
    /// How long the ledger of an objective that is gone from all files is kept; default 30 days.
    pub retired_kept: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lateness: 5 * MINUTE,
            ahead: 10 * MINUTE,
            gap: 5 * MINUTE,
            forget: 6 * HOUR,
            series_max: 2_000_000,
            ask_after: Duration::from_secs(15),
            export_every: Duration::from_secs(30),
            retired_kept: 30 * DAY,
        }
    }
}

impl Options {
    /// Returns how long slices stay fine: a late sample can still cover the gap before it.
    pub(super) fn fine(&self) -> Duration {
        (self.lateness + self.gap + MINUTE).max(15 * MINUTE)
    }
}

/// Returns how long slices of each length are kept: hours for two of the longest window, so that what-if can look back.
pub(super) fn keep(catalog: &Catalog) -> Keep {
    const LONGEST: Duration = DAY.saturating_mul(800);
    let slos = catalog.slos.iter().flat_map(|slo| &slo.windows);
    let windows = slos.chain(
        catalog
            .composites
            .iter()
            .flat_map(|composite| &composite.windows),
    );
    let longest = windows.map(longest_of).max().unwrap_or(30 * DAY);
    let millis = |duration: Duration| duration.as_millis() as i64;
    Keep {
        minutes: millis(6 * HOUR),
        fives: millis(3 * DAY),
        hours: millis((longest * 2).clamp(14 * DAY, LONGEST)),
    }
}

fn longest_of(window: &Window) -> Duration {
    match window {
        Window::Rolling(length) => *length,
        Window::Calendar { unit, .. } => match unit {
            crate::CalendarUnit::Day => 2 * DAY,
            crate::CalendarUnit::Week => 8 * DAY,
            crate::CalendarUnit::Month => 32 * DAY,
            crate::CalendarUnit::Quarter => 93 * DAY,
            crate::CalendarUnit::Year => 367 * DAY,
        },
    }
}

/// What became of samples, and how much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// Samples that were counted.
    pub samples: u64,
    /// Samples that changed what was counted already: late ones, and replaced ones.
    pub revisions: u64,
    /// Samples older than the lateness, which are not counted.
    pub too_late: u64,
    /// Samples too far in the future, which are not counted.
    pub too_early: u64,
    /// Series that are not counted because there are too many.
    pub series_refused: u64,
    /// Series that were seen in groups beyond the limit of their objective.
    pub groups_refused: u64,
    /// Slices whose PromQL was not answered in time.
    pub unanswered: u64,
    /// Series that are counted now.
    pub series: u64,
    /// Budgets that are counted now: groups times objectives.
    pub streams: u64,
}
