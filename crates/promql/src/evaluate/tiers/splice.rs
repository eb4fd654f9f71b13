//! Putting stretches of steps together, and looking at samples after all.

use std::ops::Range;

use plimsoll_types::Labels;

use crate::error::QueryError;

use super::super::{Column, Context, Meta, Operator, Source};

/// One operator after the other along the steps. Their series have all their labels, in order.
pub(super) struct Spliced<'a> {
    context: &'a Context<'a>,
    parts: Vec<Part<'a>>,
    count: usize,
    keeps_name: bool,
    labels: std::vec::IntoIter<Labels>,
    column: Column,
}

struct Part<'a> {
    steps: Range<usize>,
    source: Source<'a>,
    /// Its series that were not asked for yet.
    labels: std::iter::Peekable<std::vec::IntoIter<Labels>>,
}

impl<'a> Spliced<'a> {
    pub(super) fn new(
        context: &'a Context<'a>,
        parts: Vec<(Range<usize>, Source<'a>)>,
        count: usize,
        keeps_name: bool,
    ) -> Self {
        let part = |(steps, source)| Part {
            steps,
            source,
            labels: Vec::new().into_iter().peekable(),
        };
        Self {
            context,
            parts: parts.into_iter().map(part).collect(),
            count,
            keeps_name,
            labels: Vec::new().into_iter(),
            column: Column::default(),
        }
    }
}

fn labels_of(source: &mut Source<'_>) -> Result<Vec<Labels>, QueryError> {
    let metas = source.series()?.into_iter();
    Ok(metas.map(|meta| meta.labels).collect())
}

impl Operator for Spliced<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut all = Vec::new();
        for part in &mut self.parts {
            let labels = labels_of(&mut part.source)?;
            self.context
                .hold(2 * labels.len() * size_of::<Labels>(), 0)?;
            all.extend_from_slice(&labels);
            part.labels = labels.into_iter().peekable();
        }
        all.sort();
        all.dedup();
        let mut metas: Vec<Meta> = all
            .iter()
            .cloned()
            .map(|labels| Meta {
                labels,
                drop_name: false,
            })
            .collect();
        if !self.keeps_name {
            metas
                .iter_mut()
                .for_each(|meta| meta.drop_name(self.context));
        }
        self.labels = all.into_iter();
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        into.reset(self.count);
        let labels = self.labels.next().unwrap_or_default();
        for part in &mut self.parts {
            if part.labels.next_if(|own| *own == labels).is_none() {
                continue;
            }
            part.source.next(&mut self.column)?;
            for (step, at) in part.steps.clone().enumerate() {
                if let Some(value) = self.column.get(step) {
                    into.set(at, value);
                }
            }
        }
        Ok(())
    }
}

/// An operator over samples that is asked for a few series only, in order.
pub(super) struct Fallback<'a> {
    source: Source<'a>,
    labels: Option<std::iter::Peekable<std::vec::IntoIter<Labels>>>,
}

impl<'a> Fallback<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Self {
            source,
            labels: None,
        }
    }

    /// Reads a series, which comes after those that were read before.
    pub(super) fn read(&mut self, wanted: &Labels, into: &mut Column) -> Result<(), QueryError> {
        if self.labels.is_none() {
            self.labels = Some(labels_of(&mut self.source)?.into_iter().peekable());
        }
        let labels = self.labels.as_mut().expect("it was made just now");
        while labels.next_if(|own| own < wanted).is_some() {
            self.source.skip()?;
        }
        match labels.next_if(|own| own == wanted) {
            Some(_) => self.source.next(into),
            None => {
                let count = into.len();
                into.reset(count);
                Ok(())
            }
        }
    }
}
