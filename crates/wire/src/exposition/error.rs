//! Why an exposition is refused, and where.

use std::fmt;

/// How many bytes of the peer's text a message repeats at most.
const ECHO_BYTES_MAX: usize = 80;

/// The kinds of exposition errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The bytes are not UTF-8.
    InvalidUtf8,
    /// A line (or a protobuf message) is not built as the format says.
    Syntax,
    /// A value or a timestamp is no number that the format knows.
    InvalidNumber,
    /// A sample has no metric name.
    MissingName,
    /// A sample names a label twice.
    DuplicateLabel,
    /// The type, unit or help of a family is unknown, there twice, or in the wrong place.
    InvalidMetadata,
    /// OpenMetrics: `# EOF` is missing, or something follows it.
    Eof,
    /// Strict only: families, metrics or points are interleaved, repeated, or their names clash.
    Grouping,
    /// Strict only: a sample has a value, label or name suffix that its type forbids.
    Semantics,
    /// Strict only: an exemplar is too long, misplaced, or outside its bucket.
    Exemplar,
    /// A native histogram is not consistent.
    InvalidHistogram,
    /// The content type is none that can be read.
    UnknownFormat,
}

/// A refused exposition: what was wanted, what was found, and where.
///
/// Lines and columns count from 1; a column counts bytes. In a protobuf exposition the "line" is the number of the
/// metric family's message and the "column" the byte inside it. Never holds more than about 80 bytes of the input.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct Error {
    kind: ErrorKind,
    line: usize,
    column: usize,
    message: String,
}

impl Error {
    pub(super) fn new(
        kind: ErrorKind,
        line: usize,
        column: usize,
        message: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            line,
            column,
            message: message.into(),
        }
    }

    /// Returns the kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the line, 1 or more.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Returns the column in bytes, 1 or more.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Returns what was wanted and what was found, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Says whether the same bytes may be accepted later: never.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// An error that does not know its line yet: `at` counts bytes from the start of the text that was scanned.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: ErrorKind,
    pub(super) at: usize,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, at: usize, message: impl Into<String>) -> Self {
        Self {
            kind,
            at,
            message: message.into(),
        }
    }

    /// Turns into an error, given where the scanned text begins.
    pub(super) fn place(self, text: &str, origin: Place) -> Error {
        let place = origin.advanced(&text.as_bytes()[..self.at.min(text.len())]);
        Error::new(self.kind, place.line, place.column, self.message)
    }
}

/// A point in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Place {
    pub(super) const START: Self = Self { line: 1, column: 1 };

    /// Returns the place after `bytes`. Linear, so only for errors.
    pub(super) fn advanced(self, bytes: &[u8]) -> Self {
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            None => Self {
                line: self.line,
                column: self.column + bytes.len(),
            },
            Some(last) => Self {
                line: self.line + bytes[..=last].iter().filter(|byte| **byte == b'\n').count(),
                column: bytes.len() - last,
            },
        }
    }
}

/// Shows hostile text in a message: quoted, escaped, cut.
pub(super) struct Echo<'a>(pub(super) &'a str);

impl fmt::Display for Echo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An escape sequence such as \u{10ffff} is ten bytes, so the cut is made on the escaped text.
        let mut left = ECHO_BYTES_MAX - "\"\"...".len();
        f.write_str("\"")?;
        for character in self.0.chars().flat_map(char::escape_debug) {
            match left.checked_sub(character.len_utf8()) {
                Some(rest) => left = rest,
                None => return f.write_str("\"..."),
            }
            write!(f, "{character}")?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_repeat_little_of_hostile_text() {
        for text in [
            "x".repeat(1000),
            "\u{1}".repeat(1000),
            "\u{10ffff}".repeat(1000),
        ] {
            let shown = Echo(&text).to_string();
            assert!(shown.len() <= ECHO_BYTES_MAX, "{} bytes", shown.len());
            assert!(shown.ends_with("\"..."));
        }
        assert_eq!(Echo("a\n\"b").to_string(), r#""a\n\"b""#);
    }

    #[test]
    fn places_count_lines_and_bytes_from_one() {
        let check = |text: &str, line, column| {
            let place = Place::START.advanced(text.as_bytes());
            assert_eq!(place, Place { line, column }, "{text:?}");
        };
        check("", 1, 1);
        check("ab", 1, 3);
        check("ab\n", 2, 1);
        check("ab\n\ncde", 3, 4);
    }
}
