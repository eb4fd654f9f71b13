//! Arithmetic and comparisons between two vectors: series find each other by labels, samples by step.
//!
//! The side that may only have one series per group is read first and kept; the other side streams. Where one side has
//! no sample, `fill` lets a number stand for it: for the "one" side beside the samples of the other one, for the "many"
//! side at the end, when it is known which steps of a group nothing was paired with.

mod group;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{Labels, LabelsBuilder, Value};

use crate::ast::{Binary, Cardinality, Expr, ExprKind, Matching};
use crate::error::QueryError;
use crate::span::Position;

use super::super::{
    Charge, Column, Context, Grid, LabelSet, Meta, Operator, Source, is_identity, merge, merge_or,
};
use super::histograms::{Operation, Outcome};
use super::{changes_metric, scalar_operation};

use group::{Clash, Group, Groups, duplicates};

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
    current: Current,
    held: Charge<'a>,
}

/// One result series: which series of the "many" side it comes from and which members of the group it pairs with.
struct Output {
    many: Many,
    /// Index of its group.
    group: usize,
    members: Members,
    /// Where the group has no sample, what fills the "one" side stands for it.
    fills_one: bool,
}

/// Where the samples of the "many" side come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Many {
    Series(usize),
    /// There are none: a number stands for them at every step that nothing was paired with.
    Filled,
}

/// Which members of a group a result is made from.
enum Members {
    /// Every one: without labels of theirs in the result they are all the same.
    All,
    These(Vec<usize>),
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

