//! Shards: a selection of many series is evaluated in pieces, by several threads where there are any to spare.
//!
//! How a selection is cut depends on nothing but the query and the number of its series, and the pieces are put together
//! in their order. So a result has the same bits however many threads took part, and whichever was faster.
//!
//! Only an input that turns every series of one selector into one series of its own can be cut. Each piece then has a
//! plan of its own, for which [`Context::shard`](super::Context::shard) stands between it and the query.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use plimsoll_types::{Labels, SampleSource};

use crate::ast::{Call, Expr, ExprKind, Selector, ValueType};
use crate::functions::Body;

use super::Grid;

/// How many values a shard calculates: enough that starting and joining it costs nothing beside that.
const VALUES_PER_SHARD: usize = 16 << 10;
/// The fewest series of a shard.
const SERIES_MIN: usize = 16;
/// At fewer steps most of the time goes into finding the series, which one thread does.
const STEPS_MIN: usize = 32;
/// Fewer shards are not worth a thread.
const SHARDS_MIN: usize = 2;
/// How many operators may stand on top of each other: other threads have a small stack.
const HEIGHT_MAX: usize = 64;

/// An input that can be cut.
#[derive(Clone, Copy)]
pub(crate) struct Divisible<'a> {
    pub(crate) expr: &'a Expr,
    pub(crate) selector: &'a Selector,
    /// As [`Planner::with_totals`](super::Planner::with_totals) has it where the input is planned.
    pub(crate) totals_only: bool,
}

impl<'a> Divisible<'a> {
    pub(crate) fn new(expr: &'a Expr, totals_only: bool) -> Option<Self> {
        let selector = selector_of(expr, 0)?;
        Some(Self {
            expr,
            selector,
            totals_only,
        })
    }
}

/// Returns the one selector whose series an expression changes one by one.
fn selector_of(expr: &Expr, height: usize) -> Option<&Selector> {
    if height >= HEIGHT_MAX {
        return None;
    }
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Plus(inner) | ExprKind::Negate(inner) => {
            selector_of(inner, height + 1)
        }
        ExprKind::Selector(selector) | ExprKind::Matrix(selector, _) => {
            selector.extension.is_none().then_some(selector)
        }
        ExprKind::Binary(_) => selector_of(only_series(expr)?, height + 1),
        ExprKind::Call(call) if is_by_series(call) => selector_of(only_series(expr)?, height + 1),
        ExprKind::Call(_)
        | ExprKind::Aggregate(_)
        | ExprKind::Subquery(_)
        | ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Bytes(_) => None,
    }
}

fn is_by_series(call: &Call) -> bool {
    match call.function.body {
        Body::Window(_)
        | Body::WindowKeepingName(_)
        | Body::Float(_)
        | Body::Histogram(_)
        | Body::Date(_) => true,
        Body::Scalar(_) | Body::Operator(_) => false,
    }
}

/// Returns the part with series if there is one, and all other parts are numbers that no data is needed for: those are
/// calculated once per shard.
fn only_series(expr: &Expr) -> Option<&Expr> {
    let is_series = |e: &&Expr| matches!(e.value_type(), ValueType::Vector | ValueType::Matrix);
    let (series, numbers): (Vec<&Expr>, Vec<&Expr>) =
        expr.children().into_iter().partition(is_series);
    let mut open = numbers;
    while let Some(number) = open.pop() {
        if is_series(&number) {
            return None;
        }
        open.extend(number.children());
    }
    match series[..] {
        [series] => Some(series),
        _ => None,
    }
}

/// Cuts a number of series; `None` when they are too few, or their steps.
pub(crate) fn cut(series: usize, grid: &Grid) -> Option<Shards> {
    let size = (VALUES_PER_SHARD / grid.count.max(1)).max(SERIES_MIN);
    let shards = Shards { series, size };
    (grid.count >= STEPS_MIN && shards.count() >= SHARDS_MIN).then_some(shards)
}

/// Pieces of a list of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shards {
    series: usize,
    size: usize,
}

impl Shards {
    pub(crate) fn count(self) -> usize {
        self.series.div_ceil(self.size)
    }

    pub(crate) fn get(self, index: usize) -> Range<usize> {
        let start = index.saturating_mul(self.size).min(self.series);
        start..self.series.min(start + self.size)
    }
}

/// A selection that several threads may read.
pub(crate) struct Found {
    pub(crate) labels: Vec<Labels>,
    pub(crate) source: Box<dyn SampleSource>,
}

impl Found {
    pub(crate) fn new(labels: Vec<Labels>, source: Box<dyn SampleSource>) -> Self {
        Self { labels, source }
    }
}

/// The series of one shard.
pub(crate) struct Portion {
    pub(crate) labels: Vec<Labels>,
    pub(crate) source: Box<dyn SampleSource>,
    /// The number of the first of them in the selection.
    pub(crate) first: usize,
}

/// Selectors whose selection somebody wants to cut, by address.
#[derive(Default)]
pub(crate) struct Forks(Mutex<HashMap<usize, Option<Found>>>);

impl Forks {
    /// Asks for what a selector will find.
    pub(crate) fn want(&self, selector: &Selector) {
        self.with(|forks| forks.insert(address(selector), None));
    }

    /// Lets nobody have what a selector will find, because it is not all that the selector answers from.
    pub(crate) fn decline(&self, selector: &Selector) {
        self.with(|forks| forks.remove(&address(selector)));
    }

    pub(crate) fn are_wanted_of(&self, selector: &Selector) -> bool {
        self.with(|forks| forks.contains_key(&address(selector)))
    }

    pub(crate) fn give(&self, selector: &Selector, found: Found) {
        self.with(|forks| forks.insert(address(selector), Some(found)));
    }

    /// Returns what the selector found last, unless its store has one reader only.
    pub(crate) fn take(&self, selector: &Selector) -> Option<Found> {
        self.with(|forks| forks.get_mut(&address(selector))?.take())
    }

    fn with<T>(&self, change: impl FnOnce(&mut HashMap<usize, Option<Found>>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn address(selector: &Selector) -> usize {
    std::ptr::from_ref(selector).addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_series_one_by_one_is_divisible() {
        for (query, expected) in [
            ("a", true),
            ("-(rate(a[5m] offset 1h) * 100)", true),
            ("clamp_max(2 ^ a, time() / pi())", true),
            ("quantile_over_time(0.9, a[5m])", true),
            ("rate(a[5m]) > bool 3", true),
            ("histogram_sum(rate(a[5m]))", true),
            ("a * scalar(b)", false),
            ("quantile_over_time(scalar(b), a[5m])", false),
            ("a + a", false),
            ("sum(a)", false),
            ("rate(a[5m:1m])", false),
            ("label_replace(a, \"b\", \"\", \"c\", \"\")", false),
            ("timestamp(a)", false),
            ("absent_over_time(a[5m])", false),
            ("hour()", false),
            ("vector(1)", false),
        ] {
            let expr = crate::parse(query).unwrap();
            let found = Divisible::new(&expr, false).is_some();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn shards_cover_every_series_once() {
        assert_eq!(cut(1 << 20, &Grid::instant(0)), None);
        for steps in [32, 100, 1000, 1_000_000] {
            let grid = Grid::range(0, steps - 1, 1).unwrap();
            assert_eq!(cut(SERIES_MIN, &grid), None);
            for series in [1025, 5000] {
                let shards = cut(series, &grid).unwrap();
                let all = (0..shards.count()).flat_map(|index| shards.get(index));
                assert!(all.eq(0..series), "{shards:?}");
            }
        }
    }
}
