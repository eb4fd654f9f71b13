//! Go's maps with texts as keys, sorted: Go walks and prints them in the order of their keys.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::list::nested;
use super::{Type, Value};
use crate::error::CallError;

/// A map whose values have one declared type; a copy shares them.
#[derive(Clone, Debug)]
pub struct Map {
    element: Type,
    entries: Arc<BTreeMap<Arc<str>, Value>>,
    depth: usize,
}

impl Map {
    /// Makes a map from texts to texts; the last of equal keys wins.
    pub fn of_texts<K: Into<Arc<str>>, V: Into<Arc<str>>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let pair = |(key, value): (K, V)| (key.into(), Value::text(value));
        Self {
            element: Type::Text,
            entries: Arc::new(pairs.into_iter().map(pair).collect()),
            depth: 1,
        }
    }

    /// Makes a map from texts to anything; the last of equal keys wins.
    ///
    /// # Errors
    /// When lists and maps nest deeper than 100 levels.
    pub fn of_any<K: Into<Arc<str>>>(
        pairs: impl IntoIterator<Item = (K, Value)>,
    ) -> Result<Self, CallError> {
        let entries: BTreeMap<Arc<str>, Value> = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect();
        let depth = nested(entries.values())?;
        Ok(Self {
            element: Type::Any,
            entries: Arc::new(entries),
            depth,
        })
    }

    /// Returns the declared type of the values.
    pub fn element(&self) -> Type {
        self.element
    }

    /// Returns a key's value, or the zero value of the declared type: what `missingkey=zero` means.
    pub fn get(&self, key: &str) -> Value {
        let zero = || self.element.zero();
        self.find(key).cloned().unwrap_or_else(zero)
    }

    /// Returns a key's value, if there is one.
    pub fn find(&self, key: &str) -> Option<&Value> {
        self.entries.get(key)
    }

    /// Returns the pairs in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter()
    }

    /// Returns how many pairs there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Says whether there is no pair.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn type_name(&self) -> String {
        format!("map[string]{}", self.element.name())
    }
}
