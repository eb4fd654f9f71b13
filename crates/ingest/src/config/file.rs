//! One file and those that it includes: parse, check, and put together.

use std::collections::HashMap;
use std::path::Path;

use plimsoll_runtime::config::{Diagnostics, Findings, Source, Span, Spanned, Tree};

use super::global::Global;
use super::raw::scrape::RawScrapeConfig;
use super::raw::{RawConfig, RawScrapeConfigFile};
use super::{
    Config, Environment, Loaded, ScrapeConfig, alerting, elsewhere, global, paths, plimsoll,
    scrape, shown, storage,
};

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
    let rule_files = paths::distinct_files(&rule_files, "rule files", &mut findings);
    elsewhere::check_runtime(runtime.as_ref(), &mut findings);
    let alerting = alerting::check(alerting, &global, &mut findings);
    elsewhere::check_remote_write(remote_write, &mut findings);
    elsewhere::check_remote_read(remote_read, &mut findings);
    elsewhere::check_tracing(tracing, &mut findings);
    elsewhere::check_otlp(otlp.as_ref(), &global, &mut findings);
    let mut jobs = Jobs::default();
    jobs.add(scrape_configs, &global, &mut findings);
    let included = paths::files(&scrape_config_files, "scrape config files", &mut findings);
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
        rule_files,
        alerting,
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
