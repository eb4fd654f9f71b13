//! Arithmetic and comparisons between two vectors: series find each other by labels, samples by step.
//!
//! The side that may only have one series per group is read first and kept; the other side streams. Where one side has
//! no sample, `fill` lets a number stand for it: for the "one" side beside the samples of the other one, for the "many"
//! side at the end, when it is known which steps of a group nothing was paired with.

mod group;
mod pairing;
mod results;

use crate::annotation::Annotation;
use crate::ast::{Binary, Cardinality, Expr, ExprKind, Matching};
use crate::error::QueryError;
use crate::span::Position;

use super::super::{
    Charge, Column, Context, Grid, LabelSet, Meta, Operator, Source, merge, merge_or,
};

use group::{Clash, Groups, duplicates};
use results::{Many, Output, Outputs};

const AMBIGUOUS: &str = "multiple matches for labels: many-to-one matching must be explicit \
                         (group_left/group_right)";
const NOT_UNIQUE: &str = "multiple matches for labels: grouping labels must ensure unique matches";

/// Plans an arithmetic operator or a comparison between two vectors.
pub(super) fn plan<'a>(
    context: &'a Context<'a>,
    binary: &'a Binary,
    (left, right): (Source<'a>, Source<'a>),
    grid: &Grid,
    position: Position,
) -> Source<'a> {
    let matching = binary
        .matching
        .as_ref()
        .expect("two vectors always have a matching");
    let swapped = matching.cardinality == Cardinality::OneToMany;
    let (many, one) = match swapped {
        false => (left, right),
        true => (right, left),
    };
    // In Prometheus `fill_left` means the "many" side, also where `group_right` makes that the right operand.
    let (fill_many, fill_one) = (matching.fill_left, matching.fill_right);
    let operator = Match {
        context,
        binary,
        matching,
        key: LabelSet::new(&matching.labels, matching.on),
        many,
        one,
        fill_many,
        fill_one,
        swapped,
        grid: *grid,
        position,
        kept: Groups::default(),
        clash: None,
        reads_all: !is_selector(if swapped { &binary.right } else { &binary.left }),
        plan: Vec::new().into_iter(),
        shared: Vec::new(),
        notes: Vec::new(),
        current: Current::default(),
        held: context.charge(),
    };
    match matching.cardinality {
        Cardinality::OneToOne => merge(context, Box::new(operator), false),
        _ => merge_or(context, Box::new(operator), false, NOT_UNIQUE),
    }
}

/// Says whether an operand is read as it is stored, which nothing is noted about.
fn is_selector(expr: &Expr) -> bool {
    matches!(&expr.unwrapped().kind, ExprKind::Selector(selector) if selector.extension.is_none())
}

struct Match<'a> {
    context: &'a Context<'a>,
    binary: &'a Binary,
    matching: &'a Matching,
    key: LabelSet,
    many: Source<'a>,
    one: Source<'a>,
    /// What stands for a sample that the "many" side does not have.
    fill_many: Option<f64>,
    /// What stands for a sample that the "one" side does not have.
    fill_one: Option<f64>,
    /// The "many" side is the right operand.
    swapped: bool,
    grid: Grid,
    position: Position,
    kept: Groups,
    /// Steps at which some group has two samples, an error as soon as the other side has one, too.
    clash: Option<Clash>,
    /// The "many" side may have something to say even where it matches nothing.
    reads_all: bool,
    plan: std::vec::IntoIter<Output>,
    /// Steps taken by results that have the same labels, of which each step may have one.
    shared: Vec<Vec<bool>>,
    /// What is to be noted about the last pair of each step with something to note.
    notes: Vec<Option<Annotation>>,
    current: Current,
    held: Charge<'a>,
}

/// The series of the "many" side that was read last.
#[derive(Default)]
struct Current {
    /// How many were read.
    read: usize,
    /// How many there are.
    count: usize,
    column: Column,
}

impl Match<'_> {
    fn has_fills(&self) -> bool {
        self.fill_many.is_some() || self.fill_one.is_some()
    }

    /// Reads the "one" side.
    fn keep_one_side(&mut self) -> Result<(), QueryError> {
        let metas = self.one.series()?;
        // The steps of a clash.
        self.held.add(self.grid.count, 0)?;
        for meta in metas {
            let mut column = Column::default();
            self.one.next(&mut column)?;
            self.context.work(self.grid.count)?;
            self.held.add(column.byte_count(), column.present_count())?;
            let key = self.key.key(&meta.labels);
            let side = if self.swapped { "left" } else { "right" };
            self.held.add(size_of::<(Meta, Column)>(), 0)?;
            let group = self.kept.of(&key, &mut self.held, self.grid.count)?;
            self.kept.groups[group].add(meta, column, &mut self.clash, &|one, other| {
                duplicates(&key, side, one, other)
            });
        }
        Ok(())
    }

    /// Two series of one group on the "one" side matter only at steps where the other side has something.
    fn check_clashes(&self) -> Result<(), QueryError> {
        let Some(clash) = &self.clash else {
            return Ok(());
        };
        let column = &self.current.column;
        match (0..column.len()).any(|step| clash.steps[step] && column.is_present(step)) {
            true => Err(QueryError::execution(clash.message.clone())),
            false => Ok(()),
        }
    }

    /// Reads on to the wanted series of the "many" side; those in between match nothing.
    fn read_to(&mut self, series: usize) -> Result<(), QueryError> {
        while self.current.read <= series {
            self.many.next(&mut self.current.column)?;
            self.current.read += 1;
            self.context.work(self.grid.count)?;
            self.check_clashes()?;
        }
        Ok(())
    }

    /// Series that match nothing are only worth reading for a clash, or for what is noted about them.
    fn read_rest(&mut self) -> Result<(), QueryError> {
        match self.current.count.checked_sub(1) {
            Some(last) if self.clash.is_some() || self.reads_all => self.read_to(last),
            _ => Ok(()),
        }
    }
}

impl Operator for Match<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let many = self.many.series()?;
        let one = if self.swapped {
            &self.binary.left
        } else {
            &self.binary.right
        };
        if many.is_empty() && !self.has_fills() && is_selector(one) {
            return Ok(Vec::new());
        }
        self.keep_one_side()?;
        if let Some(clash) = self.clash.as_ref().filter(|_| self.has_fills()) {
            return Err(QueryError::execution(clash.message.clone()));
        }
        let mut results = Outputs::default();
        for (series, meta) in many.iter().enumerate() {
            self.context.work(1)?;
            let key = self.key.key(&meta.labels);
            let group = match self.fill_one {
                Some(_) => Some(self.kept.of(&key, &mut self.held, self.grid.count)?),
                None => self.kept.find(&key),
            };
            if let Some(group) = group {
                self.plan_results(
                    Many::Series(series),
                    &meta.labels,
                    (&key, group),
                    &mut results,
                )?;
            }
        }
        if self.fill_many.is_some() {
            self.plan_filled(&mut results)?;
        }
        self.share_steps(&mut results)?;
        let Outputs { metas, outputs } = results;
        self.current.count = many.len();
        if outputs.is_empty() {
            self.read_rest()?;
        }
        self.plan = outputs.into_iter();
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        let output = self.plan.next().expect("next is called once per series");
        if let Many::Series(series) = output.many {
            self.read_to(series)?;
        }
        into.reset(self.grid.count);
        self.combine(&output, into)?;
        if self.plan.len() == 0 {
            self.annotate();
            self.read_rest()?;
        }
        Ok(())
    }
}
