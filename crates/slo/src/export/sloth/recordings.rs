//! The shares of bad events, one recording rule for each window.

use std::time::Duration;

use plimsoll_runtime::config::Tree;
use plimsoll_types::format_duration;

use super::{Context, Made, error_ratio};
use crate::export::Rule;
use crate::import::sloth::{Sli, Texts, merged, rendered};

pub(super) fn step(context: &Context<'_>, config: &Tree, made: &mut Made) -> Result<(), String> {
    let is_unoptimized = context.options.is_unoptimized || is_on(config, "disableOptimized");
    let rules = context.recorded().into_iter().enumerate();
    let last = context.recorded().len() - 1;
    let rules = rules.map(|(at, window)| match at == last && !is_unoptimized {
        true => Ok(period_rule(context)),
        false => Ok(rule(context, window, expression(context, window)?)),
    });
    made.recordings.rules = rules.collect::<Result<_, String>>()?;
    Ok(())
}

/// Says whether a field of a plugin's configuration is `true`.
pub(super) fn is_on(config: &Tree, field: &str) -> bool {
    let Tree::Map(entries) = config else {
        return false;
    };
    let found = entries.iter().find(|(name, _)| name == field);
    matches!(found, Some((_, Tree::Plain(value))) if value == "true")
}

fn expression(context: &Context<'_>, window: Duration) -> Result<String, String> {
    Ok(match &context.slo.sli {
        Sli::Events { errors, total } => format!(
            "({})\n/\n({})\n",
            query(errors, window)?,
            query(total, window)?
        ),
        Sli::Raw(ratio) => format!("({})", query(ratio, window)?),
    })
}

/// Renders a query for a window.
pub(super) fn query(text: &str, window: Duration) -> Result<String, String> {
    rendered(text, &format_duration(window)).map_err(|error| error.to_string())
}

/// Makes the rule of a window.
pub(super) fn rule(context: &Context<'_>, window: Duration, expr: String) -> Rule {
    let own = Texts::from([("sloth_window".to_owned(), format_duration(window))]);
    let labels = merged([&context.id_labels(), &own, &context.slo.labels]);
    Rule::record(&error_ratio(window), expr, labels)
}

/// Makes the rule of the whole period: the mean of the ratios of the shortest page window. It weighs quiet minutes as
/// busy ones, which is why its figure is not that of the events.
pub(super) fn period_rule(context: &Context<'_>) -> Rule {
    let series = format!(
        "{}{}",
        error_ratio(context.windows.page_quick.short),
        context.filter()
    );
    let range = format_duration(context.period);
    let expr = format!(
        "sum_over_time({series}[{range}])\n/ ignoring (sloth_window)\ncount_over_time({series}[{range}])\n"
    );
    rule(context, context.period, expr)
}
