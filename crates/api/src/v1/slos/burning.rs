//! Why a budget pages or does not: what each of its rules sees, and what it lacks.

use plimsoll_slo::BurnRule;
use plimsoll_slo::burn::{Condition, Verdict};
use plimsoll_slo::view::SloView;
use plimsoll_types::format_duration;
use serde_json::{Value, json};

use super::{definition, figures};

/// All budgets, and at most so many groups, with their rules.
pub(super) fn budgets(view: &SloView, groups: usize) -> Value {
    let budgets = figures::shown(view, groups).map(|budget| {
        let mut shown = figures::heading(budget);
        let rules = budget.conditions.iter();
        shown["rules"] = rules
            .map(|(rule, condition)| explained(rule, condition))
            .collect();
        shown
    });
    budgets.collect()
}

fn explained(rule: &BurnRule, condition: &Condition) -> Value {
    json!({
        "rule": definition::rule(rule),
        "holds": condition.verdict == Verdict::Holds,
        "verdict": word(condition.verdict),
        "text": text(rule, condition),
        "long": figures::counts(condition.long),
        // Bad events that an earlier alert told of start no second one.
        "badToldBefore": condition.told,
        "longBurn": condition.long_burn,
        "short": condition.short.map(figures::counts),
        "shortBurn": condition.short_burn,
        "badExpected": condition.expected,
        "chance": condition.chance,
        "pieces": condition.pieces.map(|(burning, all)| json!({"burning": burning, "of": all})),
        "isQuiet": condition.is_quiet,
    })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::NoData => "no_data",
        Verdict::LongBelow => "long_below",
        Verdict::ShortBelow => "short_below",
        Verdict::Over => "over",
        Verdict::NotSustained => "not_sustained",
        Verdict::ThinEvidence => "thin_evidence",
    }
}

/// Says in a sentence why a rule holds or does not, and what would change that.
fn text(rule: &BurnRule, condition: &Condition) -> String {
    let long = format_duration(rule.long);
    let short = rule.short.map_or_else(String::new, format_duration);
    let burn = |burn: Option<f64>| burn.unwrap_or_default();
    let factor = rule.factor;
    match condition.verdict {
        Verdict::Holds => format!(
            "{} of {} events were bad in {long}: {:.1} times as fast as the budget allows, {factor} are enough",
            condition.long.bad,
            condition.long.valid(),
            burn(condition.long_burn)
        ),
        Verdict::NoData => format!("nothing was measured in {long}: neither good nor bad"),
        Verdict::LongBelow => format!(
            "{} of {} events were bad in {long}: {:.1} times as fast as the budget allows; {:.0} bad ones would be {factor} times",
            condition.long.bad,
            condition.long.valid(),
            burn(condition.long_burn),
            condition.expected.ceil()
        ),
        Verdict::ShortBelow => format!(
            "it burned {:.1} times too fast in {long}, but {:.1} times in the last {short}: {factor} would show that it goes on",
            burn(condition.long_burn),
            burn(condition.short_burn)
        ),
        Verdict::Over => {
            format!("it burned in {long} and in {short}, but not in the last moments: it is over")
        }
        Verdict::NotSustained => {
            let (burning, all) = condition.pieces.unwrap_or_default();
            format!(
                "{burning} of {all} parts of {long} burned {factor} times too fast: {:.0} % of them would be no blip",
                rule.sustained * 100.0
            )
        }
        Verdict::ThinEvidence => format!(
            "{} bad events in {long} are too few to tell from chance: its likelihood is {:.3}",
            condition.long.bad, condition.chance
        ),
    }
}
