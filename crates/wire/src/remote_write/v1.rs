//! `prometheus.WriteRequest`: every series brings its labels as strings.

use plimsoll_types::{
    Exemplar, Labels, Metadata, Sample, SeriesRef, StartTimestamp, Timestamp, Value,
};
use prost::Message;

use super::{Pairs, histogram, messages, refuse_exemplar, refuse_series, show};
use crate::fields::{Field, Fields, take_varint};
use crate::metadata;
use crate::push::{Decoded, Error, KnownSeries, Limits, Meter, RefusalReason, Series, Spelling};

mod request {
    pub(super) const TIMESERIES: u64 = 1;
    pub(super) const METADATA: u64 = 3;
}

mod timeseries {
    pub(super) const LABEL: u64 = 1;
    pub(super) const SAMPLE: u64 = 2;
    pub(super) const EXEMPLAR: u64 = 3;
    pub(super) const HISTOGRAM: u64 = 4;
}

pub(super) fn decode(
    bytes: &[u8],
    limits: &Limits,
    known: &dyn KnownSeries,
) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let mut meter = Meter::new(limits);
    let mut index = 0;
    for field in Fields::new("prometheus.WriteRequest", bytes) {
        let field = field?;
        match field.number {
            request::TIMESERIES => {
                let bytes = field.bytes()?;
                let spelling = known
                    .seed()
                    .and_then(|seed| Some(Spelling::of(labels_of(bytes)?, seed)));
                match spelling.and_then(|spelling| known.find(spelling)) {
                    Some(series) if has_floats_only(bytes) => {
                        decode_known(series, bytes, &mut meter, &mut decoded)?;
                    }
                    _ => decode_series(index, bytes, spelling, &mut meter, &mut decoded)?,
                }
                index += 1;
            }
            request::METADATA => decode_family(field.bytes()?, &mut meter, &mut decoded)?,
            _ => {}
        }
    }
    Ok(decoded)
}

/// The first byte of a label and of a sample: the number of the field, and that a length and bytes follow.
const LABEL_TAG: u8 = (timeseries::LABEL as u8) << 3 | 2;
const SAMPLE_TAG: u8 = (timeseries::SAMPLE as u8) << 3 | 2;

/// Returns the bytes of the labels, which stand before everything else in what every sender writes.
fn labels_of(bytes: &[u8]) -> Option<&[u8]> {
    let end = end_of_run(bytes, LABEL_TAG)?;
    // A message may say its labels in two places; then the first of them name nothing.
    let rest = Fields::new("TimeSeries", &bytes[end..]);
    let is_label = |field: Result<_, Error>| field.is_ok_and(is_label);
    (end > 0 && !rest.into_iter().any(is_label)).then(|| &bytes[..end])
}

fn is_label(field: Field<'_>) -> bool {
    field.number == timeseries::LABEL
}

/// Says whether nothing but float samples follows the labels.
fn has_floats_only(bytes: &[u8]) -> bool {
    let labels = end_of_run(bytes, LABEL_TAG).unwrap_or(0);
    end_of_run(&bytes[labels..], SAMPLE_TAG) == Some(bytes.len() - labels)
}

/// Returns where the run of fields with this tag ends that a message begins with.
fn end_of_run(bytes: &[u8], tag: u8) -> Option<usize> {
    let mut rest = bytes;
    while let [found, after @ ..] = rest
        && *found == tag
    {
        rest = after;
        let length = usize::try_from(take_varint(&mut rest)?).ok()?;
        rest = rest.get(length..)?;
    }
    Some(bytes.len() - rest.len())
}

/// Reads the floats of a series that was recognised.
fn decode_known(
    series: SeriesRef,
    bytes: &[u8],
    meter: &mut Meter,
    decoded: &mut Decoded,
) -> Result<(), Error> {
    let samples = &bytes[end_of_run(bytes, LABEL_TAG).unwrap_or(0)..];
    for field in Fields::new("TimeSeries", samples) {
        let sample = decode_sample(field?.bytes()?, meter)?;
        decoded.known.push((series, sample));
    }
    Ok(())
}

