//! Relabelling: rules that rewrite, keep or drop label sets, with Prometheus' exact meaning.
//!
//! Pure: no clock, no IO. Rules apply in order to a [`LabelsBuilder`]; the first one that drops ends it.
//!
//! | action | does | when |
//! |---|---|---|
//! | replace | sets `target_label` to `replacement` with `$1`, `${name}` expanded; empty removes it | the joined sources match |
//! | keep, drop | keeps, drops the set | the joined sources match |
//! | keepequal, dropequal | keeps, drops the set | the joined sources equal the target label |
//! | hashmod | sets `target_label` to the last 8 bytes of the MD5 sum modulo `modulus` | always |
//! | labelmap | copies each label to the expanded name | the label's name matches |
//! | labeldrop, labelkeep | removes labels | the label's name matches, does not match |
//! | lowercase, uppercase | sets `target_label` to the joined sources in that case | always |
//!
//! A regular expression matches whole texts only, and its dot matches line breaks.

mod rule;

use std::borrow::Cow;

use md5::{Digest, Md5};
use plimsoll_types::{Labels, LabelsBuilder};

pub use rule::{Action, RelabelConfig, RuleError, RuleField, RuleParts};

/// What becomes of a label set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// It stays, perhaps changed.
    Keep,
    /// It goes; the labels are as the dropping rule found them.
    Drop,
}

/// Applies rules in order.
///
/// ```
/// use plimsoll_ingest::relabel::{RelabelConfig, RuleParts, Verdict, apply};
/// use plimsoll_types::Labels;
/// let rule = RelabelConfig::new(RuleParts {
///     source_labels: vec!["__address__".into()],
///     regex: "([^:]+):.*".into(),
///     target_label: "host".into(),
///     ..RuleParts::default()
/// })
/// .expect("a legal rule");
/// let mut labels = Labels::from_pairs([("__address__", "db1:9100")]).to_builder();
/// assert_eq!(apply(&[rule], &mut labels), Verdict::Keep);
/// assert_eq!(labels.get("host"), Some("db1"));
/// ```
pub fn apply(rules: &[RelabelConfig], labels: &mut LabelsBuilder) -> Verdict {
    let dropped = rules.iter().any(|rule| one(rule, labels) == Verdict::Drop);
    if dropped {
        Verdict::Drop
    } else {
        Verdict::Keep
    }
}

/// What the labels are after one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The labels; none once a rule has dropped the set.
    pub labels: Labels,
    /// Whether the set is still there.
    pub is_kept: bool,
}

/// Applies rules one by one and returns what each made of the labels, for those who look for a mistake in them.
pub fn steps(rules: &[RelabelConfig], labels: &Labels) -> Vec<Step> {
    let mut builder = labels.to_builder();
    let mut is_kept = true;
    let step = |rule: &RelabelConfig| {
        is_kept = is_kept && one(rule, &mut builder) == Verdict::Keep;
        let labels = match is_kept {
            true => builder.build(),
            false => Labels::empty(),
        };
        Step { labels, is_kept }
    };
    rules.iter().map(step).collect()
}

fn one(rule: &RelabelConfig, labels: &mut LabelsBuilder) -> Verdict {
    let joined = join(rule, labels);
    let value = &*joined;
    let equal = || labels.get(rule.target_label()).unwrap_or("") == value;
    match rule.action() {
        Action::Drop => return drop_if(rule.regex().is_match(value)),
        Action::Keep => return drop_if(!rule.regex().is_match(value)),
        Action::DropEqual => return drop_if(equal()),
        Action::KeepEqual => return drop_if(!equal()),
        Action::Replace => {
            let value = value.to_owned();
            replace(rule, &value, labels);
        }
        Action::Lowercase => {
            let value = recase(value, |character| character.to_lowercase().next());
            labels.set(rule.target_label(), &value);
        }
        Action::Uppercase => {
            let value = recase(value, |character| {
                let mut upper = character.to_uppercase();
                // Go leaves letters alone that have several in upper case, such as the sharp s.
                upper.next().filter(|_| upper.next().is_none())
            });
            labels.set(rule.target_label(), &value);
        }
        Action::HashMod => {
            let shard = hash(value) % rule.modulus();
            labels.set(rule.target_label(), &shard.to_string());
        }
        Action::LabelMap => map_names(rule, labels),
        Action::LabelDrop => drop(labels.retain(|name, _| !rule.regex().is_match(name))),
        Action::LabelKeep => drop(labels.retain(|name, _| rule.regex().is_match(name))),
    }
    Verdict::Keep
}

fn recase(value: &str, other: impl Fn(char) -> Option<char>) -> String {
    value
        .chars()
        .map(|character| other(character).unwrap_or(character))
        .collect()
}

fn drop_if(condition: bool) -> Verdict {
    if condition {
        Verdict::Drop
    } else {
        Verdict::Keep
    }
}

fn join<'a>(rule: &RelabelConfig, labels: &'a LabelsBuilder) -> Cow<'a, str> {
    let value = |name: &String| labels.get(name).unwrap_or("");
    match rule.source_labels() {
        [] => Cow::Borrowed(""),
        [only] => Cow::Borrowed(value(only)),
        several => {
            let values: Vec<&str> = several.iter().map(value).collect();
            Cow::Owned(values.join(rule.separator()))
        }
    }
}

fn replace(rule: &RelabelConfig, value: &str, labels: &mut LabelsBuilder) {
    let regex = rule.regex();
    let target = if rule.target_label().contains('$') {
        match regex.expand(value, rule.target_label()) {
            Some(target) => target,
            None => return,
        }
    } else if regex.is_match(value) {
        rule.target_label().to_owned()
    } else {
        return;
    };
    if !rule.is_label_name(&target) {
        return;
    }
    let replacement = if rule.replacement().contains('$') {
        match regex.expand(value, rule.replacement()) {
            Some(replacement) => replacement,
            None => return,
        }
    } else {
        rule.replacement().to_owned()
    };
    labels.set(&target, &replacement);
}

/// The copies are made from the labels as they were, so that the order of labels does not matter for what is read.
fn map_names(rule: &RelabelConfig, labels: &mut LabelsBuilder) {
    let copies: Vec<(String, String)> = labels
        .iter()
        .filter_map(|(name, value)| {
            let copy = rule.regex().expand(name, rule.replacement())?;
            Some((copy, value.to_owned()))
        })
        .collect();
    for (name, value) in copies.iter().filter(|(name, _)| !name.is_empty()) {
        labels.set(name, value);
    }
}

/// The last 8 bytes of the MD5 sum, big end first: every member of a group of scrapers must agree on it.
fn hash(value: &str) -> u64 {
    let sum: [u8; 16] = Md5::digest(value.as_bytes()).into();
    let mut last = [0; 8];
    last.copy_from_slice(&sum[8..]);
    u64::from_be_bytes(last)
}

#[cfg(test)]
mod tests;
