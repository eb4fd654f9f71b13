//! What comes out of a query and goes into a rule.

use plimsoll_types::{Labels, Timestamp, Value};

/// What a rule says when its expression gave a string or a range: Prometheus' words.
pub const NOT_A_VECTOR: &str = "rule result is not a vector or scalar";

/// One series of an instant vector; a scalar is one element without labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its labels; the metric's name may be one of them.
    pub labels: Labels,
    /// Its value.
    pub value: Value,
}

impl Element {
    /// Makes the element of a scalar.
    pub fn scalar(value: f64) -> Self {
        Self {
            labels: Labels::empty(),
            value: Value::Float(value),
        }
    }
}

/// Answers the queries that templates ask with `query "..."`.
pub trait Ask: Send + Sync {
    /// Evaluates an expression at one point in time; the caller waits for it.
    ///
    /// # Errors
    /// Why there is no instant vector, in the words that are to be shown in the alert's text.
    fn query(&self, expr: &str, at: Timestamp) -> Result<Vec<Element>, String>;
}

/// Answers no query: where none can be asked, as in a check of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct AskNothing;

impl Ask for AskNothing {
    fn query(&self, _: &str, _: Timestamp) -> Result<Vec<Element>, String> {
        Err("no query can be asked here".into())
    }
}
