//! Which info series describe a series at which step.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use plimsoll_types::{Labels, METRIC_NAME};

use crate::error::QueryError;
use crate::evaluate::{Charge, Column, Pairs};

use super::IDENTIFYING;

/// What describes the series of one pair of `instance` and `job`: every choice once.
pub(super) type Timeline = Vec<Choice>;

/// Labels that info series add at some steps.
pub(super) struct Choice {
    /// `None` when there is no info series, an error when they contradict each other. It only matters where there is
    /// something to describe.
    pub(super) labels: Result<Option<Labels>, String>,
    /// Runs of steps, ascending.
    pub(super) steps: Vec<Range<usize>>,
}

/// An info series, and when its samples were measured: one float per step, in milliseconds.
struct InfoSeries {
    labels: Labels,
    times: Column,
}

/// Info series by the series that they describe, and by their names.
#[derive(Default)]
pub(super) struct InfoSet {
    groups: HashMap<Identity, BTreeMap<String, Vec<InfoSeries>>>,
}

/// The values of the identifying labels.
type Identity = [String; IDENTIFYING.len()];

pub(super) fn identity(labels: &Labels) -> Identity {
    IDENTIFYING.map(|name| labels.get(name).unwrap_or("").to_string())
}

impl InfoSet {
    pub(super) fn add(&mut self, labels: Labels, times: Column) {
        let name = labels.get(METRIC_NAME).unwrap_or("").to_string();
        let group = self.groups.entry(identity(&labels)).or_default();
        group
            .entry(name)
            .or_default()
            .push(InfoSeries { labels, times });
    }

    /// Follows what describes an identity along so many steps; `takes` says which labels are added.
    pub(super) fn timeline(
        &self,
        identity: &Identity,
        steps: usize,
        takes: &dyn Fn(&str) -> bool,
        held: &mut Charge<'_>,
    ) -> Result<Timeline, QueryError> {
        let Some(metrics) = self.groups.get(identity) else {
            let steps = std::iter::once(0..steps).collect();
            let labels = Ok(None);
            return Ok(vec![Choice { labels, steps }]);
        };
        let mut known: HashMap<Vec<Pick>, usize> = HashMap::new();
        let mut timeline = Timeline::new();
        let (mut picks, mut last) = (Vec::new(), Vec::new());
        let mut current = 0;
        for step in 0..steps {
            picks.clear();
            picks.extend(metrics.values().map(|series| pick(series, step)));
            if step > 0 && picks == last {
                continue_run(&mut timeline[current]);
                continue;
            }
            held.add_table::<Range<usize>>(1, 1)?;
            current = match known.get(&picks) {
                Some(choice) => *choice,
                None => {
                    held.add_table::<Pick>(picks.len(), 1)?;
                    held.add_table::<Choice>(1, 1)?;
                    timeline.push(Choice {
                        labels: choose(metrics, &picks, step, takes),
                        steps: Vec::new(),
                    });
                    known.insert(picks.clone(), timeline.len() - 1);
                    timeline.len() - 1
                }
            };
            timeline[current].steps.push(step..step + 1);
            std::mem::swap(&mut picks, &mut last);
        }
        Ok(timeline)
    }
}

fn continue_run(choice: &mut Choice) {
    if let Some(run) = choice.steps.last_mut() {
        run.end += 1;
    }
}

/// Of the series of one info metric, which one counts at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Pick {
    None,
    One(usize),
    /// Two that are equally new.
    Tie(usize, usize),
}

/// Picks the series with the newest sample.
fn pick(series: &[InfoSeries], step: usize) -> Pick {
    let mut newest = f64::NEG_INFINITY;
    let mut pick = Pick::None;
    for (index, candidate) in series.iter().enumerate() {
        let Some(time) = candidate.times.float(step) else {
            continue;
        };
        match pick {
            Pick::One(other) | Pick::Tie(other, _) if time == newest => {
                pick = Pick::Tie(other, index);
            }
            _ if time > newest => (pick, newest) = (Pick::One(index), time),
            _ => {}
        }
    }
    pick
}

fn choose(
    metrics: &BTreeMap<String, Vec<InfoSeries>>,
    picks: &[Pick],
    step: usize,
    takes: &dyn Fn(&str) -> bool,
) -> Result<Option<Labels>, String> {
    let mut builder = Labels::empty().to_builder();
    let mut is_described = false;
    for (series, pick) in metrics.values().zip(picks) {
        let labels = match *pick {
            Pick::None => continue,
            Pick::One(index) => &series[index].labels,
            Pick::Tie(one, other) => return Err(duplicates(&series[one], &series[other], step)),
        };
        is_described = true;
        for (name, value) in labels.iter().filter(|(name, _)| takes(name)) {
            match builder.get(name) {
                Some(other) if other != value => return Err(format!("conflicting label: {name}")),
                _ => builder.set(name, value),
            };
        }
    }
    Ok(is_described.then(|| builder.build()))
}

fn duplicates(one: &InfoSeries, other: &InfoSeries, step: usize) -> String {
    let at = |series: &InfoSeries| series.times.float(step).unwrap_or(f64::NAN);
    format!(
        "found duplicate series for info metric: existing {} @ {}, new {} @ {}",
        Pairs(&one.labels),
        at(one),
        Pairs(&other.labels),
        at(other)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(times: [f64; 3]) -> InfoSeries {
        InfoSeries {
            labels: Labels::empty(),
            times: Column::from_floats(times.to_vec()),
        }
    }

    #[test]
    fn the_newest_sample_wins_and_equals_tie() {
        let mut first = series([1.0, 2.0, 3.0]);
        first.times.remove(0);
        let all = [first, series([1.0, 1.0, 3.0]), series([0.0, 1.0, 3.0])];
        let picks = [0, 1, 2].map(|step| pick(&all, step));
        assert_eq!(picks, [Pick::One(1), Pick::One(0), Pick::Tie(0, 2)]);
        assert_eq!(pick(&[], 0), Pick::None);
    }

    #[test]
    fn the_newest_series_gives_the_labels_that_are_taken() {
        let mut set = InfoSet::default();
        let labels = |version| Labels::from_pairs([("__name__", "i"), ("version", version)]);
        let mut times = [series([1.0, 1.0, 3.0]).times, series([1.0, 2.0, 1.0]).times];
        times[1].remove(0);
        for (version, times) in ["1", "2"].into_iter().zip(times) {
            set.add(labels(version), times);
        }
        let identity = identity(&Labels::empty());
        let picks = set.groups[&identity].values();
        let picks: Vec<Pick> = picks.map(|series| pick(series, 1)).collect();
        assert_eq!(picks, [Pick::One(1)]);
        let choice = choose(&set.groups[&identity], &picks, 1, &|name| name == "version");
        let expected = Labels::from_pairs([("version", "2")]);
        assert_eq!(choice, Ok(Some(expected)));
    }
}
