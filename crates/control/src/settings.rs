//! What a configuration wants of a group.

use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_rules::{Globals, Group, GroupEngine, GroupKey};
use plimsoll_types::Timestamp;

/// A group's definition and what holds for all groups.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) definition: Arc<Group>,
    pub(crate) globals: Arc<Globals>,
    /// An engine that was made of them, before anybody waited for it.
    made: Mutex<Option<GroupEngine>>,
}

/// What is wanted of a group's task.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// To evaluate this.
    Run(Arc<Settings>),
    /// To end: the group is in no file any more.
    End {
        /// When it was removed.
        since: Timestamp,
    },
}

impl Wanted {
    pub(crate) fn settings(&self) -> Option<&Arc<Settings>> {
        match self {
            Self::Run(settings) => Some(settings),
            Self::End { .. } => None,
        }
    }
}

impl Settings {
    /// Makes them, and an engine of them; takes time that grows with the rules.
    pub(crate) fn new(key: &GroupKey, definition: Arc<Group>, globals: Arc<Globals>) -> Self {
        let engine = GroupEngine::new(key.clone(), Arc::clone(&definition), &globals);
        Self {
            definition,
            globals,
            made: Mutex::new(Some(engine)),
        }
    }

    /// Says whether a configuration wants the same; where in its file a group stands makes a difference, because it is shown.
    pub(crate) fn is_same(&self, definition: &Group, globals: &Globals) -> bool {
        *self.globals == *globals && is_same(&self.definition, definition)
    }

    /// Returns an engine without state.
    pub(crate) fn engine(&self, key: &GroupKey) -> GroupEngine {
        let made = self
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        made.unwrap_or_else(|| {
            GroupEngine::new(key.clone(), Arc::clone(&self.definition), &self.globals)
        })
    }

    /// Shows the group before it is evaluated.
    pub(crate) fn view(&self, key: &GroupKey) -> plimsoll_rules::view::GroupView {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || GroupEngine::new(key.clone(), Arc::clone(&self.definition), &self.globals);
        made.get_or_insert_with(make).view()
    }
}

fn is_same(a: &Group, b: &Group) -> bool {
    let of_group = |group: &Group| {
        let Group {
            interval,
            query_offset,
            limit,
            place,
            ..
        } = group;
        (*interval, *query_offset, *limit, *place)
    };
    of_group(a) == of_group(b)
        && a.name == b.name
        && a.labels == b.labels
        && a.rules.len() == b.rules.len()
        && a.rules.iter().zip(&b.rules).all(|(a, b)| {
            let is_same_text = || a.expr.to_string() == b.expr.to_string();
            a.kind == b.kind && a.labels == b.labels && a.place == b.place && is_same_text()
        })
}
