//! Inhibition: alerts (targets) that are kept back because others (sources) say it all.
//!
//! A rule inhibits a target by a source when both match their sides of the rule and have the same values of its `equal`
//! labels. Sources are kept per rule by those values, so a target asks one look-up per rule that it is a target of, however
//! many sources there are. An alert that matches both sides is inhibited only by sources that match the source side alone:
//! otherwise two such alerts could silence one another, and one itself; they are kept apart for that.

mod sources;

use std::collections::HashMap;

use plimsoll_types::{Labels, Matcher};

use self::sources::Sources;
use crate::config::InhibitRule;
use crate::fingerprint::Fingerprint;

/// A rule and a source that keep an alert back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inhibition {
    /// The position of the rule in the configuration.
    pub rule: usize,
    /// The alert that inhibits.
    pub source: Fingerprint,
}

/// All alerts that fire, as sources of inhibition.
///
/// It knows no time: an alert that is resolved is taken out ([`remove`](Self::remove)) when that is so. It does not matter
/// in which order alerts came and went.
#[derive(Debug)]
pub struct Inhibitor {
    rules: Vec<Rule>,
    /// The alerts that are a source of some rule.
    known: HashMap<Fingerprint, Known>,
}

#[derive(Debug)]
struct Rule {
    source_matchers: Vec<Matcher>,
    target_matchers: Vec<Matcher>,
    /// Sorted.
    equal: Vec<String>,
    sources: Sources,
}

#[derive(Debug)]
struct Known {
    labels: Labels,
    /// The rules it is a source of.
    roles: Box<[Role]>,
}

#[derive(Clone, Copy, Debug)]
struct Role {
    rule: usize,
    is_target_too: bool,
}

impl Inhibitor {
    /// Makes one without sources. After a reload a new one takes the alerts that fire once more.
    pub fn new(rules: &[InhibitRule]) -> Self {
        Self {
            rules: rules.iter().map(Rule::new).collect(),
            known: HashMap::new(),
        }
    }

    /// Says that an alert fires; as often as one likes.
    pub fn upsert(&mut self, fingerprint: Fingerprint, labels: &Labels) {
        match self.known.get(&fingerprint) {
            Some(known) if known.labels == *labels => return,
            // Two label sets with one fingerprint: the later counts, as wherever alerts are kept by it.
            Some(_) => drop(self.remove(fingerprint)),
            None => {}
        }
        let roles = self.rules.iter().enumerate().filter_map(|(rule, found)| {
            let is_source = matches(&found.source_matchers, labels);
            is_source.then(|| Role {
                rule,
                is_target_too: matches(&found.target_matchers, labels),
            })
        });
        let roles: Box<[Role]> = roles.collect();
        if roles.is_empty() {
            return;
        }
        for role in &roles {
            let rule = &mut self.rules[role.rule];
            let key = rule.key(labels);
            rule.sources.insert(key, fingerprint, role.is_target_too);
        }
        let labels = labels.clone();
        self.known.insert(fingerprint, Known { labels, roles });
    }

    /// Says that an alert does not fire any more. Says whether it was a source of some rule.
    pub fn remove(&mut self, fingerprint: Fingerprint) -> bool {
        let Some(known) = self.known.remove(&fingerprint) else {
            return false;
        };
        for role in &known.roles {
            let rule = &mut self.rules[role.rule];
            let key = rule.key(&known.labels);
            rule.sources.remove(&key, fingerprint, role.is_target_too);
        }
        true
    }

    /// Returns what keeps an alert back, rule by rule; nothing when nothing does. There can be as many
    /// as there are sources: whoever wants to know whether it is inhibited, and by what for example, takes the first.
    pub fn inhibited_by(&self, labels: &Labels) -> impl Iterator<Item = Inhibition> {
        let targets = self.rules.iter().enumerate();
        let targets = targets.filter(|(_, rule)| matches(&rule.target_matchers, labels));
        targets.flat_map(|(rule, found)| {
            let is_source_too = matches(&found.source_matchers, labels);
            let sources = found.sources.of(&found.key(labels), is_source_too);
            sources.map(move |source| Inhibition { rule, source })
        })
    }

    /// Says whether an alert is inhibited now.
    pub fn is_inhibited(&self, labels: &Labels) -> bool {
        self.inhibited_by(labels).next().is_some()
    }

    /// Returns the positions of the rules that could inhibit an alert if the right source fired: whose target side it
    /// matches. Alerts without such a rule need not wait for sources.
    pub fn could_be_inhibited_by(&self, labels: &Labels) -> impl Iterator<Item = usize> {
        let rules = self.rules.iter().enumerate();
        rules
            .filter(|(_, rule)| matches(&rule.target_matchers, labels))
            .map(|(at, _)| at)
    }

    /// Returns how many alerts are a source of some rule, for metrics.
    pub fn source_count(&self) -> usize {
        self.known.len()
    }
}

impl Rule {
    fn new(rule: &InhibitRule) -> Self {
        let mut equal = rule.equal.clone();
        equal.sort_unstable();
        Self {
            source_matchers: rule.source_matchers.clone(),
            target_matchers: rule.target_matchers.clone(),
            equal,
            sources: Sources::default(),
        }
    }

    /// Returns the labels that have to be the same; one that is absent is empty, and so absent here too.
    fn key(&self, labels: &Labels) -> Labels {
        match self.equal.is_empty() {
            true => Labels::empty(),
            false => labels.filtered(|name| self.equal.iter().any(|one| one == name)),
        }
    }
}

fn matches(matchers: &[Matcher], labels: &Labels) -> bool {
    let value = |matcher: &Matcher| labels.get(matcher.name()).unwrap_or_default();
    matchers
        .iter()
        .all(|matcher| matcher.matches(value(matcher)))
}

#[cfg(test)]
mod tests;
