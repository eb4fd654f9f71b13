//! Labels as Prometheus prints them in errors.

use std::fmt;

use plimsoll_types::{Labels, METRIC_NAME};

use crate::number::Quoted;

/// Displays labels as Go does, with the name as one label of many: `{__name__="up", job="a"}`.
pub(crate) struct Pairs<'a>(pub(crate) &'a Labels);

impl fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        if let Some(name) = self.0.metric_name() {
            write!(f, "{METRIC_NAME}={}", Quoted(name))?;
        }
        let rest = self.0.iter().filter(|(name, _)| *name != METRIC_NAME);
        for (index, (name, value)) in rest.enumerate() {
            let first = index == 0 && self.0.metric_name().is_none();
            let comma = if first { "" } else { ", " };
            write!(f, "{comma}{name}={}", Quoted(value))?;
        }
        f.write_str("}")
    }
}
