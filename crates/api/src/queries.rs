//! The queries that run or wait now, and the last ones that ended.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_promql::{Progress, QueryMemory};
use plimsoll_runtime::clock::Monotonic;
use plimsoll_types::Timestamp;
use tokio::sync::Notify;

use crate::admission::Lane;

/// How much of a query's text is kept for those who look at lists.
const TEXT_BYTES_MAX: usize = 4096;
/// How many of the last queries are remembered; VictoriaMetrics remembers 20,000.
const FINISHED_MAX: usize = 4096;
/// How many kinds of heavy queries are remembered.
const HEAVY_MAX: usize = 1024;

/// What somebody asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// The text, cut when it is very long.
    pub(crate) text: Arc<str>,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// Zero for an instant query.
    pub(crate) step: Duration,
    /// Who asked; unknown without a socket.
    pub(crate) client: Option<IpAddr>,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Stands for the whole text.
    hash: u64,
}

/// Where a query is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) lane: Lane,
    pub(crate) is_running: bool,
}

/// A query that waits or runs.
#[derive(Debug)]
pub(crate) struct Active {
    pub(crate) id: u64,
    pub(crate) asked: Asked,
    pub(crate) started: Timestamp,
    pub(crate) began: Monotonic,
    inner: Mutex<Attempt>,
    canceled: Arc<AtomicBool>,
    is_killed: AtomicBool,
    killed: Notify,
}

/// What changes while a query waits and runs.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) state: State,
    pub(crate) progress: Arc<Progress>,
    pub(crate) memory: Option<QueryMemory>,
}

/// A query that ended.
#[derive(Clone, Debug)]
pub(crate) struct Finished {
    pub(crate) text: Arc<str>,
    /// From its start to its end.
    pub(crate) range: Duration,
    pub(crate) duration: Duration,
    pub(crate) ended: Monotonic,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Queries {
    hasher: RandomState,
    next: AtomicU64,
    active: Mutex<BTreeMap<u64, Arc<Active>>>,
    finished: Mutex<VecDeque<Finished>>,
    heavy: Mutex<HeavyKinds>,
}

/// Kinds of queries that were heavy, the one that was seen longest ago first.
#[derive(Debug, Default)]
struct HeavyKinds {
    seen: HashMap<u64, u64>,
    order: BTreeMap<u64, u64>,
    next: u64,
}

impl Queries {
    /// Makes it; ids begin at `now`, so that those of an earlier process mean nothing here.
    pub(crate) fn new(now: Timestamp) -> Self {
        let first = u64::try_from(now.millis()).unwrap_or(0) << 20;
        Self {
            hasher: RandomState::new(),
            next: AtomicU64::new(first),
            active: Mutex::default(),
            finished: Mutex::default(),
            heavy: Mutex::default(),
        }
    }

    /// Describes a query.
    pub(crate) fn asked(
        &self,
        text: &str,
        (start, end, step): (Timestamp, Timestamp, Duration),
        client: Option<IpAddr>,
        (method, path): (String, String),
    ) -> Asked {
        Asked {
            text: shortened(text).into(),
            start,
            end,
            step,
            client,
            method,
            path,
            hash: self.hasher.hash_one(text),
        }
    }

    /// Lists a query until the entry is dropped.
    pub(crate) fn enter(
        self: &Arc<Self>,
        asked: Asked,
        lane: Lane,
        (started, began): (Timestamp, Monotonic),
    ) -> Entry {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let active = Arc::new(Active {
            id,
            asked,
            started,
            began,
            inner: Mutex::new(Attempt {
                state: State {
                    lane,
                    is_running: false,
                },
                progress: Arc::default(),
                memory: None,
            }),
            canceled: Arc::new(AtomicBool::new(false)),
            is_killed: AtomicBool::new(false),
            killed: Notify::new(),
        });
        lock(&self.active).insert(id, Arc::clone(&active));
        Entry {
            queries: Arc::clone(self),
            active,
        }
    }

    /// Returns those that wait or run, the oldest first.
    pub(crate) fn active(&self) -> Vec<Arc<Active>> {
        lock(&self.active).values().cloned().collect()
    }

    /// Ends a query; says whether there was one.
    pub(crate) fn kill(&self, id: u64) -> Option<Arc<Active>> {
        let active = lock(&self.active).get(&id).cloned()?;
        active.is_killed.store(true, Ordering::Relaxed);
        active.canceled.store(true, Ordering::Relaxed);
        active.killed.notify_one();
        Some(active)
    }

    /// Says whether queries of this kind were heavy: the same text over as long a range in as many steps.
    pub(crate) fn is_heavy(&self, asked: &Asked) -> bool {
        lock(&self.heavy).seen.contains_key(&self.kind(asked))
    }

    /// Remembers what a query of this kind turned out to be.
    pub(crate) fn remember(&self, asked: &Asked, is_heavy: bool) {
        let kind = self.kind(asked);
        lock(&self.heavy).remember(kind, is_heavy);
    }

    fn kind(&self, asked: &Asked) -> u64 {
        let range = asked.end.millis_since(asked.start);
        self.hasher
            .hash_one((asked.hash, range, asked.step.as_millis()))
    }

