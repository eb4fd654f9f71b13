//! Reads the body of a snapshot, which may be any bytes with a right checksum.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Timestamp};

use crate::correction::Corrections;
use crate::count::Kept;
use crate::engine::Engine;
use crate::engine::rows::Judged;
use crate::engine::slot::{Slot, Version};
use crate::engine::streams::Budget;
use crate::ledger::{Bytes, MINUTE, SLICE, Stream};
use crate::sli::{Comparison, Reading};

/// No time in a snapshot is further from the epoch, in milliseconds: the year 10889, so that no sum overflows.
const TIME_MAX: i64 = 1 << 48;
/// No snapshot has fine slices for longer before its horizon, in milliseconds.
const FINE_MAX: i64 = 24 * 3_600_000;

impl Engine {
    /// Returns the engine of a snapshot; `None` when the bytes are none.
    pub(super) fn read_body(&self, body: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(body);
        let horizon = time(bytes.zigzag()?.checked_mul(SLICE)?)?;
        let begin = time(bytes.zigzag()?.checked_mul(MINUTE)?)?;
        if !(0..=FINE_MAX).contains(&(horizon - begin)) {
            return None;
        }
        let mut engine = Self::new(
            Arc::default(),
            self.options,
            Timestamp::from_millis(horizon),
        );
        engine.begin = begin;
        for _ in 0..bytes.count(4)? {
            engine.read_slot(&mut bytes)?;
        }
        engine.reload(self.catalog.clone(), Timestamp::from_millis(horizon));
        for _ in 0..bytes.count(3)? {
            engine.read_target(&mut bytes)?;
        }
        for _ in 0..bytes.count(2)? {
            engine.read_series(&mut bytes)?;
        }
        // Whoever asked the old one whether it wants a series asks again.
        let number = self.interest.number() + 1;
        engine.interest = Arc::new(engine.interest.renumbered(number));
        bytes.0.is_empty().then_some(engine)
    }

    fn read_slot(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let id: Arc<str> = bytes.text()?.into();
        let retired = bytes.zigzag()?;
        let ask_next = time(bytes.zigzag()?)?;
        let mut versions = Vec::new();
        for _ in 0..bytes.count(3)? {
            versions.push(Version {
                number: u32::try_from(bytes.varint()?).ok()?,
                since: Timestamp::from_millis(time(bytes.zigzag()?)?),
                definition: bytes.text()?.into(),
            });
        }
        let is_known = self.slots.by_id.contains_key(&id);
        let is_gone = retired != i64::MIN;
        if (versions.is_empty() && !is_gone) || is_known {
            return None;
        }
        let slot = self.slots.insert(Slot {
            id,
            slo: None,
            retired: is_gone.then_some(retired),
            is_forgotten: false,
            versions,
            budgets: BTreeMap::new(),
            series: Vec::new(),
            ask_next,
            corrections: Corrections::default(),
            added_corrections: Vec::new(),
        });
        for _ in 0..bytes.count(4)? {
            self.restore_budget(slot, bytes)?;
        }
        Some(())
    }

    fn restore_budget(&mut self, slot: u32, bytes: &mut Bytes<'_>) -> Option<()> {
        let objective: Arc<str> = bytes.text()?.into();
        let group = match bytes.byte()? {
            0 => None,
            1 => Some(read_labels(bytes)?),
            _ => return None,
        };
        let (gate, gate_since) = (bytes.zigzag()?, bytes.zigzag()?);
        let ledger = Stream::read(bytes).ok()?;
        if ledger.begin() != self.begin {
            return None;
        }
        let stream = self.streams.insert(Budget {
            slot,
            objective: objective.clone(),
            group: group.clone(),
            ledger,
            gate,
            gate_since,
            spans: None,
            judged: Judged::default(),
        });
        let budgets = &mut self.slots.all[slot as usize].budgets;
        budgets
            .insert((objective, group), stream)
            .is_none()
            .then_some(())
    }

    fn read_target(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let (job, instance) = (bytes.text()?, bytes.text()?);
        let scraped = time(bytes.zigzag()?)?;
        let labels = Labels::from_pairs([("job", job), ("instance", instance)]);
        let target = self.series.target(&labels)?;
        self.series.targets[target as usize]
            .ups
            .insert(scraped, true);
        Some(())
    }

    fn read_series(&mut self, bytes: &mut Bytes<'_>) -> Option<()> {
        let labels = read_labels(bytes)?;
        let id = self.series(&labels);
        for _ in 0..bytes.count(5)? {
            let reading = read_reading(bytes)?;
            let kept = Kept {
                time: time(bytes.zigzag()?)?,
                value: bytes.zigzag()?,
                guard: bytes.zigzag()?,
                start: bytes.zigzag()?,
            };
            let is_settled = kept.time < self.horizon;
            let series = id
                .and_then(|id| self.series.get_mut(id.index))
                .filter(|_| is_settled);
            let Some(series) = series else {
                continue;
            };
            series.heard = kept.time;
            let mut tracks = series.tracks.iter_mut();
            if let Some(track) = tracks.find(|track| track.reading == reading) {
                // It is settled: it counts nothing, it is what the next one is compared with.
                track.replace(&[kept]);
            }
        }
        Some(())
    }
}

fn time(millis: i64) -> Option<i64> {
    (millis.unsigned_abs() <= TIME_MAX.unsigned_abs()).then_some(millis)
}

fn read_labels(bytes: &mut Bytes<'_>) -> Option<Labels> {
    let count = bytes.count(2)?;
    let pairs = (0..count).map(|_| Some((bytes.text()?, bytes.text()?)));
    let pairs: Vec<(&str, &str)> = pairs.collect::<Option<_>>()?;
    Labels::try_from_pairs(&pairs).ok()
}

fn read_reading(bytes: &mut Bytes<'_>) -> Option<Reading> {
    let (word, number) = (bytes.byte()?, bytes.varint()?);
    let bound = f64::from_bits(number);
    let comparisons = [
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ];
    Some(match word {
        0 => Reading::Counter,
        1 => Reading::AtOrBelow(bound),
        2..=7 => Reading::Check {
            comparison: comparisons[usize::from(word) - 2],
            bound,
        },
        8 => Reading::Age(Duration::from_millis(number)),
        _ => return None,
    })
}
