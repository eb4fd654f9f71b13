//! The two alerts of an SLO, each of two pairs of windows.

use std::time::Duration;

use plimsoll_runtime::config::Tree;

use super::windows::Pair;
use super::{Context, Made, error_ratio};
use crate::export::{Rule, RuleKind};
use crate::import::decimal::go_float;
use crate::import::sloth::{AlertMeta, Texts, merged};

pub(super) fn step(context: &Context<'_>, _: &Tree, made: &mut Made) -> Result<(), String> {
    let windows = context.windows;
    let page = (windows.page_quick, windows.page_slow);
    let ticket = (windows.ticket_quick, windows.ticket_slow);
    let alerts = [
        ("page", &context.slo.page, page),
        ("ticket", &context.slo.ticket, ticket),
    ];
    let rules = alerts.into_iter().filter_map(|(severity, meta, pairs)| {
        let meta = meta.as_ref()?;
        Some(rule(context, severity, meta, pairs))
    });
    made.alerts.rules = rules.collect();
    Ok(())
}

fn rule(context: &Context<'_>, severity: &str, meta: &AlertMeta, pairs: (Pair, Pair)) -> Rule {
    let subject = "{{$labels.sloth_service}} {{$labels.sloth_slo}}";
    let texts = Texts::from([
        (
            "title".to_owned(),
            format!("({severity}) {subject} SLO error budget burn rate is too fast."),
        ),
        (
            "summary".to_owned(),
            format!("{subject} SLO error budget burn rate is over expected."),
        ),
    ]);
    let own = Texts::from([("sloth_severity".to_owned(), severity.to_owned())]);
    Rule {
        kind: RuleKind::Alert(meta.name.clone()),
        expr: format!(
            "(\n{}\n)\nor\n(\n{}\n)\n",
            both(context, pairs.0),
            both(context, pairs.1)
        ),
        hold: Duration::ZERO,
        // The labels of the SLO come with its series.
        labels: merged([&own, &meta.labels]),
        annotations: merged([&texts, &meta.annotations]),
    }
}

fn both(context: &Context<'_>, pair: Pair) -> String {
    let factor = go_float(pair.factor(context.period));
    let budget = go_float((100.0 - context.slo.objective) / 100.0);
    let filter = context.filter();
    let over = |window: Duration| {
        let series = error_ratio(window);
        format!("    max({series}{filter} > ({factor} * {budget})) without (sloth_window)")
    };
    format!("{}\n    and\n{}", over(pair.short), over(pair.long))
}
