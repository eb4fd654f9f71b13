//! Which backups a repository has.

use object_store::path::Path;

use crate::manifest::{BackupId, LENGTH_MAX};
use crate::{Backup, Error, ErrorKind, InvalidBackup, Repository, Result};

/// The folder of the backups.
const BACKUPS: &str = "backups";

/// A backup that is there, and what it says when it can be read.
pub struct Listed {
    /// Its name.
    pub id: BackupId,
    /// What it says, or why it cannot be read.
    pub backup: Result<Backup>,
}

pub(crate) fn key(id: &BackupId) -> Path {
    Path::from(format!("{BACKUPS}/{id}"))
}

/// Returns the names of all backups, oldest first.
pub(crate) fn names(repository: &Repository) -> Result<Vec<BackupId>> {
    let found = repository.list(BACKUPS)?;
    let names = found.iter().filter_map(|object| object.location.filename());
    let mut names: Vec<_> = names.filter_map(BackupId::parse).collect();
    names.sort();
    Ok(names)
}

/// Reads all backups, oldest first.
///
/// # Errors
/// `Repository`. A backup that cannot be read is no error of the list.
pub fn list(repository: &Repository) -> Result<Vec<Listed>> {
    let read = |id: BackupId| Listed {
        backup: read(repository, &id),
        id,
    };
    Ok(names(repository)?.into_iter().map(read).collect())
}

/// Reads one backup: the newest, or the one whose name begins like this.
///
/// # Errors
/// `NotFound`, `Usage` when several begin so, `Damaged`, `NewerVersion`, `Repository`.
pub fn find(repository: &Repository, id: Option<&str>) -> Result<Backup> {
    let shown = repository.shown();
    let mut names = names(repository)?;
    let not_found = |what: String| Error::new(ErrorKind::NotFound, what);
    let Some(prefix) = id else {
        let newest = names.pop();
        let newest = newest.ok_or_else(|| not_found(format!("there is no backup in {shown}")))?;
        return read(repository, &newest);
    };
    names.retain(|name| name.as_str().starts_with(prefix));
    match &names[..] {
        [] => Err(not_found(format!("there is no backup {prefix} in {shown}"))),
        [one] => read(repository, one),
        several => Err(Error::new(
            ErrorKind::Usage,
            format!("{} backups in {shown} begin with {prefix:?}", several.len()),
        )),
    }
}

/// Reads what a backup says.
pub(crate) fn read(repository: &Repository, id: &BackupId) -> Result<Backup> {
    let key = key(id);
    let bytes = repository.get(&key, LENGTH_MAX)?;
    let backup = Backup::decode(&bytes).map_err(|error| {
        let kind = match error {
            InvalidBackup::Newer(_) => ErrorKind::NewerVersion,
            InvalidBackup::Line(..) => ErrorKind::Damaged,
        };
        Error::new(kind, format!("the backup {id} cannot be read: {error}"))
    })?;
    match backup.id == *id {
        true => Ok(backup),
        false => Err(Error::new(
            ErrorKind::Damaged,
            format!("the backup {id} says that it is {}", backup.id),
        )),
    }
}
