//! The file `postings`: which series have a label pair, and which have a sample in an hour.
//!
//! ```text
//! bitmap:  portable roaring format, optimised for runs; or since version 3, when that is shorter:
//!          | 0 u8 | series count varint | the series as integers, see `integers` |
//! page:    | pair count varint | { value symbol difference varint, series count varint, series } ... |
//! series:  up to 4: differences (varint) in place; more: | offset varint | length varint | of a bitmap
//! root:    | name count varint | name ... | hour count varint | { hour signed difference, offset varint, length varint } ... |
//! name:    | name symbol difference varint | value count varint | page count varint
//!          | { first value symbol varint, offset varint, length varint } ... |
//! ```
//!
//! An hour is `floor(milliseconds / 3,600,000)`; only hours in which something happened are there. Exemplars count.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{TimeRange, Timestamp};
use roaring::RoaringBitmap;

use super::automaton::ValueAutomaton;
use super::bytes::{Decoded, Malformed, Reader, put_signed, put_varint};
use super::error::Error;
use super::file::{BlockFile, BlockWriter, Location};
use super::integers;
use super::recent::Recent;
use super::symbols::Symbols;
use super::values::{Values, ValuesWriter};

const HOUR_MILLIS: i64 = 3_600_000;
const PAGE_PAIRS: usize = 256;
/// What a list of series begins with; a bitmap begins with the lower byte of its cookie, 0x3a or 0x3b.
const LIST: u8 = 0;
/// How many series a list has: fewer gain nothing, more are dense.
const LIST_SERIES: std::ops::RangeInclusive<u64> = 16..=1 << 16;
/// How hard `pco` tries.
const LIST_LEVEL: usize = 4;
/// Up to this many series are written in place: most labels of a large set are on few series.
const INLINE_SERIES_MAX: usize = 4;

pub(super) fn hour_of(time: Timestamp) -> i64 {
    time.millis().div_euclid(HOUR_MILLIS)
}

/// Writes the file. `pairs` are (value symbol, series) by name symbol.
///
/// Returns where the root is, and that of the values when there is one; `symbols` are the texts by their numbers.
pub(super) fn write(
    file: &mut BlockWriter,
    pairs: BTreeMap<u32, Vec<(u32, u32)>>,
    hours: BTreeMap<i64, RoaringBitmap>,
    symbols: &[&str],
) -> Result<(Location, Option<Location>), Error> {
    let mut root = Vec::new();
    let mut values = ValuesWriter::default();
    put_varint(&mut root, pairs.len() as u64);
    let mut previous = 0;
    for (name, mut pairs) in pairs {
        pairs.sort_unstable();
        put_varint(&mut root, u64::from(name - previous));
        previous = name;
        write_name(file, &pairs, &mut root)?;
        let distinct = pairs.chunk_by(|a, b| a.0 == b.0);
        let texts: Vec<&str> = distinct.map(|pair| symbols[pair[0].0 as usize]).collect();
        values.add(file, name, &texts)?;
    }
    put_varint(&mut root, hours.len() as u64);
    let mut previous = 0i64;
    for (hour, mut bitmap) in hours {
        put_signed(&mut root, hour.wrapping_sub(previous));
        previous = hour;
        bitmap.optimize();
        put_bitmap(file, &bitmap, &mut root)?;
    }
    let values = values.finish(file)?;
    Ok((file.append(&root)?, values))
}

fn write_name(
    file: &mut BlockWriter,
    pairs: &[(u32, u32)],
    root: &mut Vec<u8>,
) -> Result<(), Error> {
    let values: Vec<&[(u32, u32)]> = pairs.chunk_by(|a, b| a.0 == b.0).collect();
    put_varint(root, values.len() as u64);
    put_varint(root, values.len().div_ceil(PAGE_PAIRS) as u64);
    for values in values.chunks(PAGE_PAIRS) {
        let mut page = Vec::new();
        put_varint(&mut page, values.len() as u64);
        let mut previous = 0;
        for series in values {
            put_varint(&mut page, u64::from(series[0].0 - previous));
            previous = series[0].0;
            put_series(file, series, &mut page)?;
        }
        let location = file.append(&page)?;
        put_varint(root, values[0][0].0.into());
        put_varint(root, location.offset);
        put_varint(root, location.length.into());
    }
    Ok(())
}

