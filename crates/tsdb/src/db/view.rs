//! What queries see at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plimsoll_types::{Tier, TimeRange};

use super::hidden::{LiveTombstone, VisiblePart};
use crate::head::Window;
use crate::manifest::{PartEntry, QuarantinedPart};
use crate::part::Part;

/// A part that counts.
pub(super) struct LivePart {
    pub(super) entry: PartEntry,
    pub(super) part: Part,
    /// A query met damage; maintenance reads the whole part and decides.
    pub(super) is_suspect: AtomicBool,
    /// As [`PartEntry::is_behind`]; that of the entry is as it was when the part was opened.
    pub(super) is_behind: AtomicBool,
}

/// Windows that were taken out of the head at one moment to be sealed into one part. Nothing is added to them any more;
/// deletions still take out.
#[derive(Clone)]
pub(super) struct Sealing {
    /// In the order of their starts; at least one.
    pub(super) windows: Arc<[Arc<Window>]>,
    /// Everything of the windows up to this WAL sequence is in them.
    pub(super) sequence: u64,
}

/// Everything that holds samples. Replaced piece by piece under one lock, so that no sample is ever seen twice or not
/// at all.
#[derive(Default)]
pub(super) struct View {
    /// Parts of samples, oldest first.
    pub(super) parts: Vec<Arc<LivePart>>,
    /// Parts of windows. Those of one tier stand for spans that do not overlap.
    pub(super) tiers: Vec<Arc<LivePart>>,
    /// In the order in which they were taken out.
    pub(super) sealing: Vec<Sealing>,
    /// By start.
    pub(super) open: BTreeMap<i64, Arc<Window>>,
    pub(super) quarantined: Vec<QuarantinedPart>,
    /// Deletions that some part does not know of, in the order of their sequence.
    pub(super) tombstones: Vec<Arc<LiveTombstone>>,
}

/// The part of a view that a query needs. Holding it keeps parts, with their files on disk, and windows alive.
pub(super) struct Snapshot {
    /// Oldest first.
    pub(super) parts: Vec<VisiblePart>,
    /// Oldest first, all of them newer than the parts.
    pub(super) windows: Vec<Arc<Window>>,
    pub(super) warnings: Vec<String>,
}

/// What a snapshot is made of: taken under the view's lock, looked into outside.
pub(super) struct Sources {
    pub(super) parts: Vec<Arc<LivePart>>,
    pub(super) windows: Vec<Arc<Window>>,
    pub(super) tombstones: Vec<Arc<LiveTombstone>>,
    pub(super) warnings: Vec<String>,
}

impl LivePart {
    pub(super) fn new(entry: PartEntry, part: Part) -> Arc<Self> {
        Arc::new(Self {
            is_behind: AtomicBool::new(entry.is_behind),
            entry,
            part,
            is_suspect: AtomicBool::new(false),
        })
    }

    /// Returns its number.
    pub(super) fn id(&self) -> u64 {
        self.entry.id
    }

    /// Returns the time of its samples; of a part of windows the span that it stands for.
    pub(super) fn range(&self) -> TimeRange {
        match self.entry.tier {
            Tier::Raw => self.part.meta().range,
            Tier::FiveMinutes | Tier::Hour => self.entry.range,
        }
    }
}

impl View {
    pub(super) fn sources(&self, range: TimeRange) -> Sources {
        let parts = self
            .parts
            .iter()
            .filter(|part| part.range().overlaps(range));
        let windows = self
            .windows()
            .filter(|window| window.facts().range.overlaps(range));
        let quarantined = self
            .quarantined
            .iter()
            .filter(|part| part.tier == Tier::Raw && part.range.overlaps(range));
        Sources {
            parts: parts.cloned().collect(),
            windows: windows.cloned().collect(),
            tombstones: self.tombstones.clone(),
            warnings: quarantined.map(warning).collect(),
        }
    }

    /// Notes of the parts of windows with these numbers that they are behind. Nothing is read again: it is the same part.
    pub(super) fn overtake(&self, ids: &[u64]) {
        for live in self.tiers.iter().filter(|live| ids.contains(&live.id())) {
            live.is_behind.store(true, Ordering::Relaxed);
        }
    }

    /// Walks the parts of samples and then those of windows.
    pub(super) fn all_parts(&self) -> impl Iterator<Item = &Arc<LivePart>> {
        self.parts.iter().chain(&self.tiers)
    }

    /// Walks the windows in memory; of two with one start the older one comes first.
    pub(super) fn windows(&self) -> impl Iterator<Item = &Arc<Window>> {
        let sealing = self.sealing.iter();
        let sealing = sealing.flat_map(|sealing| sealing.windows.iter());
        sealing.chain(self.open.values())
    }
}

/// Returns what the reader of an answer should know of a part that cannot be read.
pub(super) fn warning(part: &QuarantinedPart) -> String {
    format!(
        "samples from {} ms to {} ms may be missing: part {} is in quarantine ({})",
        part.range.start,
        part.range.end,
        crate::manifest::part_name(part.id),
        part.reason
    )
}
