//! One file and those that it includes: parse, check, and put together.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use plimsoll_runtime::config::{Diagnostics, Source, Span, Spanned};

use super::findings::Findings;
use super::global::Global;
use super::raw::scrape::RawScrapeConfig;
use super::raw::{RawConfig, RawScrapeConfigFile};
use super::shown::Tree;
use super::{
    Config, Environment, Loaded, ScrapeConfig, elsewhere, global, plimsoll, scrape, shown, storage,
};
use crate::discovery::single_stars;

/// Checks a file and its includes.
pub(super) fn load(source: &Source, environment: Environment<'_>) -> Result<Loaded, Diagnostics> {
    let raw: RawConfig = source.parse()?;
    let document: Tree = source.parse()?;
    let mut findings = Findings::new(source);
    if source.text().trim().is_empty() {
        findings.warning(Span::default(), "the file is empty, so nothing is scraped");
    }
    let retention = storage::check(&raw, &mut findings);
    let global = global::check(&raw.global, environment, &mut findings);
    let plimsoll = plimsoll::check(&raw.plimsoll, global.scrape_interval, &mut findings);
    let RawConfig {
        runtime,
        alerting,
        rule_files,
        scrape_config_files,
        scrape_configs,
        tracing,
        remote_write,
        remote_read,
        otlp,
        ..
    } = raw;
    elsewhere::check_rule_files(&rule_files, &mut findings);
    elsewhere::check_runtime(runtime.as_ref(), &mut findings);
    elsewhere::check_alerting(alerting, &mut findings);
    elsewhere::check_remote_write(remote_write, &mut findings);
    elsewhere::check_remote_read(remote_read, &mut findings);
    elsewhere::check_tracing(tracing, &mut findings);
    elsewhere::check_otlp(otlp.as_ref(), &global, &mut findings);
    let mut jobs = Jobs::default();
    jobs.add(scrape_configs, &global, &mut findings);
    let included = included_files(&scrape_config_files, &mut findings);
    let mut list = findings.into_list();
    for path in included {
        list.extend(include(&path, &global, &mut jobs));
    }
    let findings = sorted(list);
    if findings.has_errors() {
        return Err(findings);
    }
    let config = Config {
        global,
        scrape_configs: jobs.checked,
        retention,
        plimsoll,
    };
    Ok(Loaded {
        yaml: shown::write(document, &config),
        config,
        warnings: findings.0,
    })
}

/// Puts errors before warnings; within each the order of the files is kept.
fn sorted(mut list: Vec<plimsoll_runtime::config::Diagnostic>) -> Diagnostics {
    list.sort_by_key(|finding| finding.severity);
    Diagnostics(list)
}

/// The jobs so far and where each name was seen first.
#[derive(Default)]
struct Jobs {
    checked: Vec<ScrapeConfig>,
    seen: HashMap<String, (Source, Span)>,
}

impl Jobs {
    fn add(
        &mut self,
        raw: Vec<Spanned<RawScrapeConfig>>,
        global: &Global,
        findings: &mut Findings<'_>,
    ) {
        for job in raw {
            self.check_unique(&job, findings);
            self.checked.push(scrape::check(job, global, findings));
        }
    }

    fn check_unique(&mut self, job: &RawScrapeConfig, findings: &mut Findings<'_>) {
        let name = &job.job_name;
        if name.is_empty() {
            return;
        }
        let here = (findings.source().clone(), name.span);
        let Some((source, first)) = self.seen.insert(name.value.clone(), here) else {
            return;
        };
        findings.error_with_hint(
            name.span,
            format!("two jobs have the name `{}`", name.value),
            format!(
                "the other is at {}:{}",
                source.path().display(),
                source.line(first)
            ),
        );
    }
}

/// Reads a file with jobs; its findings have its own path.
fn include(path: &Path, global: &Global, jobs: &mut Jobs) -> Diagnostics {
    let source = match Source::read(path) {
        Ok(source) => source,
        Err(findings) => return findings,
    };
    match source.parse::<RawScrapeConfigFile>() {
        Ok(raw) => {
            let mut findings = Findings::new(&source);
            jobs.add(raw.scrape_configs, global, &mut findings);
            Diagnostics(findings.into_list())
        }
        Err(findings) => findings,
    }
}

/// Expands the patterns of `scrape_config_files`, relative to the file that names them.
fn included_files(patterns: &[Spanned<String>], findings: &mut Findings<'_>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for pattern in patterns {
        if !elsewhere::is_path_pattern(pattern) {
            findings.error_with_hint(
                pattern.span,
                format!("`{}` is not a path of scrape config files", pattern.value),
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

/// Takes what matches a pattern. Jobs that may stand in a directory must not end because it cannot be read at the
/// moment, so that is an error.
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
    use plimsoll_runtime::config::Severity;

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
