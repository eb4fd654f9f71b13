//! OpenMetrics 1.0 text.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use plimsoll_types::{Labels, Metadata, MetricType, is_legacy_metric_name};

use super::{float_of, has_totals, without_native, write_sample_series};
use crate::exposition::family::{Family, FamilyExemplar, FamilySample};
use crate::exposition::number::{write_millis_as_seconds, write_openmetrics_float};
use crate::exposition::scan::{write_escaped, write_quoted, write_series};

pub(super) fn write(families: &[Cow<'_, Family>]) -> String {
    let mut out = String::new();
    let mut uses: HashMap<&str, usize> = HashMap::new();
    for family in families {
        *uses.entry(&family.name).or_default() += 1;
    }
    for family in families {
        if uses[&*family.name] > 1 && has_totals(family) {
            write_family(&mut out, &without_total(family));
        } else {
            write_family(&mut out, &without_native(family));
        }
    }
    out.push_str("# EOF\n");
    out
}

/// In text 0.0.4 a gauge `a` beside a counter `a_total` is common (Go's own memory metrics), in OpenMetrics the two clash;
/// so the counter becomes a family of unknown type under its full name.
fn without_total(family: &Family) -> Family {
    Family {
        name: format!("{}_total", family.name),
        metadata: Metadata {
            metric_type: MetricType::Unknown,
            unit: String::new(),
            help: family.metadata.help.clone(),
        },
        samples: family.samples.clone(),
    }
}

fn write_family(out: &mut String, family: &Family) {
    let metric_type = openmetrics_type(family);
    let mut name = family.name.clone();
    if !is_legacy_metric_name(&name) {
        name.clear();
        write_quoted(&mut name, &family.name);
    }
    writeln!(out, "# TYPE {name} {metric_type}").expect("writing to a string never fails");
    let unit = &family.metadata.unit;
    let is_end = family
        .name
        .strip_suffix(&**unit)
        .is_some_and(|stem| stem.ends_with('_'));
    // A unit that is not the end of the name makes the exposition invalid, so it is better not said.
    if !unit.is_empty() && is_end {
        writeln!(out, "# UNIT {name} {unit}").expect("writing to a string never fails");
    }
    if !family.metadata.help.is_empty() {
        out.push_str("# HELP ");
        out.push_str(&name);
        out.push(' ');
        write_escaped(out, &family.metadata.help, true);
        out.push('\n');
    }
    for sample in &family.samples {
        write_sample(out, family, metric_type, sample);
    }
}

/// A counter whose series lack `_total` is none in OpenMetrics.
fn openmetrics_type(family: &Family) -> MetricType {
    let is_named =
        |sample: &FamilySample| matches!(sample.suffix(&family.name), "_total" | "_created");
    match family.metadata.metric_type {
        MetricType::Counter if !family.samples.iter().all(is_named) => MetricType::Unknown,
        metric_type => metric_type,
    }
}

fn write_sample(out: &mut String, family: &Family, metric_type: MetricType, sample: &FamilySample) {
    write_sample_series(out, &sample.labels);
    out.push(' ');
    write_openmetrics_float(out, float_of(sample));
    if let Some(timestamp) = sample.timestamp {
        out.push(' ');
        write_millis_as_seconds(out, timestamp.millis());
    }
    let may_have_exemplar = matches!(
        (metric_type, sample.suffix(&family.name)),
        (MetricType::Counter, "_total")
            | (
                MetricType::Histogram | MetricType::GaugeHistogram,
                "_bucket"
            )
    );
    if let Some(exemplar) = sample.exemplars.first().filter(|_| may_have_exemplar) {
        write_exemplar(out, exemplar);
    }
    out.push('\n');
}

fn write_exemplar(out: &mut String, exemplar: &FamilyExemplar) {
    out.push_str(" # ");
    if exemplar.labels == Labels::empty() {
        out.push_str("{}");
    } else {
        // The labels of an exemplar are a label block without a name.
        let mut block = String::new();
        write_series(&mut block, "x", "", exemplar.labels.iter());
        out.push_str(&block[1..]);
    }
    out.push(' ');
    write_openmetrics_float(out, exemplar.value);
    if let Some(timestamp) = exemplar.timestamp {
        out.push(' ');
        write_millis_as_seconds(out, timestamp.millis());
    }
}
