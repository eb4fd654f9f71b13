//! Rule files: all of a configuration are read and checked before any of them is used.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_promql::Features;
use plimsoll_rules::{Group, RuleFile};
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity, Source};

/// The most findings that a refusal lists: nobody reads more, and an answer has a bound.
const SHOWN_MAX: usize = 100;

/// The rule groups of a configuration, none of which has an error.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// The groups, in the order of the files and inside them.
    pub groups: Vec<LoadedGroup>,
    /// What is accepted and most likely not meant.
    pub warnings: Vec<Diagnostic>,
}

/// A group and the file that it stands in; the two names together are its identity.
#[derive(Clone, Debug)]
pub struct LoadedGroup {
    /// The path as named from where we run.
    pub file: String,
    /// What the file says.
    pub definition: Arc<Group>,
}

impl RuleSet {
    /// Reads and checks rule files; `features` says which experimental PromQL their expressions may use. Blocks on the disk.
    ///
    /// # Errors
    /// What is wrong with any of them, file by file; then none may be used.
    pub fn load(files: &[PathBuf], features: &Features) -> Result<Self, Diagnostics> {
        let (mut set, mut found) = (Self::default(), Findings::default());
        for path in files {
            match Source::read(path).and_then(|source| plimsoll_rules::check(&source, features)) {
                Ok(file) => set.add(&path.to_string_lossy(), file),
                Err(diagnostics) => found.add(diagnostics),
            }
        }
        found.into_result().map(|()| set)
    }

    fn add(&mut self, path: &str, file: RuleFile) {
        self.warnings.extend(file.warnings);
        let groups = file.groups.into_iter().map(|group| LoadedGroup {
            file: path.to_owned(),
            definition: Arc::new(group),
        });
        self.groups.extend(groups);
    }
}

/// What is wrong with several files, no more than a reader reads.
#[derive(Default)]
pub(crate) struct Findings {
    shown: Vec<Diagnostic>,
    omitted: usize,
    last: PathBuf,
}

impl Findings {
    pub(crate) fn add(&mut self, found: Diagnostics) {
        for finding in found {
            match self.shown.len() < SHOWN_MAX {
                true => self.shown.push(finding),
                false => {
                    self.omitted += 1;
                    self.last = finding.path;
                }
            }
        }
    }

    pub(crate) fn into_result(mut self) -> Result<(), Diagnostics> {
        if self.omitted > 0 {
            let message = format!(
                "{} more findings up to this file are not shown",
                self.omitted
            );
            let more = Diagnostic::file(self.last, Severity::Error, message);
            self.shown.push(more);
        }
        match self.shown.is_empty() {
            true => Ok(()),
            false => Err(Diagnostics(self.shown)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let directory = tempfile::tempdir().unwrap();
        let paths = texts.iter().enumerate().map(|(index, text)| {
            let path = directory.path().join(format!("{index}.yml"));
            std::fs::write(&path, text).unwrap();
            path
        });
        let paths = paths.collect();
        (directory, paths)
    }

    const GOOD: &str = "groups:\n- name: g\n  rules:\n  - {record: a, expr: up}\n";

    #[test]
    fn groups_of_the_same_name_in_two_files_are_two() {
        let (_directory, paths) = files(&[GOOD, GOOD]);
        let set = RuleSet::load(&paths, &Features::default()).unwrap();
        let named = set
            .groups
            .iter()
            .map(|group| (group.file.as_str(), group.definition.name.as_str()));
        let expected = [
            (paths[0].to_str().unwrap(), "g"),
            (paths[1].to_str().unwrap(), "g"),
        ];
        assert_eq!(named.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_error_in_one_file_refuses_all_and_all_errors_are_told() {
        let bad = "groups:\n- name: g\n  rules:\n  - {record: a, expr: 'up['}\n";
        let (_directory, mut paths) = files(&[GOOD, bad, "groups: 1\n"]);
        paths.push("absent.yml".into());
        let errors = RuleSet::load(&paths, &Features::default()).unwrap_err();
        let places: Vec<_> = errors
            .iter()
            .map(|error| (&error.path, error.line))
            .collect();
        assert_eq!(places, [(&paths[1], 4), (&paths[2], 1), (&paths[3], 0)]);
    }

    #[test]
    fn a_refusal_has_a_bound() {
        let rules = "  - {record: a, expr: 'up['}\n".repeat(SHOWN_MAX + 7);
        let (_directory, paths) = files(&[&format!("groups:\n- name: g\n  rules:\n{rules}")]);
        let errors = RuleSet::load(&paths, &Features::default()).unwrap_err();
        assert_eq!(errors.0.len(), SHOWN_MAX + 1);
        let last = errors.0.last().unwrap();
        assert_eq!(
            last.message,
            "7 more findings up to this file are not shown"
        );
    }
}
