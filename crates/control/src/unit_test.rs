//! Unit tests of rules: promtool's format and verdicts, on the engines that run in production.
//!
//! A test is a world of its own: an empty store, series that come into it as time passes, and the groups
//! of the rule files. At each step of `evaluation_interval` from the test's start to its last `eval_time` the samples up
//! to then are stored and all groups are evaluated, one after the other; alerts are looked at in the step that their
//! `eval_time` falls into, expressions after the last step. What a group says about its own interval does not count.

mod diff;
mod file;
mod judge;
mod junit;
mod report;
mod store;
#[cfg(test)]
mod tests;
mod text;
mod world;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_promql::{Engine, Features, Options as EngineOptions};
use plimsoll_rules::Group;
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Source};

use file::{Test, TestFile};
pub use junit::junit;
pub use report::{AlertLines, Fault, Report, Style, TestFailure, TestReport};
use world::World;

/// How unit tests are run.
pub struct Options<'a> {
    /// Which experimental PromQL rules and tests may use.
    pub features: Features,
    /// Keeps metric names until the end of an evaluation (Prometheus' flag `promql-delayed-name-removal`).
    pub delayed_name_removal: bool,
    /// Takes rule files with fields that nobody knows; each is a warning.
    pub ignores_unknown_fields: bool,
    /// Chooses tests by name; the name is empty for a test without one.
    pub selects: &'a dyn Fn(&str) -> bool,
    /// Keeps all samples of a test for its report.
    pub dumps: bool,
    /// The time on a monotonic clock, to tell how long tests take.
    pub now: &'a dyn Fn() -> Duration,
    /// Is told the name of each test before it runs.
    pub begins: &'a dyn Fn(&str),
}

/// Runs the unit tests of a file. Blocks on the disk and on evaluations.
pub fn run(path: &Path, options: &Options<'_>) -> Report {
    let mut report = Report {
        path: path.to_owned(),
        warnings: Vec::new(),
        refusal: None,
        tests: Vec::new(),
    };
    match prepare(path, options, &mut report.warnings) {
        Err(refusal) => report.refusal = Some(refusal),
        Ok((file, rules)) => {
            let engine = engine(&file, options);
            let tests = file.tests.iter();
            let run = |test| run_one(&file, test, &rules, &engine, options);
            report.tests = tests.map(run).collect();
        }
    }
    report
}

fn engine(file: &TestFile, options: &Options<'_>) -> Engine {
    Engine::new(EngineOptions {
        subquery_step: file.interval,
        delayed_name_removal: options.delayed_name_removal,
        // Tests are small, and many queries follow each other: threads would cost more than they bring.
        helpers_max: 0,
        ..EngineOptions::default()
    })
}

fn prepare(
    path: &Path,
    options: &Options<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(TestFile, Vec<FileGroup>), Diagnostics> {
    let file = file::read(Source::read(path)?, &options.features, options.selects)?;
    let paths = rule_files(&file, warnings)?;
    // Rule files that no test uses are not looked at, as in promtool.
    let rules = match file.tests.is_empty() {
        true => Vec::new(),
        false => load(&paths, options, warnings)?,
    };
    Ok((file, rules))
}

/// A group and the file that it stands in.
type FileGroup = (Arc<str>, Arc<Group>);

fn load(
    paths: &[PathBuf],
    options: &Options<'_>,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<FileGroup>, Diagnostics> {
    let (mut groups, mut found) = (Vec::new(), Diagnostics::default());
    for path in paths {
        let read = Source::read(path).and_then(|source| {
            let source = match options.ignores_unknown_fields {
                true => source.ignoring_unknown_fields(),
                false => source,
            };
            plimsoll_rules::check(&source, &options.features)
        });
        match read {
            Ok(file) => {
                warnings.extend(file.warnings);
                let name: Arc<str> = Arc::from(path.to_string_lossy());
                let named = file.groups.into_iter();
                groups.extend(named.map(|group| (Arc::clone(&name), Arc::new(group))));
            }
            Err(diagnostics) => found.extend(diagnostics),
        }
    }
    match found.is_empty() {
        true => Ok(groups),
        false => Err(found),
    }
}

/// Finds the rule files, each once; a pattern that matches none is a warning.
fn rule_files(
    file: &TestFile,
    warnings: &mut Vec<Diagnostic>,
) -> Result<Vec<PathBuf>, Diagnostics> {
    let (mut files, mut found) = (Vec::new(), Vec::new());
    let directory = file.source.path().parent().unwrap_or(Path::new(""));
    for pattern in &file.rule_files {
        let resolved = directory.join(&pattern.value);
        // Two stars mean what one does in Go.
        let resolved = resolved.to_string_lossy().replace("**", "*");
        match glob::glob(&resolved) {
            Ok(paths) => {
                let before = files.len();
                files.extend(paths.flatten());
                if files.len() == before || pattern.is_empty() {
                    let message = format!("no file matches {resolved}");
                    warnings.push(file.source.warning(pattern.span, message));
                }
            }
            Err(error) => {
                let message = format!("not a pattern: {}", error.msg);
                found.push(file.source.error(pattern.span, message));
            }
        }
    }
    let mut seen = HashSet::new();
    files.retain(|path: &PathBuf| path.is_file() && seen.insert(path.clone()));
    match found.is_empty() {
        true => Ok(files),
        false => Err(Diagnostics(found)),
    }
}

fn run_one(
    file: &TestFile,
    test: &Test,
    rules: &[FileGroup],
    engine: &Engine,
    options: &Options<'_>,
) -> TestReport {
    let name = match test.name.is_empty() {
        true => format!("unnamed#{}", test.index),
        false => test.name.clone(),
    };
    (options.begins)(&name);
    let began = (options.now)();
    let mut world = World::new(file, test, rules, engine, &options.features);
    let (evaluations, failures) = judge::judge(file, test, &mut world);
    TestReport {
        name,
        duration: (options.now)().saturating_sub(began),
        evaluations,
        failures,
        dump: options.dumps.then(|| world.dump()),
    }
}
