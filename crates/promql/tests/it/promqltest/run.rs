//! Runs the commands of a script.

use std::time::Duration;

use plimsoll_promql::{Control, Engine, Expr, Options, QueryResult, ValueType, parse};
use plimsoll_types::Timestamp;

use super::check;
use super::script::{Command, Eval, Wanted, When, read};
use crate::storage::Memory;

/// What became of a script.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    /// One text per eval that did not pass.
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    pub(crate) fn total(&self) -> usize {
        self.passed + self.failures.len()
    }
}

/// Runs a script; a failure does not end it.
pub(crate) fn run(text: &str) -> Outcome {
    // Prometheus runs its scripts with this flag on.
    let engine = Engine::new(Options {
        delayed_name_removal: true,
        ..Options::default()
    });
    let mut outcome = Outcome::default();
    let mut storage = Memory::default();
    let mut unread = None;
    for command in read(text) {
        match command {
            Command::Clear => {
                storage = Memory::default();
                unread = None;
            }
            Command::Load(Ok(series)) => {
                series
                    .into_iter()
                    .for_each(|(labels, samples)| storage.add(labels, samples));
            }
            Command::Load(Err(error)) => unread = Some(error),
            Command::Eval(eval) => {
                let result = match &unread {
                    Some(error) => Err(format!("its load was not read: {error}")),
                    None => evaluate(&engine, &storage, &eval),
                };
                match result {
                    Ok(()) => outcome.passed += 1,
                    Err(error) => {
                        let failure = format!("line {}: {}: {error}", eval.line, eval.query);
                        outcome.failures.push(failure);
                    }
                }
            }
        }
    }
    outcome
}

fn evaluate(engine: &Engine, storage: &Memory, eval: &Eval) -> Result<(), String> {
    let fail = eval.wanted.iter().find_map(|wanted| match wanted {
        Wanted::Fail(text) => Some(text),
        _ => None,
    });
    let expr = parse(&eval.query).map_err(|error| error.to_string());
    let result = expr.and_then(|expr| {
        let result = ask(engine, storage, &expr, eval.when)?;
        Ok((expr, result))
    });
    match (fail, result) {
        (Some(text), Err(error)) => check::message(text, &[error]),
        (Some(_), Ok(_)) => Err("it did not fail".into()),
        (None, Err(error)) => Err(error),
        (None, Ok((expr, result))) => {
            check::result(eval, &result)?;
            again_as_range(engine, storage, eval, &expr, &result)
        }
    }
}

fn ask(engine: &Engine, storage: &Memory, expr: &Expr, when: When) -> Result<QueryResult, String> {
    let at = Timestamp::from_millis;
    let control = Control::unlimited();
    let result = match when {
        When::Instant(time) => engine.instant(storage, expr, at(time), &control),
        When::Range { start, end, step } => {
            let step = Duration::from_millis(step as u64);
            engine.range(storage, expr, at(start), at(end), step, &control)
        }
    };
    result.map_err(|error| error.to_string())
}

/// An instant query has the result that a range query has at the same time.
fn again_as_range(
    engine: &Engine,
    storage: &Memory,
    eval: &Eval,
    expr: &Expr,
    result: &QueryResult,
) -> Result<(), String> {
    let When::Instant(time) = eval.when else {
        return Ok(());
    };
    // Sorting also drops histograms, and does nothing in a range.
    if eval.ordered || matches!(expr.value_type(), ValueType::Matrix | ValueType::String) {
        return Ok(());
    }
    let when = When::Range {
        start: time - 60_000,
        end: time + 60_000,
        step: 60_000,
    };
    let range = match ask(engine, storage, expr, when) {
        Ok(range) => range,
        // A pinned or neighbouring step may clash where the instant does not.
        Err(error) if error.contains("labelset") || error.contains("match") => return Ok(()),
        Err(error) => return Err(format!("as a range: {error}")),
    };
    if expr.to_string().contains("start()") || expr.to_string().contains("end()") {
        return Ok(());
    }
    check::same_at(time, result, &range).map_err(|error| format!("as a range: {error}"))
}
