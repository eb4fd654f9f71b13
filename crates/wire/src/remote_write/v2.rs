//! `io.prometheus.write.v2.Request`: strings once in a symbol table, series refer to them.
//!
//! The table may follow the series that refer to it, so it is read in a pass of its own. One long symbol that many
//! series refer to would multiply in memory, therefore every label set is checked and charged before it is built.

mod spelling;

use std::collections::HashMap;
use std::str::Utf8Error;

use plimsoll_types::{
    Exemplar, Labels, Metadata, Sample, SeriesRef, StartTimestamp, Timestamp, Value,
};
use prost::Message;

use super::v1::{decode_histogram, decode_sample};
use super::{Pair, Pairs, histogram, messages, refuse_exemplar, refuse_series, show};
use crate::fields::{Field, Fields};
use crate::metadata;
use crate::push::{
    Decoded, Error, KnownSeries, LabelFault, LabelLimits, Limits, Meter, RefusalReason, Series,
    Spelling,
};
use spelling::{HASH_BYTES, Speller};

const MESSAGE: &str = "io.prometheus.write.v2.Request";

mod request {
    pub(super) const SYMBOL: u64 = 4;
    pub(super) const TIMESERIES: u64 = 5;
}

mod timeseries {
    pub(super) const LABEL_REFS: u64 = 1;
    pub(super) const SAMPLE: u64 = 2;
    pub(super) const HISTOGRAM: u64 = 3;
    pub(super) const EXEMPLAR: u64 = 4;
    pub(super) const METADATA: u64 = 5;
    pub(super) const CREATED_TIMESTAMP: u64 = 6;
}

pub(super) fn decode(
    bytes: &[u8],
    limits: &Limits,
    known: &dyn KnownSeries,
) -> Result<Decoded, Error> {
    let mut decoded = Decoded::default();
    let mut meter = Meter::new(limits);
    let symbols = decode_symbols(bytes, &mut meter)?;
    let mut speller = known.seed().map(|seed| Speller::new(&symbols, seed));
    let mut index = 0;
    for field in Fields::new(MESSAGE, bytes) {
        let field = field?;
        if field.number == request::TIMESERIES {
            let bytes = field.bytes()?;
            let spelled = speller.as_mut().map(|speller| speller.spell(bytes));
            let (spelling, is_plain) = spelled.unwrap_or_default();
            let mut decoder = SeriesDecoder {
                symbols: &symbols,
                meter: &mut meter,
                decoded: &mut decoded,
            };
            match spelling.and_then(|spelling| known.find(spelling)) {
                Some(series) if is_plain => decoder.decode_known(series, bytes)?,
                _ => decoder.decode(index, bytes, spelling)?,
            }
            index += 1;
        }
    }
    Ok(decoded)
}

fn decode_symbols<'a>(bytes: &'a [u8], meter: &mut Meter) -> Result<Vec<&'a [u8]>, Error> {
    let mut symbols: Vec<&[u8]> = Vec::new();
    for field in Fields::new(MESSAGE, bytes) {
        let field = field?;
        if field.number == request::SYMBOL {
            meter.memory(size_of::<&[u8]>() + HASH_BYTES)?;
            symbols.push(field.bytes()?);
        }
    }
    match symbols.first() {
        Some(first) if !first.is_empty() => Err(Error::Malformed(format!(
            "wanted an empty string as the first symbol, found {}",
            crate::push::quote(first)
        ))),
        _ => Ok(symbols),
    }
}

/// References to symbols as they come, kept up to the limit and counted beyond it.
#[derive(Default)]
struct References {
    kept: Vec<u32>,
    count: usize,
}

impl References {
    fn extend(&mut self, field: Field, limits: &LabelLimits) -> Result<(), Error> {
        field.for_each_uint32(|reference| {
            self.count += 1;
            if self.count <= limits.count.saturating_mul(2) {
                self.kept.push(reference);
            }
        })
    }
}

struct SeriesDecoder<'a, 'b, 'l> {
    symbols: &'a [&'a [u8]],
    meter: &'b mut Meter<'l>,
    decoded: &'b mut Decoded,
}

