//! A file's text: the checks before any YAML is read, and the way from a byte range to a line and a column.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::compose::compose;
use super::deserialize::{Ignored, NodeDeserializer};
use super::error::Error;
use super::mask::{masked_line, masked_text};
use super::{Diagnostic, Diagnostics, Severity, Span};

/// The most bytes that a configuration file may have: 32 MiB, some 300 000 scrape jobs.
pub const FILE_BYTES_MAX: u64 = 32 << 20;

/// The text of one configuration file, to parse it and to point into it.
#[derive(Clone, Debug)]
pub struct Source {
    path: Arc<Path>,
    text: Arc<str>,
    /// What was passed over, where unknown fields are.
    ignored: Option<Arc<Mutex<Vec<Diagnostic>>>>,
}

impl Source {
    /// Takes a text; `path` is what diagnostics show.
    ///
    /// # Errors
    /// The text is longer than [`FILE_BYTES_MAX`] or holds a zero byte.
    pub fn new(path: &Path, text: &str) -> Result<Self, Diagnostics> {
        if text.len() as u64 > FILE_BYTES_MAX {
            return Err(too_large(path));
        }
        let source = Self {
            path: Arc::from(path),
            text: Arc::from(text),
            ignored: None,
        };
        match text.find('\0') {
            Some(at) => Err(source
                .error(source.byte(at), "found a zero byte, expected text")
                .with_hint("is this a binary file?")
                .into()),
            None => Ok(source),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, is longer than [`FILE_BYTES_MAX`], is not UTF-8 or holds a zero byte.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        let bytes = read_capped(path).map_err(|error| {
            let message = format!("cannot read the file: {error}");
            Diagnostics::from(Diagnostic::file(path, Severity::Error, message))
        })?;
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(too_large(path));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(path, &text),
            Err(error) => Err(not_utf8(path, error.as_bytes(), &error.utf8_error())),
        }
    }

    /// Reads the text as one YAML document.
    ///
    /// # Errors
    /// The first thing that is wrong, as a diagnostic with its place.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Diagnostics> {
        let root = compose(&self.text).map_err(|error| self.finding(error))?;
        let Some(all) = &self.ignored else {
            let root = NodeDeserializer::root(&root, None);
            return T::deserialize(root).map_err(|error| self.finding(error));
        };
        let ignored = Ignored::default();
        let read = T::deserialize(NodeDeserializer::root(&root, Some(&ignored)));
        let warnings = ignored.into_inner().into_iter().map(|(name, span)| {
            self.warning(span, format!("the field `{name}` is unknown and ignored"))
        });
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(warnings);
        read.map_err(|error| self.finding(error))
    }

    /// Returns the same text, in which fields that nobody knows are passed over instead of refused.
    #[must_use]
    pub fn ignoring_unknown_fields(mut self) -> Self {
        self.ignored = Some(Arc::default());
        self
    }

    /// Returns the first `end` bytes as a source of their own, which is read as this one is; `end` is the border of a
    /// character.
    pub fn head(&self, end: usize) -> Self {
        Self {
            text: Arc::from(&self.text[..end]),
            ..self.clone()
        }
    }

    /// Returns what this source and its clones passed over so far, as warnings.
    pub fn ignored(&self) -> Vec<Diagnostic> {
        let found = self.ignored.iter();
        let found = found.map(|all| all.lock().unwrap_or_else(PoisonError::into_inner).clone());
        found.flatten().collect()
    }

    /// Returns the path as the operator named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text with stars for secrets, line by line as it is: what a person may be shown of a file.
    pub fn masked(&self) -> String {
        masked_text(&self.text)
    }

    /// Returns the number of a place's line, from 1.
    pub fn line(&self, span: Span) -> usize {
        self.locate(span).0
    }

    /// Makes an error that points at a place.
    pub fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.point(Severity::Error, span, message.into())
    }

    /// Makes a warning that points at a place.
    pub fn warning(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.point(Severity::Warning, span, message.into())
    }

    fn point(&self, severity: Severity, span: Span, message: String) -> Diagnostic {
        let (line, column, line_start) = self.locate(span);
        let end = floor_boundary(&self.text, span.end as usize);
        let start = floor_boundary(&self.text, span.start as usize).min(end);
        let first_line = self.text[start..end].lines().next().unwrap_or("");
        Diagnostic {
            path: PathBuf::from(&*self.path),
            line,
            column,
            length: first_line.trim_end().chars().count().max(1),
            severity,
            message,
            hint: None,
            yaml_path: None,
            excerpt: Some(masked_line(&self.text, line_start)),
        }
    }

    fn finding(&self, error: Error) -> Diagnostics {
        let mut finding = self.error(error.span.unwrap_or_default(), error.message);
        finding.hint = error.hint;
        finding.yaml_path = error.yaml_path;
        finding.into()
    }

    fn byte(&self, at: usize) -> Span {
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            start,
            end: start + 1,
        }
    }

    /// Returns line and column (from 1) and the byte at which the line begins.
    fn locate(&self, span: Span) -> (usize, usize, usize) {
        let at = floor_boundary(&self.text, span.start as usize);
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = self.text[line_start..at].chars().count() + 1;
        (line, column, line_start)
    }
}

/// Reads one byte more than allowed, so that the caller sees that there is more.
fn read_capped(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn too_large(path: &Path) -> Diagnostics {
    let message = format!(
        "the file is larger than {} MiB, the most that is read",
        FILE_BYTES_MAX >> 20
    );
    Diagnostic::file(path, Severity::Error, message)
        .with_hint("split it with scrape_config_files or file_sd_configs")
        .into()
}

fn not_utf8(path: &Path, bytes: &[u8], error: &std::str::Utf8Error) -> Diagnostics {
    let at = error.valid_up_to();
    let text = String::from_utf8_lossy(bytes);
    let source = Source {
        path: Arc::from(path),
        text: Arc::from(&*text),
        ignored: None,
    };
    let message = format!("byte 0x{:02x} is not valid UTF-8", bytes[at]);
    source.error(source.byte(at), message).into()
}
