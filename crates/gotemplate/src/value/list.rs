//! Go's slices.

use std::sync::Arc;

use super::{Type, Value};
use crate::error::CallError;

/// How many levels lists and maps may nest, so that nothing that walks them runs out of stack.
pub(crate) const NESTING_MAX: usize = 100;

/// A list whose elements have one declared type; a copy shares them.
#[derive(Clone, Debug)]
pub struct List {
    element: Type,
    items: Arc<[Value]>,
    depth: usize,
}

impl List {
    /// Makes a list of texts.
    pub fn of_texts(texts: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        Self {
            element: Type::Text,
            items: texts.into_iter().map(Value::text).collect(),
            depth: 1,
        }
    }

    /// Makes a list of objects of one type; what they hold must not nest without end.
    pub fn of_objects(type_name: &'static str, items: impl IntoIterator<Item = Value>) -> Self {
        Self {
            element: Type::Named(type_name),
            items: items.into_iter().collect(),
            depth: 1,
        }
    }

    /// Makes a list of anything.
    ///
    /// # Errors
    /// When lists and maps nest deeper than 100 levels.
    pub fn of_any(items: impl IntoIterator<Item = Value>) -> Result<Self, CallError> {
        let items: Arc<[Value]> = items.into_iter().collect();
        let depth = nested(items.iter())?;
        Ok(Self {
            element: Type::Any,
            items,
            depth,
        })
    }

    /// Returns the declared type of the elements.
    pub fn element(&self) -> Type {
        self.element
    }

    /// Returns the elements.
    pub fn items(&self) -> &[Value] {
        &self.items
    }

    /// Returns how many elements there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Says whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    pub(crate) fn type_name(&self) -> String {
        format!("[]{}", self.element.name())
    }

    /// Returns the elements of a range that lies inside.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Self {
        Self {
            items: self.items[range].into(),
            ..*self
        }
    }
}

/// Returns the depth of what holds the values.
pub(super) fn nested<'a>(values: impl Iterator<Item = &'a Value>) -> Result<usize, CallError> {
    let depth = 1 + values.map(Value::depth).max().unwrap_or(0);
    match depth > NESTING_MAX {
        true => Err(CallError::limit(format!(
            "lists and maps nest deeper than {NESTING_MAX} levels"
        ))),
        false => Ok(depth),
    }
}