fn put_series(
    file: &mut BlockWriter,
    series: &[(u32, u32)],
    page: &mut Vec<u8>,
) -> Result<(), Error> {
    put_varint(page, series.len() as u64);
    if series.len() > INLINE_SERIES_MAX {
        let mut bitmap: RoaringBitmap = series.iter().map(|(_, id)| *id).collect();
        bitmap.optimize();
        return put_bitmap(file, &bitmap, page);
    }
    let mut previous = 0;
    for (_, id) in series {
        put_varint(page, u64::from(id - previous));
        previous = *id;
    }
    Ok(())
}

fn put_bitmap(
    file: &mut BlockWriter,
    bitmap: &RoaringBitmap,
    into: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut bytes = encode_list(bitmap);
    if bytes.is_empty() || bytes.len() >= bitmap.serialized_size() {
        bytes.clear();
        bitmap
            .serialize_into(&mut bytes)
            .expect("writing to memory does not fail");
    }
    let location = file.append(&bytes)?;
    put_varint(into, location.offset);
    put_varint(into, location.length.into());
    Ok(())
}

/// The series of one target lie at even distances among those of the others, which a bitmap cannot make use of. Returns
/// nothing when there are too few or too many to try.
fn encode_list(bitmap: &RoaringBitmap) -> Vec<u8> {
    let mut bytes = Vec::new();
    if LIST_SERIES.contains(&bitmap.len()) {
        let ids: Vec<i64> = bitmap.iter().map(i64::from).collect();
        bytes.push(LIST);
        put_varint(&mut bytes, bitmap.len());
        integers::encode(&ids, LIST_LEVEL, &mut bytes);
    }
    bytes
}

fn decode_list(mut reader: Reader<'_>, series: u32) -> Decoded<RoaringBitmap> {
    let count = reader.varint_up_to(*LIST_SERIES.end() as usize)?;
    let ids = integers::decode(reader.take_rest(), count)?;
    let mut bitmap = RoaringBitmap::new();
    for id in ids {
        let id = u32::try_from(id).ok().filter(|id| *id < series);
        let id = id.ok_or(Malformed("a list names a series that is not there"))?;
        bitmap
            .try_push(id)
            .map_err(|_| Malformed("a list of series is not sorted"))?;
    }
    Ok(bitmap)
}

/// Reads bitmaps by label pair and by hour.
pub(super) struct Postings {
    file: BlockFile,
    series: u32,
    names: Vec<Name>,
    hours: Vec<(i64, Location)>,
    values: Values,
}

pub(super) struct Name {
    symbol: u32,
    values: u64,
    pages: Vec<(u32, Location)>,
}

/// The series that have one label pair.
pub(super) struct Pair {
    /// The symbol of the value.
    pub(super) value: u32,
    series: Series,
}

enum Series {
    /// So many of them.
    Inline(usize, [u32; INLINE_SERIES_MAX]),
    Stored {
        count: u64,
        location: Location,
    },
}

/// The series of several pairs, gathered: most pairs name a few series, and to sort those once is cheaper than to join
/// as many bitmaps.
#[derive(Default)]
struct Union {
    ids: Vec<u32>,
    bitmap: RoaringBitmap,
}

/// Numbers are turned into a bitmap in heaps of so many.
const UNION_IDS: usize = 1 << 16;

impl Union {
    fn add(&mut self, postings: &Postings, pair: &Pair) -> Result<(), Error> {
        match &pair.series {
            Series::Inline(count, ids) => self.ids.extend_from_slice(&ids[..*count]),
            Series::Stored { .. } => self.bitmap |= postings.bitmap(pair)?,
        }
        if self.ids.len() >= UNION_IDS {
            self.empty_out();
        }
        Ok(())
    }

    fn empty_out(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
        self.bitmap |= RoaringBitmap::from_sorted_iter(self.ids.drain(..))
            .expect("they were sorted and made distinct");
    }

    fn finish(mut self) -> RoaringBitmap {
        self.empty_out();
        self.bitmap
    }
}

