//! Tiers: windows of 5 minutes and of an hour that stand for samples, made in the background and kept for longer.
//!
//! ```text
//! parts of samples   |  day |  day |  day | today ...      kept 15 d
//! parts of 5m        |  day |  day |  day |                kept 90 d, made from samples when the day is over
//! parts of 1h        |  day |  day |  day |                kept 2 y, made from the 5m ones
//! ```
//!
//! A part of windows stands for a *span*: days, from the first millisecond after midnight to midnight, because windows are
//! open on the left. Spans of one tier never overlap. [`layout`] says where windows of any range come from: from parts of
//! the tier, else from those of the finer one, else from samples; queries ([`select`]) and those who make parts ([`make`])
//! ask the same. So what is not made yet, or not made again yet, is calculated when somebody asks for it.
//!
//! A part is *behind* when samples of its span were sealed after it was made; the manifest that names the new part of
//! samples says so. It is then made again, from samples as far as these are kept; what is older stays as it was. After a
//! deletion the windows that lie wholly inside are hidden at once, and parts that a deletion touches are made again, too:
//! from samples where they are kept, and else without the hidden windows. A window that was deleted in part and has no
//! samples any more stays.
//!
//! | crash | what the next opening finds |
//! |---|---|
//! | before the manifest names the new part | the old state; the new directory is an unfinished attempt |
//! | after it | the new part; the old ones' directories are unfinished attempts |
//! | between sealing late samples and making again | a part that is behind |

mod hold;
pub(super) mod layout;
mod make;
pub(super) mod names;
mod plan;
mod select;
mod state;

use plimsoll_types::Tier;

use super::view::LivePart;
use crate::manifest::Manifest;

pub(super) use plan::span_of;
pub(super) use select::{kept, select_windows};

/// Notes in a manifest which parts of windows a new part of samples makes stale; returns their numbers.
pub(super) fn overtake(manifest: &mut Manifest, samples: &LivePart) -> Vec<u64> {
    let range = samples.range();
    let is_overtaken =
        |tier: Tier, span: plimsoll_types::TimeRange| tier != Tier::Raw && span.overlaps(range);
    let parts = manifest.parts.iter_mut();
    let overtaken = parts.filter(|part| is_overtaken(part.tier, part.range));
    let note = |part: &mut crate::manifest::PartEntry| {
        part.is_behind = true;
        part.id
    };
    overtaken.map(note).collect()
}
