//! What is known of the past: from samples, and before that from the ledger.

use std::time::Duration;

use plimsoll_slo::surface::Slos;
use plimsoll_slo::{History, Span, Timeline};
use plimsoll_types::Timestamp;

use super::{MINUTE, Prepared};
use crate::error::{ApiError, Kind};

const HOUR: Duration = Duration::from_secs(3600);
/// Slices of the ledger by how old the first may be: five hours of minutes, not quite three days of five, then hours.
const RESOLUTIONS: [(Duration, Duration); 2] = [
    (HOUR.saturating_mul(5), MINUTE),
    (HOUR.saturating_mul(70), MINUTE.saturating_mul(5)),
];

/// The events of the past.
pub(super) struct Known {
    /// The first time that is lived through.
    pub(super) from: Timestamp,
    /// Counted again from samples, once for each way to count.
    pub(super) samples: Option<Samples>,
    /// From the ledger.
    pub(super) ledger: Option<Ledger>,
    /// What is not as it was asked for.
    pub(super) notes: Vec<String>,
}

pub(super) struct Samples {
    pub(super) from: Timestamp,
    pub(super) lines: Vec<Timeline>,
}

pub(super) struct Ledger {
    pub(super) events: Timeline,
    pub(super) slice: Duration,
    /// Where it ends: where samples begin, or at the end of all.
    pub(super) to: Timestamp,
}

impl Known {
    /// Takes what was counted again, and the ledger for what is older.
    pub(super) fn find(
        slos: &dyn Slos,
        prepared: &Prepared,
        replayed: Vec<Timeline>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let (from, to) = (prepared.asked.from, prepared.asked.to);
        let is_one_way = prepared.promised.slis.len() == 1;
        let first = replayed.first().and_then(Timeline::since);
        let first = first.filter(|first| *first < to);
        let mut notes = Vec::new();
        let ledger = match (older(prepared, first), is_one_way) {
            (Some(_), false) if first.is_none() => {
                let reason = "no samples are kept: what would be left out cannot be counted again";
                return Err(ApiError::new(Kind::BadData, reason));
            }
            (Some(_), false) => {
                let note = "what the ledger has of the time before that of the samples is not looked at: \
                            it cannot be counted with other exclusions";
                notes.push(note.to_owned());
                None
            }
            (Some(begin), true) => {
                let slice = resolution(now, begin);
                let to = first.map_or(to, |first| up_to_hour(first).min(to));
                let events = slos.events(&prepared.address, begin, to, slice)?;
                Some(Ledger { events, slice, to })
            }
            (None, _) => None,
        };
        let samples_from = match &ledger {
            Some(ledger) => first.map(|_| ledger.to),
            None => first,
        };
        let samples = samples_from.filter(|from| *from < to);
        let samples = samples.map(|from| Samples {
            from,
            lines: replayed,
        });
        let since = ledger.as_ref().and_then(|ledger| ledger.events.since());
        let since = since.or(samples.as_ref().map(|samples| samples.from));
        Ok(Self {
            from: since.map_or(from, |since| from.max(since)).min(to),
            samples,
            ledger,
            notes,
        })
    }

    /// Returns the length of the slices that alerts are judged by.
    pub(super) fn resolution(&self) -> Duration {
        match (&self.samples, &self.ledger) {
            (None, Some(ledger)) => ledger.slice,
            _ => Span::SLICE,
        }
    }
}

/// Returns the begin of what only the ledger knows; `None` when samples reach back as far.
fn older(prepared: &Prepared, first: Option<Timestamp>) -> Option<Timestamp> {
    let begin = prepared.begin().max(prepared.since?);
    let is_older = first.is_none_or(|first| begin + HOUR < first);
    (is_older && begin < prepared.asked.to).then_some(begin)
}

fn up_to_hour(at: Timestamp) -> Timestamp {
    let hour = HOUR.as_millis() as i64;
    at.saturating_add_millis(hour - 1).align_down(hour)
}

/// Returns how fine the ledger is from `from` on.
fn resolution(now: Timestamp, from: Timestamp) -> Duration {
    let mut known = RESOLUTIONS.into_iter();
    let found = known.find(|(age, _)| from >= now - *age);
    found.map_or(HOUR, |(_, resolution)| resolution)
}
