//! The words of rule files: which labels mean a severity or an owner, and which severities wake somebody.

/// Labels that say how bad an alert is.
pub(super) const SEVERITY: &[&str] = &["severity", "priority", "level", "page", "urgency"];

/// Labels and annotations that say who acts: the name holds one of these.
pub(super) const OWNER: &[&str] = &["team", "owner", "squad", "oncall", "on_call"];

/// Annotations that say what to do: the name holds one of these.
pub(super) const RUNBOOK: &[&str] = &["runbook", "playbook"];

/// Annotations that say what is wrong.
pub(super) const SUMMARY: &[&str] = &["summary", "description", "message", "title", "text"];

/// Severities that wake a person.
const PAGES: &[&str] = &[
    "page",
    "pager",
    "paging",
    "critical",
    "crit",
    "emergency",
    "fatal",
    "disaster",
    "p0",
    "p1",
    "sev0",
    "sev1",
    "s0",
    "s1",
    "true",
    "urgent",
];

/// Severities that reach nobody on their own.
const SILENT: &[&str] = &["none", "info", "information", "informational", "debug"];

pub(super) fn pages(severity: &str) -> bool {
    PAGES.contains(&&*severity.to_lowercase())
}

pub(super) fn is_silent(severity: &str) -> bool {
    SILENT.contains(&&*severity.to_lowercase())
}

/// Returns how many letters have to be changed, added or removed to make one word of the other.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, wanted) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *wanted);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_of_words() {
        for (one, other, expected) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("missing-owenr", "missing-owner", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }
}
