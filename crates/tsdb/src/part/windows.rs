//! Blocks of windows: what tiers keep of samples, as columns.
//!
//! ```text
//! times (times.bin or even):  the end of each window
//! shape (times.bin, in the place of start timestamps): 4 vectors, one after the other, each with an integer per window
//!   flags   1 = there are floats, 2 = the series ended here, 4 = there are histograms, 8 = the floats are whole numbers
//!   count   of floats
//!   first   end less the time of the first float
//!   last    end less the time of the last float
//! values (values.bin, or hist.bin when a window of the block has histograms): columns, an entry per window with floats
//!   first   column
//!   last    0 column | 1 (as first)
//!   min     0 column | 1 (as first) | 2 (as last)
//!   max     0 column | 1 (as first) | 2 (as last)
//!   sum     0 column | 3 (first * count)
//!   resets  0 column, drops | 4 (none)
//!   and in hist.bin, of the windows with histograms:
//!   counts, lengths of what is kept, end less the times of what is kept, whether there is a sum: columns of integers
//!   histograms: all that is kept, then the sums, see `histograms`
//! column: | length varint | see `floats`, `integers` |
//! ```
//!
//! Series of one scrape have their samples at the same times, so ends and shape are written once for all of them, and of a
//! series that does not change nothing is left but its value.

use std::sync::Arc;

use plimsoll_types::{FloatRollup, Histogram, HistogramRollup, TierWindow, Timestamp};

use super::bytes::{Decoded, Malformed, Reader, put_bytes};
use super::numbers::COLUMN_LENGTH_MAX;
use super::{floats, histograms, integers};

/// Integers of the shape per window.
pub(super) const SHAPE_WIDTH: usize = 4;

const HAS_FLOATS: i64 = 1;
const IS_ENDED: i64 = 2;
const HAS_HISTOGRAMS: i64 = 4;
const IS_WHOLE: i64 = 8;

const STORED: u8 = 0;
const AS_FIRST: u8 = 1;
const AS_LAST: u8 = 2;
const PRODUCT: u8 = 3;
const NONE: u8 = 4;

/// Returns how much of a block's limit the histograms of a window take.
pub(super) fn weight(window: &TierWindow) -> usize {
    let histograms = window.histograms.iter();
    let all = histograms.flat_map(|h| h.kept.iter().map(|(_, kept)| kept).chain(&h.sum));
    all.map(|histogram| histograms::weight(histogram)).sum()
}

/// Returns the vectors of the shape.
pub(super) fn shape(windows: &[TierWindow]) -> Vec<i64> {
    let flag = |holds: bool, flag: i64| if holds { flag } else { 0 };
    let flags = windows.iter().map(|window| {
        flag(window.floats.is_some(), HAS_FLOATS)
            | flag(window.is_ended, IS_ENDED)
            | flag(window.histograms.is_some(), HAS_HISTOGRAMS)
            | flag(window.floats.is_some_and(|f| f.is_whole), IS_WHOLE)
    });
    let counts = windows
        .iter()
        .map(|window| window.floats.map_or(0, |f| f.count as i64));
    let before = |end: Timestamp, time: Timestamp| end.millis().wrapping_sub(time.millis());
    let firsts = windows
        .iter()
        .map(|w| w.floats.map_or(0, |f| before(w.end, f.first.0)));
    let lasts = windows
        .iter()
        .map(|w| w.floats.map_or(0, |f| before(w.end, f.last.0)));
    flags.chain(counts).chain(firsts).chain(lasts).collect()
}

/// Appends the values of a block to `into`.
pub(super) fn encode(windows: &[TierWindow], level: usize, into: &mut Vec<u8>) {
    let rows: Vec<FloatRollup> = windows.iter().filter_map(|window| window.floats).collect();
    Columns {
        rows: &rows,
        level,
        into,
    }
    .encode();
    let rollups = windows
        .iter()
        .filter_map(|window| Some((window.end, window.histograms.as_deref()?)));
    let rollups: Vec<(Timestamp, &HistogramRollup)> = rollups.collect();
    if !rollups.is_empty() {
        encode_histograms(&rollups, level, into);
    }
}

