//! The classic text, 0.0.4 (1.0.0 when names are quoted).

use std::borrow::Cow;
use std::fmt::Write;

use plimsoll_types::{MetricType, is_legacy_metric_name};

use super::{float_of, has_totals, split_gauges, without_native, write_sample_series};
use crate::exposition::family::Family;
use crate::exposition::number::write_go_float;
use crate::exposition::scan::{write_escaped, write_quoted};

pub(super) fn write(families: &[Cow<'_, Family>]) -> String {
    let mut out = String::new();
    for family in families {
        for part in split_gauges(family, &["_created", "_gcount", "_gsum"]) {
            write_family(&mut out, &without_native(&part));
        }
    }
    out
}

fn write_family(out: &mut String, family: &Family) {
    let (suffix, metric_type) = match family.metadata.metric_type {
        // The type line names the series itself, and readers match it letter by letter.
        MetricType::Counter if has_totals(family) => ("_total", "counter"),
        MetricType::Counter => ("", "counter"),
        MetricType::Histogram | MetricType::GaugeHistogram => ("", "histogram"),
        MetricType::Summary => ("", "summary"),
        MetricType::Info => ("_info", "gauge"),
        MetricType::Gauge | MetricType::StateSet => ("", "gauge"),
        MetricType::Unknown => ("", "untyped"),
    };
    let mut name = format!("{}{suffix}", family.name);
    if !is_legacy_metric_name(&name) {
        let plain = std::mem::take(&mut name);
        write_quoted(&mut name, &plain);
    }
    if !family.metadata.help.is_empty() {
        out.push_str("# HELP ");
        out.push_str(&name);
        out.push(' ');
        write_escaped(out, &family.metadata.help, false);
        out.push('\n');
    }
    writeln!(out, "# TYPE {name} {metric_type}").expect("writing to a string never fails");
    for sample in &family.samples {
        write_sample_series(out, &sample.labels);
        out.push(' ');
        write_go_float(out, float_of(sample));
        if let Some(timestamp) = sample.timestamp {
            write!(out, " {timestamp}").expect("writing to a string never fails");
        }
        out.push('\n');
    }
}
