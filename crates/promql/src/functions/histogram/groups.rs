//! The series of a histogram, put together.
//!
//! A classic histogram is many series, one per value of `le`; a native one is a single series. A metric may change from
//! the one to the other over time, and where it is both at once nothing is calculated.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{BUCKET_LABEL, Labels};

use crate::annotation::Annotation;
use crate::ast::Expr;
use crate::error::QueryError;
use crate::evaluate::{Charge, Column, Context, Grid, Lazy, Meta, Planner, Source, merge};
use crate::span::Position;

use super::buckets::Bucket;
use super::question::{Findings, Question};

/// Asks a question of every histogram of a vector, at every step.
pub(super) fn over_histograms<'a>(
    planner: &Planner<'a>,
    argument: &'a Expr,
    grid: &Grid,
    question: Question<'a>,
) -> Result<Source<'a>, QueryError> {
    let mut histograms = Histograms {
        context: planner.context,
        source: planner.vector(argument, grid)?,
        grid: *grid,
        position: argument.unwrapped().position,
        question,
    };
    let answered = Box::new(Lazy::new(planner.context, move || histograms.run()));
    Ok(merge(planner.context, answered, false))
}

/// Collects the series of each histogram and answers as soon as its last one was read.
struct Histograms<'a> {
    context: &'a Context<'a>,
    source: Source<'a>,
    grid: Grid,
    position: Position,
    question: Question<'a>,
}

/// The series of one histogram.
struct Group<'a> {
    meta: Meta,
    name: String,
    /// Series that are still to be read.
    missing: usize,
    classic: Vec<(f64, Column)>,
    native: Option<Column>,
    /// For the columns.
    held: Charge<'a>,
    answers: Vec<Column>,
}

impl<'a> Group<'a> {
    fn new(meta: Meta, context: &'a Context<'a>) -> Self {
        Self {
            name: meta.labels.metric_name().unwrap_or("").to_string(),
            meta,
            missing: 0,
            classic: Vec::new(),
            native: None,
            held: context.charge(),
            answers: Vec::new(),
        }
    }

    fn hold(&mut self, column: &Column) -> Result<(), QueryError> {
        let bytes = column.byte_count() + size_of::<(f64, Column)>();
        self.held.add(bytes, column.present_count())
    }
}

impl<'a> Histograms<'a> {
    fn run(&mut self) -> Result<Vec<(Meta, Column)>, QueryError> {
        let metas = self.source.series()?;
        let (mut groups, of_series) = self.group(&metas)?;
        let mut results = self.context.charge();
        let bytes = size_of::<f64>() * self.grid.count * self.question.answers().len();
        for (meta, group) in metas.iter().zip(of_series) {
            let mut column = Column::default();
            self.source.next(&mut column)?;
            self.context.work(self.grid.count)?;
            let has_label = meta.labels.get(BUCKET_LABEL).is_some();
            if has_label && column.has_histograms() {
                // A native histogram keeps the label, so it is none of the classic ones without it.
                let mut own = Group::new(meta.clone(), self.context);
                own.hold(&column)?;
                own.native = Some(column.clone());
                results.add(bytes + meta.labels.byte_count(), 0)?;
                self.finish(&mut own)?;
                groups.push(own);
            }
            let group = &mut groups[group];
            group.missing -= 1;
            if let Some(bound) = self.bound(meta, &column) {
                group.hold(&column)?;
                group.classic.push((bound, column));
            } else if !has_label && column.has_histograms() {
                group.hold(&column)?;
                group.native = Some(column);
            }
            if group.missing == 0 {
                results.add(bytes, 0)?;
                self.finish(group)?;
            }
        }
        self.answers(groups)
    }

