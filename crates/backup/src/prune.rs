//! Removes old backups and what only they needed.
//!
//! First the old backups go, oldest first, then the objects that no backup names. Broken off at any point it leaves whole
//! backups, and objects that the next pruning removes.

use std::collections::HashSet;
use std::time::Duration;

use object_store::ObjectMeta;
use object_store::path::Path;
use plimsoll_runtime::clock::Clock;

use crate::create::salt;
use crate::entry::OBJECTS;
use crate::lease::{Lease, Work};
use crate::{Error, ErrorKind, Repository, Result, list};

/// Objects that are removed between two looks at the lease.
const BATCH: usize = 100;

/// What is kept.
#[derive(Clone, Copy, Debug)]
pub struct PruneOptions {
    /// So many of the newest backups. At least 1.
    pub keep: usize,
    /// Objects that no backup names stay until they are as old, by the repository's clock: a backup that was broken off
    /// finds there what it had sent. 1 day is a good value.
    pub age_min: Duration,
}

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The names of the backups.
    pub backups: Vec<String>,
    /// Objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that no backup names, and that stay because they are young.
    pub young: u64,
}

/// Removes all but the newest backups.
///
/// # Errors
/// `Usage` when nothing would be kept; `Busy` while a backup is being made; `Damaged` and `NewerVersion` when a backup
/// that is kept cannot be read, because nobody knows what it needs: then nothing was removed. `Repository`.
pub fn prune(repository: &Repository, options: &PruneOptions, clock: &dyn Clock) -> Result<Pruned> {
    if options.keep == 0 {
        return Err(Error::new(ErrorKind::Usage, "at least one backup is kept"));
    }
    let mut lease = Lease::take(repository, clock, Work::Prune, salt(clock))?;
    let mut names = list::names(repository)?;
    let kept = names.split_off(names.len().saturating_sub(options.keep));
    let mut needed: HashSet<Path> = HashSet::new();
    for id in &kept {
        let backup = list::read(repository, id)?;
        needed.extend(backup.files.iter().map(crate::FileEntry::key));
        lease.keep()?;
    }
    let mut pruned = Pruned::default();
    for id in names {
        lease.keep()?;
        repository.delete(&list::key(&id))?;
        pruned.backups.push(id.to_string());
    }
    remove_unneeded(repository, options, &needed, &mut lease, &mut pruned)?;
    Ok(pruned)
}

/// Removes the objects that no backup names, save young ones.
fn remove_unneeded(
    repository: &Repository,
    options: &PruneOptions,
    needed: &HashSet<Path>,
    lease: &mut Lease<'_>,
    pruned: &mut Pruned,
) -> Result<()> {
    let now = lease.stamped();
    let is_young = |object: &ObjectMeta| {
        let age = now.saturating_sub(object.last_modified.timestamp_millis());
        u128::from(age.max(0).unsigned_abs()) < options.age_min.as_millis()
    };
    let mut unneeded = repository.list(OBJECTS)?;
    unneeded.retain(|object| !needed.contains(&object.location));
    let (young, old): (Vec<_>, Vec<_>) = unneeded.into_iter().partition(is_young);
    pruned.young = young.len() as u64;
    for batch in old.chunks(BATCH) {
        lease.renew()?;
        for object in batch {
            repository.delete(&object.location)?;
            pruned.objects += 1;
            pruned.bytes += object.size;
        }
    }
    Ok(())
}
