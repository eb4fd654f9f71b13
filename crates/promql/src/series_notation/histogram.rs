//! A histogram as `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`: fields in any order, none twice, 0 or none when absent.

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, Span};

use super::reader::Reader;
use crate::error::ParseError;

/// A histogram as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) value: Histogram,
    /// Whether `counter_reset_hint` is among the fields.
    pub(super) has_hint: bool,
}

/// Reads a histogram.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Written, ParseError> {
    if !reader.take("{{") {
        return Err(reader.wrong("expected a histogram"));
    }
    let (mut fields, mut names) = (Fields::default(), Vec::new());
    loop {
        reader.skip_blanks();
        if reader.take("}}") {
            return Ok(fields.build());
        }
        let start = reader.at();
        let name = reader.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        if name.is_empty() {
            return Err(reader.wrong("expected a histogram's field or \"}}\""));
        }
        if names.contains(&name) {
            return Err(reader.wrong_since(start, format!("the field {name:?} is there twice")));
        }
        if !reader.take(":") {
            return Err(reader.wrong("expected \":\""));
        }
        fields.set(name, start, reader)?;
        names.push(name);
        if !(reader.is_at_blank() || reader.rest().starts_with("}}")) {
            return Err(reader.wrong("expected a blank or \"}}\""));
        }
    }
}

/// The fields as they are read.
#[derive(Default)]
struct Fields {
    value: Histogram,
    counts: BucketCounts<f64>,
    offset: i32,
    negative_offset: i32,
    hint: Option<ResetHint>,
}

fn integer<T: std::str::FromStr>(reader: &mut Reader<'_>) -> Result<T, ParseError> {
    let start = reader.at();
    let text = reader.take_while(|c| !matches!(c, ' ' | '\t' | '\n' | '\r' | '}'));
    text.parse().map_err(|_| {
        let message = format!("{text:?} is no whole number, or out of range");
        reader.wrong_since(start, message)
    })
}

fn list(reader: &mut Reader<'_>) -> Result<Vec<f64>, ParseError> {
    if !reader.take("[") {
        return Err(reader.wrong("expected a list such as [1 2]"));
    }
    let mut numbers = Vec::new();
    loop {
        reader.skip_blanks();
        if reader.take("]") {
            return Ok(numbers);
        }
        numbers.push(reader.signed_number()?);
        if !(reader.is_at_blank() || reader.rest().starts_with(']')) {
            return Err(reader.wrong("expected a blank or \"]\""));
        }
    }
}

fn hint(reader: &mut Reader<'_>) -> Result<ResetHint, ParseError> {
    let start = reader.at();
    match reader.word() {
        "unknown" => Ok(ResetHint::Unknown),
        "reset" => Ok(ResetHint::Reset),
        "not_reset" => Ok(ResetHint::NotReset),
        "gauge" => Ok(ResetHint::Gauge),
        other => {
            let message = format!(
                "{other:?} is no counter reset hint: unknown, reset, not_reset and gauge are"
            );
            Err(reader.wrong_since(start, message))
        }
    }
}

impl Fields {
    /// Reads the value of a field whose name begins at `start`.
    fn set(&mut self, name: &str, start: usize, reader: &mut Reader<'_>) -> Result<(), ParseError> {
        match name {
            "schema" => self.value.schema = integer(reader)?,
            "sum" => self.value.sum = reader.signed_number()?,
            "count" => self.counts.count = reader.signed_number()?,
            "z_bucket" => self.counts.zero = reader.signed_number()?,
            "z_bucket_w" => self.value.zero_threshold = reader.signed_number()?,
            "buckets" => self.counts.positive = list(reader)?,
            "n_buckets" => self.counts.negative = list(reader)?,
            "offset" => self.offset = integer(reader)?,
            "n_offset" => self.negative_offset = integer(reader)?,
            "custom_values" => self.value.custom_bounds = list(reader)?,
            "counter_reset_hint" => self.hint = Some(hint(reader)?),
            other => {
                let message = format!("a histogram has no field {other:?}");
                return Err(reader.wrong_since(start, message));
            }
        }
        Ok(())
    }

    fn build(self) -> Written {
        let span = |offset: i32, counts: &[f64]| {
            let length = u32::try_from(counts.len()).expect("a line is no 4 GiB long");
            let span = Span { offset, length };
            (length > 0).then_some(span).into_iter().collect()
        };
        let value = Histogram {
            positive_spans: span(self.offset, &self.counts.positive),
            negative_spans: span(self.negative_offset, &self.counts.negative),
            reset_hint: self.hint.unwrap_or_default(),
            counts: Counts::Float(self.counts),
            ..self.value
        };
        Written {
            value,
            has_hint: self.hint.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<(Written, &str), ParseError> {
        let mut reader = Reader::new(text, 0);
        let written = read(&mut reader)?;
        Ok((written, reader.rest()))
    }

    #[test]
    fn every_field() {
        let text = "{{schema:-1 sum:-.5 count:12 z_bucket:1 z_bucket_w:0.01 offset:-2 buckets:[1 2.5 0] \
                    n_offset:3 n_buckets:[4] counter_reset_hint:not_reset}}x3";
        let (histogram, rest) = written(text).unwrap();
        assert_eq!(rest, "x3");
        assert!(histogram.has_hint);
        let span = |offset, length| vec![Span { offset, length }];
        let expected = Histogram {
            schema: -1,
            zero_threshold: 0.01,
            sum: -0.5,
            reset_hint: ResetHint::NotReset,
            counts: Counts::Float(BucketCounts {
                count: 12.0,
                zero: 1.0,
                positive: vec![1.0, 2.5, 0.0],
                negative: vec![4.0],
            }),
            positive_spans: span(-2, 3),
            negative_spans: span(3, 1),
            custom_bounds: Vec::new(),
        };
        assert_eq!(histogram.value, expected);
        let (custom, _) = written("{{schema:-53 custom_values:[5 10]}}").unwrap();
        assert_eq!(custom.value.custom_bounds, [5.0, 10.0]);
        assert!(!custom.has_hint);
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        for wrong in [
            "{{schema:1.5}}",
            "{{schema:300}}",
            "{{buckets:[1 2}}",
            "{{buckets:[1,2]}}",
            "{{counter_reset_hint:maybe}}",
            "{{sum: 5}}",
            "{{total:5}}",
            "{{sum:5",
            "{{sum:5}",
            "{{sum:5,count:1}}",
            "{sum:5}",
        ] {
            assert!(written(wrong).is_err(), "{wrong}");
        }
    }
}
