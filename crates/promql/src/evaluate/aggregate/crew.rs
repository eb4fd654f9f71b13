//! Threads that evaluate the shards of an aggregation's input together.
//!
//! Each takes the next shard, folds its series into states of its own, and waits for its turn to add them to the table:
//! shards are added in their order, so it does not matter who is faster. The first shard that is not done never waits,
//! so somebody always gets on. A thread without company does the same, one shard after the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, ScopedJoinHandle};

use plimsoll_types::{Labels, SampleSource};

use crate::error::QueryError;

use super::super::shards::{Divisible, Found, Portion, Shards};
use super::super::{Column, Context, Grid, Planner};
use super::Groups;
use super::table::{Part, Table};

/// An aggregation over shards.
pub(super) struct Crew<'a, T> {
    context: &'a Context<'a>,
    input: Divisible<'a>,
    grid: Grid,
    groups: &'a Groups,
    shards: Shards,
    source: Mutex<Box<dyn SampleSource>>,
    /// The labels of each shard that nobody took yet.
    labels: Mutex<Vec<Vec<Labels>>>,
    claimed: AtomicUsize,
    line: Mutex<Line<T>>,
    moved: Condvar,
}

/// Who waits for what.
struct Line<T> {
    /// The shard whose turn it is.
    next: usize,
    /// The first shard, in their order, that failed.
    failure: Option<(usize, QueryError)>,
    /// A thread panicked.
    is_broken: bool,
    table: T,
}

/// Why a shard was not added.
enum Stop {
    Failed(QueryError),
    /// One before it was not added either.
    Pointless,
}

impl From<QueryError> for Stop {
    fn from(error: QueryError) -> Self {
        Self::Failed(error)
    }
}

impl<'a, T: Table> Crew<'a, T> {
    pub(super) fn new(
        context: &'a Context<'a>,
        (input, found): (Divisible<'a>, Found),
        grid: Grid,
        (groups, shards): (&'a Groups, Shards),
        table: T,
    ) -> Self {
        // The first series is in the table before all shards.
        let mut all = found.labels.into_iter().skip(1);
        let sizes = (0..shards.count()).map(|index| shards.get(index).len());
        let labels = sizes
            .map(|size| all.by_ref().take(size).collect())
            .collect();
        let line = Line {
            next: 0,
            failure: None,
            is_broken: false,
            table,
        };
        Self {
            context,
            input,
            grid,
            groups,
            shards,
            source: Mutex::new(found.source),
            labels: Mutex::new(labels),
            claimed: AtomicUsize::new(0),
            line: Mutex::new(line),
            moved: Condvar::new(),
        }
    }

    /// Evaluates all shards on this thread and those that can be had.
    pub(super) fn run(self) -> Result<T, QueryError> {
        let helpers = self.context.helpers.lend(self.shards.count() - 1);
        std::thread::scope(|scope| {
            let start = || {
                let thread = Builder::new().name("plimsoll-shard".into());
                thread.spawn_scoped(scope, || self.work())
            };
            // Where no thread can be started, there is still this one.
            let started = (0..helpers.count()).map_while(|_| start().ok());
            let started: Vec<ScopedJoinHandle<'_, ()>> = started.collect();
            self.work();
            for thread in started {
                if let Err(panic) = thread.join() {
                    std::panic::resume_unwind(panic);
                }
            }
        });
        let line = self.line.into_inner();
        let line = line.unwrap_or_else(PoisonError::into_inner);
        match line.failure {
            Some((_, error)) => Err(error),
            None => Ok(line.table),
        }
    }

    /// Evaluates shards until there are no more, or one failed.
    fn work(&self) {
        let _alarm = Alarm(self);
        loop {
            let index = self.claimed.fetch_add(1, Ordering::Relaxed);
            if index >= self.shards.count() || self.line().has_stopped() {
                return;
            }
            match self.shard(index) {
                Ok(()) => {}
                Err(Stop::Failed(error)) => return self.fail(index, error),
                Err(Stop::Pointless) => return,
            }
        }
    }

    fn shard(&self, index: usize) -> Result<(), Stop> {
        let range = self.shards.get(index);
        let range = range.start + 1..range.end + 1;
        let context = &self.context.shard(self.portion(index, range.start)?);
        let planner = Planner::of_shard(context, self.input.totals_only);
        let mut source = planner.vector(self.input.expr, &self.grid)?;
        source.series()?;
        let mut part = Some(Part::new(context, self.grid.count));
        let mut turn = None;
        let mut column = Column::default();
        for series in range {
            source.next(&mut column)?;
            context.work(self.grid.count)?;
            let group = self.groups.of_series[series];
            if T::KEEPS_HISTOGRAMS && column.has_histograms() && turn.is_none() {
                turn = Some(self.turn(index, &mut part)?);
            }
            match (&mut turn, &mut part) {
                (Some(line), _) => {
                    let meta = &self.groups.series[series];
                    line.table.add(group, &column, meta)?;
                }
                (None, Some(part)) => part.add(group, &column)?,
                (None, None) => unreachable!("the part is given away for a turn"),
            }
        }
        let mut line = match turn {
            Some(line) => line,
            None => self.turn(index, &mut part)?,
        };
        drop(source);
        context.end_shard();
        line.next += 1;
        drop(line);
        self.moved.notify_all();
        Ok(())
    }

    /// Returns what a shard reads.
    fn portion(&self, index: usize, first: usize) -> Result<Portion, QueryError> {
        let refused = || QueryError::execution("the store takes no more readers");
        Ok(Portion {
            labels: std::mem::take(&mut lock(&self.labels)[index]),
            source: lock(&self.source).fork().ok_or_else(refused)?,
            first,
        })
    }

    /// Waits until all shards before this one are in the table, and adds this one's part.
    fn turn(
        &self,
        index: usize,
        part: &mut Option<Part<'_, T::State>>,
    ) -> Result<MutexGuard<'_, Line<T>>, Stop> {
        let mut line = self.line();
        while line.next != index {
            if line.has_stopped_before(index) {
                return Err(Stop::Pointless);
            }
            line = self
                .moved
                .wait(line)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(part) = part.take() {
            line.table.merge(part);
        }
        Ok(line)
    }

    fn fail(&self, index: usize, error: QueryError) {
        let mut line = self.line();
        if !line.has_stopped_before(index) {
            line.failure = Some((index, error));
        }
        drop(line);
        self.moved.notify_all();
    }

    fn line(&self) -> MutexGuard<'_, Line<T>> {
        lock(&self.line)
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Line<T> {
    fn has_stopped(&self) -> bool {
        self.is_broken || self.failure.is_some()
    }

    fn has_stopped_before(&self, index: usize) -> bool {
        let failed = self.failure.as_ref();
        self.is_broken || failed.is_some_and(|(failed, _)| *failed < index)
    }
}

/// Tells those who wait when this thread panics: its shard will never be done.
struct Alarm<'c, 'a, T: Table>(&'c Crew<'a, T>);

impl<T: Table> Drop for Alarm<'_, '_, T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.line().is_broken = true;
            self.0.moved.notify_all();
        }
    }
}
