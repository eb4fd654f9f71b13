//! Answers for a range of a series from the aggregates of its blocks, and reads only what the range cuts.

use plimsoll_types::{SampleColumns, Summary, TimeRange};

use super::find::Place;
use super::source::MergedSource;
use crate::Result;
use crate::part::{BlockKind, BlockSummary};
use crate::summary::SummaryFold;

/// Samples of one series in one source, in the order of time.
struct Piece {
    range: TimeRange,
    place: Place,
    /// `None`: it must be read.
    block: Option<BlockSummary>,
}

impl MergedSource {
    /// Returns `None` when reading is as fast or is needed: no block lies inside `range` as a whole, something is
    /// deleted, sources overlap in time, or a sample is none that a summary tells of.
    pub(super) fn summarize(&mut self, index: usize, range: TimeRange) -> Result<Option<Summary>> {
        let Some(pieces) = self.pieces(index, range)? else {
            return Ok(None);
        };
        let mut fold = SummaryFold::default();
        let mut edge = SampleColumns::default();
        for piece in pieces {
            let told = match &piece.block {
                Some(block) => fold.add_block(block.range, &block.aggregates),
                None => {
                    edge.clear();
                    let inside = intersection(piece.range, range);
                    self.snapshot.read(piece.place, inside, &mut edge)?;
                    fold.add_samples(&edge)
                }
            };
            if told.is_err() {
                return Ok(None);
            }
        }
        Ok(fold.finish())
    }

    /// Returns the pieces that `range` touches, ascending, if it pays.
    fn pieces(&self, index: usize, range: TimeRange) -> Result<Option<Vec<Piece>>> {
        let mut pieces = Vec::new();
        for place in self.places_of(index) {
            match self.snapshot.parts.get(place.source as usize) {
                Some(part) if part.hides(place.id) => return Ok(None),
                Some(part) => {
                    let blocks = part.live.part.block_aggregates(place.id)?;
                    let touched = blocks.into_iter().filter(|b| b.range.overlaps(range));
                    pieces.extend(touched.map(|block| piece(*place, block, range)));
                }
                None => pieces.extend(self.window_piece(*place, range)),
            }
        }
        pieces.sort_by_key(|piece: &Piece| piece.range.start);
        let is_apart = |two: &[Piece]| two[0].range.end < two[1].range.start;
        let is_told = pieces.iter().any(|piece| piece.block.is_some());
        Ok((is_told && pieces.windows(2).all(is_apart)).then_some(pieces))
    }

    fn window_piece(&self, place: Place, range: TimeRange) -> Option<Piece> {
        let window = &self.snapshot.windows[place.source as usize - self.snapshot.parts.len()];
        let (extent, _) = window.extent(place.id)?;
        extent.overlaps(range).then_some(Piece {
            range: extent,
            place,
            block: None,
        })
    }
}

fn piece(place: Place, block: BlockSummary, range: TimeRange) -> Piece {
    let is_whole = range.start <= block.range.start && block.range.end <= range.end;
    Piece {
        range: block.range,
        place,
        block: (is_whole && block.kind == BlockKind::Floats).then_some(block),
    }
}

fn intersection(a: TimeRange, b: TimeRange) -> TimeRange {
    TimeRange::new(a.start.max(b.start), a.end.min(b.end))
}
