//! Parts of a query that are written several times are evaluated once: each place reads the same columns.
//!
//! Only what makes few series of many is shared, such as the denominator that several quotients have in common: the
//! columns wait in memory until the last place has read them, and a plain selector would wait with all its series.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use crate::ast::{Expr, ExprKind, ValueType};
use crate::error::QueryError;

use super::{Charge, Column, Context, Grid, Meta, Operator, Source};

/// Looking for repetitions means printing parts of the query, so it stops where that would take long.
const TEXT_BYTES_MAX: usize = 64 << 10;
/// As for the text: the search walks down from every part.
const HEIGHT_MAX: usize = 100;

/// Which parts of a query are written more than once, and what has been planned for them.
pub(crate) struct Repetitions<'a> {
    /// By the address of the part: which parts are the same.
    classes: HashMap<usize, usize>,
    planned: RefCell<Vec<Planned<'a>>>,
}

struct Planned<'a> {
    class: usize,
    /// The grid, and whether the buckets of histograms were left out.
    place: (Grid, bool),
    expr: &'a Expr,
    /// The operator of the profile.
    pub(super) node: Option<usize>,
    state: Rc<RefCell<State<'a>>>,
}

impl<'a> Repetitions<'a> {
    pub(crate) fn none() -> Self {
        Self {
            classes: HashMap::new(),
            planned: RefCell::default(),
        }
    }

    /// Finds them.
    pub(crate) fn of(expr: &'a Expr) -> Self {
        let mut texts: HashMap<String, Vec<usize>> = HashMap::new();
        let mut bytes = 0;
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            open.extend(expr.children());
            if expr.facts.height > HEIGHT_MAX || !is_worth_sharing(expr) {
                continue;
            }
            bytes += expr.span.end.saturating_sub(expr.span.start);
            if bytes > TEXT_BYTES_MAX {
                return Self::none();
            }
            texts
                .entry(expr.to_string())
                .or_default()
                .push(address(expr));
        }
        let repeated = texts.into_values().filter(|places| places.len() > 1);
        let classes = repeated
            .enumerate()
            .flat_map(|(class, places)| places.into_iter().map(move |place| (place, class)));
        Self {
            classes: classes.collect(),
            ..Self::none()
        }
    }

    /// Returns another reader of what was planned for the same part elsewhere, and the operator of the profile that
    /// evaluates it.
    pub(crate) fn find(
        &self,
        context: &Context<'_>,
        expr: &Expr,
        place: (Grid, bool),
    ) -> Option<(Source<'a>, &'a Expr, Option<usize>)> {
        let class = self.classes.get(&address(expr))?;
        let planned = self.planned.borrow();
        let is_same = |known: &&Planned<'a>| known.class == *class && known.place == place;
        // What began to run has given columns away already.
        let is_fresh = |known: &Planned<'a>| {
            let state = known.state.try_borrow();
            state.is_ok_and(|state| state.metas.is_none())
        };
        let fits = |known: &&Planned<'a>| is_same(known) && is_fresh(known);
        let known = planned.iter().rev().find(fits)?;
        twin(context, known.expr, expr);
        let reader = Reader::new(&known.state);
        Some((Box::new(reader), known.expr, known.node))
    }

    /// Makes what was planned for a part readable from the other places where it is written.
    pub(crate) fn share(
        &self,
        context: &'a Context<'a>,
        expr: &'a Expr,
        place: (Grid, bool),
        source: Source<'a>,
        node: Option<usize>,
    ) -> Source<'a> {
        let Some(class) = self.classes.get(&address(expr)) else {
            return source;
        };
        let state = Rc::new(RefCell::new(State {
            source,
            metas: None,
            waiting: VecDeque::new(),
            first: 0,
            readers: Vec::new(),
            held: context.charge(),
        }));
        let reader = Reader::new(&state);
        self.planned.borrow_mut().push(Planned {
            class: *class,
            place,
            expr,
            node,
            state,
        });
        Box::new(reader)
    }
}

