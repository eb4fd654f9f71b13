//! The payload of a batch record and of a series record.
//!
//! ```text
//! batch:  | samples | exemplars | metadata |
//! samples | n | refs | timestamps | starts | h | positions of histograms | 8 bytes per float | histograms |
//!         refs and timestamps: zigzag difference to the one before; positions: difference to the one before
//!         starts: 0, or 1 and n zigzag differences to the one before
//! exemplars | n | per exemplar: ref, timestamp (zigzag differences) | value 8 | labels |
//! metadata  | n | per entry: ref (zigzag difference) | type 1 | unit text | help text |
//! series: | n | per series: ref (zigzag difference) | labels |
//! labels  | n | per label: name text, value text |        text | length | UTF-8 |
//! ```
//!
//! Every number without a width is a varint. The order of samples is kept, because the last of two values wins.

use std::sync::Arc;

use plimsoll_types::{
    Exemplar, Labels, Metadata, MetricType, Sample, SeriesRef, StartTimestamp, Timestamp, Value,
    WriteBatch,
};

use super::bytes::{Decoded, Malformed, Reader, put_float, put_text, put_varint, put_zigzag};
use super::histogram::{put_histogram, read_histogram};

const TYPES: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
];

/// Returns the payload of a batch.
pub fn encode_batch(batch: &WriteBatch) -> Vec<u8> {
    let mut into = Vec::with_capacity(16 + 12 * batch.samples.len());
    put_samples(&mut into, &batch.samples);
    put_exemplars(&mut into, &batch.exemplars);
    put_metadata(&mut into, &batch.metadata);
    into
}

/// Reads what [`encode_batch`] wrote.
///
/// # Errors
/// [`Malformed`] when the bytes are anything else.
pub fn decode_batch(bytes: &[u8]) -> Result<WriteBatch, Malformed> {
    let mut reader = Reader::new(bytes);
    let batch = WriteBatch {
        samples: read_samples(&mut reader)?,
        exemplars: read_exemplars(&mut reader)?,
        metadata: read_metadata(&mut reader)?,
    };
    at_end(&reader, batch)
}

/// Returns the payload that defines series.
pub fn encode_series(series: &[(SeriesRef, Labels)]) -> Vec<u8> {
    let mut into = Vec::with_capacity(64 * series.len());
    let mut refs = Difference::default();
    put_varint(&mut into, series.len() as u64);
    for (id, labels) in series {
        refs.put(&mut into, id.0 as i64);
        put_labels(&mut into, labels);
    }
    into
}

/// Reads what [`encode_series`] wrote.
///
/// # Errors
/// [`Malformed`] when the bytes are anything else.
pub fn decode_series(bytes: &[u8]) -> Result<Vec<(SeriesRef, Labels)>, Malformed> {
    let mut reader = Reader::new(bytes);
    let mut refs = Difference::default();
    let count = reader.count(2)?;
    let series = (0..count)
        .map(|_| Ok((refs.read_ref(&mut reader)?, read_labels(&mut reader)?)))
        .collect::<Decoded<_>>()?;
    at_end(&reader, series)
}

/// A column in which each number is stored as the difference to the one before.
#[derive(Default)]
struct Difference(i64);

impl Difference {
    fn put(&mut self, into: &mut Vec<u8>, value: i64) {
        put_zigzag(into, value.wrapping_sub(self.0));
        self.0 = value;
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Decoded<i64> {
        self.0 = self.0.wrapping_add(reader.zigzag()?);
        Ok(self.0)
    }

    fn read_ref(&mut self, reader: &mut Reader<'_>) -> Decoded<SeriesRef> {
        self.read(reader).map(|id| SeriesRef(id as u64))
    }
}

fn at_end<T>(reader: &Reader<'_>, value: T) -> Decoded<T> {
    if reader.is_at_end() {
        Ok(value)
    } else {
        Err(Malformed("bytes follow the payload"))
    }
}

fn put_samples(into: &mut Vec<u8>, samples: &[(SeriesRef, Sample)]) {
    put_varint(into, samples.len() as u64);
    let mut refs = Difference::default();
    samples
        .iter()
        .for_each(|(id, _)| refs.put(into, id.0 as i64));
    let mut times = Difference::default();
    samples
        .iter()
        .for_each(|(_, sample)| times.put(into, sample.timestamp.millis()));
    put_starts(into, samples);
    let histograms = || {
        samples
            .iter()
            .enumerate()
            .filter_map(|(at, (_, sample))| match &sample.value {
                Value::Histogram(histogram) => Some((at, histogram)),
                Value::Float(_) => None,
            })
    };
    put_varint(into, histograms().count() as u64);
    let mut previous = 0;
    for (at, _) in histograms() {
        put_varint(into, (at - previous) as u64);
        previous = at;
    }
    for (_, sample) in samples {
        if let Value::Float(value) = sample.value {
            put_float(into, value);
        }
    }
    histograms().for_each(|(_, histogram)| put_histogram(into, histogram));
}

fn put_starts(into: &mut Vec<u8>, samples: &[(SeriesRef, Sample)]) {
    let is_known = |(_, sample): &(_, Sample)| sample.start != StartTimestamp::UNKNOWN;
    if !samples.iter().any(is_known) {
        return into.push(0);
    }
    into.push(1);
    let mut starts = Difference::default();
    samples
        .iter()
        .for_each(|(_, sample)| starts.put(into, sample.start.millis()));
}

fn read_samples(reader: &mut Reader<'_>) -> Decoded<Vec<(SeriesRef, Sample)>> {
    // Two bytes at least: one of the ref, one of the timestamp.
    let count = reader.count(2)?;
    let column = |reader: &mut Reader<'_>| {
        let mut column = Difference::default();
        (0..count)
            .map(|_| column.read(reader))
            .collect::<Decoded<Vec<_>>>()
    };
    let refs = column(reader)?;
    let times = column(reader)?;
    let starts = match reader.byte()? {
        0 => vec![0; count],
        1 => column(reader)?,
        _ => return Err(Malformed("unknown kind of start column")),
    };
    let positions = read_positions(reader, count)?;
    let mut samples = Vec::with_capacity(count);
    let mut next = positions.iter().copied().peekable();
    for at in 0..count {
        let value = match next.next_if_eq(&at) {
            Some(_) => f64::NAN,
            None => reader.float()?,
        };
        let sample = Sample {
            timestamp: Timestamp::from_millis(times[at]),
            start: StartTimestamp::from_millis(starts[at]),
            value: Value::Float(value),
        };
        samples.push((SeriesRef(refs[at] as u64), sample));
    }
    for at in positions {
        samples[at].1.value = Value::Histogram(Arc::new(read_histogram(reader)?));
    }
    Ok(samples)
}

