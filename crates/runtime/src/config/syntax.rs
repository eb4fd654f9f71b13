//! The scanner's complaints in plain words.

use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::Span;
use super::error::Error;

pub(super) fn explain(error: &ScanError, text: &str) -> Error {
    let marker = error.marker();
    let start = marker.byte_offset().unwrap_or_else(|| {
        text.char_indices()
            .nth(marker.index())
            .map_or(text.len(), |(at, _)| at)
    });
    let is_tab = words(error.kind()).1 == Some(TAB.1);
    let (start, message, hint) = match tab_in_indentation(text, start, is_tab) {
        Some(tab) => (tab, TAB.0.to_owned(), Some(TAB.1)),
        None => {
            let (message, hint) = words(error.kind());
            (start, message, hint)
        }
    };
    // A complaint at the end of the file points at its last character that says something.
    let start = start.min(text.trim_end().len().saturating_sub(1));
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let error = Error::new(message).at(Span {
        start: narrow(start),
        end: narrow(start + 1),
    });
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

const TAB: (&str, &str) = (
    "a tab in the indentation, YAML allows only spaces there",
    "replace the tab with spaces",
);

/// Returns the tab in the indentation of the line of the complaint or of the one before: scanners notice tabs late
/// and then speak of something else. A complaint about a tab may also point at the text that the tab follows.
fn tab_in_indentation(text: &str, at: usize, is_tab: bool) -> Option<usize> {
    let before = text.get(..at)?;
    let line = before.rfind('\n').map_or(0, |index| index + 1);
    let previous = before[..line.saturating_sub(1)]
        .rfind('\n')
        .map_or(0, |index| index + 1);
    let tab_in = |start: usize| {
        let rest = &text[start..];
        let indentation = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest[..indentation].find('\t').map(|tab| start + tab)
    };
    let next = text[at..].find('\n').map(|index| at + index + 1);
    let next = next.filter(|_| is_tab);
    tab_in(line)
        .or_else(|| tab_in(previous))
        .or_else(|| tab_in(next?))
}

fn words(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, hint) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => ("a tab where YAML allows only spaces", Some(TAB.1)),
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::ExpectedFlowSequenceSeparator => {
            ("this list is not closed, expected `,` or `]`", None)
        }
        ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping
        | ErrorKind::ExpectedFlowMappingSeparator => {
            ("this mapping is not closed, expected `,` or `}`", None)
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            let message = format!("`{open}` is closed by `{close}`");
            return (message, None);
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return (format!("`{open}` is never closed"), None);
        }
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => (
            "a quoted text is never closed",
            Some("add the missing quote"),
        ),
        ErrorKind::InvalidQuotedScalarIndent => (
            "a quoted text is not closed in its line, and the next line is not indented",
            Some("add the missing quote"),
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => (
            "an escape that YAML does not know in a double-quoted text",
            Some("use single quotes or double the backslash"),
        ),
        ErrorKind::UnknownAnchor => (
            "an alias to an anchor that is not defined before it",
            Some("put a text that begins with `*` in quotes"),
        ),
        ErrorKind::RecursionLimitExceeded => ("values are nested too deep", None),
        ErrorKind::UnexpectedCharacter { character } => {
            let message = format!("unexpected character `{}`", character.escape_default());
            return (message, Some("put the text in quotes"));
        }
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey
        | ErrorKind::MappingKeyNotAllowed => (
            "`:` is not expected here",
            Some("check the indentation, or put the text in quotes"),
        ),
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::ExpectedNodeContent
        | ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedDocumentStart => (
            "this does not fit the lines before it",
            Some("check the indentation"),
        ),
        other => return (format!("not valid YAML: {other}"), None),
    };
    (message.to_owned(), hint)
}
