//! What the engine keeps of an SLO besides what its file says.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::Arc;

use plimsoll_types::{Matcher, Timestamp};

use super::streams::Group;
use crate::correction::Corrections;
use crate::sli::{Ask, Source, Watch};
use crate::{Correction, Slo};

/// How an SLO counted from some time on. What was counted before it stays as it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// From 1 up.
    pub number: u32,
    /// The first time that is counted like this.
    pub since: Timestamp,
    /// What is counted, for people; two versions differ in this and nothing else.
    pub definition: Arc<str>,
}

/// An SLO with its budgets.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) id: Arc<str>,
    /// `None` after it is gone from all files.
    pub(super) slo: Option<Arc<Slo>>,
    /// When it went.
    pub(super) retired: Option<i64>,
    /// Whether it went so long ago that nothing is kept of it.
    pub(super) is_forgotten: bool,
    /// How it counted, the current way last; empty when only rows are known of it, and once it is forgotten.
    pub(super) versions: Vec<Version>,
    /// The budgets by objective and group.
    pub(super) budgets: BTreeMap<(Arc<str>, Group), u32>,
    /// Series that are counted for it, each once; those that are forgotten stay until the next sweep.
    pub(super) series: Vec<u32>,
    /// The end of the next slice to ask PromQL for, in milliseconds.
    pub(super) ask_next: i64,
    /// Corrections in force: those of the file and those that were added.
    pub(super) corrections: Corrections,
    /// Those that were added, revoked ones among them.
    pub(super) added_corrections: Vec<Correction>,
}

impl Slot {
    pub(super) fn new(slo: &Arc<Slo>, since: i64) -> Self {
        Self {
            id: slo.id.clone(),
            slo: Some(slo.clone()),
            retired: None,
            is_forgotten: false,
            versions: vec![Version {
                number: 1,
                since: Timestamp::from_millis(since),
                definition: definition(slo).into(),
            }],
            budgets: BTreeMap::new(),
            series: Vec::new(),
            ask_next: since,
            corrections: Corrections::default(),
            added_corrections: Vec::new(),
        }
    }

    /// Makes the slot of an SLO or composite that is in no file and of which only rows are known.
    pub(super) fn of_rows(id: &Arc<str>, now: i64) -> Self {
        Self {
            id: id.clone(),
            slo: None,
            retired: Some(now),
            is_forgotten: false,
            versions: Vec::new(),
            budgets: BTreeMap::new(),
            series: Vec::new(),
            ask_next: now,
            corrections: Corrections::default(),
            added_corrections: Vec::new(),
        }
    }

    /// Returns since when it counts as it does now, in milliseconds.
    pub(super) fn since(&self) -> i64 {
        self.versions
            .last()
            .map_or(i64::MAX, |version| version.since.millis())
    }

    /// Says whether an SLO counts what this one counts.
    pub(super) fn counts_as(&self, slo: &Slo) -> bool {
        self.versions
            .last()
            .is_some_and(|version| *version.definition == *definition(slo))
    }
}

/// All slots; the index of one never changes while the engine lives.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
    pub(super) by_id: HashMap<Arc<str>, u32>,
    /// The slot of each SLO of the catalogue.
    pub(super) of_catalog: Vec<u32>,
}

impl Slots {
    pub(super) fn find(&self, id: &str) -> Option<&Slot> {
        self.by_id.get(id).map(|index| &self.all[*index as usize])
    }

    pub(super) fn insert(&mut self, slot: Slot) -> u32 {
        let index = self.all.len() as u32;
        self.by_id.insert(slot.id.clone(), index);
        self.all.push(slot);
        index
    }

    /// Walks the slots of SLOs in force.
    pub(super) fn in_force(&self) -> impl Iterator<Item = (u32, &Slot)> {
        let all = self.of_catalog.iter();
        all.map(|index| (*index, &self.all[*index as usize]))
    }
}

/// Returns what an SLO counts, in one line: all that makes it count differently, and nothing else.
pub(super) fn definition(slo: &Slo) -> String {
    let mut text = slo.sli.kind.to_owned();
    match &slo.sli.source {
        Source::Watches(watches) => watches
            .iter()
            .for_each(|watch| write_watch(&mut text, watch)),
        Source::Asks { every, ask } => {
            let _ = write!(text, " every {}s", every.as_secs());
            write_ask(&mut text, ask);
        }
    }
    for objective in slo
        .objectives
        .iter()
        .filter(|objective| !objective.name.is_empty())
    {
        let _ = write!(text, " {}", objective.name);
        if let Some(threshold) = objective.threshold {
            let _ = write!(text, "<={threshold}");
        }
    }
    if let Some(dimensions) = &slo.dimensions {
        let _ = write!(text, " by ({})", dimensions.labels.join(", "));
    }
    text
}

fn write_watch(text: &mut String, watch: &Watch) {
    let _ = write!(text, " {}", selector(&watch.matchers));
    let weight = watch.weight;
    let _ = write!(
        text,
        " {:?} good {} bad {}",
        watch.reading, weight.good, weight.bad
    );
    for exclusion in &watch.exclude {
        let _ = write!(text, " without {}", selector(&exclusion.matchers));
    }
    if let Some(objective) = watch.objective {
        let _ = write!(text, " of {objective}");
    }
    text.push(';');
}

fn write_ask(text: &mut String, ask: &Ask) {
    let (word, queries) = match ask {
        Ask::Events { good, bad, valid } => ("events", [good, bad, valid]),
        Ask::Rates { good, bad, valid } => ("rates", [good, bad, valid]),
        Ask::ErrorRatio(query) => {
            let _ = write!(text, " error ratio {query:?}");
            return;
        }
        Ask::Boolean(query) => {
            let _ = write!(text, " boolean {query:?}");
            return;
        }
    };
    let _ = write!(text, " {word}");
    for (name, query) in ["good", "bad", "valid"].into_iter().zip(queries) {
        if let Some(query) = query {
            let _ = write!(text, " {name} {query:?}");
        }
    }
}

fn selector(matchers: &[Matcher]) -> String {
    let written = |matcher: &Matcher| {
        format!(
            "{}{}{:?}",
            matcher.name(),
            matcher.op().as_str(),
            matcher.value()
        )
    };
    let mut matchers: Vec<String> = matchers.iter().map(written).collect();
    matchers.sort();
    format!("{{{}}}", matchers.join(","))
}
