//! Stories: what goes wrong and when, what is said about it, and what must follow. They are YAML; docs/demo.md has the format.

mod raw;
mod read;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, Source};

use crate::service::Fault;
use crate::shop::Service;

/// Name and text of the stories that are there without a file.
const BUILT_IN: [(&str, &str); 3] = [
    ("outage", include_str!("../stories/outage.yml")),
    ("slow-backend", include_str!("../stories/slow-backend.yml")),
    ("overload", include_str!("../stories/overload.yml")),
];

/// A story that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// What it is about, in a line.
    pub title: String,
    /// What is said before it begins; may be empty.
    pub say: String,
    /// What happens, in the order of time; one at least.
    pub steps: Vec<Step>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// When, from the begin of the story.
    pub at: Duration,
    /// What is said; may be empty.
    pub say: String,
    /// The path of the screen to look at.
    pub look: Option<String>,
    /// What breaks.
    pub inject: Option<Inject>,
    /// How customers come.
    pub traffic: Option<Traffic>,
    /// What must follow.
    pub expect: Option<Expectation>,
}

/// Something that breaks and is repaired.
#[derive(Clone, Debug, PartialEq)]
pub struct Inject {
    /// Where.
    pub service: Service,
    /// Which replica, from 0; all when it is `None`.
    pub replica: Option<usize>,
    /// What.
    pub fault: Fault,
    /// For how long.
    pub length: Duration,
}

/// Another number of customers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// So many times as many as usual; above 0, at most 20.
    pub times: f64,
    /// For how long.
    pub length: Duration,
}

/// What must follow from a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expectation {
    /// The alert that must come.
    pub alert: Option<Expected>,
    /// How budgets must be in the end.
    pub budgets: Vec<Budget>,
}

/// An alert that must come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Its name.
    pub name: String,
    /// Labels that it must have, besides others.
    pub labels: BTreeMap<String, String>,
    /// Within which time after the step somebody must be told.
    pub within: Duration,
    /// Within which time after what the step did is over somebody must be told that it is over.
    pub resolves_within: Duration,
}

/// What must be left of a budget in the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Of which objective, as `service/name`.
    pub slo: String,
    /// The least share, 1 is all of it.
    pub at_least: Option<f64>,
    /// The largest share; may be below 0.
    pub at_most: Option<f64>,
}

impl Story {
    /// Returns the names of the stories that are there without a file.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.into_iter().map(|(name, _)| name)
    }

    /// Takes a story that is there by its name, any other from the file of that name. Blocks on the disk.
    ///
    /// # Errors
    /// When the file cannot be read or does not hold: everything that is wrong, with its place.
    pub fn load(name: &str) -> Result<Self, Diagnostics> {
        let built_in = BUILT_IN.into_iter().find(|(own, _)| *own == name);
        match built_in {
            Some((name, text)) => Self::parse(Path::new(name), text),
            None => read::story(&Source::read(Path::new(name))?),
        }
    }

    /// Reads a story; `path` is what findings show.
    ///
    /// # Errors
    /// Everything that is wrong, with its place.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Diagnostics> {
        read::story(&Source::new(path, text)?)
    }
}

impl Step {
    /// Returns how long what it does lasts, none when it only says something.
    pub fn length(&self) -> Duration {
        let inject = self.inject.as_ref().map(|inject| inject.length);
        let traffic = self.traffic.map(|traffic| traffic.length);
        inject.max(traffic).unwrap_or_default()
    }
}
