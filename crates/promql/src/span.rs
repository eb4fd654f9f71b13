//! Places in the text of a query, so that every error and annotation can point at one.

use std::fmt;

/// A half-open range of bytes in the text that was parsed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    /// Makes the span from `start` up to, not including, `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that holds both.
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }
}

/// A place in a text: lines and columns begin at 1, columns count bytes, as Prometheus counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

impl Position {
    /// Finds the position of byte `offset` of `text`; an offset past the end means the end.
    pub fn of(text: &str, offset: usize) -> Self {
        LineStarts::of(text).position(offset.min(text.len()))
    }
}

/// Where the lines of a text begin, so that finding many positions does not walk the text again for each.
pub(crate) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(crate) fn of(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(
            [0].into_iter()
                .chain(after_breaks.map(|(at, _)| at + 1))
                .collect(),
        )
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let line = self.0.partition_point(|start| *start <= offset);
        Position {
            line,
            column: offset - self.0[line - 1] + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_bytes_from_one() {
        let position = |offset| Position::of("sum(\n  \u{e4}b)", offset).to_string();
        assert_eq!(position(0), "1:1");
        assert_eq!(position(5), "2:1");
        assert_eq!(position(9), "2:5");
        assert_eq!(position(99), "2:7");
    }
}
