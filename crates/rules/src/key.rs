//! What tells groups and rules apart: across slots, reloads and restarts.

use std::fmt;
use std::sync::Arc;

use plimsoll_types::Labels;

/// A rule group: its name is unique in its file only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupKey {
    /// The file as the configuration resolves it.
    pub file: Arc<str>,
    /// The group's name.
    pub name: Arc<str>,
}

impl GroupKey {
    /// Makes a key.
    pub fn new(file: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self {
            file: file.into(),
            name: name.into(),
        }
    }
}

/// Writes `file;name`, the value of the label `rule_group` of Prometheus' metrics.
impl fmt::Display for GroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.file, self.name)
    }
}

/// A rule in its group, as durable rows name it.
///
/// Prometheus takes a rule for the same after a reload when name and labels are; of several such rules the first is the
/// first and so on. The expression tells them apart further, so that state follows it when one of them goes or moves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    /// Name of the alert or of the metric.
    pub name: Arc<str>,
    /// Stable hash of the rule's labels, those of the group included.
    pub labels_hash: u64,
    /// Stable hash of the expression as it is printed.
    pub expr_hash: u64,
    /// How many rules before it in the group have the same name and labels.
    pub ordinal: u32,
}

impl RuleId {
    /// Says whether two rules are the same to Prometheus, as far as one of them tells.
    pub fn is_alike(&self, other: &Self) -> bool {
        self.name == other.name && self.labels_hash == other.labels_hash
    }
}

/// A stable hash of texts by name; unlike [`Labels`] it counts empty texts, which remove a label.
pub(crate) fn hash_of_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    // The length in front keeps ("ab", "c") apart from ("a", "bc").
    let marked = pairs.map(|(name, value)| (name, format!("{}:{value}", value.len())));
    Labels::from_pairs(marked).stable_hash()
}

/// A stable hash of a text.
pub(crate) fn hash_of_text(text: &str) -> u64 {
    Labels::from_pairs([("text", text)]).stable_hash()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_texts_and_borders_count() {
        let hash = |pairs: &[(&'static str, &'static str)]| hash_of_pairs(pairs.iter().copied());
        assert_eq!(
            hash(&[("a", "1"), ("b", "2")]),
            hash(&[("b", "2"), ("a", "1")])
        );
        assert_ne!(hash(&[("a", "")]), hash(&[]));
        assert_ne!(hash(&[("ab", "c")]), hash(&[("a", "bc")]));
    }
}
