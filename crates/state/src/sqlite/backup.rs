//! A copy of the database beside it, before its tables are changed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;

use super::errors::Errors;
use super::file::{cannot, sync_directory};
use crate::error::Result;

/// Copies the database at `path`, open in `connection`, to `<path>.before-v<version>`, durably.
///
/// One that an earlier attempt has left is replaced: this one is of the same version, and newer.
pub(crate) async fn make(
    connection: &mut SqliteConnection,
    path: &Path,
    version: i64,
) -> Result<PathBuf> {
    let copy = with_suffix(path, &format!(".before-v{version}"));
    let unfinished = with_suffix(&copy, ".unfinished");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(cannot("remove", &unfinished, error));
        }
        _ => {}
    }
    let copied = sqlx::query("VACUUM INTO $1")
        .bind(unfinished.to_string_lossy().into_owned())
        .execute(connection)
        .await;
    copied.map_err(|error| Errors::new(&unfinished).tell("make the copy", error))?;
    File::open(&unfinished)
        .and_then(|file| file.sync_all())
        .map_err(|error| cannot("sync", &unfinished, error))?;
    fs::rename(&unfinished, &copy).map_err(|error| cannot("rename", &unfinished, error))?;
    sync_directory(&copy)?;
    Ok(copy)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
