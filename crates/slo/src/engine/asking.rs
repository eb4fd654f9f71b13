//! SLIs that are PromQL: what is to be asked, and what answers count.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp, format_duration};

use super::Engine;
use super::streams::Group;
use crate::Slo;
use crate::ledger::{Measured, SLICE};
use crate::sli::{Ask, Source};

/// How many slices of one SLO are asked for at once, after an absence.
const QUESTIONS_MAX: usize = 64;
/// What one slice is when only a ratio is known.
const MILLION: f64 = 1_000_000.0;

/// PromQL to evaluate at a point in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// `service/name` of the SLO.
    pub slo: Arc<str>,
    /// When the expressions are evaluated: the end of a slice.
    pub at: Timestamp,
    /// The expressions.
    pub queries: Vec<Arc<str>>,
}

/// An element of an instant vector; a scalar is one without labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Its labels, the metric's name or not.
    pub labels: Labels,
    /// Its value; NaN is none.
    pub value: f64,
}

/// What the parts of an answer add up to for one group.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    good: f64,
    bad: f64,
    valid: f64,
}

impl Engine {
    /// Returns what is to be asked now: the same again until it is [`answered`](Self::answered) or too late for it.
    pub fn questions(&self, now: Timestamp) -> Vec<Question> {
        let now = now.millis().min(self.now.max(0));
        let after = match self.is_catching_up() {
            // What is asked about lies in the store already.
            true => 0,
            false => self.options.ask_after.as_millis() as i64,
        };
        let mut questions = Vec::new();
        for (_, slot) in self.slots.in_force() {
            let Some((every, ask)) = slot.slo.as_deref().and_then(asked) else {
                continue;
            };
            let first = next_end(slot.ask_next, every);
            let due = (0..QUESTIONS_MAX as i64).map(|index| first + index * every);
            for end in due.take_while(|end| end + after <= now) {
                questions.push(Question {
                    slo: slot.id.clone(),
                    at: Timestamp::from_millis(end),
                    queries: queries(ask, every),
                });
            }
        }
        questions
    }

    /// Counts the answer to a question: an instant vector for each of its queries. An empty one is no data, unless another
    /// of them has some. What cannot be answered is asked again; do not call this for it.
    pub fn answered(&mut self, question: &Question, answers: &[Vec<Answer>]) {
        let Some(slot) = self.slots.by_id.get(&question.slo).copied() else {
            return;
        };
        let found = &mut self.slots.all[slot as usize];
        let Some(slo) = found.slo.clone() else {
            return;
        };
        let Some((every, ask)) = asked(&slo) else {
            return;
        };
        let end = question.at.millis();
        let is_next = end == next_end(found.ask_next, every);
        if !is_next || end < self.horizon {
            return;
        }
        found.ask_next = end;
        for (group, [good, bad]) in self.add_up(slot, &slo, ask, every, answers) {
            let measured = Measured {
                slice: end / SLICE - 1,
                good,
                bad,
                excluded: 0,
                covered_from: (end - every) / SLICE,
            };
            for objective in &slo.objectives {
                let stream = self.stream(slot, &objective.name, group.clone());
                self.streams.change(stream, measured, true);
            }
        }
    }

    /// Gives up questions about slices that are settled.
    pub(super) fn give_up_asking(&mut self) {
        for index in self.slots.of_catalog.clone() {
            let slot = &mut self.slots.all[index as usize];
            let Some((every, _)) = slot.slo.as_deref().and_then(asked) else {
                continue;
            };
            let first = next_end(slot.ask_next, every);
            if first < self.horizon {
                let given_up = (self.horizon - first + every - 1) / every;
                self.tallies.unanswered += given_up.unsigned_abs();
                slot.ask_next = first + (given_up - 1) * every;
            }
        }
    }

    /// Returns good and bad events by group; the whole is the sum of the groups.
    fn add_up(
        &mut self,
        slot: u32,
        slo: &Slo,
        ask: &Ask,
        every: i64,
        answers: &[Vec<Answer>],
    ) -> BTreeMap<Group, [i64; 2]> {
        let mut parts: BTreeMap<Labels, Parts> = BTreeMap::new();
        for (part, elements) in parts_of(ask).into_iter().zip(answers) {
            for element in elements.iter().filter(|element| element.value.is_finite()) {
                let group = match &slo.dimensions {
                    Some(dimensions) => self.group(slot, dimensions, &element.labels),
                    None => Labels::empty(),
                };
                part(parts.entry(group).or_default(), element.value);
            }
        }
        let mut counts: BTreeMap<Group, [i64; 2]> = BTreeMap::new();
        for (group, parts) in parts {
            let [good, bad] = events(ask, parts, every);
            let whole = counts.entry(None).or_default();
            *whole = [whole[0].saturating_add(good), whole[1].saturating_add(bad)];
            if slo.dimensions.is_some() {
                counts.insert(Some(group), [good, bad]);
            }
        }
        counts
    }
}

