//! Why a budget pages or does not: what each of its rules sees, and what it lacks.

use plimsoll_slo::BurnRule;
use plimsoll_slo::burn::Condition;
use plimsoll_slo::view::SloView;
use plimsoll_types::format_duration;
use serde::Serialize;
use utoipa::ToSchema;

use super::definition::RuleShown;
use super::figures::{self, EventCounts, Heading};

/// A budget with what each of its burn rules sees now.
#[derive(Serialize, ToSchema)]
#[schema(as = SloBudgetExplained)]
pub(super) struct Explained<'a> {
    #[serde(flatten)]
    heading: Heading<'a>,
    rules: Vec<RuleExplained>,
}

/// What a burn rule sees now.
#[derive(Serialize, ToSchema)]
#[schema(as = SloRuleExplained)]
#[serde(rename_all = "camelCase")]
struct RuleExplained {
    rule: RuleShown,
    holds: bool,
    verdict: Verdict,
    /// Why, in a sentence, and what would change it.
    text: String,
    /// The counts of the long window.
    long: EventCounts,
    /// Bad events that an earlier alert told of: they start no second one.
    bad_told_before: i64,
    /// How many times as fast as the budget allows the long window burned.
    long_burn: Option<f64>,
    /// The counts of the short window, where the rule has one.
    short: Option<EventCounts>,
    short_burn: Option<f64>,
    /// How many bad events the long window has when it burns exactly at the rule's factor.
    bad_expected: f64,
    /// That a service burning exactly at the factor shows so many bad events, 0 to 1.
    chance: f64,
    /// Of a rule that asks for it.
    pieces: Option<Pieces>,
    /// Whether an alert of this rule may end.
    is_quiet: bool,
}

/// How many pieces of a long window burn, of how many.
#[derive(Serialize, ToSchema)]
#[schema(as = SloPieces)]
struct Pieces {
    burning: u32,
    of: u32,
}

/// Whether a burn rule holds, and otherwise the first thing that it lacks.
#[derive(Serialize, ToSchema)]
#[schema(as = SloVerdict)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Holds,
    NoData,
    LongBelow,
    ShortBelow,
    Over,
    NotSustained,
    ThinEvidence,
}

/// All budgets, and at most so many groups, with their rules.
pub(super) fn budgets(view: &SloView, groups: usize) -> Vec<Explained<'_>> {
    let budgets = figures::shown(view, groups).map(|budget| Explained {
        heading: budget.into(),
        rules: budget.conditions.iter().map(RuleExplained::from).collect(),
    });
    budgets.collect()
}

impl From<&(BurnRule, Condition)> for RuleExplained {
    fn from((rule, condition): &(BurnRule, Condition)) -> Self {
        Self {
            rule: rule.into(),
            holds: condition.verdict == plimsoll_slo::burn::Verdict::Holds,
            verdict: condition.verdict.into(),
            text: text(rule, condition),
            long: condition.long.into(),
            bad_told_before: condition.told,
            long_burn: condition.long_burn,
            short: condition.short.map(EventCounts::from),
            short_burn: condition.short_burn,
            bad_expected: condition.expected,
            chance: condition.chance,
            pieces: condition.pieces.map(|(burning, of)| Pieces { burning, of }),
            is_quiet: condition.is_quiet,
        }
    }
}

impl From<plimsoll_slo::burn::Verdict> for Verdict {
    fn from(verdict: plimsoll_slo::burn::Verdict) -> Self {
        use plimsoll_slo::burn::Verdict as Found;
        match verdict {
            Found::Holds => Self::Holds,
            Found::NoData => Self::NoData,
            Found::LongBelow => Self::LongBelow,
            Found::ShortBelow => Self::ShortBelow,
            Found::Over => Self::Over,
            Found::NotSustained => Self::NotSustained,
            Found::ThinEvidence => Self::ThinEvidence,
        }
    }
}

/// Says in a sentence why a rule holds or does not, and what would change that.
fn text(rule: &BurnRule, condition: &Condition) -> String {
    use plimsoll_slo::burn::Verdict;
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
