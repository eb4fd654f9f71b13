//! Asking for windows: what is kept since when, and a selection that reads parts and calculates the rest.

use std::sync::PoisonError;

use plimsoll_types::{
    Kept, Labels, Matcher, Meter, SampleColumns, SampleSource, StorageError, Tier, TierWindow,
    TimeRange, Timestamp, WindowSelection, WindowSource, window_end,
};

use super::layout::{Layout, Origin, first_whole};
use super::state::Tiers;
use crate::db::cutoffs::Cutoffs;
use crate::db::find::suspect;
use crate::db::hidden::VisiblePart;
use crate::db::query::{self, Contents};
use crate::db::view::warning;
use crate::manifest::QuarantinedPart;

type Result<T> = std::result::Result<T, StorageError>;

/// So many label sets are made between two questions to the meter.
const LABELS_AT_ONCE: usize = 256;
/// What finding a series in one place takes beside its labels; sorting copies it.
const FOUND_BYTES: usize = 2 * size_of::<(Labels, Place)>();

/// A piece, and the number of the series there.
type Place = (u32, u32);

/// Tells since when each tier is kept of the series that may fulfil all matchers.
pub(in crate::db) fn kept(db: Contents<'_>, matchers: &[Matcher]) -> Kept {
    let view = db.view.read().unwrap_or_else(PoisonError::into_inner);
    if view.tiers.is_empty() {
        return Kept::SAMPLES;
    }
    let cutoffs = db
        .upkeep
        .map(|(upkeep, now)| Cutoffs::new(upkeep.retention(), now));
    let cutoff = |tier| {
        let cutoffs = cutoffs.as_ref();
        cutoffs.map_or(Timestamp::MIN, |cutoffs| cutoffs.latest_of(matchers, tier))
    };
    let samples = view.parts.iter().map(|live| live.range().start);
    let samples = samples.chain(view.windows().map(|window| window.facts().range.start));
    let first_sample = samples
        .min()
        .unwrap_or(Timestamp::MAX)
        .max(cutoff(Tier::Raw));
    // Ends of the first windows.
    let [five_minutes, hour] = Tier::WINDOWS.map(|tier| {
        let parts = view.tiers.iter().filter(|live| live.entry.tier == tier);
        let metas = parts
            .map(|live| live.part.meta())
            .filter(|meta| meta.series > 0);
        let first = metas.map(|meta| meta.range.start).min()?;
        Some(first.max(window_end(first_whole(cutoff(tier), tier), length_of(tier))))
    });
    // What is older than all that coarser windows know was never there.
    let begins = |begin: Timestamp, coarser: &[Option<Timestamp>]| {
        let is_lost = coarser.iter().flatten().any(|end| *end <= begin);
        if is_lost { begin } else { Timestamp::MIN }
    };
    let before = |end: Timestamp, millis: i64| end.saturating_add_millis(-millis);
    let length = length_of(Tier::FiveMinutes);
    Kept {
        raw: begins(before(first_sample, 1), &[five_minutes, hour]),
        five_minutes: five_minutes.map(|end| begins(before(end, length), &[hour])),
        hour: hour.map(|_| Timestamp::MIN),
    }
}

/// Selects windows that end inside `range`; `None` when there is no part of windows.
pub(in crate::db) fn select_windows(
    db: Contents<'_>,
    matchers: &[Matcher],
    range: TimeRange,
    tier: Tier,
    meter: &dyn Meter,
) -> Result<Option<WindowSelection>> {
    let tiers = Tiers::of(db.view).map_err(|(live, error)| suspect(Some(&live), error.into()))?;
    if tiers.parts.is_empty() || tier == Tier::Raw {
        return Ok(None);
    }
    let cutoffs = db
        .upkeep
        .map(|(upkeep, now)| Cutoffs::new(upkeep.retention(), now));
    let since = |from: fn(&Cutoffs, Tier) -> Timestamp, of: Tier| {
        let since = cutoffs.as_ref().map(|cutoffs| from(cutoffs, of));
        first_whole(since.unwrap_or(Timestamp::MIN), tier)
    };
    let layout = Layout {
        parts: &tiers.known,
        samples_from: since(Cutoffs::all_from, Tier::Raw),
    };
    let span = TimeRange::new(
        window_end(range.start, length_of(tier))
            .saturating_add_millis(1 - length_of(tier))
            .max(since(Cutoffs::first, tier)),
        range.end.align_down(length_of(tier)),
    );
    let mut found = Found::default();
    for piece in layout.pieces(tier, span) {
        match piece.origin {
            Origin::Samples => found.samples(db, matchers, piece.range, meter)?,
            Origin::Part(at) => {
                let part = tiers.visible(at);
                let part = part.map_err(|(live, error)| suspect(Some(&live), error.into()))?;
                found.part(part, matchers, piece.range, meter)?;
            }
        }
    }
    let is_missed = |part: &&QuarantinedPart| {
        part.tier != Tier::Raw && part.tier <= tier && part.range.overlaps(span)
    };
    let missed = tiers.aside.iter().filter(is_missed);
    found.warnings.extend(missed.map(warning));
    Ok(Some(found.selection(tier, cutoffs.as_ref())))
}

