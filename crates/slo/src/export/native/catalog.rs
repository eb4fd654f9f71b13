//! The catalog as files, one for each service.

use std::collections::BTreeMap;

use plimsoll_runtime::config::Tree;
use plimsoll_types::{Labels, Matcher};

use super::{
    Document, Written, WrittenObjective, duration, list, number, optional, policy, section, sli,
};
use crate::export::text;
use crate::import::convert::threshold;
use crate::{
    Catalog, Component, Composite, CompositeKind, Dimensions, Method, NoData, Slo, Window,
};

/// Something in a catalog that a file cannot say; only catalogs that were not read from files have such things.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject} cannot be written as a file: {reason}")]
pub struct NotWritable {
    /// The id of an SLO or a composite.
    pub subject: String,
    /// What cannot be said.
    pub reason: String,
}

/// Writes a catalog; labels that all SLOs of a service share stand with each of them.
///
/// # Errors
/// [`NotWritable`] for the first thing that a file cannot say.
pub fn files(catalog: &Catalog) -> Result<Vec<Document>, NotWritable> {
    let mut files: Vec<Document> = Vec::new();
    for slo in &catalog.slos {
        let written = written(slo).map_err(|reason| NotWritable {
            subject: slo.id.to_string(),
            reason,
        })?;
        file(&mut files, &slo.service).slos.push(written);
    }
    for one in &catalog.composites {
        let written = composite(one, catalog);
        file(&mut files, &one.service).composites.push(written);
    }
    Ok(files)
}

/// Finds the file of a service, or begins it.
fn file<'a>(files: &'a mut Vec<Document>, service: &str) -> &'a mut Document {
    let found = files.iter().position(|file| file.service == service);
    let at = found.unwrap_or_else(|| {
        files.push(Document {
            service: service.to_owned(),
            ..Document::default()
        });
        files.len() - 1
    });
    &mut files[at]
}

fn written(slo: &Slo) -> Result<Written, String> {
    let sli = sli::sli(slo)?;
    let has_own_thresholds = slo.objectives.len() > 1 || !slo.objectives[0].name.is_empty();
    let objectives = slo.objectives.iter().map(|objective| {
        let below = objective.threshold.and_then(threshold);
        WrittenObjective {
            name: objective.name.to_string(),
            objective: objective.target.to_string(),
            below: below.filter(|_| has_own_thresholds),
        }
    });
    Ok(Written {
        name: slo.name.to_string(),
        description: slo.description.clone(),
        labels: pairs(&slo.labels),
        objectives: objectives.collect(),
        windows: slo.windows.iter().map(window).collect(),
        method: method(&slo.method),
        sli,
        dimensions: slo
            .dimensions
            .as_ref()
            .map_or(Tree::Null, |one| dimensions(one, slo)),
        no_data: no_data(slo.no_data),
        alerts: policy::alerts(&slo.alerts),
        budget: policy::budget(&slo.budget),
        corrections: slo
            .corrections
            .iter()
            .filter_map(policy::correction)
            .collect(),
    })
}