impl Postings {
    /// Opens the file; `values` is where the root of the transducers is, if there are any.
    pub(super) fn open(
        file: BlockFile,
        root: Location,
        values: Option<Location>,
        symbols: u32,
        series: u32,
    ) -> Result<Self, Error> {
        let (names, hours) = file.decode(root, |bytes| decode_root(bytes, symbols))?;
        let values = match values {
            Some(root) => Values::open(&file, root, symbols)?,
            None => Values::default(),
        };
        let opened = Self {
            file,
            series,
            names,
            hours,
            values,
        };
        opened.check_values()?;
        Ok(opened)
    }

    fn check_values(&self) -> Result<(), Error> {
        for label in self.values.labels() {
            let name = self.find(label.name());
            if name.is_none_or(|name| name.values != label.count()) {
                let what = "a label has another number of values than of pairs";
                return Err(self.file.corrupt(0, what));
            }
        }
        Ok(())
    }

    pub(super) fn file(&self) -> &BlockFile {
        &self.file
    }

    /// Returns how many bytes stay in memory while the part is open.
    pub(super) fn directory_bytes(&self) -> usize {
        let pages = |name: &Name| name.pages.capacity() * size_of::<(u32, Location)>();
        self.names.capacity() * size_of::<Name>()
            + self.names.iter().map(pages).sum::<usize>()
            + self.hours.capacity() * size_of::<(i64, Location)>()
            + self.values.directory_bytes()
    }

    /// Walks the symbols of all label names, ascending, with how many values each has.
    pub(super) fn names(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.names.iter().map(|name| (name.symbol, name.values))
    }

    #[cfg(test)]
    pub(super) fn has_transducers(&self, name: u32) -> bool {
        self.values.find(name).is_some()
    }

    /// Returns how many values a label has.
    pub(super) fn value_count(&self, name: u32) -> u64 {
        self.find(name).map_or(0, |name| name.values)
    }

