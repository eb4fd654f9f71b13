//! Counts what is in the store, when somebody asks: nothing is kept per append for it.

use std::sync::PoisonError;

use plimsoll_types::{
    HeadStatistics, PartStatistics, ReplayStatistics, StoreStatistics, TimeRange,
};

use super::Db;
use super::recovery::Recovery;
use super::view::{LivePart, View};
use crate::head::{SeriesTable, Window};
use crate::manifest::part_name;

impl Db {
    pub(super) fn count_all(&self, limit: usize) -> StoreStatistics {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        let tombstones = view.tombstones.len() as u64;
        let (windows, parts): (Vec<_>, _) = (view.windows().cloned().collect(), parts(&view));
        drop(view);
        StoreStatistics {
            parts,
            replay: replay(&self.recovery),
            tombstones,
            ..head(&self.series, &windows, limit)
        }
    }
}

/// Counts the head; walks every label pair and every series of every window.
pub(super) fn head(
    series: &SeriesTable,
    windows: &[std::sync::Arc<Window>],
    limit: usize,
) -> StoreStatistics {
    let mut counted = series.statistics(limit);
    let mut range: Option<TimeRange> = None;
    for window in windows {
        let facts = window.facts();
        counted.head.samples += facts.samples;
        counted.head.chunks += window.chunks();
        if facts.samples > 0 {
            let wide = range.get_or_insert(facts.range);
            wide.start = wide.start.min(facts.range.start);
            wide.end = wide.end.max(facts.range.end);
        }
    }
    counted.head = HeadStatistics {
        range,
        ..counted.head
    };
    counted
}

pub(super) fn parts(view: &View) -> Vec<PartStatistics> {
    let part = |live: &std::sync::Arc<LivePart>| {
        let meta = live.part.meta();
        PartStatistics {
            name: part_name(live.id()),
            range: meta.range,
            series: meta.series.into(),
            samples: meta.samples,
            exemplars: meta.exemplars,
            bytes: meta.bytes,
        }
    };
    view.parts.iter().map(part).collect()
}

pub(super) fn replay(recovery: &Recovery) -> ReplayStatistics {
    let wal = &recovery.wal;
    ReplayStatistics {
        segments: wal.segments,
        records: wal.records,
        samples: wal.samples,
        damaged: (wal.skipped.len() + wal.cut.len()) as u64,
        duration: recovery.duration,
    }
}