/// Returns how often PromQL is asked for an SLO, in milliseconds, and which.
pub(super) fn asked(slo: &Slo) -> Option<(i64, &Ask)> {
    match &slo.sli.source {
        Source::Asks { every, ask } => {
            let every = i64::try_from(every.as_millis()).unwrap_or(i64::MAX / 4);
            Some((every.max(SLICE) / SLICE * SLICE, ask))
        }
        Source::Watches(_) => None,
    }
}

/// Returns the end of the first slice of `every` that begins at or after `from`.
fn next_end(from: i64, every: i64) -> i64 {
    (from + every - 1).div_euclid(every) * every + every
}

fn queries(ask: &Ask, every: i64) -> Vec<Arc<str>> {
    let window = format_duration(std::time::Duration::from_millis(every.unsigned_abs()));
    let texts: Vec<&Arc<str>> = match ask {
        Ask::Events { good, bad, valid } | Ask::Rates { good, bad, valid } => {
            [good, bad, valid].into_iter().flatten().collect()
        }
        Ask::ErrorRatio(text) | Ask::Boolean(text) => vec![text],
    };
    let with_window = |text: &&Arc<str>| text.replace("$window", &window).into();
    texts.iter().map(with_window).collect()
}

/// Returns for each query what an element of its answer adds to.
fn parts_of(ask: &Ask) -> Vec<fn(&mut Parts, f64)> {
    let good: fn(&mut Parts, f64) = |parts, value| parts.good += value;
    let bad: fn(&mut Parts, f64) = |parts, value| parts.bad += value;
    let valid: fn(&mut Parts, f64) = |parts, value| parts.valid += value;
    match ask {
        Ask::Events {
            good: a,
            bad: b,
            valid: c,
        }
        | Ask::Rates {
            good: a,
            bad: b,
            valid: c,
        } => {
            let given = [(a, good), (b, bad), (c, valid)].into_iter();
            given
                .filter(|(text, _)| text.is_some())
                .map(|(_, part)| part)
                .collect()
        }
        Ask::ErrorRatio(_) => vec![|parts, value| {
            let bad = (value.clamp(0.0, 1.0) * MILLION).round();
            parts.bad += bad;
            parts.good += MILLION - bad;
        }],
        Ask::Boolean(_) => vec![|parts, value| match value == 0.0 {
            true => parts.bad += 1.0,
            false => parts.good += 1.0,
        }],
    }
}

/// Returns good and bad events as whole numbers.
fn events(ask: &Ask, parts: Parts, every: i64) -> [i64; 2] {
    let (times, given) = match ask {
        Ask::Events { good, bad, .. } => (1.0, [good.is_some(), bad.is_some()]),
        Ask::Rates { good, bad, .. } => (every as f64 / 1000.0, [good.is_some(), bad.is_some()]),
        Ask::ErrorRatio(_) | Ask::Boolean(_) => (1.0, [true, true]),
    };
    let whole = |value: f64| (value * times).round().max(0.0) as i64;
    let (good, bad, valid) = (whole(parts.good), whole(parts.bad), whole(parts.valid));
    // Rates that are extrapolated may have more failures than requests.
    match given {
        [true, true] => [good, bad],
        [true, false] => [good.min(valid), (valid - good).max(0)],
        [false, _] => [(valid - bad).max(0), bad.min(valid)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_asked_for_when_it_began_after_the_sli() {
        assert_eq!(next_end(0, 60_000), 60_000);
        assert_eq!(next_end(10_000, 60_000), 120_000);
        assert_eq!(next_end(60_000, 60_000), 120_000);
    }

    #[test]
    fn two_of_three_give_the_third() {
        let text = || Some(Arc::from("x"));
        let parts = |good, bad, valid| Parts { good, bad, valid };
        let check = |ask: Ask, parts, expected| {
            assert_eq!(events(&ask, parts, 60_000), expected, "{ask:?}")
        };
        let ask = |good, bad, valid| Ask::Events { good, bad, valid };
        check(ask(text(), text(), None), parts(7.0, 3.0, 0.0), [7, 3]);
        check(ask(text(), None, text()), parts(7.4, 0.0, 10.0), [7, 3]);
        check(ask(None, text(), text()), parts(0.0, 11.0, 10.0), [0, 10]);
        let rates = Ask::Rates {
            good: None,
            bad: text(),
            valid: text(),
        };
        check(rates, parts(0.0, 0.05, 1.0), [57, 3]);
        let window = queries(&Ask::ErrorRatio("rate(x[$window])".into()), 60_000);
        assert_eq!(window, [Arc::from("rate(x[1m])")]);
    }
}
