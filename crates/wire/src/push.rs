//! What the push formats have in common: decoded series, limits, and what was refused beside them.
//!
//! A push may be good in most of its series and bad in a few. The good ones are written all the same, so a decoder
//! returns both: [`Decoded::series`] and [`Decoded::refusals`]. Only what leaves no series to tell apart (a torn
//! protobuf message, more than the memory limit) is an [`Error`] of the whole request.

mod known;

use std::fmt;

use plimsoll_types::{ByteCount, Exemplar, Labels, METRIC_NAME, Metadata, Sample, SeriesRef};

pub use known::{KnownSeries, Spelling, Unacquainted};

/// How many refusals keep their text; the rest is counted only.
const DETAILS_MAX: usize = 10;
/// The longest piece of a peer's own text that is repeated in a message.
const QUOTE_BYTES_MAX: usize = 160;

/// One series with what a push brings for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The labels, `__name__` included.
    pub labels: Labels,
    /// Floats and histograms in the order of the request.
    pub samples: Vec<Sample>,
    /// Exemplars in the order of the request.
    pub exemplars: Vec<Exemplar>,
    /// What the series means, when the push says so.
    pub metadata: Option<Metadata>,
    /// How the peer spells it, in a format that can be recognised by that.
    pub spelling: Option<Spelling>,
}

/// A decoded request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The valid series in the order of the request; one set of labels may be there several times.
    pub series: Vec<Series>,
    /// Floats of the series that were recognised, in the order of the request.
    pub known: Vec<(SeriesRef, Sample)>,
    /// Metadata by name of the metric family, as remote write 1.0 sends it.
    pub families: Vec<(String, Metadata)>,
    /// What was not valid.
    pub refusals: Refusals,
    /// Text fields of Influx lines, which are no samples and are left out by design.
    pub text_fields: u64,
}

/// The bounds of one label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LabelLimits {
    /// Labels of a series, `__name__` included. Default 64.
    pub count: usize,
    /// Length of a label name. Default 1 KiB.
    pub name: ByteCount,
    /// Length of a label value. Default 64 KiB.
    pub value: ByteCount,
}

impl Default for LabelLimits {
    fn default() -> Self {
        Self {
            count: 64,
            name: ByteCount::KIB,
            value: ByteCount::KIB.times(64),
        }
    }
}

/// The bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bounds of each series; one that breaks them is refused by name.
    pub labels: LabelLimits,
    /// Samples, histograms and exemplars of a request. Default 1,000,000.
    pub samples: u64,
    /// What a decoded request may hold in memory. Default 256 MiB.
    pub memory: ByteCount,
    /// Length of a line of a text format. Default 16 MiB.
    pub line: ByteCount,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            labels: LabelLimits::default(),
            samples: 1_000_000,
            memory: ByteCount::MIB.times(256),
            line: ByteCount::MIB.times(16),
        }
    }
}

/// Why a whole request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are not what the format says.
    #[error("{0}")]
    Malformed(String),
    /// More samples than are allowed in one request.
    #[error("the request holds more than the limit of {limit} samples; send smaller ones")]
    TooManySamples {
        /// The limit that applied.
        limit: u64,
    },
    /// Decoded, the request would need more memory than is allowed.
    #[error(
        "the decoded request needs more than the limit of {limit} of memory; send smaller ones"
    )]
    TooMuchMemory {
        /// The limit that applied.
        limit: ByteCount,
    },
}

/// The kinds of what is wrong with one series, sample or line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RefusalReason {
    /// A label set that is no identity: no name, a name twice, not UTF-8, a reference to no symbol.
    InvalidLabels,
    /// A label set beyond [`LabelLimits`].
    LabelLimit,
    /// A histogram that contradicts itself.
    InvalidHistogram,
    /// An exemplar whose labels are invalid or beyond the limits.
    InvalidExemplar,
    /// Metadata that refers to no symbol.
    InvalidMetadata,
    /// A remote write 2.0 series without sample, histogram or exemplar.
    NoSamples,
    /// A line that does not follow the grammar.
    Syntax,
}

impl RefusalReason {
    /// Every reason.
    pub const ALL: &[Self] = &[
        Self::InvalidLabels,
        Self::LabelLimit,
        Self::InvalidHistogram,
        Self::InvalidExemplar,
        Self::InvalidMetadata,
        Self::NoSamples,
        Self::Syntax,
    ];

