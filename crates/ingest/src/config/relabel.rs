//! From relabelling rules as they are written to checked ones, each error at the field it is about.

use plimsoll_runtime::config::{Findings, Spanned};

use super::raw::relabel::RawRelabel;
use crate::relabel::{Action, RelabelConfig, RuleField, RuleParts};

/// Checks rules; one that is refused is reported and left out.
pub(super) fn rules(
    raw: Vec<Spanned<RawRelabel>>,
    legacy_names: bool,
    findings: &mut Findings<'_>,
) -> Vec<RelabelConfig> {
    raw.into_iter()
        .filter_map(|raw| rule(raw, legacy_names, findings))
        .collect()
}

fn rule(
    raw: Spanned<RawRelabel>,
    legacy_names: bool,
    findings: &mut Findings<'_>,
) -> Option<RelabelConfig> {
    let whole = raw.span;
    let raw = raw.value;
    let Some(action) = Action::from_name(&raw.action) else {
        let known: Vec<&str> = Action::ALL.iter().map(|(name, _)| *name).collect();
        findings.unknown_word(&raw.action, "action", &known);
        return None;
    };
    let place = |field: RuleField| {
        let span = match field {
            RuleField::Action => raw.action.span,
            RuleField::SourceLabels => raw.source_labels.first().map_or(whole, |first| first.span),
            RuleField::Regex => raw.regex.span,
            RuleField::Modulus => raw.modulus.span,
            RuleField::TargetLabel => raw.target_label.span,
            RuleField::Replacement => raw.replacement.span,
        };
        // A field that was not written has no place; the rule has.
        if span.start == span.end { whole } else { span }
    };
    let parts = RuleParts {
        source_labels: raw
            .source_labels
            .iter()
            .map(|label| label.value.clone())
            .collect(),
        separator: raw.separator.clone(),
        regex: raw.regex.value.clone(),
        modulus: raw.modulus.value,
        target_label: raw.target_label.value.clone(),
        replacement: raw.replacement.value.clone(),
        action,
        legacy_names,
    };
    if let Some(empty) = raw.source_labels.iter().find(|label| label.is_empty()) {
        findings.error(empty.span, "a label name is empty");
        return None;
    }
    match RelabelConfig::new(parts) {
        Ok(rule) => Some(rule),
        Err(error) => {
            findings.error(place(error.field), error.to_string());
            None
        }
    }
}
