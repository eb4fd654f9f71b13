//! Configuration files: YAML text in, typed values or diagnostics with a caret out.
//!
//! An operator meets this module when something is wrong, so the words are ours: the scanner of `serde-saphyr`
//! turns text into events, `compose` makes a tree in which every value knows its place, and a small serde
//! deserializer over that tree speaks about fields, lists and durations instead of Rust types. Another scanner can
//! be put underneath by changing `compose.rs` and `syntax.rs` only.
//!
//! What go-yaml reads is read alike, because the files were written for it: `yes`/`no`/`on`/`off` are booleans,
//! numbers stand where text is wanted and keep their spelling, an empty value is the empty text, list or section,
//! and `<<` merges. What it lets pass in silence is refused: a second document in the file.
//!
//! Bounds: a file has at most [`FILE_BYTES_MAX`] bytes and two million values; what aliases expand to is measured
//! before anything is expanded.

mod compose;
mod deserialize;
mod diagnostic;
mod error;
mod findings;
pub mod http_client;
mod mask;
mod quantity;
mod scalar;
mod source;
mod spanned;
mod syntax;
mod text_or;
mod tree;

use std::path::Path;

use serde::de::DeserializeOwned;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use findings::Findings;
pub use quantity::{DurationValue, SizeValue};
pub use source::{FILE_BYTES_MAX, Source};
pub use spanned::{Span, Spanned, SpannedKey};
pub use text_or::TextOr;
pub use tree::Tree;

/// Reads one YAML document as a `T`; `path` is only what diagnostics show.
///
/// # Errors
/// The first thing that is wrong, as a diagnostic with its place.
///
/// ```
/// use std::collections::BTreeMap;
/// use plimsoll_runtime::config::parse;
/// let ages: BTreeMap<String, u8> = parse("ages.yml".as_ref(), "ann: 41\nbob: 7\n").expect("valid");
/// assert_eq!(ages["bob"], 7);
/// let wrong = parse::<BTreeMap<String, u8>>("ages.yml".as_ref(), "ann: old\n").expect_err("not a number");
/// assert!(wrong.to_string().starts_with("ages.yml:1:6: error: expected a whole number"));
/// ```
pub fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, Diagnostics> {
    Source::new(path, text)?.parse()
}
