use std::sync::OnceLock;

use plimsoll_promql::{Engine, Features, MemoryBudget};
use plimsoll_rules::{Globals, check};
use plimsoll_runtime::config::Source;
use plimsoll_runtime::metrics::Registry;
use plimsoll_testkit::{FakeClock, MemoryStore};
use plimsoll_types::{
    Appender, Durability, Exemplar, Matcher, Metadata, Queryable, Selection, StorageError,
    TimeRange, WriteBatch,
};

use super::*;
use crate::metrics::Metrics;

/// A store; the program begins to stop while it answers what is asked of one metric.
struct Stopping {
    store: MemoryStore,
    metric: &'static str,
    tools: OnceLock<Tools>,
}

impl Queryable for Stopping {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        if matchers
            .iter()
            .any(|matcher| matcher.value() == self.metric)
        {
            self.tools.get().unwrap().cancel();
        }
        self.store.select(matchers, range)
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        self.store.series(selectors, range, limit)
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_names(selectors, range, limit)
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        self.store.label_values(name, selectors, range, limit)
    }

    fn exemplars(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        self.store.exemplars(selectors, range)
    }

    fn metadata(
        &self,
        metric: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        self.store.metadata(metric, limit)
    }
}

/// A group and what its slot is evaluated with; the program stops when `metric` is asked for.
fn world(rules: &str, metric: &'static str) -> (Work, Tools) {
    let now = Timestamp::from_millis(1_700_000_000_000);
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::new(now));
    let store = MemoryStore::new();
    for name in ["up", "owner"] {
        let labels = Labels::from_pairs([("__name__", name), ("job", "db")]);
        let series = store.resolve(&labels).unwrap();
        let batch = WriteBatch {
            samples: vec![(series, Sample::float(now, 1.0))],
            ..WriteBatch::default()
        };
        drop(store.append(&batch, Durability::Synced).unwrap());
    }
    let storage = Arc::new(Stopping {
        store: store.clone(),
        metric,
        tools: OnceLock::new(),
    });
    let asker = Asker {
        engine: Engine::default(),
        storage: storage.clone(),
        clock,
        memory: MemoryBudget::unlimited(),
        features: Features::default(),
    };
    let samples = Samples::new(Arc::new(store), Metrics::new(&Registry::new()));
    let tools = Tools::new(asker, samples);
    assert!(storage.tools.set(tools.clone()).is_ok());

    let text = format!("groups:\n- name: g\n  rules:\n{rules}");
    let source = Source::new("r.yml".as_ref(), &text).unwrap();
    let group = check(&source, &Features::default())
        .unwrap()
        .groups
        .remove(0);
    let key = GroupKey::new("r.yml", "g");
    let engine = GroupEngine::new(key.clone(), Arc::new(group), &Globals::default());
    let order = Arc::new(Order::new(engine.batches()));
    (Work::new(engine, key, order, now), tools)
}

const LABELLED: &str = "  - {alert: A, expr: up, labels: {owner: '{{ with query \"owner\" }}{{ . | first | label \"job\" }}{{ end }}'}}\n";

#[test]
fn what_a_stop_made_of_a_template_is_not_decided() {
    let (mut work, tools) = world(LABELLED, "owner");
    work.advance(&tools, &[Duration::ZERO]);
    assert!(work.staged.is_quiet(), "{:?}", work.staged.notices);
    assert!(!work.is_finished() && work.timings.is_empty());
}

#[test]
fn what_was_decided_before_a_stop_stays_decided() {
    let rules = format!("  - {{alert: B, expr: up}}\n{LABELLED}");
    let (mut work, tools) = world(&rules, "owner");
    work.advance(&tools, &[Duration::ZERO; 2]);
    if work.staged.is_quiet() {
        work.advance(&tools, &[Duration::ZERO; 2]);
    }
    assert_eq!(work.staged.notices.len(), 1);
    assert!(!work.is_finished());
}