/// Reads back a block from its ends, its shape and its values.
pub(super) fn decode(ends: &[i64], shape: &[i64], values: &[u8]) -> Decoded<Vec<TierWindow>> {
    let count = ends.len();
    if shape.len() != SHAPE_WIDTH * count {
        return Err(Malformed(
            "the shape of a block of windows has another length",
        ));
    }
    let (flags, rest) = shape.split_at(count);
    let mut reader = Reader::new(values);
    let mut rows = decode_rows(flags, (ends, rest), &mut reader)?.into_iter();
    let of_histograms = (0..count).filter(|index| flags[*index] & HAS_HISTOGRAMS != 0);
    let of_histograms: Vec<i64> = of_histograms.map(|index| ends[index]).collect();
    let mut rollups = match of_histograms.is_empty() {
        true => Vec::new(),
        false => decode_histograms(&of_histograms, &mut reader)?,
    }
    .into_iter();
    reader.end()?;
    let window = |(end, flags): (&i64, &i64)| TierWindow {
        end: Timestamp::from_millis(*end),
        floats: rows.by_ref().next_if_some(flags & HAS_FLOATS != 0),
        histograms: rollups
            .by_ref()
            .next_if_some(flags & HAS_HISTOGRAMS != 0)
            .map(Arc::new),
        is_ended: flags & IS_ENDED != 0,
    };
    Ok(ends.iter().zip(flags).map(window).collect())
}

/// Takes the next item only where there is one.
trait NextIfSome: Iterator {
    fn next_if_some(&mut self, is_there: bool) -> Option<Self::Item> {
        if is_there { self.next() } else { None }
    }
}

impl<T: Iterator> NextIfSome for T {}

struct Columns<'a> {
    rows: &'a [FloatRollup],
    level: usize,
    into: &'a mut Vec<u8>,
}

impl Columns<'_> {
    fn encode(&mut self) {
        self.stored(|row| row.first.1);
        self.one_of(|row| row.last.1, &[(AS_FIRST, |row| row.first.1)]);
        let ends: [(u8, Column); 2] = [(AS_FIRST, |row| row.first.1), (AS_LAST, |row| row.last.1)];
        self.one_of(|row| row.min, &ends);
        self.one_of(|row| row.max, &ends);
        self.one_of(|row| row.sum, &[(PRODUCT, product)]);
        if self
            .rows
            .iter()
            .all(|row| row.drops == 0 && row.resets.to_bits() == 0)
        {
            self.into.push(NONE);
            return;
        }
        self.into.push(STORED);
        self.stored(|row| row.resets);
        let drops: Vec<i64> = self.rows.iter().map(|row| row.drops.into()).collect();
        put_integers(&drops, self.level, self.into);
    }

    /// Writes a column, or which known one it equals.
    fn one_of(&mut self, column: Column, known: &[(u8, Column)]) {
        let is_same = |other: &Column| {
            let mut rows = self.rows.iter();
            rows.all(|row| column(row).to_bits() == other(row).to_bits())
        };
        match known.iter().find(|(_, other)| is_same(other)) {
            Some((number, _)) => self.into.push(*number),
            None => {
                self.into.push(STORED);
                self.stored(column);
            }
        }
    }

    fn stored(&mut self, column: Column) {
        let values: Vec<f64> = self.rows.iter().map(column).collect();
        let mut bytes = Vec::new();
        floats::encode(&values, self.level, &mut bytes);
        put_bytes(self.into, &bytes);
    }
}

type Column = fn(&FloatRollup) -> f64;

fn product(row: &FloatRollup) -> f64 {
    row.first.1 * row.count as f64
}

fn decode_rows(
    flags: &[i64],
    (ends, shape): (&[i64], &[i64]),
    reader: &mut Reader<'_>,
) -> Decoded<Vec<FloatRollup>> {
    let count = ends.len();
    let mut rows = Vec::new();
    for index in (0..count).filter(|index| flags[*index] & HAS_FLOATS != 0) {
        let at = |offset: i64| Timestamp::from_millis(ends[index].wrapping_sub(offset));
        let samples = u64::try_from(shape[index]).ok().filter(|count| *count > 0);
        let samples = samples.ok_or(Malformed("a window with floats counts none"))?;
        let mut row = FloatRollup::of(at(shape[count + index]), 0.0);
        (row.count, row.last.0) = (samples, at(shape[2 * count + index]));
        row.is_whole = flags[index] & IS_WHOLE != 0;
        rows.push(row);
    }
    let mut filled = Filled { rows, reader };
    filled.stored(|row, value| row.first.1 = value)?;
    filled.one_of(&[AS_FIRST], |row, value| row.last.1 = value)?;
    filled.one_of(&[AS_FIRST, AS_LAST], |row, value| row.min = value)?;
    filled.one_of(&[AS_FIRST, AS_LAST], |row, value| row.max = value)?;
    filled.one_of(&[PRODUCT], |row, value| row.sum = value)?;
    if filled.one_of(&[NONE], |row, value| row.resets = value)? == STORED {
        filled.drops()?;
    }
    Ok(filled.rows)
}

