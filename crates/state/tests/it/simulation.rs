//! Random commits with random faults on the store in memory and in SQLite, compared with a model.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use plimsoll_state::{
    AlertRow, Change, ErrorKind, Fault, Location, MemoryStore, Retention, Rows, Store, open,
};
use plimsoll_testkit::{FakeClock, Seed, for_each_seed};
use tempfile::TempDir;

use crate::stores::{NOW, alert, parts};

type Model = BTreeMap<(String, String), AlertRow>;

fn random_changes(seed: &mut Seed) -> Vec<(AlertRow, u64)> {
    let count = seed.below(12);
    let change = |_| {
        let group = format!("group {}", seed.below(3));
        let row = AlertRow {
            value: seed.below(1000) as f64,
            ..alert(&group, seed.below(6) as usize)
        };
        (row, seed.below(10))
    };
    (0..count).map(change).collect()
}

fn apply(model: &mut Model, changes: &[(AlertRow, u64)]) {
    for (row, kind) in changes {
        let key = (row.group.clone(), row.labels.to_string());
        match kind {
            0 => model.retain(|(group, _), _| *group != row.group),
            1..4 => drop(model.remove(&key)),
            _ => drop(model.insert(key, row.clone())),
        }
    }
}

fn to_changes(changes: &[(AlertRow, u64)]) -> Vec<Change> {
    let change = |(row, kind): &(AlertRow, u64)| match kind {
        0 => AlertRow::delete_group(&row.file, &row.group),
        1..4 => Change::delete(row),
        _ => Change::put(row),
    };
    changes.iter().map(change).collect()
}

async fn found(store: &Arc<dyn Store>) -> Model {
    let rows = store.rows(Rows::<AlertRow>::all()).await.unwrap();
    let keyed = |row: AlertRow| ((row.group.clone(), row.labels.to_string()), row);
    rows.into_iter().map(keyed).collect()
}

fn run(future: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future);
}

#[test]
fn what_failed_is_not_there_and_what_is_repeated_is_there_once() {
    for_each_seed(0, 200, |mut seed| {
        run(async {
            let clock = FakeClock::new(NOW);
            let memory = MemoryStore::new(Arc::new(clock), Retention::default());
            let store: Arc<dyn Store> = Arc::new(memory.clone());
            let mut model = Model::new();
            for _ in 0..30 {
                let changes = random_changes(&mut seed);
                match seed.below(4) {
                    0 => memory.inject(Fault::Fails(ErrorKind::NoSpace)),
                    1 => memory.inject(Fault::AnswerLost),
                    _ => {}
                }
                let mut done = store.commit(None, to_changes(&changes)).await;
                if done.as_ref().is_err_and(|error| error.is_outcome_unknown()) {
                    done = store.commit(None, to_changes(&changes)).await;
                }
                match done {
                    Ok(()) => apply(&mut model, &changes),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::NoSpace),
                }
                assert_eq!(found(&store).await, model);
            }
        });
    });
}

#[test]
fn sqlite_holds_what_the_model_holds_also_after_it_was_opened_again() {
    for_each_seed(0, 15, |mut seed| {
        run(async {
            let folder = TempDir::new().unwrap();
            let location = Location::in_directory(folder.path());
            let mut model = Model::new();
            for _ in 0..3 {
                let clock = Arc::new(FakeClock::new(NOW));
                let store = open(&location, parts(clock)).await.unwrap();
                assert_eq!(found(&store).await, model);
                for _ in 0..15 {
                    let changes = random_changes(&mut seed);
                    let done = store.commit(None, to_changes(&changes)).await;
                    done.unwrap();
                    apply(&mut model, &changes);
                    assert_eq!(found(&store).await, model);
                }
                store.close().await.unwrap();
            }
        });
    });
}

#[tokio::test]
async fn a_slow_commit_is_carried_out_when_the_clock_says_so() {
    let clock = FakeClock::new(NOW);
    let memory = MemoryStore::new(Arc::new(clock.clone()), Retention::default());
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    memory.inject(Fault::Slow(Duration::from_secs(30)));
    let mut commit = store.commit(None, vec![Change::put(&alert("g", 0))]);
    let mut ctx = Context::from_waker(Waker::noop());
    assert!(commit.as_mut().poll(&mut ctx).is_pending());
    assert_eq!(memory.row_count(), 0);
    clock.advance(Duration::from_secs(30));
    commit.await.unwrap();
    assert_eq!((memory.row_count(), memory.commits()), (1, 1));
}
