//! Whole families in memory: for what we expose ourselves, never for what we scrape.

use plimsoll_types::{
    Exemplar, Labels, METRIC_NAME, Metadata, MetricType, StartTimestamp, Timestamp, Value,
};

use super::entry::{Entry, SampleEntry};
use super::error::Error;
use super::format::Format;
use super::{Options, Parser};

/// A metric family with its samples in the order of the exposition.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Family {
    /// The name as OpenMetrics has it: a counter's without `_total`.
    pub name: String,
    /// Type, unit and help.
    pub metadata: Metadata,
    /// The samples; the name in their labels is that of the family with the suffix that their type has
    /// (`_total`, `_bucket`, ...).
    pub samples: Vec<FamilySample>,
}

/// A sample of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct FamilySample {
    /// Name and labels of the series.
    pub labels: Labels,
    /// The value.
    pub value: Value,
    /// When it was measured; `None` leaves that to the scraper.
    pub timestamp: Option<Timestamp>,
    /// Since when it was counted; protobuf alone carries it.
    pub start: StartTimestamp,
    /// Exemplars; a text has room for the first one only, on counters and buckets.
    pub exemplars: Vec<FamilyExemplar>,
}

/// An exemplar that may lack a timestamp.
#[derive(Clone, Debug)]
pub struct FamilyExemplar {
    /// Identifies what it refers to.
    pub labels: Labels,
    /// The value of the one observation.
    pub value: f64,
    /// When it was made.
    pub timestamp: Option<Timestamp>,
}

/// Compares values bit by bit, as [`Value`] does.
impl PartialEq for FamilyExemplar {
    fn eq(&self, other: &Self) -> bool {
        self.labels == other.labels
            && self.value.to_bits() == other.value.to_bits()
            && self.timestamp == other.timestamp
    }
}

impl From<Exemplar> for FamilyExemplar {
    fn from(exemplar: Exemplar) -> Self {
        Self {
            labels: exemplar.labels,
            value: exemplar.value,
            timestamp: Some(exemplar.timestamp),
        }
    }
}

impl FamilySample {
    /// Makes a float sample without timestamps and exemplars.
    pub fn float(labels: Labels, value: f64) -> Self {
        Self {
            labels,
            value: Value::Float(value),
            timestamp: None,
            start: StartTimestamp::UNKNOWN,
            exemplars: Vec::new(),
        }
    }

    /// Returns what follows the family's name in the name of the series; the whole name if it begins otherwise.
    pub(super) fn suffix<'a>(&'a self, family: &str) -> &'a str {
        let name = self.labels.metric_name().unwrap_or("");
        name.strip_prefix(family).unwrap_or(name)
    }

    fn from_entry(entry: &SampleEntry<'_>) -> Result<Self, Error> {
        let exemplars = entry.exemplars.iter().map(|exemplar| {
            Ok(FamilyExemplar {
                labels: exemplar.labels()?,
                value: exemplar.value,
                timestamp: exemplar.timestamp,
            })
        });
        Ok(Self {
            labels: entry.series.labels()?,
            value: entry.value.clone(),
            timestamp: entry.timestamp,
            start: entry.start,
            exemplars: exemplars.collect::<Result<_, _>>()?,
        })
    }
}

/// Reads a whole exposition.
///
/// A sample that does not fit the family before it begins a family of unknown type.
///
/// # Errors
/// Those of [`Parser`] and of [`Series::labels`](super::Series::labels).
pub fn read_families(format: Format, input: &[u8], options: Options) -> Result<Vec<Family>, Error> {
    let mut parser = Parser::new(format, input, options)?;
    let mut collector = Collector {
        format,
        families: Vec::new(),
        exposed_name: String::new(),
    };
    while let Some(entry) = parser.next_entry()? {
        match entry {
            Entry::Help { family, help } => collector.named(&family).metadata.help = help.into(),
            Entry::Unit { family, unit } => collector.named(&family).metadata.unit = unit.into(),
            Entry::Type {
                family,
                metric_type,
            } => collector.set_type(&family, metric_type),
            Entry::Sample(sample) => collector.add(&sample)?,
        }
    }
    Ok(collector.families)
}

struct Collector {
    format: Format,
    families: Vec<Family>,
    /// The last family's name in the exposition, which may have `_total` where the family's has none.
    exposed_name: String,
}

impl Collector {
    fn named(&mut self, name: &str) -> &mut Family {
        if self.families.is_empty() || self.exposed_name != name {
            self.exposed_name = name.into();
            self.families.push(Family {
                name: name.into(),
                ..Family::default()
            });
        }
        let last = self.families.len() - 1;
        &mut self.families[last]
    }

    fn set_type(&mut self, name: &str, metric_type: MetricType) {
        let is_openmetrics = matches!(
            self.format,
            Format::OpenMetricsText001 | Format::OpenMetricsText100
        );
        let family = self.named(name);
        family.metadata.metric_type = metric_type;
        let stem = name.strip_suffix("_total").filter(|stem| !stem.is_empty());
        if let (MetricType::Counter, false, Some(stem)) = (metric_type, is_openmetrics, stem) {
            family.name = stem.into();
        }
    }

    fn add(&mut self, entry: &SampleEntry<'_>) -> Result<(), Error> {
        let sample = FamilySample::from_entry(entry)?;
        let name = sample.labels.get(METRIC_NAME).unwrap_or("");
        let fits = self.families.last().is_some_and(|family| {
            let suffix = name.strip_prefix(&*self.exposed_name);
            suffix.is_some_and(|suffix| fits(family.metadata.metric_type, suffix))
        });
        let exposed = if fits {
            self.exposed_name.clone()
        } else {
            name.to_owned()
        };
        self.named(&exposed).samples.push(sample);
        Ok(())
    }
}

/// Says whether any of the formats has samples of this type with this suffix.
fn fits(metric_type: MetricType, suffix: &str) -> bool {
    let suffixes: &[&str] = match metric_type {
        MetricType::Counter => &["_total", "_created"],
        MetricType::Summary => &["_sum", "_count", "_created"],
        MetricType::Histogram => &["_bucket", "_sum", "_count", "_created"],
        MetricType::GaugeHistogram => &["_bucket", "_gsum", "_gcount", "_sum", "_count"],
        MetricType::Info => &["_info"],
        MetricType::Unknown | MetricType::Gauge | MetricType::StateSet => &[],
    };
    suffix.is_empty() || suffixes.contains(&suffix)
}
