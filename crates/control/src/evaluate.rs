//! One slot of one group: ask, step, make durable, store, tell, in this order.
//!
//! ```text
//! thread:   query, step, query, step, ...  -- until something has to be durable, or a batch ends --+
//! task:     <--------------------------------------------------------------------------------------+
//!           commit; then on a thread again: append samples; then hand the notices over; go on
//! ```
//!
//! In a quiet slot nothing has to be durable, so a whole group is one piece of work on one thread. A batch whose rules may
//! run at the same time, and which took long the last time, is asked on several threads first.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll_promql::Expr;
use plimsoll_rules::{AlertChange, Ask, Element, Group, GroupEngine, GroupKey, Outcome};
use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_types::{Alert, Decision, Labels, Sample, Timestamp};

use crate::append::Samples;
use crate::asker::{Asker, Asking};

/// From this on a batch is worth several threads; below it handing out would cost more than it gives.
const WIDE: Duration = Duration::from_millis(20);
/// Notices do not wait longer than this for the other rules of their batch.
const PRESSING: Duration = Duration::from_millis(500);

/// A group with many slow rules gives its turn to others after so long, and waits for the next one.
const TURN: Duration = Duration::from_secs(2);

/// How the rules of a group follow each other.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The rules, batch after batch.
    rules: Vec<usize>,
    /// Where in `rules` batches end.
    ends: Vec<usize>,
}

/// How one rule went.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    pub(crate) rule: usize,
    pub(crate) duration: Duration,
    pub(crate) error: Option<String>,
}

/// What outcomes ask for, in the order in which it was decided.
#[derive(Default)]
pub(crate) struct Staged {
    /// Samples of each rule.
    samples: Vec<(usize, Vec<(Labels, Sample)>)>,
    notices: Vec<Alert>,
    changes: Vec<AlertChange>,
    decisions: Vec<Decision>,
    /// Since when the oldest notice waits.
    since: Option<Monotonic>,
}

/// A group on its way through a slot; it moves to a thread and back.
pub(crate) struct Work {
    pub(crate) engine: GroupEngine,
    pub(crate) slot: Timestamp,
    key: GroupKey,
    order: Arc<Order>,
    next: usize,
    answers: HashMap<usize, Answer>,
    /// Up to where wide batches were asked.
    asked_until: usize,
    is_finished: bool,
    pub(crate) staged: Staged,
    pub(crate) timings: Vec<Timing>,
    /// Samples that were given to the store.
    pub(crate) stored: usize,
}

/// What a query gave, and how long it took.
pub(crate) struct Answer {
    result: Result<Vec<Element>, String>,
    began: Timestamp,
    duration: Duration,
}

/// What a thread needs to do its part of the work.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) asking: Arc<Asking>,
    /// The same, for templates.
    pub(crate) ask: Arc<dyn Ask>,
    pub(crate) samples: Samples,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Order {
    pub(crate) fn new(batches: &[Vec<usize>]) -> Self {
        let mut ends = Vec::with_capacity(batches.len());
        let mut rules = Vec::new();
        for batch in batches {
            rules.extend(batch);
            ends.push(rules.len());
        }
        Self { rules, ends }
    }

    /// Returns the batch that begins at a place; `None` inside of one.
    fn batch_at(&self, place: usize) -> Option<&[usize]> {
        let begins = place == 0 || self.is_end(place);
        let after = self.ends.partition_point(|end| *end <= place);
        let end = *self.ends.get(after)?;
        begins.then(|| &self.rules[place..end])
    }

    fn is_end(&self, place: usize) -> bool {
        self.ends.binary_search(&place).is_ok()
    }
}

impl Work {
    pub(crate) fn new(
        engine: GroupEngine,
        key: GroupKey,
        order: Arc<Order>,
        slot: Timestamp,
    ) -> Self {
        let rules = order.rules.len();
        Self {
            engine,
            slot,
            key,
            order,
            next: 0,
            answers: HashMap::new(),
            asked_until: 0,
            is_finished: false,
            staged: Staged::default(),
            timings: Vec::with_capacity(rules),
            stored: 0,
        }
    }

    /// Says whether the slot is over.
    pub(crate) fn is_finished(&self) -> bool {
        self.is_finished
    }

    fn is_done(&self) -> bool {
        self.next == self.order.rules.len()
    }

    /// Returns the rules that are worth several threads now, given what each of them took the last time.
    pub(crate) fn wide_batch(&self, costs: &[Duration]) -> Option<Vec<usize>> {
        let batch = self.order.batch_at(self.next)?;
        let cost: Duration = batch.iter().map(|rule| costs[*rule]).sum();
        let is_wide = batch.len() > 1 && cost >= WIDE && self.asked_until <= self.next;
        is_wide.then(|| batch.to_vec())
    }

    /// Notes that the batch that comes next was asked.
    pub(crate) fn set_asked(&mut self) {
        let batch = self.order.batch_at(self.next);
        self.asked_until = self.next + batch.map_or(0, <[usize]>::len);
    }

    pub(crate) fn take_answers(&mut self, answers: Vec<(usize, Answer)>) {
        self.answers.extend(answers);
    }

    /// Goes on until something has to be durable or told, a wide batch begins, other groups should have a turn, or all is
    /// done.
    pub(crate) fn advance(&mut self, tools: &Tools, costs: &[Duration]) {
        let began = tools.clock.monotonic();
        while !self.is_done() && !tools.is_canceled() {
            let has_had_its_turn = tools.clock.monotonic().since(began) >= TURN;
            if self.wide_batch(costs).is_some() || has_had_its_turn {
                return;
            }
            self.rule(tools);
            if self.order.is_end(self.next) {
                if !self.staged.is_quiet() {
                    return;
                }
                self.store(tools);
            } else if self.staged.is_pressing(tools.clock.monotonic()) {
                return;
            }
        }
        self.finish(tools);
    }