/// Reads the labels first, wherever they are: a series that is refused costs no memory.
fn decode_series(
    index: u64,
    bytes: &[u8],
    spelling: Option<Spelling>,
    meter: &mut Meter,
    decoded: &mut Decoded,
) -> Result<(), Error> {
    let (mut pairs, mut samples) = (Pairs::default(), 0);
    for field in Fields::new("TimeSeries", bytes) {
        let field = field?;
        match field.number {
            timeseries::LABEL => pairs.push(decode_label(field.bytes()?)?, &meter.limits.labels),
            timeseries::SAMPLE | timeseries::HISTOGRAM => samples += 1,
            _ => {}
        }
    }
    match pairs.series(&meter.limits.labels) {
        Ok(labels) => decode_contents((labels, spelling), bytes, meter, decoded),
        Err(fault) => {
            refuse_series(decoded, index, &pairs, samples, &fault);
            Ok(())
        }
    }
}

fn decode_contents(
    (labels, spelling): (Labels, Option<Spelling>),
    bytes: &[u8],
    meter: &mut Meter,
    decoded: &mut Decoded,
) -> Result<(), Error> {
    meter.series(&labels)?;
    let mut series = Series {
        labels,
        spelling,
        ..Series::default()
    };
    for field in Fields::new("TimeSeries", bytes) {
        let field = field?;
        match field.number {
            timeseries::SAMPLE => series.samples.push(decode_sample(field.bytes()?, meter)?),
            timeseries::EXEMPLAR => {
                decode_exemplar(field.bytes()?, meter, &mut series, decoded)?;
            }
            timeseries::HISTOGRAM => {
                decode_histogram(field.bytes()?, meter, &mut series, decoded)?;
            }
            _ => {}
        }
    }
    // A series without contents is legal in 1.0 and says nothing.
    if !(series.samples.is_empty() && series.exemplars.is_empty()) {
        decoded.series.push(series);
    }
    Ok(())
}

fn decode_label(bytes: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let (mut name, mut value): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields::new("Label", bytes) {
        let field = field?;
        match field.number {
            1 => name = field.bytes()?,
            2 => value = field.bytes()?,
            _ => {}
        }
    }
    Ok((name, value))
}

/// Reads a float sample of either version.
pub(super) fn decode_sample(bytes: &[u8], meter: &mut Meter) -> Result<Sample, Error> {
    meter.sample(size_of::<Sample>())?;
    let (mut value, mut timestamp, mut start) = (0.0, 0, 0);
    for field in Fields::new("Sample", bytes) {
        let field = field?;
        match field.number {
            1 => value = field.double()?,
            2 => timestamp = field.int64()?,
            3 => start = field.int64()?,
            _ => {}
        }
    }
    Ok(Sample {
        timestamp: Timestamp::from_millis(timestamp),
        start: StartTimestamp::from_millis(start),
        value: Value::Float(value),
    })
}

/// Reads a histogram of either version; one that contradicts itself is refused alone.
pub(super) fn decode_histogram(
    bytes: &[u8],
    meter: &mut Meter,
    series: &mut Series,
    decoded: &mut Decoded,
) -> Result<(), Error> {
    let message = histogram::decode_message(bytes, meter)?;
    let timestamp = message.timestamp;
    match histogram::to_sample(message, meter)? {
        Ok(sample) => series.samples.push(sample),
        Err(error) => decoded
            .refusals
            .add(RefusalReason::InvalidHistogram, 1, || {
                let shown = show(&series.labels);
                format!("histogram of series {shown} at {timestamp} ms: {error}")
            }),
    }
    Ok(())
}

