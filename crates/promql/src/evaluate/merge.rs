//! Joins series that have the same labels once names are gone, and refuses those that overlap.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::Labels;

use crate::error::QueryError;

use super::{Charge, Column, Context, Meta, Operator, Source};

pub(crate) const SAME_LABELSET: &str = "vector cannot contain metrics with the same labelset";

/// Passes columns through as long as no two series have the same labels; `is_final` compares what a reader sees.
struct Merge<'a> {
    context: &'a Context<'a>,
    source: Source<'a>,
    is_final: bool,
    overlap: &'static str,
    /// Used only when two series have the same labels.
    merged: Option<std::vec::IntoIter<Column>>,
    held: Charge<'a>,
}

/// Makes sure that no two series of an operator have the same labels.
pub(crate) fn merge<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    is_final: bool,
) -> Source<'a> {
    merge_or(context, source, is_final, SAME_LABELSET)
}

/// As [`merge`], with the error for two samples at the same step.
pub(crate) fn merge_or<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    is_final: bool,
    overlap: &'static str,
) -> Source<'a> {
    Box::new(Merge {
        context,
        source,
        is_final,
        overlap,
        merged: None,
        held: context.charge(),
    })
}

impl Operator for Merge<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let metas = self.source.series()?;
        // Whoever cut the series into shards has merged them before, and found that all of them differ.
        if self.context.is_shard() {
            return Ok(metas);
        }
        let mut keys = self.context.charge();
        keys.add_table::<(Labels, usize, usize, Meta)>(metas.len(), 1)?;
        let mut slots: HashMap<Labels, usize> = HashMap::with_capacity(metas.len());
        let mut targets = Vec::with_capacity(metas.len());
        let mut kept: Vec<Meta> = Vec::new();
        for meta in &metas {
            if self.is_final && meta.drop_name {
                keys.add(meta.labels.byte_count(), 0)?;
            }
            let labels = match self.is_final {
                true => meta.clone().visible(),
                false => meta.labels.clone(),
            };
            match slots.entry(labels) {
                Entry::Occupied(slot) => targets.push(*slot.get()),
                Entry::Vacant(slot) => {
                    targets.push(*slot.insert(kept.len()));
                    kept.push(meta.clone());
                }
            }
        }
        if kept.len() == metas.len() {
            return Ok(metas);
        }
        let mut columns: Vec<Column> = vec![Column::default(); kept.len()];
        let mut column = Column::default();
        for (meta, target) in metas.iter().zip(targets) {
            self.source.next(&mut column)?;
            self.context.work(column.len())?;
            let joined = &mut columns[target];
            // The sample that comes first decides whether a name is to be dropped.
            if column.first_present() < joined.first_present() {
                kept[target] = meta.clone();
            }
            let before = joined.byte_count();
            join(joined, &column, self.overlap)?;
            let grown = joined.byte_count().saturating_sub(before);
            self.held.add(grown, column.present_count())?;
        }
        self.merged = Some(columns.into_iter());
        Ok(kept)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        match &mut self.merged {
            Some(columns) => {
                *into = columns.next().expect("next is called once per series");
                self.held.subtract(into.byte_count(), into.present_count());
                Ok(())
            }
            None => self.source.next(into),
        }
    }
}

fn join(into: &mut Column, other: &Column, overlap: &str) -> Result<(), QueryError> {
    if into.len() == 0 {
        *into = other.clone();
        return Ok(());
    }
    for step in 0..other.len() {
        let Some(value) = other.get(step) else {
            continue;
        };
        if into.is_present(step) {
            return Err(QueryError::execution(overlap));
        }
        into.set(step, value);
    }
    Ok(())
}
