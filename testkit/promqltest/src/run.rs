//! Gives every eval of a script to a subject, in each way it has to be answered.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::answer::Answer;
use crate::check::{self, Mismatch};
use crate::pin;
use crate::script::{Command, Eval, ExpectedValue, ScriptError, When, read};
use crate::subject::{Refusal, Subject};

/// How far a range reaches to both sides of an instant.
const AROUND: i64 = 60_000;

/// What became of a script.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many evals passed.
    pub passed: usize,
    /// How many evals there are.
    pub total: usize,
    /// Why the others did not pass, and which samples were not taken.
    pub failures: Vec<Failure>,
}

impl Report {
    /// Makes the report of a script that cannot be read: one failure, and nothing that passed.
    pub fn unread(error: &ScriptError) -> Self {
        Self {
            passed: 0,
            total: 1,
            failures: vec![Failure {
                line: error.line,
                query: "not a line of a script".into(),
                asked: Asked::NotAsked,
                wanted: "a line that is understood".into(),
                got: error.message.clone(),
            }],
        }
    }

    /// Says whether nothing failed.
    pub fn is_clean(&self) -> bool {
        self.failures.is_empty()
    }
}

/// How a query was asked when it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Not at all: a `load` or a `clear`.
    NotAsked,
    /// As it is written.
    AsWritten,
    /// With other words or for another time, in milliseconds.
    At(String, i64),
    /// As the middle step of a range query around a time in milliseconds.
    AsRange(String, i64),
}

/// What was not as the script says.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The line of the eval, from 1.
    pub line: usize,
    /// The query as it is written; what else failed in words.
    pub query: String,
    /// How it was asked.
    pub asked: Asked,
    /// What the script wants.
    pub wanted: String,
    /// What was found instead.
    pub got: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.line, self.query)?;
        match &self.asked {
            Asked::NotAsked | Asked::AsWritten => {}
            Asked::At(query, at) => writeln!(f, "  asked:  {query} at {at} ms")?,
            Asked::AsRange(query, at) => {
                writeln!(f, "  asked:  {query} as a range around {at} ms")?;
            }
        }
        writeln!(f, "  wanted: {}", self.wanted)?;
        write!(f, "  got:    {}", self.got)
    }
}

/// Runs a script; a failure does not end it.
///
/// # Errors
/// A line that is not understood, before anything runs.
pub fn run(text: &str, subject: &mut dyn Subject) -> Result<Report, ScriptError> {
    let commands = read(text)?;
    let mut report = Report::default();
    report.note(0, "clear", subject.clear());
    for command in commands {
        match command {
            Command::Clear { line } => report.note(line, "clear", subject.clear()),
            Command::Load(load) => report.note(load.line, "load", subject.load(&load.series)),
            Command::Eval(eval) => {
                report.total += 1;
                match judge(&eval, subject) {
                    Ok(()) => report.passed += 1,
                    Err(failure) => report.failures.push(failure),
                }
            }
        }
    }
    Ok(report)
}

impl Report {
    fn note(&mut self, line: usize, command: &str, outcome: Result<(), String>) {
        if let Err(got) = outcome {
            self.failures.push(Failure {
                line,
                query: command.into(),
                asked: Asked::NotAsked,
                wanted: "no refusal".into(),
                got,
            });
        }
    }
}

fn judge(eval: &Eval, subject: &mut dyn Subject) -> Result<(), Failure> {
    let When::Instant(at) = eval.when else {
        let answer = ask(subject, &eval.query, eval.when);
        return compare(eval, answer).map_err(|m| failure(eval, Asked::AsWritten, m));
    };
    instant(eval, subject, &eval.query, at, || Asked::AsWritten)?;
    if eval.fail.is_some() {
        return Ok(());
    }
    let Some((query, times)) = pin::pinned(&eval.query, at) else {
        return Ok(());
    };
    for time in times {
        instant(eval, subject, &query, time, || {
            Asked::At(query.clone(), time)
        })?;
    }
    Ok(())
}

fn failure(eval: &Eval, asked: Asked, mismatch: Mismatch) -> Failure {
    Failure {
        line: eval.line,
        query: eval.query.clone(),
        asked,
        wanted: mismatch.wanted,
        got: mismatch.got,
    }
}

/// Asks for one point in time, and for a range around it.
fn instant(
    eval: &Eval,
    subject: &mut dyn Subject,
    query: &str,
    at: i64,
    asked: impl Fn() -> Asked,
) -> Result<(), Failure> {
    let answer = ask(subject, query, When::Instant(at));
    compare(eval, answer).map_err(|mismatch| failure(eval, asked(), mismatch))?;
    if !has_meaning_in_range(eval) {
        return Ok(());
    }
    let (start, end) = (at - AROUND, at + AROUND);
    let when = When::Range {
        start,
        end,
        step: AROUND,
    };
    let outcome = match ask(subject, query, when) {
        // A range is always ordered by labels.
        Ok(_) if eval.ordered => Ok(()),
        Ok(answer) => check::step(eval, &answer, at),
        Err(refusal) => Err(Mismatch::new("an answer", refusal.message())),
    };
    outcome.map_err(|mismatch| failure(eval, Asked::AsRange(query.into(), at), mismatch))
}

/// A range of one step gives the same unless the query asks for the range itself, or its value is none of a range.
fn has_meaning_in_range(eval: &Eval) -> bool {
    let written: String = eval.query.split_whitespace().collect();
    let names_range = ["start()", "end()", "range()", "step()"];
    eval.fail.is_none()
        && matches!(
            eval.value,
            ExpectedValue::Scalar(_) | ExpectedValue::Series(_)
        )
        && !names_range.iter().any(|name| written.contains(name))
}

/// A subject that panics fails this query and can be asked the next one.
fn ask(subject: &mut dyn Subject, query: &str, when: When) -> Result<Answer, Refusal> {
    let answer = catch_unwind(AssertUnwindSafe(|| match when {
        When::Instant(at) => subject.instant(query, at),
        When::Range { start, end, step } => subject.range(query, start, end, step),
    }));
    answer.unwrap_or_else(|_| Err(Refusal::Broken("it panicked".into())))
}

fn compare(eval: &Eval, answer: Result<Answer, Refusal>) -> Result<(), Mismatch> {
    match (&eval.fail, answer) {
        (Some(message), Err(refusal)) => check::refusal(message, &refusal),
        (Some(message), Ok(answer)) => Err(Mismatch::new(
            format!("a failure: {message:?}"),
            check::shown(&answer),
        )),
        (None, Err(refusal)) => Err(Mismatch::new("an answer", refusal.message())),
        (None, Ok(answer)) => {
            check::annotations(eval, &answer)?;
            check::value(eval, &answer.value)
        }
    }
}
