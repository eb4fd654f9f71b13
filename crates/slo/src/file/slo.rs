//! One of `slos`: its parts are read in the order in which they need each other.

use std::sync::Arc;

use plimsoll_runtime::config::Spanned;
use plimsoll_types::Labels;

use super::context::Context;
use super::objectives::Draft;
use super::raw::RawSlo;
use super::{alerts, budget, corrections, dimensions, method, objectives, windows};
use crate::{Method, NoData, Slo};

/// What all SLOs of a file have in common.
pub(super) struct Common {
    pub(super) service: Arc<str>,
    pub(super) labels: Labels,
}

/// Reads an SLO; `None` when it has no name or nothing that could be measured, which is reported.
pub(super) fn slo(raw: Spanned<RawSlo>, common: &Common, ctx: &mut Context<'_>) -> Option<Slo> {
    let section = raw.span;
    let origin = origin(ctx, section);
    let raw = raw.value;
    let is_named = ctx.name(&raw.name, section, "an SLO");
    let windows = windows::windows(raw.window, raw.windows, ctx);
    let mut draft = Draft {
        objectives: objectives::objectives(raw.objective, raw.objectives, section, ctx),
        method: method::method(raw.method, ctx),
    };
    let sli = match raw.sli.span.start == raw.sli.span.end {
        true => {
            ctx.error(section, "an SLO needs an `sli`");
            None
        }
        false => crate::sli::read(raw.sli, &mut draft, ctx),
    };
    let (objectives, method) = draft.into_parts(ctx);
    let dimensions = raw
        .dimensions
        .map(|raw| dimensions::dimensions(&raw, &objectives, ctx));
    let targets = objectives.iter().map(|objective| objective.target);
    let targets: Vec<_> = targets
        .chain(dimensions.iter().flat_map(dimensions::targets))
        .collect();
    let alerts = alerts::alerts(raw.alerts.as_ref(), &targets, windows.first(), ctx);
    let budget = budget::budget(raw.budget.as_ref(), ctx);
    let corrections = corrections::corrections(raw.corrections, ctx);
    let no_data = no_data(raw.no_data.as_ref(), &method, ctx);
    let sli = sli?;
    method::fits(&method, &sli, section, ctx);
    (is_named && !objectives.is_empty() && !windows.is_empty()).then(|| Slo {
        id: Arc::from(format!("{}/{}", common.service, raw.name.value)),
        service: Arc::clone(&common.service),
        name: Arc::from(&*raw.name.value),
        description: raw.description,
        labels: merged(&common.labels, &ctx.labels(&raw.labels)),
        origin,
        sli,
        objectives,
        windows,
        method,
        dimensions,
        no_data,
        alerts,
        budget,
        corrections,
    })
}

/// Says where something is written.
pub(super) fn origin(ctx: &Context<'_>, section: plimsoll_runtime::config::Span) -> String {
    let source = ctx.findings.source();
    format!("{}:{}", source.path().display(), source.line(section))
}

/// Returns both, those of `own` where both have one.
pub(super) fn merged(common: &Labels, own: &Labels) -> Labels {
    let mut labels = common.to_builder();
    for (name, value) in own.iter() {
        labels.set(name, value);
    }
    labels.build()
}

/// Nobody knows how many events there were in time that was not measured, but how many slices there were.
fn no_data(raw: Option<&Spanned<String>>, method: &Method, ctx: &mut Context<'_>) -> NoData {
    let found = ctx.no_data(raw);
    if found == NoData::Bad
        && let Some(raw) = raw
        && !matches!(method, Method::Timeslices { .. })
    {
        let message = "`no_data: bad` needs `method: timeslices`";
        let hint = "nobody knows how many events there were in time that was not measured";
        ctx.findings.error_with_hint(raw.span, message, hint);
    }
    found
}
