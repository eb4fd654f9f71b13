//! Stored samples of one budget are counted again in the finest slices, by one or several definitions, for plans.
//!
//! It is the code that counts samples as they come, in an engine of its own that holds a piece of time; what is settled
//! there goes to a [`Timeline`], so that memory is that of the timelines and of one piece.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_types::{Labels, Sample, TimeRange, Timestamp};

use super::groups::own_group;
use super::interest::Interest;
use super::{Answer, Engine, Question};
use crate::correction::{Corrected, Spans};
use crate::ledger::{MINUTE, SLICE};
use crate::sli::{Sli, Source};
use crate::view::ReplayQuestion;
use crate::{Catalog, Dimensions, History, Method, Slo, Span, Timeline, Window};

const HOUR: i64 = 60 * MINUTE;
const DAY: Duration = Duration::from_secs(86_400);
/// Slices of all definitions together; each takes 32 bytes.
const SLICES_MAX: i64 = 3_000_000;
/// How often PromQL is evaluated at most.
const QUESTIONS_MAX: i64 = 20_000;
/// Series that are counted at most.
const SERIES_MAX: usize = 100_000;
/// Samples that are counted at most.
const SAMPLES_MAX: u64 = 100_000_000;
/// Samples of a piece, which are all in memory.
const PIECE_SAMPLES_MAX: u64 = 5_000_000;
/// The length of a piece at first, and at least; and at most.
const PIECES: (i64, i64) = (5 * MINUTE, 6 * HOUR);

/// Why samples are not counted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooMuch {
    /// Too many series.
    #[error("more than {SERIES_MAX} series would be counted again")]
    Series,
    /// Too many samples.
    #[error("more than {SAMPLES_MAX} samples would be counted again: ask for less time")]
    Samples,
    /// Too many samples at once.
    #[error("more than {PIECE_SAMPLES_MAX} samples in {} minutes would be counted again", PIECES.0 / MINUTE)]
    Piece,
}

/// Counts the samples of one budget again, beside the engine.
///
/// While [`catch_up`](Self::catch_up) returns a range, [`observe`](Self::observe) its samples and answer its questions; then
/// [`finish`](Self::finish).
#[derive(Debug)]
pub struct Replaying {
    engine: Engine,
    /// Milliseconds, as all of these.
    to: i64,
    until: i64,
    piece: i64,
    group: Option<(Dimensions, Labels)>,
    lines: Vec<Line>,
    spans: Spans,
    counted: u64,
    in_piece: u64,
    refused: Option<TooMuch>,
}

/// What one definition counted.
#[derive(Debug)]
struct Line {
    stream: u32,
    counts: Timeline,
}

impl Engine {
    /// Begins to count a budget again; `None` when there is no such SLO or objective. What would take too many slices or
    /// questions begins later than it was asked for.
    pub fn replaying(&self, question: &ReplayQuestion) -> Option<Replaying> {
        let slot = self.slots.find(&question.address.id)?;
        let slo = slot.slo.as_ref()?;
        let wanted = question.address.objective.as_deref();
        let mut objectives = slo.objectives.iter();
        let objective =
            objectives.position(|one| wanted.is_none_or(|wanted| *one.name == *wanted))?;
        let to = question.to.min(self.judged_at()).align_down(SLICE);
        let begin = question.from.max(to - longest(&question.slis));
        let begin = begin.min(to).align_down(SLICE);
        let definitions = question.slis.iter().enumerate();
        let definitions =
            definitions.map(|(index, sli)| Arc::new(definition(slo, objective, sli, index)));
        let catalog = Catalog {
            slos: definitions.collect(),
            composites: Vec::new(),
        };
        let options = super::Options {
            series_max: SERIES_MAX,
            ..self.options
        };
        let mut engine = Self::new(Arc::new(catalog), options, begin);
        let name = &slo.objectives[objective].name;
        let lines = engine.slots.of_catalog.clone().into_iter();
        let lines = lines.map(|slot| Line {
            stream: engine.stream(slot, name, None),
            counts: Timeline::new(begin, Span::SLICE, []),
        });
        let lines = lines.collect();
        let group = question.address.group.clone();
        let nothing = Labels::empty();
        let of = group.as_ref().unwrap_or(&nothing);
        Some(Replaying {
            spans: slot.corrections.spans(of, begin - DAY, to + DAY),
            group: slo.dimensions.clone().zip(group),
            to: to.millis(),
            // What was measured up to the end may be known from the sample after it.
            until: (to + self.options.gap).min(self.now()).millis(),
            piece: PIECES.0,
            engine,
            lines,
            counted: 0,
            in_piece: 0,
            refused: None,
        })
    }
}

/// Returns how much time can be counted again by these definitions.
fn longest(slis: &[Sli]) -> Duration {
    let slices = SLICES_MAX / (slis.len() as i64).max(1);
    let slices = Span::SLICE * u32::try_from(slices).unwrap_or(u32::MAX);
    let asked = slis.iter().filter_map(|sli| match &sli.source {
        Source::Asks { every, .. } => Some(*every * QUESTIONS_MAX as u32),
        Source::Watches(_) => None,
    });
    asked.fold(slices, Duration::min)
}

