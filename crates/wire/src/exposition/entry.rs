//! What a parser yields, one entry at a time, borrowed from the input: nothing is allocated for an unchanged line.

use std::borrow::Cow;

use plimsoll_types::{
    BUCKET_LABEL, Exemplar, Labels, LabelsBuilder, METRIC_NAME, MetricType, QUANTILE_LABEL,
    StartTimestamp, Timestamp, Value,
};

use super::error::{Echo, Error, ErrorKind, Place};
use super::messages;
use super::number::{parse_float, write_openmetrics_float};
use super::scan::{Cursor, Dialect, Part, unescape};

/// One line of a text exposition, or what one line would say in a protobuf exposition.
#[derive(Clone, Debug)]
pub enum Entry<'a> {
    /// The type of a metric family.
    Type {
        /// The family's name as exposed: in text 0.0.4 a counter's ends in `_total`, in OpenMetrics it does not.
        family: Cow<'a, str>,
        /// The type.
        metric_type: MetricType,
    },
    /// The help of a metric family.
    Help {
        /// The family's name.
        family: Cow<'a, str>,
        /// The help with escapes resolved; may be empty.
        help: Cow<'a, str>,
    },
    /// The unit of a metric family.
    Unit {
        /// The family's name.
        family: Cow<'a, str>,
        /// The unit; may be empty.
        unit: Cow<'a, str>,
    },
    /// A sample.
    Sample(SampleEntry<'a>),
}

/// A sample of a series whose labels have not been read yet.
#[derive(Clone, Debug)]
pub struct SampleEntry<'a> {
    /// The series.
    pub series: Series<'a>,
    /// The float or native histogram; a `NaN` in a text is Prometheus' normal NaN, in protobuf every payload survives.
    pub value: Value,
    /// The time that the target says; `None` means the time of the scrape.
    pub timestamp: Option<Timestamp>,
    /// Since when the counter or histogram counts (protobuf only).
    pub start: StartTimestamp,
    /// The exemplars: at most one in text formats, any number for a native histogram.
    pub exemplars: Exemplars<'a>,
    /// The timestamp in seconds as exposed, finer than a millisecond.
    pub(super) seconds: Option<f64>,
}

/// The name and labels of a series as the target wrote them.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    pub(super) raw: &'a str,
    pub(super) dialect: Dialect,
    /// The label whose value is a number, and is stored in one spelling whatever the target's.
    pub(super) number_label: Option<&'static str>,
    pub(super) place: Place,
}

impl<'a> Series<'a> {
    /// Returns the exact text of name and label block: the same text from the same target is the same series.
    ///
    /// For protobuf it is made up, in the form of text format 1.0.0.
    pub fn raw(&self) -> &'a str {
        self.raw
    }

    /// Returns the line and the column, both from 1, at which the series stands.
    pub fn place(&self) -> (usize, usize) {
        (self.place.line, self.place.column)
    }

    /// Returns the metric's name without reading the labels (unless the name is quoted and among them).
    pub fn metric_name(&self) -> Cow<'a, str> {
        let bare = Cursor::new(self.raw, self.dialect).word(true);
        if !bare.is_empty() {
            return Cow::Borrowed(bare);
        }
        let mut found = Cow::Borrowed("");
        self.walk(|part| {
            if let Part::MetricName(name) = part {
                found = unescape(name);
            }
        });
        found
    }

    /// Returns how many labels there are, the name and empty ones among them, without keeping any.
    pub fn label_count(&self) -> usize {
        let mut count = 0;
        self.walk(|_| count += 1);
        count
    }

    /// Reads name and labels.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateLabel`] with the place of the series.
    pub fn labels(&self) -> Result<Labels, Error> {
        Ok(Labels::from_pairs(self.sorted_pairs()?))
    }

    /// Reads name and labels into `builder`; of a label that is already there the new value counts. Empty values are
    /// absent labels and change nothing.
    ///
    /// # Errors
    /// As [`labels`](Self::labels); the builder is then unchanged.
    pub fn write_labels(&self, builder: &mut LabelsBuilder) -> Result<(), Error> {
        // Sorted, each one goes to the end of an empty builder: a hostile million of labels stays linear.
        for (name, value) in self.sorted_pairs()? {
            if !value.is_empty() {
                builder.set(&name, &value);
            }
        }
        Ok(())
    }

    fn sorted_pairs(&self) -> Result<Vec<Pair<'a>>, Error> {
        let mut pairs = Vec::new();
        self.walk(|part| {
            pairs.push(match part {
                Part::MetricName(name) => (Cow::Borrowed(METRIC_NAME), unescape(name)),
                Part::Label { name, value } => {
                    let is_number = self.number_label == Some(name);
                    let value = if is_number {
                        normalize(value)
                    } else {
                        unescape(value)
                    };
                    (unescape(name), value)
                }
            });
        });
        sorted(pairs, self.place)
    }

    fn walk(&self, mut visit: impl FnMut(Part<'a>)) {
        let walked = Cursor::new(self.raw, self.dialect).series(&mut visit);
        debug_assert!(walked.is_ok(), "the parser walked the same text before");
    }
}

/// Walks a label block with both braces.
fn walk_block<'a>(text: &'a str, mut visit: impl FnMut(&'a str, &'a str)) {
    let mut cursor = Cursor::new(text, Dialect::OpenMetrics);
    cursor.at = 1;
    let walked = cursor.label_block(&mut true, &mut |part| {
        if let Part::Label { name, value } = part {
            visit(name, value);
        }
    });
    debug_assert!(walked.is_ok(), "the parser walked the same text before");
}

