//! The samples of a result, pair by pair.

use plimsoll_types::Value;

use crate::annotation::Annotation;
use crate::ast::Cardinality;
use crate::error::QueryError;
use crate::evaluate::Column;
use crate::evaluate::binary::histograms::{Combined, Operation, Outcome};
use crate::evaluate::binary::scalar_operation;

use super::group::Group;
use super::results::{Many, Members, Output};
use super::{AMBIGUOUS, Match, NOT_UNIQUE};

/// What pairs change while the samples of a result are made.
struct Hand<'h> {
    group: Group,
    /// Steps that results with the same labels have taken.
    shared: Option<Vec<bool>>,
    notes: Vec<Option<Annotation>>,
    into: &'h mut Column,
}

impl Match<'_> {
    /// Makes the samples of a result.
    pub(super) fn combine(&mut self, output: &Output, into: &mut Column) -> Result<(), QueryError> {
        let shared = output.shared;
        let had_notes = !self.notes.is_empty();
        let mut hand = Hand {
            group: std::mem::take(&mut self.kept.groups[output.group]),
            shared: shared.map(|index| std::mem::take(&mut self.shared[index])),
            notes: std::mem::take(&mut self.notes),
            into,
        };
        let result =
            (0..self.grid.count).try_for_each(|step| self.combine_step(output, step, &mut hand));
        self.kept.groups[output.group] = hand.group;
        self.notes = hand.notes;
        if let (Some(index), Some(taken)) = (shared, hand.shared) {
            self.shared[index] = taken;
        }
        if !had_notes && !self.notes.is_empty() {
            self.held
                .add_table::<Option<Annotation>>(self.grid.count, 1)?;
        }
        result
    }

    fn combine_step(
        &self,
        output: &Output,
        step: usize,
        hand: &mut Hand<'_>,
    ) -> Result<(), QueryError> {
        let many = match (output.many, self.fill_many) {
            (Many::Series(_), _) => self.current.column.get(step),
            (Many::Filled, _) if hand.group.is_taken(step) => None,
            (Many::Filled, fill) => fill.map(Value::Float),
        };
        let Some(many) = many else {
            return Ok(());
        };
        if output.fills_one && !hand.group.is_present(step) {
            return match self.fill_one.map(Value::Float) {
                Some(one) => self.pair(step, (many, one), hand),
                None => Ok(()),
            };
        }
        let count = match &output.members {
            Members::All => hand.group.members.len(),
            Members::These(members) => members.len(),
        };
        self.context.work(count)?;
        for index in 0..count {
            let member = match &output.members {
                Members::All => index,
                Members::These(members) => members[index],
            };
            if let Some(one) = hand.group.members[member].1.get(step) {
                self.pair(step, (many.clone(), one), hand)?;
            }
        }
        Ok(())
    }

    fn pair(
        &self,
        step: usize,
        (many, one): (Value, Value),
        hand: &mut Hand<'_>,
    ) -> Result<(), QueryError> {
        let (left, right) = match self.swapped {
            true => (one, many),
            false => (many, one),
        };
        let combined = self.calculate(left, right);
        if combined.note.is_some() {
            // Of all pairs of a step Prometheus only tells about the last one with something to tell.
            hand.notes.resize(self.grid.count, None);
            hand.notes[step] = combined.note;
        }
        let value = match combined.outcome {
            Outcome::Meaningless => return Ok(()),
            Outcome::Is(value) => Some(value),
            Outcome::Dropped => None,
        };
        // A pair that the comparison drops counts, too: whether a match is ambiguous is no matter of values.
        let was_taken = hand.group.take(step, self.grid.count);
        if was_taken && self.matching.cardinality == Cardinality::OneToOne {
            return Err(QueryError::execution(AMBIGUOUS));
        }
        let shared = hand.shared.as_mut();
        if shared.is_some_and(|taken| std::mem::replace(&mut taken[step], true)) {
            return Err(QueryError::execution(NOT_UNIQUE));
        }
        if let Some(value) = value {
            hand.into.set(step, value);
        }
        Ok(())
    }

    /// Tells what was noted, each thing once.
    pub(super) fn annotate(&mut self) {
        let operation = self.operation();
        let mut told: Vec<&Annotation> = Vec::new();
        for annotation in self.notes.iter().flatten() {
            if !told.contains(&annotation) {
                operation.annotate(annotation);
                told.push(annotation);
            }
        }
        self.notes = Vec::new();
    }

    fn operation(&self) -> Operation<'_> {
        Operation {
            context: self.context,
            op: self.binary.op,
            returns_bool: self.binary.returns_bool,
            position: self.position,
        }
    }

    fn calculate(&self, left: Value, right: Value) -> Combined {
        let filters = self.binary.op.is_comparison() && !self.binary.returns_bool;
        let (Value::Float(a), Value::Float(b), false) = (&left, &right, self.binary.op.is_trim())
        else {
            return self.operation().combine(&left, &right);
        };
        let result = scalar_operation(self.binary.op)(*a, *b);
        let outcome = match (filters, result == 0.0) {
            (true, true) => Outcome::Dropped,
            (true, false) => Outcome::Is(left),
            (false, _) => Outcome::Is(Value::Float(result)),
        };
        outcome.into()
    }
}
