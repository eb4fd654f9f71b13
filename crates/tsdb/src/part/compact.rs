//! Pages of `series.idx` since version 3: what series share is written once per part or once per page.
//!
//! ```text
//! page:    | series count varint | labels length varint | labels ... | entries ... |
//! labels:  | pair count * 2 + (the names are those of the series before) varint | same bits, 1 per pair | pairs not the same |
//!          bit i of the same bits (lowest first) says that pair i is that of the series before in the page
//! pair:    | value symbol, signed difference to pair i of the series before |  when the names are the same, else
//!          | name symbol varint | value symbol varint |
//! entry:   | block count * 4 + (has exemplars) * 2 + (metadata of the series before) varint
//!          | metadata index + 1 or 0, varint, when not that of the series before
//!          | exemplar block count varint, exemplar block ..., when there are any | block ... |
//! block:   | kind u8 | schedule number varint, see `schedules` | start signed, when constant | values | aggregates |
//! kind:    bits 0 and 1 as in `series`; bit 3 = the start is constant; bit 4 = the aggregates are those of the constant
//!          in place and not written; bits 5 to 7 as in `series`
//! ```
//!
//! Exemplar blocks, values and locations are written as in `series`, aggregates in their compact form.

use super::aggregate::{Aggregates, IS_WHOLE, NEVER_DROPS};
use super::bytes::{Decoded, Malformed, Reader, put_bytes, put_signed, put_varint};
use super::floats;
use super::schedules::{Schedule, SchedulesWriter};
use super::series::{
    Block, BlockKind, Entry, ExemplarBlock, KIND_INLINE, PAGE_SERIES, Starts, Values, location,
    put_location, put_range, range,
};

const KIND_MASK: u8 = 0b11;
const CONSTANT_START: u8 = 1 << 3;
const OF_CONSTANT: u8 = 1 << 4;

/// What differences are taken against; the writer and the reader keep the same one while they go through a page.
#[derive(Default)]
pub(super) struct Chain {
    metadata: Option<u32>,
    values: u64,
    histograms: u64,
    exemplars: u64,
}

impl Chain {
    /// Writes the part of an entry behind the labels.
    pub(super) fn put_entry(
        &mut self,
        entry: &Entry,
        schedules: &mut SchedulesWriter,
        into: &mut Vec<u8>,
    ) {
        let is_same = entry.metadata == self.metadata;
        let has_exemplars = !entry.exemplars.is_empty();
        let blocks = entry.blocks.len() as u64;
        put_varint(
            into,
            blocks << 2 | u64::from(has_exemplars) << 1 | u64::from(is_same),
        );
        if !is_same {
            put_varint(into, entry.metadata.map_or(0, |index| u64::from(index) + 1));
            self.metadata = entry.metadata;
        }
        if has_exemplars {
            put_varint(into, entry.exemplars.len() as u64);
            for block in &entry.exemplars {
                put_range(into, block.range, 0);
                put_location(into, block.location, &mut self.exemplars);
            }
        }
        for block in &entry.blocks {
            self.put_block(block, schedules.number(Schedule::of(block)), into);
        }
    }

    fn put_block(&mut self, block: &Block, schedule: u32, into: &mut Vec<u8>) {
        let mut kind = block.kind.number() | block.aggregates.traits();
        let is_of_constant = of_constant(block).is_some_and(|of| of.is_bits_of(&block.aggregates));
        if is_of_constant {
            kind |= OF_CONSTANT;
        }
        if matches!(block.starts, Starts::Constant(_)) {
            kind |= CONSTANT_START;
        }
        if matches!(block.values, Values::Inline(_)) {
            kind |= KIND_INLINE;
        }
        into.push(kind);
        put_varint(into, schedule.into());
        if let Starts::Constant(start) = block.starts {
            put_signed(into, start);
        }
        match &block.values {
            Values::Inline(bytes) => put_bytes(into, bytes),
            Values::Stored(location) => put_location(into, *location, self.end(block.kind)),
        }
        if !is_of_constant && !block.kind.is_of_windows() {
            block.aggregates.encode_compact(block.samples, into);
        }
    }

    fn end(&mut self, kind: BlockKind) -> &mut u64 {
        match kind {
            BlockKind::Floats | BlockKind::Windows => &mut self.values,
            BlockKind::Histograms | BlockKind::HistogramWindows => &mut self.histograms,
        }
    }

    fn take_entry(
        &mut self,
        reader: &mut Reader<'_>,
        schedule: &mut dyn FnMut(u32) -> Decoded<Schedule>,
    ) -> Decoded<Entry> {
        let head = reader.varint()?;
        if head & 1 == 0 {
            self.metadata = reader.varint_u32()?.checked_sub(1);
        }
        let mut entry = Entry {
            metadata: self.metadata,
            ..Entry::default()
        };
        if head & 2 != 0 {
            // An exemplar block takes 4 bytes or more, a block of samples or windows 3.
            for _ in 0..reader.count(4)? {
                entry.exemplars.push(ExemplarBlock {
                    range: range(reader, 0)?,
                    location: location(reader, &mut self.exemplars)?,
                });
            }
        }
        let blocks = usize::try_from(head >> 2).ok();
        let blocks = blocks
            .filter(|blocks| blocks.saturating_mul(3) <= reader.remaining())
            .ok_or(Malformed(
                "a series has more blocks than the page has bytes",
            ))?;
        entry.blocks = (0..blocks)
            .map(|_| self.take_block(reader, schedule))
            .collect::<Decoded<Vec<_>>>()?;
        let ascend = |two: &[Block]| two[0].range.end < two[1].range.start;
        if !entry.blocks.windows(2).all(ascend) {
            return Err(Malformed("the blocks of a series are not in order of time"));
        }
        Ok(entry)
    }