fn address(expr: &Expr) -> usize {
    std::ptr::from_ref(expr).addr()
}

/// Says whether a part makes few series of many.
fn is_worth_sharing(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Aggregate(_) => true,
        ExprKind::Call(_) => is_reduced(expr),
        _ => false,
    }
}

fn is_reduced(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Aggregate(_) => true,
        ExprKind::Call(_)
        | ExprKind::Binary(_)
        | ExprKind::Paren(_)
        | ExprKind::Plus(_)
        | ExprKind::Negate(_) => {
            let is_data =
                |expr: &&Expr| matches!(expr.value_type(), ValueType::Vector | ValueType::Matrix);
            let mut data = expr.children().into_iter().filter(is_data).peekable();
            expr.value_type() == ValueType::Vector && data.peek().is_some() && data.all(is_reduced)
        }
        ExprKind::Subquery(subquery) => is_reduced(&subquery.expr),
        ExprKind::Number(_)
        | ExprKind::String(_)
        | ExprKind::Bytes(_)
        | ExprKind::Selector(_)
        | ExprKind::Matrix(..) => false,
    }
}

/// What is said about the one part is said about the other as well.
fn twin(context: &Context<'_>, expr: &Expr, other: &Expr) {
    let mut open = vec![(expr, other)];
    while let Some((expr, other)) = open.pop() {
        if expr.position != other.position {
            context.twin(expr.position, other.position);
        }
        open.extend(expr.children().into_iter().zip(other.children()));
    }
}

struct State<'a> {
    source: Source<'a>,
    metas: Option<Vec<Meta>>,
    /// Columns that some place has not read yet.
    waiting: VecDeque<Column>,
    /// The number of the first of them.
    first: usize,
    /// Which column each place reads next.
    readers: Vec<usize>,
    held: Charge<'a>,
}

/// One of the places.
struct Reader<'a> {
    state: Rc<RefCell<State<'a>>>,
    index: usize,
}

impl<'a> Reader<'a> {
    fn new(state: &Rc<RefCell<State<'a>>>) -> Self {
        let mut shared = state.borrow_mut();
        shared.readers.push(0);
        Self {
            state: Rc::clone(state),
            index: shared.readers.len() - 1,
        }
    }
}

impl Operator for Reader<'_> {
    fn series(&mut self) -> Result<Vec<Meta>, QueryError> {
        let mut state = self.state.borrow_mut();
        if state.metas.is_none() {
            let metas = state.source.series()?;
            state.held.add_table::<Meta>(metas.len(), 1)?;
            state.metas = Some(metas);
        }
        Ok(state.metas.clone().expect("it was just set"))
    }

    fn next(&mut self, into: &mut Column) -> Result<(), QueryError> {
        let mut state = self.state.borrow_mut();
        let number = state.readers[self.index];
        match number
            .checked_sub(state.first)
            .and_then(|at| state.waiting.get(at))
        {
            Some(column) => into.clone_from(column),
            None => state.pull(self.index, into)?,
        }
        state.readers[self.index] += 1;
        state.forget();
        Ok(())
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.readers[self.index] = usize::MAX;
        state.forget();
    }
}

impl State<'_> {
    /// Reads the next column, and keeps it for those who have not read it.
    fn pull(&mut self, reader: usize, into: &mut Column) -> Result<(), QueryError> {
        self.source.next(into)?;
        let is_behind = |(index, next): (usize, &usize)| index != reader && *next != usize::MAX;
        if self.readers.iter().enumerate().any(is_behind) {
            self.held.add(into.byte_count(), into.present_count())?;
            self.waiting.push_back(into.clone());
        } else {
            self.first += 1;
        }
        Ok(())
    }

    /// Drops what every place has read.
    fn forget(&mut self) {
        let next = self.readers.iter().copied().min().unwrap_or(usize::MAX);
        while self.first < next {
            let Some(column) = self.waiting.pop_front() else {
                return;
            };
            self.first += 1;
            self.held
                .subtract(column.byte_count(), column.present_count());
        }
    }
}
