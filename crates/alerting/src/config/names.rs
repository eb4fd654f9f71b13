//! Conditions and names of labels in the file, with the place of what is wrong about them.

use std::collections::BTreeMap;

use plimsoll_runtime::config::{Findings, Span, Spanned, SpannedKey};
use plimsoll_types::{Labels, MatchOp, Matcher};

use super::raw::{RawEqual, RawRegex};
use crate::matchers::{self, Mode};

/// Checks what is written in a file in one syntax of matchers.
pub(super) struct Conditions {
    pub(super) mode: Mode,
}

impl Conditions {
    /// Reads conditions in all three spellings; what is wrong is reported and left out.
    pub(super) fn all(
        &self,
        matchers: &[Spanned<String>],
        equal: &RawEqual,
        regex: &RawRegex,
        findings: &mut Findings<'_>,
    ) -> Vec<Matcher> {
        let mut all = Vec::new();
        for (name, value) in equal {
            if is_legacy_name(name, findings) {
                all.push(Matcher::equal(&name.text, value));
            }
        }
        for (name, expression) in regex {
            all.extend(regex_condition(name, expression.as_ref(), findings));
        }
        all.extend(self.matchers(matchers, findings));
        all
    }

    /// Reads the list `matchers`, each entry of which may hold any number of conditions.
    pub(super) fn matchers(
        &self,
        lines: &[Spanned<String>],
        findings: &mut Findings<'_>,
    ) -> Vec<Matcher> {
        let mut all = Vec::new();
        for line in lines {
            match matchers::parse(line, self.mode) {
                Ok(parsed) => {
                    if let Some(warning) = parsed.warning {
                        let message = format!("{}; write {}", warning.message, warning.suggestion);
                        findings.warning(line.span, message);
                    }
                    all.extend(parsed.matchers);
                }
                Err(error) => {
                    findings.error(within(findings, line, error.range()), error.message())
                }
            }
        }
        all
    }

    /// Reports a text that is no name of a label.
    pub(super) fn label_name(&self, name: &str, span: Span, findings: &mut Findings<'_>) -> bool {
        let is_name = self.mode.is_label_name(name);
        if !is_name {
            findings.error(span, format!("{name:?} is no name of a label"));
        }
        is_name
    }

    /// Reads labels by name.
    pub(super) fn labels(
        &self,
        raw: &BTreeMap<SpannedKey, Spanned<String>>,
        findings: &mut Findings<'_>,
    ) -> Labels {
        let mut pairs = Vec::new();
        for (name, value) in raw {
            if self.label_name(&name.text, name.span, findings) {
                pairs.push((&*name.text, &*value.value));
            }
        }
        Labels::from_pairs(pairs)
    }
}

fn is_legacy_name(name: &SpannedKey, findings: &mut Findings<'_>) -> bool {
    let is_name = plimsoll_types::is_legacy_label_name(&name.text);
    if !is_name {
        findings.error_with_hint(
            name.span,
            format!("{:?} is no name of a label", name.text),
            "`matchers` takes any name",
        );
    }
    is_name
}

/// Alertmanager anchors an expression of `match_re` where it reads the file, and once more where it compares; the first
/// shows in the keys of groups, which receivers know.
fn regex_condition(
    name: &SpannedKey,
    expression: Option<&Spanned<String>>,
    findings: &mut Findings<'_>,
) -> Option<Matcher> {
    if !is_legacy_name(name, findings) {
        return None;
    }
    let Some(expression) = expression else {
        findings.error(name.span, "expected a regular expression, found nothing");
        return None;
    };
    let anchored = format!("^(?:{})$", expression.value);
    match Matcher::new(MatchOp::Regex, &name.text, &anchored) {
        Ok(matcher) => Some(matcher),
        Err(error) => {
            let plain = Matcher::new(MatchOp::Regex, &name.text, expression).err();
            findings.error(expression.span, plain.unwrap_or(error).message);
            None
        }
    }
}

/// Returns the place of a part of a text, as far as the file shows the text as it is; otherwise that of all of it.
fn within(findings: &Findings<'_>, text: &Spanned<String>, part: std::ops::Range<usize>) -> Span {
    let whole = text.span;
    let file = findings.source().text();
    let written = file.get(whole.start as usize..whole.end as usize);
    let Some(at) = written.and_then(|written| written.find(text.as_str())) else {
        return whole;
    };
    let start = whole.start as usize + at + part.start;
    let narrow = |at: usize| u32::try_from(at).unwrap_or(whole.end);
    Span {
        start: narrow(start),
        end: narrow(start + part.len().max(1)),
    }
}
