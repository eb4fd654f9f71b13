//! Query results as Prometheus' JSON writes them.

use plimsoll_promql::{InstantSample, QueryResult, RangeSeries, Value};
use plimsoll_types::{Bucket, Histogram, Labels, Sample, Timestamp, Value as SampleValue};

use crate::number::{write_short_timestamp, write_timestamp, write_value};

/// Writes `{"resultType":...,"result":...}`.
pub(crate) fn write_result(text: &mut String, result: &QueryResult) {
    let kind = match &result.value {
        Value::Scalar(_) => "scalar",
        Value::String(_) => "string",
        Value::Vector(_) => "vector",
        Value::Matrix(_) => "matrix",
    };
    text.push_str(&format!(r#"{{"resultType":"{kind}","result":"#));
    match &result.value {
        Value::Scalar(value) => {
            text.push('[');
            write_short_timestamp(text, result.timestamp);
            text.push_str(",\"");
            write_value(text, *value);
            text.push_str("\"]");
        }
        Value::String(string) => {
            text.push('[');
            write_short_timestamp(text, result.timestamp);
            text.push(',');
            write_string(text, string);
            text.push(']');
        }
        Value::Vector(samples) => write_list(text, samples, write_instant),
        Value::Matrix(series) => write_list(text, series, write_range),
    }
    text.push('}');
}

/// Writes a label set as an object.
pub(crate) fn write_labels(text: &mut String, labels: &Labels) {
    text.push('{');
    for (index, (name, value)) in labels.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(text, name);
        text.push(':');
        write_string(text, value);
    }
    text.push('}');
}

/// Writes a list.
pub(crate) fn write_list<T>(text: &mut String, list: &[T], write: impl Fn(&mut String, &T)) {
    text.push('[');
    for (index, entry) in list.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(text, entry);
    }
    text.push(']');
}

/// Writes a string in quotes.
pub(crate) fn write_string(text: &mut String, string: &str) {
    text.push_str(&serde_json::to_string(string).expect("a string becomes JSON"));
}

/// Writes a series of an instant vector.
pub(crate) fn write_instant(text: &mut String, sample: &InstantSample) {
    text.push_str(r#"{"metric":"#);
    write_labels(text, &sample.labels);
    match &sample.value {
        SampleValue::Float(value) => {
            text.push_str(r#","value":"#);
            write_point(text, sample.timestamp, *value);
        }
        SampleValue::Histogram(histogram) => {
            text.push_str(r#","histogram":"#);
            write_histogram_point(text, sample.timestamp, histogram);
        }
    }
    text.push('}');
}

fn write_range(text: &mut String, series: &RangeSeries) {
    text.push_str(r#"{"metric":"#);
    write_labels(text, &series.labels);
    let is_float = |value: &SampleValue| matches!(value, SampleValue::Float(_));
    let (floats, histograms): (Vec<_>, Vec<_>) = series
        .samples
        .iter()
        .partition(|sample| is_float(&sample.value));
    for (name, samples) in [("values", floats), ("histograms", histograms)] {
        if !samples.is_empty() {
            text.push_str(&format!(r#","{name}":"#));
            write_list(text, &samples, |text, sample| write_sample(text, sample));
        }
    }
    text.push('}');
}

/// Writes a sample of a range.
pub(crate) fn write_sample(text: &mut String, sample: &Sample) {
    match &sample.value {
        SampleValue::Float(value) => write_point(text, sample.timestamp, *value),
        SampleValue::Histogram(histogram) => {
            write_histogram_point(text, sample.timestamp, histogram);
        }
    }
}

fn write_point(text: &mut String, timestamp: Timestamp, value: f64) {
    text.push('[');
    write_timestamp(text, timestamp);
    text.push_str(",\"");
    write_value(text, value);
    text.push_str("\"]");
}

fn write_histogram_point(text: &mut String, timestamp: Timestamp, histogram: &Histogram) {
    text.push('[');
    write_timestamp(text, timestamp);
    text.push_str(",{\"count\":\"");
    write_value(text, histogram.count());
    text.push_str("\",\"sum\":\"");
    write_value(text, histogram.sum);
    text.push('"');
    let buckets: Vec<Bucket> = histogram
        .buckets()
        .into_iter()
        .filter(|bucket| bucket.count != 0.0)
        .collect();
    if !buckets.is_empty() {
        text.push_str(",\"buckets\":");
        write_list(text, &buckets, write_bucket);
    }
    text.push_str("}]");
}

/// Writes `[boundaries, lower, upper, count]`; boundaries are 0 for `(a,b]`, 1 for `[a,b)`, 2 for `(a,b)`, 3 for `[a,b]`.
fn write_bucket(text: &mut String, bucket: &Bucket) {
    let boundaries = match (bucket.lower_inclusive, bucket.upper_inclusive) {
        (false, true) => 0,
        (true, false) => 1,
        (false, false) => 2,
        (true, true) => 3,
    };
    text.push_str(&format!("[{boundaries}"));
    for value in [bucket.lower, bucket.upper, bucket.count] {
        text.push_str(",\"");
        write_value(text, value);
        text.push('"');
    }
    text.push(']');
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plimsoll_promql::Stats;
    use plimsoll_types::{BucketCounts, Counts, Sample, Span};

    use super::*;

    fn check(value: Value, expected: &str) {
        let result = QueryResult {
            value,
            timestamp: Timestamp::from_millis(1500),
            warnings: Vec::new(),
            infos: Vec::new(),
            stats: Stats::default(),
        };
        let mut text = String::new();
        write_result(&mut text, &result);
        assert_eq!(text, expected);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
    }

    fn histogram() -> SampleValue {
        SampleValue::Histogram(Arc::new(Histogram {
            sum: 4.5,
            zero_threshold: 0.001,
            counts: Counts::Integer(BucketCounts {
                count: 3,
                zero: 1,
                positive: vec![2, 0],
                negative: vec![],
            }),
            positive_spans: vec![Span {
                offset: 0,
                length: 2,
            }],
            ..Histogram::default()
        }))
    }

    #[test]
    fn scalars_and_strings() {
        check(
            Value::Scalar(f64::NAN),
            r#"{"resultType":"scalar","result":[1.5,"NaN"]}"#,
        );
        check(
            Value::String("a\"\n".into()),
            r#"{"resultType":"string","result":[1.5,"a\"\n"]}"#,
        );
    }

    #[test]
    fn vectors_and_matrices_with_histograms() {
        let timestamp = Timestamp::from_millis(2000);
        let labels = Labels::from_pairs([("__name__", "h")]);
        let shown = r#"[2,{"count":"3","sum":"4.5","buckets":[[3,"-0.001","0.001","1"],[0,"0.5","1","2"]]}]"#;
        check(
            Value::Vector(vec![InstantSample {
                labels: labels.clone(),
                timestamp,
                value: histogram(),
            }]),
            &format!(
                r#"{{"resultType":"vector","result":[{{"metric":{{"__name__":"h"}},"histogram":{shown}}}]}}"#
            ),
        );
        let samples = vec![
            Sample::float(Timestamp::from_millis(1000), 1.0),
            Sample {
                value: histogram(),
                ..Sample::float(timestamp, 0.0)
            },
        ];
        check(
            Value::Matrix(vec![RangeSeries { labels, samples }]),
            &format!(
                r#"{{"resultType":"matrix","result":[{{"metric":{{"__name__":"h"}},"values":[[1,"1"]],"histograms":[{shown}]}}]}}"#
            ),
        );
    }
}
