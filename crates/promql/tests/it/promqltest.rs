//! Runs Prometheus' promqltest scripts in every way that `plimsoll_promqltest` asks them.
//!
//! The scripts are not part of this repository. Without them the test says that it was skipped. To see why the evals
//! of a script fail: `PROMQLTEST_SHOW=<script> cargo test -p plimsoll-promql --test it scripts_pass -- --nocapture`.

use std::path::{Path, PathBuf};

use plimsoll_promqltest::{Command, EngineSubject, Eval, read, run};

/// How many evals of each script pass at least. Raise a floor with the change that earns it; never lower one.
const FLOORS: &[(&str, usize)] = &[
    ("aggregators", 160),
    ("duration_expression", 59),
    ("extended_vectors", 169),
    ("fill-modifier", 46),
    ("functions", 431),
    ("histograms", 185),
    ("info", 53),
    ("literals", 25),
    ("native_histograms", 522),
    ("range_queries", 18),
    ("selectors", 31),
    ("staleness", 17),
    ("start_timestamps", 26),
    ("trig_functions", 19),
];

/// Returns the folder with the scripts when it is there.
#[expect(
    clippy::disallowed_methods,
    reason = "tests find their data through the environment"
)]
fn scripts() -> Option<PathBuf> {
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
    let answered = |command| match command {
        Command::Eval(Eval {
            query, fail: None, ..
        }) => Some(query),
        _ => None,
    };
    let commands = read(text).unwrap();
    commands.into_iter().filter_map(answered).collect()
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
        let report = run(&text, &mut EngineSubject::default())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        println!("{name:24} {:4} of {:4}", report.passed, report.total);
        let failures = || {
            report
                .failures
                .iter()
                .map(|failure| format!("\n  {failure}"))
        };
        if shown == name {
            println!("{}", failures().collect::<String>());
        }
        passed += report.passed;
        total += report.total;
        let floor = FLOORS.iter().find(|(floor, _)| *floor == name);
        if let Some((_, floor)) = floor.filter(|(_, floor)| report.passed < *floor) {
            let failures: String = failures().collect();
            fallen.push(format!("{name}: {} < {floor}{failures}", report.passed));
        }
    }
    println!("{:24} {passed:4} of {total:4}", "all");
    assert!(
        fallen.is_empty(),
        "fewer evals pass than recorded:\n{}",
        fallen.join("\n")
    );
}
