//! Measures the operators of a plan: who has the thread, who takes memory, who reads.
//!
//! Whoever is on top of the stack of running operators pays, so every cost is an operator's own. The stack means that
//! a measured query runs on one thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_types::BlockCounts;

use crate::ast::Expr;
use crate::engine::Control;
use crate::error::QueryError;
use crate::explain::{Cost, PlanNode};

use super::window::{Buffer, Frame, RangeOperator, RangeSource};
use super::{Column, Context, Meta, Operator, Source};

/// How deep a plan is shown.
const DEPTH_MAX: usize = 200;

/// The operators of one query, in the order in which they were planned.
pub(crate) struct Profile {
    now: Arc<dyn Fn() -> Duration + Send + Sync>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nodes: Vec<Entry>,
    /// Whose inputs are planned now.
    planning: Vec<usize>,
    notes_of_next: Vec<String>,
    /// Whose code runs now.
    running: Vec<usize>,
    since: Duration,
}

struct Entry {
    node: PlanNode,
    parent: Option<usize>,
    cost: Cost,
    bytes: i64,
}

impl Profile {
    pub(crate) fn new(control: &Control) -> Self {
        Self {
            now: control.clock(),
            state: Mutex::default(),
        }
    }

    /// Begins the plan of an operator; what is planned until [`planned`](Self::planned) are its inputs. `None` for
    /// what is nested deeper than anybody reads.
    pub(crate) fn plan_of(&self, expr: &Expr, steps: usize) -> Option<usize> {
        let mut state = self.state();
        if state.planning.len() >= DEPTH_MAX {
            return None;
        }
        let index = state.nodes.len();
        let parent = state.planning.last().copied();
        let node = PlanNode {
            operator: crate::explain::operator(expr),
            notes: std::mem::take(&mut state.notes_of_next),
            position: Some(expr.position),
            steps,
            ..PlanNode::default()
        };
        state.nodes.push(Entry {
            node,
            parent,
            cost: Cost::default(),
            bytes: 0,
        });
        state.planning.push(index);
        Some(index)
    }

    /// Ends the plan of an operator.
    pub(crate) fn planned(&self, index: usize) {
        let mut state = self.state();
        let open = state.planning.iter().rposition(|open| *open == index);
        state.planning.truncate(open.unwrap_or(0));
    }

    /// Says what the planner does with the operator that it plans next.
    pub(crate) fn note_next(&self, note: String) {
        self.state().notes_of_next.push(note);
    }

    /// Says what the planner did with an operator.
    pub(crate) fn note(&self, index: usize, note: String) {
        self.state().nodes[index].node.notes.push(note);
    }

    /// Says what the planner does with the operator whose inputs it plans now.
    pub(crate) fn note_planned(&self, note: String) {
        let mut state = self.state();
        if let Some(index) = state.planning.last().copied() {
            state.nodes[index].node.notes.push(note);
        }
    }

    /// Says what the operator does that runs now.
    pub(crate) fn note_running(&self, note: String) {
        if let Some(entry) = self.state().top() {
            entry.node.notes.push(note);
        }
    }

    pub(crate) fn found(&self, index: usize, series: usize) {
        let known = &mut self.state().nodes[index].node.series;
        *known = Some(known.unwrap_or(0) + series as u64);
    }

    fn gave(&self, index: usize, samples: usize) {
        self.state().nodes[index].cost.samples += samples as u64;
    }

    /// Gives the thread to an operator, until [`leave`](Self::leave).
    pub(crate) fn enter(&self, index: usize) {
        let now = (self.now)();
        let mut state = self.state();
        state.pay(now);
        state.running.push(index);
    }

    pub(crate) fn leave(&self) {
        let now = (self.now)();
        let mut state = self.state();
        state.pay(now);
        state.running.pop();
    }

    pub(crate) fn hold(&self, bytes: usize) {
        let mut state = self.state();
        if let Some(entry) = state.top() {
            entry.bytes = entry.bytes.saturating_add(bytes as i64);
            let bytes = u64::try_from(entry.bytes).unwrap_or(0);
            entry.cost.bytes_peak = entry.cost.bytes_peak.max(bytes);
        }
    }

