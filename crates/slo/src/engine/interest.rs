//! Which series count: asked by whoever stores samples, once per series.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plimsoll_types::{Labels, METRIC_NAME, MatchOp, Matcher};

use crate::Catalog;
use crate::sli::{Source, Watch};

/// The metric by which targets tell that they were scraped.
pub(super) const UP: &str = "up";

/// An index of everything that a catalogue watches.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    catalog: Arc<Catalog>,
    number: u64,
    /// Which watches look at a metric: indices of SLO and watch.
    by_metric: HashMap<Box<str>, Vec<(u32, u32)>>,
    /// Which watches look at metrics whose names are not known.
    any_metric: Vec<(u32, u32)>,
}

impl Interest {
    pub(super) fn new(catalog: Arc<Catalog>, number: u64) -> Self {
        let mut interest = Self {
            number,
            ..Self::default()
        };
        for (slo, watch, at) in watches(&catalog) {
            match metrics(watch) {
                Some(names) => {
                    for name in names {
                        interest.by_metric.entry(name).or_default().push((slo, at));
                    }
                }
                None => interest.any_metric.push((slo, at)),
            }
        }
        interest.catalog = catalog;
        interest
    }

    /// Returns the same with another number.
    pub(super) fn renumbered(&self, number: u64) -> Self {
        Self {
            number,
            ..self.clone()
        }
    }

    /// Returns a number that is another one after each reload: answers of an older one are out of date.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Says whether samples of a series with these labels are worth observing. `up` always is, because it tells which
    /// series are new.
    pub fn wants(&self, labels: &Labels) -> bool {
        let is_idle = self.by_metric.is_empty() && self.any_metric.is_empty();
        if is_idle {
            return false;
        }
        let name = labels.metric_name().unwrap_or_default();
        (name == UP && target_of(labels).is_some()) || self.matching(labels).next().is_some()
    }

    /// Returns selectors that find all series that count, and others: see [`wants`](Self::wants).
    pub fn selectors(&self) -> Vec<Vec<Matcher>> {
        let names = self.by_metric.keys().map(|name| &**name);
        let names: BTreeMap<&str, ()> = names.chain([UP]).map(|name| (name, ())).collect();
        let by_name = names
            .keys()
            .map(|name| vec![Matcher::equal(METRIC_NAME, name)]);
        let any = self.any_metric.iter();
        let any = any.filter_map(|(slo, watch)| Some(self.watch(*slo, *watch)?.matchers.clone()));
        by_name.chain(any).collect()
    }

    /// Walks the watches that a series matches: indices of SLO and watch, ascending.
    pub(super) fn matching<'a>(
        &'a self,
        labels: &'a Labels,
    ) -> impl Iterator<Item = (usize, &'a Watch)> {
        let name = labels.metric_name().unwrap_or_default();
        let by_metric = self.by_metric.get(name).into_iter().flatten();
        let candidates = by_metric.chain(&self.any_metric);
        candidates.filter_map(|(slo, at)| {
            let watch = self.watch(*slo, *at)?;
            is_match(&watch.matchers, labels).then_some((*slo as usize, watch))
        })
    }

    fn watch(&self, slo: u32, at: u32) -> Option<&Watch> {
        match &self.catalog.slos.get(slo as usize)?.sli.source {
            Source::Watches(watches) => watches.get(at as usize),
            Source::Asks { .. } => None,
        }
    }
}

/// Says whether labels fulfil all matchers.
pub(super) fn is_match(matchers: &[Matcher], labels: &Labels) -> bool {
    let fulfils = |matcher: &Matcher| matcher.matches(labels.get(matcher.name()).unwrap_or(""));
    matchers.iter().all(fulfils)
}

/// Returns job and instance of a series that a target has told.
pub(super) fn target_of(labels: &Labels) -> Option<(&str, &str)> {
    labels.get("job").zip(labels.get("instance"))
}

fn watches(catalog: &Catalog) -> impl Iterator<Item = (u32, &Watch, u32)> {
    let slos = catalog.slos.iter().enumerate();
    slos.flat_map(|(slo, found)| {
        let watches: &[Watch] = match &found.sli.source {
            Source::Watches(watches) => watches,
            Source::Asks { .. } => &[],
        };
        let watches = watches.iter().enumerate();
        watches.map(move |(at, watch)| (slo as u32, watch, at as u32))
    })
}

/// Returns the metrics that a watch can look at; `None` when that is not a known few.
fn metrics(watch: &Watch) -> Option<Vec<Box<str>>> {
    let of_name = watch.matchers.iter().filter(|matcher| {
        matcher.name() == METRIC_NAME && matches!(matcher.op(), MatchOp::Equal | MatchOp::Regex)
    });
    of_name
        .filter_map(Matcher::literals)
        .min_by_key(|names| names.len())
        .map(<[Box<str>]>::to_vec)
}
