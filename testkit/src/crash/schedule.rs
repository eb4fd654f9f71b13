//! What happened in a life, for the person who reads of its failure.

use std::fmt;

/// The steps of a life, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(Vec<String>);

impl Schedule {
    pub(super) fn note(&mut self, step: impl FnOnce() -> String) {
        self.0.push(step());
    }
}

impl fmt::Display for Schedule {
    /// One numbered line per step.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in (1..).zip(&self.0) {
            writeln!(f, "{number:5}  {step}")?;
        }
        Ok(())
    }
}
