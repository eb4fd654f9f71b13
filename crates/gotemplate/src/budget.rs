//! What an execution has used of its limits, and what it remembers while it runs.

use std::fmt;

use regex::Regex;

use crate::error::CallError;
use crate::limits::Limits;
use crate::regexes;

/// How many compiled expressions are kept, and what compiling one counts: it grows with what the expression repeats.
const REGEXES_MAX: usize = 16;
const REGEX_STEPS: u64 = 20_000;
const REPEAT_STEPS: u64 = 100;

/// The counters of one execution.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    steps: u64,
    bytes: usize,
    depth: usize,
    regexes: Vec<(String, Regex)>,
    /// Names of what is being resolved, so that a circle is seen.
    pub(crate) in_progress: Vec<String>,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            steps: 0,
            bytes: 0,
            depth: 0,
            regexes: Vec::new(),
            in_progress: Vec::new(),
        }
    }

    pub(crate) fn step(&mut self, steps: u64) -> Result<(), String> {
        self.steps = self.steps.saturating_add(steps);
        match self.steps > self.limits.steps_max {
            true => Err(format!(
                "the template takes more than {} steps",
                self.limits.steps_max
            )),
            false => Ok(()),
        }
    }

    pub(crate) fn spend_bytes(&mut self, bytes: usize) -> Result<(), String> {
        match bytes > self.bytes_left() {
            true => Err(format!(
                "the template makes more than {} bytes",
                self.limits.bytes_max
            )),
            false => {
                self.bytes += bytes;
                Ok(())
            }
        }
    }

    pub(crate) fn bytes_left(&self) -> usize {
        self.limits.bytes_max - self.bytes
    }

    pub(crate) fn enter(&mut self) -> Result<(), String> {
        match self.depth >= self.limits.depth_max {
            true => Err(format!(
                "exceeded maximum template depth ({})",
                self.limits.depth_max
            )),
            false => {
                self.depth += 1;
                Ok(())
            }
        }
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn regex(&mut self, expression: &str) -> Result<Regex, CallError> {
        if let Some((_, known)) = self.regexes.iter().find(|(text, _)| text == expression) {
            return Ok(known.clone());
        }
        let repeats = regexes::repeats(expression)?;
        let steps = REGEX_STEPS + repeats.saturating_mul(REPEAT_STEPS);
        self.step(steps).map_err(CallError::limit)?;
        let regex = regexes::compile(expression)?;
        if self.regexes.len() == REGEXES_MAX {
            self.regexes.remove(0);
        }
        self.regexes.push((expression.to_owned(), regex.clone()));
        Ok(regex)
    }
}

/// A text that is not written beyond a length.
#[derive(Debug)]
pub(crate) struct Bounded {
    text: String,
    bytes_max: usize,
}

impl Bounded {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            text: String::new(),
            bytes_max,
        }
    }

    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() > self.bytes_max - self.text.len() {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }
}
