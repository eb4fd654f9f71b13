//! What is known of an SLO beside its ratio: objective, budget, burn rates.

use plimsoll_runtime::config::Tree;

use super::{Context, Made, error_ratio};
use crate::export::Rule;
use crate::import::decimal::go_float;
use crate::import::sloth::{Texts, merged};

/// The name of the series that tells an SLO's facts in labels.
pub(super) const INFO: &str = "sloth_slo_info";

pub(super) fn step(context: &Context<'_>, _: &Tree, made: &mut Made) -> Result<(), String> {
    let objective = go_float(context.slo.objective / 100.0);
    let days = go_float(context.period.as_secs_f64() / 86_400.0);
    let filter = context.filter();
    let burn = |ratio: String| {
        format!(
            "{ratio}{filter}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\nslo:error_budget:ratio{filter}\n"
        )
    };
    let rules = [
        ("slo:objective:ratio", format!("vector({objective})")),
        ("slo:error_budget:ratio", format!("vector(1-{objective})")),
        ("slo:time_period:days", format!("vector({days})")),
        (
            "slo:current_burn_rate:ratio",
            burn(error_ratio(context.windows.page_quick.short)),
        ),
        (
            "slo:period_burn_rate:ratio",
            burn(error_ratio(context.period)),
        ),
        (
            "slo:period_error_budget_remaining:ratio",
            format!("1 - slo:period_burn_rate:ratio{filter}"),
        ),
    ];
    let rules = rules.map(|(name, expr)| Rule::record(name, expr, context.labels()));
    made.metadata.rules = rules.into();
    let info = merged([&context.labels(), &facts(context)]);
    made.metadata
        .rules
        .push(Rule::record(INFO, "vector(1)".into(), info));
    Ok(())
}

fn facts(context: &Context<'_>) -> Texts {
    let form = context.spec.form;
    let pairs = [
        ("sloth_mode", form.mode().to_owned()),
        // Never with an exponent, as Go's FormatFloat with 'f'.
        ("sloth_objective", context.slo.objective.to_string()),
        ("sloth_spec", form.spec().to_owned()),
        ("sloth_version", context.options.version.clone()),
    ];
    Texts::from(pairs.map(|(name, value)| (name.to_owned(), value)))
}
