//! Whether what happened is what had to happen. Pure: it is told times and notices, and asks nobody.
//!
//! A story has passed when
//!
//! - each expected alert was told within its time, and that it is over within its time,
//! - nobody was paged for anything else, and nobody twice,
//! - the three [books](crate::books) agree on every route: what callers saw, what services answered, and what the ledger
//!   of the objective counted,
//! - budgets are as the story says.

mod accounts;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use accounts::{Account, Ledger, differences};

use crate::receiver::Notice;
use crate::scale::Scale;
use crate::story::{Budget, Expected, Story};
use words::{labels, seconds};

/// Follows a story. Times are counted from its begin.
#[derive(Debug)]
pub struct Judge {
    watched: Vec<Watched>,
    budgets: Vec<Budget>,
    /// Pages that nobody expected, in words.
    strangers: BTreeSet<String>,
    /// Expected pages that came a second time, in words.
    again: BTreeSet<String>,
}

/// An alert that is expected.
#[derive(Debug)]
struct Watched {
    step: usize,
    expected: Expected,
    /// How long what the step does lasts.
    lasts: Duration,
    begun: Option<Duration>,
    told: Option<Duration>,
    over: Option<Duration>,
    /// The alerts that fit and fire.
    firing: BTreeSet<BTreeMap<String, String>>,
}

impl Judge {
    /// Makes the one of a story that is told at a speed.
    pub fn new(story: &Story, scale: Scale) -> Self {
        let mut judge = Self {
            watched: Vec::new(),
            budgets: Vec::new(),
            strangers: BTreeSet::new(),
            again: BTreeSet::new(),
        };
        for (step, one) in story.steps.iter().enumerate() {
            let Some(expect) = &one.expect else { continue };
            judge.budgets.extend(expect.budgets.iter().cloned());
            let Some(expected) = expect.alert.clone() else {
                continue;
            };
            judge.watched.push(Watched {
                step,
                expected: Expected {
                    within: scale.within(expected.within),
                    resolves_within: scale.resolves_within(expected.resolves_within),
                    ..expected
                },
                lasts: scale.fault(one.length()),
                begun: None,
                told: None,
                over: None,
                firing: BTreeSet::new(),
            });
        }
        judge
    }

    /// Is told that a step begins.
    pub fn began(&mut self, step: usize, at: Duration) {
        for watched in self.watched.iter_mut().filter(|one| one.step == step) {
            watched.begun = Some(at);
        }
    }

    /// Is told what somebody was told.
    pub fn told(&mut self, notice: &Notice, at: Duration) {
        let mut fits = self.watched.iter_mut();
        let Some(watched) = fits.find(|watched| watched.fits(notice)) else {
            if notice.is_firing && notice.is_page() {
                self.strangers.insert(labels(&notice.labels));
            }
            return;
        };
        if notice.is_firing {
            let is_new = watched.firing.insert(notice.labels.clone());
            if is_new && watched.told.is_some() && notice.is_page() {
                self.again.insert(labels(&notice.labels));
            }
            watched.told = watched.told.or(Some(at));
            watched.over = None;
        } else if watched.firing.remove(&notice.labels) && watched.firing.is_empty() {
            watched.over = Some(at);
        }
    }

    /// Says whether nothing more has to be waited for.
    pub fn is_settled(&self, now: Duration) -> bool {
        self.watched.iter().all(|watched| watched.is_settled(now))
    }

    /// Says what is different from what had to happen with alerts; empty when nothing is.
    pub fn alerts(&self) -> Vec<String> {
        let found = self.watched.iter().filter_map(Watched::difference);
        let strangers = self.strangers.iter();
        let strangers = strangers.map(|page| format!("a page that nobody expected came: {page}"));
        let again = self.again.iter();
        let again = again.map(|page| format!("the page came a second time: {page}"));
        found.chain(strangers).chain(again).collect()
    }

    /// Says which budgets are not as the story says.
    pub fn budgets(&self, accounts: &[Account]) -> Vec<String> {
        let check = |budget: &Budget| {
            let account = accounts.iter().find(|one| one.route.slo() == budget.slo);
            accounts::budget(budget, account.and_then(|one| one.ledger))
        };
        self.budgets.iter().filter_map(check).collect()
    }

    /// Says in words what came as expected.
    pub fn facts(&self) -> Vec<String> {
        self.watched.iter().filter_map(Watched::fact).collect()
    }
}

impl Watched {
    fn fits(&self, notice: &Notice) -> bool {
        let mut wanted = self.expected.labels.iter();
        notice.label("alertname") == self.expected.name
            && wanted.all(|(name, value)| notice.label(name) == value)
    }

    fn is_settled(&self, now: Duration) -> bool {
        let Some(begun) = self.begun else {
            return false;
        };
        match (self.told, self.over) {
            (None, _) => now > begun + self.expected.within,
            (Some(_), None) => now > self.over_by(begun),
            (Some(_), Some(_)) => now >= begun + self.lasts,
        }
    }

    fn over_by(&self, begun: Duration) -> Duration {
        begun + self.lasts + self.expected.resolves_within
    }

    fn difference(&self) -> Option<String> {
        let (name, within) = (self.words(), self.expected.within);
        let Some(begun) = self.begun else {
            return Some(format!("{name} was not waited for: the story ended before"));
        };
        let Some(told) = self.told else {
            let within = seconds(within);
            return Some(format!("{name} did not come within {within}"));
        };
        if told < begun {
            let early = seconds(begun - told);
            return Some(format!("{name} came {early} before there was a reason"));
        }
        if told - begun > within {
            let (after, within) = (seconds(told - begun), seconds(within));
            return Some(format!("{name} came after {after}, wanted within {within}"));
        }
        let limit = seconds(self.expected.resolves_within);
        match self.over {
            None => Some(format!("{name} was not over {limit} after its cause was")),
            Some(over) if over > self.over_by(begun) => {
                let late = seconds(over.saturating_sub(begun + self.lasts));
                let text = format!("{name} was over {late} after its cause, wanted within {limit}");
                Some(text)
            }
            Some(_) => None,
        }
    }

    fn fact(&self) -> Option<String> {
        let (begun, told, over) = (self.begun?, self.told?, self.over?);
        Some(format!(
            "{} came after {} and was over after {}",
            self.words(),
            seconds(told.saturating_sub(begun)),
            seconds(over.saturating_sub(begun)),
        ))
    }

    fn words(&self) -> String {
        let mut all = self.expected.labels.clone();
        all.insert("alertname".into(), self.expected.name.clone());
        labels(&all)
    }
}

#[cfg(test)]
mod tests;
