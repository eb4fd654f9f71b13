//! Reads a part: opens it, finds a series by its number, decodes its blocks.

use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{
    Exemplar, Histogram, Labels, Metadata, MetricType, SampleColumns, Tier, TierWindow, TimeRange,
};

use super::aggregate::Aggregates;
use super::bytes::{Decoded, Malformed, Reader};
use super::error::Error;
use super::file::{BlockFile, FileKind, Location};
use super::meta::{self, PartMeta, Roots};
use super::open_files::{OpenFiles, OpenFilesMetrics};
use super::postings::Postings;
use super::recent::{Caches, PageCache, Recent};
use super::schedules::Schedules;
use super::series::{self, Block, BlockKind, Entry, PageRef, Starts, Times, Values};
use super::symbols::Symbols;
use super::{compact, exemplars, floats, histograms, integers, windows};
use crate::bounded::CacheMetrics;
use crate::selector_cache::SelectorCache;

/// What the pages of a part that is opened on its own may take.
const OWN_PAGES_BYTES: usize = 8 << 20;
/// So many files of it are open: all of them.
const OWN_FILES: usize = 7;

/// A sealed part. Safe to read from many threads; every call blocks on the disk.
///
/// In memory are the page directories, never the index as a whole; what was read lately is kept in a cache of pages. Files
/// are opened when they are read, and few of all parts stay open: the directory must stay as long as the part is held.
pub struct Part {
    meta: PartMeta,
    values: BlockFile,
    times: BlockFile,
    histograms: BlockFile,
    exemplars: BlockFile,
    series: BlockFile,
    pages: Vec<PageRef>,
    /// Since version 3, whose pages are compact.
    schedules: Option<Schedules>,
    pub(super) recent: Recent,
    pub(super) selectors: Option<Arc<SelectorCache>>,
    metadata: Vec<Metadata>,
    pub(super) symbols: Symbols,
    pub(super) postings: Postings,
}

/// What the index says of one block of a series.
#[derive(Clone, Copy, Debug)]
pub struct BlockSummary {
    /// What the samples are.
    pub kind: BlockKind,
    /// From the first to the last sample of the block.
    pub range: TimeRange,
    /// Number of samples, staleness markers included: 1 to 8,192.
    pub samples: u32,
    /// The aggregates.
    pub aggregates: Aggregates,
}

impl Part {
    /// Opens the part in `directory`; reads `meta` and the page directories, and checks the length of every file.
    ///
    /// # Errors
    /// `Corrupt` when something is missing or damaged, `NewerVersion`, `Io`.
    pub fn open(disk: Arc<dyn Disk>, directory: &Path) -> Result<Self, Error> {
        let caches = Caches {
            pages: PageCache::new(OWN_PAGES_BYTES, CacheMetrics::default()),
            selectors: None,
            files: OpenFiles::new(OWN_FILES, OpenFilesMetrics::default()),
        };
        Self::open_with(disk, directory, &caches)
    }

    /// As [`open`](Self::open), with caches that other parts use as well.
    pub(crate) fn open_with(
        disk: Arc<dyn Disk>,
        directory: &Path,
        caches: &Caches,
    ) -> Result<Self, Error> {
        let (meta, roots) = meta::read(&*disk, directory)?;
        let open = |kind: FileKind| {
            let file = meta.file(kind).ok_or_else(|| {
                let what = format!("there is no word of the file {}", kind.name());
                Error::corrupt(&directory.join(meta::META_NAME), 0, what)
            })?;
            BlockFile::open(&disk, directory, kind, file, &caches.files)
        };
        let series = open(FileKind::Series)?;
        let pages = series.decode(roots.series, |b| series::decode_root(b, meta.series))?;
        let metadata = series.decode(roots.metadata, decode_metadata)?;
        let schedules = roots.schedules.map(|root| Schedules::open(&series, root));
        let schedules = schedules.transpose()?;
        let recent = Recent::new(&caches.pages);
        let (symbols, postings) = open_index(&open, &roots, meta.series, &recent)?;
        Ok(Self {
            values: open(FileKind::Values)?,
            times: open(FileKind::Times)?,
            histograms: open(FileKind::Histograms)?,
            exemplars: open(FileKind::Exemplars)?,
            series,
            pages,
            schedules,
            recent,
            selectors: caches.selectors.clone(),
            metadata,
            symbols,
            postings,
            meta,
        })
    }

    /// Returns what is known of the part as a whole.
    pub fn meta(&self) -> &PartMeta {
        &self.meta
    }