impl<'a> SeriesDecoder<'a, '_, '_> {
    /// Reads the labels first, wherever they are: a series that is refused costs no memory.
    fn decode(
        &mut self,
        index: u64,
        bytes: &'a [u8],
        spelling: Option<Spelling>,
    ) -> Result<(), Error> {
        let (mut references, mut samples, mut created) = (References::default(), 0, 0);
        let mut has_exemplars = false;
        for field in Fields::new("TimeSeries", bytes) {
            let field = field?;
            match field.number {
                timeseries::LABEL_REFS => references.extend(field, &self.meter.limits.labels)?,
                timeseries::SAMPLE | timeseries::HISTOGRAM => samples += 1,
                timeseries::EXEMPLAR => has_exemplars = true,
                timeseries::CREATED_TIMESTAMP => created = field.int64()?,
                _ => {}
            }
        }
        let mut pairs = Pairs::default();
        let labels = self
            .resolve(&references, &mut pairs)
            .and_then(|()| pairs.series(&self.meter.limits.labels));
        match labels {
            // The specification asks for a sample, but Prometheus sends exemplars in series of their own.
            Ok(labels) if samples == 0 && !has_exemplars => {
                self.decoded.refusals.add(RefusalReason::NoSamples, 0, || {
                    let shown = show(&labels);
                    format!("series {index} {shown}: wanted at least one sample or histogram")
                });
                Ok(())
            }
            Ok(labels) => {
                let created = StartTimestamp::from_millis(created);
                self.decode_contents((labels, spelling), created, bytes)
            }
            Err(fault) => {
                refuse_series(self.decoded, index, &pairs, samples, &fault);
                Ok(())
            }
        }
    }

    /// Reads the floats of a series that was recognised.
    fn decode_known(&mut self, series: SeriesRef, bytes: &'a [u8]) -> Result<(), Error> {
        let (first, mut created) = (self.decoded.known.len(), StartTimestamp::UNKNOWN);
        for field in Fields::new("TimeSeries", bytes) {
            let field = field?;
            match field.number {
                timeseries::SAMPLE => {
                    let sample = decode_sample(field.bytes()?, self.meter)?;
                    self.decoded.known.push((series, sample));
                }
                timeseries::CREATED_TIMESTAMP => {
                    created = StartTimestamp::from_millis(field.int64()?);
                }
                _ => {}
            }
        }
        let samples = self.decoded.known[first..].iter_mut();
        samples.for_each(|(_, sample)| set_start(sample, created));
        Ok(())
    }

    fn decode_contents(
        &mut self,
        (labels, spelling): (Labels, Option<Spelling>),
        created: StartTimestamp,
        bytes: &'a [u8],
    ) -> Result<(), Error> {
        self.meter.series(&labels)?;
        let mut series = Series {
            labels,
            spelling,
            ..Series::default()
        };
        for field in Fields::new("TimeSeries", bytes) {
            let field = field?;
            match field.number {
                timeseries::SAMPLE => {
                    let sample = decode_sample(field.bytes()?, self.meter)?;
                    series.samples.push(sample);
                }
                timeseries::HISTOGRAM => {
                    decode_histogram(field.bytes()?, self.meter, &mut series, self.decoded)?;
                }
                timeseries::EXEMPLAR => self.decode_exemplar(field.bytes()?, &mut series)?,
                timeseries::METADATA => self.decode_metadata(field.bytes()?, &mut series)?,
                _ => {}
            }
        }
        let samples = series.samples.iter_mut();
        samples.for_each(|sample| set_start(sample, created));
        if !(series.samples.is_empty() && series.exemplars.is_empty()) {
            self.decoded.series.push(series);
        }
        Ok(())
    }

    fn decode_exemplar(&mut self, bytes: &'a [u8], series: &mut Series) -> Result<(), Error> {
        let (mut references, mut value, mut timestamp) = (References::default(), 0.0, 0);
        for field in Fields::new("Exemplar", bytes) {
            let field = field?;
            match field.number {
                1 => references.extend(field, &self.meter.limits.labels)?,
                2 => value = field.double()?,
                3 => timestamp = field.int64()?,
                _ => {}
            }
        }
        let mut pairs = Pairs::default();
        let labels = self
            .resolve(&references, &mut pairs)
            .and_then(|()| pairs.exemplar(&self.meter.limits.labels));
        match labels {
            Ok(labels) => {
                self.meter
                    .sample(size_of::<Exemplar>() + labels.byte_count())?;
                series.exemplars.push(Exemplar {
                    labels,
                    value,
                    timestamp: Timestamp::from_millis(timestamp),
                });
            }
            Err(fault) => refuse_exemplar(self.decoded, &series.labels, &fault),
        }
        Ok(())
    }

