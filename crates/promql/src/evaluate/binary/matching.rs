//! Arithmetic and comparisons between two vectors: series find each other by labels, samples by step.
//!
//! The side that may only have one series per group is read first and kept; the other side streams.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{Labels, LabelsBuilder, METRIC_NAME};

use crate::annotation::Annotation;
use crate::ast::{Binary, BinaryOp, Cardinality, Matching};
use crate::error::QueryError;
use crate::number::Quoted;
use crate::span::Position;

use super::super::plan::no_histograms;
use super::super::{
    Charge, Column, Context, Grid, LabelSet, Meta, Operator, Source, merge_or, without_name,
};
use super::scalar_operation;

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
    let (many, one) = if swapped {
        (right, left)
    } else {
        (left, right)
    };
    let operator = Match {
        context,
        binary,
        matching,
        key: LabelSet::new(&matching.labels, matching.on),
        many,
        one,
        swapped,
        grid: *grid,
        position,
        kept: HashMap::new(),
        clash: None,
        plan: Vec::new().into_iter(),
        current: Current::default(),
        held: context.charge(),
    };
    merge_or(context, Box::new(operator), false, NOT_UNIQUE)
}

struct Match<'a> {
    context: &'a Context<'a>,
    binary: &'a Binary,
    matching: &'a Matching,
    key: LabelSet,
    many: Source<'a>,
    one: Source<'a>,
    /// The "many" side is the right operand.
    swapped: bool,
    grid: Grid,
    position: Position,
    kept: HashMap<Labels, Group>,
    /// Steps at which some group has two samples, an error as soon as the other side has one, too.
    clash: Option<Clash>,
    plan: std::vec::IntoIter<Output>,
    current: Current,
    held: Charge<'a>,
}

/// The series of the "one" side that have the same key.
#[derive(Default)]
struct Group {
    members: Vec<(Meta, Column)>,
    /// Steps at which some member has a sample.
    present: Vec<bool>,
    /// Steps that a series of the other side has taken (one-to-one only).
    taken: Vec<bool>,
}

/// Of all groups together, so that a series of the other side is compared with one list and not with every group.
struct Clash {
    steps: Vec<bool>,
    /// About the first two samples that were found.
    message: String,
}

/// One result series: which series of the "many" side it comes from and which members of the group it pairs with.
struct Output {
    series: usize,
    key: Labels,
    members: Members,
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
    /// Reads the "one" side; returns false when it has no series.
    fn keep_one_side(&mut self) -> Result<bool, QueryError> {
        let metas = self.one.series()?;
        let any = !metas.is_empty();
        // The steps of a clash.
        self.held.add(self.grid.count, 0)?;
        for meta in metas {
            let mut column = Column::default();
            self.one.next(&mut column)?;
            self.context.work(self.grid.count)?;
            self.held.add(column.byte_count(), column.present_count())?;
            let key = self.key.key(&meta.labels);
            let side = if self.swapped { "left" } else { "right" };
            let group = match self.kept.entry(key.clone()) {
                Entry::Occupied(group) => group.into_mut(),
                Entry::Vacant(group) => {
                    // The group itself, and its lists of steps that are present and taken.
                    let entry = key.byte_count() + size_of::<(Labels, Group)>();
                    self.held.add(entry + 2 * self.grid.count, 0)?;
                    group.insert(Group::default())
                }
            };
            self.held.add(size_of::<(Meta, Column)>(), 0)?;
            group.add(meta, column, &mut self.clash, &|one, other| {
                duplicates(&key, side, one, other)
            });
        }
        Ok(any)
    }

    /// Returns the labels of a result, as `resultMetric` in Prometheus does.
    fn result_labels(&self, many: &Meta, one: &Meta) -> Labels {
        let mut builder: LabelsBuilder = many.labels.to_builder();
        if !self.binary.op.is_comparison() {
            builder.remove(METRIC_NAME);
        }
        if self.matching.cardinality == Cardinality::OneToOne {
            let listed = |name: &str| self.matching.labels.iter().any(|label| label == name);
            builder.retain(|name, _| listed(name) == self.matching.on);
        }
        for label in &self.matching.include {
            builder.set(label, one.labels.get(label).unwrap_or(""));
        }
        builder.build()
    }

    fn result_meta(&self, many: &Meta, one: &Meta) -> Meta {
        let mut meta = Meta {
            labels: self.result_labels(many, one),
            drop_name: many.drop_name,
        };
        if self.binary.returns_bool {
            meta.drop_name(self.context);
        }
        meta
    }

