//! The pull parser of the protobuf exposition.
//!
//! ```text
//! +----------------+--------------------------------------+----------------+-----
//! | length         | io.prometheus.client.MetricFamily    | length         | ...
//! | varint, 1-10 B | `length` bytes                       | varint, 1-10 B |
//! +----------------+--------------------------------------+----------------+-----
//! ```
//!
//! Yields what the text formats would say, in this order: help, type, unit, then each metric (a native histogram,
//! then buckets or quantiles, sum, count). Holds one metric in memory at a time.

mod bounds;
mod histogram;
mod points;

use std::borrow::Cow;

use plimsoll_types::{BUCKET_LABEL, MetricType, QUANTILE_LABEL, StartTimestamp, Timestamp, Value};
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::Options;
use super::entry::{Entry, ExemplarSource, Exemplars, SampleEntry, Series};
use super::error::{Error, ErrorKind, Place};
use super::messages::{FamilyHead, Kind, METRIC_FIELD, Metric, Time};
use super::number::write_openmetrics_float;
use super::scan::{Dialect, write_series};
use points::{Point, Points};

/// A histogram repeats its labels in the text of each bucket's series, so a hostile one (long labels, many buckets of two
/// bytes each) would make text that grows with the square of the input. Real ones stay below 100 times.
const SERIES_BYTES_PER_INPUT_BYTE: usize = 100;
/// So much series text is made of any input, however small.
const SERIES_BYTES_FREE: usize = 64 << 20;

/// Reads a protobuf exposition metric by metric.
#[derive(Clone, Debug)]
pub(super) struct ProtobufParser<'a> {
    /// What follows the current family.
    rest: &'a [u8],
    options: Options,
    /// The number of the current family, from 1.
    family_number: usize,
    head: FamilyHead,
    kind: Kind,
    /// The current family's bytes, and how many of them are read.
    body: &'a [u8],
    body_at: usize,
    /// Metadata entries of this family that are still to be yielded, last one first.
    metadata: Vec<MetadataField>,
    metric: Metric,
    metric_place: Place,
    points: Points,
    next_point: usize,
    /// How many bytes of series text may still be made.
    budget: usize,
    native: Option<Value>,
    /// The current series in text form.
    raw: String,
    is_done: bool,
}

#[derive(Clone, Copy, Debug)]
enum MetadataField {
    Help,
    Type,
    Unit,
}

enum Step {
    Metadata(MetadataField),
    Point(Point),
}

impl<'a> ProtobufParser<'a> {
    pub(super) fn new(input: &'a [u8], options: Options) -> Self {
        Self {
            rest: input,
            options,
            family_number: 0,
            head: FamilyHead::default(),
            kind: Kind::Untyped,
            body: &[],
            body_at: 0,
            metadata: Vec::new(),
            metric: Metric::default(),
            metric_place: Place::START,
            points: Points::default(),
            next_point: 0,
            budget: input
                .len()
                .saturating_mul(SERIES_BYTES_PER_INPUT_BYTE)
                .saturating_add(SERIES_BYTES_FREE),
            native: None,
            raw: String::new(),
            is_done: false,
        }
    }

