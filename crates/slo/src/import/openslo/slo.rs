//! One SLO of OpenSLO: an SLO of ours where its objectives agree in all but the target, else one for each.

use plimsoll_runtime::config::{Diagnostic, Source, Span, Spanned, Tree};

use super::{Converted, Library, alerts, raw, sli, windows};
use crate::export::native::{WrittenObjective, section};
use crate::export::text;
use crate::import::convert::{Draft, legal_name};
use crate::import::decimal::percent;

pub(super) fn slos<'a>(
    source: &'a Source,
    read: raw::Of<raw::Slo>,
    library: &Library,
    ignored: Vec<Diagnostic>,
) -> Vec<Converted<'a>> {
    let span = read.spec.span;
    let name = read.metadata.name;
    let slo = read.spec.value;
    if slo.objectives.is_empty() {
        let mut draft = Draft::new(source);
        draft.written.name = draft.name(&name.value, name.span);
        draft.refused(span, "an SLO needs `objectives`");
        draft.findings.extend(ignored);
        return vec![Converted {
            service: slo.service,
            draft,
            span,
        }];
    }
    let groups = groups(&slo);
    let is_single = groups.len() < 2;
    let mut ignored = Some(ignored);
    let mut converted = Vec::new();
    for (index, objectives) in groups.into_iter().enumerate() {
        let mut draft = Draft::new(source);
        draft.findings.extend(ignored.take().into_iter().flatten());
        let full = match is_single {
            true => name.value.clone(),
            false => format!("{}-{}", name.value, tier(objectives[0], index)),
        };
        draft.written.name = draft.name(&full, name.span);
        draft.written.description = slo.description.clone();
        draft.written.labels = draft.labels(&read.metadata.labels, span);
        parts(&slo, &objectives, library, span, &mut draft);
        if !is_single {
            draft.kept(format!(
                "objective {} of {}",
                index + 1,
                slo.objectives.len()
            ));
        }
        converted.push(Converted {
            service: slo.service.clone(),
            draft,
            span: objectives.first().map_or(span, |objective| objective.span),
        });
    }
    converted
}

fn parts(
    slo: &raw::Slo,
    objectives: &[&Spanned<raw::Objective>],
    library: &Library,
    span: Span,
    draft: &mut Draft<'_>,
) {
    let first = objectives[0];
    draft.written.objectives = targets(objectives, draft);
    draft.written.windows = windows::windows(&slo.time_window, span, draft);
    sli::sli(slo, first, library, span, draft);
    draft.written.method = method(slo, first, draft);
    draft.written.alerts = alerts::alerts(slo, library, draft);
    for objective in objectives {
        if let Some(weight) = &objective.composite_weight {
            let message = "the weight is left out: make a composite of the SLOs";
            draft.warned(weight.span, message);
        }
    }
}

/// Splits the objectives into those that can be one SLO: the same condition and the same slices.
fn groups(slo: &raw::Slo) -> Vec<Vec<&Spanned<raw::Objective>>> {
    let mut groups: Vec<Vec<&Spanned<raw::Objective>>> = Vec::new();
    for objective in &slo.objectives {
        let is_alike = |group: &&mut Vec<&Spanned<raw::Objective>>| {
            let first = group[0];
            (
                &first.value.value,
                &first.time_slice_target,
                &first.time_slice_window,
                &first.indicator_ref,
            ) == (
                &objective.value.value,
                &objective.time_slice_target,
                &objective.time_slice_window,
                &objective.indicator_ref,
            ) && first.indicator.is_none()
                && objective.indicator.is_none()
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(objective),
            None => groups.push(vec![objective]),
        }
    }
    groups
}

/// Names an objective by its text for people.
fn tier(objective: &raw::Objective, index: usize) -> String {
    let name = objective.display_name.trim().to_lowercase();
    match name.is_empty() {
        true => index.to_string(),
        false => legal_name(&name),
    }
}

fn targets(
    objectives: &[&Spanned<raw::Objective>],
    draft: &mut Draft<'_>,
) -> Vec<WrittenObjective> {
    let mut targets = Vec::new();
    for (index, objective) in objectives.iter().enumerate() {
        let written = match (
            objective.target.is_empty(),
            objective.target_percent.is_empty(),
        ) {
            (false, true) => percent(&objective.target),
            (true, false) => objective.target_percent.value.clone(),
            _ => {
                draft.refused(
                    objective.span,
                    "an objective has either `target` or `targetPercent`",
                );
                continue;
            }
        };
        let name = match objectives.len() {
            1 => String::new(),
            _ => tier(objective, index),
        };
        targets.push(WrittenObjective {
            name,
            objective: written,
            below: None,
        });
    }
    targets
}

fn method(slo: &raw::Slo, objective: &raw::Objective, draft: &mut Draft<'_>) -> Tree {
    let length = match objective.time_slice_window.is_empty() {
        true => Tree::Null,
        false => match windows::length(&objective.time_slice_window) {
            Some(length) => crate::export::native::duration(length),
            None => {
                let message = "expected a length such as 1m";
                draft.refused(objective.time_slice_window.span, message);
                Tree::Null
            }
        },
    };
    match &*slo.budgeting_method.value {
        "" | "Occurrences" => Tree::Null,
        "Timeslices" => {
            let target = match objective.time_slice_target.is_empty() {
                true => Tree::Null,
                false => Tree::Plain(percent(&objective.time_slice_target)),
            };
            draft.kept("time slices: a slice with too many bad events is bad");
            section([(
                "timeslices",
                section([("length", length), ("objective", target)]),
            )])
        }
        "RatioTimeslices" => {
            draft.kept("ratio time slices: the mean of the slices' shares");
            match length {
                Tree::Null => text("ratio_timeslices"),
                length => section([("ratio_timeslices", section([("length", length)]))]),
            }
        }
        other => {
            let message = format!("unknown budgeting method `{other}`");
            draft.refused(slo.budgeting_method.span, message);
            Tree::Null
        }
    }
}
