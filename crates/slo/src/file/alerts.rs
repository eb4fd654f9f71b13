//! `alerts`: when somebody is told that a budget burns.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::{Annotations, Labels, format_duration};

use super::context::{Context, short};
use super::raw::{RawAlerts, RawBurnRule, RawEvidence, RawHysteresis, TextOr};
use crate::burn::{self, unreachable, window_length};
use crate::{AlertPolicy, Basis, BurnRule, Hysteresis, Severity, Target, Window};

/// The name of alerts unless the file says otherwise.
const NAME: &str = "ErrorBudgetBurn";
const BAD_MIN: u64 = 2;
const CHANCE_MAX: f64 = 0.05;
const RULES_MAX: usize = 20;

/// Reads the policy of an SLO or a composite. Every rule is held against all targets, so that none is there that cannot fire.
pub(super) fn alerts(
    raw: Option<&Spanned<TextOr<RawAlerts>>>,
    targets: &[Target],
    window: Option<&Window>,
    ctx: &mut Context<'_>,
) -> AlertPolicy {
    match raw.map(|raw| (raw.span, &raw.value)) {
        None => policy(&RawAlerts::default(), Span::default(), targets, window, ctx),
        Some((_, TextOr::Text(word))) if word == "none" => silent(),
        Some((span, TextOr::Text(word))) => {
            let message = format!("expected `none` or a mapping, found {:?}", short(word));
            ctx.error(span, message);
            silent()
        }
        Some((span, TextOr::Section(section))) => policy(section, span, targets, window, ctx),
    }
}

fn silent() -> AlertPolicy {
    AlertPolicy {
        name: None,
        labels: Labels::empty(),
        annotations: Annotations::default(),
        page_labels: Labels::empty(),
        ticket_labels: Labels::empty(),
        rules: Vec::new(),
        hysteresis: Hysteresis::default(),
        bad_min: BAD_MIN,
        chance_max: CHANCE_MAX,
        exhaustion: None,
        exhaustion_severity: Severity::Ticket,
    }
}

fn policy(
    raw: &RawAlerts,
    section: Span,
    targets: &[Target],
    window: Option<&Window>,
    ctx: &mut Context<'_>,
) -> AlertPolicy {
    if raw.name.as_ref().is_some_and(|name| name.is_empty()) {
        ctx.error(
            section,
            "the name of the alert is empty; `alerts: none` makes none",
        );
    }
    let name = raw.name.as_ref().map_or(NAME, |name| &name.value);
    let severity = raw.exhausts_severity.as_ref();
    AlertPolicy {
        name: Some(Arc::from(name)),
        labels: ctx.labels(&raw.labels),
        annotations: ctx.annotations(&raw.annotations),
        page_labels: ctx.any_labels(&raw.page.labels),
        ticket_labels: ctx.any_labels(&raw.ticket.labels),
        rules: rules(raw, targets, window, ctx),
        hysteresis: hysteresis(&raw.hysteresis, ctx),
        bad_min: bad_min(&raw.evidence),
        chance_max: chance_max(&raw.evidence, ctx),
        exhaustion: ctx.above_zero(&raw.exhausts_in, "exhausts_in"),
        exhaustion_severity: severity
            .and_then(|severity| ctx.severity(severity))
            .unwrap_or(Severity::Ticket),
    }
}

fn rules(
    raw: &RawAlerts,
    targets: &[Target],
    window: Option<&Window>,
    ctx: &mut Context<'_>,
) -> Vec<BurnRule> {
    let (Some(written), Some(window)) = (&raw.windows, window) else {
        return default_rules(targets, window);
    };
    if written.is_empty() || written.len() > RULES_MAX {
        let message =
            format!("`windows` has 1 to {RULES_MAX} entries; `alerts: none` makes no alert");
        ctx.error(written.key, message);
        return Vec::new();
    }
    let read = written.iter();
    let read = read.filter_map(|raw| rule(raw, targets, window, ctx));
    let mut rules: Vec<BurnRule> = read.collect();
    // The most urgent first; those of the same severity as they are written.
    rules.sort_by_key(|rule| rule.severity);
    rules
}

/// Leaves out what cannot fire at one of the targets, and what looks further back than the window: a file that writes no
/// rules asks for those that make sense.
pub(super) fn default_rules(targets: &[Target], window: Option<&Window>) -> Vec<BurnRule> {
    let length = window.map_or(Duration::MAX, window_length);
    let can_fire = |rule: &BurnRule| {
        let mut targets = targets.iter();
        rule.long <= length && targets.all(|target| unreachable(rule, *target).is_none())
    };
    burn::rules().into_iter().filter(can_fire).collect()
}

