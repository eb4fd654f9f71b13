//! The file of SQLite: what is opened, what is refused, what survives kill -9.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll_state::{Change, ErrorKind, Location, Result, Rows, Store, open};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection, Executor};
use std::sync::Arc;
use tempfile::TempDir;

use crate::stores::{alert, alerts, real_time};

/// In the environment of a child: the folder of its state.
const CHILD: &str = "PLIMSOLL_STATE_CHILD";

async fn open_in(folder: &Path) -> Result<Arc<dyn Store>> {
    open(&Location::in_directory(folder), real_time()).await
}

pub(crate) async fn foreign_connection(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

/// Returns the bytes of all files in a folder but those of SQLite's own shared memory, which is no data.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| !path.to_string_lossy().ends_with("-shm"))
        .filter(|path| !path.to_string_lossy().ends_with(".lock"))
        .filter(|path| fs::metadata(path).unwrap().len() > 0)
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[tokio::test]
async fn what_was_written_is_there_at_the_next_opening() {
    let folder = TempDir::new().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap();
    store.close().await.unwrap();
    let left: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        left.iter().all(|name| !name.ends_with("-wal")),
        "the log was emptied: {left:?}"
    );
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(alerts(&store, "g").await, [alert("g", 0)]);
}

#[tokio::test]
async fn one_process_at_a_time() {
    let folder = TempDir::new().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let error = open_in(folder.path()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InUse);
    let pid = format!("(pid {})", std::process::id());
    assert!(error.to_string().contains(&pid), "{error}");
    store.close().await.unwrap();
    open_in(folder.path()).await.unwrap();
}

#[tokio::test]
async fn many_callers_share_syncs_and_each_gets_its_own_answer() {
    let folder = TempDir::new().unwrap();
    let parts = real_time();
    let metrics = parts.metrics.clone();
    let store = open(&Location::in_directory(folder.path()), parts)
        .await
        .unwrap();
    let ttl = std::time::Duration::from_secs(60);
    let old = store.acquire("name", "a", ttl).await.unwrap().unwrap();
    let new = store.acquire("name", "a", ttl).await.unwrap().unwrap();
    let commit = |number: usize| {
        let lease = [Some(&old), Some(&new), None][number % 3];
        store.commit(lease, vec![Change::put(&alert("g", number))])
    };
    let done = futures_util::future::join_all((0..300).map(commit)).await;
    for (number, done) in done.into_iter().enumerate() {
        let fenced = done.is_err_and(|error| error.kind() == ErrorKind::Fenced);
        assert_eq!(fenced, number % 3 == 0, "{number}");
    }
    assert_eq!(alerts(&store, "g").await.len(), 200);
    let rendered = metrics.render();
    let transactions = rendered
        .lines()
        .find_map(|line| line.strip_prefix("plimsoll_state_transactions_total "))
        .unwrap();
    assert!(transactions.parse::<u32>().unwrap() < 60, "{transactions}");
    assert!(
        rendered.contains("plimsoll_state_commits_total 200"),
        "{rendered}"
    );
}

#[tokio::test]
async fn a_newer_file_is_refused_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    open_in(folder.path()).await.unwrap().close().await.unwrap();
    let mut other = foreign_connection(&folder.path().join("state.db")).await;
    let newer = "INSERT INTO schema_versions VALUES (999, 'future', 'x', 0)";
    other.execute(newer).await.unwrap();
    other.close().await.unwrap();
    let before = contents(folder.path());
    let error = open_in(folder.path()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::NewerVersion);
    assert!(error.to_string().contains("version 999"), "{error}");
    assert_eq!(contents(folder.path()), before);
}

#[tokio::test]
async fn files_that_are_not_ours_are_left_as_they_are() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let mut other = foreign_connection(&path).await;
    other
        .execute("CREATE TABLE notes (text TEXT)")
        .await
        .unwrap();
    other.close().await.unwrap();
    let before = contents(folder.path());
    let error = open_in(folder.path()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Foreign, "{error}");
    assert_eq!(contents(folder.path()), before);
    for bytes in ["no database at all, but some text", "x"] {
        fs::write(&path, bytes).unwrap();
        let error = open_in(folder.path()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Foreign, "{error}");
        assert_eq!(fs::read(&path).unwrap(), bytes.as_bytes());
    }
}

