//! A file of several YAML documents, cut so that every document keeps the lines it has in the file.

use std::path::Path;

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity, Source};
use serde::Deserialize;

/// The most documents of one file; a list of a cluster's objects has some hundreds.
const DOCUMENTS_MAX: usize = 1_000;
/// The largest file that is imported, 4 MiB.
const BYTES_MAX: usize = 4 << 20;
/// The most that all documents of a file take, 64 MiB: each is kept with the empty lines before it.
const KEPT_MAX: usize = 64 << 20;

/// Cuts a text at its document markers and leaves out what says nothing.
///
/// Each document is the file's text up to its end, with the documents before it emptied but for their line breaks:
/// so its findings have the lines and columns of the file.
///
/// # Errors
/// The file is larger than 4 MiB, has more than 1,000 documents, or so many with so many lines before them that they take
/// more than 64 MiB; or it holds a zero byte.
pub fn documents(path: &Path, text: &str) -> Result<Vec<Source>, Diagnostics> {
    let refused = |message: String| {
        let finding = Diagnostic::file(path, Severity::Error, message);
        Diagnostics::from(finding.with_hint("split it into several files"))
    };
    if text.len() > BYTES_MAX {
        let message = format!("the file is larger than {} MiB", BYTES_MAX >> 20);
        return Err(refused(message));
    }
    let parts = parts(text);
    if parts.len() > DOCUMENTS_MAX {
        let message = format!("the file has more than {DOCUMENTS_MAX} documents");
        return Err(refused(message));
    }
    let kept: usize = parts.iter().map(|(lines, part)| lines + part.len()).sum();
    if kept > KEPT_MAX {
        return Err(refused(
            "the file has too many documents with too many lines before them".into(),
        ));
    }
    let source = |(lines, part): (usize, &str)| {
        let text = format!("{}{part}", "\n".repeat(lines));
        Source::new(path, &text)
    };
    parts.into_iter().map(source).collect()
}

/// Returns the documents with something in them, and how many lines come before each.
fn parts(text: &str) -> Vec<(usize, &str)> {
    let mut parts = Vec::new();
    let (mut begin, mut begin_line, mut offset) = (0, 0, 0);
    for (line_number, line) in text.split_inclusive('\n').enumerate() {
        let end = offset + line.len();
        if is_marker(line) {
            parts.push((begin_line, &text[begin..offset]));
            (begin, begin_line) = (end, line_number + 1);
        }
        offset = end;
    }
    parts.push((begin_line, &text[begin..]));
    parts.retain(|(_, part)| part.lines().any(says_something));
    parts
}

/// A marker with content behind it, `--- text`, is left to the YAML reader.
fn is_marker(line: &str) -> bool {
    let line = line.trim_end();
    let rest = line.strip_prefix("---").or(line.strip_prefix("..."));
    rest.is_some_and(|rest| rest.is_empty() || rest.trim_start().starts_with('#'))
}

fn says_something(line: &str) -> bool {
    let line = line.trim();
    !(line.is_empty() || line.starts_with(['#', '%']))
}

/// The formats that are told apart by the first fields of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `version: prometheus/v1`
    Sloth,
    /// `apiVersion: sloth.slok.dev/v1`
    SlothKubernetes,
    /// `apiVersion: openslo/v1alpha`
    OpenSloAlpha,
    /// `apiVersion: openslo/v1`
    OpenSlo,
    /// `apiVersion: pyrra.dev/v1alpha1`
    Pyrra,
    /// `version: plimsoll/v1`
    Native,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Head {
    version: String,
    #[serde(rename = "apiVersion")]
    api_version: String,
}

impl Format {
    /// Says which format a document is in.
    ///
    /// # Errors
    /// It is no YAML, or in none of the formats.
    pub fn of(source: &Source) -> Result<Self, Diagnostics> {
        let head: Head = source.clone().ignoring_unknown_fields().parse()?;
        let found = match (&*head.version, &*head.api_version) {
            ("prometheus/v1", "") => Some(Self::Sloth),
            ("plimsoll/v1", "") => Some(Self::Native),
            ("", "sloth.slok.dev/v1") => Some(Self::SlothKubernetes),
            ("", "openslo/v1alpha") => Some(Self::OpenSloAlpha),
            ("", "openslo/v1") => Some(Self::OpenSlo),
            ("", "pyrra.dev/v1alpha1") => Some(Self::Pyrra),
            _ => None,
        };
        found.ok_or_else(|| {
            let line = source.text().len() - source.text().trim_start().len();
            let span = plimsoll_runtime::config::Span {
                start: line as u32,
                end: line as u32 + 1,
            };
            let hint = "known are version: prometheus/v1 and plimsoll/v1, and apiVersion: sloth.slok.dev/v1, \
                        openslo/v1, openslo/v1alpha and pyrra.dev/v1alpha1";
            let found = format!("{}{}", head.version, head.api_version);
            let message = match found.is_empty() {
                true => "the document says neither `version` nor `apiVersion`".to_owned(),
                false => format!("unknown kind of document `{found}`"),
            };
            Diagnostics::from(source.error(span, message).with_hint(hint))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_lines() {
        let text = "---\n# only a comment\n---\na: 1\n--- # next\n\nb: [\n";
        let found = documents(Path::new("x.yml"), text).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].text(), "\n\n\na: 1\n");
        let error = found[1].parse::<std::collections::BTreeMap<String, u8>>();
        let findings = error.unwrap_err();
        assert!(
            findings.iter().all(|finding| finding.line >= 7),
            "{findings}"
        );
    }

    #[test]
    fn a_document_of_no_format_is_refused_at_its_begin() {
        let check = |text: &str, expected: Option<Format>| {
            let source = Source::new(Path::new("x.yml"), text).unwrap();
            assert_eq!(Format::of(&source).ok(), expected, "{text}");
        };
        check("version: prometheus/v1\nother: [1]\n", Some(Format::Sloth));
        check("apiVersion: openslo/v1\nkind: SLO\n", Some(Format::OpenSlo));
        check("apiVersion: v1\nkind: Pod\n", None);
        check("a: b\n", None);
        check("[1, 2]\n", None);
    }

    #[test]
    fn hostile_bytes_are_cut_without_a_panic() {
        bolero::check!().with_type::<String>().for_each(|text| {
            if let Ok(found) = documents(Path::new("x.yml"), text) {
                for source in &found {
                    let _ = Format::of(source);
                }
            }
        });
    }
}