fn rule(
    raw: &Spanned<RawBurnRule>,
    targets: &[Target],
    window: &Window,
    ctx: &mut Context<'_>,
) -> Option<BurnRule> {
    let severity = match raw.severity.is_empty() {
        true => {
            ctx.error(raw.span, "the field `severity` is missing");
            None
        }
        false => ctx.severity(&raw.severity),
    };
    let mut rule = match (&raw.factor, &raw.budget) {
        (Some(factor), None) => by_factor(raw, factor, severity, ctx)?,
        (None, Some(share)) => by_share(raw, share, severity, window, ctx)?,
        _ => {
            let message = "a rule has either `factor` and `long`, or `budget` and `in`";
            ctx.error(raw.span, message);
            return None;
        }
    };
    if let Some(short) = ctx.slices(&raw.short, "short") {
        rule.short = Some(short);
    }
    rule.hold = raw.hold.as_ref().map_or(Duration::ZERO, |raw| raw.value.0);
    fits(raw, &rule, window, ctx);
    if let Some(of) = &raw.of {
        rule.basis = ctx.word(of, "value", Basis::ALL, Basis::as_str)?;
    }
    if let Some(share) = &raw.sustained {
        rule.sustained = ctx.share(share)?;
    }
    let mut targets = targets.iter();
    if let Some(why) = targets.find_map(|target| unreachable(&rule, *target)) {
        let span = raw.factor.as_ref().map(|raw| raw.span);
        let span = span.or(raw.budget.as_ref().map(|raw| raw.span));
        ctx.error(span.unwrap_or(raw.span), why.to_string());
        return None;
    }
    Some(rule)
}

fn by_factor(
    raw: &Spanned<RawBurnRule>,
    factor: &Spanned<f64>,
    severity: Option<Severity>,
    ctx: &mut Context<'_>,
) -> Option<BurnRule> {
    if let Some(within) = &raw.within {
        ctx.error(within.key, "`in` belongs to `budget`, a factor has `long`");
    }
    if !(factor.is_finite() && factor.value > 0.0) {
        ctx.error(factor.span, "`factor` is a number above 0");
        return None;
    }
    if raw.long.is_none() {
        ctx.error(raw.span, "the field `long` is missing");
    }
    let long = ctx.slices(&raw.long, "long")?;
    let mut rule = BurnRule::new(severity?, factor.value, long, long);
    rule.short = None;
    Some(rule)
}

fn by_share(
    raw: &Spanned<RawBurnRule>,
    share: &Spanned<String>,
    severity: Option<Severity>,
    window: &Window,
    ctx: &mut Context<'_>,
) -> Option<BurnRule> {
    if let Some(long) = &raw.long {
        ctx.error(long.key, "`long` belongs to `factor`, a budget has `in`");
    }
    if raw.within.is_none() {
        ctx.error(raw.span, "the field `in` is missing");
    }
    let within = ctx.slices(&raw.within, "in");
    let value = ctx.share(share)?;
    if value == 0.0 {
        ctx.error(share.span, "`budget` is a share above 0%");
        return None;
    }
    Some(burn::rule_of_budget(severity?, value, within?, window))
}

fn fits(raw: &Spanned<RawBurnRule>, rule: &BurnRule, window: &Window, ctx: &mut Context<'_>) {
    if let Some(short) = rule.short
        && short >= rule.long
    {
        let span = raw.short.as_ref().map_or(raw.span, |raw| raw.span);
        ctx.error(span, "the short window is not shorter than the long one");
    }
    if rule.short.is_none()
        && let Some(sustained) = &raw.sustained
    {
        ctx.error(sustained.key, "`sustained` needs a `short` window");
    }
    let length = window_length(window);
    if rule.long > length {
        let span = raw.long.as_ref().or(raw.within.as_ref());
        let message = format!(
            "this looks back over {}, further than the budget's window of {}",
            format_duration(rule.long),
            format_duration(length)
        );
        ctx.findings
            .warning(span.map_or(raw.span, |raw| raw.span), message);
    }
}

fn hysteresis(raw: &RawHysteresis, ctx: &mut Context<'_>) -> Hysteresis {
    let default = Hysteresis::default();
    if let Some(off) = &raw.off
        && !(off.value > 0.0 && off.value <= 1.0)
    {
        ctx.error(
            off.span,
            "`off` is a share of the factor: above 0, at most 1",
        );
    }
    Hysteresis {
        off: raw.off.as_ref().map_or(default.off, |raw| raw.value),
        keep: raw.keep.as_ref().map_or(default.keep, |raw| raw.value.0),
    }
}

fn bad_min(raw: &RawEvidence) -> u64 {
    raw.bad_min.as_ref().map_or(BAD_MIN, |raw| raw.value)
}

fn chance_max(raw: &RawEvidence, ctx: &mut Context<'_>) -> f64 {
    let Some(raw) = &raw.chance else {
        return CHANCE_MAX;
    };
    if !(0.0..1.0).contains(&raw.value) {
        ctx.error(raw.span, "`chance` is a probability: at least 0, below 1");
    }
    raw.value
}
