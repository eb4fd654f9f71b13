//! The values of a label as finite state transducers, so that an automaton finds those that it accepts without trying
//! each one.
//!
//! They are an optional addition to the file `postings`: an optional section of `meta` says where the root is, a reader
//! that does not know it passes over both.
//!
//! ```text
//! shard:  a map of the crate `fst`, format version 3: value -> its place among those of the shard, from 0
//! root:   | label count varint | { name symbol difference varint, shard count varint, shard ... } ... |
//! shard:  | value count varint | first value (length varint, UTF-8) | offset varint | length varint |
//! ```
//!
//! The values of a label are its pairs in `postings`, in the same order; so the place of a value is the place of its
//! pair. Labels with few values have no transducer: to try each of them costs less than to read one.
//!
//! The decoder of `fst` trusts its bytes. They carry a checksum of their own beside that of the block, and both are
//! checked before a shard is used, whenever it is read. Damage does not keep both; whoever forges both can write the
//! data directory, and with it anything else that this process believes.

use std::sync::Arc;

use fst::raw::{Fst, Output};
use fst::{IntoStreamer, MapBuilder, Streamer};

use super::automaton::{Search, ValueAutomaton};
use super::bytes::{Decoded, Malformed, Reader, put_bytes, put_varint};
use super::error::Error;
use super::file::{BlockFile, BlockWriter, FileKind, Location};
use super::recent::Recent;

/// Labels with fewer values are searched value by value.
pub(super) const VALUES_MIN: usize = 64;
/// A shard is read and kept as a whole, so it stays small.
const SHARD_VALUES: usize = 16 << 10;
const SHARD_TEXT: usize = 1 << 20;

type Shared = Arc<Fst<Vec<u8>>>;

/// Writes the transducers of label after label, in the order of the names' symbols.
#[derive(Default)]
pub(super) struct ValuesWriter {
    labels: u64,
    previous: u32,
    root: Vec<u8>,
}

impl ValuesWriter {
    /// Writes those of a label; its values ascend.
    pub(super) fn add(
        &mut self,
        file: &mut BlockWriter,
        name: u32,
        values: &[&str],
    ) -> Result<(), Error> {
        if values.len() < VALUES_MIN {
            return Ok(());
        }
        let mut shards = Vec::new();
        let mut rest = values;
        while !rest.is_empty() {
            let mut length = 0;
            let fits = |value: &&&str| {
                length += value.len();
                length <= SHARD_TEXT
            };
            let count = rest.iter().take(SHARD_VALUES).take_while(fits).count();
            let (shard, behind) = rest.split_at(count.max(1));
            rest = behind;
            shards.push((shard, file.append(&transducer(shard)?)?));
        }
        self.labels += 1;
        put_varint(&mut self.root, u64::from(name - self.previous));
        self.previous = name;
        put_varint(&mut self.root, shards.len() as u64);
        for (values, location) in shards {
            put_varint(&mut self.root, values.len() as u64);
            put_bytes(&mut self.root, values[0].as_bytes());
            put_varint(&mut self.root, location.offset);
            put_varint(&mut self.root, location.length.into());
        }
        Ok(())
    }

    /// Writes the root, when there is anything.
    pub(super) fn finish(self, file: &mut BlockWriter) -> Result<Option<Location>, Error> {
        if self.labels == 0 {
            return Ok(None);
        }
        let mut root = Vec::with_capacity(self.root.len() + 4);
        put_varint(&mut root, self.labels);
        root.extend_from_slice(&self.root);
        file.append(&root).map(Some)
    }
}

fn transducer(values: &[&str]) -> Result<Vec<u8>, Error> {
    let mut builder = MapBuilder::memory();
    for (place, value) in (0u64..).zip(values) {
        builder
            .insert(value, place)
            .map_err(|error| Error::invalid(format!("values of a label: {error}")))?;
    }
    let written = builder.into_inner();
    written.map_err(|error| Error::invalid(format!("values of a label: {error}")))
}

/// Searches the values of labels.
#[derive(Default)]
pub(super) struct Values {
    /// Ascending by name.
    labels: Vec<LabelValues>,
}

pub(super) struct LabelValues {
    name: u32,
    shards: Vec<Shard>,
}

struct Shard {
    /// The place of its first value among those of the label.
    begin: u32,
    count: u32,
    first: Box<str>,
    location: Location,
}

impl LabelValues {
    pub(super) fn name(&self) -> u32 {
        self.name
    }

    pub(super) fn count(&self) -> u64 {
        let last = self.shards.last();
        last.map_or(0, |last| u64::from(last.begin) + u64::from(last.count))
    }
}

impl Values {
    pub(super) fn open(file: &BlockFile, root: Location, symbols: u32) -> Result<Self, Error> {
        file.decode(root, |bytes| decode_root(bytes, symbols))
    }

    pub(super) fn labels(&self) -> &[LabelValues] {
        &self.labels
    }

    pub(super) fn directory_bytes(&self) -> usize {
        let shard = |shard: &Shard| size_of::<Shard>() + shard.first.len();
        let shards = self.labels.iter().flat_map(|label| &label.shards);
        self.labels.capacity() * size_of::<LabelValues>() + shards.map(shard).sum::<usize>()
    }

