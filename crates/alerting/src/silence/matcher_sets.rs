//! Several sets of conditions: one set has to match as a whole.

use std::fmt;
use std::sync::Arc;

use plimsoll_types::{Labels, Matcher};

/// Sets of matchers, `(a AND b) OR (c AND d)`. No set is empty; without sets nothing matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatcherSets(Arc<[Box<[Matcher]>]>);

/// Why sets of matchers make no silence, in Alertmanager's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMatcherSets {
    /// There is none.
    #[error("at least one matcher set required")]
    NoSets,
    /// A set has no matcher.
    #[error("matcher set {0} is empty")]
    EmptySet(usize),
    /// A set matches whatever has none of its labels, which is nearly always a mistake.
    #[error("matcher set {0}: at least one matcher must not match the empty string")]
    MatchesEmpty(usize),
    /// A matcher is about a label that cannot be.
    #[error("invalid label matcher {matcher} in set {set}: invalid label name \"\"")]
    LabelName {
        /// The position of the set.
        set: usize,
        /// The position of the matcher in it.
        matcher: usize,
    },
}

impl MatcherSets {
    /// Makes the sets that choose alerts.
    ///
    /// # Errors
    /// Any [`InvalidMatcherSets`]. As in Alertmanager `!=` and `!~` never count as matching the empty string, though
    /// they do.
    pub fn for_alerts(sets: Vec<Vec<Matcher>>) -> Result<Self, InvalidMatcherSets> {
        if sets.is_empty() {
            return Err(InvalidMatcherSets::NoSets);
        }
        let matches_empty = |matcher: &Matcher| !matcher.is_negative() && matcher.matches_empty();
        let sets = Self::for_receivers(sets)?;
        let careless = sets.iter().position(|set| set.iter().all(matches_empty));
        careless.map_or(Ok(sets), |at| Err(InvalidMatcherSets::MatchesEmpty(at)))
    }

    /// Makes the sets that choose receivers by their labels; no sets choose all of them.
    ///
    /// # Errors
    /// [`InvalidMatcherSets::EmptySet`] and [`InvalidMatcherSets::LabelName`].
    pub fn for_receivers(sets: Vec<Vec<Matcher>>) -> Result<Self, InvalidMatcherSets> {
        for (set, matchers) in sets.iter().enumerate() {
            if matchers.is_empty() {
                return Err(InvalidMatcherSets::EmptySet(set));
            }
            if let Some(matcher) = matchers.iter().position(|one| one.name().is_empty()) {
                return Err(InvalidMatcherSets::LabelName { set, matcher });
            }
        }
        Ok(Self(sets.into_iter().map(Vec::into_boxed_slice).collect()))
    }

    /// Says whether a set matches.
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = |matcher: &Matcher| labels.get(matcher.name()).unwrap_or_default();
        let matches = |matcher: &Matcher| matcher.matches(value(matcher));
        self.iter().any(|set| set.iter().all(matches))
    }

    /// Walks the sets.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Matcher]> + Clone {
        self.0.iter().map(|set| &**set)
    }

    /// Says whether there is no set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Writes the sets for people: `{a="1", b=~"x"} or {c!="2"}`.
impl fmt::Display for MatcherSets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, set) in self.iter().enumerate() {
            f.write_str(if place == 0 { "{" } else { " or {" })?;
            for (place, matcher) in set.iter().enumerate() {
                let comma = if place == 0 { "" } else { ", " };
                write!(f, "{comma}{matcher}")?;
            }
            f.write_str("}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::MatchOp;

    use super::*;

    fn matcher(op: MatchOp, name: &str, value: &str) -> Matcher {
        Matcher::new(op, name, value).unwrap()
    }

    #[test]
    fn one_whole_set_has_to_match() {
        let sets = MatcherSets::for_alerts(vec![
            vec![
                Matcher::equal("a", "1"),
                matcher(MatchOp::NotEqual, "b", "2"),
            ],
            vec![matcher(MatchOp::Regex, "c", "x.*")],
        ]);
        let sets = sets.unwrap();
        assert_eq!(sets.to_string(), "{a=\"1\", b!=\"2\"} or {c=~\"x.*\"}");
        let matches =
            |pairs: &[(&str, &str)]| sets.matches(&Labels::from_pairs(pairs.iter().copied()));
        assert!(matches(&[("a", "1")]));
        assert!(!matches(&[("a", "1"), ("b", "2")]));
        assert!(matches(&[("a", "1"), ("b", "2"), ("c", "xy")]));
        assert!(!matches(&[]));
        assert!(!MatcherSets::default().matches(&Labels::empty()));
    }

    #[test]
    fn sets_that_nobody_can_mean_are_refused_in_alertmanager_s_words() {
        let check = |sets: Vec<Vec<Matcher>>, expected: &str| {
            let error = MatcherSets::for_alerts(sets).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        let good = || vec![Matcher::equal("a", "1")];
        check(vec![], "at least one matcher set required");
        check(vec![good(), vec![]], "matcher set 1 is empty");
        check(
            vec![
                good(),
                vec![Matcher::equal("a", ""), matcher(MatchOp::Regex, "b", ".*")],
            ],
            "matcher set 1: at least one matcher must not match the empty string",
        );
        check(
            vec![vec![Matcher::equal("a", "1"), Matcher::equal("", "1")]],
            "invalid label matcher 1 in set 0: invalid label name \"\"",
        );
        assert!(MatcherSets::for_alerts(vec![vec![matcher(MatchOp::NotEqual, "a", "1")]]).is_ok());
        assert!(MatcherSets::for_receivers(vec![]).unwrap().is_empty());
    }
}
