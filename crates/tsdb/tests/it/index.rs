//! What the index knows across parts and the head: meanings from before the start, selectors that are asked again.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::metrics::Registry;
use plimsoll_tsdb::{Config, Db, Metrics};
use plimsoll_types::{
    Appender, Durability, MatchOp, Matcher, Metadata, MetricType, Queryable, TimeRange, WriteBatch,
};

use crate::support::{HOUR, NOON, Store, batch, float, labels, read, settings, wait};

fn meaning(help: &str) -> Metadata {
    Metadata {
        metric_type: MetricType::Counter,
        unit: String::new(),
        help: help.into(),
    }
}

fn put_with_meaning(store: &Store, name: &str, time: i64, help: &str) {
    let id = store.db.resolve(&labels(name)).unwrap();
    let whole = WriteBatch {
        metadata: vec![(id, meaning(help))],
        ..batch(id, &[float(time, 1.0)])
    };
    let appended = store.db.append(&whole, Durability::Synced).unwrap();
    wait(appended.commit).unwrap();
}

/// More parts than one could read back blindly, and a metric that is in the oldest one only.
#[test]
fn a_metric_that_is_long_gone_has_a_meaning_after_a_start() {
    let mut store = Store::new();
    put_with_meaning(&store, "gone", NOON, "Is gone.");
    for day in 0..6 {
        let time = NOON + day * 24 * HOUR + 1;
        put_with_meaning(&store, "stays", time, "As it was.");
        if day == 5 {
            put_with_meaning(&store, "stays", time + 1, "As it is.");
        }
        store.db.seal_all().unwrap();
        store.clock.advance(Duration::from_hours(24));
    }
    store = store.killed();
    let found = store.db.metadata(None, 10).unwrap();
    let expected = [
        ("gone".to_owned(), vec![meaning("Is gone.")]),
        (
            "stays".to_owned(),
            vec![meaning("As it is."), meaning("As it was.")],
        ),
    ];
    assert_eq!(found, expected);
}

/// The series of a dashboard's panel, again and again, while others come and go.
#[test]
fn a_selector_that_is_asked_again_finds_what_is_there_now() {
    let store = Store::new();
    let (config, metrics) = (Config::new(settings()).unwrap(), Metrics::default());
    let Store { disk, clock, db } = store;
    drop(db);
    let db = Db::open_on(
        config,
        Arc::new(disk.clone()),
        Arc::new(clock.clone()),
        metrics.clone(),
    );
    let store = Store {
        disk,
        clock,
        db: db.unwrap(),
    };
    let name = |number: i64| format!("metric_{:02}_{number}", number * 37 % 100);
    let panels = [
        (MatchOp::Regex, ".*_[0-4].*7"),
        (MatchOp::Regex, "metric_(1|2).*"),
        (MatchOp::NotRegex, "metric_[0-8].*|"),
        (MatchOp::Regex, "metric_00_0|metric_37_1|metric_74_2"),
    ];
    let panels = panels.map(|(op, text)| Matcher::new(op, "__name__", text).unwrap());
    let mut there = Vec::new();
    for round in 0..6 {
        for number in round * 30..round * 30 + 30 {
            store.put(&name(number), &[(NOON + round * HOUR + number, 1.0)]);
            there.push(name(number));
        }
        there.sort();
        for _ in 0..3 {
            for panel in &panels {
                let found = read(&store.db, std::slice::from_ref(panel), TimeRange::ALL);
                let found: Vec<String> = found
                    .iter()
                    .map(|(labels, _)| labels.metric_name().unwrap().to_owned())
                    .collect();
                let expected: Vec<&String> = there.iter().filter(|n| panel.matches(n)).collect();
                assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{panel}");
            }
        }
        store.clock.advance(Duration::from_hours(2));
        if round % 2 == 1 {
            store.db.seal_all().unwrap();
        }
    }
    let registry = Registry::new();
    metrics.register(&registry);
    let text = registry.render();
    let value = |metric: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(metric)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    let (hits, misses) = (
        value("plimsoll_tsdb_selector_cache_hits_total"),
        value("plimsoll_tsdb_selector_cache_misses_total"),
    );
    assert!(hits > misses, "{hits} hits, {misses} misses");
    assert!(value("plimsoll_tsdb_selector_cache_size_bytes") > 0.0);
    assert!(value("plimsoll_tsdb_page_cache_size_bytes") > 0.0);
}
