//! The same scenarios to Debian's Alertmanager and to ours: every notice that a receiver took must be the same.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result};
use plimsoll_e2e::{Make, Recorder, Script, find};

/// Scenarios wait most of the time; more at once on two cores would measure the machine.
const AT_ONCE: usize = 9;
/// How often a scenario that differs beside others is played again alone.
const ATTEMPTS_ALONE: usize = 3;

fn scripts() -> Result<Vec<Script>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/alertmanager_scenarios");
    let mut paths = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<PathBuf>>>()?;
    paths.sort();
    let scripts = paths.iter().map(|path| {
        let name = path.file_stem().and_then(|name| name.to_str());
        Script::parse(name.context("no name")?, &std::fs::read_to_string(path)?)
    });
    scripts.collect()
}

#[test]
fn receivers_hear_the_same_as_from_debians() {
    if find("prometheus-alertmanager").unwrap().is_none() {
        return;
    }
    let recorder = Recorder::start().unwrap();
    let scripts = scripts().unwrap();
    let left = Mutex::new(scripts.iter());
    let different = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let next = left.lock().unwrap().next();
                    let Some(script) = next else { break };
                    if script.compare(&recorder, Make::Plimsoll).is_err() {
                        different.lock().unwrap().push(script);
                    }
                }
            });
        }
    });
    // A busy machine is late, and who is late by more than a script allows is told apart from who says something else:
    // alone and unhurried it has to say the same in one of these attempts.
    let mut lasting = Vec::new();
    for script in different.into_inner().unwrap() {
        let mut last = None;
        for _ in 0..ATTEMPTS_ALONE {
            last = script.compare(&recorder, Make::Plimsoll).err();
            if last.is_none() {
                break;
            }
        }
        lasting.extend(last.map(|error| format!("{}: {error:#}", script.name)));
    }
    assert!(
        lasting.is_empty(),
        "{} of {} differ\n\n{}",
        lasting.len(),
        scripts.len(),
        lasting.join("\n\n")
    );
}
