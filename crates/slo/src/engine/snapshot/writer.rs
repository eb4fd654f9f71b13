//! Writes the body of a snapshot.

use std::collections::HashMap;
use std::io;

use plimsoll_types::Labels;

use super::{PART, Summed};
use crate::count::{Kept, Track};
use crate::engine::Engine;
use crate::engine::asking::asked;
use crate::engine::series::Series;
use crate::engine::slot::{Slot, Version};
use crate::engine::streams::Budget;
use crate::ledger::{MINUTE, SLICE, write_varint, write_zigzag};
use crate::sli::{Comparison, Reading};

pub(super) fn write_text(text: &str, into: &mut Vec<u8>) {
    write_varint(into, text.len() as u64);
    into.extend_from_slice(text.as_bytes());
}

pub(super) fn write_labels(labels: &Labels, into: &mut Vec<u8>) {
    write_varint(into, labels.len() as u64);
    for (name, value) in labels.iter() {
        write_text(name, into);
        write_text(value, into);
    }
}

impl Engine {
    pub(super) fn write_body(&self, into: &mut Summed<'_>) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(2 * PART);
        write_zigzag(&mut bytes, self.horizon / SLICE);
        write_zigzag(&mut bytes, self.begin / MINUTE);
        let slots = self.slots.all.iter();
        let slots: Vec<&Slot> = slots.filter(|slot| !slot.is_forgotten).collect();
        let ahead = self.measured_ahead();
        write_varint(&mut bytes, slots.len() as u64);
        for slot in slots {
            let asked = self.asked_until(slot);
            write_slot(slot, asked.unwrap_or(slot.ask_next), &mut bytes);
            let asked_ahead: Vec<i64> = asked.iter().map(|until| until / SLICE).collect();
            write_varint(&mut bytes, slot.budgets.len() as u64);
            for stream in slot.budgets.values() {
                let Some(budget) = self.streams.get(*stream) else {
                    continue;
                };
                let ahead = ahead.get(stream).unwrap_or(&asked_ahead);
                self.write_budget(budget, ahead, &mut bytes);
                into.flush(&mut bytes, PART)?;
            }
        }
        self.write_targets(&mut bytes);
        let series = self.series.iter().map(|(_, series)| series);
        let settled: Vec<&Series> = series.filter(|series| self.is_settled(series)).collect();
        write_varint(&mut bytes, settled.len() as u64);
        for series in settled {
            self.write_series(series, &mut bytes);
            into.flush(&mut bytes, PART)?;
        }
        into.flush(&mut bytes, 0)
    }

    /// Says whether a series was seen before the horizon. A later one is found again in the store.
    fn is_settled(&self, series: &Series) -> bool {
        let mut tracks = series.tracks.iter();
        tracks.any(|track| track.last_before(self.horizon).is_some())
    }

    /// Writes a budget as it would be if nothing had come from the horizon on: without what later samples measured of the
    /// slices from each of `ahead` on.
    fn write_budget(&self, budget: &Budget, ahead: &[i64], into: &mut Vec<u8>) {
        write_text(&budget.objective, into);
        into.push(u8::from(budget.group.is_some()));
        if let Some(group) = &budget.group {
            write_labels(group, into);
        }
        write_zigzag(into, budget.gate);
        write_zigzag(into, budget.gate_since);
        budget.ledger.write(self.horizon / SLICE, ahead, into);
    }

    /// Returns for each stream the slices from which on, up to the horizon, one sample after it measured them.
    fn measured_ahead(&self) -> HashMap<u32, Vec<i64>> {
        let (rules, horizon) = (self.rules(), self.horizon);
        let mut ahead: HashMap<u32, Vec<i64>> = HashMap::new();
        for (_, series) in self.series.iter() {
            let ups = series
                .target
                .map(|target| &self.series.targets[target as usize].ups);
            for track in &series.tracks {
                let Some((before, first)) = track.around(horizon) else {
                    continue;
                };
                for link in &track.links {
                    let since = self
                        .streams
                        .get(link.stream)
                        .map(|budget| budget.since(link));
                    let measured = since.and_then(|since| {
                        track.measure(before.as_ref(), &first, link, since, &rules, ups)
                    });
                    if let Some(measured) =
                        measured.filter(|found| found.covered_from < horizon / SLICE)
                    {
                        ahead
                            .entry(link.stream)
                            .or_default()
                            .push(measured.covered_from);
                    }
                }
            }
        }
        ahead
    }

    /// Returns the end of the last slice before the horizon that PromQL was asked for, when it was asked for later ones.
    fn asked_until(&self, slot: &Slot) -> Option<i64> {
        let (every, _) = slot.slo.as_deref().and_then(asked)?;
        (slot.ask_next > self.horizon).then(|| self.horizon.div_euclid(every) * every)
    }

    fn write_targets(&self, into: &mut Vec<u8>) {
        let scraped = self.series.targets().filter_map(|(job, instance, target)| {
            Some((job, instance, target.ups.last_before(self.horizon)?))
        });
        let scraped: Vec<_> = scraped.collect();
        write_varint(into, scraped.len() as u64);
        for (job, instance, time) in scraped {
            write_text(job, into);
            write_text(instance, into);
            write_zigzag(into, time);
        }
    }

    fn write_series(&self, series: &Series, into: &mut Vec<u8>) {
        write_labels(&series.labels, into);
        let before = |track: &Track| track.last_before(self.horizon);
        let tracks: Vec<_> = series
            .tracks
            .iter()
            .filter_map(|track| Some((track, before(track)?)))
            .collect();
        write_varint(into, tracks.len() as u64);
        for (track, kept) in tracks {
            write_reading(&track.reading, into);
            let Kept {
                time,
                value,
                guard,
                start,
            } = kept;
            for part in [time, value, guard, start] {
                write_zigzag(into, part);
            }
        }
    }
}

fn write_slot(slot: &Slot, asked_until: i64, into: &mut Vec<u8>) {
    write_text(&slot.id, into);
    write_zigzag(into, slot.retired.unwrap_or(i64::MIN));
    write_zigzag(into, asked_until);
    write_varint(into, slot.versions.len() as u64);
    for Version {
        number,
        since,
        definition,
    } in &slot.versions
    {
        write_varint(into, (*number).into());
        write_zigzag(into, since.millis());
        write_text(definition, into);
    }
}

/// Writes a reading: its word and its number.
pub(super) fn write_reading(reading: &Reading, into: &mut Vec<u8>) {
    let (word, number) = match reading {
        Reading::Counter => (0, 0),
        Reading::AtOrBelow(bound) => (1, bound.to_bits()),
        Reading::Check { comparison, bound } => (2 + comparison_word(*comparison), bound.to_bits()),
        Reading::Age(age) => (8, age.as_millis() as u64),
    };
    into.push(word);
    write_varint(into, number);
}

const fn comparison_word(comparison: Comparison) -> u8 {
    match comparison {
        Comparison::Equal => 0,
        Comparison::NotEqual => 1,
        Comparison::Less => 2,
        Comparison::LessOrEqual => 3,
        Comparison::Greater => 4,
        Comparison::GreaterOrEqual => 5,
    }
}
