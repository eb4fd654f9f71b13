//! The metadata lines that came last in a body: what the samples after them mean.
//!
//! Nothing of it is kept between scrapes but a hash per series, so a target with endless families fills no table.

use plimsoll_types::{Metadata, MetricType};
use plimsoll_wire::exposition::Entry;
use plimsoll_wire::metadata;
use xxhash_rust::xxh3::Xxh3;

/// The family that is being read.
#[derive(Debug, Default)]
pub(super) struct Family {
    name: String,
    metadata: Metadata,
    /// 0 before the first metadata line.
    hash: u64,
    /// The type that was said last, whichever family it was for: it decides how label values are spelled.
    last_type: MetricType,
}

impl Family {
    /// Takes a metadata line.
    pub(super) fn read(&mut self, entry: &Entry<'_>) {
        match entry {
            Entry::Type {
                family,
                metric_type,
            } => {
                self.begin(family);
                self.metadata.metric_type = *metric_type;
                self.last_type = *metric_type;
            }
            Entry::Help { family, help } => {
                self.begin(family);
                replace(&mut self.metadata.help, metadata::help(help));
            }
            Entry::Unit { family, unit } => {
                self.begin(family);
                replace(&mut self.metadata.unit, metadata::unit(unit));
            }
            Entry::Sample(_) => return,
        }
        self.hash = self.hashed();
    }

    /// Tells lines apart whose text is the same and whose labels are not: the parser brings the values of `le` and
    /// `quantile` into one spelling after a TYPE line that says so.
    pub(super) fn kind(&self) -> u64 {
        match self.last_type {
            MetricType::Histogram => 1,
            MetricType::Summary => 2,
            _ => 0,
        }
    }

    /// Returns metadata and its hash when a metric belongs to this family and the hash is another than `known`.
    pub(super) fn newer<'n>(
        &self,
        known: u64,
        metric: impl FnOnce() -> std::borrow::Cow<'n, str>,
    ) -> Option<(&Metadata, u64)> {
        let differs = self.hash != 0 && self.hash != known;
        (differs && self.has(&metric())).then_some((&self.metadata, self.hash))
    }

    /// Text formats put a family's metadata before its samples, but samples without any may follow those of another.
    fn has(&self, metric: &str) -> bool {
        use MetricType::{Counter, GaugeHistogram, Histogram, Info, Summary};
        let suffixes: &[&str] = match self.metadata.metric_type {
            Counter => &["", "_total", "_created"],
            Histogram => &["", "_bucket", "_sum", "_count", "_created"],
            GaugeHistogram => &["", "_bucket", "_gsum", "_gcount", "_sum", "_count"],
            Summary => &["", "_sum", "_count", "_created"],
            Info => &["", "_info"],
            _ => &[""],
        };
        let suffix = metric.strip_prefix(self.name.as_str());
        suffix.is_some_and(|suffix| suffixes.contains(&suffix))
    }

    fn begin(&mut self, name: &str) {
        if self.hash == 0 || self.name != name {
            self.name.clear();
            self.name.push_str(name);
            self.metadata.metric_type = MetricType::Unknown;
            self.metadata.help.clear();
            self.metadata.unit.clear();
        }
    }

    fn hashed(&self) -> u64 {
        let mut hasher = Xxh3::new();
        hasher.update(self.metadata.metric_type.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(self.metadata.unit.as_bytes());
        hasher.update(&[0]);
        hasher.update(self.metadata.help.as_bytes());
        hasher.digest().max(1)
    }
}

fn replace(place: &mut String, text: &str) {
    place.clear();
    place.push_str(text);
}
