//! Files that a configuration names by patterns.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use plimsoll_runtime::config::{Findings, Span, Spanned};

use crate::discovery::single_stars;

/// Expands patterns of paths, relative to the file that names them, and names a file that two patterns match once. `what`
/// the files are is said in errors.
pub(super) fn distinct_files(
    patterns: &[Spanned<String>],
    what: &str,
    findings: &mut Findings<'_>,
) -> Vec<PathBuf> {
    let mut files = files(patterns, what, findings);
    let mut seen = HashSet::new();
    files.retain(|path| seen.insert(path.clone()));
    files
}

/// Expands patterns as [`distinct_files`] does, but names a file as often as it is matched: whoever includes a file twice
/// has its jobs twice, and must hear of it.
pub(super) fn files(
    patterns: &[Spanned<String>],
    what: &str,
    findings: &mut Findings<'_>,
) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for pattern in patterns {
        if !is_path_pattern(pattern) {
            findings.error_with_hint(
                pattern.span,
                format!("`{}` is not a path of {what}", pattern.value),
                "a `*` may stand in the last part only",
            );
            continue;
        }
        let resolved = findings.resolve(pattern);
        let found = match glob::glob(&single_stars(&resolved.to_string_lossy())) {
            Ok(found) => found,
            Err(error) => {
                findings.error(pattern.span, format!("not a pattern: {}", error.msg));
                continue;
            }
        };
        take(found, pattern.span, &mut files, findings);
    }
    files
}

/// Says whether a path has a star in its last part only.
fn is_path_pattern(path: &str) -> bool {
    path.split_once('*')
        .is_none_or(|(_, behind)| !behind.contains('/'))
}

/// Takes what matches a pattern. What may stand in a directory must not end because it cannot be read at the moment, so
/// that is an error.
fn take<E: fmt::Display>(
    found: impl Iterator<Item = Result<PathBuf, E>>,
    pattern: Span,
    files: &mut Vec<PathBuf>,
    findings: &mut Findings<'_>,
) {
    let mut is_empty = true;
    for path in found {
        is_empty = false;
        match path {
            Ok(path) => files.push(path),
            Err(error) => findings.error(pattern, error.to_string()),
        }
    }
    if is_empty {
        findings.warning(pattern, "no file matches this pattern");
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::config::{Severity, Source};

    use super::*;

    /// Root may read every directory, so a test makes no real one that cannot be.
    #[test]
    fn a_directory_that_cannot_be_read_is_an_error() {
        let source = Source::new("prometheus.yml".as_ref(), "a: b\n").unwrap();
        let check = |found: &[Result<&str, &str>]| {
            let (mut files, mut findings) = (Vec::new(), Findings::new(&source));
            let found = found.iter().map(|one| one.map(PathBuf::from));
            take(found, Span::default(), &mut files, &mut findings);
            let findings = findings.into_list();
            let said: Vec<_> = findings
                .into_iter()
                .map(|finding| (finding.severity, finding.message))
                .collect();
            (files, said)
        };
        let denied = (Severity::Error, "permission denied".to_owned());
        let files = vec![PathBuf::from("a.yml")];
        assert_eq!(
            check(&[Err("permission denied"), Ok("a.yml")]),
            (files, vec![denied.clone()])
        );
        assert_eq!(check(&[Err("permission denied")]).1, [denied]);
        let none = (Severity::Warning, "no file matches this pattern".to_owned());
        assert_eq!(check(&[]).1, [none]);
    }
}
