//! `dimensions`: separate budgets per value of labels.

use std::sync::Arc;

use plimsoll_runtime::config::Spanned;
use plimsoll_types::BUCKET_LABEL;

use super::context::{Context, short};
use super::raw::{RawDimensions, RawGroupTarget};
use crate::{Dimensions, GroupTarget, Objective, Target};

/// How many groups are kept apart unless the file says otherwise.
const LIMIT: usize = 100;
/// Each group is a stream per objective; this many take about a hundred megabytes in 30 days.
const LIMIT_MAX: u32 = 10_000;
const LABELS_MAX: usize = 10;

pub(super) fn dimensions(
    raw: &Spanned<RawDimensions>,
    objectives: &[Objective],
    ctx: &mut Context<'_>,
) -> Dimensions {
    if raw.by.is_empty() {
        ctx.error(raw.key, "`dimensions` needs labels in `by`");
    }
    if raw.by.len() > LABELS_MAX {
        ctx.error(
            raw.key,
            format!("budgets are split by at most {LABELS_MAX} labels"),
        );
    }
    let mut labels: Vec<Arc<str>> = Vec::new();
    for name in &raw.by {
        ctx.label_name(name, name.span);
        if name.value == BUCKET_LABEL {
            ctx.error(name.span, "the buckets of a histogram are no groups");
        }
        if labels.iter().any(|found| **found == *name.value) {
            ctx.error(name.span, format!("`{}` is here twice", short(name)));
        }
        labels.push(Arc::from(&*name.value));
    }
    labels.sort();
    let targets = raw.objectives.iter();
    let targets = targets.filter_map(|raw| group_target(raw, &labels, objectives, ctx));
    let targets = targets.collect();
    Dimensions {
        limit: limit(raw, ctx),
        labels,
        targets,
    }
}

/// Returns the targets of all groups that have their own.
pub(super) fn targets(dimensions: &Dimensions) -> impl Iterator<Item = Target> {
    let groups = dimensions.targets.iter();
    groups.flat_map(|group| group.targets.iter().copied())
}

fn limit(raw: &RawDimensions, ctx: &mut Context<'_>) -> usize {
    let Some(raw) = &raw.limit else {
        return LIMIT;
    };
    if !(1..=LIMIT_MAX).contains(&raw.value) {
        let message = format!("`limit` is a whole number from 1 to {LIMIT_MAX}");
        ctx.error(raw.span, message);
    }
    raw.value as usize
}

fn group_target(
    raw: &Spanned<RawGroupTarget>,
    labels: &[Arc<str>],
    objectives: &[Objective],
    ctx: &mut Context<'_>,
) -> Option<GroupTarget> {
    if raw.condition.is_empty() {
        ctx.error(raw.span, "the field `match` is missing");
        return None;
    }
    let matchers = ctx.conditions(&raw.condition)?;
    for matcher in &matchers {
        if !labels.iter().any(|label| **label == *matcher.name()) {
            let message = format!("`{}` is none of the labels of `by`", short(matcher.name()));
            ctx.error(raw.condition.span, message);
        }
    }
    let targets = match &raw.objective {
        Some(one) => {
            let target = ctx.target(one)?;
            if objectives.len() > 1 || !raw.objectives.is_empty() {
                let message = "an SLO with several objectives needs them by name";
                let hint = "write `objectives: {p95: 99.5}`";
                ctx.findings.error_with_hint(one.span, message, hint);
                return None;
            }
            vec![target]
        }
        None => by_name(raw, objectives, ctx)?,
    };
    Some(GroupTarget { matchers, targets })
}

fn by_name(
    raw: &Spanned<RawGroupTarget>,
    objectives: &[Objective],
    ctx: &mut Context<'_>,
) -> Option<Vec<Target>> {
    if raw.objectives.is_empty() {
        ctx.error(raw.span, "the field `objective` is missing");
        return None;
    }
    let mut targets: Vec<_> = objectives.iter().map(|one| one.target).collect();
    for (name, text) in &raw.objectives {
        let target = ctx.target(text);
        let at = objectives.iter().position(|one| *one.name == *name.text);
        let Some(at) = at else {
            let message = format!("the SLO has no objective `{}`", short(&name.text));
            ctx.error(name.span, message);
            continue;
        };
        targets[at] = target.unwrap_or(targets[at]);
    }
    Some(targets)
}