    /// Remembers a query that ended.
    pub(crate) fn finish(&self, active: &Active, ended: Monotonic) {
        let asked = &active.asked;
        let range = u64::try_from(asked.end.millis_since(asked.start)).unwrap_or(0);
        let mut finished = lock(&self.finished);
        if finished.len() >= FINISHED_MAX {
            finished.pop_front();
        }
        finished.push_back(Finished {
            text: Arc::clone(&asked.text),
            range: Duration::from_millis(range),
            duration: ended.since(active.began),
            ended,
        });
    }

    /// Returns the last ones that ended after `since`.
    pub(crate) fn finished(&self, since: Monotonic) -> Vec<Finished> {
        let finished = lock(&self.finished);
        let is_recent = |query: &&Finished| query.ended >= since;
        finished.iter().filter(is_recent).cloned().collect()
    }
}

impl HeavyKinds {
    fn remember(&mut self, kind: u64, is_heavy: bool) {
        if let Some(order) = self.seen.remove(&kind) {
            self.order.remove(&order);
        }
        if !is_heavy {
            return;
        }
        self.next += 1;
        self.seen.insert(kind, self.next);
        self.order.insert(self.next, kind);
        if self.seen.len() > HEAVY_MAX
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.seen.remove(&oldest);
        }
    }
}

impl Active {
    pub(crate) fn attempt(&self) -> Attempt {
        lock(&self.inner).clone()
    }

    /// Moves on, with the counters of a new attempt when it begins to run.
    pub(crate) fn become_state(&self, state: State) {
        lock(&self.inner).state = state;
    }

    pub(crate) fn begin(&self, progress: Arc<Progress>, memory: QueryMemory) {
        let mut attempt = lock(&self.inner);
        attempt.state.is_running = true;
        attempt.progress = progress;
        attempt.memory = Some(memory);
    }

    pub(crate) fn cancel_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.canceled)
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.is_killed.load(Ordering::Relaxed)
    }

    /// Waits until somebody kills it.
    pub(crate) async fn killed(&self) {
        while !self.is_killed() {
            self.killed.notified().await;
        }
    }
}

/// A place in the list. Dropping it, as happens when the client goes away, ends the query.
#[derive(Debug)]
pub(crate) struct Entry {
    queries: Arc<Queries>,
    pub(crate) active: Arc<Active>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.active.canceled.store(true, Ordering::Relaxed);
        lock(&self.queries.active).remove(&self.active.id);
    }
}

fn shortened(text: &str) -> String {
    match text.len() > TEXT_BYTES_MAX {
        true => format!("{}...", &text[..text.floor_char_boundary(TEXT_BYTES_MAX)]),
        false => text.into(),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queries() -> Arc<Queries> {
        Arc::new(Queries::new(Timestamp::from_millis(1000)))
    }

    fn asked(queries: &Queries, text: &str, seconds: i64) -> Asked {
        let (start, end) = (Timestamp::EPOCH, Timestamp::from_millis(1000 * seconds));
        let request = ("GET".into(), "/api/v1/query_range".into());
        queries.asked(text, (start, end, Duration::from_secs(1)), None, request)
    }

    fn enter(queries: &Arc<Queries>, text: &str) -> Entry {
        let origin = Monotonic::from_origin(Duration::ZERO);
        queries.enter(
            asked(queries, text, 60),
            Lane::Light,
            (Timestamp::EPOCH, origin),
        )
    }

    #[test]
    fn a_query_is_listed_while_somebody_waits_for_it() {
        let queries = queries();
        let (first, second) = (enter(&queries, "a"), enter(&queries, "b"));
        let texts = |queries: &Queries| -> Vec<String> {
            let active = queries.active();
            active
                .iter()
                .map(|query| query.asked.text.to_string())
                .collect()
        };
        assert_eq!(texts(&queries), ["a", "b"]);
        let canceled = first.active.cancel_flag();
        drop(first);
        assert!(canceled.load(Ordering::Relaxed));
        assert_eq!(texts(&queries), ["b"]);
        assert!(queries.kill(0).is_none());
        assert!(queries.kill(second.active.id).is_some());
        assert!(second.active.is_killed());
    }

    #[test]
    fn the_kind_of_a_heavy_query_is_remembered_for_a_while() {
        let queries = queries();
        let first = asked(&queries, "a", 60);
        queries.remember(&first, true);
        assert!(queries.is_heavy(&asked(&queries, "a", 60)));
        assert!(
            !queries.is_heavy(&asked(&queries, "a", 61)),
            "another range"
        );
        queries.remember(&first, false);
        assert!(!queries.is_heavy(&first));
        queries.remember(&first, true);
        for index in 0..HEAVY_MAX {
            assert!(queries.is_heavy(&first), "{index}");
            queries.remember(&asked(&queries, &format!("b{index}"), 60), true);
        }
        assert!(!queries.is_heavy(&first), "the oldest is forgotten");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let text = "\u{e9}".repeat(TEXT_BYTES_MAX);
        let shown = shortened(&text);
        assert!(shown.ends_with("\u{e9}...") && shown.len() <= TEXT_BYTES_MAX + 3);
        assert_eq!(shortened("up"), "up");
    }
}
