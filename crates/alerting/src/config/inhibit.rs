//! Rules of inhibition: which alerts keep which others back.

use plimsoll_runtime::config::{Findings, Spanned};
use plimsoll_types::Matcher;

use super::names::Conditions;
use super::raw::RawInhibitRule;

/// While a source fires, targets with the same values of some labels are not told. An alert that is both source and target
/// is not kept back by another such alert.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InhibitRule {
    /// A name for people; empty when it has none.
    pub name: String,
    /// What a source fulfils, sorted by name, value and comparison; every alert when empty.
    pub source_matchers: Vec<Matcher>,
    /// What a target fulfils, sorted by name, value and comparison; every alert when empty.
    pub target_matchers: Vec<Matcher>,
    /// Labels with the same value in both, sorted, none twice; one that is absent counts as empty.
    pub equal: Vec<String>,
}

/// Checks the section `inhibit_rules`.
pub(super) fn check(
    raw: Vec<Spanned<RawInhibitRule>>,
    conditions: &Conditions,
    findings: &mut Findings<'_>,
) -> Vec<InhibitRule> {
    let rules = raw.into_iter();
    rules
        .map(|rule| check_rule(&rule, conditions, findings))
        .collect()
}

fn check_rule(
    raw: &Spanned<RawInhibitRule>,
    conditions: &Conditions,
    findings: &mut Findings<'_>,
) -> InhibitRule {
    let mut source_matchers = conditions.all(
        &raw.source_matchers,
        &raw.source_match,
        &raw.source_match_re,
        findings,
    );
    let mut target_matchers = conditions.all(
        &raw.target_matchers,
        &raw.target_match,
        &raw.target_match_re,
        findings,
    );
    crate::matchers::sort(&mut source_matchers);
    crate::matchers::sort(&mut target_matchers);
    let has_source = !(raw.source_matchers.is_empty()
        && raw.source_match.is_empty()
        && raw.source_match_re.is_empty());
    let has_target = !(raw.target_matchers.is_empty()
        && raw.target_match.is_empty()
        && raw.target_match_re.is_empty());
    for (is_there, what) in [(has_source, "source"), (has_target, "target")] {
        if !is_there {
            let message = format!("without `{what}_matchers` every alert is a {what} of this rule");
            findings.warning(raw.span, message);
        }
    }
    for name in &raw.equal {
        conditions.label_name(name, name.span, findings);
    }
    let mut equal: Vec<String> = raw.equal.iter().map(|name| name.value.clone()).collect();
    equal.sort();
    equal.dedup();
    InhibitRule {
        name: raw.name.clone().unwrap_or_default(),
        source_matchers,
        target_matchers,
        equal,
    }
}