/// Says which label of a family's series is a number.
pub(super) fn number_label(metric_type: MetricType) -> Option<&'static str> {
    match metric_type {
        MetricType::Histogram => Some(BUCKET_LABEL),
        MetricType::Summary => Some(QUANTILE_LABEL),
        _ => None,
    }
}

/// Prometheus stores `le="1"` as `le="1.0"`, so that the bucket is the same series whatever the format.
fn normalize(value: &str) -> Cow<'_, str> {
    match parse_float(value) {
        Some(number) => {
            let mut out = String::new();
            write_openmetrics_float(&mut out, number);
            Cow::Owned(out)
        }
        None => unescape(value),
    }
}

/// Name and value of a label, escapes resolved.
type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

fn sorted<'a>(mut pairs: Vec<Pair<'a>>, place: Place) -> Result<Vec<Pair<'a>>, Error> {
    pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    match pairs.windows(2).find(|two| two[0].0 == two[1].0) {
        None => Ok(pairs),
        Some(two) => Err(Error::new(
            ErrorKind::DuplicateLabel,
            place.line,
            place.column,
            format!("expected each label once, found {} twice", Echo(&two[0].0)),
        )),
    }
}

/// The exemplars of a sample.
#[derive(Clone, Debug, Default)]
pub struct Exemplars<'a>(pub(super) ExemplarSource<'a>);

#[derive(Clone, Debug, Default)]
pub(super) enum ExemplarSource<'a> {
    #[default]
    None,
    Text(RawExemplar<'a>),
    Message(&'a messages::Exemplar, Place),
    Messages(&'a [messages::Exemplar], Place),
    Buckets(&'a [messages::Bucket], Place),
}

impl<'a> Exemplars<'a> {
    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Walks the exemplars in the order of the exposition.
    pub fn iter(&self) -> impl Iterator<Item = RawExemplar<'a>> + '_ {
        let (one, many, buckets, place): (_, &'a [_], &'a [messages::Bucket], _) = match &self.0 {
            ExemplarSource::None => (None, &[], &[], Place::START),
            ExemplarSource::Text(exemplar) => (Some(*exemplar), &[], &[], Place::START),
            ExemplarSource::Message(one, place) => (None, std::slice::from_ref(*one), &[], *place),
            ExemplarSource::Messages(many, place) => (None, many, &[], *place),
            ExemplarSource::Buckets(buckets, place) => (None, &[], buckets, *place),
        };
        let of_buckets = buckets
            .iter()
            .filter_map(|bucket| bucket.exemplar.as_deref())
            // A native histogram keeps exemplars by time, so those without are of no use to it.
            .filter(|exemplar| exemplar.timestamp.is_some());
        let messages = many.iter().chain(of_buckets);
        one.into_iter()
            .chain(messages.map(move |exemplar| RawExemplar::from_message(exemplar, place)))
    }
}

/// An exemplar whose labels have not been read yet.
#[derive(Clone, Copy, Debug)]
pub struct RawExemplar<'a> {
    /// The value.
    pub value: f64,
    /// When it was observed, when the target says.
    pub timestamp: Option<Timestamp>,
    labels: ExemplarLabels<'a>,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
enum ExemplarLabels<'a> {
    /// The label block with both braces.
    Text(&'a str),
    Pairs(&'a [messages::LabelPair]),
}

impl<'a> RawExemplar<'a> {
    pub(super) fn from_text(
        labels: &'a str,
        value: f64,
        timestamp: Option<Timestamp>,
        place: Place,
    ) -> Self {
        Self {
            value,
            timestamp,
            labels: ExemplarLabels::Text(labels),
            place,
        }
    }

    fn from_message(message: &'a messages::Exemplar, place: Place) -> Self {
        Self {
            value: message.value,
            timestamp: message.timestamp.as_ref().map(|at| at.to_timestamp()),
            labels: ExemplarLabels::Pairs(&message.label),
            place,
        }
    }

    /// Returns the label block as exposed, with braces; `None` in protobuf.
    pub(super) fn raw_labels(&self) -> Option<&'a str> {
        match self.labels {
            ExemplarLabels::Text(text) => Some(text),
            ExemplarLabels::Pairs(_) => None,
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Reads the labels.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateLabel`] with the place of the sample.
    pub fn labels(&self) -> Result<Labels, Error> {
        Ok(Labels::from_pairs(self.pairs()?))
    }

    /// Reads name and value of each label, sorted by name, empty values included.
    pub(super) fn pairs(&self) -> Result<Vec<Pair<'a>>, Error> {
        let mut pairs = Vec::new();
        match self.labels {
            ExemplarLabels::Text(text) => {
                walk_block(text, |name, value| {
                    pairs.push((unescape(name), unescape(value)));
                });
            }
            ExemplarLabels::Pairs(labels) => pairs.extend(
                labels
                    .iter()
                    .map(|label| (Cow::Borrowed(&*label.name), Cow::Borrowed(&*label.value))),
            ),
        }
        sorted(pairs, self.place)
    }

    /// Returns how many labels there are, empty ones among them, without keeping any.
    pub fn label_count(&self) -> usize {
        match self.labels {
            ExemplarLabels::Text(text) => {
                let mut count = 0;
                walk_block(text, |_, _| count += 1);
                count
            }
            ExemplarLabels::Pairs(labels) => labels.len(),
        }
    }

    /// Makes the exemplar that is stored; `otherwise` stands in for a timestamp that the target did not give.
    ///
    /// # Errors
    /// As [`labels`](Self::labels).
    pub fn to_exemplar(&self, otherwise: Timestamp) -> Result<Exemplar, Error> {
        Ok(Exemplar {
            labels: self.labels()?,
            value: self.value,
            timestamp: self.timestamp.unwrap_or(otherwise),
        })
    }
}
