//! What the template of an alert sees.

use std::sync::Arc;

use plimsoll_types::{Histogram, Labels, Value as SampleValue};

use crate::error::CallError;
use crate::format::format_float;
use crate::value::{Field, Map, Object, Signature, Value};

/// The data of an alert: `$labels`, `$externalLabels`, `$externalURL` and `$value`.
#[derive(Clone, Debug)]
pub struct AlertData {
    /// The labels of the element that the alert is about.
    pub labels: Labels,
    /// The labels that name this server.
    pub external_labels: Labels,
    /// Where users reach the server.
    pub external_url: Arc<str>,
    /// The value of the element.
    pub value: SampleValue,
}

impl AlertData {
    /// Makes the dot of the template.
    pub fn into_value(self) -> Value {
        Value::object(Dot {
            labels: map(&self.labels),
            external_labels: map(&self.external_labels),
            external_url: self.external_url.into(),
            value: number(&self.value),
        })
    }
}

/// Makes a map of labels.
pub(super) fn map(labels: &Labels) -> Value {
    Map::of_texts(labels.iter()).into()
}

/// Makes a value of what was measured.
pub(super) fn number(value: &SampleValue) -> Value {
    match value {
        SampleValue::Float(value) => Value::Float(*value),
        SampleValue::Histogram(histogram) => Value::object(Distribution(histogram.clone())),
    }
}

#[derive(Debug)]
struct Dot {
    labels: Value,
    external_labels: Value,
    external_url: Value,
    value: Value,
}

impl Object for Dot {
    fn type_name(&self) -> &'static str {
        "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; \
         Value interface {} }"
    }

    fn fields(&self) -> &'static [Field] {
        const fn field(name: &'static str) -> Field {
            Field { name, json: name }
        }
        const FIELDS: [Field; 4] = [
            field("Labels"),
            field("ExternalLabels"),
            field("ExternalURL"),
            field("Value"),
        ];
        &FIELDS
    }

    fn field(&self, name: &str) -> Option<Value> {
        let value = match name {
            "Labels" => &self.labels,
            "ExternalLabels" => &self.external_labels,
            "ExternalURL" => &self.external_url,
            "Value" => &self.value,
            _ => return None,
        };
        Some(value.clone())
    }
}

/// A native histogram, which prints as Prometheus shows one.
#[derive(Debug)]
struct Distribution(Arc<Histogram>);

impl Object for Distribution {
    fn type_name(&self) -> &'static str {
        "*histogram.FloatHistogram"
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "Count" => Some(self.0.count().into()),
            "Sum" => Some(self.0.sum.into()),
            "ZeroCount" => Some(self.0.zero_count().into()),
            "ZeroThreshold" => Some(self.0.zero_threshold.into()),
            "Schema" => Some(Value::Int(self.0.schema.into())),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<Signature> {
        (name == "String").then(|| Signature::exact(&[]))
    }

    fn call(&self, _: &str, _: &[Value]) -> Result<Value, CallError> {
        Ok(show(&self.0).into())
    }

    fn text(&self) -> Option<String> {
        Some(show(&self.0))
    }
}

/// Writes a histogram as Prometheus does: `{count:3, sum:5.5, (1,2]:3}`.
fn show(histogram: &Histogram) -> String {
    let number = |value| format_float(value, 'g', None);
    let (count, sum) = (number(histogram.count()), number(histogram.sum));
    let mut text = format!("{{count:{count}, sum:{sum}");
    for bucket in histogram.buckets() {
        if bucket.count == 0.0 {
            continue;
        }
        let open = if bucket.lower_inclusive { '[' } else { '(' };
        let close = if bucket.upper_inclusive { ']' } else { ')' };
        let (lower, upper) = (number(bucket.lower), number(bucket.upper));
        let count = number(bucket.count);
        text.push_str(&format!(", {open}{lower},{upper}{close}:{count}"));
    }
    text.push('}');
    text
}
