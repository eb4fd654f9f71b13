//! `objective` and `objectives`: what is promised, in one tier or several.

use std::sync::Arc;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::parse_duration;

use super::context::{Context, short};
use super::method::RawOrDefault;
use super::raw::RawObjective;
use crate::{Method, Objective};

/// More tiers than anybody promises; each is a stream of its own.
const OBJECTIVES_MAX: usize = 20;

/// What the kind of an SLI may still change: thresholds and the method.
pub(crate) struct Draft {
    pub(crate) objectives: Vec<DraftObjective>,
    pub(crate) method: RawOrDefault,
}

/// An objective whose threshold is not read yet.
pub(crate) struct DraftObjective {
    pub(crate) objective: Objective,
    /// As written.
    pub(crate) below: Option<Spanned<String>>,
    pub(crate) section: Span,
}

impl Draft {
    /// Returns what is promised and how it is counted. Thresholds that the SLI did not take are reported.
    pub(super) fn into_parts(self, ctx: &mut Context<'_>) -> (Vec<Objective>, Method) {
        for draft in &self.objectives {
            if let Some(below) = &draft.below
                && draft.objective.threshold.is_none()
            {
                let message = "`below` has no meaning for this kind of SLI";
                let hint = "the kinds `latency`, `gateway` and `throughput` have thresholds";
                ctx.findings.error_with_hint(below.key, message, hint);
            }
        }
        let objectives: Vec<_> = self.objectives.into_iter().collect();
        order(&objectives, ctx);
        let objectives = objectives.into_iter().map(|draft| draft.objective);
        (objectives.collect(), self.method.into_method())
    }
}

/// Reads a threshold: a length of time, or a plain number in seconds.
pub(crate) fn threshold(raw: &Spanned<String>, ctx: &mut Context<'_>) -> Option<f64> {
    let seconds = match parse_duration(raw.trim()) {
        Ok(length) => Some(length.as_secs_f64()),
        Err(_) => raw.trim().parse::<f64>().ok(),
    };
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    if seconds.is_none() {
        let message = format!(
            "expected a length of time such as 300ms, or seconds such as 0.3, found {:?}",
            short(raw)
        );
        ctx.error(raw.span, message);
    }
    seconds
}

/// Reads what is promised; empty when nothing is, which is reported.
pub(super) fn objectives(
    one: Option<Spanned<String>>,
    several: Option<Spanned<Vec<Spanned<RawObjective>>>>,
    section: Span,
    ctx: &mut Context<'_>,
) -> Vec<DraftObjective> {
    match (one, several) {
        (Some(one), None) => single(one, ctx),
        (None, Some(several)) => tiers(several, ctx),
        (Some(_), Some(several)) => {
            ctx.error(
                several.key,
                "`objective` and `objectives` exclude each other",
            );
            Vec::new()
        }
        (None, None) => {
            ctx.error(section, "an SLO needs an `objective`");
            Vec::new()
        }
    }
}

fn single(raw: Spanned<String>, ctx: &mut Context<'_>) -> Vec<DraftObjective> {
    let target = ctx.target(&raw);
    let draft = target.map(|target| DraftObjective {
        objective: Objective {
            name: Arc::from(""),
            target,
            threshold: None,
        },
        below: None,
        section: raw.span,
    });
    draft.into_iter().collect()
}

fn tiers(raw: Spanned<Vec<Spanned<RawObjective>>>, ctx: &mut Context<'_>) -> Vec<DraftObjective> {
    if raw.is_empty() {
        ctx.error(raw.key, "`objectives` is empty");
    }
    if raw.len() > OBJECTIVES_MAX {
        let message = format!("an SLO has at most {OBJECTIVES_MAX} objectives");
        ctx.error(raw.key, message);
        return Vec::new();
    }
    let mut found: Vec<DraftObjective> = Vec::new();
    for raw in raw.value {
        let is_named = ctx.name(&raw.name, raw.span, "an objective");
        let is_there = |draft: &DraftObjective| *draft.objective.name == *raw.name.value;
        if is_named && found.iter().any(is_there) {
            let message = format!("the objective `{}` is here twice", raw.name.value);
            ctx.error(raw.name.span, message);
        }
        if raw.objective.is_empty() {
            ctx.error(raw.span, "the field `objective` is missing");
            continue;
        }
        let Some(target) = ctx.target(&raw.objective) else {
            continue;
        };
        let section = raw.span;
        let raw = raw.value;
        found.push(DraftObjective {
            objective: Objective {
                name: Arc::from(&*raw.name.value),
                target,
                threshold: None,
            },
            below: raw.below,
            section,
        });
    }
    found
}

/// Warns of a tier that another one makes pointless: a higher share at a smaller threshold.
fn order(objectives: &[DraftObjective], ctx: &mut Context<'_>) {
    for lax in objectives {
        let covers = |strict: &&DraftObjective| {
            let (a, b) = (&strict.objective, &lax.objective);
            let both = a.threshold.zip(b.threshold);
            let is_same = a.target == b.target && a.threshold == b.threshold;
            !is_same
                && a.target.billionths() >= b.target.billionths()
                && both.is_some_and(|(a, b)| a <= b)
        };
        if let Some(strict) = objectives.iter().find(covers) {
            let message = format!(
                "the objective `{}` is kept whenever `{}` is",
                lax.objective.name, strict.objective.name
            );
            ctx.findings.warning(lax.section, message);
        }
    }
}
