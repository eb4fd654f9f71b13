//! Operators that turn one column into another, series by series.

use crate::error::QueryError;

use super::{Charge, Column, Context, Meta, Operator, Source};

/// Changes a column in place.
pub(crate) type Change<'a> = Box<dyn FnMut(&mut Column) -> Result<(), QueryError> + 'a>;

struct Map<'a> {
    context: &'a Context<'a>,
    source: Source<'a>,
    drops_name: bool,
    change: Change<'a>,
}

/// Applies a change to every column; the metric name goes when `drops_name` says so.
pub(crate) fn map<'a>(
    context: &'a Context<'a>,
    source: Source<'a>,
    drops_name: bool,
    change: Change<'a>,
) -> Source<'a> {
    Box::new(Map {
        context,
        source,
        drops_name,
        change,
    })
}

impl Operator for Map<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut metas = self.source.series()?;
        if self.drops_name {
            metas
                .iter_mut()
                .for_each(|meta| meta.drop_name(self.context));
        }
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.source.next(into)?;
        self.context.work(into.len())?;
        (self.change)(into)
    }
}

/// Repeats a value that is the same at every step.
pub(crate) struct Broadcast<'a> {
    pub(crate) source: Source<'a>,
    pub(crate) count: usize,
}

impl Operator for Broadcast<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        self.source.series()
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.source.next(into)?;
        into.broadcast(self.count);
        Ok(())
    }
}

/// An operator that can only say what its series are after it saw all of its input.
///
/// What `make` needs while it runs it has to charge itself; its result is charged here until it is passed on.
pub(crate) struct Lazy<'a, F> {
    make: Option<F>,
    columns: std::vec::IntoIter<Column>,
    held: Charge<'a>,
}

impl<'a, F: FnOnce() -> Result<Vec<(Meta, Column)>, QueryError>> Lazy<'a, F> {
    pub(crate) fn new(context: &'a Context<'a>, make: F) -> Self {
        Self {
            make: Some(make),
            columns: Vec::new().into_iter(),
            held: context.charge(),
        }
    }
}

impl<F: FnOnce() -> Result<Vec<(Meta, Column)>, QueryError>> Operator for Lazy<'_, F> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let make = self.make.take().expect("series is called once");
        let (metas, columns): (Vec<_>, Vec<Column>) = make()?.into_iter().unzip();
        for column in &columns {
            self.held.add(column.byte_count(), column.present_count())?;
        }
        self.columns = columns.into_iter();
        Ok(metas)
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        *into = self.columns.next().expect("next is called once per series");
        self.held.subtract(into.byte_count(), into.present_count());
        Ok(())
    }
}
