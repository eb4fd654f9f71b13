//! Collects what is wrong in one file, so that an operator sees all of it at once.

use std::path::{Path, PathBuf};

use super::{Diagnostic, Severity, Source, Span, Spanned};

/// The most findings of one severity that are kept: each costs a walk to its line, and nobody reads more.
const SHOWN_MAX: usize = 100;

/// The findings of one file, at most 100 of each severity.
pub struct Findings<'a> {
    source: &'a Source,
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
}

impl<'a> Findings<'a> {
    /// Starts with none.
    pub fn new(source: &'a Source) -> Self {
        Self {
            source,
            list: Vec::new(),
            errors: 0,
            warnings: 0,
        }
    }

    /// Reports an error at a place.
    pub fn error(&mut self, span: Span, message: impl Into<String>) {
        self.errors += 1;
        if self.errors <= SHOWN_MAX {
            self.list.push(self.source.error(span, message));
        }
    }

    /// Reports an error at a place, and how to repair it.
    pub fn error_with_hint(
        &mut self,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.errors += 1;
        if self.errors <= SHOWN_MAX {
            let finding = self.source.error(span, message).with_hint(hint);
            self.list.push(finding);
        }
    }

    /// Reports what is legal, but surely not meant.
    pub fn warning(&mut self, span: Span, message: impl Into<String>) {
        self.warnings += 1;
        if self.warnings <= SHOWN_MAX {
            self.list.push(self.source.warning(span, message));
        }
    }

    /// Reports a section that is legal and has no effect yet.
    pub fn not_acted_on(&mut self, span: Span, name: &str) {
        self.warning(
            span,
            format!("`{name}` is accepted, but this version does not act on it"),
        );
    }

    /// Reports a word that is none of those that are known.
    pub fn unknown_word(&mut self, word: &Spanned<String>, what: &str, known: &[&str]) {
        let message = match word.is_empty() {
            true => format!("the {what} is empty"),
            false => format!("unknown {what} `{}`", word.value),
        };
        self.error_with_hint(
            word.span,
            message,
            format!("expected one of {}", known.join(", ")),
        );
    }

    /// Returns the file.
    pub fn source(&self) -> &'a Source {
        self.source
    }

    /// Returns a path of the file as seen from where we run: relative ones are relative to the file.
    pub fn resolve(&self, path: &str) -> PathBuf {
        let directory = self.source.path().parent().unwrap_or(Path::new(""));
        directory.join(path)
    }

    /// Returns what was found; what was left out is said in a last line of its severity.
    pub fn into_list(mut self) -> Vec<Diagnostic> {
        let counts = [
            (Severity::Error, self.errors),
            (Severity::Warning, self.warnings),
        ];
        for (severity, count) in counts {
            if let Some(more) = count.checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
                let message = format!("{more} more of this kind are not shown");
                let path = self.source.path();
                self.list.push(Diagnostic::file(path, severity, message));
            }
        }
        self.list
    }
}