    /// Returns the value of the `reason` label in our own metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidLabels => "invalid_labels",
            Self::LabelLimit => "label_limit",
            Self::InvalidHistogram => "invalid_histogram",
            Self::InvalidExemplar => "invalid_exemplar",
            Self::InvalidMetadata => "invalid_metadata",
            Self::NoSamples => "no_samples",
            Self::Syntax => "syntax",
        }
    }
}

/// One thing that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of thing is wrong.
    pub reason: RefusalReason,
    /// Where it is, what was wanted and what was found; at most a few hundred bytes.
    pub message: String,
}

/// What was refused beside valid series: the first few with their text, all of them in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    details: Vec<Refusal>,
    counts: [u64; RefusalReason::ALL.len()],
    items: u64,
}

impl Refusals {
    /// Notes that one item was refused and with it `samples` samples; one that holds none counts as one.
    pub fn add(&mut self, reason: RefusalReason, samples: u64, message: impl FnOnce() -> String) {
        if self.details.len() < DETAILS_MAX {
            let message = message();
            self.details.push(Refusal { reason, message });
        }
        self.counts[reason as usize] += samples.max(1);
        self.items += 1;
    }

    /// Returns the first refusals.
    pub fn details(&self) -> &[Refusal] {
        &self.details
    }

    /// Returns how many items (series, samples, lines) were refused.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Says whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Walks the reasons with the samples that were lost to each; what holds no samples counts as one.
    pub fn samples_by_reason(&self) -> impl Iterator<Item = (RefusalReason, u64)> + '_ {
        RefusalReason::ALL
            .iter()
            .map(|reason| (*reason, self.counts[*reason as usize]))
            .filter(|(_, count)| *count > 0)
    }
}

/// What is wrong with a label set, without saying whose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFault {
    /// [`RefusalReason::InvalidLabels`] or [`RefusalReason::LabelLimit`].
    pub reason: RefusalReason,
    /// What was wanted and what was found.
    pub message: String,
}

impl LabelFault {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self {
            reason: RefusalReason::InvalidLabels,
            message: message.into(),
        }
    }

    pub(crate) fn limit(message: String) -> Self {
        Self {
            reason: RefusalReason::LabelLimit,
            message,
        }
    }
}

impl LabelLimits {
    /// Checks labels that another decoder built.
    ///
    /// # Errors
    /// The first bound that is broken, with the label and the limit.
    pub fn check(&self, labels: &Labels) -> Result<(), LabelFault> {
        self.check_count(labels.len())?;
        labels
            .iter()
            .try_for_each(|(name, value)| self.check_pair(name.as_bytes(), value.as_bytes()))
    }

    pub(crate) fn check_count(&self, count: usize) -> Result<(), LabelFault> {
        let limit = self.count;
        if count > limit {
            return Err(LabelFault::limit(format!(
                "{count} labels, the limit is {limit}"
            )));
        }
        Ok(())
    }

    pub(crate) fn check_pair(&self, name: &[u8], value: &[u8]) -> Result<(), LabelFault> {
        if name.len() as u64 > self.name.0 {
            return Err(LabelFault::limit(format!(
                "the label name {} has {} bytes, the limit is {}",
                quote(name),
                name.len(),
                self.name
            )));
        }
        self.check_value_length(name, value.len())
    }

    pub(crate) fn check_value_length(&self, name: &[u8], length: usize) -> Result<(), LabelFault> {
        let limit = self.value;
        if length as u64 > limit.0 {
            return Err(LabelFault::limit(format!(
                "the value of label {} has {length} bytes, the limit is {limit}",
                quote(name),
            )));
        }
        Ok(())
    }

    /// Makes a label set of pairs in any order; limits come before everything that copies or scans.
    pub(crate) fn build(&self, pairs: &[(&[u8], &[u8])]) -> Result<Labels, LabelFault> {
        self.check_count(pairs.len())?;
        let mut texts = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            self.check_pair(name, value)?;
            texts.push((utf8("name", name, name)?, utf8("value", name, value)?));
            if name.is_empty() {
                return Err(LabelFault::invalid("wanted a label name, found \"\""));
            }
        }
        Labels::try_from_pairs(&texts).map_err(|error| LabelFault::invalid(error.to_string()))
    }

    /// As [`build`](Self::build), for the labels of a series.
    pub(crate) fn build_series(&self, pairs: &[(&[u8], &[u8])]) -> Result<Labels, LabelFault> {
        let labels = self.build(pairs)?;
        if labels.metric_name().is_none() {
            return Err(LabelFault::invalid(format!(
                "wanted the label {METRIC_NAME}, found none"
            )));
        }
        Ok(labels)
    }
}

