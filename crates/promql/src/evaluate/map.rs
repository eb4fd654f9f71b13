//! Operators that turn one column into another, series by series.

use crate::error::QueryError;

use super::{Column, Context, Meta, Operator, Source};

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

/// An operator whose series are all known already.
pub(crate) struct Ready {
    metas: Vec<Meta>,
    columns: std::vec::IntoIter<Column>,
}

impl Ready {
    pub(crate) fn new(series: Vec<(Meta, Column)>) -> Self {
        let (metas, columns): (Vec<_>, Vec<_>) = series.into_iter().unzip();
        let columns = columns.into_iter();
        Self { metas, columns }
    }
}

impl Operator for Ready {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        Ok(std::mem::take(&mut self.metas))
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        *into = self.columns.next().expect("next is called once per series");
        Ok(())
    }
}

/// An operator that can only say what its series are after it saw all of its input.
pub(crate) struct Lazy<F> {
    make: Option<F>,
    ready: Option<Ready>,
}

impl<F: FnOnce() -> Result<Vec<(Meta, Column)>, QueryError>> Lazy<F> {
    pub(crate) fn new(make: F) -> Self {
        Self {
            make: Some(make),
            ready: None,
        }
    }
}

impl<F: FnOnce() -> Result<Vec<(Meta, Column)>, QueryError>> Operator for Lazy<F> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let make = self.make.take().expect("series is called once");
        let mut ready = Ready::new(make()?);
        let metas = ready.series();
        self.ready = Some(ready);
        metas
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        self.ready
            .as_mut()
            .expect("series is called before next")
            .next(into)
    }
}
