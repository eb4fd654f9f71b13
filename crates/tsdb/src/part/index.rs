//! Gathers what becomes `series.idx`, `symbols` and `postings` while a part is written.
//!
//! Series come before all symbols are known, and symbols are numbered in sorted order. So labels are kept with
//! provisional numbers until the end; the rest of an index entry does not need symbols and is kept encoded.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plimsoll_types::{Labels, Metadata, TimeRange, Timestamp};
use roaring::RoaringBitmap;

use super::bytes::{put_bytes, put_varint};
use super::compact::Chain;
use super::error::Error;
use super::file::BlockWriter;
use super::meta::Roots;
use super::schedules::SchedulesWriter;
use super::series::{self, Entry, PAGE_LENGTH, PAGE_SERIES, PageRef};
use super::{compact, postings, symbols};

#[derive(Default)]
pub(super) struct IndexBuilder {
    /// Provisional numbers: the order in which the texts were met.
    symbols: HashMap<Arc<str>, u32>,
    /// Per series, with provisional numbers.
    labels: Vec<Box<[(u32, u32)]>>,
    metadata: HashMap<Metadata, u32>,
    hours: BTreeMap<i64, RoaringBitmap>,
    /// Number of series and their encoded entries.
    pages: Vec<(usize, Vec<u8>)>,
    open_page: (usize, Vec<u8>),
    chain: Chain,
    schedules: SchedulesWriter,
    range: Option<TimeRange>,
}

/// (value symbol, series) by name symbol.
type Pairs = BTreeMap<u32, Vec<(u32, u32)>>;

impl IndexBuilder {
    /// Returns the number of series so far, which is the number of the next one.
    pub(super) fn len(&self) -> usize {
        self.labels.len()
    }

    /// Returns from when to when something happened.
    pub(super) fn range(&self) -> Option<TimeRange> {
        self.range
    }

    pub(super) fn metadata_index(&mut self, metadata: &Metadata) -> u32 {
        if let Some(index) = self.metadata.get(metadata) {
            return *index;
        }
        let index = self.metadata.len() as u32;
        self.metadata.insert(metadata.clone(), index);
        index
    }

    /// Notes the hours in which series `id` has samples, exemplars or ends of windows.
    pub(super) fn mark_hours(&mut self, id: u32, times: impl Iterator<Item = Timestamp>) {
        let mut marked = None;
        for time in times {
            let range = self.range.get_or_insert(TimeRange::new(time, time));
            *range = TimeRange::new(range.start.min(time), range.end.max(time));
            let hour = postings::hour_of(time);
            if marked != Some(hour) {
                self.hours.entry(hour).or_default().insert(id);
                marked = Some(hour);
            }
        }
    }

    /// Adds the next series.
    pub(super) fn add(&mut self, labels: &Labels, entry: &Entry) {
        let pairs = labels
            .iter()
            .map(|(name, value)| (self.symbol(name), self.symbol(value)))
            .collect();
        self.labels.push(pairs);
        self.open_page.0 += 1;
        self.chain
            .put_entry(entry, &mut self.schedules, &mut self.open_page.1);
        if self.open_page.0 >= PAGE_SERIES || self.open_page.1.len() >= PAGE_LENGTH {
            self.close_page();
        }
    }

    /// Writes the three files' blocks and returns where their directories are.
    pub(super) fn write(
        mut self,
        series: &mut BlockWriter,
        symbols: &mut BlockWriter,
        postings: &mut BlockWriter,
    ) -> Result<Roots, Error> {
        self.close_page();
        let hours = std::mem::take(&mut self.hours);
        let schedules = std::mem::take(&mut self.schedules).write(series)?;
        let (sorted, ranks) = self.sorted_symbols();
        let symbols = symbols::write(symbols, sorted.iter().copied())?;
        let mut pairs = Pairs::new();
        let pages = self.write_pages(series, &ranks, &mut pairs)?;
        let metadata = series.append(&self.encode_metadata())?;
        let root = series.append(&series::encode_root(&pages))?;
        let (postings, values) = postings::write(postings, pairs, hours, &sorted)?;
        Ok(Roots {
            series: root,
            metadata,
            symbols,
            postings,
            values,
            schedules: Some(schedules),
        })
    }

    fn symbol(&mut self, text: &str) -> u32 {
        if let Some(id) = self.symbols.get(text) {
            return *id;
        }
        let id = self.symbols.len() as u32;
        self.symbols.insert(text.into(), id);
        id
    }

    fn close_page(&mut self) {
        if self.open_page.0 > 0 {
            self.pages.push(std::mem::take(&mut self.open_page));
            self.chain = Chain::default();
        }
    }

    /// Returns the texts in the order of their final numbers, and the final number of each provisional one.
    fn sorted_symbols(&self) -> (Vec<&str>, Vec<u32>) {
        let mut sorted: Vec<(&str, u32)> = self
            .symbols
            .iter()
            .map(|(text, id)| (&**text, *id))
            .collect();
        sorted.sort_unstable();
        let mut ranks = vec![0; sorted.len()];
        for (rank, (_, id)) in sorted.iter().enumerate() {
            ranks[*id as usize] = rank as u32;
        }
        (sorted.into_iter().map(|(text, _)| text).collect(), ranks)
    }

    fn write_pages(
        &self,
        file: &mut BlockWriter,
        ranks: &[u32],
        pairs: &mut Pairs,
    ) -> Result<Vec<PageRef>, Error> {
        let rank = |(name, value): &(u32, u32)| (ranks[*name as usize], ranks[*value as usize]);
        let mut pages = Vec::with_capacity(self.pages.len());
        let mut first_id = 0;
        for (count, entries) in &self.pages {
            let labels: Vec<Vec<(u32, u32)>> = self.labels[first_id..first_id + count]
                .iter()
                .map(|pairs| pairs.iter().map(rank).collect())
                .collect();
            for (id, labels) in (first_id as u32..).zip(&labels) {
                for (name, value) in labels {
                    pairs.entry(*name).or_default().push((*value, id));
                }
            }
            pages.push(PageRef {
                first_id: first_id as u32,
                series: *count as u32,
                location: file.append(&compact::encode_page(&labels, entries))?,
            });
            first_id += count;
        }
        Ok(pages)
    }

    /// | count varint | { type, unit, help: length varint, UTF-8 } ... |
    fn encode_metadata(&self) -> Vec<u8> {
        let mut sorted: Vec<_> = self.metadata.iter().collect();
        sorted.sort_unstable_by_key(|(_, index)| **index);
        let mut bytes = Vec::new();
        put_varint(&mut bytes, sorted.len() as u64);
        for (metadata, _) in sorted {
            let texts = [
                metadata.metric_type.as_str(),
                &metadata.unit,
                &metadata.help,
            ];
            for text in texts {
                put_bytes(&mut bytes, text.as_bytes());
            }
        }
        bytes
    }
}