/// Reads strictly ascending positions below `end`.
fn read_positions(reader: &mut Reader<'_>, end: usize) -> Decoded<Vec<usize>> {
    let count = reader.count(1)?;
    let mut positions: Vec<usize> = Vec::with_capacity(count);
    for _ in 0..count {
        let step = usize::try_from(reader.varint()?).unwrap_or(usize::MAX);
        let at = match positions.last() {
            Some(previous) if step > 0 => previous.saturating_add(step),
            Some(_) => return Err(Malformed("a histogram's position is there twice")),
            None => step,
        };
        if at >= end {
            return Err(Malformed(
                "a histogram's position lies past the last sample",
            ));
        }
        positions.push(at);
    }
    Ok(positions)
}

fn put_exemplars(into: &mut Vec<u8>, exemplars: &[(SeriesRef, Exemplar)]) {
    put_varint(into, exemplars.len() as u64);
    let (mut refs, mut times) = (Difference::default(), Difference::default());
    for (id, exemplar) in exemplars {
        refs.put(into, id.0 as i64);
        times.put(into, exemplar.timestamp.millis());
        put_float(into, exemplar.value);
        put_labels(into, &exemplar.labels);
    }
}

fn read_exemplars(reader: &mut Reader<'_>) -> Decoded<Vec<(SeriesRef, Exemplar)>> {
    let count = reader.count(11)?;
    let (mut refs, mut times) = (Difference::default(), Difference::default());
    let read = |_| {
        let id = refs.read_ref(reader)?;
        let timestamp = Timestamp::from_millis(times.read(reader)?);
        let value = reader.float()?;
        let labels = read_labels(reader)?;
        Ok((
            id,
            Exemplar {
                labels,
                value,
                timestamp,
            },
        ))
    };
    (0..count).map(read).collect()
}

fn put_metadata(into: &mut Vec<u8>, metadata: &[(SeriesRef, Metadata)]) {
    put_varint(into, metadata.len() as u64);
    let mut refs = Difference::default();
    for (id, entry) in metadata {
        refs.put(into, id.0 as i64);
        let kind = TYPES.iter().position(|kind| *kind == entry.metric_type);
        into.push(kind.expect("the table names every type") as u8);
        put_text(into, &entry.unit);
        put_text(into, &entry.help);
    }
}

fn read_metadata(reader: &mut Reader<'_>) -> Decoded<Vec<(SeriesRef, Metadata)>> {
    let count = reader.count(4)?;
    let mut refs = Difference::default();
    let read = |_| {
        let id = refs.read_ref(reader)?;
        let kind = TYPES.get(usize::from(reader.byte()?));
        let entry = Metadata {
            metric_type: *kind.ok_or(Malformed("unknown metric type"))?,
            unit: reader.text()?.into(),
            help: reader.text()?.into(),
        };
        Ok((id, entry))
    };
    (0..count).map(read).collect()
}

fn put_labels(into: &mut Vec<u8>, labels: &Labels) {
    put_varint(into, labels.len() as u64);
    for (name, value) in labels.iter() {
        put_text(into, name);
        put_text(into, value);
    }
}

fn read_labels(reader: &mut Reader<'_>) -> Decoded<Labels> {
    let count = reader.count(2)?;
    let pairs = (0..count)
        .map(|_| Ok((reader.text()?, reader.text()?)))
        .collect::<Decoded<Vec<_>>>()?;
    Labels::try_from_pairs(&pairs).map_err(|_| Malformed("a label is there twice"))
}

#[cfg(test)]
mod tests;