    /// Goes on after what was decided is durable: stores its samples.
    pub(crate) fn settled(&mut self, tools: &Tools) {
        self.store(tools);
        self.finish(tools);
    }

    /// Asks and steps the next rule.
    fn rule(&mut self, tools: &Tools) {
        let rule = self.order.rules[self.next];
        let answer = self.answers.remove(&rule);
        let at = self.engine.evaluated_at(self.slot);
        let answer = answer.unwrap_or_else(|| tools.ask(self.engine.query(rule), at));
        let began = tools.clock.monotonic();
        let outcome = self.engine.step(rule, self.slot, answer.result, &tools.ask);
        if tools.is_canceled() {
            // A query of a template may have ended with that. Texts that say so, and alerts that are over because such a
            // text is one of their labels, are nobody's business: the next process begins where the last slot ended.
            return;
        }
        self.next += 1;
        for text in &outcome.template_errors {
            tracing::warn!(group = %self.key, rule, text, "a template of an alert failed");
        }
        let now = tools.clock.monotonic();
        let duration = answer.duration + now.since(began);
        self.engine.measured(rule, answer.began, duration);
        self.timings.push(Timing {
            rule,
            duration,
            error: outcome.error.clone(),
        });
        self.staged.add(rule, outcome, now);
    }

    /// Gives the staged samples to the store, and tells the engine what it did not take, so that a series whose end was
    /// not stored is ended again.
    fn store(&mut self, tools: &Tools) {
        for (rule, samples) in std::mem::take(&mut self.staged.samples) {
            let count = samples.len();
            let refused = tools.samples.append(&self.key, samples);
            self.stored += count - refused.samples.len();
            if let Some(reason) = refused.reason {
                self.engine.append_failed(rule, &reason, &refused.samples);
            }
        }
    }

    /// Ends the slot: what no rule writes any more is ended.
    fn finish(&mut self, tools: &Tools) {
        if self.is_finished || !self.is_done() {
            return;
        }
        self.is_finished = true;
        let markers = self.engine.finish(self.slot);
        if !markers.is_empty() {
            self.stored += markers.len();
            let refused = tools.samples.append(&self.key, markers);
            self.stored -= refused.samples.len();
        }
    }
}

impl Tools {
    pub(crate) fn new(asker: Asker, samples: Samples) -> Self {
        let clock = Arc::clone(&asker.clock);
        let asking = Arc::new(Asking {
            asker,
            canceled: Arc::new(AtomicBool::new(false)),
        });
        Self {
            ask: Arc::clone(&asking) as Arc<dyn Ask>,
            asking,
            samples,
            clock,
        }
    }

    /// Ends all queries, and begins no further rule.
    pub(crate) fn cancel(&self) {
        self.asking.canceled.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_canceled(&self) -> bool {
        self.asking.canceled.load(Ordering::Relaxed)
    }

    fn ask(&self, expr: &Expr, at: Timestamp) -> Answer {
        let (began, start) = (self.clock.now(), self.clock.monotonic());
        let result = self.asking.evaluate(expr, at);
        let duration = self.clock.monotonic().since(start);
        Answer {
            result,
            began,
            duration,
        }
    }
}

/// Queries that several threads answer together.
pub(crate) struct Wide {
    definition: Arc<Group>,
    rules: Vec<usize>,
    at: Timestamp,
    next: AtomicUsize,
}

impl Wide {
    pub(crate) fn new(definition: Arc<Group>, rules: Vec<usize>, at: Timestamp) -> Self {
        Self {
            definition,
            rules,
            at,
            next: AtomicUsize::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Answers queries that no other thread has begun, until there are none.
    pub(crate) fn answer(&self, tools: &Tools) -> Vec<(usize, Answer)> {
        let mut answers = Vec::new();
        while !tools.is_canceled()
            && let Some(rule) = self.rules.get(self.next.fetch_add(1, Ordering::Relaxed))
        {
            let expr = &self.definition.rules[*rule].expr;
            answers.push((*rule, tools.ask(expr, self.at)));
        }
        answers
    }
}

impl Staged {
    fn add(&mut self, rule: usize, outcome: Outcome, now: Monotonic) {
        if !outcome.notices.is_empty() {
            self.since.get_or_insert(now);
        }
        if !outcome.samples.is_empty() {
            self.samples.push((rule, outcome.samples));
        }
        self.notices.extend(outcome.notices);
        self.changes.extend(outcome.changes);
        self.decisions.extend(outcome.decisions);
    }

    /// Says whether samples may be stored at once.
    pub(crate) fn is_quiet(&self) -> bool {
        self.changes.is_empty() && self.decisions.is_empty() && self.notices.is_empty()
    }

    fn is_pressing(&self, now: Monotonic) -> bool {
        self.since.is_some_and(|since| now.since(since) >= PRESSING)
    }

    pub(crate) fn take_changes(&mut self) -> (Vec<AlertChange>, Vec<Decision>) {
        let changes = std::mem::take(&mut self.changes);
        (changes, std::mem::take(&mut self.decisions))
    }

    pub(crate) fn take_notices(&mut self) -> Vec<Alert> {
        self.since = None;
        std::mem::take(&mut self.notices)
    }
}

#[cfg(test)]
mod tests;
