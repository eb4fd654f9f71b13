//! Prometheus text, judged by the letter of its description.

use super::error::Error;
use super::scan::Dialect;
use super::strict::{self, Summary};

/// Checks what text 0.0.4 and 1.0.0 ask for: families in one piece, metadata once and first, types fulfilled.
///
/// # Errors
/// The first rule that is broken, with its place; every [`ErrorKind`](super::ErrorKind) of text formats is possible.
pub fn validate(text: &[u8]) -> Result<Summary, Error> {
    strict::validate(text, Dialect::Text)
}
