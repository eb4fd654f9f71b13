//! The file `series.idx`: labels and blocks of every series, in pages of up to 64 series.
//!
//! ```text
//! page:    | series count varint | labels length varint | labels ... | entries ... |
//! labels:  | pair count varint | same bits, 1 per pair | { name symbol varint, value symbol varint } of pairs not the same |
//!          bit i of the same bits (lowest first) says that pair i is that of the series before in the page
//! entry:   | metadata index + 1 or 0, varint | exemplar block count varint | exemplar block ... | block count varint | block ... |
//! exemplar block: | start signed, end - start varint | location in exemplars.bin |
//! block:   | kind u8 | samples varint | min time, signed difference to the block before | max - min varint
//!          | times    0 = evenly spaced, 1 = location in times.bin
//!          | starts   0 = none, 1 = constant (signed), 2 = location in times.bin
//!          | values   length + 1 varint and the bytes when kind has bit 7 (in place), else location
//!          | aggregates, see `aggregate`; none of windows |
//! location: | signed difference to the end of the last one in the same file | length varint |
//! kind:    0 = floats (values.bin), 1 = histograms (hist.bin), 2 = windows (values.bin), 3 = windows with histograms
//!          (hist.bin), see `windows`, where starts are the shape; bit 7 = the values are in place,
//!          bit 6 = the values are whole, bit 5 = they never drop, see `aggregate`
//! root:    | page count varint | { series varint, offset varint, length varint } ... |
//! ```
//!
//! Differences begin anew in each page. Neighbours of one scrape share times and labels, so most fields are one zero
//! byte. `max - min` wraps, as the times may be any i64.

use plimsoll_types::{TimeRange, Timestamp};

use super::aggregate::{Aggregates, IS_WHOLE, NEVER_DROPS};
#[cfg(test)]
use super::bytes::put_bytes;
use super::bytes::{Decoded, Malformed, Reader, put_signed, put_varint};
use super::file::Location;

pub(super) const PAGE_SERIES: usize = 64;
/// Series with many blocks end a page early.
pub(super) const PAGE_LENGTH: usize = 16 << 10;
/// Encoded values up to this length stay in the index, which spares a read and a checksum.
pub(super) const INLINE_LENGTH_MAX: usize = 24;
pub(super) const BLOCK_SAMPLES_MAX: usize = 8192;

const KIND_FLOATS: u8 = 0;
const KIND_HISTOGRAMS: u8 = 1;
const KIND_WINDOWS: u8 = 2;
const KIND_HISTOGRAM_WINDOWS: u8 = 3;
pub(super) const KIND_INLINE: u8 = 0x80;

/// What the samples of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// Floats.
    Floats,
    /// Native histograms.
    Histograms,
    /// Windows of a tier, none of them with native histograms.
    Windows,
    /// Windows of a tier.
    HistogramWindows,
}

