//! OpenSLO v1alpha, as far as Sloth reads it: ratios of good events, no alerts.

use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, Findings, Source, Spanned, Tree};
use serde::Deserialize;

use super::check;
use super::raw::Metadata;
use super::spec::{Form, Sli, Slo, Spec, Texts};

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    kind: Spanned<String>,
    metadata: Metadata,
    spec: FileSpec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct FileSpec {
    service: Spanned<String>,
    description: String,
    budgeting_method: Spanned<String>,
    time_windows: Vec<Spanned<TimeWindow>>,
    objectives: Vec<Spanned<Objective>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TimeWindow {
    count: u32,
    unit: Spanned<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Objective {
    #[serde(rename = "displayName")]
    _display_name: String,
    target: Spanned<String>,
    ratio_metrics: Spanned<RatioMetrics>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RatioMetrics {
    #[serde(rename = "incremental")]
    _incremental: Tree,
    #[serde(rename = "counter")]
    _counter: Tree,
    good: Spanned<Query>,
    total: Spanned<Query>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Query {
    source: Spanned<String>,
    query_type: Spanned<String>,
    query: Spanned<String>,
}

pub(super) fn read(source: &Source, findings: &mut Findings<'_>) -> Result<Spec, Diagnostics> {
    let file: File = source.parse()?;
    if file.kind.value != "SLO" {
        findings.unknown_word(&file.kind, "kind of object", &["SLO"]);
    }
    let (spec, name) = (file.spec, file.metadata.name);
    if spec.service.is_empty() {
        findings.error(
            super::first_line(source),
            "the document needs a `service` in `spec`",
        );
    }
    if !matches!(&*spec.budgeting_method.value, "" | "Occurrences") {
        let message = "Sloth counts occurrences, whatever is written here";
        findings.warning(spec.budgeting_method.span, message);
    }
    let period = period(&spec.time_windows, findings);
    let slos = spec.objectives.into_iter().enumerate();
    let slos = slos.map(|(index, objective)| {
        let name = Spanned {
            value: format!("{}-{index}", name.value),
            span: name.span,
            key: name.key,
        };
        let text = percent(&objective.target);
        Slo {
            id: format!("{}-{}", spec.service.value, name.value),
            name,
            description: spec.description.clone(),
            objective: rounded(&text, &objective.target, findings),
            objective_text: text,
            labels: Texts::new(),
            sli: sli(&objective.ratio_metrics, findings),
            page: None,
            ticket: None,
            period,
            plugins: Vec::new(),
            without_default_plugins: false,
            span: objective.span,
        }
    });
    Ok(Spec {
        form: Form::OpenSlo,
        slos: slos.collect(),
        service: spec.service.value,
        object: None,
        source: source.clone(),
    })
}

/// Returns the percentage that Sloth computes with: the share times a hundred, with the rounding of floats.
fn rounded(percent: &Spanned<String>, share: &str, findings: &mut Findings<'_>) -> f64 {
    let checked = check::percentage(percent, findings);
    share.parse::<f64>().map_or(checked, |share| share * 100.0)
}

/// Writes a share such as `0.999` as the percentage `99.9`, digit by digit, so that nothing is rounded.
fn percent(share: &Spanned<String>) -> Spanned<String> {
    Spanned {
        value: crate::import::decimal::percent(share),
        span: share.span,
        key: share.key,
    }
}

fn period(windows: &[Spanned<TimeWindow>], findings: &mut Findings<'_>) -> Option<Duration> {
    const DAY_SECONDS: u64 = 24 * 60 * 60;
    if let Some(second) = windows.get(1) {
        findings.error(second.span, "Sloth takes one time window");
    }
    let window = windows.first()?;
    if !window.unit.eq_ignore_ascii_case("day") {
        findings.unknown_word(&window.unit, "unit of time", &["Day"]);
        return None;
    }
    if window.count == 0 {
        findings.error(window.span, "a time window has at least one day");
        return None;
    }
    Some(Duration::from_secs(u64::from(window.count) * DAY_SECONDS))
}

fn sli(metrics: &Spanned<RatioMetrics>, findings: &mut Findings<'_>) -> Sli {
    for (name, query) in [("good", &metrics.good), ("total", &metrics.total)] {
        if query.query.is_empty() {
            let message = format!("`ratioMetrics` needs a query in `{name}`");
            findings.error(metrics.span, message);
        }
        if !matches!(&*query.source.value, "prometheus" | "sloth") {
            findings.unknown_word(&query.source, "source", &["prometheus", "sloth"]);
        }
        if query.query_type.value != "promql" {
            findings.unknown_word(&query.query_type, "queryType", &["promql"]);
        }
    }
    let (good, total) = (&metrics.good.query, &metrics.total.query);
    let text = match good.is_empty() || total.is_empty() {
        true => String::new(),
        false => format!(
            "\n  1 - (\n    (\n      {}\n    )\n    /\n    (\n      {}\n    )\n  )\n",
            good.value, total.value
        ),
    };
    Sli::Raw(Spanned {
        value: text,
        span: good.span,
        key: good.key,
    })
}