fn length_of(tier: Tier) -> i64 {
    tier.window_millis().unwrap_or(1)
}

/// A piece of the range, ready to be read.
enum Reader {
    Part(VisiblePart, TimeRange),
    Samples(Box<dyn SampleSource>),
}

/// What was found so far.
#[derive(Default)]
struct Found {
    readers: Vec<Reader>,
    places: Vec<(Labels, Place)>,
    warnings: Vec<String>,
}

impl Found {
    fn samples(
        &mut self,
        db: Contents<'_>,
        matchers: &[Matcher],
        range: TimeRange,
        meter: &dyn Meter,
    ) -> Result<()> {
        // Samples that are too old to be shown still tell windows that nobody made yet.
        let all = Contents {
            horizon: Timestamp::MIN,
            upkeep: None,
            ..db
        };
        let selection = query::select(all, matchers, range, meter)?;
        meter.take(selection.labels.len() * FOUND_BYTES)?;
        let reader = self.readers.len() as u32;
        let places = selection
            .labels
            .into_iter()
            .zip((0..).map(|index| (reader, index)));
        self.places.extend(places);
        self.readers.push(Reader::Samples(selection.source));
        self.warnings.extend(selection.warnings);
        Ok(())
    }

    fn part(
        &mut self,
        visible: VisiblePart,
        matchers: &[Matcher],
        range: TimeRange,
        meter: &dyn Meter,
    ) -> Result<()> {
        let part = &visible.live.part;
        let failed = |error: crate::part::Error| suspect(Some(&visible.live), error.into());
        let ids = part.select(matchers, range).map_err(failed)?;
        let reader = self.readers.len() as u32;
        for ids in ids.chunks(LABELS_AT_ONCE) {
            let labels = part.labels_of(ids).map_err(failed)?;
            let bytes = labels.iter().map(|l| l.byte_count() + FOUND_BYTES);
            meter.take(bytes.sum())?;
            let places = ids.iter().map(|id| (reader, *id));
            self.places.extend(labels.into_iter().zip(places));
        }
        self.readers.push(Reader::Part(visible, range));
        Ok(())
    }

    fn selection(mut self, tier: Tier, cutoffs: Option<&Cutoffs>) -> WindowSelection {
        self.places.sort();
        let mut labels: Vec<Labels> = Vec::new();
        let (mut series, mut places) = (Vec::new(), Vec::new());
        for (found, place) in self.places {
            if labels.last() != Some(&found) {
                labels.push(found);
                series.push(places.len());
            }
            places.push(place);
        }
        series.push(places.len());
        let from = |labels: &Labels| {
            let from = cutoffs.map_or(Timestamp::MIN, |cutoffs| cutoffs.of(labels, tier));
            first_whole(from, tier)
        };
        let source = PieceSource {
            tier,
            readers: self.readers,
            series,
            places,
            kept_from: labels.iter().map(from).collect(),
            columns: SampleColumns::default(),
            fine: Vec::new(),
        };
        self.warnings.sort();
        self.warnings.dedup();
        WindowSelection {
            labels,
            source: Box::new(source),
            warnings: self.warnings,
        }
    }
}

/// Reads the windows of a series piece by piece.
struct PieceSource {
    tier: Tier,
    readers: Vec<Reader>,
    /// Per series the first of its places, and the end of the last one's.
    series: Vec<usize>,
    places: Vec<Place>,
    /// Per series from when on windows are kept of it.
    kept_from: Vec<Timestamp>,
    columns: SampleColumns,
    fine: Vec<TierWindow>,
}

impl WindowSource for PieceSource {
    fn read(&mut self, index: usize, into: &mut Vec<TierWindow>) -> Result<()> {
        into.clear();
        for at in self.series[index]..self.series[index + 1] {
            let (reader, id) = self.places[at];
            match &mut self.readers[reader as usize] {
                Reader::Samples(source) => {
                    source.read(id as usize, &mut self.columns)?;
                    TierWindow::roll(&self.columns, length_of(self.tier), into);
                }
                Reader::Part(part, range) => {
                    read_part(part, (id, *range), self.tier, &mut self.fine, into)
                        .map_err(|error| suspect(Some(&part.live), error.into()))?;
                }
            }
        }
        let expired = into.partition_point(|window| window.end < self.kept_from[index]);
        into.drain(..expired);
        Ok(())
    }
}

/// Appends the windows of a series that a part has in a range, coarser ones when it is one of a finer tier.
pub(super) fn read_part(
    part: &VisiblePart,
    (id, range): (u32, TimeRange),
    tier: Tier,
    fine: &mut Vec<TierWindow>,
    into: &mut Vec<TierWindow>,
) -> std::result::Result<(), crate::part::Error> {
    if part.live.entry.tier == tier {
        return part.read_windows(id, range, into);
    }
    fine.clear();
    part.read_windows(id, range, fine)?;
    TierWindow::coarsen(fine, length_of(tier), into);
    Ok(())
}
