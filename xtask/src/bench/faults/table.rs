//! The table that is printed, and the verdict.

use std::time::Duration;

use anyhow::ensure;

use super::contender::{INDEX_OF_OURS, NAMES, OTHERS};
use super::script::{Phase, Turn};

pub(super) fn print(phases: &[Phase]) {
    println!(
        "| phase | proxy | failed | of | p99, ms | got by the sick one | to eject, s | to return, s |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for phase in phases {
        for (name, found) in NAMES.iter().zip(&phase.found) {
            let (eject, back) = turn(found.turn);
            let p99 = found.p99.as_secs_f64() * 1e3;
            println!(
                "| {} | {name} | {} | {} | {p99:.0} | {} | {eject} | {back} |",
                phase.name, found.failed, found.requests, found.got
            );
            for (failure, count) in &found.failures {
                eprintln!("{}: {name}: {count} times: {failure}", phase.name);
            }
        }
    }
}

/// Writes the times to eject and to return.
fn turn(turn: Turn) -> (String, String) {
    let seconds = |time: Duration| format!("{:.1}", time.as_secs_f64());
    match turn {
        Turn::Ejected(time) => (seconds(time), String::new()),
        Turn::NotEjected => ("not ejected".to_owned(), String::new()),
        Turn::Unseen => ("port closed".to_owned(), String::new()),
        Turn::Returned(time) => (String::new(), seconds(time)),
    }
}

/// Fails when another proxy lost fewer requests than ours in a phase, or ours lost any when a backend died.
pub(super) fn judge(phases: &[Phase]) -> anyhow::Result<()> {
    let mut missed = Vec::new();
    for phase in phases {
        let ours = phase.found[INDEX_OF_OURS].failed;
        for other in OTHERS {
            let theirs = phase.found[other].failed;
            if ours > theirs {
                let (phase, name) = (&phase.name, NAMES[other]);
                missed.push(format!("{phase}: {ours} failed, {theirs} of {name}"));
            }
        }
        if phase.is_death && ours > 0 {
            missed.push(format!("{}: {ours} failed, wanted none", phase.name));
        }
    }
    ensure!(
        missed.is_empty(),
        "goals were missed: {}",
        missed.join("; ")
    );
    println!("\nplimsoll loses fewest in every phase, and nothing when a backend dies");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::script::Found;
    use super::*;

    fn phase(failed: [usize; 4], is_death: bool) -> Phase {
        let found = failed.map(|failed| Found {
            requests: 100,
            failed,
            failures: BTreeMap::new(),
            p99: Duration::ZERO,
            got: 0,
            turn: Turn::Unseen,
        });
        Phase {
            name: "x".to_owned(),
            is_death,
            found: found.to_vec(),
        }
    }

    #[test]
    fn who_loses_most_is_found_out() {
        judge(&[phase([0, 0, 0, 9], true), phase([3, 3, 4, 9], false)]).unwrap();
        judge(&[phase([1, 0, 5, 0], false)]).unwrap_err();
        judge(&[phase([1, 5, 0, 0], false)]).unwrap_err();
        judge(&[phase([1, 5, 5, 0], true)]).unwrap_err();
    }
}