struct Filled<'a, 'b> {
    rows: Vec<FloatRollup>,
    reader: &'a mut Reader<'b>,
}

impl Filled<'_, '_> {
    fn one_of(&mut self, known: &[u8], set: fn(&mut FloatRollup, f64)) -> Decoded<u8> {
        let mode = self.reader.u8()?;
        let column: Column = match mode {
            STORED => {
                self.stored(set)?;
                return Ok(STORED);
            }
            AS_FIRST => |row| row.first.1,
            AS_LAST => |row| row.last.1,
            PRODUCT => product,
            _ => |_| 0.0,
        };
        if !known.contains(&mode) {
            return Err(Malformed("a column of windows is of an unknown kind"));
        }
        for row in &mut self.rows {
            let value = column(row);
            set(row, value);
        }
        Ok(mode)
    }

    fn stored(&mut self, set: fn(&mut FloatRollup, f64)) -> Decoded<()> {
        let values = floats::decode(self.reader.bytes()?, self.rows.len())?;
        self.rows
            .iter_mut()
            .zip(values)
            .for_each(|(row, value)| set(row, value));
        Ok(())
    }

    fn drops(&mut self) -> Decoded<()> {
        let drops = integers::decode(self.reader.bytes()?, self.rows.len())?;
        for (row, drops) in self.rows.iter_mut().zip(drops) {
            let too_many = Malformed("a window has an impossible number of drops");
            row.drops = u32::try_from(drops).map_err(|_| too_many)?;
        }
        Ok(())
    }
}

fn encode_histograms(rollups: &[(Timestamp, &HistogramRollup)], level: usize, into: &mut Vec<u8>) {
    let column = |of: &dyn Fn(&HistogramRollup) -> i64| -> Vec<i64> {
        rollups.iter().map(|(_, rollup)| of(rollup)).collect()
    };
    put_integers(&column(&|rollup| rollup.count as i64), level, into);
    put_integers(&column(&|rollup| rollup.kept.len() as i64), level, into);
    let before = rollups.iter().flat_map(|(end, rollup)| {
        let times = rollup.kept.iter().map(|(time, _)| time.millis());
        times.map(|time| end.millis().wrapping_sub(time))
    });
    put_integers(&before.collect::<Vec<_>>(), level, into);
    put_integers(&column(&|rollup| rollup.sum.is_some().into()), level, into);
    let kept = rollups
        .iter()
        .flat_map(|(_, rollup)| rollup.kept.iter().map(|(_, kept)| kept));
    let sums = rollups.iter().filter_map(|(_, rollup)| rollup.sum.as_ref());
    let all: Vec<Arc<Histogram>> = kept.chain(sums).cloned().collect();
    histograms::encode(&all, level, into);
}

/// Reads the rest of a block whose windows with histograms end at `ends`.
fn decode_histograms(ends: &[i64], reader: &mut Reader<'_>) -> Decoded<Vec<HistogramRollup>> {
    let counts = integers::decode(reader.bytes()?, ends.len())?;
    let lengths = integers::decode(reader.bytes()?, ends.len())?;
    let lengths = lengths
        .iter()
        .map(|length| usize::try_from(*length).unwrap_or(usize::MAX));
    let lengths: Vec<usize> = lengths.collect();
    let total = lengths
        .iter()
        .fold(0usize, |sum, length| sum.saturating_add(*length));
    if total > COLUMN_LENGTH_MAX || lengths.contains(&0) {
        return Err(Malformed(
            "a window keeps an impossible number of histograms",
        ));
    }
    let mut before = integers::decode(reader.bytes()?, total)?.into_iter();
    let has_sum = integers::decode(reader.bytes()?, ends.len())?;
    let sums = has_sum.iter().filter(|has| **has != 0).count();
    let mut kept = histograms::decode(reader.take_rest(), total + sums)?.into_iter();
    let mut rollups = Vec::with_capacity(ends.len());
    for ((end, count), length) in ends.iter().zip(counts).zip(lengths) {
        let count = u64::try_from(count).map_err(|_| Malformed("a window counts below 0"))?;
        let times = before.by_ref().take(length);
        let times = times.map(|before| Timestamp::from_millis(end.wrapping_sub(before)));
        rollups.push(HistogramRollup {
            count,
            kept: times.zip(kept.by_ref()).collect(),
            sum: None,
        });
    }
    for (rollup, has) in rollups.iter_mut().zip(has_sum) {
        rollup.sum = (has != 0).then(|| kept.next()).flatten();
    }
    Ok(rollups)
}

fn put_integers(values: &[i64], level: usize, into: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    integers::encode(values, level, &mut bytes);
    put_bytes(into, &bytes);
}

#[cfg(test)]
mod tests;