    /// Returns the pairs of a label name in ascending order of the value's symbol, one page at a time.
    pub(super) fn pages(&self, name: u32) -> impl Iterator<Item = Result<Vec<Pair>, Error>> + '_ {
        let pages = self.find(name).map_or(&[][..], |name| &name.pages);
        pages
            .iter()
            .map(|(first, location)| self.page(*first, *location))
    }

    /// Returns the series that have any of the pairs of a label with `values`, whose symbols ascend. Those that are not
    /// there are passed over.
    pub(super) fn any_of(&self, name: u32, values: &[u32]) -> Result<RoaringBitmap, Error> {
        let pages = self.find(name).map_or(&[][..], |name| &name.pages);
        let mut found = Union::default();
        let mut rest = values;
        while let Some(value) = rest.first() {
            let page = pages.partition_point(|(first, _)| first <= value);
            let end = pages.get(page).map_or(u32::MAX, |(first, _)| *first);
            let here = rest.partition_point(|value| *value < end).max(1);
            if let Some((first, location)) = page.checked_sub(1).map(|page| pages[page]) {
                let pairs = self.page(first, location)?;
                for value in &rest[..here] {
                    if let Ok(index) = pairs.binary_search_by_key(value, |pair| pair.value) {
                        found.add(self, &pairs[index])?;
                    }
                }
            }
            rest = &rest[here..];
        }
        Ok(found.finish())
    }

    /// Returns the series that have a value of a label that `wanted` accepts, by its symbol; symbols ascend.
    pub(super) fn wanted(
        &self,
        name: u32,
        mut wanted: impl FnMut(u32) -> Result<bool, Error>,
    ) -> Result<RoaringBitmap, Error> {
        let mut found = Union::default();
        for page in self.pages(name) {
            for pair in page? {
                if wanted(pair.value)? {
                    found.add(self, &pair)?;
                }
            }
        }
        Ok(found.finish())
    }

    /// Returns the series whose label has a value that is accepted; `None` when the label has no transducer, or when to
    /// try each value is cheaper.
    pub(super) fn accepted(
        &self,
        name: u32,
        recent: &Recent,
        automaton: impl FnOnce() -> Option<Arc<ValueAutomaton>>,
        prefix: &str,
    ) -> Result<Option<RoaringBitmap>, Error> {
        let (Some(label), Some(values)) = (self.find(name), self.values.find(name)) else {
            return Ok(None);
        };
        let Some(automaton) = automaton() else {
            return Ok(None);
        };
        let Some(places) = values.search(&self.file, recent, &automaton, prefix)? else {
            return Ok(None);
        };
        let mut found = Union::default();
        let page_of = |place: &u32| *place as usize / PAGE_PAIRS;
        for places in places.chunk_by(|a, b| page_of(a) == page_of(b)) {
            let misplaced = || {
                let what = "a page holds another number of pairs than the others say";
                self.file.corrupt(0, what)
            };
            let page = label.pages.get(page_of(&places[0]));
            let (first, location) = page.copied().ok_or_else(misplaced)?;
            let pairs = self.page(first, location)?;
            for place in places {
                let pair = pairs.get(*place as usize % PAGE_PAIRS);
                found.add(self, pair.ok_or_else(misplaced)?)?;
            }
        }
        Ok(Some(found.finish()))
    }

    /// Returns the series of a pair.
    pub(super) fn bitmap(&self, pair: &Pair) -> Result<RoaringBitmap, Error> {
        match &pair.series {
            Series::Inline(count, ids) => Ok(ids[..*count].iter().copied().collect()),
            Series::Stored { count, location } => {
                let bitmap = self.read(*location)?;
                if bitmap.len() != *count {
                    let what = format!("wanted {count} series, found {}", bitmap.len());
                    return Err(self.file.corrupt(location.offset, what));
                }
                Ok(bitmap)
            }
        }
    }

    /// Returns the series that have a sample or exemplar in an hour that `range` touches.
    pub(super) fn active(&self, range: TimeRange) -> Result<RoaringBitmap, Error> {
        let mut active = RoaringBitmap::new();
        if range.is_empty() {
            return Ok(active);
        }
        let (first, last) = (hour_of(range.start), hour_of(range.end));
        let begin = self.hours.partition_point(|(hour, _)| *hour < first);
        for (_, location) in self.hours[begin..]
            .iter()
            .take_while(|(hour, _)| *hour <= last)
        {
            active |= self.read(*location)?;
        }
        Ok(active)
    }

    /// Reads every bitmap and every transducer once.
    pub(super) fn verify(&self, symbols: &Symbols, recent: &Recent) -> Result<(), Error> {
        for name in &self.names {
            let mut values = Vec::new();
            for page in self.pages(name.symbol) {
                for pair in page? {
                    self.bitmap(&pair)?;
                    values.push(pair.value);
                }
            }
            if let Some(label) = self.values.find(name.symbol) {
                let mut walk = symbols.walk();
                let text = |place: u32| match values.get(place as usize) {
                    Some(value) => walk.text(*value).map(str::to_owned),
                    None => Ok(String::new()),
                };
                label.verify(&self.file, recent, text)?;
            }
            if values.len() as u64 != name.values {
                let what = "a label has another number of values than the root says";
                return Err(self.file.corrupt(0, what));
            }
        }
        self.active(TimeRange::ALL).map(drop)
    }

    fn find(&self, name: u32) -> Option<&Name> {
        let index = self.names.binary_search_by_key(&name, |name| name.symbol);
        index.ok().map(|index| &self.names[index])
    }

    fn page(&self, first: u32, location: Location) -> Result<Vec<Pair>, Error> {
        let pairs = self
            .file
            .decode(location, |bytes| decode_page(bytes, self.series))?;
        if pairs.first().is_none_or(|pair| pair.value != first) {
            let what = "a page is not the one that the root names";
            return Err(self.file.corrupt(location.offset, what));
        }
        Ok(pairs)
    }

    fn read(&self, location: Location) -> Result<RoaringBitmap, Error> {
        self.file
            .decode(location, |bytes| decode_bitmap(bytes, self.series))
    }
}

/// Reads a bitmap whose members are all below `series`.
pub(super) fn decode_bitmap(bytes: &[u8], series: u32) -> Decoded<RoaringBitmap> {
    let mut reader = Reader::new(bytes);
    if reader.u8() == Ok(LIST) {
        return decode_list(reader, series);
    }
    check_containers(bytes, series)?;
    let bitmap =
        RoaringBitmap::deserialize_from(bytes).map_err(|_| Malformed("a bitmap cannot be read"))?;
    match bitmap.max() {
        Some(max) if max >= series => Err(Malformed("a bitmap names a series that is not there")),
        _ => Ok(bitmap),
    }
}