    fn take_block(
        &mut self,
        reader: &mut Reader<'_>,
        schedule: &mut dyn FnMut(u32) -> Decoded<Schedule>,
    ) -> Decoded<Block> {
        let flags = reader.u8()?;
        let known = KIND_MASK | CONSTANT_START | OF_CONSTANT | NEVER_DROPS | IS_WHOLE | KIND_INLINE;
        let kind = BlockKind::of_number(flags & KIND_MASK);
        let kind = kind.filter(|_| flags & !known == 0);
        let kind = kind.ok_or(Malformed("a block is of an unknown kind"))?;
        let schedule = schedule(reader.varint_u32()?)?;
        let starts = match (schedule.starts, flags & CONSTANT_START) {
            (None, 0) => Starts::None,
            (Some(location), 0) => Starts::Stored(location),
            (None, _) => Starts::Constant(reader.signed()?),
            (Some(_), _) => return Err(Malformed("the starts of a block are there twice")),
        };
        let values = match flags & KIND_INLINE {
            0 => Values::Stored(location(reader, self.end(kind))?),
            _ => Values::Inline(reader.bytes()?.to_vec()),
        };
        let mut block = Block {
            kind,
            samples: schedule.samples,
            range: schedule.range,
            times: schedule.times,
            starts,
            values,
            aggregates: Aggregates::default(),
        };
        if flags & OF_CONSTANT != 0 {
            let constant = of_constant(&block);
            block.aggregates = constant.ok_or(Malformed("a block is no constant in place"))?;
        } else if !kind.is_of_windows() {
            block.aggregates = Aggregates::decode_compact(block.samples, flags, reader)?;
        }
        Ok(block)
    }
}

/// Returns the aggregates of a block whose values are one constant, in place.
fn of_constant(block: &Block) -> Option<Aggregates> {
    let Values::Inline(bytes) = &block.values else {
        return None;
    };
    let value = floats::constant_of(bytes).filter(|_| block.kind == BlockKind::Floats)?;
    Some(Aggregates::of_constant(value, block.samples))
}

/// Writes a page from the labels of its series and their entries, which [`Chain`] has encoded already.
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

/// Reads back a page; `symbols` is how many there are, `schedule` finds one by its number.
pub(super) fn decode_page(
    bytes: &[u8],
    symbols: u32,
    schedule: &mut dyn FnMut(u32) -> Decoded<Schedule>,
) -> Decoded<Vec<Entry>> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(PAGE_SERIES)?;
    let mut labels = Reader::new(reader.bytes()?);
    let mut chain = Chain::default();
    let mut entries: Vec<Entry> = Vec::with_capacity(count);
    for _ in 0..count {
        let previous = entries.last().map_or(&[][..], |entry| &entry.labels);
        let labels = take_labels(&mut labels, previous, symbols)?;
        let entry = chain.take_entry(&mut reader, schedule)?;
        entries.push(Entry { labels, ..entry });
    }
    labels.end()?;
    reader.end()?;
    Ok(entries)
}

fn put_labels(into: &mut Vec<u8>, pairs: &[(u32, u32)], previous: &[(u32, u32)]) {
    let names = |pairs: &[(u32, u32)]| pairs.iter().map(|pair| pair.0).collect::<Vec<_>>();
    let has_same_names = pairs.len() == previous.len() && names(pairs) == names(previous);
    put_varint(into, (pairs.len() as u64) << 1 | u64::from(has_same_names));
    let is_same = |index: usize| previous.get(index) == Some(&pairs[index]);
    let mut bits = vec![0u8; pairs.len().div_ceil(8)];
    (0..pairs.len())
        .filter(|index| is_same(*index))
        .for_each(|index| bits[index / 8] |= 1 << (index % 8));
    into.extend_from_slice(&bits);
    for (index, (name, value)) in pairs.iter().enumerate() {
        if is_same(index) {
            continue;
        }
        if has_same_names {
            put_signed(into, i64::from(*value) - i64::from(previous[index].1));
        } else {
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
    let head = reader.varint()?;
    let has_same_names = head & 1 != 0;
    let count = usize::try_from(head >> 1)
        .ok()
        .filter(|count| count.div_ceil(8) <= reader.remaining())
        .ok_or(Malformed(
            "a series has more labels than the page has bytes",
        ))?;
    let bits = reader.take(count.div_ceil(8))?;
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(count.min(64));
    for index in 0..count {
        let is_same = bits[index / 8] & (1 << (index % 8)) != 0;
        let before = previous.get(index).copied();
        let before = before.ok_or(Malformed("a label is like one that is not there"));
        let pair = if is_same {
            before?
        } else if has_same_names {
            let (name, value) = before?;
            let value = i64::from(value).checked_add(reader.signed()?);
            let value = value.and_then(|value| u32::try_from(value).ok());
            (name, value.unwrap_or(u32::MAX))
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
