//! What kinds that count events of series have in common: good, bad and valid ones, and those that are left out.

use std::sync::Arc;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::{MatchOp, Matcher};

use super::{Exclusion, Reading, Watch, Weight};
use crate::file::{Context, metric_of};

/// One of `exclude`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawExclusion {
    #[serde(rename = "match")]
    condition: Spanned<String>,
    reason: Spanned<String>,
}

/// The JSON Schema of `exclude`.
macro_rules! exclude_schema {
    () => {
        r#"{"type": "array", "description": "Events that do not count; they are shown beside the others.", "items": {"type": "object",
            "additionalProperties": false, "required": ["match", "reason"], "properties": {
            "match": {"type": "string", "description": "Conditions on labels, such as code=~\"429|401\"."},
            "reason": {"type": "string", "description": "Why, for people."}}}}"#
    };
}
pub(crate) use exclude_schema;

/// The selectors of a ratio of counters.
#[derive(Clone, Debug, Default)]
pub(super) struct Ratio {
    pub(super) good: Option<(Vec<Matcher>, Span)>,
    pub(super) bad: Option<(Vec<Matcher>, Span)>,
    pub(super) valid: Option<(Vec<Matcher>, Span)>,
}

/// Reads which events are left out.
pub(crate) fn exclusions(raw: &[Spanned<RawExclusion>], ctx: &mut Context<'_>) -> Vec<Exclusion> {
    let mut found = Vec::new();
    for raw in raw {
        if raw.reason.is_empty() {
            let message = "what is left out needs a `reason`";
            ctx.error(raw.span, message);
        }
        if raw.condition.is_empty() {
            ctx.error(raw.span, "the field `match` is missing");
            continue;
        }
        if let Some(matchers) = ctx.conditions(&raw.condition) {
            found.push(Exclusion {
                matchers,
                reason: Arc::from(&*raw.reason.value),
            });
        }
    }
    found
}

/// Makes a watch of counters for all objectives.
pub(super) fn counter(matchers: Vec<Matcher>, good: i8, bad: i8, exclude: &[Exclusion]) -> Watch {
    Watch {
        matchers,
        reading: Reading::Counter,
        weight: Weight { good, bad },
        exclude: exclude.to_vec(),
        objective: None,
        needed: false,
    }
}

impl Ratio {
    /// Makes watches of two selectors, which give the third number.
    ///
    /// All that count are good until the selector of bad ones says otherwise, and the other way round.
    pub(super) fn watches(
        self,
        section: Span,
        exclude: &[Exclusion],
        ctx: &mut Context<'_>,
    ) -> Option<Vec<Watch>> {
        let watch = |matchers, good, bad| counter(matchers, good, bad, exclude);
        match (self.good, self.bad, self.valid) {
            (None, Some(bad), Some(valid)) => {
                is_part(&bad, "bad", &valid, ctx);
                Some(vec![watch(valid.0, 1, 0), watch(bad.0, -1, 1)])
            }
            (Some(good), None, Some(valid)) => {
                is_part(&good, "good", &valid, ctx);
                Some(vec![watch(valid.0, 0, 1), watch(good.0, 1, -1)])
            }
            (Some(good), Some(bad), None) => {
                are_apart(&good, &bad, ctx);
                Some(vec![watch(good.0, 1, 0), watch(bad.0, 0, 1)])
            }
            (Some(_), Some(_), Some(_)) => {
                let message =
                    "`good`, `bad` and `valid` together contradict each other sooner or later";
                let hint = "write two of them: the third is what they leave";
                ctx.findings.error_with_hint(section, message, hint);
                None
            }
            _ => {
                let message = "two of `good`, `bad` and `valid` are needed";
                ctx.error(section, message);
                None
            }
        }
    }
}

type Part = (Vec<Matcher>, Span);

/// Checks that the series of `part` are among those of `valid`.
fn is_part(part: &Part, name: &str, valid: &Part, ctx: &mut Context<'_>) {
    if part.0 == valid.0 {
        let message = format!("`{name}` and `valid` select the same series");
        ctx.error(part.1, message);
        return;
    }
    if let Some(label) = conflict(&part.0, &valid.0) {
        if label != plimsoll_types::METRIC_NAME {
            let message =
                format!("no series is in both `{name}` and `valid`: they want another `{label}`");
            ctx.error(part.1, message);
            return;
        }
        let (part_name, whole) = (metric_of(&part.0), metric_of(&valid.0));
        let message = format!(
            "`{}` is another metric than `{}`: what is in the one and not yet in the other shows for a moment",
            part_name.unwrap_or_default(),
            whole.unwrap_or_default()
        );
        ctx.findings.warning(part.1, message);
        return;
    }
    let mut wider = valid.0.iter().filter(|matcher| !part.0.contains(matcher));
    if let Some(matcher) = wider.find(|matcher| !part.0.iter().any(|other| implies(other, matcher)))
    {
        let message =
            format!("`{name}` may select series that `valid` does not: it has no {matcher}");
        ctx.findings.warning(part.1, message);
    }
}

/// Checks that no series is good and bad.
fn are_apart(good: &Part, bad: &Part, ctx: &mut Context<'_>) {
    if good.0 == bad.0 {
        ctx.error(bad.1, "`good` and `bad` select the same series");
    } else if conflict(&good.0, &bad.0).is_none() {
        let message = "a series may be in both `good` and `bad`, and would count twice; write `valid` and one of the two";
        ctx.findings.warning(bad.1, message);
    }
}

/// Returns a label that no series has as both want it.
fn conflict<'a>(a: &'a [Matcher], b: &[Matcher]) -> Option<&'a str> {
    let pairs = a
        .iter()
        .flat_map(|one| b.iter().map(move |other| (one, other)));
    let mut same = pairs.filter(|(one, other)| one.name() == other.name());
    same.find(|(one, other)| excludes(one, other) || excludes(other, one))
        .map(|(one, _)| one.name())
}

/// Says whether none of the few values that `one` takes is one that `other` takes, or `other` is its negation.
fn excludes(one: &Matcher, other: &Matcher) -> bool {
    let negation = match one.op() {
        MatchOp::Equal => MatchOp::NotEqual,
        MatchOp::NotEqual => MatchOp::Equal,
        MatchOp::Regex => MatchOp::NotRegex,
        MatchOp::NotRegex => MatchOp::Regex,
    };
    let is_negation = other.op() == negation && other.value() == one.value();
    is_negation || values(one).is_some_and(|all| all.iter().all(|value| !other.matches(value)))
}

/// Says whether every series that fulfils `one` fulfils `other`, as far as that is plain to see.
fn implies(one: &Matcher, other: &Matcher) -> bool {
    one.name() == other.name()
        && values(one).is_some_and(|all| all.iter().all(|value| other.matches(value)))
}

fn values(matcher: &Matcher) -> Option<&[Box<str>]> {
    match matcher.is_negative() {
        true => None,
        false => matcher.literals(),
    }
}