pub(super) fn pairs(labels: &Labels) -> BTreeMap<String, String> {
    let pairs = labels.iter();
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn window(window: &Window) -> Tree {
    match window {
        Window::Rolling(length) => duration(*length),
        Window::Calendar { unit, zone } => section([
            ("calendar", text(unit.as_str())),
            ("zone", text(zone.iana_name().unwrap_or("UTC"))),
        ]),
    }
}

fn method(method: &Method) -> Tree {
    match method {
        Method::Occurrences => Tree::Null,
        Method::Timeslices { length, target, .. } => {
            let target = target.map_or(Tree::Null, |target| Tree::Plain(target.to_string()));
            section([(
                "timeslices",
                section([("length", duration(*length)), ("objective", target)]),
            )])
        }
        Method::RatioTimeslices { length } => {
            section([("ratio_timeslices", section([("length", duration(*length))]))])
        }
    }
}

fn no_data(no_data: NoData) -> Tree {
    match no_data {
        NoData::Ignore => Tree::Null,
        NoData::Freeze => text("freeze"),
        NoData::Bad => text("bad"),
    }
}

fn dimensions(dimensions: &Dimensions, slo: &Slo) -> Tree {
    let targets = dimensions.targets.iter().map(|group| {
        let named = slo.objectives.iter().zip(&group.targets);
        let named = named.map(|(objective, target)| {
            (objective.name.to_string(), Tree::Plain(target.to_string()))
        });
        let named: Vec<_> = named.collect();
        let (one, several) = match named.as_slice() {
            [(_, target)] => (target.clone(), Tree::Null),
            _ => (Tree::Null, Tree::Map(named)),
        };
        section([
            ("match", text(&conditions(&group.matchers))),
            ("objective", one),
            ("objectives", several),
        ])
    });
    let by = dimensions.labels.iter().map(|label| text(label)).collect();
    section([
        ("by", Tree::List(by)),
        ("limit", Tree::Plain(dimensions.limit.to_string())),
        ("objectives", list(targets.collect())),
    ])
}

/// Writes conditions as they stand between braces.
pub(super) fn conditions(matchers: &[Matcher]) -> String {
    let all: Vec<String> = matchers.iter().map(ToString::to_string).collect();
    all.join(",")
}

fn composite(composite: &Composite, catalog: &Catalog) -> Tree {
    let windows: Vec<Tree> = composite.windows.iter().map(window).collect();
    let of = composite.components.iter();
    let of = of
        .map(|one| component(one, composite.kind, catalog))
        .collect();
    section([
        ("name", text(&composite.name)),
        ("description", optional(&composite.description)),
        ("labels", super::map(&pairs(&composite.labels))),
        (
            "kind",
            text(match composite.kind {
                CompositeKind::Weighted => "weighted",
                CompositeKind::WorstOf => "worst_of",
                CompositeKind::Series => "series",
            }),
        ),
        ("objective", Tree::Plain(composite.target.to_string())),
        ("windows", Tree::List(windows)),
        ("of", Tree::List(of)),
        ("alerts", policy::alerts(&composite.alerts)),
        ("budget", policy::budget(&composite.budget)),
    ])
}

fn component(component: &Component, kind: CompositeKind, catalog: &Catalog) -> Tree {
    let mut slos = catalog.slos.iter();
    let slo = slos.find(|slo| slo.id == component.id);
    let objective = slo.and_then(|slo| slo.objectives.get(component.objective));
    let weight = match kind {
        CompositeKind::Weighted => number(component.weight),
        CompositeKind::WorstOf | CompositeKind::Series => Tree::Null,
    };
    section([
        ("slo", text(&component.id)),
        (
            "objective",
            objective.map_or(Tree::Null, |found| optional(&found.name)),
        ),
        ("weight", weight),
        ("no_data", no_data(component.no_data)),
    ])
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_promql::Features;
    use plimsoll_runtime::config::Source;

    use super::*;
    use crate::file;

    fn read(yaml: &str) -> Catalog {
        let source = Source::new(Path::new("x.yml"), yaml).unwrap();
        let file = file::check(&source, &Features::default());
        let file = file.unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        Catalog::merge(vec![file]).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
    }

    /// All of a catalog but the lines it stands in.
    fn shown(catalog: &Catalog) -> String {
        let mut catalog = catalog.clone();
        for slo in &mut catalog.slos {
            std::sync::Arc::make_mut(slo).origin.clear();
        }
        for composite in &mut catalog.composites {
            std::sync::Arc::make_mut(composite).origin.clear();
        }
        format!("{catalog:#?}")
    }

    fn reads_back(yaml: &str) {
        let catalog = read(yaml);
        let files = files(&catalog).unwrap();
        let [file] = files.as_slice() else {
            panic!("one service is one file");
        };
        let written = file.to_yaml();
        assert_eq!(shown(&read(&written)), shown(&catalog), "{written}");
    }

    #[test]
    fn every_kind_of_sli_reads_back() {
        for kind in crate::sli::ALL {
            let mut slos = String::new();
            for (index, line) in kind.example.trim().lines().enumerate() {
                let begin = if index == 0 { "  - " } else { "    " };
                slos.push_str(&format!("{begin}{line}\n"));
            }
            reads_back(&format!(
                "version: plimsoll/v1\nservice: shop\nslos:\n{slos}"
            ));
        }
    }

    #[test]
    fn every_section_reads_back() {
        reads_back(
            r#"
version: plimsoll/v1
service: checkout
labels: {team: shop}
slos:
  - name: availability
    description: "two lines:\n  of text"
    objective: 99.9
    windows: [30d, {calendar: month, zone: Europe/Athens}]
    sli:
      events:
        valid: http_requests_total{job="checkout"}
        bad: http_requests_total{job="checkout",code=~"5.."}
        exclude: [{match: 'code=~"429|401",user!="x"', reason: client}]
    dimensions: {by: [region, zone], limit: 50, objectives: [{match: 'region="eu"', objective: 99.95}]}
    no_data: freeze
    alerts:
      name: CheckoutErrors
      labels: {a: b}
      annotations: {summary: it burns}
      page: {labels: {severity: critical}}
      ticket: {labels: {severity: low}}
      windows: [{severity: page, factor: 14.4, long: 1h, short: 5m, for: 2m}, {severity: ticket, budget: 5%, in: 1h}, {severity: page, factor: 6, long: 6h}]
      exhausts_in: 7d
      exhausts_severity: page
      hysteresis: {off: 0.4, keep: 6m}
      evidence: {bad_min: 3, chance: 0.01}
    budget: {states: {caution: 60%, critical: {below: 30%, dwell: 1h}}, leave_by: 3%, dwell: 10m}
    corrections: [{id: a, kind: exclude, from: 2026-01-01T00:00:00Z, for: 1h, repeat: "FREQ=WEEKLY;BYDAY=SU", zone: Europe/Athens, match: 'region="eu"', reason: x, author: y}]
  - name: latency
    objectives: [{name: p95, objective: 95, below: 300ms}, {name: p99, objective: 99, below: 0.0015}]
    window: 28d
    method: {timeslices: {length: 1m, objective: 99}}
    no_data: bad
    sli: {latency: {histogram: 'a_seconds{x="y"}', unit: milliseconds}}
    dimensions: {by: [region], objectives: [{match: 'region="eu"', objectives: {p99: 98}}]}
    alerts: none
  - name: native
    objective: 95
    method: ratio_timeslices
    sli: {latency: {histogram: a_seconds, form: native, below: 2s}}
  - name: scores
    objective: 95
    sli: {quality: {scores: score, above: 0.7}}
  - name: orders
    objective: 95
    sli: {throughput: {events: orders_total, at_least: 60/m}}
  - name: alerting
    objective: 95
    sli: {probe: {alert: Down}}
  - name: answers
    objective: 90
    sli: {gauge: {query: 'avg(x) or y', good: "< 1.5", every: 30s}}
  - name: share
    objective: 90
    sli: {ratio: {good: a_ratio, every: 5m}}
  - name: rates
    objective: 90
    sli: {queries: {good: 'sum(rate(a[$window]))', valid: 'sum(rate(b[$window]))', counting: rates}}
composites:
  - name: journey
    kind: weighted
    objective: 99.5
    of: [{slo: availability, weight: 2, no_data: bad}, {slo: latency, objective: p99}]
  - name: all
    kind: series
    objective: 99
    window: 7d
    of: [{slo: journey}, {slo: checkout/native}]
"#,
        );
    }
}
