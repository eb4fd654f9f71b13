//! The names of series whose samples are gone and whose windows are there.

use std::sync::{Arc, PoisonError};

use plimsoll_types::{Labels, Matcher, StorageError, TimeRange};

use crate::db::find::suspect;
use crate::db::query::Contents;
use crate::db::view::LivePart;

/// Returns the parts of windows that stand for what of `range` is older than samples are kept.
pub(in crate::db) fn older(db: Contents<'_>, range: TimeRange) -> Vec<Arc<LivePart>> {
    let before = db.horizon.saturating_add_millis(-1);
    let range = TimeRange::new(range.start, range.end.min(before));
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    let parts = view
        .tiers
        .iter()
        .filter(|live| live.range().overlaps(range));
    parts.cloned().collect()
}

/// Returns the series of a part that fulfil all matchers and may have a window inside `range`, the first `limit` of them.
pub(in crate::db) fn series(
    live: &Arc<LivePart>,
    matchers: &[Matcher],
    range: TimeRange,
    limit: usize,
) -> Result<Vec<Labels>, StorageError> {
    let length = live.entry.tier.window_millis().unwrap_or(1);
    let reach = TimeRange::new(range.start, range.end.saturating_add_millis(length - 1));
    let ids = live.part.select(matchers, reach);
    let found = ids.and_then(|ids| live.part.labels_of(&ids[..limit.min(ids.len())]));
    found.map_err(|error| suspect(Some(live), error.into()))
}
