use std::sync::Mutex;

use plimsoll_testkit::MemoryStore;
use plimsoll_types::{Durability, Sample, StorageErrorKind, Timestamp};

use super::*;

/// A store whose series are all active until they are forgotten.
#[derive(Clone, Default)]
struct Store {
    memory: MemoryStore,
    known: Arc<Mutex<Vec<(Labels, SeriesRef)>>>,
    removals: Arc<AtomicU64>,
}

impl Store {
    fn forget(&self, labels: &Labels) {
        let mut known = self.known.lock().unwrap();
        known.retain(|(known, _)| known != labels);
        self.removals.fetch_add(1, Ordering::Relaxed);
    }
}

impl Appender for Store {
    fn resolve(&self, labels: &Labels) -> Result<SeriesRef, StorageError> {
        let series = self.memory.resolve(labels)?;
        let mut known = self.known.lock().unwrap();
        if known.iter().all(|(_, of)| *of != series) {
            known.push((labels.clone(), series));
        }
        Ok(series)
    }

    fn labels(&self, series: SeriesRef) -> Option<Labels> {
        let known = self.known.lock().unwrap();
        let found = known.iter().find(|(_, known)| *known == series);
        found.map(|(labels, _)| labels.clone())
    }

    fn append(&self, batch: &WriteBatch, durability: Durability) -> Result<Appended, StorageError> {
        self.memory.append(batch, durability)
    }
}

impl ActiveSeries for Store {
    fn find(&self, labels: &Labels) -> Option<SeriesRef> {
        let known = self.known.lock().unwrap();
        let found = known.iter().find(|(known, _)| known == labels);
        found.map(|(_, series)| *series)
    }

    fn count(&self) -> u64 {
        self.known.lock().unwrap().len() as u64
    }

    fn count_with(&self, name: &str, value: &str) -> u64 {
        let mut count = 0;
        self.visit_with(name, value, &mut |_| count += 1);
        count
    }

    fn visit_with(&self, name: &str, value: &str, visit: &mut dyn FnMut(&Labels)) {
        let known = self.known.lock().unwrap().clone();
        let fitting = known
            .iter()
            .filter(|(labels, _)| labels.get(name) == Some(value));
        fitting.for_each(|(labels, _)| visit(labels));
    }

    fn removals(&self) -> u64 {
        self.removals.load(Ordering::Relaxed)
    }
}