#[tokio::test]
async fn a_damaged_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    let puts = (0..2_000).map(|number| Change::put(&alert("g", number)));
    store.commit(None, puts.collect()).await.unwrap();
    store.close().await.unwrap();
    let path = folder.path().join("state.db");
    let whole = fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2 / 4096 * 4096;
    damaged[middle..middle + 4096].fill(0x5a);
    let mut cut = whole.clone();
    cut.truncate(middle);
    for bytes in [damaged, cut] {
        fs::write(&path, &bytes).unwrap();
        let error = open_in(folder.path()).await.err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", error.chain());
        assert!(!error.is_retryable());
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
    fs::write(&path, whole).unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(alerts(&store, "g").await.len(), 2_000);
}

#[tokio::test]
async fn a_start_that_died_before_its_first_migration_is_gone_on_with() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let mut begun = foreign_connection(&path).await;
    begun.execute("PRAGMA journal_mode = WAL").await.unwrap();
    begun.close().await.unwrap();
    let store = open_in(folder.path()).await.unwrap();
    assert_eq!(alerts(&store, "g").await, []);
}

#[tokio::test]
async fn a_directory_that_is_missing_or_takes_no_files_is_named() {
    let folder = TempDir::new().unwrap();
    let missing = folder.path().join("missing");
    let error = open_in(&missing).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    assert!(
        error.to_string().contains("missing/state.db.lock"),
        "{error}"
    );
    // Nobody, not even root, makes files there.
    let error = open_in(Path::new("/sys/kernel")).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::ReadOnly, "{}", error.chain());
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_copy_made_beside_the_open_store_is_a_state_of_its_own() {
    let folder = TempDir::new().unwrap();
    let store = open_in(folder.path()).await.unwrap();
    store
        .commit(None, vec![Change::put(&alert("g", 0))])
        .await
        .unwrap();
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("state.db"))
        .read_only(true);
    let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
    let elsewhere = TempDir::new().unwrap();
    sqlx::query("VACUUM INTO $1")
        .bind(elsewhere.path().join("state.db").to_str().unwrap())
        .execute(&mut reader)
        .await
        .unwrap();
    reader.close().await.unwrap();
    store
        .commit(None, vec![Change::put(&alert("g", 1))])
        .await
        .unwrap();
    let copy = open_in(elsewhere.path()).await.unwrap();
    assert_eq!(alerts(&copy, "g").await, [alert("g", 0)]);
    assert_eq!(alerts(&store, "g").await.len(), 2);
}

/// Writes rows and says so on stdout, until it is killed: the child of the test below.
#[tokio::test]
async fn child_that_writes() {
    let Some(folder) = std::env::var_os(CHILD) else {
        return;
    };
    let store = open_in(Path::new(&folder)).await.unwrap();
    let begin = alerts(&store, "g").await.len();
    for number in begin.. {
        store
            .commit(None, vec![Change::put(&alert("g", number))])
            .await
            .unwrap();
        println!("wrote {number}.");
    }
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = TempDir::new().unwrap();
    let mut acknowledged = 0;
    for round in 1..=8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::child_that_writes", "--nocapture"])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let until = acknowledged + round * 7;
        while acknowledged < until {
            let line = lines.next().expect("the child writes on").unwrap();
            if let Some((_, number)) = line.split_once("wrote ") {
                acknowledged = number.trim_end_matches('.').parse::<usize>().unwrap() + 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = open_in(folder.path()).await.unwrap();
        let found = store.rows(Rows::all()).await.unwrap();
        let found: Vec<plimsoll_state::AlertRow> = found;
        assert!(
            found.len() >= acknowledged,
            "{} of {acknowledged}",
            found.len()
        );
        store.close().await.unwrap();
    }
}