fn utf8<'a>(part: &str, name: &[u8], bytes: &'a [u8]) -> Result<&'a str, LabelFault> {
    std::str::from_utf8(bytes).map_err(|error| {
        LabelFault::invalid(format!(
            "the {part} of label {} is not valid UTF-8 at byte {}",
            quote(name),
            error.valid_up_to()
        ))
    })
}

/// Shows a peer's text in quotes, cut to a bounded length.
pub(crate) fn quote(bytes: &[u8]) -> String {
    let cut = bytes.get(..QUOTE_BYTES_MAX);
    let text = String::from_utf8_lossy(cut.unwrap_or(bytes));
    format!("{text:?}{}", if cut.is_some() { "..." } else { "" })
}

/// Cuts a message that may repeat a peer's text to a bounded length.
pub(crate) fn shorten(mut message: String) -> String {
    if message.len() > 2 * QUOTE_BYTES_MAX {
        message.truncate(message.floor_char_boundary(2 * QUOTE_BYTES_MAX));
        message.push_str("...");
    }
    message
}

/// Shows the pairs of a label set that may be invalid, cut to a bounded length.
pub(crate) struct ShownPairs<'a>(pub(crate) &'a [(&'a [u8], &'a [u8])]);

impl fmt::Display for ShownPairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .0
            .iter()
            .find(|(name, _)| *name == METRIC_NAME.as_bytes());
        let others = self
            .0
            .iter()
            .filter(|(name, _)| *name != METRIC_NAME.as_bytes());
        if let Some((_, name)) = name {
            let name = name.get(..QUOTE_BYTES_MAX).unwrap_or(name);
            f.write_str(&String::from_utf8_lossy(name))?;
            if self.0.len() == 1 && !name.is_empty() {
                return Ok(());
            }
        }
        f.write_str("{")?;
        for (index, (name, value)) in others.enumerate() {
            if index == 4 {
                f.write_str(", ...")?;
                break;
            }
            let separator = if index == 0 { "" } else { ", " };
            let name = name.get(..64).unwrap_or(name);
            let short = value.get(..64).unwrap_or(value);
            let dots = if short.len() < value.len() { "..." } else { "" };
            let (name, short) = (
                String::from_utf8_lossy(name),
                String::from_utf8_lossy(short),
            );
            write!(f, "{separator}{name}={short:?}{dots}")?;
        }
        f.write_str("}")
    }
}

/// Counts what a decoder is about to allocate against [`Limits`].
#[derive(Debug)]
pub(crate) struct Meter<'a> {
    pub(crate) limits: &'a Limits,
    memory: u64,
    samples: u64,
}

impl<'a> Meter<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            memory: 0,
            samples: 0,
        }
    }

    /// Takes `bytes` from what is left.
    pub(crate) fn memory(&mut self, bytes: usize) -> Result<(), Error> {
        self.check_memory(bytes)?;
        self.memory += bytes as u64;
        Ok(())
    }

    /// Fails when `bytes` more would be too much, and takes nothing.
    pub(crate) fn check_memory(&self, bytes: usize) -> Result<(), Error> {
        let limit = self.limits.memory;
        match self.memory.checked_add(bytes as u64) {
            Some(total) if total <= limit.0 => Ok(()),
            _ => Err(Error::TooMuchMemory { limit }),
        }
    }

    /// Fails when `count` more samples would be too many, and takes none.
    pub(crate) fn check_samples(&self, count: usize) -> Result<(), Error> {
        let limit = self.limits.samples;
        match self.samples.saturating_add(count as u64) <= limit {
            true => Ok(()),
            false => Err(Error::TooManySamples { limit }),
        }
    }

    /// Takes one sample or exemplar.
    pub(crate) fn sample(&mut self, bytes: usize) -> Result<(), Error> {
        self.samples += 1;
        if self.samples > self.limits.samples {
            let limit = self.limits.samples;
            return Err(Error::TooManySamples { limit });
        }
        self.memory(bytes)
    }

    /// Takes a series with its labels.
    pub(crate) fn series(&mut self, labels: &Labels) -> Result<(), Error> {
        self.memory(size_of::<Series>() + labels.byte_count())
    }
}
