//! What became of each SLO of a file: kept, kept with losses, or refused; nothing is left out in silence.

use std::fmt;

use plimsoll_runtime::config::{Diagnostic, Severity};

/// What became of the SLOs of one or more files, in their order.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One for each SLO, and one for each document that could not be read.
    pub entries: Vec<Entry>,
}

/// What became of one SLO.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `service/name`, or the document.
    pub subject: String,
    /// What was kept, for people.
    pub kept: Vec<String>,
    /// What was lost or changed (warnings), and what kept it from being imported (errors), with places.
    pub findings: Vec<Diagnostic>,
}

/// The worst of what is said of an SLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It means here what it meant there.
    Kept,
    /// It is imported, and some of it is lost or means another thing.
    Warned,
    /// It is not imported.
    Refused,
}

impl Verdict {
    /// Returns the word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Warned => "warned",
            Self::Refused => "refused",
        }
    }
}

impl Entry {
    /// Returns the worst of what is said.
    pub fn verdict(&self) -> Verdict {
        let worst = self.findings.iter().map(|finding| finding.severity).min();
        match worst {
            None => Verdict::Kept,
            Some(Severity::Warning) => Verdict::Warned,
            Some(Severity::Error) => Verdict::Refused,
        }
    }
}

impl Report {
    /// Returns how many entries have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        let entries = self.entries.iter();
        entries.filter(|entry| entry.verdict() == verdict).count()
    }
}

/// A line for each SLO, what was kept of it, the findings with their places, and the sums.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(f, "{}: {}", entry.verdict().as_str(), entry.subject)?;
            let is_refused = entry.verdict() == Verdict::Refused;
            for kept in entry.kept.iter().filter(|_| !is_refused) {
                writeln!(f, "  {kept}")?;
            }
            for finding in &entry.findings {
                for line in finding.to_string().lines() {
                    writeln!(f, "  {line}")?;
                }
            }
        }
        let [kept, warned, refused] =
            [Verdict::Kept, Verdict::Warned, Verdict::Refused].map(|verdict| self.count(verdict));
        writeln!(f, "{kept} kept, {warned} warned, {refused} refused")
    }
}
