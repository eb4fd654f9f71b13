//! Reading the windows of selected series, counted as samples are.

use plimsoll_types::{Tier, TierWindow, TimeRange, Timestamp, WindowSource};

use crate::annotation::Annotation;
use crate::ast::Selector;
use crate::error::QueryError;
use crate::evaluate::select::select_windows;
use crate::evaluate::{Charge, Context, Meta};
use crate::span::Position;

/// Finds series and reads their windows one after the other.
pub(super) struct WindowReader<'a> {
    context: &'a Context<'a>,
    source: Option<Box<dyn WindowSource>>,
    metas: Vec<Meta>,
    next: usize,
    windows: Vec<TierWindow>,
    _labels: Charge<'a>,
    held: Charge<'a>,
}

impl<'a> WindowReader<'a> {
    /// Selects what may have a window that ends later than `after`, up to and including `until`.
    pub(super) fn new(
        context: &'a Context<'a>,
        selector: &Selector,
        tier: Tier,
        (after, until): (i64, i64),
    ) -> Result<Self, QueryError> {
        context.check()?;
        let range = TimeRange::new(
            Timestamp::from_millis(after.saturating_add(1)),
            Timestamp::from_millis(until),
        );
        let (selection, charge) = select_windows(context, &selector.matchers, range, tier)?;
        let (labels, source, warnings) = match selection {
            Some(found) => (found.labels, Some(found.source), found.warnings),
            None => (Vec::new(), None, Vec::new()),
        };
        for warning in warnings {
            let nowhere = Position { line: 1, column: 1 };
            context.annotate(&Annotation::Storage(warning), nowhere);
        }
        let metas = labels.into_iter().map(|labels| Meta {
            labels,
            drop_name: false,
        });
        Ok(Self {
            context,
            source,
            metas: metas.collect(),
            next: 0,
            windows: Vec::new(),
            _labels: charge,
            held: context.charge(),
        })
    }

    pub(super) fn metas(&mut self) -> Vec<Meta> {
        std::mem::take(&mut self.metas)
    }

    /// Reads the next series.
    pub(super) fn read(&mut self) -> Result<&[TierWindow], QueryError> {
        self.context.work(64)?;
        self.windows.clear();
        if let Some(source) = &mut self.source {
            source.read(self.next, &mut self.windows)?;
        }
        self.next += 1;
        let count = self.windows.len();
        self.context.count_read(1, count);
        self.context.work(count)?;
        let bytes: usize = self.windows.iter().map(TierWindow::byte_count).sum();
        self.held.set(bytes, 0)?;
        Ok(&self.windows)
    }
}