impl BlockKind {
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Floats => KIND_FLOATS,
            Self::Histograms => KIND_HISTOGRAMS,
            Self::Windows => KIND_WINDOWS,
            Self::HistogramWindows => KIND_HISTOGRAM_WINDOWS,
        }
    }

    pub(super) fn of_number(number: u8) -> Option<Self> {
        Some(match number {
            KIND_FLOATS => Self::Floats,
            KIND_HISTOGRAMS => Self::Histograms,
            KIND_WINDOWS => Self::Windows,
            KIND_HISTOGRAM_WINDOWS => Self::HistogramWindows,
            _ => return None,
        })
    }

    /// Says whether it is one of windows.
    pub(super) fn is_of_windows(self) -> bool {
        matches!(self, Self::Windows | Self::HistogramWindows)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Times {
    /// From the first to the last time in equal steps.
    Even,
    Stored(Location),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starts {
    None,
    Constant(i64),
    Stored(Location),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    Inline(Vec<u8>),
    Stored(Location),
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    pub(super) samples: u32,
    pub(super) range: TimeRange,
    pub(super) times: Times,
    pub(super) starts: Starts,
    pub(super) values: Values,
    pub(super) aggregates: Aggregates,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ExemplarBlock {
    pub(super) range: TimeRange,
    pub(super) location: Location,
}

/// All that the index knows of a series.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// Name and value symbols, ascending by name.
    pub(super) labels: Vec<(u32, u32)>,
    pub(super) metadata: Option<u32>,
    pub(super) exemplars: Vec<ExemplarBlock>,
    pub(super) blocks: Vec<Block>,
}

impl Entry {
    /// Returns how many bytes of memory it takes.
    pub(super) fn byte_count(&self) -> usize {
        let inline = |block: &Block| match &block.values {
            Values::Inline(bytes) => bytes.capacity(),
            Values::Stored(_) => 0,
        };
        size_of::<Self>()
            + self.labels.capacity() * size_of::<(u32, u32)>()
            + self.exemplars.capacity() * size_of::<ExemplarBlock>()
            + self.blocks.capacity() * size_of::<Block>()
            + self.blocks.iter().map(inline).sum::<usize>()
    }
}

/// What differences are taken against; the writer and the reader keep the same one while they go through a page.
#[derive(Default)]
pub(super) struct Chain {
    min: i64,
    times: u64,
    values: u64,
    histograms: u64,
    exemplars: u64,
}

impl Chain {
    /// Writes the part of an entry behind the labels.
    #[cfg(test)]
    pub(super) fn put_entry(&mut self, entry: &Entry, into: &mut Vec<u8>) {
        put_varint(into, entry.metadata.map_or(0, |index| u64::from(index) + 1));
        put_varint(into, entry.exemplars.len() as u64);
        for block in &entry.exemplars {
            put_range(into, block.range, 0);
            put_location(into, block.location, &mut self.exemplars);
        }
        put_varint(into, entry.blocks.len() as u64);
        for block in &entry.blocks {
            self.put_block(block, into);
        }
    }

    #[cfg(test)]
    fn put_block(&mut self, block: &Block, into: &mut Vec<u8>) {
        let (kind, file) = match block.kind {
            BlockKind::Floats => (KIND_FLOATS, &mut self.values),
            BlockKind::Histograms => (KIND_HISTOGRAMS, &mut self.histograms),
            BlockKind::Windows => (KIND_WINDOWS, &mut self.values),
            BlockKind::HistogramWindows => (KIND_HISTOGRAM_WINDOWS, &mut self.histograms),
        };
        let inline = match block.values {
            Values::Inline(_) => KIND_INLINE,
            Values::Stored(_) => 0,
        };
        into.push(kind | inline | block.aggregates.traits());
        put_varint(into, block.samples.into());
        put_range(into, block.range, self.min);
        self.min = block.range.start.millis();
        match block.times {
            Times::Even => put_varint(into, 0),
            Times::Stored(location) => {
                put_varint(into, 1);
                put_location(into, location, &mut self.times);
            }
        }
        match block.starts {
            Starts::None => put_varint(into, 0),
            Starts::Constant(value) => {
                put_varint(into, 1);
                put_signed(into, value);
            }
            Starts::Stored(location) => {
                put_varint(into, 2);
                put_location(into, location, &mut self.times);
            }
        }
        match &block.values {
            Values::Inline(bytes) => put_bytes(into, bytes),
            Values::Stored(location) => put_location(into, *location, file),
        }
        if !block.kind.is_of_windows() {
            block.aggregates.encode(block.samples, into);
        }
    }

    fn entry(&mut self, reader: &mut Reader<'_>) -> Decoded<Entry> {
        let metadata = reader.varint_u32()?.checked_sub(1);
        // An exemplar block takes 4 bytes or more, a block of samples or windows 7.
        let exemplars = (0..reader.count(4)?)
            .map(|_| {
                Ok(ExemplarBlock {
                    range: range(reader, 0)?,
                    location: location(reader, &mut self.exemplars)?,
                })
            })
            .collect::<Decoded<_>>()?;
        let blocks = (0..reader.count(7)?)
            .map(|_| self.block(reader))
            .collect::<Decoded<Vec<_>>>()?;
        let ascend = |two: &[Block]| two[0].range.end < two[1].range.start;
        if !blocks.windows(2).all(ascend) {
            return Err(Malformed("the blocks of a series are not in order of time"));
        }
        Ok(Entry {
            labels: Vec::new(),
            metadata,
            exemplars,
            blocks,
        })
    }

    fn block(&mut self, reader: &mut Reader<'_>) -> Decoded<Block> {
        let flags = reader.u8()?;
        let (kind, file) = match flags & !(KIND_INLINE | IS_WHOLE | NEVER_DROPS) {
            KIND_FLOATS => (BlockKind::Floats, &mut self.values),
            KIND_HISTOGRAMS => (BlockKind::Histograms, &mut self.histograms),
            KIND_WINDOWS => (BlockKind::Windows, &mut self.values),
            KIND_HISTOGRAM_WINDOWS => (BlockKind::HistogramWindows, &mut self.histograms),
            _ => return Err(Malformed("a block is of an unknown kind")),
        };
        let samples = reader.varint_up_to(BLOCK_SAMPLES_MAX)? as u32;
        if samples == 0 {
            return Err(Malformed("a block is empty"));
        }
        let range = range(reader, self.min)?;
        self.min = range.start.millis();
        let times = match reader.varint()? {
            0 => Times::Even,
            1 => Times::Stored(location(reader, &mut self.times)?),
            _ => return Err(Malformed("the times of a block are of an unknown kind")),
        };
        let starts = take_starts(reader, &mut self.times)?;
        let values = match flags & KIND_INLINE {
            0 => Values::Stored(location(reader, file)?),
            _ => Values::Inline(reader.bytes()?.to_vec()),
        };
        Ok(Block {
            kind,
            samples,
            range,
            times,
            starts,
            values,
            aggregates: match kind.is_of_windows() {
                true => Aggregates::default(),
                false => Aggregates::decode(samples, flags, reader)?,
            },
        })
    }
}

fn take_starts(reader: &mut Reader<'_>, last: &mut u64) -> Decoded<Starts> {
    Ok(match reader.varint()? {
        0 => Starts::None,
        1 => Starts::Constant(reader.signed()?),
        2 => Starts::Stored(location(reader, last)?),
        _ => return Err(Malformed("start times are of an unknown kind")),
    })
}

/// Writes a page from the labels of its series and their entries, which [`Chain`] has encoded already.
#[cfg(test)]
pub(super) fn encode_page(labels: &[Vec<(u32, u32)>], entries: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    let mut previous: &[(u32, u32)] = &[];
    for pairs in labels {
        put_labels(&mut encoded, pairs, previous);
        previous = pairs;
    }
    let mut page = Vec::with_capacity(encoded.len() + entries.len() + 8);
    put_varint(&mut page, labels.len() as u64);
    put_bytes(&mut page, &encoded);
    page.extend_from_slice(entries);
    page
}

/// Reads back a page; `symbols` is how many there are.
pub(super) fn decode_page(bytes: &[u8], symbols: u32) -> Decoded<Vec<Entry>> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(PAGE_SERIES)?;
    let mut labels = Reader::new(reader.bytes()?);
    let mut chain = Chain::default();
    let mut entries: Vec<Entry> = Vec::with_capacity(count);
    for _ in 0..count {
        let previous = entries.last().map_or(&[][..], |entry| &entry.labels);
        let labels = take_labels(&mut labels, previous, symbols)?;
        let entry = chain.entry(&mut reader)?;
        entries.push(Entry { labels, ..entry });
    }
    labels.end()?;
    reader.end()?;
    Ok(entries)
}

/// Where a page is and which series it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageRef {
    pub(super) first_id: u32,
    pub(super) series: u32,
    pub(super) location: Location,
}