/// Returns an SLO that counts one objective of another one and judges nothing.
fn definition(slo: &Slo, objective: usize, sli: &Sli, index: usize) -> Slo {
    let mut sli = sli.clone();
    if let Source::Watches(watches) = &mut sli.source {
        watches.retain(|watch| watch.objective.is_none_or(|only| only == objective));
        watches.iter_mut().for_each(|watch| watch.objective = None);
    }
    Slo {
        id: format!("{}#{index}", slo.id).into(),
        sli,
        objectives: vec![slo.objectives[objective].clone()],
        windows: vec![Window::Rolling(DAY)],
        method: Method::Occurrences,
        dimensions: None,
        corrections: Vec::new(),
        ..slo.clone()
    }
}

impl Replaying {
    /// Returns what it wants to see.
    pub fn interest(&self) -> Arc<Interest> {
        self.engine.interest()
    }

    /// Returns the time from which on it counts.
    pub fn from(&self) -> Timestamp {
        let line = self.lines.first();
        line.map_or(Timestamp::from_millis(self.to), |line| line.counts.begin())
    }

    /// Returns the latest time from which on there are at most as many samples as can be counted, when there are `samples`
    /// in each hour.
    pub fn affordable_from(&self, samples: u64) -> Timestamp {
        let hours = SAMPLES_MAX / samples.max(1).saturating_mul(2);
        let hours = i64::try_from(hours).unwrap_or(i64::MAX).max(1);
        Timestamp::from_millis(self.to.saturating_sub(hours.saturating_mul(HOUR)))
    }

    /// Returns the next range of samples to read; `None` when all of them were observed.
    ///
    /// # Errors
    /// It is too much: nothing is going to be counted any more.
    pub fn catch_up(&mut self) -> Result<Option<TimeRange>, TooMuch> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        let Some(lost) = self.engine.lost else {
            return Ok(None);
        };
        // Only what is about to be sealed must be taken, and that does not change any more.
        let gap = self.engine.options.gap.as_millis() as i64 + SLICE;
        self.take_until((lost - gap).div_euclid(MINUTE) * MINUTE);
        if lost >= self.until {
            self.engine.lost = None;
            self.take_until(self.to);
            return Ok(None);
        }
        self.adapt();
        let end = (lost + self.piece).min(self.until);
        self.engine.reach(end, lost);
        self.engine.lost = Some(end);
        let [from, to] = [lost, end].map(Timestamp::from_millis);
        Ok(Some(TimeRange::new(from, to)))
    }

    /// Makes pieces as long as memory allows: each is a query of the store.
    fn adapt(&mut self) {
        match self.in_piece {
            ..500_000 => self.piece = (self.piece * 2).min(PIECES.1),
            2_000_000.. => self.piece = (self.piece / 2).max(PIECES.0),
            _ => {}
        }
        self.in_piece = 0;
    }

    fn take_until(&mut self, end: i64) {
        let end = Timestamp::from_millis(end.min(self.to));
        for Line { stream, counts } in &mut self.lines {
            let Some(budget) = self.engine.streams.get(*stream) else {
                continue;
            };
            let ledger: &dyn History = &budget.ledger;
            ledger.walk(counts.end(), end, Span::SLICE, &mut |_, slice| {
                counts.push(slice);
            });
        }
    }

    /// Counts a sample. Returns false when it is too much: [`catch_up`](Self::catch_up) says what.
    pub fn observe(&mut self, labels: &Labels, sample: &Sample) -> bool {
        if self.refused.is_some() {
            return false;
        }
        if !self.concerns(labels) {
            return true;
        }
        self.counted += 1;
        self.in_piece += 1;
        if let Some(id) = self.engine.series(labels) {
            self.engine.observe(id, sample);
        }
        self.refused = match () {
            () if self.engine.tallies.series_refused > 0 => Some(TooMuch::Series),
            () if self.counted > SAMPLES_MAX => Some(TooMuch::Samples),
            () if self.in_piece > PIECE_SAMPLES_MAX => Some(TooMuch::Piece),
            () => None,
        };
        self.refused.is_none()
    }

    /// Says whether a series is of the group, or only tells that its target is there.
    fn concerns(&self, labels: &Labels) -> bool {
        let Some((dimensions, group)) = &self.group else {
            return true;
        };
        own_group(dimensions, labels) == *group
            || self.engine.interest.matching(labels).next().is_none()
    }

    /// Returns what is to be asked in the range that was returned last.
    pub fn questions(&self) -> Vec<Question> {
        self.engine.questions(self.engine.now())
    }

    /// Counts an answer.
    pub fn answered(&mut self, question: &Question, answers: &[Vec<Answer>]) {
        let Some((dimensions, group)) = &self.group else {
            return self.engine.answered(question, answers);
        };
        let is_of = |answer: &&Answer| own_group(dimensions, &answer.labels) == *group;
        let of_group = |answers: &Vec<Answer>| answers.iter().filter(is_of).cloned().collect();
        let answers: Vec<Vec<Answer>> = answers.iter().map(of_group).collect();
        self.engine.answered(question, &answers);
    }

    /// Returns what each definition counted, with corrections, in slices of [`Span::SLICE`] from [`from`](Self::from) on.
    pub fn finish(self) -> Vec<Timeline> {
        let spans = &self.spans;
        let lines = self.lines.into_iter().map(|line| {
            let counts = line.counts;
            match spans.is_empty() {
                true => counts,
                false => {
                    let corrected = Corrected::new(&counts, spans);
                    Timeline::of(&corrected, counts.begin(), counts.end(), Span::SLICE)
                }
            }
        });
        lines.collect()
    }
}
