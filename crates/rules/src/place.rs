//! Where in its file a thing was written.

use plimsoll_runtime::config::{Span, Spanned};

/// A line and a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1; 0 when it was not written in a file.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// Where the lines of a text begin: many places are found without walking the text for each.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: [0].into_iter().chain(breaks).collect(),
        }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let at = (span.start as usize).min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= at);
        let before = self.text.get(self.starts[line - 1]..at).unwrap_or_default();
        Place {
            line: line as u32,
            column: before.chars().count() as u32 + 1,
        }
    }
}

/// Returns the part of the file that holds `start..end` of a text that was written in it: the very bytes when the text
/// stands there as it is (plain, in quotes, or as a block of lines), else the whole of it.
pub(crate) fn within(file: &str, written: &Spanned<String>, start: usize, end: usize) -> Span {
    let whole = written.span;
    let Some(source) = file.get(whole.start as usize..whole.end as usize) else {
        return whole;
    };
    let (start, end) = (start.min(written.value.len()), end.min(written.value.len()));
    let found = match source.as_bytes().first() {
        Some(b'"' | b'\'') => (source.get(1..source.len() - 1) == Some(&*written.value))
            .then_some((start + 1, end + 1)),
        _ if source == written.value => Some((start, end)),
        _ => in_block(source, &written.value, start, end),
    };
    match found {
        Some((start, end)) => Span {
            start: whole.start + start as u32,
            end: whole.start + end as u32,
        },
        None => whole,
    }
}

/// Finds a place in a block of lines: each line of the text stands behind the block's indent in a line of its own. The
/// scanner says that a block begins at its first line; a header before it is passed over.
fn in_block(source: &str, value: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let header = match source.starts_with(['|', '>']) {
        true => source.find('\n')? + 1,
        false => 0,
    };
    let line_start = value[..start].rfind('\n').map_or(0, |at| at + 1);
    let number = value[..start].matches('\n').count();
    let line = value[line_start..].split('\n').next()?;
    let mut at = header;
    for (index, written) in source[header..].split_inclusive('\n').enumerate() {
        if index == number {
            let indent = written
                .trim_end_matches(['\n', '\r'])
                .strip_suffix(line)?
                .len();
            let found = at + indent + (start - line_start);
            let length = (end - start).min(line.len() - (start - line_start));
            return Some((found, found + length));
        }
        at += written.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lines_and_columns_in_characters() {
        let lines = Lines::of("a\n\u{e4}b\n");
        let place = |start| lines.place(Span { start, end: start });
        assert_eq!(place(0), Place { line: 1, column: 1 });
        assert_eq!(place(4), Place { line: 2, column: 2 });
        assert_eq!(place(99), Place { line: 3, column: 1 });
    }

    #[test]
    fn finds_a_part_of_a_text_as_it_was_written() {
        let part = |file: &str, source: &str, value: &str, part: &str| {
            let start = file.find(source).unwrap() as u32;
            let end = start + source.len() as u32;
            let mut written = Spanned::from(value.to_owned());
            written.span = Span { start, end };
            let at = value.find(part).unwrap();
            let found = within(file, &written, at, at + part.len());
            file[found.start as usize..found.end as usize].to_owned()
        };
        assert_eq!(part("expr: a + b", "a + b", "a + b", "b"), "b");
        assert_eq!(part("expr: 'a + b'", "'a + b'", "a + b", "b"), "b");
        assert_eq!(
            part("expr: \"a\\tb\"", "\"a\\tb\"", "a\tb", "b"),
            "\"a\\tb\""
        );
        let block = "expr: |\n    a +\n      bb\n  for: 1m\n";
        assert_eq!(
            part(block, "|\n    a +\n      bb\n", "a +\n  bb\n", "bb"),
            "bb"
        );
        assert_eq!(
            part(block, "|\n    a +\n      bb\n", "a +\n  bb\n", "+"),
            "+"
        );
        assert_eq!(part(block, "a +\n      bb\n", "a +\n  bb\n", "bb"), "bb");
        assert_eq!(part(block, "a +\n      bb\n", "a +\n  bb\n", "a +"), "a +");
        let folded = "expr: >\n    a +\n    bb\n";
        assert_eq!(
            part(folded, ">\n    a +\n    bb\n", "a + bb\n", "bb"),
            ">\n    a +\n    bb\n"
        );
    }
}