    pub(super) fn find(&self, name: u32) -> Option<&LabelValues> {
        let index = self.labels.binary_search_by_key(&name, |label| label.name);
        index.ok().map(|index| &self.labels[index])
    }
}

impl LabelValues {
    /// Returns the places of the values that are accepted, ascending; `None` when the search would be longer than to try
    /// each value. Values that do not begin with `prefix` are not even looked for.
    pub(super) fn search(
        &self,
        file: &BlockFile,
        recent: &Recent,
        automaton: &ValueAutomaton,
        prefix: &str,
    ) -> Result<Option<Vec<u32>>, Error> {
        let mut places = Vec::new();
        let search = automaton.search(self.count());
        for (index, shard) in self.shards.iter().enumerate() {
            let next = self.shards.get(index + 1);
            let ends_before = next.is_some_and(|next| *next.first <= *prefix);
            let begins_behind = *shard.first > *prefix && !shard.first.starts_with(prefix);
            if ends_before || begins_behind {
                continue;
            }
            if search.was_too_long() {
                return Ok(None);
            }
            let fst = shard.read(file, recent)?;
            shard.search(file, &fst, &search, &mut places)?;
        }
        Ok((!search.was_too_long()).then_some(places))
    }

    /// Reads every shard once and compares it with the values that should be in it.
    pub(super) fn verify(
        &self,
        file: &BlockFile,
        recent: &Recent,
        mut value: impl FnMut(u32) -> Result<String, Error>,
    ) -> Result<(), Error> {
        for shard in &self.shards {
            let fst = shard.read(file, recent)?;
            let mut place = shard.begin;
            let mut stream = fst.stream();
            while let Some((found, output)) = stream.next() {
                let is_it = place - shard.begin < shard.count
                    && output.value() == u64::from(place - shard.begin)
                    && found == value(place)?.as_bytes();
                if !is_it {
                    return Err(shard.foreign(file));
                }
                place += 1;
            }
            if place - shard.begin != shard.count {
                return Err(shard.foreign(file));
            }
        }
        Ok(())
    }
}

impl Shard {
    fn read(&self, file: &BlockFile, recent: &Recent) -> Result<Shared, Error> {
        recent.get(FileKind::Postings, self.location, self.count, || {
            let bytes = file.block(self.location)?;
            let fst = decode_shard(bytes, self.count);
            let fst = fst.map_err(|Malformed(what)| file.corrupt(self.location.offset, what))?;
            let bytes = fst.as_bytes().len() + size_of::<Fst<Vec<u8>>>();
            Ok((fst, bytes))
        })
    }

    fn search(
        &self,
        file: &BlockFile,
        fst: &Fst<Vec<u8>>,
        accepted: &Search<'_>,
        places: &mut Vec<u32>,
    ) -> Result<(), Error> {
        let mut found = fst.search(accepted).into_stream();
        let mut next = 0;
        while let Some((_, place)) = found.next() {
            // Ascending and below the count, so a wrong transducer cannot make this long.
            if place < Output::new(next) || place.value() >= u64::from(self.count) {
                return Err(self.foreign(file));
            }
            next = place.value() + 1;
            places.push(self.begin + place.value() as u32);
        }
        Ok(())
    }

    fn foreign(&self, file: &BlockFile) -> Error {
        let what = "the values of a label are not those of its pairs";
        file.corrupt(self.location.offset, what)
    }
}

/// Reads a shard of so many values.
pub(super) fn decode_shard(bytes: Vec<u8>, count: u32) -> Decoded<Fst<Vec<u8>>> {
    let malformed = |_| Malformed("the values of a label are no transducer");
    let fst = Fst::new(bytes).map_err(malformed)?;
    fst.verify().map_err(malformed)?;
    if fst.len() != count as usize {
        return Err(Malformed("a label has another number of values"));
    }
    Ok(fst)
}

pub(super) fn decode_root(bytes: &[u8], symbols: u32) -> Decoded<Values> {
    let mut reader = Reader::new(bytes);
    let mut labels: Vec<LabelValues> = Vec::new();
    let mut name = 0u32;
    for index in 0..reader.count(6)? {
        let difference = reader.varint_u32()?;
        name = name
            .checked_add(difference)
            .filter(|name| *name < symbols && (index == 0 || difference > 0))
            .ok_or(Malformed("the labels of the values are not sorted"))?;
        let mut begin = 0u32;
        let mut shards: Vec<Shard> = Vec::new();
        for _ in 0..reader.count(4)? {
            let shard = Shard {
                begin,
                count: reader.varint_up_to(SHARD_VALUES)? as u32,
                first: reader.text()?.into(),
                location: Location {
                    offset: reader.varint()?,
                    length: reader.varint_u32()?,
                },
            };
            let is_sorted = shards.last().is_none_or(|last| last.first < shard.first);
            begin = begin
                .checked_add(shard.count)
                .filter(|_| is_sorted && shard.count > 0)
                .ok_or(Malformed("the shards of a label are not sorted"))?;
            shards.push(shard);
        }
        labels.push(LabelValues { name, shards });
    }
    reader.end()?;
    Ok(Values { labels })
}
