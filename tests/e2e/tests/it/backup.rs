//! `plimsoll tsdb snapshot|backup|restore|verify` and `plimsoll status`, with a server that runs and one that is gone.

use std::path::{Path, PathBuf};

use plimsoll_e2e::{Home, Server, now_millis};
use serde_json::Value;

use crate::cli::{plimsoll, refused};

const KEPT: &str = "{__name__=~\"kept.*\"}";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A server that makes snapshots.
fn start(home: &Home) -> (Server, String) {
    let mut command = home.serve_command().unwrap();
    command.arg("--web.enable-admin-api");
    let server = Server::start_with(home, &mut command).unwrap();
    let url = format!("http://{}", server.api.address);
    (server, url)
}

fn import(server: &Server, name: &str) {
    let now = now_millis();
    let line = |number: i64| {
        format!(
            "kept_{name}{{n=\"{number}\"}} {number}.25 {}\n",
            now - number
        )
    };
    let lines: String = (0..50).map(line).collect();
    assert_eq!(server.import_text(&lines).unwrap().status, 204);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found
}

#[test]
fn what_was_backed_up_is_served_by_a_new_server() {
    let home = Home::new().unwrap();
    let (server, url) = start(&home);
    let backups = home.path("backups");
    let create = || {
        let arguments = [
            "tsdb",
            "backup",
            "create",
            "--to",
            text(&backups),
            "--server",
            &url,
        ];
        let made = plimsoll(&[&arguments[..], &["--output", "json"]].concat());
        assert_eq!(made.code, Some(0), "{made:?}");
        serde_json::from_str::<Value>(&made.stdout).unwrap()
    };
    import(&server, "first");
    let first = create();
    assert_eq!(first["uploadedFiles"], first["files"]);
    import(&server, "second");
    let expected = server.export(KEPT).unwrap();
    let second = create();
    assert!(
        second["uploadedFiles"].as_u64() < second["files"].as_u64(),
        "{second}"
    );
    // The snapshots that were made for it are gone.
    assert_eq!(files(&home.data().join("snapshots")), [] as [PathBuf; 0]);
    import(&server, "late");
    server.kill().unwrap();

    let listed = plimsoll(&["tsdb", "backup", "list", "--from", text(&backups)]);
    assert_eq!(listed.stdout.lines().count(), 3, "{listed:?}");
    let verified = plimsoll(&["tsdb", "backup", "verify", "--from", text(&backups)]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    let restored = Home::new().unwrap();
    let data = restored.data();
    let restore = |id: &[&str]| {
        let arguments = [
            "tsdb",
            "restore",
            "--from",
            text(&backups),
            "--to",
            text(&data),
        ];
        plimsoll(&[&arguments[..], id].concat())
    };
    assert_eq!(restore(&[]).code, Some(0));
    refused(&restore(&[]), 2, &["to be empty"]);
    let whole = plimsoll(&["tsdb", "verify", "--dir", text(&data)]);
    assert_eq!(whole.code, Some(0), "{whole:?}");
    let (server, _) = start(&restored);
    assert_eq!(server.export(KEPT).unwrap(), expected);
    server.stop().unwrap();

    // The directory that the killed server left is backed up without one, and only the newest backup is kept.
    let closed = plimsoll(&[
        "tsdb",
        "backup",
        "create",
        "--to",
        text(&backups),
        "--dir",
        text(&home.data()),
    ]);
    assert_eq!(closed.code, Some(0), "{closed:?}");
    let pruned = plimsoll(&[
        "tsdb",
        "backup",
        "prune",
        "--from",
        text(&backups),
        "--keep",
        "1",
        "--min-age",
        "0",
    ]);
    assert!(pruned.stdout.contains("removed 2 backups"), "{pruned:?}");
    let verified = plimsoll(&["tsdb", "backup", "verify", "--from", text(&backups)]);
    assert!(verified.stdout.starts_with("1 backup:"), "{verified:?}");
}

#[test]
fn damage_and_a_restore_that_was_broken_off_are_refused() {
    let home = Home::new().unwrap();
    let (server, url) = start(&home);
    import(&server, "first");
    let backups = home.path("backups");
    let data = home.data();
    let create = [
        "tsdb",
        "backup",
        "create",
        "--to",
        text(&backups),
        "--server",
        &url,
    ];
    assert_eq!(plimsoll(&create).code, Some(0));
    let in_use = [
        "tsdb",
        "backup",
        "create",
        "--to",
        text(&backups),
        "--dir",
        text(&data),
    ];
    refused(&plimsoll(&in_use), 1, &["in use by", "--server"]);
    server.stop().unwrap();

    let segment = files(&backups.join("objects/wal")).pop().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let verified = plimsoll(&["tsdb", "backup", "verify", "--from", text(&backups)]);
    assert_eq!(verified.code, Some(1));
    assert!(verified.stdout.contains("has the checksum"), "{verified:?}");
    let target = Home::new().unwrap();
    let restore = plimsoll(&[
        "tsdb",
        "restore",
        "--from",
        text(&backups),
        "--to",
        text(&target.data()),
    ]);
    refused(&restore, 1, &["has the checksum"]);
    let serve = plimsoll(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        text(&target.data()),
    ]);
    refused(&serve, 1, &["RESTORE-UNFINISHED"]);

    let segment = files(&home.data().join("wal")).pop().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[50] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let verified = plimsoll(&["tsdb", "verify", text(&home.data())]);
    assert_eq!(verified.code, Some(1));
    assert!(verified.stdout.contains(" at byte 36: "), "{verified:?}");
}

