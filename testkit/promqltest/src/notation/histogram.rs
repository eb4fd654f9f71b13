//! A histogram as `{{schema:0 sum:5 count:4 buckets:[1 2 1]}}`: fields in any order, none twice, 0 or none when absent.

use plimsoll_types::{BucketCounts, Counts, Histogram, ResetHint, Span};

use super::float;

/// A histogram as it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) value: Histogram,
    /// Whether `counter_reset_hint` is among the fields.
    pub(crate) has_hint: bool,
}

/// Reads a histogram at the front of a text and returns what follows.
pub(crate) fn read(text: &str) -> Result<(Written, &str), String> {
    let inner = text
        .strip_prefix("{{")
        .ok_or_else(|| format!("{text:?} is no histogram"))?;
    let (fields, rest) = inner
        .split_once("}}")
        .ok_or_else(|| format!("{text:?} has no end"))?;
    Ok((histogram(fields.trim())?, rest))
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

fn histogram(text: &str) -> Result<Written, String> {
    let (mut fields, mut names) = (Fields::default(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once(':')
            .ok_or_else(|| format!("{rest:?} is no field"))?;
        let (value, after) = match after.strip_prefix('[') {
            Some(list) => list.split_once(']').ok_or("a list does not end")?,
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        if names.contains(&name) {
            return Err(format!("{name} is there twice"));
        }
        names.push(name);
        fields.set(name, value)?;
        rest = after.trim_start();
    }
    Ok(fields.build())
}

fn number(text: &str) -> Result<f64, String> {
    float(text).ok_or_else(|| format!("{text:?} is no number"))
}

fn integer<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is no whole number, or out of range"))
}

fn list(text: &str) -> Result<Vec<f64>, String> {
    text.split_whitespace().map(number).collect()
}

fn hint(text: &str) -> Result<ResetHint, String> {
    match text {
        "unknown" => Ok(ResetHint::Unknown),
        "reset" => Ok(ResetHint::Reset),
        "not_reset" => Ok(ResetHint::NotReset),
        "gauge" => Ok(ResetHint::Gauge),
        other => Err(format!("{other:?} is no counter reset hint")),
    }
}

impl Fields {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "schema" => self.value.schema = integer(value)?,
            "sum" => self.value.sum = number(value)?,
            "count" => self.counts.count = number(value)?,
            "z_bucket" => self.counts.zero = number(value)?,
            "z_bucket_w" => self.value.zero_threshold = number(value)?,
            "buckets" => self.counts.positive = list(value)?,
            "n_buckets" => self.counts.negative = list(value)?,
            "offset" => self.offset = integer(value)?,
            "n_offset" => self.negative_offset = integer(value)?,
            "custom_values" => self.value.custom_bounds = list(value)?,
            "counter_reset_hint" => self.hint = Some(hint(value)?),
            other => return Err(format!("unknown field {other:?}")),
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

    #[test]
    fn every_field() {
        let text = "{{schema:-1 sum:-.5 count:12 z_bucket:1 z_bucket_w:0.01 offset:-2 buckets:[1 2.5 0] \
                    n_offset:3 n_buckets:[4] counter_reset_hint:not_reset}}x3";
        let (written, rest) = read(text).unwrap();
        assert_eq!(rest, "x3");
        assert!(written.has_hint);
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
        assert_eq!(written.value, expected);
        let (custom, _) = read("{{schema:-53 custom_values:[5 10]}}").unwrap();
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
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