    fn group(&self, metas: &[Meta]) -> Result<(Vec<Group<'a>>, Vec<usize>), QueryError> {
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let mut groups: Vec<Group<'_>> = Vec::new();
        self.context.hold(size_of_val(metas), 0)?;
        let mut of_series = Vec::with_capacity(metas.len());
        for meta in metas {
            // The name is part of the key: buckets of two metrics are two histograms.
            let labels = match meta.labels.get(BUCKET_LABEL) {
                Some(_) => meta.labels.filtered(|name| name != BUCKET_LABEL),
                None => meta.labels.clone(),
            };
            let slot = match slots.entry(labels) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    let bytes = slot.key().byte_count() + size_of::<(Labels, usize, Group<'_>)>();
                    self.context.hold(bytes, 0)?;
                    let labels = slot.key().clone();
                    let drop_name = meta.drop_name;
                    groups.push(Group::new(Meta { labels, drop_name }, self.context));
                    *slot.insert(groups.len() - 1)
                }
            };
            groups[slot].missing += 1;
            of_series.push(slot);
        }
        Ok((groups, of_series))
    }

    /// Returns the upper bound of a series of classic buckets; one with floats but without a bound is warned about.
    fn bound(&self, meta: &Meta, column: &Column) -> Option<f64> {
        if !column.has_floats() {
            return None;
        }
        let label = meta.labels.get(BUCKET_LABEL).unwrap_or("");
        let bound = crate::number::parse_float(label);
        if bound.is_none() {
            let annotation = Annotation::BadBucketLabel {
                name: meta.labels.metric_name().unwrap_or("").to_string(),
                label: label.to_string(),
            };
            self.context.annotate(&annotation, self.position);
        }
        bound
    }

    fn finish(&self, group: &mut Group<'a>) -> Result<(), QueryError> {
        group.classic.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut answers = vec![Column::default(); self.question.answers().len()];
        for answer in &mut answers {
            answer.reset(self.grid.count);
        }
        let mut findings = Findings::default();
        self.answer(group, &mut answers, &mut findings)?;
        let kept = match self.context.options.delayed_name_removal {
            true => &group.name,
            false => "",
        };
        for annotation in self.question.annotations(findings, &group.name, kept) {
            self.context.annotate(&annotation, self.position);
        }
        (group.classic, group.native) = (Vec::new(), None);
        group.held.release();
        group.answers = answers;
        Ok(())
    }

    /// Answers at every step at which the histogram is there, as one kind or the other.
    fn answer(
        &self,
        group: &Group<'a>,
        answers: &mut [Column],
        findings: &mut Findings,
    ) -> Result<(), QueryError> {
        let mut buckets = Vec::with_capacity(group.classic.len());
        for step in 0..self.grid.count {
            self.context.work(1 + group.classic.len())?;
            let present = group.classic.iter().filter_map(|(bound, column)| {
                let (bound, count) = (*bound, column.float(step)?);
                Some(Bucket { bound, count })
            });
            buckets.clear();
            buckets.extend(present);
            let native = group.native.as_ref();
            match (
                native.and_then(|native| native.histogram(step)),
                buckets.is_empty(),
            ) {
                (Some(_), false) => findings.is_mixed = true,
                (Some(histogram), true) => {
                    self.question.native(step, histogram, answers, findings)?;
                }
                (None, false) => {
                    let time = (step, self.grid.at(step));
                    self.question
                        .classic(time, &mut buckets, answers, findings)?;
                }
                (None, true) => {}
            }
        }
        Ok(())
    }

    /// Returns the answers as series.
    fn answers(&self, groups: Vec<Group<'a>>) -> Result<Vec<(Meta, Column)>, QueryError> {
        let labels = self.question.answers();
        let mut series = Vec::with_capacity(groups.len() * labels.len());
        for group in groups {
            for (label, column) in labels.iter().zip(group.answers) {
                let mut meta = group.meta.clone();
                meta.drop_name(self.context);
                if let Some((label, value)) = label {
                    let mut labels = meta.labels.to_builder();
                    meta.labels = labels.set(label, value).build();
                    self.context.hold(meta.labels.byte_count(), 0)?;
                }
                series.push((meta, column));
            }
        }
        Ok(series)
    }
}
