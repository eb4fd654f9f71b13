//! Proposes objectives for metrics that a server has: a first file to edit, with the figures of now beside each promise.
//!
//! What a proposal is made of is what conventions say: names that end in `_requests_total` count requests, a label `code`
//! has status codes. Nothing is proposed where the labels do not show what is bad.

mod kinds;
mod objective;

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_types::{BUCKET_LABEL, Labels};

use crate::export::native::{Document, Written};
use crate::import::convert::legal_name;

/// The label that names a service in Prometheus.
const JOB: &str = "job";
/// A file with more of a service would not be read.
const PROPOSALS_MAX: usize = 50;

/// Answers a PromQL expression with one number; `None` where there is none.
pub type Measure<'a> = &'a mut dyn FnMut(&str) -> Option<f64>;

/// Says whether a metric may be proposed something for, judged by its name: only the series of these are needed.
pub fn is_candidate(name: &str) -> bool {
    kinds::ALL.iter().any(|kind| (kind.fits)(name))
}

/// Proposes a file for each job among the series; `measure` tells how these did lately.
///
/// What is proposed passes `check slo`; jobs and SLOs are in the order of their names.
pub fn propose(series: &[Labels], measure: Measure<'_>) -> Vec<Document> {
    let mut documents = Vec::new();
    for (job, metrics) in by_job(series) {
        let document = Document {
            comment: vec![format!(
                "Proposed by plimsoll slo init from the metrics of the job {job}. Objectives are what was kept lately: edit them."
            )],
            service: service(&documents, job),
            slos: of_job(job, &metrics, measure),
            ..Document::default()
        };
        if !document.slos.is_empty() {
            documents.push(document);
        }
    }
    documents
}

/// Names a file after its job. Two jobs may differ only in letters that names do not have; their files are two.
fn service(documents: &[Document], job: &str) -> String {
    let is_taken = |name: &str| documents.iter().any(|document| document.service == name);
    free(is_taken, legal_name(job))
}

/// A metric of a job: the values that its labels have.
#[derive(Default)]
struct Metric<'a> {
    values: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl Metric<'_> {
    fn has(&self, label: &str) -> bool {
        self.values.contains_key(label)
    }

    fn values(&self, label: &str) -> impl Iterator<Item = &str> {
        self.values.get(label).into_iter().flatten().copied()
    }

    /// Returns the edges of a classic histogram, ascending, without the last one.
    fn edges(&self) -> Vec<f64> {
        let edges = self
            .values(BUCKET_LABEL)
            .filter_map(|edge| edge.parse().ok());
        let mut edges: Vec<f64> = edges
            .filter(|edge: &f64| edge.is_finite() && *edge > 0.0)
            .collect();
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        edges
    }
}

type Metrics<'a> = BTreeMap<&'a str, Metric<'a>>;

fn by_job(series: &[Labels]) -> BTreeMap<&str, Metrics<'_>> {
    let mut jobs: BTreeMap<&str, Metrics<'_>> = BTreeMap::new();
    for labels in series {
        let (Some(job), Some(name)) = (labels.get(JOB), labels.metric_name()) else {
            continue;
        };
        let metric = jobs.entry(job).or_default().entry(name).or_default();
        for (label, value) in labels.iter() {
            metric.values.entry(label).or_default().insert(value);
        }
    }
    jobs
}

fn of_job(job: &str, metrics: &Metrics<'_>, measure: Measure<'_>) -> Vec<Written> {
    let mut written: Vec<Written> = Vec::new();
    for kind in kinds::ALL {
        // That a target answers says little where there is anything better.
        if kind.is_last_resort && !written.is_empty() {
            continue;
        }
        for (name, metric) in metrics.iter().filter(|(name, _)| (kind.fits)(name)) {
            let known = kinds::Known { job, name, metric };
            let Some(mut slo) = (kind.propose)(&known, measure) else {
                continue;
            };
            let is_taken = |name: &str| written.iter().any(|slo| slo.name == name);
            slo.name = free(is_taken, slo.name);
            written.push(slo);
        }
    }
    written.truncate(PROPOSALS_MAX);
    written
}

/// Returns the name, or one with a number behind it when it is taken.
fn free(is_taken: impl Fn(&str) -> bool, name: String) -> String {
    if !is_taken(&name) {
        return name;
    }
    let mut numbered = (2..).map(|number: u32| format!("{name}-{number}"));
    numbered
        .find(|name| !is_taken(name))
        .expect("there are more numbers than names")
}

#[cfg(test)]
mod tests;
