//! Expositions that are pushed instead of scraped (`/api/v1/import/prometheus`).
//!
//! The same parser as for a scrape, with two differences: a sample without a timestamp gets the one of the request, and
//! what it yields is bounded by [`Limits`]. A line that cannot be parsed refuses the request whole, since a text that
//! is torn in one place says nothing about where the next sample begins; a series beyond the limits is refused alone.

use std::collections::HashMap;

use plimsoll_types::{Exemplar, Labels, Metadata, Sample, Timestamp};

use crate::exposition::{self, Entry, Format, Parser, RawExemplar, SampleEntry};
use crate::metadata;
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
                let help = metadata::help(&help);
                import.family(&family, help.len())?.help = help.into();
            }
            Entry::Unit { family, unit } => {
                let unit = metadata::unit(&unit);
                import.family(&family, unit.len())?.unit = unit.into();
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
        let labels = match self.labels(entry) {
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
            ..Series::default()
        });
        Ok(())
    }

    /// Reads the labels of a sample; what is beyond the limits is refused before anything is made of it.
    fn labels(&self, entry: &SampleEntry) -> Result<Labels, LabelFault> {
        let (line, limits) = (self.meter.limits.line, &self.meter.limits.labels);
        let length = entry.series.raw().len();
        if length as u64 > line.0 {
            let message = format!("the series has {length} bytes, the limit is {line}");
            return Err(LabelFault::limit(message));
        }
        limits.check_count(entry.series.label_count())?;
        let labels = entry
            .series
            .labels()
            .map_err(|error| LabelFault::invalid(error.message()))?;
        limits.check(&labels).map(|()| labels)
    }

    fn exemplar(&self, raw: &RawExemplar, timestamp: Timestamp) -> Result<Exemplar, LabelFault> {
        let limits = &self.meter.limits.labels;
        limits.check_count(raw.label_count())?;
        let exemplar = raw
            .to_exemplar(timestamp)
            .map_err(|error| LabelFault::invalid(error.message()))?;
        limits.check(&exemplar.labels).map(|()| exemplar)
    }

    fn exemplars(
        &mut self,
        entry: &SampleEntry,
        timestamp: Timestamp,
    ) -> Result<Vec<Exemplar>, Error> {
        let mut exemplars = Vec::new();
        for raw in entry.exemplars.iter() {
            match self.exemplar(&raw, timestamp) {
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
    fn a_long_series_is_refused_before_its_labels_are_read() {
        let labels: Vec<String> = (0..64).map(|index| format!("l{index}=\"\"")).collect();
        let many = format!("a{{{}}} 1\nup 1\n", labels.join(","));
        let decoded = decode_text(&many).unwrap();
        assert_eq!(decoded.series.len(), 1);
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 1, column 1: 65 labels, the limit is 64"
        );
        let limits = Limits {
            line: plimsoll_types::ByteCount(10),
            ..Limits::default()
        };
        let format = Format::PrometheusText004;
        let decoded = decode(format, b"a{b=\"1234\"} 1\nup 1\n", NOW, &limits).unwrap();
        assert_eq!(decoded.series.len(), 1);
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 1, column 1: the series has 11 bytes, the limit is 10 B"
        );
    }

    #[test]
    fn metadata_is_cut_and_an_exemplar_of_many_labels_is_refused_alone() {
        let help = "x".repeat(1 << 20);
        let decoded = decode_text(&format!("# HELP a {help}\na 1\n")).unwrap();
        assert_eq!(decoded.families[0].1.help.len(), 1024);
        let labels: Vec<String> = (0..65).map(|index| format!("l{index}=\"x\"")).collect();
        let labels = labels.join(",");
        let text = format!("# TYPE a counter\na_total 1 # {{{labels}}} 1\n# EOF\n");
        let format = Format::OpenMetricsText100;
        let decoded = decode(format, text.as_bytes(), NOW, &Limits::default()).unwrap();
        assert_eq!(decoded.series[0].exemplars, []);
        assert_eq!(
            decoded.refusals.details()[0].message,
            "line 2, column 1: exemplar: 65 labels, the limit is 64"
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