pub(super) fn encode_root(pages: &[PageRef]) -> Vec<u8> {
    let mut root = Vec::new();
    put_varint(&mut root, pages.len() as u64);
    for page in pages {
        put_varint(&mut root, page.series.into());
        put_varint(&mut root, page.location.offset);
        put_varint(&mut root, page.location.length.into());
    }
    root
}

pub(super) fn decode_root(bytes: &[u8], series: u32) -> Decoded<Vec<PageRef>> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(3)?;
    let mut pages = Vec::with_capacity(count);
    let mut first_id = 0u32;
    for _ in 0..count {
        let page = PageRef {
            first_id,
            series: reader.varint_up_to(PAGE_SERIES)? as u32,
            location: Location {
                offset: reader.varint()?,
                length: reader.varint_u32()?,
            },
        };
        first_id = first_id.saturating_add(page.series);
        pages.push(page);
    }
    reader.end()?;
    if first_id != series || pages.iter().any(|page| page.series == 0) {
        return Err(Malformed("the pages hold another number of series"));
    }
    Ok(pages)
}

#[cfg(test)]
fn put_labels(into: &mut Vec<u8>, pairs: &[(u32, u32)], previous: &[(u32, u32)]) {
    put_varint(into, pairs.len() as u64);
    let is_same = |index: usize| previous.get(index) == Some(&pairs[index]);
    let mut bits = vec![0u8; pairs.len().div_ceil(8)];
    (0..pairs.len())
        .filter(|index| is_same(*index))
        .for_each(|index| bits[index / 8] |= 1 << (index % 8));
    into.extend_from_slice(&bits);
    for (index, (name, value)) in pairs.iter().enumerate() {
        if !is_same(index) {
            put_varint(into, (*name).into());
            put_varint(into, (*value).into());
        }
    }
}

