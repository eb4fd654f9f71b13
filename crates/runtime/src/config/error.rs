//! The error that travels through serde: what was wanted and what was found, and the place once it is known.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::Span;

#[derive(Debug)]
pub(super) struct Error {
    pub(super) message: String,
    pub(super) hint: Option<String>,
    pub(super) span: Option<Span>,
    pub(super) yaml_path: Option<String>,
}

impl Error {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            span: None,
            yaml_path: None,
        }
    }

    pub(super) fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The names of unknown fields and values, with the known one that they are closest to.
    fn unknown(what: &str, found: &str, known: &[&str]) -> Self {
        let error = Self::new(format!("unknown {what} `{}`", clip(found)));
        if let Some(near) = nearest(found, known) {
            return error.with_hint(format!("did you mean `{near}`?"));
        }
        if known.is_empty() || known.len() > 12 {
            return error;
        }
        error.with_hint(format!("expected one of {}", known.join(", ")))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let expected = range(&expected).unwrap_or(expected);
        Self::new(format!("expected {expected}, found {}", describe(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        Self::unknown("field", field, known)
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::unknown("value", variant, known)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("the field `{field}` is missing"))
    }
}

/// Says what a Rust type of numbers holds.
fn range(name: &str) -> Option<String> {
    let most = match name {
        "u8" => u64::from(u8::MAX),
        "u16" => u64::from(u16::MAX),
        "u32" => u64::from(u32::MAX),
        "u64" | "usize" => return Some("a whole number of at least 0".to_owned()),
        "i64" | "isize" => return Some("a whole number".to_owned()),
        "f32" | "f64" => return Some("a number".to_owned()),
        _ => return None,
    };
    Some(format!("a whole number from 0 to {most}"))
}

/// Says what a value is in the words of somebody who writes YAML.
pub(super) fn describe(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Str("") => "an empty text".to_owned(),
        Unexpected::Str(text) => format!("`{}`", clip(text)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        _ => "something else".to_owned(),
    }
}

/// Returns the known name that `found` most likely stands for.
fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    // A hostile name of a megabyte would make the distance expensive, and nobody misspells by that much.
    if found.len() > 100 {
        return None;
    }
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(found, name), *name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 5)
        .min()
        .map(|(_, name)| name)
}

/// Keeps messages short, whatever the file holds.
pub(super) fn clip(text: &str) -> String {
    const CHARACTERS_MAX: usize = 80;
    let clean = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    let mut short: String = text.chars().take(CHARACTERS_MAX).map(clean).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() {
        short.push_str("...");
    }
    short
}