    pub(crate) fn release(&self, bytes: usize) {
        let mut state = self.state();
        if let Some(entry) = state.top() {
            entry.bytes = entry.bytes.saturating_sub(bytes as i64);
        }
    }

    pub(crate) fn count_read(&self, series: usize, samples: usize) {
        let mut state = self.state();
        if let Some(entry) = state.top() {
            entry.cost.series_read += series as u64;
            entry.cost.samples_read += samples as u64;
        }
    }

    pub(crate) fn count_blocks(&self, blocks: BlockCounts) {
        let mut state = self.state();
        if let Some(entry) = state.top() {
            entry.cost.blocks_read += blocks.read;
            entry.cost.blocks_skipped += blocks.skipped;
        }
    }

    /// Returns the tree, under a node for the whole expression unless one operator makes its value; without costs when
    /// nothing ran.
    pub(crate) fn plan(&self, expr: &Expr, has_run: bool) -> PlanNode {
        let entries = std::mem::take(&mut self.state().nodes);
        let mut inputs: Vec<Vec<PlanNode>> = entries.iter().map(|_| Vec::new()).collect();
        let mut roots = Vec::new();
        // Inputs stand behind their operator, so that going backwards every node is complete when its turn comes.
        for (index, entry) in entries.into_iter().enumerate().rev() {
            let mut node = entry.node;
            node.cost = has_run.then_some(entry.cost);
            node.children = std::mem::take(&mut inputs[index]);
            node.children.reverse();
            match entry.parent {
                Some(parent) => inputs[parent].push(node),
                None => roots.push(node),
            }
        }
        if let (1, Some(root)) = (roots.len(), roots.pop_if(|_| true)) {
            return root;
        }
        roots.reverse();
        PlanNode {
            operator: crate::explain::operator(expr),
            position: Some(expr.position),
            steps: 1,
            children: roots,
            ..PlanNode::default()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Books the time since the last change of hands.
    fn pay(&mut self, now: Duration) {
        let spent = now.saturating_sub(std::mem::replace(&mut self.since, now));
        if let Some(entry) = self.top() {
            entry.cost.time += spent;
        }
    }

    fn top(&mut self) -> Option<&mut Entry> {
        let index = *self.running.last()?;
        self.nodes.get_mut(index)
    }
}

/// A source that is measured as operator `index` of its context's profile.
struct Measured<'a, S> {
    context: &'a Context<'a>,
    index: usize,
    source: S,
}

impl<S> Measured<'_, S> {
    fn run<T>(
        &mut self,
        body: impl FnOnce(&mut S) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let Some(profile) = &self.context.profile else {
            return body(&mut self.source);
        };
        profile.enter(self.index);
        let outcome = body(&mut self.source);
        profile.leave();
        outcome
    }

    fn found(&self, metas: &[Meta]) {
        if let Some(profile) = &self.context.profile {
            profile.found(self.index, metas.len());
        }
    }

    fn gave(&self, samples: usize) {
        if let Some(profile) = &self.context.profile {
            profile.gave(self.index, samples);
        }
    }
}

/// Measures what gives instant vectors.
pub(crate) fn measured<'a>(
    context: &'a Context<'a>,
    index: usize,
    source: Source<'a>,
) -> Source<'a> {
    Box::new(Measured {
        context,
        index,
        source,
    })
}

/// Measures what gives range vectors.
pub(crate) fn measured_range<'a>(
    context: &'a Context<'a>,
    index: usize,
    source: RangeSource<'a>,
) -> RangeSource<'a> {
    Box::new(Measured {
        context,
        index,
        source,
    })
}

impl<'a> Operator for Measured<'a, Source<'a>> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let metas = self.run(|source| source.series())?;
        self.found(&metas);
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.run(|source| source.next(into))?;
        self.gave(into.present_count());
        Ok(())
    }
}

impl<'a> RangeOperator for Measured<'a, RangeSource<'a>> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let metas = self.run(|source| source.series())?;
        self.found(&metas);
        Ok(metas)
    }

    fn next(&mut self, into: &mut Buffer) -> Result<(), QueryError> {
        self.run(|source| source.next(into))?;
        self.gave(into.len());
        Ok(())
    }

    fn frame(&self) -> Frame {
        self.source.frame()
    }
}
