//! The file `postings`: which series have a label pair, and which have a sample in an hour.
//!
//! ```text
//! bitmap:  portable roaring format, optimised for runs
//! page:    | pair count varint | { value symbol difference varint, series count varint, series } ... |
//! series:  up to 4: differences (varint) in place; more: | offset varint | length varint | of a bitmap
//! root:    | name count varint | name ... | hour count varint | { hour signed difference, offset varint, length varint } ... |
//! name:    | name symbol difference varint | value count varint | page count varint
//!          | { first value symbol varint, offset varint, length varint } ... |
//! ```
//!
//! An hour is `floor(milliseconds / 3,600,000)`; only hours in which something happened are there. Exemplars count.

use std::collections::BTreeMap;

use plimsoll_types::{TimeRange, Timestamp};
use roaring::RoaringBitmap;

use super::bytes::{Decoded, Malformed, Reader, put_signed, put_varint};
use super::error::Error;
use super::file::{BlockFile, BlockWriter, Location};

const HOUR_MILLIS: i64 = 3_600_000;
const PAGE_PAIRS: usize = 256;
/// Up to this many series are written in place: most labels of a large set are on few series.
const INLINE_SERIES_MAX: usize = 4;

pub(super) fn hour_of(time: Timestamp) -> i64 {
    time.millis().div_euclid(HOUR_MILLIS)
}

/// Writes the file. `pairs` are (value symbol, series) by name symbol.
pub(super) fn write(
    file: &mut BlockWriter,
    pairs: BTreeMap<u32, Vec<(u32, u32)>>,
    hours: BTreeMap<i64, RoaringBitmap>,
) -> Result<Location, Error> {
    let mut root = Vec::new();
    put_varint(&mut root, pairs.len() as u64);
    let mut previous = 0;
    for (name, mut pairs) in pairs {
        pairs.sort_unstable();
        put_varint(&mut root, u64::from(name - previous));
        previous = name;
        write_name(file, &pairs, &mut root)?;
    }
    put_varint(&mut root, hours.len() as u64);
    let mut previous = 0i64;
    for (hour, mut bitmap) in hours {
        put_signed(&mut root, hour.wrapping_sub(previous));
        previous = hour;
        bitmap.optimize();
        put_bitmap(file, &bitmap, &mut root)?;
    }
    file.append(&root)
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
    let mut bytes = Vec::with_capacity(bitmap.serialized_size());
    bitmap
        .serialize_into(&mut bytes)
        .expect("writing to memory does not fail");
    let location = file.append(&bytes)?;
    put_varint(into, location.offset);
    put_varint(into, location.length.into());
    Ok(())
}

/// Reads bitmaps by label pair and by hour.
pub(super) struct Postings {
    file: BlockFile,
    series: u32,
    names: Vec<Name>,
    hours: Vec<(i64, Location)>,
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

impl Postings {
    pub(super) fn open(
        file: BlockFile,
        root: Location,
        symbols: u32,
        series: u32,
    ) -> Result<Self, Error> {
        let (names, hours) = file.decode(root, |bytes| decode_root(bytes, symbols))?;
        Ok(Self {
            file,
            series,
            names,
            hours,
        })
    }

    pub(super) fn file(&self) -> &BlockFile {
        &self.file
    }

    /// Walks the symbols of all label names, ascending, with how many values each has.
    pub(super) fn names(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.names.iter().map(|name| (name.symbol, name.values))
    }

    /// Returns the pairs of a label name in ascending order of the value's symbol, one page at a time.
    pub(super) fn pages(&self, name: u32) -> impl Iterator<Item = Result<Vec<Pair>, Error>> + '_ {
        let pages = self.find(name).map_or(&[][..], |name| &name.pages);
        pages
            .iter()
            .map(|(first, location)| self.page(*first, *location))
    }

    /// Returns the series with one pair; none when there is no such pair.
    pub(super) fn pair(&self, name: u32, value: u32) -> Result<RoaringBitmap, Error> {
        let pages = self.find(name).map_or(&[][..], |name| &name.pages);
        let page = pages.partition_point(|(first, _)| *first <= value);
        let Some((first, location)) = page.checked_sub(1).map(|page| pages[page]) else {
            return Ok(RoaringBitmap::new());
        };
        let pairs = self.page(first, location)?;
        match pairs.binary_search_by_key(&value, |pair| pair.value) {
            Ok(index) => self.bitmap(&pairs[index]),
            Err(_) => Ok(RoaringBitmap::new()),
        }
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

    /// Reads every bitmap once.
    pub(super) fn verify(&self) -> Result<(), Error> {
        for name in &self.names {
            let mut values = 0;
            for page in self.pages(name.symbol) {
                for pair in page? {
                    self.bitmap(&pair)?;
                    values += 1;
                }
            }
            if values != name.values {
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
