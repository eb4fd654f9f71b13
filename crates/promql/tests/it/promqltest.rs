//! Runs Prometheus' promqltest scripts, each eval line as it is and each instant one also as a range of three steps.
//!
//! The scripts are not part of this repository. Without them the test says that it was skipped.

mod check;
mod notation;
mod run;
mod script;

use std::path::{Path, PathBuf};

/// How many evals of each script pass at least. Raise a floor with the change that earns it; never lower one.
const FLOORS: &[(&str, usize)] = &[
    ("aggregators", 152),
    ("duration_expression", 8),
    ("extended_vectors", 30),
    ("fill-modifier", 1),
    ("functions", 342),
    ("histograms", 87),
    ("info", 1),
    ("literals", 25),
    ("native_histograms", 55),
    ("range_queries", 18),
    ("selectors", 31),
    ("staleness", 17),
    ("start_timestamps", 2),
    ("trig_functions", 19),
];

/// Returns the folder with the scripts when it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find their data through the environment"
)]
pub(crate) fn scripts() -> Option<PathBuf> {
    let root = match std::env::var("PLIMSOLL_TESTDATA") {
        Ok(path) => PathBuf::from(path),
        Err(_) => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata"),
    };
    let scripts = root.join("promqltest");
    scripts.is_dir().then_some(scripts)
}

/// Returns the names and texts of all scripts.
pub(crate) fn texts() -> Vec<(String, String)> {
    let Some(folder) = scripts() else {
        return Vec::new();
    };
    let mut texts: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "test")
        })
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    texts.sort();
    texts
}

/// Returns the queries of a script that are meant to be answered.
pub(crate) fn queries(text: &str) -> Vec<String> {
    let commands = script::read(text).into_iter();
    let evals = commands.filter_map(|command| match command {
        script::Command::Eval(eval) => Some(eval),
        _ => None,
    });
    let fails = |eval: &script::Eval| {
        eval.wanted
            .iter()
            .any(|wanted| matches!(wanted, script::Wanted::Fail(_)))
    };
    evals
        .filter(|eval| !fails(eval))
        .map(|eval| eval.query)
        .collect()
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a failing script is looked into with a filter"
)]
fn scripts_pass_as_often_as_recorded() {
    let texts = texts();
    if texts.is_empty() {
        println!("skipped: there is no promqltest folder in the test data");
        return;
    }
    let shown = std::env::var("PROMQLTEST_SHOW").unwrap_or_default();
    let (mut passed, mut total, mut fallen) = (0, 0, Vec::new());
    for (name, text) in texts {
        let outcome = run::run(&text);
        println!("{name:24} {:4} of {:4}", outcome.passed, outcome.total());
        if shown == name {
            outcome
                .failures
                .iter()
                .for_each(|failure| println!("  {failure}"));
        }
        passed += outcome.passed;
        total += outcome.total();
        let floor = FLOORS.iter().find(|(floor, _)| *floor == name);
        if let Some((_, floor)) = floor.filter(|(_, floor)| outcome.passed < *floor) {
            let failures = outcome.failures.join("\n  ");
            fallen.push(format!(
                "{name}: {} < {floor}\n  {failures}",
                outcome.passed
            ));
        }
    }
    println!("{:24} {passed:4} of {total:4}", "all");
    assert!(
        fallen.is_empty(),
        "fewer evals pass than recorded:\n{}",
        fallen.join("\n")
    );
}
