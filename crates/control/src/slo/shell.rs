//! The loop: what arrives is counted every second, and judged at the end of every slice.
//!
//! | phase | what is done |
//! |---|---|
//! | `Empty` | nothing: no configuration was put into force yet |
//! | `CatchingUp` | stored samples are counted piece by piece; what arrives waits in the queue; nothing is judged |
//! | `Counting` | what arrives is counted, and judged every ten seconds |
//!
//! ```text
//! Empty --first configuration, snapshot and rows read--> CatchingUp --nothing is missing--> Counting
//!                                                          ^                                   |
//!                                                          +-- samples were not seen ----------+
//! ```

use std::io;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Monotonic;
use plimsoll_slo::Catalog;
use plimsoll_slo::engine::{Changed, Revision, Tallies};
use plimsoll_state::Change;
use plimsoll_types::{TimeRange, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::asking::Asked;
use super::counting::{self, Counter};
use super::teller::Told;
use super::{Inner, restore, rows};

/// How often what arrived is counted.
const PULSE: Duration = Duration::from_secs(1);
/// The pause after samples could not be read from the store.
const RETRY: Duration = Duration::from_secs(5);
/// How long the rows of the store of state are waited for; without them an alert may be told anew.
const ROWS_MAX: Duration = Duration::from_secs(30);
/// How long a start waits for them before it goes on to other things.
const ROWS_AT_START: Duration = Duration::from_secs(5);
/// The length of a slice.
const SLICE_MILLIS: i64 = plimsoll_slo::Span::SLICE.as_millis() as i64;
/// How far behind the engine the clock may fall before everything is counted again: what arrives would be too early.
const CLOCK_BACK_MAX: i64 = 60_000;
/// The least time between two times that everything is counted again from the snapshot.
const REBUILD_PAUSE: Duration = Duration::from_mins(1);

/// What callers ask of the loop.
pub(super) enum Ask {
    /// To put objectives into force.
    Apply {
        catalog: Arc<Catalog>,
        reply: oneshot::Sender<()>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Empty,
    CatchingUp,
    Counting,
}

/// What the loop works with.
pub(super) struct Shell {
    inner: Arc<Inner>,
    asks: mpsc::Receiver<Ask>,
    steps: mpsc::Sender<Told>,
    phase: Phase,
    counter: Counter,
    asked: Asked,
    /// Whether the queue ran over since it was begun to catch up.
    has_lost: bool,
    /// The end of the slice that was judged last.
    judged: Timestamp,
    snapshot_at: Monotonic,
    /// When everything may be counted again from the snapshot, after an error of the program.
    rebuild_at: Monotonic,
    /// Whether the engine knows what was judged before the start.
    has_rows: bool,
    /// Until when that is waited for.
    rows_until: Monotonic,
    /// When samples are read again after the store could not.
    retry_at: Monotonic,
    /// What the metrics were told.
    tallies: Tallies,
}

impl Shell {
    pub(super) fn new(
        inner: Arc<Inner>,
        asks: mpsc::Receiver<Ask>,
        steps: mpsc::Sender<Told>,
    ) -> Self {
        let now = inner.clock.monotonic();
        Self {
            inner,
            asks,
            steps,
            phase: Phase::Empty,
            counter: Counter::default(),
            asked: Asked::default(),
            has_lost: false,
            judged: Timestamp::MIN,
            snapshot_at: now,
            rebuild_at: now,
            has_rows: false,
            rows_until: now.after(ROWS_MAX),
            retry_at: now,
            tallies: Tallies::default(),
        }
    }

    /// Runs until everything has to end.
    pub(super) async fn run(mut self) {
        let stop = self.inner.stop.clone();
        let mut pulse_at = self.inner.clock.monotonic();
        while !stop.is_triggered() {
            tokio::select! {
                biased;
                () = stop.wait() => {}
                Some(ask) = self.asks.recv() => self.answer(ask).await,
                () = self.inner.clock.sleep_until(pulse_at) => {
                    pulse_at = self.inner.clock.monotonic().after(PULSE);
                    self.pulse().await;
                }
            }
        }
        self.finish().await;
    }

    async fn answer(&mut self, ask: Ask) {
        let Ask::Apply { catalog, reply } = ask;
        match self.phase {
            Phase::Empty => {
                self.inner.known.wait(&self.inner, ROWS_AT_START).await;
                self.rebuild(catalog).await;
            }
            Phase::CatchingUp | Phase::Counting => self.reload(catalog).await,
        }
        // Whoever asked may be gone.
        let _ = reply.send(());
    }

    /// Makes an engine from the snapshot and what the store of samples has since.
    async fn rebuild(&mut self, catalog: Arc<Catalog>) {
        let now = self.inner.clock.monotonic();
        self.rebuild_at = now.after(REBUILD_PAUSE);
        self.snapshot_at = now.after(self.inner.snapshot_interval());
        self.has_rows = false;
        let work = move |inner: &Inner| restore::engine(inner, catalog);
        if let Some(why) = self.blocking("slo restore", work).await {
            self.inner.metrics.recounted(why);
            if why != restore::SNAPSHOT {
                // Until there is one, what was counted is nowhere else.
                self.snapshot_at = now;
            }
        }
        self.phase = Phase::CatchingUp;
        self.tell_versions().await;
    }

    /// Puts other objectives into force; those that count as before go on.
    async fn reload(&mut self, catalog: Arc<Catalog>) {
        let work = move |inner: &Inner| {
            let now = inner.clock.now();
            let changes = inner.engine_mut().reload(catalog, now);
            inner.known.put_in_force(&mut inner.engine_mut());
            restore::want(inner);
            // What was written between the two was not seen.
            inner.engine_mut().lose(now);
            changes
        };
        let changes = self.blocking("slo reload", work).await;
        for change in changes.iter().flatten() {
            match change {
                Changed::Added(slo) => tracing::info!(%slo, "an objective is counted from now on"),
                Changed::Version(slo, version) => {
                    tracing::info!(%slo, version = version.number, "an objective counts differently from now on");
                }
                Changed::Removed(slo) => {
                    tracing::info!(%slo, "an objective is in no file any more; its counts are kept for a while");
                }
            }
        }
        if changes.is_none_or(|changes| !changes.is_empty()) {
            // A start before the next snapshot would let versions begin where the last one ends, not where they did.
            self.snapshot_at = self.inner.clock.monotonic();
        }
        self.phase = Phase::CatchingUp;
        self.tell_versions().await;
    }

    /// Makes the versions of all objectives durable: what is there already is written again.
    async fn tell_versions(&self) {
        let versions = self.versions();
        self.tell(Told::Rows(versions)).await;
    }

    fn versions(&self) -> Vec<Change> {
        let engine = self.inner.engine();
        let mut all = Vec::new();
        for slo in &engine.catalog().slos {
            let versions = engine.versions(&slo.id);
            let written = |version| rows::from_version(&slo.id, version);
            all.extend(versions.iter().map(written));
        }
        all
    }

    async fn pulse(&mut self) {
        if self.phase == Phase::Empty {
            return;
        }
        self.inner.tap.tidy_up();
        let is_catching_up = self.phase == Phase::CatchingUp;
        self.inner.metrics.is_catching_up.set(is_catching_up.into());
        if self.phase == Phase::CatchingUp && !self.catch_up().await {
            return;
        }
        // The time is taken before what arrived is counted: what arrives after it cannot be late already, however long this
        // takes or the process is paused.
        let now = self.inner.clock.now();
        self.count().await;
        if self.is_ready_to_judge() {
            self.judge(now).await;
        }
        if self.inner.clock.monotonic() >= self.snapshot_at {
            self.snapshot().await;
        }
    }

    /// Counts stored samples that were not seen; says whether nothing is missing any more.
    async fn catch_up(&mut self) -> bool {
        if self.inner.clock.monotonic() < self.retry_at {
            return false;
        }
        loop {
            let now = self.inner.clock.now();
            self.has_lost = false;
            if !self.catch_up_to(now).await {
                return false;
            }
            // What arrives meanwhile waits in the queue; after a long time it would be too far in the future.
            let is_near = self.inner.clock.now().millis_since(now) < SLICE_MILLIS;
            if is_near && !self.has_lost {
                self.phase = Phase::Counting;
                return true;
            }
            self.inner.engine_mut().lose(now);
        }
    }

    async fn catch_up_to(&mut self, now: Timestamp) -> bool {
        loop {
            // What arrives late for a piece that was read already is nowhere else to be seen, and the queue is short.
            let from = self.inner.engine().missing_from();
            let unread = from.filter(|from| *from < now);
            let unread = unread.map(|from| TimeRange::new(from, now));
            match self.count_arrived(unread).await {
                Some(has_lost) => self.has_lost |= has_lost,
                None => {
                    self.start_over("counting panicked").await;
                    return false;
                }
            }
            let Some(range) = self.inner.engine_mut().catch_up(now) else {
                return true;
            };
            let work = move |inner: &Inner| counting::count_stored(inner, range);
            let counted = self.blocking("slo recount", work).await;
            if self.inner.stop.is_triggered() {
                return false;
            }
            if let Some(Err(error)) = &counted {
                tracing::warn!(%error, "samples of objectives were not read; they are read again");
            }
            if !matches!(counted, Some(Ok(()))) {
                self.inner.engine_mut().lose(range.start);
                self.retry_at = self.inner.clock.monotonic().after(RETRY);
                return false;
            }
            while self.asked.round(&self.inner).await {}
        }
    }

    /// Counts what arrived.
    async fn count(&mut self) {
        if self.count_arrived(None).await.is_none() {
            return self.start_over("counting panicked").await;
        }
        if self.inner.engine().is_catching_up() {
            self.inner.metrics.recounted("overflow");
            self.phase = Phase::CatchingUp;
        }
    }

    /// Counts what waits in the queue; says whether something did not fit into it, and `None` after a panic.
    async fn count_arrived(&mut self, unread: Option<TimeRange>) -> Option<bool> {
        let mut counter = std::mem::take(&mut self.counter);
        let work = move |inner: &Inner| {
            let has_lost = counter.count_arrived(inner, unread);
            (counter, has_lost)
        };
        let (counter, has_lost) = self.blocking("slo count", work).await?;
        self.counter = counter;
        Some(has_lost)
    }

    /// Counts everything since the last snapshot again: what the engine has is not to be trusted.
    async fn start_over(&mut self, why: &str) {
        if self.inner.clock.monotonic() < self.rebuild_at {
            return;
        }
        tracing::error!(why, "objectives are counted again from the last snapshot");
        let catalog = Arc::clone(self.inner.engine().catalog());
        self.rebuild(catalog).await;
    }

    /// Says whether alerts may be decided: what was decided before the start is known, or has been waited for.
    fn is_ready_to_judge(&mut self) -> bool {
        if self.phase != Phase::Counting {
            return false;
        }
        if !self.has_rows {
            let is_late = self.inner.clock.monotonic() >= self.rows_until;
            if !self.inner.known.is_read() && !is_late {
                return false;
            }
            self.has_rows = true;
            let wrong = self
                .inner
                .engine_mut()
                .restore_rows(self.inner.known.budgets());
            for (budget, error) in wrong {
                tracing::error!(%budget, %error, "an alert begins anew");
            }
        }
        true
    }

    /// Judges at the end of each slice.
    async fn judge(&mut self, now: Timestamp) {
        let slice = now.align_down(SLICE_MILLIS);
        if now.saturating_add_millis(CLOCK_BACK_MAX) < self.inner.engine().now() {
            return self.start_over("the clock was set back").await;
        }
        if slice == self.judged {
            return;
        }
        let missed = slice.millis_since(self.judged) / SLICE_MILLIS - 1;
        if self.judged != Timestamp::MIN && missed > 0 {
            self.inner
                .metrics
                .ticks_missed
                .inc_by(missed.unsigned_abs());
        }
        self.judged = slice;
        let start = self.inner.clock.monotonic();
        let work = move |inner: &Inner| inner.engine_mut().tick(now);
        let Some(step) = self.blocking("slo tick", work).await else {
            return self.start_over("judging panicked").await;
        };
        let took = self.inner.clock.monotonic().since(start);
        self.inner.metrics.ticked(took);
        self.show();
        tell_revisions(&step.revisions);
        self.inner.known.note(&step.rows);
        self.tell(Told::Step(Box::new(step))).await;
    }

    fn show(&mut self) {
        let tallies = self.inner.engine().tallies();
        self.inner.metrics.tallies(&self.tallies, &tallies);
        self.tallies = tallies;
    }

    async fn tell(&self, told: Told) {
        // Who tells ends after this loop.
        let _ = self.steps.send(told).await;
    }

    /// Writes a snapshot. One that fails leaves the one before; a start then counts more again.
    async fn snapshot(&mut self) {
        let now = self.inner.clock.monotonic();
        self.snapshot_at = now.after(self.inner.snapshot_interval());
        if self.phase != Phase::Counting {
            return;
        }
        let work = move |inner: &Inner| {
            let mut bytes = Vec::new();
            let horizon = inner.engine().write_snapshot(&mut bytes)?;
            inner.snapshot.write(&bytes)?;
            Ok::<_, io::Error>((bytes.len(), horizon))
        };
        match self.blocking("slo snapshot", work).await {
            Some(Ok((bytes, horizon))) => self.inner.metrics.snapshot(bytes, horizon),
            Some(Err(error)) => {
                self.inner.metrics.snapshot_failures.inc();
                tracing::error!(%error, "the snapshot of objectives was not written");
            }
            None => {
                self.inner.metrics.snapshot_failures.inc();
            }
        }
    }

    /// Counts what was written last, so that the snapshot is as new as can be.
    async fn finish(&mut self) {
        if self.phase == Phase::Counting {
            self.count().await;
            self.snapshot().await;
        }
    }

    /// Runs work on a thread; `None` when it panicked, which has been logged.
    async fn blocking<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Option<T> {
        let inner = Arc::clone(&self.inner);
        let done = self.inner.tasks.run_blocking(name, move || work(&inner));
        done.await.ok()
    }
}

/// Tells of samples that revised what had been counted; of many the first.
fn tell_revisions(revisions: &[Revision]) {
    let Some(first) = revisions.first() else {
        return;
    };
    let Revision { series, time, seen } = first;
    let count = revisions.len();
    tracing::info!(count, %series, %time, %seen, "late samples revised what objectives had counted");
}
