//! What selectors found: dashboards ask the same ones every few seconds, and rules every few minutes.
//!
//! A part never changes, so what was found in it counts as long as it is kept. The head changes all the time, but most
//! labels gain and lose values rarely; so there it is remembered which *values* an expression matches, and that counts
//! for one *generation* of a label's values. Hours are not part of a key: they move with the clock while the selector
//! stays, and cutting a found bitmap with them is cheap.
//!
//! A key is the matchers as they are written, in a fixed order. It holds the whole text, so there is no collision.

use std::fmt;
use std::sync::Arc;

use plimsoll_types::{MatchOp, Matcher};
use roaring::RoaringBitmap;

use crate::bounded::{Bounded, CacheMetrics};
use crate::part::ValueAutomaton;

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// The number that the cache of pages gave to a part that is open.
    Part(u64),
    /// The values of one label in the head, in one generation of them; no two labels have the same generation.
    Head(u64),
    /// Nowhere: what an expression is, not what it finds.
    Expression,
}

/// What was found.
#[derive(Clone)]
pub(crate) enum Finding {
    /// Series of a part.
    Series(Arc<RoaringBitmap>),
    /// Values of a label, by the numbers of their pairs.
    Values(Arc<[u32]>),
    /// An expression as an automaton; `None` when it would be too large.
    Automaton(Option<Arc<ValueAutomaton>>),
}

/// Findings, bounded in bytes. Safe to use from many threads.
pub(crate) struct SelectorCache {
    findings: Bounded<(Scope, Box<[u8]>), Finding>,
}

impl fmt::Debug for SelectorCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectorCache").finish_non_exhaustive()
    }
}

impl SelectorCache {
    pub(crate) fn new(bytes_max: usize, metrics: CacheMetrics) -> Self {
        Self {
            findings: Bounded::new(bytes_max, metrics),
        }
    }

    /// Returns the series that fulfil all matchers, or finds them.
    pub(crate) fn series<E>(
        &self,
        scope: Scope,
        key: Box<[u8]>,
        find: impl FnOnce() -> Result<RoaringBitmap, E>,
    ) -> Result<Arc<RoaringBitmap>, E> {
        let key = (scope, key);
        if let Some(Finding::Series(found)) = self.findings.get(&key) {
            return Ok(found);
        }
        let found = Arc::new(find()?);
        let bytes = key.1.len() + size_of::<RoaringBitmap>() + found.serialized_size();
        self.findings
            .insert(key, Finding::Series(found.clone()), bytes);
        Ok(found)
    }

    /// Returns the numbers of the values of a label in the head that an expression accepts, or finds them.
    pub(crate) fn values(
        &self,
        generation: u64,
        key: Box<[u8]>,
        find: impl FnOnce() -> Arc<[u32]>,
    ) -> Arc<[u32]> {
        let key = (Scope::Head(generation), key);
        if let Some(Finding::Values(found)) = self.findings.get(&key) {
            return found;
        }
        let found = find();
        let bytes = key.1.len() + size_of_val(&*found);
        self.findings
            .insert(key, Finding::Values(found.clone()), bytes);
        found
    }

    /// Returns an expression's automaton, or builds it.
    pub(crate) fn automaton(
        &self,
        expression: &str,
        build: impl FnOnce() -> Option<ValueAutomaton>,
    ) -> Option<Arc<ValueAutomaton>> {
        let key = (Scope::Expression, expression.as_bytes().into());
        if let Some(Finding::Automaton(found)) = self.findings.get(&key) {
            return found;
        }
        let built = build().map(Arc::new);
        let bytes = built.as_ref().map_or(0, |built| built.byte_count()) + expression.len();
        self.findings
            .insert(key, Finding::Automaton(built.clone()), bytes);
        built
    }
}

/// Returns the same key for the same matchers in any order, and for no others.
pub(crate) fn key(matchers: &[Matcher]) -> Box<[u8]> {
    let mut texts: Vec<(&str, u8, &str)> = matchers
        .iter()
        .map(|matcher| (matcher.name(), code(matcher.op()), matcher.value()))
        .collect();
    texts.sort_unstable();
    texts.dedup();
    let mut key = Vec::new();
    for (name, op, value) in texts {
        key.push(op);
        for text in [name, value] {
            key.extend_from_slice(&(text.len() as u64).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        }
    }
    key.into()
}

/// Returns the key of the series whose label has one of the texts that a matcher compares with, or any other; it is
/// no key of matchers.
pub(crate) fn value_key(matcher: &Matcher, is_inverted: bool) -> Box<[u8]> {
    let is_regex = matcher.pattern().is_some();
    let mut key = vec![0xff, u8::from(is_inverted), u8::from(is_regex)];
    key.extend_from_slice(&(matcher.name().len() as u64).to_le_bytes());
    key.extend_from_slice(matcher.name().as_bytes());
    key.extend_from_slice(matcher.value().as_bytes());
    key.into()
}

fn code(op: MatchOp) -> u8 {
    match op {
        MatchOp::Equal => 0,
        MatchOp::NotEqual => 1,
        MatchOp::Regex => 2,
        MatchOp::NotRegex => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(op: MatchOp, name: &str, value: &str) -> Matcher {
        Matcher::new(op, name, value).unwrap()
    }

    #[test]
    fn the_order_of_matchers_does_not_count_and_everything_else_does() {
        let a = matcher(MatchOp::Equal, "a", "b");
        let b = matcher(MatchOp::Regex, "a", "b");
        let twice = [b.clone(), a.clone(), b.clone()];
        assert_eq!(key(&[a.clone(), b.clone()]), key(&twice));
        assert_ne!(key(std::slice::from_ref(&a)), key(&[b]));
        assert_ne!(
            key(&[matcher(MatchOp::Equal, "ab", "")]),
            key(&[matcher(MatchOp::Equal, "a", "b")])
        );
        assert_ne!(key(&[]), key(&[a]));
    }

    #[test]
    fn finds_once_per_scope_and_keeps_no_failure() {
        let metrics = CacheMetrics::default();
        let cache = SelectorCache::new(1 << 20, metrics.clone());
        let find = |scope, result: Result<u32, ()>| {
            let key = key(&[matcher(MatchOp::Regex, "a", "b")]);
            let found = cache.series(scope, key, || result.map(|id| [id].into_iter().collect()));
            found.map(|found| found.iter().collect::<Vec<u32>>())
        };
        assert_eq!(find(Scope::Part(1), Err(())), Err(()));
        assert_eq!(find(Scope::Part(1), Ok(1)), Ok(vec![1]));
        assert_eq!(find(Scope::Part(1), Ok(2)), Ok(vec![1]));
        assert_eq!(find(Scope::Part(2), Ok(2)), Ok(vec![2]));
        assert_eq!((metrics.hits.get(), metrics.misses.get()), (1, 3));
    }
}
