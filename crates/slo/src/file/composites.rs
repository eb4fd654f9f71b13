//! `composites`: promises about several others.

use std::sync::Arc;

use plimsoll_runtime::config::Spanned;

use super::context::{Context, short};
use super::raw::{RawComponent, RawComposite};
use super::slo::{Common, merged, origin};
use super::{ComponentPlace, alerts, budget, windows};
use crate::{Component, Composite, CompositeKind};

const COMPONENTS_MAX: usize = 1000;

/// Reads a composite; `None` when it has no name or nothing to be made of, which is reported.
pub(super) fn composite(
    raw: Spanned<RawComposite>,
    common: &Common,
    ctx: &mut Context<'_>,
) -> Option<(Composite, Vec<ComponentPlace>)> {
    let section = raw.span;
    let origin = origin(ctx, section);
    let raw = raw.value;
    let is_named = ctx.name(&raw.name, section, "a composite");
    if raw.objective.is_none() {
        ctx.error(section, "a composite needs an `objective`");
    }
    let target = raw.objective.as_ref().and_then(|raw| ctx.target(raw));
    let windows = windows::windows(raw.window, raw.windows, ctx);
    let targets: Vec<_> = target.into_iter().collect();
    let alerts = alerts::alerts(raw.alerts.as_ref(), &targets, windows.first(), ctx);
    let alerts = crate::composite::judgeable(alerts);
    let budget = budget::budget(raw.budget.as_ref(), ctx);
    let kind = ctx.word(
        &raw.kind,
        "kind of a composite",
        CompositeKind::ALL,
        CompositeKind::as_str,
    );
    if raw.of.is_empty() || raw.of.len() > COMPONENTS_MAX {
        let message = format!("a composite needs 1 to {COMPONENTS_MAX} components in `of`");
        ctx.error(section, message);
        return None;
    }
    let read = raw.of.iter();
    let read = read.filter_map(|raw| component(raw, kind, &common.service, ctx));
    let (components, places): (Vec<_>, Vec<_>) = read.unzip();
    let composite = Composite {
        id: Arc::from(format!("{}/{}", common.service, raw.name.value)),
        service: Arc::clone(&common.service),
        name: Arc::from(&*raw.name.value),
        description: raw.description,
        labels: merged(&common.labels, &ctx.labels(&raw.labels)),
        origin,
        kind: kind?,
        components,
        target: target?,
        windows,
        alerts,
        budget,
    };
    (is_named && !composite.windows.is_empty()).then_some((composite, places))
}

fn component(
    raw: &Spanned<RawComponent>,
    kind: Option<CompositeKind>,
    service: &str,
    ctx: &mut Context<'_>,
) -> Option<(Component, ComponentPlace)> {
    if raw.slo.is_empty() {
        ctx.error(raw.span, "the field `slo` is missing");
        return None;
    }
    let weight = raw.weight.as_ref().map_or(1.0, |raw| raw.value);
    if let Some(written) = &raw.weight {
        if !(weight.is_finite() && weight > 0.0) {
            ctx.error(written.span, "`weight` is a number above 0");
        }
        if kind.is_some_and(|kind| kind != CompositeKind::Weighted) {
            let message = "weights have no meaning but in `kind: weighted`";
            ctx.findings.warning(written.key, message);
        }
    }
    let id = match raw.slo.contains('/') {
        true => raw.slo.value.clone(),
        false => format!("{service}/{}", short(&raw.slo)),
    };
    let component = Component {
        id: Arc::from(id),
        objective: 0,
        weight,
        no_data: ctx.no_data(raw.no_data.as_ref()),
    };
    let objective = raw.objective.as_ref();
    let place = ComponentPlace {
        slo: raw.slo.span,
        objective: objective.map(|raw| (raw.span, raw.value.clone())),
    };
    Some((component, place))
}
