//! What is known of the parts of windows at one moment.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, RwLock};

use plimsoll_types::{Tier, TimeRange};

use super::layout::Known;
use crate::db::hidden::{LiveTombstone, VisiblePart};
use crate::db::view::{LivePart, View};
use crate::manifest::QuarantinedPart;
use crate::part::Error;

/// The parts of windows, what hides some of them, and what is in memory.
pub(super) struct Tiers {
    pub(super) parts: Vec<Arc<LivePart>>,
    pub(super) tombstones: Vec<Arc<LiveTombstone>>,
    pub(super) known: Vec<Known>,
    pub(super) is_hit: Vec<bool>,
    /// The times of the parts of samples.
    pub(super) samples: Vec<TimeRange>,
    /// The times of windows in memory.
    pub(super) busy: Vec<TimeRange>,
    /// Parts in quarantine.
    pub(super) aside: Vec<QuarantinedPart>,
}

impl Tiers {
    /// Takes them from a view.
    ///
    /// # Errors
    /// What the look-up of deletions meets, with the part.
    pub(super) fn of(view: &RwLock<View>) -> Result<Self, (Arc<LivePart>, Error)> {
        let mut tiers = {
            let view = view.read().unwrap_or_else(PoisonError::into_inner);
            Self {
                parts: view.tiers.clone(),
                tombstones: view.tombstones.clone(),
                known: Vec::new(),
                is_hit: Vec::new(),
                samples: view.parts.iter().map(|live| live.range()).collect(),
                busy: view.windows().map(|window| window.facts().range).collect(),
                aside: view.quarantined.clone(),
            }
        };
        for live in &tiers.parts {
            let is_hit = is_hit(live, &tiers.tombstones).map_err(|error| (live.clone(), error))?;
            let (tier, span) = (live.entry.tier, live.entry.range);
            let is_late = tiers.busy.iter().any(|busy| busy.overlaps(span));
            tiers.is_hit.push(is_hit);
            tiers.known.push(Known {
                tier,
                span,
                is_stale: live.is_behind.load(Ordering::Relaxed) || is_hit || is_late,
            });
        }
        Ok(tiers)
    }

    /// Returns the times of the parts of samples in quarantine.
    pub(super) fn aside_samples(&self) -> Vec<TimeRange> {
        let aside = self.aside.iter().filter(|part| part.tier == Tier::Raw);
        aside.map(|part| part.range).collect()
    }

    /// Returns a part as a reader sees it.
    pub(super) fn visible(&self, at: usize) -> Result<VisiblePart, (Arc<LivePart>, Error)> {
        let live = &self.parts[at];
        VisiblePart::new(live.clone(), &self.tombstones).map_err(|error| (live.clone(), error))
    }
}

fn is_hit(live: &LivePart, tombstones: &[Arc<LiveTombstone>]) -> Result<bool, Error> {
    let mut concerned = tombstones.iter().filter(|t| t.concerns(live));
    concerned.try_fold(false, |is_hit, t| Ok(is_hit || !t.series(live)?.is_empty()))
}
