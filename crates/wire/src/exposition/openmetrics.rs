//! OpenMetrics text, judged by the letter of the specification.

use super::error::Error;
use super::scan::Dialect;
use super::strict::{self, Summary};

/// Checks every MUST of OpenMetrics 1.0.
///
/// # Errors
/// The first rule that is broken, with its place; every [`ErrorKind`](super::ErrorKind) of text formats is possible.
pub fn validate(text: &[u8]) -> Result<Summary, Error> {
    strict::validate(text, Dialect::OpenMetrics)
}
