//! Writes a part, one series after the other.
//!
//! Values go to disk as they come; in memory are one series and what becomes the index: encoded block entries, label
//! symbols, hour bitmaps, and one hash per distinct vector of timestamps.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{
    Exemplar, Histogram, Labels, Metadata, SampleColumns, Tier, TierWindow, TimeRange, Timestamp,
};
use xxhash_rust::xxh3::Xxh3;

use super::aggregate::Aggregates;
use super::error::Error;
use super::file::{BlockWriter, FileKind, Location};
use super::index::IndexBuilder;
use super::meta::{self, FileMeta, PartMeta};
use super::reader::EvenTimes;
use super::series::{
    BLOCK_SAMPLES_MAX, Block, BlockKind, Entry, ExemplarBlock, INLINE_LENGTH_MAX, Starts, Times,
    Values,
};
use super::{exemplars, floats, histograms, integers, numbers, windows};

/// How a part is written; any choice can be read back.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The most samples of one block: 1 to 8,192 (the default); other numbers become the nearest of these.
    pub block_samples_max: usize,
    /// How hard `pco` tries: 0 to 12, default 4 (8 gains less than 1 % on metrics).
    pub compression_level: usize,
    /// What is written: samples (the default), or the windows of a tier.
    pub tier: Tier,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            block_samples_max: BLOCK_SAMPLES_MAX,
            compression_level: 4,
            tier: Tier::Raw,
        }
    }
}

/// A block of histograms is closed when its histograms weigh this much, so that reading one takes little memory.
const HISTOGRAM_BLOCK_WEIGHT: usize = 1 << 16;

/// Writes a part. Nothing is valid before [`finish`](Self::finish) has returned; a writer that is dropped before leaves
/// files that the caller removes with the directory.
pub struct PartWriter {
    disk: Arc<dyn Disk>,
    directory: PathBuf,
    options: WriteOptions,
    files: Files,
    index: IndexBuilder,
    samples: u64,
    exemplars: u64,
    last_labels: Option<Labels>,
    /// Vectors that are on disk already, by a hash of 128 bits: a collision is less likely than a fault of the memory.
    vectors: HashMap<u128, Location>,
}

/// The range of a part without samples and exemplars.
const NOTHING: TimeRange = TimeRange::new(Timestamp::MAX, Timestamp::MIN);

struct Files {
    values: BlockWriter,
    times: BlockWriter,
    histograms: BlockWriter,
    exemplars: BlockWriter,
    series: BlockWriter,
    symbols: BlockWriter,
    postings: BlockWriter,
}

impl PartWriter {
    /// Makes the directory, which must not hold a part yet, and its files.
    ///
    /// # Errors
    /// `Io`, also when one of the files is there already.
    pub fn create(
        disk: Arc<dyn Disk>,
        directory: &Path,
        options: WriteOptions,
    ) -> Result<Self, Error> {
        disk.create_directory(directory)
            .map_err(Error::io("creating", directory))?;
        let create = |kind| BlockWriter::create(&*disk, directory, kind);
        let files = Files {
            values: create(FileKind::Values)?,
            times: create(FileKind::Times)?,
            histograms: create(FileKind::Histograms)?,
            exemplars: create(FileKind::Exemplars)?,
            series: create(FileKind::Series)?,
            symbols: create(FileKind::Symbols)?,
            postings: create(FileKind::Postings)?,
        };
        Ok(Self {
            disk,
            directory: directory.into(),
            options: WriteOptions {
                block_samples_max: options.block_samples_max.clamp(1, BLOCK_SAMPLES_MAX),
                compression_level: options.compression_level.min(12),
                tier: options.tier,
            },
            files,
            index: IndexBuilder::default(),
            samples: 0,
            exemplars: 0,
            last_labels: None,
            vectors: HashMap::new(),
        })
    }