    /// Returns the labels of series `id`.
    ///
    /// # Errors
    /// `Invalid` when there is no such series, `Corrupt`, `Io`.
    pub fn labels(&self, id: u32) -> Result<Labels, Error> {
        let mut found = self.labels_of(&[id])?;
        Ok(found.pop().expect("there is one per number"))
    }

    /// Appends the samples of series `id` inside `range` to `into`, whose last timestamp must lie before them.
    ///
    /// # Errors
    /// `Invalid` when there is no such series, `Corrupt`, `Io`; `into` may then hold a part of the samples.
    pub fn read(&self, id: u32, range: TimeRange, into: &mut SampleColumns) -> Result<(), Error> {
        self.with_entry(id, |entry| {
            // Blocks are in order of time.
            let begin = entry.blocks.partition_point(|b| b.range.end < range.start);
            let blocks = entry.blocks[begin..].iter();
            let mut touched = blocks.take_while(|block| block.range.start <= range.end);
            touched.try_for_each(|block| self.read_block(block, range, into))
        })
    }

    /// Appends the windows of series `id` whose ends lie inside `range` to `into`, whose last one must end before them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_windows(
        &self,
        id: u32,
        range: TimeRange,
        into: &mut Vec<TierWindow>,
    ) -> Result<(), Error> {
        self.with_entry(id, |entry| {
            let begin = entry.blocks.partition_point(|b| b.range.end < range.start);
            let blocks = entry.blocks[begin..].iter();
            let mut touched = blocks.take_while(|block| block.range.start <= range.end);
            touched.try_for_each(|block| self.read_window_block(block, range, into))
        })
    }

    /// Returns the exemplars of series `id` inside `range`, in the order in which they were written.
    ///
    /// # Errors
    /// `Invalid` when there is no such series, `Corrupt`, `Io`.
    pub fn exemplars(&self, id: u32, range: TimeRange) -> Result<Vec<Exemplar>, Error> {
        self.with_entry(id, |entry| {
            let mut found = Vec::new();
            for block in entry
                .exemplars
                .iter()
                .filter(|block| block.range.overlaps(range))
            {
                let exemplars = self.exemplars.decode(block.location, exemplars::decode)?;
                found.extend(
                    exemplars
                        .into_iter()
                        .filter(|e| range.contains(e.timestamp)),
                );
            }
            Ok(found)
        })
    }

    /// Returns what is known of the meaning of series `id`.
    ///
    /// # Errors
    /// `Invalid` when there is no such series, `Corrupt`, `Io`.
    pub fn metadata(&self, id: u32) -> Result<Option<&Metadata>, Error> {
        let index = self.with_entry(id, |entry| Ok(entry.metadata))?;
        index.map(|index| self.metadata_at(index)).transpose()
    }

    /// Returns how many different pieces of metadata the part has.
    pub fn metadata_count(&self) -> usize {
        self.metadata.len()
    }

    pub(super) fn metadata_at(&self, index: u32) -> Result<&Metadata, Error> {
        self.metadata.get(index as usize).ok_or_else(|| {
            self.series
                .corrupt(0, format!("there is no metadata {index}"))
        })
    }

    /// Returns the blocks of series `id` in ascending order of time, without reading them.
    ///
    /// # Errors
    /// `Invalid` when there is no such series, `Corrupt`, `Io`.
    pub fn block_aggregates(&self, id: u32) -> Result<Vec<BlockSummary>, Error> {
        self.with_entry(id, |entry| {
            let summary = |block: &Block| BlockSummary {
                kind: block.kind,
                range: block.range,
                samples: block.samples,
                aggregates: block.aggregates,
            };
            Ok(entry.blocks.iter().map(summary).collect())
        })
    }

    /// Reads everything and checks it: the checksum of every file, then every page and block and how they agree.
    ///
    /// # Errors
    /// `Corrupt` with the first damaged place, `Io`.
    ///
    /// # Complexity
    /// Reads each file about twice.
    pub fn verify(&self) -> Result<(), Error> {
        let outcome = self.verify_slowly(&mut |_| ControlFlow::Continue(()))?;
        debug_assert!(outcome.is_continue(), "nobody ended it");
        Ok(())
    }

    /// As [`verify`](Self::verify); `pace` hears how many bytes were read since its last call, may take its time, and ends
    /// it with `Break`.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_slowly(
        &self,
        pace: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Error> {
        let files = [
            &self.values,
            &self.times,
            &self.histograms,
            &self.exemplars,
            &self.series,
            self.symbols.file(),
            self.postings.file(),
        ];
        for file in files {
            if file.verify(pace)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        let bytes_per_series = self.meta.bytes / u64::from(self.meta.series).max(1);
        let mut totals = (0, 0);
        let (mut columns, mut windows) = (SampleColumns::default(), Vec::new());
        let mut previous = None;
        for id in 0..self.meta.series {
            let labels = self.labels(id)?;
            if previous
                .as_ref()
                .is_some_and(|previous| *previous >= labels)
            {
                return Err(self.series.corrupt(0, "the series are not sorted"));
            }
            previous = Some(labels);
            self.metadata(id)?;
            columns.clear();
            windows.clear();
            match self.meta.tier {
                Tier::Raw => self.read(id, TimeRange::ALL, &mut columns)?,
                _ => self.read_windows(id, TimeRange::ALL, &mut windows)?,
            }
            totals.0 += (columns.len() + windows.len()) as u64;
            totals.1 += self.exemplars(id, TimeRange::ALL)?.len() as u64;
            if pace(bytes_per_series).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if totals != (self.meta.samples, self.meta.exemplars) {
            let what = "the blocks hold another number of samples or exemplars than meta says";
            return Err(self.series.corrupt(0, what));
        }
        self.postings.verify(&self.symbols, &self.recent)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Returns how many bytes stay in memory while the part is open, cached pages aside.
    pub fn directory_bytes(&self) -> usize {
        let texts = self.metadata.iter().map(|m| m.help.len() + m.unit.len());
        self.pages.capacity() * size_of::<PageRef>()
            + self.metadata.capacity() * size_of::<Metadata>()
            + texts.sum::<usize>()
            + self
                .schedules
                .as_ref()
                .map_or(0, Schedules::directory_bytes)
            + self.symbols.directory_bytes()
            + self.postings.directory_bytes()
    }

    /// Calls `use_entry` with the index entry of a series.
    pub(super) fn with_entry<T>(
        &self,
        id: u32,
        use_entry: impl FnOnce(&Entry) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let (first_id, entries) = self.page_of(id)?;
        use_entry(&entries[(id - first_id) as usize])
    }

    /// Returns the page that holds a series, and the number of the page's first one.
    pub(super) fn page_of(&self, id: u32) -> Result<(u32, Arc<Vec<Entry>>), Error> {
        if id >= self.meta.series {
            return Err(Error::invalid(format!(
                "there is no series {id} in a part of {}",
                self.meta.series
            )));
        }
        let index = self.pages.partition_point(|page| page.first_id <= id) - 1;
        let page = &self.pages[index];
        let file = FileKind::Series;
        let entries = self.recent.get(file, page.location, 0, || {
            let entries = self.decode_page(page.location)?;
            if entries.len() != page.series as usize {
                let what = "a page holds another number of series than the root says";
                return Err(self.series.corrupt(page.location.offset, what));
            }
            let bytes = entries.iter().map(Entry::byte_count).sum();
            Ok((entries, bytes))
        })?;
        Ok((page.first_id, entries))
    }

    fn decode_page(&self, location: Location) -> Result<Vec<Entry>, Error> {
        let symbols = self.symbols.len();
        let Some(schedules) = &self.schedules else {
            let decode = |bytes: &[u8]| series::decode_page(bytes, symbols);
            return self.series.decode(location, decode);
        };
        let mut walk = schedules.walk(&self.series, &self.recent);
        let mut schedule = |number| walk.get(number);
        let decode = |bytes: &[u8]| compact::decode_page(bytes, symbols, &mut schedule);
        let entries = self.series.decode(location, decode);
        // Why a schedule could not be read says more than that it is not there.
        entries.map_err(|error| walk.failure().unwrap_or(error))
    }

    pub(super) fn twice(&self) -> Error {
        self.series.corrupt(0, "a series names a label twice")
    }

    fn read_block(
        &self,
        block: &Block,
        range: TimeRange,
        into: &mut SampleColumns,
    ) -> Result<(), Error> {
        let (before, count) = (into.len(), block.samples as usize);
        let wanted = self.read_times(block, range, &mut into.timestamps)?;
        let after = into.len();
        match block.kind {
            BlockKind::Floats => {
                let decode = |bytes: &[u8]| floats::decode(bytes, count);
                let values = self.read_values(&self.values, &block.values, decode)?;
                into.values.extend_from_slice(&values[wanted.clone()]);
                if !into.histograms.is_empty() {
                    into.histograms.resize(after, None);
                }
            }
            BlockKind::Histograms => {
                let decode = |bytes: &[u8]| histograms::decode(bytes, count);
                let values: Vec<Arc<Histogram>> =
                    self.read_values(&self.histograms, &block.values, decode)?;
                into.values.resize(after, f64::NAN);
                into.histograms.resize(before, None);
                into.histograms
                    .extend(values[wanted.clone()].iter().cloned().map(Some));
            }
            BlockKind::Windows | BlockKind::HistogramWindows => {
                let what = "a block of windows is where samples should be";
                return Err(self.series.corrupt(0, what));
            }
        }
        self.read_starts(block, wanted, before, into)
    }

    fn read_window_block(
        &self,
        block: &Block,
        range: TimeRange,
        into: &mut Vec<TierWindow>,
    ) -> Result<(), Error> {
        let file = match block.kind {
            BlockKind::Windows => &self.values,
            BlockKind::HistogramWindows => &self.histograms,
            BlockKind::Floats | BlockKind::Histograms => {
                let what = "a block of samples is where windows should be";
                return Err(self.series.corrupt(0, what));
            }
        };
        let Starts::Stored(shape) = block.starts else {
            return Err(self.series.corrupt(0, "a block of windows has no shape"));
        };
        let mut ends = Vec::with_capacity(block.samples as usize);
        self.read_times(block, TimeRange::ALL, &mut ends)?;
        let shape = self.read_vector(shape, block.samples * windows::SHAPE_WIDTH as u32)?;
        let decode = |bytes: &[u8]| windows::decode(&ends, &shape, bytes);
        let read = self.read_values(file, &block.values, decode)?;
        into.extend(read.into_iter().filter(|window| range.contains(window.end)));
        Ok(())
    }

    fn read_values<T>(
        &self,
        file: &BlockFile,
        values: &Values,
        decode: impl FnOnce(&[u8]) -> Decoded<T>,
    ) -> Result<T, Error> {
        match values {
            Values::Stored(location) => file.decode(*location, decode),
            Values::Inline(bytes) => {
                decode(bytes).map_err(|Malformed(what)| self.series.corrupt(0, what))
            }
        }
    }

    /// Appends the times inside `range`, and returns which of the block they are.
    fn read_times(
        &self,
        block: &Block,
        range: TimeRange,
        into: &mut Vec<i64>,
    ) -> Result<Range<usize>, Error> {
        let count = block.samples as usize;
        let (first, last) = (block.range.start.millis(), block.range.end.millis());
        let (start, end) = (range.start.millis(), range.end.millis());
        match block.times {
            Times::Even => {
                let not_even = || self.series.corrupt(0, "the times of a block are not even");
                let times = EvenTimes::new(first, last, count).ok_or_else(not_even)?;
                let wanted = times.inside(start, end);
                into.extend(wanted.clone().map(|index| times.at(index)));
                Ok(wanted)
            }
            Times::Stored(location) => {
                let times = self.read_vector(location, block.samples)?;
                let ascend = times.is_sorted_by(|a, b| a < b);
                if !ascend || times.first() != Some(&first) || times.last() != Some(&last) {
                    let what = "the times of a block are not those of the index";
                    return Err(self.times.corrupt(location.offset, what));
                }
                let begin = times.partition_point(|time| *time < start);
                let end = begin + times[begin..].partition_point(|time| *time <= end);
                into.extend_from_slice(&times[begin..end]);
                Ok(begin..end)
            }
        }
    }

    fn read_starts(
        &self,
        block: &Block,
        wanted: Range<usize>,
        before: usize,
        into: &mut SampleColumns,
    ) -> Result<(), Error> {
        let after = into.len();
        match block.starts {
            Starts::None if into.starts.is_empty() => {}
            Starts::None => into.starts.resize(after, 0),
            Starts::Constant(start) => {
                into.starts.resize(before, 0);
                into.starts.resize(after, start);
            }
            Starts::Stored(location) => {
                let starts = self.read_vector(location, block.samples)?;
                into.starts.resize(before, 0);
                into.starts.extend_from_slice(&starts[wanted]);
            }
        }
        Ok(())
    }

    fn read_vector(&self, location: Location, count: u32) -> Result<Arc<Vec<i64>>, Error> {
        self.recent.get(FileKind::Times, location, count, || {
            let decode = |bytes: &[u8]| integers::decode(bytes, count as usize);
            let vector = self.times.decode(location, decode)?;
            let bytes = size_of::<Vec<i64>>() + vector.capacity() * size_of::<i64>();
            Ok((vector, bytes))
        })
    }
}

/// Times in equal steps.
#[derive(Clone, Copy)]
pub(super) struct EvenTimes {
    first: i64,
    step: u64,
    count: usize,
}

impl EvenTimes {
    /// Makes `count` times from `first` to `last`, when there are such.
    pub(super) fn new(first: i64, last: i64, count: usize) -> Option<Self> {
        // The distance of any two i64 fits a u64, and so does every step between; only the sums wrap.
        let distance = last.wrapping_sub(first) as u64;
        let steps = (count as u64).checked_sub(1)?;
        let step = match steps {
            0 if distance == 0 => 0,
            1.. if last > first && distance.is_multiple_of(steps) => distance / steps,
            _ => return None,
        };
        Some(Self { first, step, count })
    }

    pub(super) fn at(self, index: usize) -> i64 {
        self.first
            .wrapping_add((index as u64).wrapping_mul(self.step) as i64)
    }

    pub(super) fn iter(self) -> impl Iterator<Item = i64> {
        (0..self.count).map(move |index| self.at(index))
    }

    /// Returns which of them lie from `start` to `end`.
    fn inside(self, start: i64, end: i64) -> Range<usize> {
        let first_not = |is_before: &dyn Fn(i64) -> bool| {
            let (mut low, mut high) = (0, self.count);
            while low < high {
                let middle = low.midpoint(high);
                match is_before(self.at(middle)) {
                    true => low = middle + 1,
                    false => high = middle,
                }
            }
            low
        };
        let begin = first_not(&|time| time < start);
        begin..first_not(&|time| time <= end).max(begin)
    }
}

fn open_index(
    open: &impl Fn(FileKind) -> Result<BlockFile, Error>,
    roots: &Roots,
    series: u32,
    recent: &Recent,
) -> Result<(Symbols, Postings), Error> {
    let file = open(FileKind::Symbols)?;
    let symbols = Symbols::open(file, roots.symbols, recent.clone())?;
    let file = open(FileKind::Postings)?;
    let postings = Postings::open(file, roots.postings, roots.values, symbols.len(), series)?;
    Ok((symbols, postings))
}

pub(super) fn decode_metadata(bytes: &[u8]) -> Decoded<Vec<Metadata>> {
    let mut reader = Reader::new(bytes);
    let table = (0..reader.count(3)?)
        .map(|_| {
            let unknown = Malformed("a metric type is unknown");
            Ok(Metadata {
                metric_type: MetricType::parse(reader.text()?).ok_or(unknown)?,
                unit: reader.text()?.into(),
                help: reader.text()?.into(),
            })
        })
        .collect::<Decoded<Vec<_>>>()?;
    reader.end()?;
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_times_reach_over_all_of_time() {
        let check = |first: i64, last: i64, count: usize, expected: Option<&[i64]>| {
            let found = EvenTimes::new(first, last, count);
            let times: Option<Vec<i64>> = found.map(|times| times.iter().collect());
            assert_eq!(times.as_deref(), expected, "{count} from {first} to {last}");
            for (start, end) in [(i64::MIN, i64::MAX), (first, first), (1, 29), (30, -30)] {
                let (Some(found), Some(times)) = (found, &times) else {
                    continue;
                };
                let inside = times.iter().filter(|time| start <= **time && **time <= end);
                let expected: Vec<i64> = inside.copied().collect();
                let found: Vec<i64> = found.inside(start, end).map(|i| found.at(i)).collect();
                assert_eq!(found, expected, "{start} to {end} of {times:?}");
            }
        };
        check(5, 5, 1, Some(&[5]));
        check(0, 30, 3, Some(&[0, 15, 30]));
        check(-1, 1, 2, Some(&[-1, 1]));
        check(i64::MIN, i64::MAX, 2, Some(&[i64::MIN, i64::MAX]));
        let third = (u64::MAX / 3) as i64;
        let thirds = [i64::MIN, i64::MIN + third, i64::MAX - third, i64::MAX];
        check(i64::MIN, i64::MAX, 4, Some(&thirds));
        check(0, 31, 3, None);
        check(5, 6, 1, None);
        check(5, 5, 2, None);
        check(6, 5, 2, None);
        check(0, 0, 0, None);
    }
}
