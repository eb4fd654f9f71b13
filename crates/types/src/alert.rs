//! An alert as it is handed from whoever decided that it is one to whoever sends or routes it.

use std::fmt;
use std::sync::Arc;

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
///
/// ```
/// use plimsoll_types::Annotations;
/// let annotations = Annotations::from_pairs([("summary", "it burns"), ("runbook", "")]);
/// assert_eq!(annotations.get("runbook"), Some(""));
/// assert_eq!(annotations.iter().next(), Some(("runbook", "")));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Annotations(Arc<[(Arc<str>, Arc<str>)]>);

impl Annotations {
    /// Makes annotations from pairs in any order; of two with the same name the later one counts.
    pub fn from_pairs<N: Into<Arc<str>>, T: Into<Arc<str>>>(
        pairs: impl IntoIterator<Item = (N, T)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        let mut pairs: Vec<(Arc<str>, Arc<str>)> = pairs
            .map(|(name, text)| (name.into(), text.into()))
            .collect();
        pairs.reverse();
        // The sort is stable, so the one that was given last is the first of its name now.
        pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        pairs.dedup_by(|(a, _), (b, _)| a == b);
        Self(pairs.into())
    }

    /// Returns the text of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(found, _)| (**found).cmp(name));
        at.ok().map(|at| &*self.0[at].1)
    }

    /// Walks the texts in ascending order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(name, text)| (&**name, &**text))
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for Annotations {
    fn default() -> Self {
        Self(Arc::from([]))
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