    /// Writes a series. Labels must ascend from call to call, timestamps inside a call; both strictly. A series without
    /// samples and exemplars is left out.
    ///
    /// # Errors
    /// `Invalid` when a rule is broken (nothing of the series is then in the part), `Io` when the disk says no (the
    /// part is then of no use).
    pub fn add_series(
        &mut self,
        labels: &Labels,
        samples: &SampleColumns,
        metadata: Option<&Metadata>,
        exemplars: &[Exemplar],
    ) -> Result<(), Error> {
        self.check(labels, samples)?;
        self.last_labels = Some(labels.clone());
        if samples.is_empty() && exemplars.is_empty() {
            return Ok(());
        }
        let (id, mut entry) = self.entry(metadata)?;
        for (kind, range) in split(samples, self.options.block_samples_max) {
            entry.blocks.push(self.write_block(kind, samples, range)?);
        }
        for exemplars in exemplars.chunks(exemplars::EXEMPLARS_MAX) {
            entry.exemplars.push(self.write_exemplars(exemplars)?);
        }
        let times = exemplars.iter().map(|exemplar| exemplar.timestamp);
        let sampled = samples.timestamps.iter().copied();
        let times = sampled.map(Timestamp::from_millis).chain(times);
        self.index.mark_hours(id, times);
        self.samples += samples.len() as u64;
        self.exemplars += exemplars.len() as u64;
        self.index.add(labels, &entry);
        Ok(())
    }

    /// Writes a series of a tier. Labels must ascend from call to call, ends of windows inside a call; both strictly. A
    /// series without a window is left out.
    ///
    /// # Errors
    /// As [`add_series`](Self::add_series).
    pub fn add_windows(
        &mut self,
        labels: &Labels,
        windows: &[TierWindow],
        metadata: Option<&Metadata>,
    ) -> Result<(), Error> {
        self.check_order(labels)?;
        if self.options.tier == Tier::Raw || !windows.is_sorted_by(|a, b| a.end < b.end) {
            let message = format!("windows of a tier must ascend, those of {labels} do not");
            return Err(Error::invalid(message));
        }
        self.last_labels = Some(labels.clone());
        if windows.is_empty() {
            return Ok(());
        }
        let (id, mut entry) = self.entry(metadata)?;
        for block in split_windows(windows, self.options.block_samples_max) {
            entry.blocks.push(self.write_windows(block)?);
        }
        self.index.mark_hours(id, windows.iter().map(|w| w.end));
        self.samples += windows.len() as u64;
        self.index.add(labels, &entry);
        Ok(())
    }

    /// Begins the entry of the next series, and returns its number.
    fn entry(&mut self, metadata: Option<&Metadata>) -> Result<(u32, Entry), Error> {
        let id = u32::try_from(self.index.len())
            .ok()
            .filter(|id| *id < u32::MAX)
            .ok_or_else(|| Error::invalid("a part holds at most 2^32 - 1 series"))?;
        let entry = Entry {
            metadata: metadata.map(|metadata| self.index.metadata_index(metadata)),
            ..Entry::default()
        };
        Ok((id, entry))
    }

    /// Writes the index, makes every file and then their names durable, writes `meta` as the last, and makes the name
    /// of the part's directory durable in its parent.
    ///
    /// # Errors
    /// `Io`; the directory is then of no use.
    pub fn finish(self) -> Result<PartMeta, Error> {
        let mut files = self.files;
        let mut meta = PartMeta {
            format_version: meta::FORMAT_VERSION,
            tier: self.options.tier,
            range: self.index.range().unwrap_or(NOTHING),
            series: self.index.len() as u32,
            samples: self.samples,
            exemplars: self.exemplars,
            bytes: 0,
            files: Vec::new(),
        };
        let roots = self
            .index
            .write(&mut files.series, &mut files.symbols, &mut files.postings)?;
        meta.files = files.finish()?;
        let sync = |directory: &Path| {
            self.disk
                .sync_directory(directory)
                .map_err(Error::io("syncing", directory))
        };
        sync(&self.directory)?;
        meta::write(&*self.disk, &self.directory, &mut meta, &roots)?;
        sync(self.directory.parent().unwrap_or(Path::new(".")))?;
        Ok(meta)
    }