    /// Returns the labels of a result, as `resultMetric` in Prometheus does.
    fn result_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let mut builder: LabelsBuilder = many.to_builder();
        if changes_metric(self.binary.op) {
            builder.retain(|name, _| !is_identity(name));
        }
        if self.matching.cardinality == Cardinality::OneToOne {
            let listed = |name: &str| self.matching.labels.iter().any(|label| label == name);
            builder.retain(|name, _| listed(name) == self.matching.on);
        }
        for label in &self.matching.include {
            builder.set(label, one.get(label).unwrap_or(""));
        }
        builder.build()
    }

    /// A name that an operand was about to lose is back, as in Prometheus.
    fn result_meta(&self, many: &Labels, one: &Labels) -> Meta {
        let mut meta = Meta {
            labels: self.result_labels(many, one),
            drop_name: false,
        };
        if self.binary.returns_bool {
            meta.drop_name(self.context);
        }
        meta
    }

    fn combine(&mut self, output: &Output, into: &mut Column) -> Result<(), QueryError> {
        let mut group = std::mem::take(&mut self.kept.groups[output.group]);
        let result = (0..self.grid.count)
            .try_for_each(|step| self.combine_step(output, &mut group, step, into));
        self.kept.groups[output.group] = group;
        result
    }

    fn combine_step(
        &self,
        output: &Output,
        group: &mut Group,
        step: usize,
        into: &mut Column,
    ) -> Result<(), QueryError> {
        let many = match (output.many, self.fill_many) {
            (Many::Series(_), _) => self.current.column.get(step),
            (Many::Filled, _) if group.is_taken(step) => None,
            (Many::Filled, fill) => fill.map(Value::Float),
        };
        let Some(many) = many else {
            return Ok(());
        };
        if output.fills_one && !group.is_present(step) {
            let Some(one) = self.fill_one.map(Value::Float) else {
                return Ok(());
            };
            return self.pair(group, step, (many, one), into);
        }
        let count = match &output.members {
            Members::All => group.members.len(),
            Members::These(members) => members.len(),
        };
        self.context.work(count)?;
        for index in 0..count {
            let member = match &output.members {
                Members::All => index,
                Members::These(members) => members[index],
            };
            if let Some(one) = group.members[member].1.get(step) {
                self.pair(group, step, (many.clone(), one), into)?;
            }
        }
        Ok(())
    }

    fn pair(
        &self,
        group: &mut Group,
        step: usize,
        (many, one): (Value, Value),
        into: &mut Column,
    ) -> Result<(), QueryError> {
        let (left, right) = match self.swapped {
            true => (one, many),
            false => (many, one),
        };
        let paired = self.calculate(left, right);
        if matches!(paired, Outcome::Meaningless) {
            return Ok(());
        }
        // A pair that the comparison drops counts, too: whether a match is ambiguous is no matter of values.
        let was_taken = group.take(step, self.grid.count);
        if was_taken && self.matching.cardinality == Cardinality::OneToOne {
            return Err(QueryError::execution(AMBIGUOUS));
        }
        if let Outcome::Is(value) = paired {
            into.set(step, value);
        }
        Ok(())
    }

    fn operation(&self) -> Operation<'_> {
        Operation {
            context: self.context,
            op: self.binary.op,
            returns_bool: self.binary.returns_bool,
            position: self.position,
        }
    }

    fn calculate(&self, left: Value, right: Value) -> Outcome {
        let filters = self.binary.op.is_comparison() && !self.binary.returns_bool;
        let (Value::Float(a), Value::Float(b), false) = (&left, &right, self.binary.op.is_trim())
        else {
            return self.operation().combine(&left, &right);
        };
        let result = scalar_operation(self.binary.op)(*a, *b);
        match (filters, result == 0.0) {
            (true, true) => Outcome::Dropped,
            (true, false) => Outcome::Is(left),
            (false, _) => Outcome::Is(Value::Float(result)),
        }
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

/// The results, in their order.
#[derive(Default)]
struct Outputs {
    metas: Vec<Meta>,
    outputs: Vec<Output>,
}

impl Match<'_> {
    /// Adds the results of a series of the "many" side, or of what stands for one: one result, or one for each label
    /// set that the other side adds.
    fn plan_results(
        &mut self,
        many: Many,
        labels: &Labels,
        (key, group): (&Labels, usize),
        into: &mut Outputs,
    ) -> Result<(), QueryError> {
        let bytes = |result: &Meta| result.labels.byte_count() + size_of::<(Meta, Output)>();
        // What stands for the "one" side has no more labels than the match group.
        let fills_one = self.fill_one.is_some() && many != Many::Filled;
        if self.matching.include.is_empty() {
            let meta = self.result_meta(labels, key);
            self.held.add(bytes(&meta), 0)?;
            into.metas.push(meta);
            into.outputs.push(Output {
                many,
                group,
                members: Members::All,
                fills_one,
            });
            return Ok(());
        }
        let mut found: Vec<(Meta, Vec<usize>, bool)> = Vec::new();
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let members = self.kept.groups[group]
            .members
            .iter()
            .map(|(one, _)| &one.labels);
        let members = members.enumerate().map(|(index, one)| (Some(index), one));
        for (member, one) in members.chain(fills_one.then_some((None, key))) {
            self.context.work(1)?;
            let result = self.result_meta(labels, one);
            self.held.add(size_of::<usize>(), 0)?;
            let slot = match slots.entry(result.labels.clone()) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    self.held.add(bytes(&result), 0)?;
                    found.push((result, Vec::new(), false));
                    *slot.insert(found.len() - 1)
                }
            };
            match member {
                Some(member) => found[slot].1.push(member),
                None => found[slot].2 = true,
            }
        }
        for (meta, members, fills_one) in found {
            into.metas.push(meta);
            into.outputs.push(Output {
                many,
                group,
                members: Members::These(members),
                fills_one,
            });
        }
        Ok(())
    }

    /// Adds the results of groups for steps that nothing was paired with.
    fn plan_filled(&mut self, into: &mut Outputs) -> Result<(), QueryError> {
        for index in 0..self.kept.groups.len() {
            self.context.work(1)?;
            if let Some((one, _)) = self.kept.groups[index].members.first() {
                let key = self.key.key(&one.labels);
                self.plan_results(Many::Filled, &key, (&key, index), into)?;
            }
        }
        Ok(())
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
        match self.plan.len() {
            0 => self.read_rest(),
            _ => Ok(()),
        }
    }
}
