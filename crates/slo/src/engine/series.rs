//! The series that are counted, by their labels, and the targets that tell them.

use std::collections::HashMap;

use plimsoll_types::Labels;

use super::interest::{UP, target_of};
use crate::count::{Track, Ups};

/// Names a series in one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SeriesId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

/// A series.
#[derive(Clone, Debug)]
pub(super) struct Series {
    pub(super) labels: Labels,
    /// One for each way in which its samples are read.
    pub(super) tracks: Vec<Track>,
    /// Who tells it.
    pub(super) target: Option<u32>,
    /// Whether it is the target's `up`.
    pub(super) is_up: bool,
    /// The last time at which it was heard of, in milliseconds.
    pub(super) heard: i64,
}

/// A target that is scraped: what has the same `job` and `instance`.
#[derive(Clone, Debug, Default)]
pub(super) struct Target {
    pub(super) ups: Ups,
    /// Its series that are counted.
    pub(super) members: Vec<u32>,
}

/// All series. An index is used again once its series is forgotten, with another generation.
#[derive(Debug, Default)]
pub(super) struct SeriesTable {
    /// Each in its own place, so that room for more of them costs little.
    slots: Vec<(u32, Option<Box<Series>>)>,
    free: Vec<u32>,
    by_labels: HashMap<Labels, u32>,
    pub(super) targets: Vec<Target>,
    by_target: HashMap<(Box<str>, Box<str>), u32>,
}

impl SeriesTable {
    pub(super) fn len(&self) -> usize {
        self.by_labels.len()
    }

    pub(super) fn find(&self, labels: &Labels) -> Option<SeriesId> {
        let index = *self.by_labels.get(labels)?;
        let generation = self.slots[index as usize].0;
        Some(SeriesId { index, generation })
    }

    pub(super) fn get(&self, index: u32) -> Option<&Series> {
        self.slots.get(index as usize)?.1.as_deref()
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Series> {
        self.slots.get_mut(index as usize)?.1.as_deref_mut()
    }

    /// Returns a series with what is known of its target.
    pub(super) fn with_target(&mut self, index: u32) -> Option<(&mut Series, Option<&Ups>)> {
        let series = self.slots.get_mut(index as usize)?.1.as_deref_mut()?;
        let target = series
            .target
            .map(|target| &self.targets[target as usize].ups);
        Some((series, target))
    }

    /// Says whether an id still names the series that it was given for.
    pub(super) fn is_current(&self, id: SeriesId) -> bool {
        let slot = self.slots.get(id.index as usize);
        slot.is_some_and(|(generation, series)| *generation == id.generation && series.is_some())
    }

    /// Walks the series with their indices.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &Series)> {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(index, (_, series))| Some((index as u32, series.as_deref()?)))
    }

    pub(super) fn indices(&self) -> Vec<u32> {
        self.iter().map(|(index, _)| index).collect()
    }

    /// Adds a series that is not there yet.
    pub(super) fn insert(&mut self, labels: &Labels, now: i64) -> SeriesId {
        let target = self.target(labels);
        let series = Series {
            labels: labels.clone(),
            tracks: Vec::new(),
            target,
            is_up: labels.metric_name() == Some(UP) && target.is_some(),
            heard: now,
        };
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push((0, None));
            (self.slots.len() - 1) as u32
        });
        let slot = &mut self.slots[index as usize];
        slot.1 = Some(Box::new(series));
        let generation = slot.0;
        self.by_labels.insert(labels.clone(), index);
        if let Some(target) = target {
            self.targets[target as usize].members.push(index);
        }
        SeriesId { index, generation }
    }

    /// Forgets a series.
    pub(super) fn remove(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        let Some(series) = slot.1.take() else {
            return;
        };
        slot.0 = slot.0.wrapping_add(1);
        self.free.push(index);
        self.by_labels.remove(&series.labels);
        if let Some(target) = series.target {
            let members = &mut self.targets[target as usize].members;
            members.retain(|member| *member != index);
        }
    }

    /// Returns the target of a series, made when it is new.
    pub(super) fn target(&mut self, labels: &Labels) -> Option<u32> {
        let (job, instance) = target_of(labels)?;
        let targets = &mut self.targets;
        let key = (Box::from(job), Box::from(instance));
        Some(*self.by_target.entry(key).or_insert_with(|| {
            targets.push(Target::default());
            (targets.len() - 1) as u32
        }))
    }

    /// Forgets scrapes before `horizon`, and targets of which nothing is left.
    pub(super) fn forget_scrapes(&mut self, horizon: i64) {
        for target in &mut self.targets {
            target.ups.forget(horizon);
        }
        let is_idle = |target: &Target| target.members.is_empty();
        let idle = self.targets.iter().filter(|target| is_idle(target)).count();
        // Moving all of them is worth it only now and then.
        if idle > 1000 && idle * 2 > self.targets.len() {
            self.drop_idle_targets();
        }
    }

    fn drop_idle_targets(&mut self) {
        let old = std::mem::take(&mut self.targets);
        let mut moved = vec![None; old.len()];
        for (index, target) in old.into_iter().enumerate() {
            if !target.members.is_empty() {
                moved[index] = Some(self.targets.len() as u32);
                self.targets.push(target);
            }
        }
        self.by_target.retain(|_, index| {
            let to = moved[*index as usize];
            *index = to.unwrap_or(*index);
            to.is_some()
        });
        for (_, series) in &mut self.slots {
            if let Some(series) = series {
                series.target = series.target.and_then(|target| moved[target as usize]);
            }
        }
    }

    /// Walks the targets with job and instance.
    pub(super) fn targets(&self) -> impl Iterator<Item = (&str, &str, &Target)> {
        let keys = self.by_target.iter();
        keys.map(|((job, instance), index)| (&**job, &**instance, &self.targets[*index as usize]))
    }

    pub(super) fn byte_count(&self) -> usize {
        let of_series = |series: &Series| {
            let tracks = series.tracks.iter().map(Track::byte_count).sum::<usize>();
            let spare = series.tracks.capacity() - series.tracks.len();
            let spare = spare * size_of::<Track>();
            size_of::<Series>() + series.labels.byte_count() + tracks + spare
        };
        let series: usize = self.iter().map(|(_, series)| of_series(series)).sum();
        series
            + self.slots.capacity() * size_of::<(u32, Option<Box<Series>>)>()
            // A byte more for each place of the table.
            + self.by_labels.capacity() * (size_of::<(Labels, u32)>() + 1)
    }
}