fn decode_exemplar(
    bytes: &[u8],
    meter: &mut Meter,
    series: &mut Series,
    decoded: &mut Decoded,
) -> Result<(), Error> {
    let (mut pairs, mut value, mut timestamp) = (Pairs::default(), 0.0, 0);
    for field in Fields::new("Exemplar", bytes) {
        let field = field?;
        match field.number {
            1 => pairs.push(decode_label(field.bytes()?)?, &meter.limits.labels),
            2 => value = field.double()?,
            3 => timestamp = field.int64()?,
            _ => {}
        }
    }
    match pairs.exemplar(&meter.limits.labels) {
        Ok(labels) => {
            meter.sample(size_of::<Exemplar>() + labels.byte_count())?;
            series.exemplars.push(Exemplar {
                labels,
                value,
                timestamp: Timestamp::from_millis(timestamp),
            });
        }
        Err(fault) => refuse_exemplar(decoded, &series.labels, &fault),
    }
    Ok(())
}

fn decode_family(bytes: &[u8], meter: &mut Meter, decoded: &mut Decoded) -> Result<(), Error> {
    let (mut metric_type, mut texts) = (0, [&[][..]; 3]);
    for field in Fields::new("MetricMetadata", bytes) {
        let field = field?;
        match field.number {
            1 => metric_type = field.varint()?,
            2 => texts[0] = field.bytes()?,
            4 => texts[1] = field.bytes()?,
            5 => texts[2] = field.bytes()?,
            _ => {}
        }
    }
    let name = std::str::from_utf8(texts[0]);
    match (
        name,
        metadata::help_of(texts[1]),
        metadata::unit_of(texts[2]),
    ) {
        (Ok(name), Ok(help), Ok(unit)) if !name.is_empty() => {
            let texts = name.len() + help.len() + unit.len();
            meter.memory(size_of::<(String, Metadata)>() + texts)?;
            let metadata = Metadata {
                metric_type: messages::metric_type(metric_type),
                unit: unit.into(),
                help: help.into(),
            };
            decoded.families.push((name.into(), metadata));
        }
        _ => decoded.refusals.add(RefusalReason::InvalidMetadata, 0, || {
            let shown = crate::push::quote(texts[0]);
            format!("metadata of {shown}: wanted a metric name and UTF-8 texts")
        }),
    }
    Ok(())
}

pub(super) fn encode(series: &[Series], families: &[(String, Metadata)]) -> Vec<u8> {
    let request = messages::WriteRequest {
        timeseries: series.iter().map(encode_series).collect(),
        metadata: families.iter().map(encode_family).collect(),
    };
    request.encode_to_vec()
}

fn encode_series(series: &Series) -> messages::TimeSeries {
    let mut message = messages::TimeSeries {
        labels: encode_labels(&series.labels),
        ..messages::TimeSeries::default()
    };
    for sample in &series.samples {
        match &sample.value {
            Value::Float(value) => message.samples.push(messages::Sample {
                value: *value,
                timestamp: sample.timestamp.millis(),
                start_timestamp: 0,
            }),
            Value::Histogram(contents) => message.histograms.push(messages::Histogram {
                start_timestamp: 0,
                ..histogram::from_sample(sample, contents)
            }),
        }
    }
    let exemplar = |exemplar: &Exemplar| messages::Exemplar {
        labels: encode_labels(&exemplar.labels),
        value: exemplar.value,
        timestamp: exemplar.timestamp.millis(),
    };
    message.exemplars = series.exemplars.iter().map(exemplar).collect();
    message
}

fn encode_labels(labels: &Labels) -> Vec<messages::Label> {
    let label = |(name, value): (&str, &str)| messages::Label {
        name: name.into(),
        value: value.into(),
    };
    labels.iter().map(label).collect()
}

fn encode_family((name, metadata): &(String, Metadata)) -> messages::FamilyMetadata {
    messages::FamilyMetadata {
        metric_type: messages::MetricType::from(metadata.metric_type).into(),
        metric_family_name: name.clone(),
        help: metadata.help.clone(),
        unit: metadata.unit.clone(),
    }
}
