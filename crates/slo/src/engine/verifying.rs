//! Stored samples are counted again, by the same code, and compared with the ledger slice by slice.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Sample, TimeRange, Timestamp};

use super::interest::Interest;
use super::streams::Budget;
use super::{Answer, Engine, Question};
use crate::view::{Verification, Verified};
use crate::{Catalog, Counts, History};

/// How many differing slices are told one by one.
const DIFFERENCES_MAX: usize = 100;
const MINUTE: Duration = Duration::from_secs(60);

/// Counts the samples of one SLO again, beside the engine.
///
/// While [`catch_up`](Self::catch_up) returns a range, [`observe`](Self::observe) its samples and answer its questions.
#[derive(Debug)]
pub struct Recount {
    engine: Engine,
    from: Timestamp,
    to: Timestamp,
    until: Timestamp,
}

impl Engine {
    /// Begins to count an SLO again for `[from, to)`; `None` when there is none of this id, or nothing to compare. Only what
    /// the current version counted and what is settled can be compared, so the range may be shorter.
    pub fn recount(&self, id: &str, from: Timestamp, to: Timestamp) -> Option<Recount> {
        let slot = self.slots.find(id)?;
        let slo = slot.slo.clone()?;
        let since = Timestamp::from_millis(slot.since());
        let (from, to) = (from.max(since), to.min(self.horizon()));
        if from >= to {
            return None;
        }
        let catalog = Catalog {
            slos: vec![slo],
            composites: Vec::new(),
        };
        // A sample is counted by what came before it, up to the time after which a series is forgotten.
        let begin = since.max(from - self.options.forget);
        let mut engine = Self::new(Arc::new(catalog), self.options, begin);
        engine.slots.all[0].versions.clone_from(&slot.versions);
        for ((objective, group), stream) in &slot.budgets {
            let copy = engine.stream(0, objective, group.clone());
            let gates = self
                .streams
                .get(*stream)
                .map(|budget| (budget.gate, budget.gate_since));
            if let Some((budget, gates)) = engine.streams.get_mut(copy).zip(gates) {
                (budget.gate, budget.gate_since) = gates;
            }
        }
        // What was measured up to the end may be known from the sample after it.
        let until = (to + self.options.gap).min(self.now());
        Some(Recount {
            engine,
            from,
            to,
            until,
        })
    }
}

impl Recount {
    /// Returns what it wants to see.
    pub fn interest(&self) -> Arc<Interest> {
        self.engine.interest()
    }

    /// Returns the next range of samples to read; `None` when all of them were observed.
    pub fn catch_up(&mut self) -> Option<TimeRange> {
        self.engine.catch_up(self.until)
    }

    /// Counts a sample.
    pub fn observe(&mut self, labels: &Labels, sample: &Sample) {
        if let Some(id) = self.engine.series(labels) {
            self.engine.observe(id, sample);
        }
    }

    /// Returns what is to be asked in the range that was returned last.
    pub fn questions(&self) -> Vec<Question> {
        self.engine.questions(self.engine.now())
    }

    /// Counts an answer.
    pub fn answered(&mut self, question: &Question, answers: &[Vec<Answer>]) {
        self.engine.answered(question, answers);
    }

    /// Compares with the engine that it was made from.
    pub fn compare(&self, engine: &Engine) -> Verification {
        let slot = &self.engine.slots.all[0];
        let other = engine.slots.find(&slot.id);
        let budgets = slot.budgets.iter().filter_map(|(key, stream)| {
            let recounted = self.engine.streams.get(*stream)?;
            let ledger = other.and_then(|slot| engine.streams.get(*slot.budgets.get(key)?));
            Some(self.compare_budget(ledger, recounted))
        });
        Verification {
            from: self.from,
            to: self.to,
            budgets: budgets.collect(),
            too_late: engine.tallies.too_late,
        }
    }

    fn compare_budget(&self, ledger: Option<&Budget>, recounted: &Budget) -> Verified {
        let mut verified = Verified {
            objective: recounted.objective.clone(),
            group: recounted.group.clone(),
            ledger: Counts::ZERO,
            recounted: Counts::ZERO,
            differing: 0,
            differences: Vec::new(),
        };
        let empty = crate::ledger::Stream::new(0);
        let ledger = ledger.map_or(&empty, |budget| &budget.ledger);
        for (from, to, step) in self.pieces(ledger) {
            let (found, again): (&dyn History, &dyn History) = (ledger, &recounted.ledger);
            found.walk(from, to, step, &mut |begin, counts| {
                let recount = again.between(begin, begin + step);
                verified.ledger += counts;
                verified.recounted += recount;
                if counts != recount {
                    verified.differing += 1;
                    if verified.differences.len() < DIFFERENCES_MAX {
                        verified.differences.push((begin, counts, recount));
                    }
                }
            });
        }
        verified
    }

    /// Cuts the range where the ledger's slices get finer, with the length of slices in each piece. Pieces begin and end at
    /// edges of slices; what is left over at both ends is not compared.
    fn pieces(&self, ledger: &crate::ledger::Stream) -> Vec<(Timestamp, Timestamp, Duration)> {
        let [minutes, fives] = ledger.finer_from().map(Timestamp::from_millis);
        let fine = Timestamp::from_millis(ledger.begin());
        let bounds = [
            (Timestamp::MIN, 60 * MINUTE),
            (fives, 5 * MINUTE),
            (minutes, MINUTE),
            (fine, crate::Span::SLICE),
        ];
        let ends = bounds
            .iter()
            .skip(1)
            .map(|(from, _)| *from)
            .chain([Timestamp::MAX]);
        let pieces = bounds.iter().zip(ends).map(|((from, step), end)| {
            let millis = step.as_millis() as i64;
            let from = (*from).max(self.from);
            let from = from.saturating_add_millis(millis - 1).align_down(millis);
            (from, end.min(self.to).align_down(millis), *step)
        });
        pieces.filter(|(from, to, _)| from < to).collect()
    }
}