#[test]
fn a_snapshot_is_made_with_a_server_and_without() {
    let home = Home::new().unwrap();
    let (server, url) = start(&home);
    import(&server, "first");
    let made = plimsoll(&["tsdb", "snapshot", "--server", &url]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let path = made.stdout.trim();
    let dumped = |path: &str| {
        let dumped = plimsoll(&["tsdb", "dump", path, "--match", "kept_first"]);
        assert_eq!(dumped.code, Some(0), "{dumped:?}");
        dumped.stdout.lines().count()
    };
    assert_eq!(dumped(path), 50);
    let empty = plimsoll(&["tsdb", "snapshot", "--server", &url, "--skip-head"]);
    assert_eq!(dumped(empty.stdout.trim()), 0);
    refused(
        &plimsoll(&["tsdb", "snapshot", "--dir", text(&home.data())]),
        1,
        &["in use by"],
    );
    server.stop().unwrap();
    let closed = plimsoll(&["tsdb", "snapshot", "--dir", text(&home.data())]);
    assert_eq!(dumped(closed.stdout.trim()), 50);
    refused(
        &plimsoll(&["tsdb", "snapshot", "--server", &url]),
        4,
        &["is it running?"],
    );

    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let url = format!("http://{}", server.api.address);
    let closed = plimsoll(&["tsdb", "snapshot", "--server", &url]);
    refused(
        &closed,
        1,
        &["admin APIs disabled", "--web.enable-admin-api"],
    );
    refused(
        &plimsoll(&[
            "tsdb",
            "backup",
            "create",
            "--to",
            "gs://bucket",
            "--server",
            &url,
        ]),
        2,
        &["gs:// is no place for backups"],
    );
}

#[test]
fn the_status_tells_the_contract_and_the_last_recovery() {
    let home = Home::new().unwrap();
    let (server, _) = start(&home);
    import(&server, "first");
    server.kill().unwrap();
    let offline = plimsoll(&["status", "--dir", text(&home.data())]);
    assert_eq!(offline.code, Some(0), "{offline:?}");
    assert!(offline.stdout.contains("50 samples"), "{offline:?}");
    let (_server, url) = start(&home);
    let status = plimsoll(&["status", "--server", &url]);
    assert_eq!(status.code, Some(0), "{status:?}");
    for expected in [
        "durability      group: ",
        "after the fdatasync of its group",
        "nothing that was acknowledged",
        "at most the last 1s",
        "writes          taken",
        "last recovery   clean",
        "1 batch with 50 samples",
        "retention       samples 15d",
        "parts           0, 0 B",
    ] {
        assert!(
            status.stdout.contains(expected),
            "{expected:?}: {}",
            status.stdout
        );
    }
    let json = plimsoll(&["status", "--server", &url, "--output", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["durability"]["mode"], "group");
    assert_eq!(json["recovery"]["isClean"], true);
    assert_eq!(json["refusal"], Value::Null);
}
