//! The flags of service level objectives.

use std::collections::BTreeMap;
use std::path::PathBuf;

use plimsoll_ingest::config::Config;
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity};

/// Which objectives are kept.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Service level objectives")]
pub(crate) struct SloArguments {
    /// Files with objectives, besides those of `plimsoll.slo.files`; a pattern such as 'slos/*.yml', may be repeated
    #[arg(long = "slo-files", value_name = "GLOB", value_parser = pattern)]
    slo_files: Vec<String>,
}

impl SloArguments {
    /// Adds the files of the command line to those of a configuration; a file that both name is read once. A pattern that
    /// no file matches is told.
    ///
    /// # Errors
    /// When what a pattern matches cannot be read.
    pub(super) fn add_to(
        &self,
        config: &mut Config,
        warnings: &mut Vec<Diagnostic>,
    ) -> Result<(), Diagnostics> {
        let files = &mut config.plimsoll.slo.files;
        for pattern in &self.slo_files {
            let found = expand(pattern)?;
            if found.is_empty() {
                let message = "--slo-files: no file matches this pattern";
                warnings.push(Diagnostic::file(pattern, Severity::Warning, message));
            }
            for path in found {
                if !files.contains(&path) {
                    files.push(path);
                }
            }
        }
        Ok(())
    }

    /// Adds what these flags are to those that `/api/v1/status/flags` shows.
    pub(super) fn show(&self, flags: &mut BTreeMap<String, String>) {
        flags.insert("slo-files".into(), self.slo_files.join(","));
    }
}

fn expand(pattern: &str) -> Result<Vec<PathBuf>, Diagnostics> {
    let refused = |message: String| {
        let finding = Diagnostic::file(pattern, Severity::Error, message);
        Diagnostics(vec![finding])
    };
    let found = glob::glob(pattern).map_err(|error| refused(error.msg.to_owned()))?;
    let found: Result<Vec<PathBuf>, _> = found.collect();
    found.map_err(|error| refused(error.to_string()))
}

fn pattern(text: &str) -> Result<String, String> {
    match glob::Pattern::new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("not a pattern: {}", error.msg)),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: SloArguments,
    }

    fn read(line: &[&str]) -> Result<SloArguments, String> {
        let line = Line::try_parse_from([&["x"], line].concat());
        line.map(|line| line.arguments)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn files_of_all_patterns_are_read_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        for name in ["a.yml", "b.yml", "c.txt"] {
            std::fs::write(path(name), "").unwrap();
        }
        let text = |name: &str| path(name).display().to_string();
        let line = ["--slo-files", &text("*.yml"), "--slo-files", &text("b.yml")];
        let arguments = read(&[&line[..], &["--slo-files", &text("d*")]].concat()).unwrap();
        let nothing = |_: &str| None;
        let loaded = plimsoll_ingest::config::parse("x".as_ref(), "", &nothing);
        let mut config = loaded.unwrap().config;
        config.plimsoll.slo.files.push(path("b.yml"));
        let mut warnings = Vec::new();
        arguments.add_to(&mut config, &mut warnings).unwrap();
        assert_eq!(config.plimsoll.slo.files, [path("b.yml"), path("a.yml")]);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].to_string().contains("no file matches"));
    }

    #[test]
    fn what_is_no_pattern_is_refused_at_once() {
        let error = read(&["--slo-files", "a/**b"]).unwrap_err();
        assert!(error.contains("not a pattern"), "{error}");
    }
}
