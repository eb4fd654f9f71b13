//! Sloth's SLOs as ours.

use plimsoll_runtime::config::{Span, Tree};

use super::rendered;
use super::spec::{Form, Sli, Slo, Spec};
use crate::burn::unreachable;
use crate::export::native::{WrittenObjective, duration, number, section};
use crate::export::sloth::{AlertWindows, Options, Pair, changes_rules, is_known};
use crate::export::text;
use crate::import::convert::{Alerts, Draft, Texts};
use crate::import::query::{Shares, shares, sum};
use crate::{BurnRule, Severity, Target};

/// A range that no query has by itself.
const SAMPLE: &str = "7919s";

/// Converts one SLO of a document.
pub(in crate::import) fn slo<'a>(spec: &'a Spec, slo: &Slo, options: &Options) -> Draft<'a> {
    let mut draft = Draft::new(&spec.source);
    let period = slo.period.unwrap_or(options.period);
    draft.written.name = draft.name(&slo.name, slo.name.span);
    draft.written.description = slo.description.clone();
    draft.written.labels = draft.labels(&slo.labels, slo.span);
    draft.written.objectives = vec![WrittenObjective {
        objective: slo.objective_text.value.clone(),
        ..WrittenObjective::default()
    }];
    draft.written.windows = vec![duration(period)];
    sli(slo, &mut draft);
    draft.written.alerts = match options.windows.of(period) {
        Some(windows) => alerts(slo, windows, spec.form, &mut draft),
        None => {
            let message = "there are no alert windows for this period: it gets those of Plimsoll";
            draft.warned(slo.span, message);
            Tree::Null
        }
    };
    plugins(slo, &mut draft);
    draft
}

fn sli(slo: &Slo, draft: &mut Draft<'_>) {
    let (result, span) = match &slo.sli {
        Sli::Events { errors, total } => (events(errors, total, draft), errors.span),
        Sli::Raw(ratio) => {
            let query = rendered(ratio, SAMPLE).map_err(|error| error.to_string());
            let lowered = query.and_then(|query| shares(&query));
            (lowered.and_then(|shares| draft.events(&shares)), ratio.span)
        }
    };
    let Err(why) = result else {
        return;
    };
    // Rendering was tried when the document was read.
    let asked = |text: &str| rendered(text, "$window").unwrap_or_default();
    match &slo.sli {
        Sli::Events { errors, total } => {
            draft.queries(("bad", &asked(errors)), &asked(total), &why, span);
        }
        Sli::Raw(ratio) => draft.ratio(&asked(ratio), &why, span),
    }
}

fn events(errors: &str, total: &str, draft: &mut Draft<'_>) -> Result<(), String> {
    let read = |text: &str| {
        let query = rendered(text, SAMPLE).map_err(|error| error.to_string())?;
        sum(&query)
    };
    draft.events(&Shares::Bad(read(errors)?, read(total)?))
}

fn alerts(slo: &Slo, windows: &AlertWindows, form: Form, draft: &mut Draft<'_>) -> Tree {
    let (page, ticket) = (&slo.page, &slo.ticket);
    let name = match page.as_ref().or(ticket.as_ref()) {
        Some(meta) => meta.name.clone(),
        None => {
            if form == Form::OpenSlo {
                draft.kept("no alerts, as Sloth makes none of OpenSLO");
            }
            return text("none");
        }
    };
    let of = |meta: &Option<super::AlertMeta>| meta.clone().unwrap_or_default();
    let (page_meta, ticket_meta) = (of(page), of(ticket));
    let both = page.is_some() && ticket.is_some();
    let (labels, own) = match both {
        true => common(&page_meta.labels, &ticket_meta.labels),
        false => (
            Texts::new(),
            [page_meta.labels.clone(), ticket_meta.labels.clone()],
        ),
    };
    let [page_labels, ticket_labels] = own;
    let mut annotations = ticket_meta.annotations;
    for (name, value) in page_meta.annotations {
        if let Some(other) = annotations.insert(name.clone(), value)
            && annotations[&name] != other
        {
            let message = format!("the annotation `{name}` of the page counts for the ticket, too");
            draft.warned(slo.span, message);
        }
    }
    draft.kept(format!(
        "the alert {name}, as one that pages or is a ticket"
    ));
    let windows = burn_windows(slo, windows, draft);
    if windows.is_empty() {
        return text("none");
    }
    let alerts = Alerts {
        name,
        labels: draft.labels(&labels, slo.span),
        annotations,
        page: page_labels,
        ticket: ticket_labels,
        windows,
    };
    alerts.tree()
}

/// Splits labels into those that both have and those that each has of its own.
fn common(a: &Texts, b: &Texts) -> (Texts, [Texts; 2]) {
    let is_shared = |name: &str, value: &str| {
        let has = |texts: &Texts| texts.get(name).is_some_and(|found| found == value);
        has(a) && has(b) && name != "severity"
    };
    let split = |texts: &Texts, shared: bool| -> Texts {
        let pairs = texts
            .iter()
            .filter(|(name, value)| is_shared(name, value) == shared);
        pairs
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    (split(a, true), [split(a, false), split(b, false)])
}

fn burn_windows(slo: &Slo, windows: &AlertWindows, draft: &mut Draft<'_>) -> Vec<Tree> {
    let page = [windows.page_quick, windows.page_slow];
    let ticket = [windows.ticket_quick, windows.ticket_slow];
    let pages = page.into_iter().filter(|_| slo.page.is_some());
    let tickets = ticket.into_iter().filter(|_| slo.ticket.is_some());
    let all = pages
        .map(|pair| (Severity::Page, pair))
        .chain(tickets.map(|pair| (Severity::Ticket, pair)));
    let target: Option<Target> = slo.objective_text.parse().ok();
    let mut sections = Vec::new();
    for (severity, pair) in all {
        let factor = pair.factor(windows.period);
        let rule = BurnRule::new(severity, factor, pair.long, pair.short);
        match target.and_then(|target| unreachable(&rule, target)) {
            Some(why) => draft.warned(slo.span, format!("an alert window is left out: {why}")),
            None => sections.push(window(severity, factor, pair)),
        }
    }
    sections
}

fn window(severity: Severity, factor: f64, pair: Pair) -> Tree {
    // 5.6, where Sloth's order of operations gives 5.6000000000000005.
    let factor = (factor * 1e9).round() / 1e9;
    section([
        ("severity", text(&severity.to_string())),
        ("factor", number(factor)),
        ("long", duration(pair.long)),
        ("short", duration(pair.short)),
    ])
}

fn plugins(slo: &Slo, draft: &mut Draft<'_>) {
    for plugin in slo
        .plugins
        .iter()
        .filter(|plugin| changes_rules(&plugin.id))
    {
        let message = match is_known(&plugin.id) {
            true => format!(
                "the plugin `{}` changes generated rules only",
                plugin.id.value
            ),
            false => format!(
                "the plugin `{}` is not known: what it does is lost",
                plugin.id.value
            ),
        };
        draft.warned(plugin.id.span, message);
    }
    if slo.without_default_plugins {
        let message = "the chain of plugins overrides Sloth's own: which rules it makes is lost";
        draft.warned(first_plugin(slo), message);
    }
}

fn first_plugin(slo: &Slo) -> Span {
    slo.plugins
        .first()
        .map_or(slo.span, |plugin| plugin.id.span)
}
