//! What Sloth refuses, and we with it.

use std::collections::HashSet;

use plimsoll_promql::parse;
use plimsoll_runtime::config::{Findings, Spanned};
use plimsoll_types::is_legacy_label_name;

use super::spec::{AlertMeta, Sli, Slo, Spec};
use super::template::rendered;

/// Reads a percentage above 0 and up to 100, as Sloth does: 100 is a legal objective there.
pub(super) fn percentage(text: &Spanned<String>, findings: &mut Findings<'_>) -> f64 {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 100.0 => value,
        Ok(_) => {
            findings.error(text.span, "an objective is above 0 and at most 100");
            f64::NAN
        }
        Err(_) if text.is_empty() => {
            findings.error(text.span, "an SLO needs an `objective` such as 99.9");
            f64::NAN
        }
        Err(_) => {
            findings.error(text.span, "expected a percentage such as 99.9");
            f64::NAN
        }
    }
}

pub(super) fn check(spec: &Spec, findings: &mut Findings<'_>) {
    if spec.slos.is_empty() {
        findings.error(super::first_line(&spec.source), "the document has no SLO");
    }
    let mut ids = HashSet::new();
    for slo in &spec.slos {
        if !ids.insert(&*slo.id) {
            let message = format!("the SLO {} is in this document twice", slo.name.value);
            findings.error(slo.name.span, message);
        }
        of_slo(slo, findings);
    }
}

fn of_slo(slo: &Slo, findings: &mut Findings<'_>) {
    if slo.name.is_empty() {
        findings.error(slo.span, "an SLO needs a `name`");
    } else if !is_name(&slo.name) {
        let message = "a name has letters, digits, `-`, `_` and `.`, and begins and ends with a letter or a digit";
        findings.error(slo.name.span, message);
    }
    for name in slo.labels.keys().filter(|name| !is_legacy_label_name(name)) {
        findings.error(slo.span, format!("{name:?} is no name of a label"));
    }
    match &slo.sli {
        Sli::Events { errors, total } => {
            query(errors, findings);
            query(total, findings);
            if errors == total && !errors.is_empty() {
                findings.error(
                    errors.span,
                    "the queries of bad and of all events are the same",
                );
            }
        }
        Sli::Raw(text) => query(text, findings),
    }
    for alert in slo.page.iter().chain(&slo.ticket) {
        names(alert, slo, findings);
    }
}

fn names(alert: &AlertMeta, slo: &Slo, findings: &mut Findings<'_>) {
    let names = alert.labels.keys().chain(alert.annotations.keys());
    for name in names.filter(|name| !is_legacy_label_name(name)) {
        let message = format!("{name:?} is no name of a label or an annotation");
        findings.error(slo.span, message);
    }
}

/// An empty query was told already: its section is missing.
fn query(text: &Spanned<String>, findings: &mut Findings<'_>) {
    if text.is_empty() {
        return;
    }
    let expression = match rendered(text, "5m") {
        Ok(expression) => expression,
        Err(error) => return findings.error(text.span, error.to_string()),
    };
    if let Err(error) = parse(&expression) {
        return findings.error(text.span, format!("the query is no PromQL: {error}"));
    }
    if rendered(text, "7m").is_ok_and(|other| other == expression) {
        let message = "the query has no `{{.window}}`, so all windows would be the same";
        findings.error(text.span, message);
    }
}

fn is_name(name: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    let is_inner = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    is_edge(bytes.first()) && is_edge(bytes.last()) && bytes.iter().all(is_inner)
}
