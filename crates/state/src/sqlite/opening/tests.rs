use std::fs;
use std::sync::Arc;

use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::FakeClock;
use tempfile::TempDir;

use super::*;
use crate::migrations::SQLITE;
use crate::store::{Patience, Retention};

const ADDS: Migration = Migration {
    version: SQLITE.len() as i64 + 1,
    name: "adds",
    text: "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT; INSERT INTO more VALUES (7);",
};
const FAILS: Migration = Migration {
    version: SQLITE.len() as i64 + 2,
    name: "fails",
    text: "CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT; INSERT INTO nowhere VALUES (1);",
};

fn parts() -> Parts {
    let clock = Arc::new(FakeClock::new(Timestamp::EPOCH));
    let metrics = Registry::new();
    Parts {
        tasks: Tasks::new(Shutdown::new(), clock.clone(), &metrics),
        clock,
        metrics,
        retention: Retention::default(),
        patience: Patience::default(),
    }
}

async fn close(opened: Opened) {
    opened.readers.close().await;
    opened.writer.close().await.unwrap();
}

async fn count(path: &Path, select: &'static str) -> i64 {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let count = sqlx::query_scalar(select).fetch_one(&mut connection).await;
    connection.close().await.unwrap();
    count.unwrap()
}

const TABLES: &str = "SELECT count(*) FROM sqlite_schema WHERE type = 'table'";
const COUNTER: &str = "SELECT value FROM counters";
const VERSION: &str = "SELECT max(version) FROM schema_versions";

/// Makes a database of the released version with something in it, and returns its path.
async fn released(folder: &TempDir) -> std::path::PathBuf {
    let path = folder.path().join("state.db");
    let mut opened = open(&path, &parts(), SQLITE).await.unwrap();
    sqlx::query("UPDATE counters SET value = 42")
        .execute(&mut opened.writer)
        .await
        .unwrap();
    close(opened).await;
    path
}

#[tokio::test]
async fn copies_the_database_before_it_is_upgraded() {
    let folder = TempDir::new().unwrap();
    let path = released(&folder).await;
    let tables = count(&path, TABLES).await;
    // What an upgrade that died has left.
    let copy = folder
        .path()
        .join(format!("state.db.before-v{}", ADDS.version));
    fs::write(&copy, "an older copy").unwrap();
    let unfinished = format!("state.db.before-v{}.unfinished", ADDS.version);
    fs::write(folder.path().join(&unfinished), "half a copy").unwrap();
    let known = [SQLITE, &[ADDS]].concat();
    close(open(&path, &parts(), &known).await.unwrap()).await;
    assert_eq!(count(&path, "SELECT id FROM more").await, 7);
    assert_eq!(count(&path, VERSION).await, ADDS.version);
    assert_eq!(count(&copy, COUNTER).await, 42);
    assert_eq!(count(&copy, TABLES).await, tables);
    assert!(!folder.path().join(unfinished).exists());
    // Put back, the copy is opened by the version before.
    fs::copy(&copy, &path).unwrap();
    close(open(&path, &parts(), SQLITE).await.unwrap()).await;
    assert_eq!(count(&path, COUNTER).await, 42);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_itself() {
    let folder = TempDir::new().unwrap();
    let path = released(&folder).await;
    let known = [SQLITE, &[ADDS, FAILS]].concat();
    for _ in 0..2 {
        let error = open(&path, &parts(), &known).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Internal, "{}", error.chain());
        assert_eq!(
            count(&path, VERSION).await,
            ADDS.version,
            "the one before it counts"
        );
        let half = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'";
        assert_eq!(count(&path, half).await, 0);
    }
    let known = [SQLITE, &[ADDS]].concat();
    close(open(&path, &parts(), &known).await.unwrap()).await;
}

#[tokio::test]
async fn a_database_of_every_earlier_version_is_upgraded() {
    for version in 1..SQLITE.len() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("state.db");
        close(open(&path, &parts(), &SQLITE[..version]).await.unwrap()).await;
        let tables = count(&path, TABLES).await;
        close(open(&path, &parts(), SQLITE).await.unwrap()).await;
        assert_eq!(count(&path, VERSION).await, SQLITE.len() as i64);
        assert!(count(&path, TABLES).await > tables);
    }
}

#[tokio::test]
async fn nothing_is_copied_when_nothing_is_upgraded() {
    let folder = TempDir::new().unwrap();
    let path = released(&folder).await;
    close(open(&path, &parts(), SQLITE).await.unwrap()).await;
    let names = fs::read_dir(folder.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains("before")),
        "{names:?}"
    );
}

#[tokio::test]
async fn the_tables_are_those_that_rows_know() {
    let folder = TempDir::new().unwrap();
    let path = released(&folder).await;
    let options = SqliteConnectOptions::new().filename(&path).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for table in crate::rows::ALL {
        let columns = sqlx::query("SELECT name, pk FROM pragma_table_info($1) ORDER BY cid")
            .bind(table.name)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let found: Vec<(String, i64)> =
            columns.iter().map(|row| (row.get(0), row.get(1))).collect();
        let known = table.columns.iter().enumerate().map(|(number, column)| {
            let key = if number < table.key {
                number as i64 + 1
            } else {
                0
            };
            (column.name.to_owned(), key)
        });
        assert_eq!(found, known.collect::<Vec<_>>(), "{}", table.name);
    }
    connection.close().await.unwrap();
}
