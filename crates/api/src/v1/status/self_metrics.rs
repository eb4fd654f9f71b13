//! `/api/v1/status/self_metrics`: our own metrics as JSON, in protobuf's mapping of `io.prometheus.client`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_types::{Labels, METRIC_NAME, MetricType, Pattern, Value as SampleValue};
use plimsoll_wire::exposition::{Family, FamilySample, Format, Options, read_families};
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::params::Params;

/// Returns the families whose names fit `metric_name_pattern`.
pub(super) async fn self_metrics(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let pattern = match params.get("metric_name_pattern").map(Pattern::new) {
        None => None,
        Some(Ok(pattern)) => Some(pattern),
        Some(Err(error)) => return Err(ApiError::parameter("metric_name_pattern", error)),
    };
    app.ask(None, move |app, _| {
        let text = app.parts.registry.render();
        let families = read_families(
            Format::OpenMetricsText100,
            text.as_bytes(),
            Options::default(),
        );
        let families =
            families.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?;
        let views = families.iter().map(view);
        let is_wanted = |view: &Value| {
            let name = view["name"].as_str().unwrap_or_default();
            pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(name))
        };
        let views: Vec<Value> = views.filter(is_wanted).collect();
        Ok(envelope::success(&views, &Notes::default()))
    })
    .await
}

fn view(family: &Family) -> Value {
    let (suffix, kind) = match family.metadata.metric_type {
        MetricType::Counter => ("_total", "COUNTER"),
        MetricType::Gauge | MetricType::StateSet => ("", "GAUGE"),
        MetricType::Info => ("_info", "GAUGE"),
        MetricType::Summary => ("", "SUMMARY"),
        MetricType::Histogram | MetricType::GaugeHistogram => ("", "HISTOGRAM"),
        MetricType::Unknown => ("", "UNTYPED"),
    };
    json!({
        "name": format!("{}{suffix}", family.name),
        "help": family.metadata.help,
        "type": kind,
        "metric": metrics(family, kind),
    })
}

/// Gathers the samples of each metric in the order of the exposition.
fn metrics(family: &Family, kind: &str) -> Vec<Value> {
    let mut found: Vec<(Labels, Map<String, Value>)> = Vec::new();
    for sample in &family.samples {
        let labels = sample
            .labels
            .filtered(|name| name != METRIC_NAME && name != "le" && name != "quantile");
        let at = match found.iter().rposition(|(known, _)| *known == labels) {
            Some(at) => at,
            None => {
                found.push((labels, Map::new()));
                found.len() - 1
            }
        };
        add(&mut found[at].1, family, kind, sample);
    }
    let with_labels = |(labels, mut metric): (Labels, Map<String, Value>)| {
        let pairs: Vec<Value> = labels
            .iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        let field = kind.to_ascii_lowercase();
        let mut view = Map::new();
        if !pairs.is_empty() {
            view.insert("label".into(), pairs.into());
        }
        view.insert(field, Value::Object(std::mem::take(&mut metric)));
        Value::Object(view)
    };
    found.into_iter().map(with_labels).collect()
}

fn add(metric: &mut Map<String, Value>, family: &Family, kind: &str, sample: &FamilySample) {
    let SampleValue::Float(value) = sample.value else {
        return;
    };
    let name = sample.labels.metric_name().unwrap_or_default();
    let suffix = name.strip_prefix(&*family.name).unwrap_or_default();
    match (kind, suffix) {
        (_, "_created") => {}
        ("HISTOGRAM", "_bucket") => {
            let bound = sample.labels.get("le").unwrap_or_default();
            let bound = bound.parse::<f64>().map_or(Value::Null, number);
            let bucket = json!({"cumulativeCount": count(value), "upperBound": bound});
            push(metric, "bucket", bucket);
        }
        ("SUMMARY", "") => {
            let quantile = sample.labels.get("quantile").unwrap_or_default();
            let quantile = quantile.parse::<f64>().map_or(Value::Null, number);
            push(
                metric,
                "quantile",
                json!({"quantile": quantile, "value": number(value)}),
            );
        }
        (_, "_count") => drop(metric.insert("sampleCount".into(), count(value))),
        (_, "_sum") => drop(metric.insert("sampleSum".into(), number(value))),
        _ => drop(metric.insert("value".into(), number(value))),
    }
}

fn push(metric: &mut Map<String, Value>, field: &str, entry: Value) {
    let list = metric
        .entry(field)
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        list.push(entry);
    }
}

/// JSON has no word for what is not finite; protobuf's mapping has.
fn number(value: f64) -> Value {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 {
            "Infinity".into()
        } else {
            "-Infinity".into()
        }
    } else {
        value.into()
    }
}

/// Protobuf's mapping writes 64 bits as a text.
fn count(value: f64) -> Value {
    Value::String(format!("{value:.0}"))
}