    fn decode_metadata(&mut self, bytes: &[u8], series: &mut Series) -> Result<(), Error> {
        let (mut metric_type, mut help, mut unit) = (0, 0, 0);
        for field in Fields::new("Metadata", bytes) {
            let field = field?;
            match field.number {
                1 => metric_type = field.varint()?,
                3 => help = field.varint()?,
                4 => unit = field.varint()?,
                _ => {}
            }
        }
        let help = self.text(help, metadata::help_of);
        match (help, self.text(unit, metadata::unit_of)) {
            (Ok(help), Ok(unit)) => {
                self.meter.memory(help.len() + unit.len())?;
                let metadata = Metadata {
                    metric_type: messages::metric_type(metric_type),
                    unit: unit.into(),
                    help: help.into(),
                };
                // Prometheus sends an empty message for a series of which it knows nothing.
                series.metadata = (metadata != Metadata::default()).then_some(metadata);
            }
            (Err(fault), _) | (_, Err(fault)) => {
                self.decoded
                    .refusals
                    .add(RefusalReason::InvalidMetadata, 0, || {
                        format!("metadata of series {}: {fault}", show(&series.labels))
                    });
            }
        }
        Ok(())
    }

    /// Collects the pairs that the references name; those before a bad one stay, so that messages can show them.
    fn resolve(&self, references: &References, pairs: &mut Pairs<'a>) -> Result<(), LabelFault> {
        let limits = &self.meter.limits.labels;
        for two in references.kept.chunks_exact(2) {
            let pair: Pair = (self.symbol(two[0].into())?, self.symbol(two[1].into())?);
            pairs.push(pair, limits);
        }
        let count = references.count;
        if !count.is_multiple_of(2) {
            return Err(LabelFault::invalid(format!(
                "wanted an even number of label references, found {count}"
            )));
        }
        limits.check_count(count / 2)
    }

    fn symbol(&self, reference: u64) -> Result<&'a [u8], LabelFault> {
        usize::try_from(reference)
            .ok()
            .and_then(|index| self.symbols.get(index).copied())
            .ok_or_else(|| {
                let count = self.symbols.len();
                LabelFault::invalid(format!(
                    "wanted a reference to one of {count} symbols, found {reference}"
                ))
            })
    }

    /// Returns what is kept of the text of a symbol; a request without symbols still has the empty one.
    fn text(
        &self,
        reference: u64,
        read: impl Fn(&'a [u8]) -> Result<&'a str, Utf8Error>,
    ) -> Result<&'a str, String> {
        if reference == 0 {
            return Ok("");
        }
        let bytes = self.symbol(reference).map_err(|fault| fault.message)?;
        read(bytes).map_err(|_| format!("symbol {reference} is not valid UTF-8"))
    }
}

/// A sample that does not say its start has that of its series.
fn set_start(sample: &mut Sample, created: StartTimestamp) {
    if sample.start == StartTimestamp::UNKNOWN {
        sample.start = created;
    }
}

/// Gives each string its place in the table.
struct Symbols<'a> {
    places: HashMap<&'a str, u32>,
    texts: Vec<String>,
}

impl<'a> Symbols<'a> {
    fn new() -> Self {
        Self {
            places: HashMap::from([("", 0)]),
            texts: vec![String::new()],
        }
    }

    fn place(&mut self, text: &'a str) -> u32 {
        let next = self.texts.len() as u32;
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(text.into());
            next
        })
    }

    fn labels(&mut self, labels: &'a Labels) -> Vec<u32> {
        labels
            .iter()
            .flat_map(|(name, value)| [name, value])
            .map(|text| self.place(text))
            .collect()
    }
}

pub(super) fn encode(series: &[Series]) -> Vec<u8> {
    let mut symbols = Symbols::new();
    let timeseries = series
        .iter()
        .map(|series| encode_series(series, &mut symbols))
        .collect();
    let request = messages::RequestV2 {
        symbols: symbols.texts,
        timeseries,
    };
    request.encode_to_vec()
}

fn encode_series<'a>(series: &'a Series, symbols: &mut Symbols<'a>) -> messages::TimeSeriesV2 {
    let mut message = messages::TimeSeriesV2 {
        label_refs: symbols.labels(&series.labels),
        ..messages::TimeSeriesV2::default()
    };
    for sample in &series.samples {
        match &sample.value {
            Value::Float(value) => message.samples.push(messages::Sample {
                value: *value,
                timestamp: sample.timestamp.millis(),
                start_timestamp: sample.start.millis(),
            }),
            Value::Histogram(contents) => message
                .histograms
                .push(histogram::from_sample(sample, contents)),
        }
    }
    for exemplar in &series.exemplars {
        message.exemplars.push(messages::ExemplarV2 {
            label_refs: symbols.labels(&exemplar.labels),
            value: exemplar.value,
            timestamp: exemplar.timestamp.millis(),
        });
    }
    message.metadata = series
        .metadata
        .as_ref()
        .map(|metadata| messages::MetadataV2 {
            metric_type: messages::MetricType::from(metadata.metric_type).into(),
            help_ref: symbols.place(&metadata.help),
            unit_ref: symbols.place(&metadata.unit),
        });
    message
}
