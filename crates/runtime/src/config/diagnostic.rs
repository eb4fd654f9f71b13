//! What is wrong, where, and what to do about it; rendered with the line and a caret.

use std::fmt;
use std::path::PathBuf;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is read, but not all of it has an effect.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One finding in a configuration file.
///
/// Displays as
///
/// ```text
/// prometheus.yml:12:5: error: unknown field `scrap_interval`
///    |
/// 12 |     scrap_interval: 15s
///    |     ^^^^^^^^^^^^^^ did you mean `scrape_interval`?
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as the operator named it.
    pub path: PathBuf,
    /// The line, from 1; 0 when the finding is about the file as a whole.
    pub line: usize,
    /// The column in characters, from 1; 0 when the finding is about the file as a whole.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
    /// How bad it is.
    pub severity: Severity,
    /// What was wanted and what was found: lower case, no final stop.
    pub message: String,
    /// What to do, shown behind the caret.
    pub hint: Option<String>,
    /// The place in the structure, such as `scrape_configs[3].static_configs[0]`; `None` at the top.
    pub yaml_path: Option<String>,
    /// The line's text, without its line break and with stars for secrets.
    pub excerpt: Option<String>,
}

/// The most characters of a line that are shown.
const EXCERPT_CHARACTERS_MAX: usize = 160;

impl Diagnostic {
    /// Makes a finding about a file as a whole.
    pub fn file(path: impl Into<PathBuf>, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            line: 0,
            column: 0,
            length: 1,
            severity,
            message: message.into(),
            hint: None,
            yaml_path: None,
            excerpt: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Cuts a long line to the part around the finding; returns the text and the caret's column in it, from 0.
    fn visible_excerpt(&self, line: &str) -> (String, usize) {
        let at = self.column.saturating_sub(1);
        let shown = |character: char| match character {
            '\t' => ' ',
            other if other.is_control() => '\u{fffd}',
            other => other,
        };
        if line.chars().nth(EXCERPT_CHARACTERS_MAX).is_none() {
            return (line.chars().map(shown).collect(), at);
        }
        let begin = at.saturating_sub(EXCERPT_CHARACTERS_MAX / 3);
        let part = line
            .chars()
            .skip(begin)
            .take(EXCERPT_CHARACTERS_MAX)
            .map(shown);
        (part.collect(), at - begin)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}: {}", self.severity, self.message)?;
        let number = self.line.to_string();
        let margin = number.len() + 1;
        match &self.excerpt {
            Some(line) => {
                let (line, at) = self.visible_excerpt(line);
                let room = line.chars().count().saturating_sub(at).max(1);
                let carets = "^".repeat(self.length.clamp(1, room));
                write!(f, "\n{:margin$}|\n{number} | {}", "", line.trim_end())?;
                write!(f, "\n{:margin$}| {:at$}{carets}", "", "")?;
                if let Some(hint) = &self.hint {
                    write!(f, " {hint}")?;
                }
            }
            None => {
                if let Some(hint) = &self.hint {
                    write!(f, "\n{:margin$}= {hint}", "")?;
                }
            }
        }
        match &self.yaml_path {
            Some(place) => write!(f, "\n{:margin$}= at {place}", ""),
            None => Ok(()),
        }
    }
}

/// Findings, in the order in which they should be read; as an error it holds at least one of severity error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Says whether one of them refuses the file.
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|finding| finding.severity == Severity::Error)
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.0.push(finding);
    }

    /// Walks the findings.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(finding: Diagnostic) -> Self {
        Self(vec![finding])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, findings: I) {
        self.0.extend(findings);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Shows each with its line and caret, an empty line between two.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}
