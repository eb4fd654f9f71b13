//! An alert as it is handed from whoever decided that it is one to whoever sends or routes it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::pairs::{self, Pairs};
use crate::{Labels, Timestamp};

/// The label that holds an alert's name.
pub const ALERT_NAME: &str = "alertname";

/// An alert that fires, or that fired and is resolved: what the Alertmanager's API v2 takes.
///
/// External labels are not in it; whoever sends it adds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its identity; [`ALERT_NAME`] is one of them.
    pub labels: Labels,
    /// Texts for the reader.
    pub annotations: Annotations,
    /// Since when it fires.
    pub starts_at: Timestamp,
    /// When it was resolved, or how long the receiver may take it for firing when it hears nothing more; `None` leaves
    /// that to the receiver.
    pub ends_at: Option<Timestamp>,
    /// Where a reader sees what caused it; empty when there is no such page.
    pub generator_url: String,
}

impl Alert {
    /// Says whether it is over at `now`.
    pub fn is_resolved_at(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|end| end <= now)
    }
}

/// Texts by name, sorted by name. Unlike [`Labels`] an empty text stays: an annotation may well be empty.
/// A set is one shared allocation: a hundred thousand alerts mean as many sets.
///
/// ```
/// use plimsoll_types::Annotations;
/// let annotations = Annotations::from_pairs([("summary", "it burns"), ("runbook", "")]);
/// assert_eq!(annotations.get("runbook"), Some(""));
/// assert_eq!(annotations.iter().next(), Some(("runbook", "")));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Annotations(Arc<str>);

impl Annotations {
    /// Makes annotations from pairs in any order; of two with the same name the later one counts.
    pub fn from_pairs<N: AsRef<str>, T: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        let given: Vec<(N, T)> = pairs.into_iter().collect();
        let pairs = given
            .iter()
            .map(|(name, text)| (name.as_ref(), text.as_ref()));
        let sorted: BTreeMap<&str, &str> = pairs.collect();
        Self(pairs::encode(sorted))
    }

    /// Returns the text of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.iter().skip_while(|(found, _)| *found < name);
        found
            .next()
            .filter(|(found, _)| *found == name)
            .map(|(_, text)| text)
    }

    /// Walks the texts in ascending order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        Pairs::of(&self.0)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Annotations {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl fmt::Debug for Annotations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_annotations_with_one_name_the_last_counts() {
        let annotations = Annotations::from_pairs([("b", "1"), ("a", "2"), ("b", ""), ("b", "3")]);
        let pairs: Vec<_> = annotations.iter().collect();
        assert_eq!(pairs, [("a", "2"), ("b", "3")]);
        assert_eq!(annotations.get("c"), None);
    }

    #[test]
    fn an_alert_is_over_from_its_end_on() {
        let at = Timestamp::from_millis;
        let alert = Alert {
            labels: Labels::empty(),
            annotations: Annotations::default(),
            starts_at: at(0),
            ends_at: Some(at(5)),
            generator_url: String::new(),
        };
        assert!(!alert.is_resolved_at(at(4)) && alert.is_resolved_at(at(5)));
    }
}