/// Wants the metric `watched` of one job.
struct Job(&'static str);

impl Wishes for Job {
    fn wants(&self, labels: &Labels) -> bool {
        labels.metric_name() == Some("watched") && labels.get("job") == Some(self.0)
    }

    fn pairs(&self) -> Vec<(String, String)> {
        vec![("__name__".into(), "watched".into())]
    }
}

fn series(name: &str, job: &str) -> Labels {
    Labels::from_pairs([("__name__", name), ("job", job)])
}

fn sample(at: i64) -> Sample {
    Sample::float(Timestamp::from_millis(at), at as f64)
}

fn tap() -> (Tap, Store) {
    let store = Store::default();
    let tap = Tap::new(Arc::new(store.clone()), Arc::new(store.clone()));
    (tap, store)
}

fn write(tap: &Tap, samples: &[(SeriesRef, i64)]) {
    let samples = samples.iter().map(|(series, at)| (*series, sample(*at)));
    let batch = WriteBatch {
        samples: samples.collect(),
        ..WriteBatch::default()
    };
    tap.append(&batch, Durability::Periodic).unwrap();
}

/// Returns what was handed on, as job and time.
fn taken(tap: &Tap) -> Vec<(String, i64)> {
    let mut samples = Vec::new();
    tap.take(&mut samples);
    tap.with_labels(|labels| {
        let shown = samples.iter().map(|(series, sample)| {
            let labels = labels(*series).unwrap();
            let job = labels.get("job").unwrap_or_default().to_owned();
            (job, sample.timestamp.millis())
        });
        shown.collect()
    })
}

#[test]
fn only_what_is_wanted_is_handed_on() {
    let (tap, store) = tap();
    let early = tap.resolve(&series("watched", "a")).unwrap();
    write(&tap, &[(early, 1)]);
    assert_eq!(taken(&tap), []);
    tap.set_wishes(Box::new(Job("a")));
    let other = tap.resolve(&series("other", "a")).unwrap();
    let late = tap.resolve(&series("watched", "b")).unwrap();
    write(&tap, &[(other, 2), (early, 2), (late, 2), (early, 3)]);
    assert_eq!(taken(&tap), [("a".into(), 2), ("a".into(), 3)]);
    assert_eq!(tap.watched_count(), 1);
    tap.set_wishes(Box::new(Job("b")));
    write(&tap, &[(early, 4), (late, 4)]);
    assert_eq!(taken(&tap), [("b".into(), 4)]);
    assert_eq!(store.memory.dump().len(), 3);
}

#[test]
fn what_the_store_refuses_is_not_handed_on() {
    let (tap, store) = tap();
    tap.set_wishes(Box::new(Job("a")));
    let known = tap.resolve(&series("watched", "a")).unwrap();
    let unknown = SeriesRef(77);
    write(&tap, &[(unknown, 1), (known, 1), (unknown, 2), (known, 2)]);
    assert_eq!(taken(&tap), [("a".into(), 1), ("a".into(), 2)]);
    store.memory.set_failure(Some(StorageErrorKind::ReadOnly));
    let batch = WriteBatch {
        samples: vec![(known, sample(3))],
        ..WriteBatch::default()
    };
    assert!(tap.append(&batch, Durability::Periodic).is_err());
    assert_eq!(taken(&tap), []);
    // One that is watched and that the store no longer knows: the writer resolves it again.
    store.memory.set_failure(None);
    store.memory.forget_refs();
    write(&tap, &[(known, 4)]);
    assert_eq!(taken(&tap), []);
}

#[test]
fn a_series_that_no_pair_leads_to_is_looked_at() {
    let (tap, store) = tap();
    let hidden = series("", "a");
    let early = tap.resolve(&hidden).unwrap();
    struct All;
    impl Wishes for All {
        fn wants(&self, _labels: &Labels) -> bool {
            true
        }
        fn pairs(&self) -> Vec<(String, String)> {
            Vec::new()
        }
    }
    tap.set_wishes(Box::new(All));
    assert_eq!(tap.watched_count(), 0);
    tap.look_at(&[hidden, series("unknown", "a")]);
    write(&tap, &[(early, 1)]);
    assert_eq!(taken(&tap), [("a".into(), 1)]);
    assert_eq!(store.memory.dump().len(), 1);
}

#[test]
fn a_series_that_the_store_forgot_is_forgotten() {
    let (tap, store) = tap();
    tap.set_wishes(Box::new(Job("a")));
    tap.resolve(&series("watched", "a")).unwrap();
    store.known.lock().unwrap().clear();
    tap.tidy_up();
    assert_eq!(tap.watched_count(), 1, "nothing was removed yet");
    store.forget(&series("watched", "a"));
    tap.tidy_up();
    assert_eq!(tap.watched_count(), 0);
}

#[test]
fn what_does_not_fit_is_told_as_a_time() {
    let store = Store::default();
    let tap = Tap::with_capacity(Arc::new(store.clone()), Arc::new(store), 2);
    tap.set_wishes(Box::new(Job("a")));
    let known = tap.resolve(&series("watched", "a")).unwrap();
    write(&tap, &[(known, 5), (known, 4), (known, 3), (known, 6)]);
    let mut samples = Vec::new();
    let lost = tap.take(&mut samples);
    let since = Some(Timestamp::from_millis(3));
    assert_eq!((samples.len(), lost), (2, Lost { count: 2, since }));
}
