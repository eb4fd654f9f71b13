//! Files of objectives: all of a configuration are read and checked before any of them is used.

use std::path::PathBuf;

use plimsoll_promql::Features;
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Source};
use plimsoll_slo::{Catalog, file};

use crate::load::Findings;

/// The objectives of a configuration, none of which has an error.
#[derive(Clone, Debug, Default)]
pub struct SloSet {
    /// The objectives.
    pub catalog: Catalog,
    /// What is accepted and most likely not meant.
    pub warnings: Vec<Diagnostic>,
}

impl SloSet {
    /// Reads and checks files of objectives; `features` says which experimental PromQL they may use. Blocks on the disk.
    ///
    /// # Errors
    /// What is wrong with any of them, file by file, and with them together; then none may be used.
    pub fn load(files: &[PathBuf], features: &Features) -> Result<Self, Diagnostics> {
        let (mut read, mut found) = (Vec::new(), Findings::default());
        for path in files {
            match Source::read(path).and_then(|source| file::check(&source, features)) {
                Ok(file) => read.push(file),
                Err(diagnostics) => found.add(diagnostics),
            }
        }
        found.into_result()?;
        let warnings = read.iter().flat_map(|file| &file.warnings);
        let warnings = warnings.cloned().collect();
        let catalog = Catalog::merge(read)?;
        Ok(Self { catalog, warnings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
version: plimsoll/v1
service: checkout
slos:
  - name: availability
    objective: 99.9
    window: 30d
    sli:
      events:
        valid: http_requests_total
        bad: http_requests_total{code=~\"5..\"}
";

    fn load(texts: &[&str]) -> Result<SloSet, Diagnostics> {
        let directory = tempfile::tempdir().unwrap();
        let paths = texts.iter().enumerate().map(|(index, text)| {
            let path = directory.path().join(format!("{index}.yml"));
            std::fs::write(&path, text).unwrap();
            path
        });
        let paths: Vec<PathBuf> = paths.collect();
        SloSet::load(&paths, &Features::default())
    }

    #[test]
    fn files_make_one_catalog() {
        let other = GOOD.replace("checkout", "search");
        let set = load(&[GOOD, &other]).unwrap();
        let ids: Vec<&str> = set.catalog.slos.iter().map(|slo| &*slo.id).collect();
        assert_eq!(ids, ["checkout/availability", "search/availability"]);
    }

    #[test]
    fn an_error_in_one_file_refuses_all_and_all_errors_are_told() {
        let bad = GOOD.replace("99.9", "100");
        let errors = load(&[GOOD, &bad, "version: plimsoll/v1\nslos: 1\n"]).unwrap_err();
        let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
        assert_eq!(lines[0], 5, "{errors}");
        assert!(lines.len() > 1, "{errors}");
        let twice = load(&[GOOD, GOOD]).unwrap_err().to_string();
        assert!(twice.contains("there twice"), "{twice}");
    }
}
