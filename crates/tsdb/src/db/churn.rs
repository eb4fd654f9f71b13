//! Which series came and which went: those of two windows of time, one after the other, compared.
//!
//! A series is told by the hash of its labels, so that its places in parts and in the head are one. What is deleted and
//! not cleaned yet counts; between the first and the last sample of a block or a head's window a series counts as there.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use plimsoll_types::{Churn, Labels, MetricChurn, StorageError, TimeRange, Timestamp, TopCounts};
use roaring::RoaringBitmap;

use super::active::visit_slots;
use super::find::suspect;
use super::query::Contents;
use super::view::LivePart;
use crate::head::{SeriesTable, Window};

/// So many label sets of a part are made at once.
const LABELS_AT_ONCE: usize = 256;
const BEFORE: u8 = 1;
const NOW: u8 = 2;

/// Compares the windows of this length that end at `now` and before it.
pub(super) fn count(
    db: Contents<'_>,
    length: Duration,
    now: Timestamp,
    limit: usize,
) -> Result<Churn, StorageError> {
    let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4);
    let middle = now.saturating_add_millis(-length);
    let begin = middle.saturating_add_millis(-length);
    let mut seen = Seen {
        before: TimeRange::new(begin.saturating_add_millis(1), middle),
        now: TimeRange::new(middle.saturating_add_millis(1), now),
        metrics: Metrics::default(),
        series: HashMap::new(),
    };
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    let sources = view.sources(TimeRange::new(seen.before.start, seen.now.end));
    drop(view);
    for part in &sources.parts {
        seen.add_part(part)
            .map_err(|error| suspect(Some(part), error.into()))?;
    }
    seen.add_head(db.series, &sources.windows);
    Ok(seen.finish(limit))
}

/// The series that were seen, each with the windows it was seen in.
struct Seen {
    before: TimeRange,
    now: TimeRange,
    metrics: Metrics,
    series: HashMap<u64, (u32, u8)>,
}

impl Seen {
    fn add_part(&mut self, live: &Arc<LivePart>) -> Result<(), crate::part::Error> {
        let part = &live.part;
        let both = TimeRange::new(self.before.start, self.now.end);
        for ids in part.select(&[], both)?.chunks(LABELS_AT_ONCE) {
            for (id, labels) in ids.iter().zip(part.labels_of(ids)?) {
                let blocks = part.block_aggregates(*id)?;
                let windows = blocks.iter().map(|block| self.windows(block.range));
                self.add(&labels, windows.fold(0, |all, one| all | one));
            }
        }
        Ok(())
    }

    fn add_head(&mut self, table: &SeriesTable, windows: &[Arc<Window>]) {
        let mut slots = RoaringBitmap::new();
        for window in windows {
            slots |= window.slots();
        }
        visit_slots(table, &slots, &mut |slot, labels| {
            let extents = windows.iter().filter_map(|window| window.extent(slot));
            let seen = extents.fold(0, |all, (range, _)| all | self.windows(range));
            self.add(labels, seen);
        });
    }

    fn windows(&self, range: TimeRange) -> u8 {
        let flag = |window: TimeRange, flag| if window.overlaps(range) { flag } else { 0 };
        flag(self.before, BEFORE) | flag(self.now, NOW)
    }

    fn add(&mut self, labels: &Labels, windows: u8) {
        if windows == 0 {
            return;
        }
        match self.series.entry(labels.stable_hash()) {
            Entry::Occupied(known) => known.into_mut().1 |= windows,
            Entry::Vacant(vacant) => {
                let metric = self
                    .metrics
                    .number(labels.metric_name().unwrap_or_default());
                vacant.insert((metric, windows));
            }
        }
    }

    fn finish(self, limit: usize) -> Churn {
        let mut tallies = vec![(0, 0, 0); self.metrics.names.len()];
        let (mut created, mut ended) = (0, 0);
        for (metric, windows) in self.series.values() {
            let tally = &mut tallies[*metric as usize];
            tally.2 += 1;
            match *windows {
                NOW => (created, tally.0) = (created + 1, tally.0 + 1),
                BEFORE => (ended, tally.1) = (ended + 1, tally.1 + 1),
                _ => {}
            }
        }
        let mut top = TopCounts::new(limit);
        for (name, (created, ended, _)) in self.metrics.names.iter().zip(&tallies) {
            if created + ended > 0 {
                top.push(created + ended, || name.to_string());
            }
        }
        let numbers = &self.metrics.numbers;
        let listed = top.into_sorted().into_iter().map(|entry| {
            let (created, ended, series) = tallies[numbers[&*entry.name] as usize];
            MetricChurn {
                name: entry.name,
                created,
                ended,
                series,
            }
        });
        Churn {
            before: self.before,
            now: self.now,
            created,
            ended,
            by_metric: listed.collect(),
        }
    }
}

/// Numbers for metric names, so that a series costs four bytes for its name.
#[derive(Default)]
struct Metrics {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Metrics {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).expect("there are fewer series than that");
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }
}
