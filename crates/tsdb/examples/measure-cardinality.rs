//! Temporary measurement.
#![allow(missing_docs, clippy::all, clippy::disallowed_methods, clippy::print_stdout)]
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use plimsoll_runtime::clock::SystemClock;
use plimsoll_tsdb::{Config, Db, Metrics, Settings};
use plimsoll_types::*;

fn labels(n: usize) -> Labels {
    Labels::from_pairs([
        ("__name__", format!("metric_{:04}", n % 1000)),
        ("instance", format!("host-{:03}:9100", n / 1000 % 100)),
        ("job", "node".into()),
        ("path", format!("/api/v1/resource/{}", n / 100_000)),
        ("id", format!("{n:016x}")),
    ])
}
fn main() {
    let count: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let dir = std::path::PathBuf::from(std::env::args().nth(2).unwrap());
    let db = Arc::new(Db::open(Config::new(Settings::new(&dir)).unwrap(), Arc::new(SystemClock::new()), Metrics::default()).unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let t = Instant::now();
    let mut batch = WriteBatch::default();
    for n in 0..count {
        let r = db.resolve(&labels(n)).unwrap();
        batch.samples.push((r, Sample::float(Timestamp::from_millis(now - (n as i64 % 7) * 600_000), 1.0)));
        if batch.samples.len() == 10_000 { db.append(&batch, Durability::Periodic).unwrap(); batch.clear(); }
    }
    println!("fill {:?}", t.elapsed());
    let stop = Arc::new(AtomicBool::new(false));
    let writer = { let (db, stop) = (db.clone(), stop.clone()); std::thread::spawn(move || {
        let mut worst = Duration::ZERO; let mut n = count;
        while !stop.load(Ordering::Relaxed) { let l = labels(n); let t = Instant::now(); db.resolve(&l).unwrap(); worst = worst.max(t.elapsed()); n += 1; std::thread::sleep(Duration::from_millis(1)); }
        worst }) };
    for _ in 0..2 { let t = Instant::now(); let s = db.statistics(10).unwrap(); println!("statistics {:?} {}", t.elapsed(), s.head.series); }
    let q = |churn| CardinalityQuery { limit: 20, unused_after: Duration::from_secs(3600), churn_window: churn };
    let t = Instant::now(); let c = db.cardinality(&q(None)).unwrap(); println!("cardinality {:?} {}", t.elapsed(), c.label_pairs);
    let t = Instant::now(); let c = db.cardinality(&q(Some(Duration::from_secs(1800)))).unwrap(); println!("churn {:?} {:?}", t.elapsed(), c.churn.map(|c| (c.created, c.ended)));
    let t = Instant::now(); let mut n = 0; db.visit_with("__name__", "metric_0001", &mut |_| n += 1); println!("visit metric {:?} {n}", t.elapsed());
    let t = Instant::now(); let mut n = 0; db.visit_with("job", "node", &mut |_| n += 1); println!("visit all {:?} {n}", t.elapsed());
    let t = Instant::now(); for n in 0..100_000 { let l = labels(n); assert!(db.find(&l).is_some()); } println!("labels+find x100k {:?}", t.elapsed());
    let t = Instant::now(); for _ in 0..100_000 { db.count_with("__name__", "metric_0001"); } println!("count_with x100k {:?}", t.elapsed());
    let t = Instant::now(); let s = db.select(&[Matcher::equal("job", "node")], TimeRange::ALL).unwrap(); println!("select all {:?} {}", t.elapsed(), s.labels.len()); drop(s);
    stop.store(true, Ordering::Relaxed);
    println!("worst resolve of a new series meanwhile {:?}", writer.join().unwrap());
}
