//! Reads backups back.

use std::collections::BTreeMap;

use object_store::path::Path;

use crate::progress::Meter;
use crate::{Backup, Error, ErrorKind, FileEntry, Repository, Result, Watch};

/// What a verification found.
#[derive(Debug, Default)]
pub struct Verified {
    /// Objects that were read; one that several backups share is read once.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What is missing or not what was written.
    pub damaged: Vec<Error>,
}

/// Reads every object of `backups` and compares length and checksum.
///
/// # Errors
/// `Repository`: it does not answer. Damage is no error; it is told in the result.
pub fn verify(repository: &Repository, backups: &[Backup], watch: &dyn Watch) -> Result<Verified> {
    let files = backups.iter().flat_map(|backup| &backup.files);
    let objects: BTreeMap<Path, &FileEntry> = files.map(|file| (file.key(), file)).collect();
    let meter = Meter::new(watch, objects.values().copied());
    let mut verified = Verified::default();
    for file in objects.values() {
        let read = repository.read(file, &mut |_, piece| {
            meter.add(0, piece.len() as u64);
            Ok(())
        });
        match read {
            Ok(()) => {
                verified.objects += 1;
                verified.bytes += file.length;
            }
            Err(error) if error.kind() == ErrorKind::Damaged => verified.damaged.push(error),
            Err(error) => return Err(error),
        }
        meter.add(1, 0);
    }
    Ok(verified)
}
