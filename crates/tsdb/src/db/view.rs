//! What queries see at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use plimsoll_types::TimeRange;

use crate::head::Window;
use crate::manifest::QuarantinedPart;
use crate::part::Part;

/// A part that counts.
pub(super) struct LivePart {
    pub(super) id: u64,
    pub(super) part: Part,
    /// A query met damage; maintenance reads the whole part and decides.
    pub(super) is_suspect: AtomicBool,
}

/// A window that was taken out of the head to be sealed. It does not change any more.
#[derive(Clone)]
pub(super) struct Sealing {
    pub(super) window: Arc<Window>,
    /// Everything of the window up to this WAL sequence is in it.
    pub(super) sequence: u64,
}

/// Everything that holds samples. Replaced piece by piece under one lock, so that no sample is ever seen twice or not
/// at all.
#[derive(Default)]
pub(super) struct View {
    /// Oldest first.
    pub(super) parts: Vec<Arc<LivePart>>,
    /// In the order in which they were taken out.
    pub(super) sealing: Vec<Sealing>,
    /// By start.
    pub(super) open: BTreeMap<i64, Arc<Window>>,
    pub(super) quarantined: Vec<QuarantinedPart>,
}

/// The part of a view that a query needs. Holding it keeps parts and windows alive.
pub(super) struct Snapshot {
    /// Oldest first.
    pub(super) parts: Vec<Arc<LivePart>>,
    /// Oldest first, all of them newer than the parts.
    pub(super) windows: Vec<Arc<Window>>,
    pub(super) warnings: Vec<String>,
}

impl LivePart {
    pub(super) fn new(id: u64, part: Part) -> Arc<Self> {
        Arc::new(Self {
            id,
            part,
            is_suspect: AtomicBool::new(false),
        })
    }

    pub(super) fn range(&self) -> TimeRange {
        self.part.meta().range
    }
}

impl View {
    pub(super) fn snapshot(&self, range: TimeRange) -> Snapshot {
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
            .filter(|part| part.range.overlaps(range));
        Snapshot {
            parts: parts.cloned().collect(),
            windows: windows.cloned().collect(),
            warnings: quarantined.map(warning).collect(),
        }
    }

    /// Walks the windows in memory, oldest first.
    pub(super) fn windows(&self) -> impl Iterator<Item = &Arc<Window>> {
        let sealing = self.sealing.iter().map(|sealing| &sealing.window);
        sealing.chain(self.open.values())
    }
}

fn warning(part: &QuarantinedPart) -> String {
    format!(
        "samples from {} ms to {} ms may be missing: part {} is in quarantine ({})",
        part.range.start,
        part.range.end,
        crate::manifest::part_name(part.id),
        part.reason
    )
}