fn take_labels(
    reader: &mut Reader<'_>,
    previous: &[(u32, u32)],
    symbols: u32,
) -> Decoded<Vec<(u32, u32)>> {
    let count = reader.varint()?;
    let count = usize::try_from(count)
        .ok()
        .filter(|count| count.div_ceil(8) <= reader.remaining())
        .ok_or(Malformed(
            "a series has more labels than the page has bytes",
        ))?;
    let bits = reader.take(count.div_ceil(8))?;
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for index in 0..count {
        let pair = if bits[index / 8] & (1 << (index % 8)) != 0 {
            let pair = previous.get(index).copied();
            pair.ok_or(Malformed("a label is the same as one that is not there"))?
        } else {
            (reader.varint_u32()?, reader.varint_u32()?)
        };
        if pair.0 >= symbols || pair.1 >= symbols {
            return Err(Malformed("a label names a symbol that is not there"));
        }
        if pairs.last().is_some_and(|last| last.0 >= pair.0) {
            return Err(Malformed("the labels of a series are not sorted"));
        }
        pairs.push(pair);
    }
    Ok(pairs)
}

pub(super) fn put_range(into: &mut Vec<u8>, range: TimeRange, base: i64) {
    put_signed(into, range.start.millis().wrapping_sub(base));
    put_varint(
        into,
        range.end.millis().wrapping_sub(range.start.millis()) as u64,
    );
}

pub(super) fn range(reader: &mut Reader<'_>, base: i64) -> Decoded<TimeRange> {
    let start = base.wrapping_add(reader.signed()?);
    let end = start.wrapping_add(reader.varint()? as i64);
    if end < start {
        return Err(Malformed("a block ends before it begins"));
    }
    Ok(TimeRange::new(
        Timestamp::from_millis(start),
        Timestamp::from_millis(end),
    ))
}

pub(super) fn put_location(into: &mut Vec<u8>, location: Location, last: &mut u64) {
    put_signed(into, location.offset.wrapping_sub(*last) as i64);
    put_varint(into, location.length.into());
    *last = location.end();
}

pub(super) fn location(reader: &mut Reader<'_>, last: &mut u64) -> Decoded<Location> {
    let location = Location {
        offset: last.wrapping_add(reader.signed()? as u64),
        length: reader.varint_u32()?,
    };
    *last = location.end();
    Ok(location)
}
