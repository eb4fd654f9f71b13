//! What the store does when the machine fails it: a disk that is full or broken, a file that is taken away, a lock.
//!
//! Faults of the disk are made by `faults.c`, which is loaded in front of the C library of a child: the same test, run
//! again by itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_state::{AlertRow, Change, ErrorKind, Location, Rows, Store, open};
use sqlx::Executor;
use tempfile::TempDir;

use crate::sqlite::foreign_connection;
use crate::stores::{alert, alerts, real_time};

/// In the environment of a child: the file that says what fails.
const FAULTS: &str = "PLIMSOLL_FAULTS";
const ENOSPC: i32 = 28;
const EIO: i32 = 5;

async fn opened(folder: &Path) -> Arc<dyn Store> {
    open(&Location::in_directory(folder), real_time())
        .await
        .unwrap()
}

/// What fails in this process from now on.
struct Faults(PathBuf);

impl Faults {
    fn set(&self, operation: &str, number: i32, end: &str) {
        fs::write(&self.0, format!("{operation} {number} {end}")).unwrap();
    }

    fn clear(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// Returns the faults in a child that runs the test `name`; in the parent, runs the child and returns nothing.
fn in_child(name: &str) -> Option<Faults> {
    if let Some(path) = std::env::var_os(FAULTS) {
        return Some(Faults(path.into()));
    }
    let folder = TempDir::new().unwrap();
    let library = folder.path().join("faults.so");
    let source = folder.path().join("faults.c");
    fs::write(&source, include_str!("faults.c")).unwrap();
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .output()
        .expect("SQLite was built by cc, so it is there");
    assert!(compiled.status.success(), "{compiled:?}");
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("LD_PRELOAD", &library)
        .env(FAULTS, folder.path().join("faults"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let said = said + &String::from_utf8_lossy(&child.stderr);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
    None
}

#[tokio::test]
async fn a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let Some(faults) =
        in_child("sqlite_faults::a_full_disk_refuses_and_goes_on_when_there_is_room")
    else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let store = opened(folder.path()).await;
    store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap();
    faults.set("write", ENOSPC, "state.db-wal");
    let many = (0..50).map(|number| store.commit(None, vec![Change::put(&alert("h", number))]));
    for done in futures_util::future::join_all(many).await {
        let error = done.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoSpace, "{}", error.chain());
        assert!(error.is_retryable() && error.to_string().contains("make room"));
    }
    assert_eq!(alerts(&store, "g").await.len(), 1, "it can still be read");
    assert_eq!(alerts(&store, "h").await, []);
    faults.clear();
    store
        .commit(None, vec![Change::put(&alert("h", 1))])
        .await
        .unwrap();
    store.close().await.unwrap();
    let store = opened(folder.path()).await;
    assert_eq!(alerts(&store, "h").await, [alert("h", 1)]);
}

#[tokio::test]
async fn a_disk_that_fails_acknowledges_nothing() {
    let Some(faults) = in_child("sqlite_faults::a_disk_that_fails_acknowledges_nothing") else {
        return;
    };
    for operation in ["write", "sync"] {
        let folder = TempDir::new().unwrap();
        let store = opened(folder.path()).await;
        store
            .commit(None, vec![Change::put(&alert("g", 0))])
            .await
            .unwrap();
        faults.set(operation, EIO, "state.db-wal");
        let done = store.commit(None, vec![Change::put(&alert("g", 1))]).await;
        let error = done.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Io,
            "{operation}: {}",
            error.chain()
        );
        assert!(error.is_outcome_unknown() && error.is_retryable());
        faults.clear();
        // The same again, as callers do, and it is there once.
        for _ in 0..2 {
            store
                .commit(None, vec![Change::put(&alert("g", 1))])
                .await
                .unwrap();
        }
        store.close().await.unwrap();
        let store = opened(folder.path()).await;
        assert_eq!(alerts(&store, "g").await.len(), 2, "{operation}");
    }
}

#[tokio::test]
async fn a_disk_that_fails_when_the_log_is_moved_into_the_file_loses_nothing() {
    let name = "sqlite_faults::a_disk_that_fails_when_the_log_is_moved_into_the_file_loses_nothing";
    let Some(faults) = in_child(name) else { return };
    let folder = TempDir::new().unwrap();
    let store = opened(folder.path()).await;
    faults.set("write", EIO, "/state.db");
    let mut written = Vec::new();
    for round in 0..40 {
        let rows = (0..50).map(|number| alert(&format!("group {round}"), number));
        let rows: Vec<AlertRow> = rows.collect();
        // The log is moved after a commit, which counts although the move fails.
        let done = store
            .commit(None, rows.iter().map(Change::put).collect())
            .await;
        if done.is_ok() {
            written.extend(rows);
        }
    }
    faults.clear();
    store
        .commit(None, written.iter().map(Change::put).collect())
        .await
        .unwrap();
    store.close().await.unwrap();
    let store = opened(folder.path()).await;
    let found = store.rows(Rows::<AlertRow>::all()).await.unwrap();
    assert!(
        found.len() >= written.len() && written.len() >= 500,
        "{}",
        written.len()
    );
}

#[tokio::test]
async fn a_file_that_was_removed_or_replaced_ends_the_store() {
    for name in ["state.db", "state.db-wal"] {
        for replace in [false, true] {
            let folder = TempDir::new().unwrap();
            let store = opened(folder.path()).await;
            let put = vec![Change::put(&alert("g", 0))];
            store.commit(None, put.clone()).await.unwrap();
            let path = folder.path().join(name);
            fs::rename(&path, folder.path().join("moved")).unwrap();
            if replace {
                fs::copy(folder.path().join("moved"), &path).unwrap();
            }
            let error = store.commit(None, put.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Gone, "{}", error.chain());
            assert!(error.to_string().contains(name), "{error}");
            let read = store.rows(Rows::<AlertRow>::all()).await;
            assert_eq!(read.unwrap_err().kind(), ErrorKind::Gone);
            // Put back, it is the file that was opened, and nothing was lost.
            fs::rename(folder.path().join("moved"), &path).unwrap();
            store.commit(None, put).await.unwrap();
            store.close().await.unwrap();
        }
    }
}

#[tokio::test]
async fn another_programs_lock_is_waited_for_and_then_told() {
    let folder = TempDir::new().unwrap();
    let mut parts = real_time();
    parts.patience.statement = Duration::from_millis(20);
    let location = Location::in_directory(folder.path());
    let store = open(&location, parts).await.unwrap();
    let mut other = foreign_connection(&folder.path().join("state.db")).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let put = vec![Change::put(&alert("g", 0))];
    let error = store.commit(None, put.clone()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{}", error.chain());
    assert!(error.is_retryable());
    assert_eq!(alerts(&store, "g").await, [], "it can still be read");
    other.execute("ROLLBACK").await.unwrap();
    store.commit(None, put).await.unwrap();
}

#[tokio::test]
async fn a_table_that_somebody_dropped_is_told_as_it_is() {
    let folder = TempDir::new().unwrap();
    let store = opened(folder.path()).await;
    let mut other = foreign_connection(&folder.path().join("state.db")).await;
    other.execute("DROP TABLE alerts").await.unwrap();
    let commits = [
        store.commit(None, vec![Change::put(&alert("g", 0))]),
        store.commit(None, Vec::new()),
    ];
    let done = futures_util::future::join_all(commits).await;
    assert_eq!(done[0].as_ref().unwrap_err().kind(), ErrorKind::Internal);
    assert!(
        done[1].is_ok(),
        "who shared its transaction is not to blame"
    );
}
