//! Rules that would write the same series twice.

use std::collections::BTreeMap;

use crate::model::RuleFile;

/// A name and its labels that more than one rule has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// Name of the metric or alert.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
}

/// Returns what more than one rule of a file writes: each once, sorted by name and labels.
pub fn duplicates(file: &RuleFile) -> Vec<Duplicate> {
    let mut count: BTreeMap<(&str, BTreeMap<&str, &str>), usize> = BTreeMap::new();
    for group in &file.groups {
        for rule in &group.rules {
            let labels = group.labels.iter().chain(&rule.labels);
            let labels = labels.map(|(name, value)| (&**name, &**value)).collect();
            *count.entry((rule.name(), labels)).or_default() += 1;
        }
    }
    let owned = |labels: BTreeMap<&str, &str>| {
        let labels = labels.into_iter();
        labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    count
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .map(|((name, labels), _)| Duplicate {
            name: name.to_owned(),
            labels: owned(labels),
        })
        .collect()
}