/// The format claims up to 65,536 containers of 8 KiB each in its first 4 bytes; there can be only as many as the
/// series need.
pub(super) fn check_containers(bytes: &[u8], series: u32) -> Decoded<()> {
    const COOKIE_WITH_RUNS: u32 = 12347;
    let mut reader = Reader::new(bytes);
    let cookie = reader.u32()?;
    let containers = match cookie & 0xffff {
        COOKIE_WITH_RUNS => (cookie >> 16) + 1,
        _ => reader.u32()?,
    };
    if containers > series.div_ceil(1 << 16) {
        return Err(Malformed(
            "a bitmap has more containers than there are series",
        ));
    }
    Ok(())
}

pub(super) fn decode_page(bytes: &[u8], series: u32) -> Decoded<Vec<Pair>> {
    let mut reader = Reader::new(bytes);
    let count = reader.varint_up_to(PAGE_PAIRS)?;
    let mut pairs: Vec<Pair> = Vec::with_capacity(count);
    let mut value = 0u32;
    for index in 0..count {
        let difference = reader.varint_u32()?;
        let sorted = index == 0 || difference > 0;
        value = value
            .checked_add(difference)
            .filter(|_| sorted)
            .ok_or(Malformed("the values of a label are not sorted"))?;
        pairs.push(Pair {
            value,
            series: take_series(&mut reader, series)?,
        });
    }
    reader.end()?;
    Ok(pairs)
}

fn take_series(reader: &mut Reader<'_>, series: u32) -> Decoded<Series> {
    let count = reader.varint()?;
    if count > INLINE_SERIES_MAX as u64 {
        return Ok(Series::Stored {
            count,
            location: take_location(reader)?,
        });
    }
    let (mut ids, mut id) = ([0; INLINE_SERIES_MAX], 0u32);
    for (index, place) in ids.iter_mut().take(count as usize).enumerate() {
        let difference = reader.varint_u32()?;
        id = id
            .checked_add(difference)
            .filter(|id| *id < series && (index == 0 || difference > 0))
            .ok_or(Malformed("a label pair names a series that is not there"))?;
        *place = id;
    }
    Ok(Series::Inline(count as usize, ids))
}

fn take_location(reader: &mut Reader<'_>) -> Decoded<Location> {
    Ok(Location {
        offset: reader.varint()?,
        length: reader.varint_u32()?,
    })
}

type Root = (Vec<Name>, Vec<(i64, Location)>);

pub(super) fn decode_root(bytes: &[u8], symbols: u32) -> Decoded<Root> {
    let mut reader = Reader::new(bytes);
    let count = reader.count(3)?;
    let mut names: Vec<Name> = Vec::with_capacity(count);
    let mut symbol = 0u32;
    for index in 0..count {
        let difference = reader.varint_u32()?;
        symbol = symbol
            .checked_add(difference)
            .filter(|symbol| *symbol < symbols && (index == 0 || difference > 0))
            .ok_or(Malformed("the label names are not sorted"))?;
        let values = reader.varint()?;
        let pages = (0..reader.count(3)?)
            .map(|_| Ok((reader.varint_u32()?, take_location(&mut reader)?)))
            .collect::<Decoded<Vec<_>>>()?;
        if !pages.windows(2).all(|two| two[0].0 < two[1].0) {
            return Err(Malformed("the pages of a label are not sorted"));
        }
        names.push(Name {
            symbol,
            values,
            pages,
        });
    }
    let mut hour = 0i64;
    let hours = (0..reader.count(3)?)
        .map(|_| {
            hour = hour.wrapping_add(reader.signed()?);
            Ok((hour, take_location(&mut reader)?))
        })
        .collect::<Decoded<Vec<_>>>()?;
    if !hours.windows(2).all(|two| two[0].0 < two[1].0) {
        return Err(Malformed("the hours are not sorted"));
    }
    reader.end()?;
    Ok((names, hours))
}