    fn check_order(&self, labels: &Labels) -> Result<(), Error> {
        match self.last_labels.as_ref().filter(|last| *last >= labels) {
            None => Ok(()),
            Some(last) => Err(Error::invalid(format!(
                "series must ascend, but {labels} came after {last}"
            ))),
        }
    }

    fn check(&self, labels: &Labels, samples: &SampleColumns) -> Result<(), Error> {
        self.check_order(labels)?;
        let count = samples.timestamps.len();
        let fits = |length: usize| length == 0 || length == count;
        if samples.values.len() != count
            || !fits(samples.histograms.len())
            || !fits(samples.starts.len())
        {
            return Err(Error::invalid(format!(
                "the columns of {labels} are not equally long"
            )));
        }
        if let Some(two) = samples.timestamps.windows(2).find(|two| two[0] >= two[1]) {
            return Err(Error::invalid(format!(
                "timestamps must ascend, but in {labels} {} came after {}",
                two[1], two[0]
            )));
        }
        let mut weights = samples
            .histograms
            .iter()
            .flatten()
            .map(|h| histograms::weight(h));
        if let Some(weight) = weights.find(|weight| *weight > numbers::COLUMN_LENGTH_MAX) {
            return Err(Error::invalid(format!(
                "a histogram of {labels} has {weight} buckets, spans and bounds, at most {} can be kept",
                numbers::COLUMN_LENGTH_MAX
            )));
        }
        Ok(())
    }

    fn write_block(
        &mut self,
        kind: BlockKind,
        samples: &SampleColumns,
        range: Range<usize>,
    ) -> Result<Block, Error> {
        let (values, aggregates) = match kind {
            BlockKind::Histograms => self.write_histograms(&samples.histograms[range.clone()])?,
            _ => self.write_floats(&samples.values[range.clone()])?,
        };
        let times = &samples.timestamps[range.clone()];
        let starts = samples.starts.get(range).unwrap_or_default();
        Ok(Block {
            kind,
            samples: times.len() as u32,
            range: TimeRange::new(
                Timestamp::from_millis(times[0]),
                Timestamp::from_millis(times[times.len() - 1]),
            ),
            times: self.write_times(times)?,
            starts: self.write_starts(starts)?,
            values,
            aggregates,
        })
    }

    fn write_floats(&mut self, block: &[f64]) -> Result<(Values, Aggregates), Error> {
        let mut bytes = Vec::new();
        floats::encode(block, self.options.compression_level, &mut bytes);
        let values = place(bytes, &mut self.files.values)?;
        Ok((values, Aggregates::of_floats(block)))
    }

    /// All of the block are histograms, see [`split`].
    fn write_histograms(
        &mut self,
        block: &[Option<Arc<Histogram>>],
    ) -> Result<(Values, Aggregates), Error> {
        let block: Vec<Arc<Histogram>> = block.iter().flatten().cloned().collect();
        let mut bytes = Vec::new();
        histograms::encode(&block, self.options.compression_level, &mut bytes);
        let values = place(bytes, &mut self.files.histograms)?;
        Ok((values, Aggregates::of_histograms(&block)))
    }

    fn write_windows(&mut self, block: &[TierWindow]) -> Result<Block, Error> {
        let ends: Vec<i64> = block.iter().map(|window| window.end.millis()).collect();
        let mut bytes = Vec::new();
        windows::encode(block, self.options.compression_level, &mut bytes);
        let has_histograms = block.iter().any(|window| window.histograms.is_some());
        let (kind, file) = match has_histograms {
            true => (BlockKind::HistogramWindows, &mut self.files.histograms),
            false => (BlockKind::Windows, &mut self.files.values),
        };
        let values = place(bytes, file)?;
        Ok(Block {
            kind,
            samples: block.len() as u32,
            range: TimeRange::new(block[0].end, block[block.len() - 1].end),
            times: self.write_times(&ends)?,
            starts: self
                .write_vector(&windows::shape(block))
                .map(Starts::Stored)?,
            values,
            aggregates: Aggregates::default(),
        })
    }

