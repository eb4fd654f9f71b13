//! Expositions that are pushed instead of scraped (`/api/v1/import/prometheus`).
//!
//! The same parser as for a scrape, with two differences: a sample without a timestamp gets the one of the request, and
//! what it yields is bounded by [`Limits`]. A line that cannot be parsed refuses the request whole, since a text that
//! is torn in one place says nothing about where the next sample begins; a series beyond the limits is refused alone.

use std::collections::HashMap;

use plimsoll_types::{Exemplar, Metadata, Sample, Timestamp};

use crate::exposition::{self, Entry, Format, Parser, SampleEntry};
use crate::push::{Decoded, Error, LabelFault, Limits, Meter, RefusalReason, Series};

/// Decodes an exposition; `timestamp` is for the samples that have none.
///
/// # Errors
/// [`Error::Malformed`] with line and column, [`Error::TooManySamples`] and [`Error::TooMuchMemory`]; what is wrong with
/// single series is in [`Decoded::refusals`].
pub fn decode(
    format: Format,
    bytes: &[u8],
    timestamp: Timestamp,
    limits: &Limits,
) -> Result<Decoded, Error> {
    let malformed = |error: exposition::Error| Error::Malformed(error.to_string());
    let mut parser =
        Parser::new(format, bytes, exposition::Options::default()).map_err(malformed)?;
    let mut import = Import {
        meter: Meter::new(limits),
        decoded: Decoded::default(),
        places: HashMap::new(),
        timestamp,
    };
    while let Some(entry) = parser.next_entry().map_err(malformed)? {
        match entry {
            Entry::Type {
                family,
                metric_type,
            } => import.family(&family, 0)?.metric_type = metric_type,
            Entry::Help { family, help } => {
                let metadata = import.family(&family, help.len())?;
                metadata.help = help.into_owned();
            }
            Entry::Unit { family, unit } => {
                let metadata = import.family(&family, unit.len())?;
                metadata.unit = unit.into_owned();
            }
            Entry::Sample(entry) => import.sample(&entry)?,
        }
    }
    Ok(import.decoded)
}

struct Import<'l> {
    meter: Meter<'l>,
    decoded: Decoded,
    /// Where each family is in `decoded.families`.
    places: HashMap<String, usize>,
    timestamp: Timestamp,
}

impl Import<'_> {
    fn family(&mut self, name: &str, text_length: usize) -> Result<&mut Metadata, Error> {
        self.meter.memory(text_length)?;
        let families = &mut self.decoded.families;
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                self.meter
                    .memory(2 * (size_of::<(String, Metadata)>() + name.len()))?;
                self.places.insert(name.into(), families.len());
                families.push((name.into(), Metadata::default()));
                families.len() - 1
            }
        };
        Ok(&mut families[place].1)
    }

    fn sample(&mut self, entry: &SampleEntry) -> Result<(), Error> {
        let limits = self.meter.limits.labels;
        let labels = entry
            .series
            .labels()
            .map_err(|error| LabelFault::invalid(error.message()))
            .and_then(|labels| limits.check(&labels).map(|()| labels));
        let labels = match labels {
            Ok(labels) => labels,
            Err(fault) => {
                self.decoded.refusals.add(fault.reason, 1, || {
                    let (line, column) = entry.series.place();
                    format!("line {line}, column {column}: {}", fault.message)
                });
                return Ok(());
            }
        };
        self.meter.series(&labels)?;
        self.meter.sample(size_of::<Sample>())?;
        if let plimsoll_types::Value::Histogram(histogram) = &entry.value {
            self.meter.memory(histogram.byte_count())?;
        }
        let timestamp = entry.timestamp.unwrap_or(self.timestamp);
        let exemplars = self.exemplars(entry, timestamp)?;
        self.decoded.series.push(Series {
            labels,
            samples: vec![Sample {
                timestamp,
                start: entry.start,
                value: entry.value.clone(),
            }],
            exemplars,
            metadata: None,
        });
        Ok(())
    }

    fn exemplars(
        &mut self,
        entry: &SampleEntry,
        timestamp: Timestamp,
    ) -> Result<Vec<Exemplar>, Error> {
        let mut exemplars = Vec::new();
        for raw in entry.exemplars.iter() {
            let exemplar = raw
                .to_exemplar(timestamp)
                .map_err(|error| LabelFault::invalid(error.message()))
                .and_then(|exemplar| {
                    let checked = self.meter.limits.labels.check(&exemplar.labels);
                    checked.map(|()| exemplar)
                });
            match exemplar {
                Ok(exemplar) => {
                    self.meter
                        .sample(size_of::<Exemplar>() + exemplar.labels.byte_count())?;
                    exemplars.push(exemplar);
                }
                Err(fault) => self
                    .decoded
                    .refusals
                    .add(RefusalReason::InvalidExemplar, 0, || {
                        let (line, column) = entry.series.place();
                        format!("line {line}, column {column}: exemplar: {}", fault.message)
                    }),
            }
        }
        Ok(exemplars)
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::MetricType;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(42);

    fn decode_text(text: &str) -> Result<Decoded, Error> {
        decode(
            Format::PrometheusText004,
            text.as_bytes(),
            NOW,
            &Limits::default(),
        )
    }

    #[test]
    fn a_sample_without_a_time_gets_that_of_the_request() {
        let decoded =
            decode_text("# HELP up It is up\n# TYPE up gauge\nup{job=\"a\"} 1\nup 2 7\n").unwrap();
        let times: Vec<_> = decoded
            .series
            .iter()
            .map(|series| (series.labels.to_string(), series.samples[0].timestamp))
            .collect();
        assert_eq!(
            times,
            [
                (r#"up{job="a"}"#.to_string(), NOW),
                ("up".to_string(), Timestamp::from_millis(7)),
            ]
        );
        let metadata = Metadata {
            metric_type: MetricType::Gauge,
            unit: String::new(),
            help: "It is up".into(),
        };
        assert_eq!(decoded.families, [("up".to_string(), metadata)]);
    }

    #[test]
    fn a_torn_line_refuses_the_request_with_its_place() {
        let error = decode_text("up 1\nup{job= 1\n").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column "), "{error}");
    }

    #[test]
    fn a_series_beyond_the_limits_is_refused_alone() {
        let value = "x".repeat(70_000);
        let decoded = decode_text(&format!("a{{b=\"{value}\"}} 1\nup 1\n")).unwrap();
        assert_eq!(decoded.series.len(), 1);
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 1, column 1: the value of label \"b\" has 70000 bytes, the limit is 64 KiB"
        );
    }

    #[test]
    fn samples_and_memory_are_limited() {
        let limits = Limits {
            samples: 1,
            ..Limits::default()
        };
        assert_eq!(
            decode(Format::PrometheusText004, b"a 1\nb 1\n", NOW, &limits),
            Err(Error::TooManySamples { limit: 1 })
        );
    }
}