    /// Returns the next entry, `None` at the end and after an error.
    pub(super) fn next_entry(&mut self) -> Result<Option<Entry<'_>>, Error> {
        match self.advance() {
            Ok(None) => Ok(None),
            Ok(Some(Step::Metadata(field))) => Ok(Some(self.metadata_entry(field))),
            Ok(Some(Step::Point(point))) => Ok(Some(self.sample_entry(point))),
            Err(error) => {
                self.is_done = true;
                Err(error)
            }
        }
    }

    fn advance(&mut self) -> Result<Option<Step>, Error> {
        while !self.is_done {
            if let Some(field) = self.metadata.pop() {
                return Ok(Some(Step::Metadata(field)));
            }
            if let Some(point) = self.points.at(self.next_point) {
                self.next_point += 1;
                return Ok(Some(Step::Point(point)));
            }
            if !self.read_metric()? && !self.read_family()? {
                self.is_done = true;
            }
        }
        Ok(None)
    }

    fn error(&self, at: usize, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, self.family_number.max(1), at + 1, message)
    }

    fn read_family(&mut self) -> Result<bool, Error> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        self.family_number += 1;
        let syntax = |this: &Self, message: String| this.error(0, ErrorKind::Syntax, message);
        let length = decode_varint(&mut self.rest)
            .map_err(|_| syntax(self, "expected the length of a metric family".into()))?;
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.rest.len());
        let Some(length) = length else {
            let left = self.rest.len();
            return Err(syntax(
                self,
                format!("expected a metric family, found its first {left} bytes only"),
            ));
        };
        (self.body, self.rest) = self.rest.split_at(length);
        self.body_at = 0;
        self.head = FamilyHead::decode(self.body)
            .map_err(|error| syntax(self, format!("expected a metric family: {error}")))?;
        if self.head.name.is_empty() {
            let message = "expected a metric family with a name, found none";
            return Err(self.error(0, ErrorKind::MissingName, message));
        }
        self.kind = Kind::try_from(self.head.kind).map_err(|_| {
            let message = format!(
                "expected a metric type from 0 to 5, found {}",
                self.head.kind
            );
            self.error(0, ErrorKind::InvalidMetadata, message)
        })?;
        if !self.head.unit.is_empty() {
            self.metadata.push(MetadataField::Unit);
        }
        self.metadata.push(MetadataField::Type);
        if !self.head.help.is_empty() {
            self.metadata.push(MetadataField::Help);
        }
        Ok(true)
    }

    /// Reads the family's next metric; says no when there is none.
    fn read_metric(&mut self) -> Result<bool, Error> {
        while self.body_at < self.body.len() {
            let at = self.body_at;
            let broken =
                |error| self.error(at, ErrorKind::Syntax, format!("expected a metric: {error}"));
            let mut buffer = &self.body[at..];
            let (tag, wire_type) = decode_key(&mut buffer).map_err(broken)?;
            if (tag, wire_type) != (METRIC_FIELD, WireType::LengthDelimited) {
                skip_field(wire_type, tag, &mut buffer, DecodeContext::default())
                    .map_err(broken)?;
                self.body_at = self.body.len() - buffer.len();
                continue;
            }
            // That the length fits was seen when the family's head was read.
            let length = decode_varint(&mut buffer).map_err(broken)?;
            let length = usize::try_from(length)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let bytes = &buffer[..length];
            bounds::check(bytes).map_err(|message| {
                let message = format!("expected a metric within bounds: {message}");
                self.error(at, ErrorKind::Syntax, message)
            })?;
            self.metric = Metric::decode(bytes).map_err(broken)?;
            self.body_at = self.body.len() - buffer.len() + length;
            if self.metric.label.iter().any(|label| label.name.is_empty()) {
                let message = "expected a name for each label, found an empty one";
                return Err(self.error(at, ErrorKind::Syntax, message));
            }
            self.metric_place = Place {
                line: self.family_number,
                column: at + 1,
            };
            self.native = self.read_native(at)?;
            self.points = Points::of(
                self.kind,
                &self.metric,
                self.native.is_some(),
                self.options.always_scrape_classic_histograms,
            );
            self.spend_budget(at)?;
            self.next_point = 0;
            return Ok(true);
        }
        Ok(false)
    }

    fn read_native(&mut self, at: usize) -> Result<Option<Value>, Error> {
        let Some(message) = &self.metric.histogram else {
            return Ok(None);
        };
        let is_histogram = matches!(self.kind, Kind::Histogram | Kind::GaugeHistogram);
        if !is_histogram || !self.options.native_histograms || !histogram::is_native(message) {
            return Ok(None);
        }
        let is_gauge = self.kind == Kind::GaugeHistogram;
        match histogram::to_native(message, is_gauge) {
            Ok(native) => Ok(Some(Value::Histogram(native.into()))),
            Err(message) => {
                let message = format!("expected a consistent native histogram: {message}");
                Err(self.error(at, ErrorKind::InvalidHistogram, message))
            }
        }
    }

    fn spend_budget(&mut self, at: usize) -> Result<(), Error> {
        let labels = self.metric.label.iter();
        let labels: usize = labels
            .map(|label| label.name.len() + label.value.len())
            .sum();
        let cost = self
            .points
            .count()
            .saturating_mul(self.head.name.len() + labels);
        match self.budget.checked_sub(cost) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                let message = format!(
                    "expected at most {} bytes of series text, found {cost}",
                    self.budget
                );
                Err(self.error(at, ErrorKind::Syntax, message))
            }
        }
    }

    fn metadata_entry(&self, field: MetadataField) -> Entry<'_> {
        let family = Cow::Borrowed(&*self.head.name);
        match field {
            MetadataField::Help => Entry::Help {
                family,
                help: Cow::Borrowed(&self.head.help),
            },
            MetadataField::Unit => Entry::Unit {
                family,
                unit: Cow::Borrowed(&self.head.unit),
            },
            MetadataField::Type => Entry::Type {
                family,
                metric_type: metric_type(self.kind),
            },
        }
    }

    fn sample_entry(&mut self, point: Point) -> Entry<'_> {
        self.write_raw(point);
        let millis = self.metric.timestamp_ms;
        let (value, start) = self.value(point);
        Entry::Sample(SampleEntry {
            series: Series {
                raw: &self.raw,
                dialect: Dialect::OpenMetrics,
                number_label: None,
                place: self.metric_place,
            },
            value,
            timestamp: (millis != 0).then_some(Timestamp::from_millis(millis)),
            start: start.map_or(StartTimestamp::UNKNOWN, |start| {
                StartTimestamp::from_millis(start.to_timestamp().millis())
            }),
            exemplars: Exemplars(self.exemplars(point)),
            seconds: (millis != 0).then_some(millis as f64 / 1000.0),
        })
    }

    fn write_raw(&mut self, point: Point) {
        let summary = self.metric.summary.as_ref();
        let histogram = self.metric.histogram.as_ref();
        let (suffix, extra) = match point {
            Point::Single | Point::Native => ("", None),
            Point::Sum => ("_sum", None),
            Point::Count => ("_count", None),
            Point::Quantile(index) => {
                let quantile = summary.map_or(0.0, |summary| summary.quantile[index].quantile);
                ("", Some((QUANTILE_LABEL, quantile)))
            }
            Point::Bucket(index) => {
                let bound = histogram.map_or(0.0, |histogram| histogram.bucket[index].upper_bound);
                ("_bucket", Some((BUCKET_LABEL, bound)))
            }
            Point::InfiniteBucket => ("_bucket", Some((BUCKET_LABEL, f64::INFINITY))),
        };
        let mut number = String::new();
        let extra = extra.map(|(name, value)| {
            write_openmetrics_float(&mut number, value);
            (name, &*number)
        });
        let labels = self
            .metric
            .label
            .iter()
            .map(|label| (&*label.name, &*label.value));
        self.raw.clear();
        write_series(&mut self.raw, &self.head.name, suffix, labels.chain(extra));
    }

    fn value(&self, point: Point) -> (Value, Option<Time>) {
        let metric = &self.metric;
        let number = match (self.kind, &metric.summary, &metric.histogram) {
            (Kind::Summary, Some(summary), _) => {
                let value = match point {
                    Point::Quantile(index) => summary.quantile[index].value,
                    Point::Sum => summary.sample_sum,
                    _ => summary.sample_count as f64,
                };
                (value, summary.created_timestamp)
            }
            (Kind::Histogram | Kind::GaugeHistogram, _, Some(message)) => {
                if let (Point::Native, Some(native)) = (point, &self.native) {
                    return (native.clone(), message.created_timestamp);
                }
                let value = match point {
                    Point::Bucket(index) => histogram::bucket_count(&message.bucket[index]),
                    Point::Sum => message.sample_sum,
                    _ => histogram::sample_count(message),
                };
                (value, message.created_timestamp)
            }
            (Kind::Counter, _, _) => {
                let counter = metric.counter.as_ref();
                let created = counter.and_then(|counter| counter.created_timestamp);
                (counter.map_or(0.0, |counter| counter.value), created)
            }
            (Kind::Gauge, _, _) => (metric.gauge.as_ref().map_or(0.0, |gauge| gauge.value), None),
            (Kind::Untyped, _, _) => (
                metric.untyped.as_ref().map_or(0.0, |untyped| untyped.value),
                None,
            ),
            // A summary or histogram without its message is one without observations.
            _ => (0.0, None),
        };
        (Value::Float(number.0), number.1)
    }

    fn exemplars(&self, point: Point) -> ExemplarSource<'_> {
        let place = self.metric_place;
        let (counter, histogram) = (self.metric.counter.as_ref(), self.metric.histogram.as_ref());
        let one = match (point, counter, histogram) {
            (Point::Single, Some(counter), _) if self.kind == Kind::Counter => {
                counter.exemplar.as_deref()
            }
            (Point::Bucket(index), _, Some(histogram)) => {
                histogram.bucket[index].exemplar.as_deref()
            }
            (Point::Native, _, Some(histogram)) => {
                return match histogram.exemplars.is_empty() {
                    true => ExemplarSource::Buckets(&histogram.bucket, place),
                    false => ExemplarSource::Messages(&histogram.exemplars, place),
                };
            }
            _ => None,
        };
        one.map_or(ExemplarSource::None, |one| {
            ExemplarSource::Message(one, place)
        })
    }
}

fn metric_type(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Summary => MetricType::Summary,
        Kind::Untyped => MetricType::Unknown,
        Kind::Histogram => MetricType::Histogram,
        Kind::GaugeHistogram => MetricType::GaugeHistogram,
    }
}