    fn write_times(&mut self, times: &[i64]) -> Result<Times, Error> {
        let even = EvenTimes::new(times[0], times[times.len() - 1], times.len());
        if even.is_some_and(|even| even.iter().eq(times.iter().copied())) {
            return Ok(Times::Even);
        }
        self.write_vector(times).map(Times::Stored)
    }

    fn write_starts(&mut self, starts: &[i64]) -> Result<Starts, Error> {
        match starts.first() {
            None => Ok(Starts::None),
            Some(first) if starts.iter().all(|start| start == first) => Ok(match first {
                0 => Starts::None,
                first => Starts::Constant(*first),
            }),
            Some(_) => self.write_vector(starts).map(Starts::Stored),
        }
    }

    /// Writes a vector of times, or finds where it was written before.
    fn write_vector(&mut self, vector: &[i64]) -> Result<Location, Error> {
        let mut hasher = Xxh3::new();
        vector
            .iter()
            .for_each(|value| hasher.update(&value.to_le_bytes()));
        let hash = hasher.digest128();
        if let Some(location) = self.vectors.get(&hash) {
            return Ok(*location);
        }
        let mut bytes = Vec::new();
        integers::encode(vector, self.options.compression_level, &mut bytes);
        let location = self.files.times.append(&bytes)?;
        self.vectors.insert(hash, location);
        Ok(location)
    }

    fn write_exemplars(&mut self, block: &[Exemplar]) -> Result<ExemplarBlock, Error> {
        let mut bytes = Vec::new();
        exemplars::encode(block, self.options.compression_level, &mut bytes);
        let times = || block.iter().map(|exemplar| exemplar.timestamp);
        Ok(ExemplarBlock {
            range: TimeRange::new(
                times().min().expect("chunks are not empty"),
                times().max().expect("chunks are not empty"),
            ),
            location: self.files.exemplars.append(&bytes)?,
        })
    }
}

impl Files {
    /// Makes all of them durable.
    fn finish(self) -> Result<Vec<FileMeta>, Error> {
        [
            self.values,
            self.times,
            self.histograms,
            self.exemplars,
            self.series,
            self.symbols,
            self.postings,
        ]
        .into_iter()
        .map(BlockWriter::finish)
        .collect()
    }
}

/// Puts encoded values into the index or into their file.
fn place(bytes: Vec<u8>, file: &mut BlockWriter) -> Result<Values, Error> {
    match bytes.len() {
        0..=INLINE_LENGTH_MAX => Ok(Values::Inline(bytes)),
        _ => file.append(&bytes).map(Values::Stored),
    }
}

/// Cuts a series into blocks: a new one at the limit of samples, where floats and histograms change, and where the
/// histograms become heavy.
fn split(samples: &SampleColumns, limit: usize) -> Vec<(BlockKind, Range<usize>)> {
    let histogram = |index: usize| samples.histograms.get(index).and_then(Option::as_deref);
    let mut blocks: Vec<(BlockKind, Range<usize>)> = Vec::new();
    let mut weight = 0usize;
    for index in 0..samples.len() {
        let (kind, own) = match histogram(index) {
            Some(histogram) => (BlockKind::Histograms, histograms::weight(histogram)),
            None => (BlockKind::Floats, 0),
        };
        weight += own;
        match blocks.last_mut() {
            Some((last, range))
                if *last == kind && range.len() < limit && weight <= HISTOGRAM_BLOCK_WEIGHT =>
            {
                range.end = index + 1;
            }
            _ => {
                blocks.push((kind, index..index + 1));
                weight = own;
            }
        }
    }
    blocks
}

/// Cuts windows into blocks: a new one at the limit of windows, and where their histograms become heavy.
fn split_windows(windows: &[TierWindow], limit: usize) -> Vec<&[TierWindow]> {
    let mut blocks = Vec::new();
    let (mut begin, mut weight) = (0, 0usize);
    for (index, window) in windows.iter().enumerate() {
        let own = windows::weight(window);
        weight += own;
        if index - begin >= limit || (weight > HISTOGRAM_BLOCK_WEIGHT && index > begin) {
            blocks.push(&windows[begin..index]);
            (begin, weight) = (index, own);
        }
    }
    blocks.push(&windows[begin..]);
    blocks
}