    fn combine(&mut self, output: &Output, into: &mut Column) -> Result<(), QueryError> {
        let one_to_one = self.matching.cardinality == Cardinality::OneToOne;
        let filters = self.binary.op.is_comparison() && !self.binary.returns_bool;
        let operation = scalar_operation(self.binary.op);
        let group = self
            .kept
            .get_mut(&output.key)
            .expect("outputs are made from groups");
        group.taken.resize(self.grid.count, false);
        for step in 0..self.grid.count {
            if !self.current.column.is_present(step) {
                continue;
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
                let other = &group.members[member].1;
                if !other.is_present(step) {
                    continue;
                }
                let pair = (self.current.column.float(step), other.float(step));
                let (Some(many), Some(one)) = pair else {
                    incompatible(
                        self.context,
                        self.binary.op,
                        self.swapped,
                        pair,
                        self.position,
                    )?;
                    continue;
                };
                let (left, right) = if self.swapped {
                    (one, many)
                } else {
                    (many, one)
                };
                let result = operation(left, right);
                // A pair that the comparison drops counts, too: whether a match is ambiguous is no matter of values.
                if one_to_one && std::mem::replace(&mut group.taken[step], true) {
                    return Err(QueryError::execution(AMBIGUOUS));
                }
                if filters && result == 0.0 {
                    continue;
                }
                into.set_float(step, if filters { left } else { result });
            }
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
}

impl Match<'_> {
    /// Only a clash makes series worth reading that match nothing.
    fn read_rest(&mut self) -> Result<(), QueryError> {
        match self.clash.is_some() {
            true => self.read_to(self.current.count - 1),
            false => Ok(()),
        }
    }

    /// Adds the results of a series of the "many" side: one, or one for each label set that the other side adds.
    fn pair(&mut self, series: usize, meta: &Meta, into: &mut Outputs) -> Result<(), QueryError> {
        let key = self.key.key(&meta.labels);
        let Some(group) = self.kept.get(&key) else {
            return Ok(());
        };
        let bytes = |result: &Meta| result.labels.byte_count() + size_of::<(Meta, Output)>();
        if self.matching.include.is_empty() {
            let result = self.result_meta(meta, &group.members[0].0);
            self.held.add(bytes(&result), 0)?;
            into.metas.push(result);
            into.outputs.push(Output {
                series,
                key,
                members: Members::All,
            });
            return Ok(());
        }
        let mut found: Vec<(Meta, Vec<usize>)> = Vec::new();
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        for (member, (one, _)) in group.members.iter().enumerate() {
            self.context.work(1)?;
            let result = self.result_meta(meta, one);
            self.held.add(size_of::<usize>(), 0)?;
            let slot = match slots.entry(result.labels.clone()) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    self.held.add(bytes(&result), 0)?;
                    found.push((result, Vec::new()));
                    *slot.insert(found.len() - 1)
                }
            };
            found[slot].1.push(member);
        }
        for (result, members) in found {
            into.metas.push(result);
            into.outputs.push(Output {
                series,
                key: key.clone(),
                members: Members::These(members),
            });
        }
        Ok(())
    }
}

/// The results, in their order.
#[derive(Default)]
struct Outputs {
    metas: Vec<Meta>,
    outputs: Vec<Output>,
}

impl Operator for Match<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let many = self.many.series()?;
        if many.is_empty() || !self.keep_one_side()? {
            return Ok(Vec::new());
        }
        let mut results = Outputs::default();
        for (series, meta) in many.iter().enumerate() {
            self.context.work(1)?;
            self.pair(series, meta, &mut results)?;
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
        self.read_to(output.series)?;
        into.reset(self.grid.count);
        self.combine(&output, into)?;
        match self.plan.len() {
            0 => self.read_rest(),
            _ => Ok(()),
        }
    }
}

impl Group {
    /// Keeps a series; `message` says which two are duplicates of each other.
    fn add(
        &mut self,
        meta: Meta,
        column: Column,
        clash: &mut Option<Clash>,
        message: &dyn Fn(&Labels, &Labels) -> String,
    ) {
        self.present.resize(column.len(), false);
        for step in (0..column.len()).filter(|step| column.is_present(*step)) {
            if !std::mem::replace(&mut self.present[step], true) {
                continue;
            }
            let clash = clash.get_or_insert_with(|| {
                let known = self
                    .members
                    .iter()
                    .find(|(_, other)| other.is_present(step));
                let known = known.map_or(&meta, |(known, _)| known);
                Clash {
                    steps: vec![false; column.len()],
                    message: message(&meta.labels, &known.labels),
                }
            });
            clash.steps[step] = true;
        }
        self.members.push((meta, column));
    }
}

fn duplicates(key: &Labels, side: &str, one: &Labels, other: &Labels) -> String {
    format!(
        "found duplicate series for the match group {} on the {side} hand-side of the operation: \
         [{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
        Pairs(key),
        Pairs(one),
        Pairs(other)
    )
}

/// Labels as Go prints them, with the name as one label of many.
struct Pairs<'a>(&'a Labels);

impl std::fmt::Display for Pairs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{")?;
        if let Some(name) = self.0.metric_name() {
            write!(f, "{METRIC_NAME}={}", Quoted(name))?;
        }
        let rest = without_name(self.0);
        for (index, (name, value)) in rest.iter().enumerate() {
            let first = index == 0 && self.0.metric_name().is_none();
            write!(
                f,
                "{}{name}={}",
                if first { "" } else { ", " },
                Quoted(value)
            )?;
        }
        f.write_str("}")
    }
}

/// A pair with a histogram: refused when it would need histogram arithmetic, left out with a note otherwise.
fn incompatible(
    context: &Context<'_>,
    op: BinaryOp,
    swapped: bool,
    (many, one): (Option<f64>, Option<f64>),
    position: Position,
) -> Result<(), QueryError> {
    let (left, right) = if swapped { (one, many) } else { (many, one) };
    let kind = |value: Option<f64>| {
        if value.is_some() {
            "float"
        } else {
            "histogram"
        }
    };
    let means_something = match (left, right) {
        (None, None) => {
            matches!(
                op,
                BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Equal | BinaryOp::NotEqual
            )
        }
        (None, Some(_)) => matches!(op, BinaryOp::Multiply | BinaryOp::Divide),
        (Some(_), _) => op == BinaryOp::Multiply,
    };
    if means_something {
        return Err(no_histograms(&format!("operator {:?}", op.as_str())));
    }
    let annotation = Annotation::IncompatibleTypes {
        op: op.as_str(),
        left: kind(left),
        right: kind(right),
    };
    context.annotate(&annotation, position);
    Ok(())
}
