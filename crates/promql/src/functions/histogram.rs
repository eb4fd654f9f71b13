//! Histograms: quantiles and fractions of classic ones, the simple parts of native ones.

mod buckets;
mod native;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{BUCKET_LABEL, Labels};

use crate::annotation::Annotation;
use crate::ast::{Call, Expr};
use crate::error::QueryError;
use crate::evaluate::{
    Charge, Column, Context, Grid, Lazy, Meta, Planner, Scalars, Source, check_quantiles, merge,
    no_histograms,
};
use crate::span::Position;

use self::buckets::Bucket;
pub(super) use self::native::{avg, count, is_reset, same_counts, sum};

/// Calculates from the buckets of one step; also says whether they had to be repaired.
type Calculate<'a> = Box<dyn Fn(usize, &mut Vec<Bucket>) -> (f64, bool) + 'a>;

pub(super) fn quantile<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let quantiles = planner.scalar(&call.args[0], grid)?;
    let position = call.args[0].unwrapped().position;
    check_quantiles(planner.context, &quantiles, grid, position);
    let calculate = move |step: usize, buckets: &mut Vec<Bucket>| {
        buckets::quantile(quantiles.at(step), buckets)
    };
    over_buckets(planner, call, &call.args[1], grid, Box::new(calculate))
}

pub(super) fn fraction<'a>(
    planner: &Planner<'a>,
    _: &'a Expr,
    call: &'a Call,
    grid: &Grid,
) -> Result<Source<'a>, QueryError> {
    let low: Scalars = planner.scalar(&call.args[0], grid)?;
    let high = planner.scalar(&call.args[1], grid)?;
    let calculate = move |step: usize, buckets: &mut Vec<Bucket>| {
        (
            buckets::fraction(low.at(step), high.at(step), buckets),
            false,
        )
    };
    over_buckets(planner, call, &call.args[2], grid, Box::new(calculate))
}

fn over_buckets<'a>(
    planner: &Planner<'a>,
    call: &'a Call,
    argument: &'a Expr,
    grid: &Grid,
    calculate: Calculate<'a>,
) -> Result<Source<'a>, QueryError> {
    let mut buckets = Buckets {
        context: planner.context,
        source: planner.vector(argument, grid)?,
        function: call.function.name,
        grid: *grid,
        position: argument.unwrapped().position,
        calculate,
    };
    let calculated = Box::new(Lazy::new(planner.context, move || buckets.run()));
    Ok(merge(planner.context, calculated, false))
}

/// Collects the buckets of each histogram and calculates as soon as its last bucket was read.
struct Buckets<'a> {
    context: &'a Context<'a>,
    source: Source<'a>,
    function: &'static str,
    grid: Grid,
    position: Position,
    calculate: Calculate<'a>,
}

/// The buckets of one histogram.
struct Group<'a> {
    meta: Meta,
    name: String,
    /// Series that are still to be read.
    missing: usize,
    columns: Vec<(f64, Column)>,
    /// For the columns.
    held: Charge<'a>,
    result: Column,
}

impl<'a> Buckets<'a> {
    fn run(&mut self) -> Result<Vec<(Meta, Column)>, QueryError> {
        let metas = self.source.series()?;
        let (mut groups, of_series) = self.group(&metas)?;
        let mut results = self.context.charge();
        for (meta, group) in metas.iter().zip(of_series) {
            let mut column = Column::default();
            self.source.next(&mut column)?;
            self.context.work(self.grid.count)?;
            if column.has_histograms() {
                return Err(no_histograms(self.function));
            }
            let group = &mut groups[group];
            group.missing -= 1;
            if let Some(bound) = self.bound(meta, &column) {
                let bytes = column.byte_count() + size_of::<(f64, Column)>();
                group.held.add(bytes, column.present_count())?;
                group.columns.push((bound, column));
            }
            if group.missing == 0 {
                results.add(size_of::<f64>() * self.grid.count, 0)?;
                self.finish(group)?;
            }
        }
        Ok(groups
            .into_iter()
            .map(|group| (group.meta, group.result))
            .collect())
    }

    fn group(&self, metas: &[Meta]) -> Result<(Vec<Group<'a>>, Vec<usize>), QueryError> {
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let mut groups: Vec<Group<'_>> = Vec::new();
        self.context.hold(size_of_val(metas), 0)?;
        let mut of_series = Vec::with_capacity(metas.len());
        for meta in metas {
            // The name is part of the key: buckets of two metrics are two histograms.
            let mut key = meta.clone();
            key.labels = key.labels.filtered(|name| name != BUCKET_LABEL);
            let slot = match slots.entry(key.labels.clone()) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    let bytes = key.labels.byte_count() + size_of::<(Labels, usize, Group<'_>)>();
                    self.context.hold(bytes, 0)?;
                    key.drop_name(self.context);
                    groups.push(Group {
                        meta: key,
                        name: meta.labels.metric_name().unwrap_or("").to_string(),
                        missing: 0,
                        columns: Vec::new(),
                        held: self.context.charge(),
                        result: Column::default(),
                    });
                    *slot.insert(groups.len() - 1)
                }
            };
            groups[slot].missing += 1;
            of_series.push(slot);
        }
        Ok((groups, of_series))
    }

    /// Returns the upper bound of a bucket; a series that is none and has samples is warned about.
    fn bound(&self, meta: &Meta, column: &Column) -> Option<f64> {
        let label = meta.labels.get(BUCKET_LABEL).unwrap_or("");
        let bound = crate::number::parse_float(label);
        if bound.is_none() && column.present_count() > 0 {
            let annotation = Annotation::BadBucketLabel {
                name: meta.labels.metric_name().unwrap_or("").to_string(),
                label: label.to_string(),
            };
            self.context.annotate(&annotation, self.position);
        }
        bound
    }

    fn finish(&mut self, group: &mut Group<'_>) -> Result<(), QueryError> {
        group.result.reset(self.grid.count);
        group.columns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut repaired = false;
        let mut buckets = Vec::with_capacity(group.columns.len());
        for step in 0..self.grid.count {
            self.context.work(group.columns.len())?;
            let present = group.columns.iter().filter_map(|(bound, column)| {
                let count = column.float(step)?;
                Some(Bucket {
                    bound: *bound,
                    count,
                })
            });
            buckets.clear();
            buckets.extend(present);
            if !buckets.is_empty() {
                let (value, was_repaired) = (self.calculate)(step, &mut buckets);
                repaired |= was_repaired;
                group.result.set_float(step, value);
            }
        }
        if repaired {
            let name = group.name.clone();
            self.context
                .annotate(&Annotation::ForcedMonotonicity { name }, self.position);
        }
        group.columns = Vec::new();
        group.held.release();
        Ok(())
    }
}
