//! Reads everything that a data directory holds, and names what is bad.
//!
//! Nothing is changed and no lock is taken, so the store may be in use. What its owner removes or adds meanwhile is no
//! damage: a part that fails is looked up in the manifest again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;

use super::open::{FORMAT, PARTS, WAL, check_format, no_store, part_path};
use crate::manifest::{self, Manifest, is_part_name, part_name};
use crate::part::{self, Part};
use crate::wal::{Flaw, SegmentId, examine};
use crate::{Error, ErrorKind, Result};

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Parts that were read whole.
    pub parts: u64,
    /// Segments of the WAL.
    pub segments: u64,
    /// Their intact records.
    pub records: u64,
    /// Bytes of parts and segments.
    pub bytes: u64,
    /// What is not as it was written, or cannot be read.
    pub damaged: Vec<Finding>,
    /// What is worth knowing and takes nothing away.
    pub notes: Vec<Finding>,
}

/// A place and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file or directory.
    pub path: PathBuf,
    /// Where in it, in bytes.
    pub offset: Option<u64>,
    /// What was wanted and what was found.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, what) = (self.path.display(), &self.what);
        match self.offset {
            Some(offset) => write!(f, "{path} at byte {offset}: {what}"),
            None => write!(f, "{path}: {what}"),
        }
    }
}

/// Reads every part and every segment of a data directory. `tell` is called with what is read next.
///
/// # Errors
/// `Config` when it is no data directory, `NewerVersion`, `Io` when a directory cannot be listed. Damage is no error; it
/// is in the result.
pub fn verify(
    disk: &Arc<dyn Disk>,
    directory: &Path,
    tell: &mut dyn FnMut(&Path),
) -> Result<Verification> {
    let format = directory.join(FORMAT);
    if !disk.exists(&format) {
        return Err(no_store(&**disk, directory));
    }
    let mut examining = Examining {
        disk,
        directory,
        tell,
        found: Verification::default(),
    };
    let checked = check_format(&**disk, directory);
    examining.unless_damaged(&format, checked)?;
    examining.parts()?;
    examining.wal()?;
    Ok(examining.found)
}

struct Examining<'a> {
    disk: &'a Arc<dyn Disk>,
    directory: &'a Path,
    tell: &'a mut dyn FnMut(&Path),
    found: Verification,
}

impl Examining<'_> {
    fn damaged(&mut self, path: &Path, offset: Option<u64>, what: impl Into<String>) {
        self.found.damaged.push(Finding {
            path: path.into(),
            offset,
            what: what.into(),
        });
    }

    fn note(&mut self, path: &Path, offset: Option<u64>, what: impl Into<String>) {
        self.found.notes.push(Finding {
            path: path.into(),
            offset,
            what: what.into(),
        });
    }

    /// Makes a finding of damage; other errors end the verification.
    fn unless_damaged<T>(&mut self, path: &Path, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Io) => {
                self.damaged(path, None, error.chain());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn parts(&mut self) -> Result<()> {
        let path = self.directory.join(manifest::NAME);
        let loaded = Manifest::load(&**self.disk, self.directory);
        let Some(loaded) = self.unless_damaged(&path, loaded)? else {
            return Ok(());
        };
        let Some(manifest) = loaded else {
            self.damaged(
                &path,
                None,
                "the file is missing; it says which parts count",
            );
            return Ok(());
        };
        for entry in &manifest.parts {
            self.part(entry.id)?;
        }
        let parts = self.directory.join(PARTS);
        for aside in &manifest.quarantined {
            let what = format!("in quarantine: {}", aside.reason);
            self.damaged(&part_path(&parts, aside.id), None, what);
        }
        let counted = manifest.parts.iter().map(|entry| entry.id);
        let aside = manifest.quarantined.iter().map(|entry| entry.id);
        let known: Vec<String> = counted.chain(aside).map(part_name).collect();
        for name in self.disk.list(&parts).unwrap_or_default() {
            if is_part_name(&name) && !known.contains(&name) {
                let what = "counts for nothing: it is being written, or the next start removes it";
                self.note(&parts.join(name), None, what);
            }
        }
        Ok(())
    }

    fn part(&mut self, id: u64) -> Result<()> {
        let path = part_path(&self.directory.join(PARTS), id);
        (self.tell)(&path);
        let read = Part::open(self.disk.clone(), &path).and_then(|part| {
            part.verify()?;
            Ok(part.meta().bytes)
        });
        let error = match read {
            Ok(bytes) => {
                self.found.parts += 1;
                self.found.bytes += bytes;
                return Ok(());
            }
            Err(error) => error,
        };
        if self.is_gone(id)? {
            return Ok(());
        }
        match error {
            part::Error::Corrupt { file, offset, what } => {
                self.damaged(&file, Some(offset), what);
            }
            part::Error::NewerVersion { .. } => return Err(error.into()),
            _ if error.is_out_of_files() => return Err(error.into()),
            part::Error::Io { .. } | part::Error::Invalid { .. } => {
                self.damaged(&path, None, Error::from(error).chain());
            }
        }
        Ok(())
    }

    /// Says whether the store let go of a part since.
    fn is_gone(&self, id: u64) -> Result<bool> {
        let manifest = Manifest::load(&**self.disk, self.directory)?;
        Ok(!manifest.is_some_and(|now| now.parts.iter().any(|entry| entry.id == id)))
    }

    fn wal(&mut self) -> Result<()> {
        let directory = self.directory.join(WAL);
        if !self.disk.exists(&directory) {
            return Ok(());
        }
        let names = self.disk.list(&directory);
        let names = names.map_err(|error| Error::io("list", &directory, error))?;
        for name in names {
            if let Some(id) = SegmentId::parse(&name) {
                self.segment(&directory.join(&name), id)?;
            }
        }
        Ok(())
    }

    fn segment(&mut self, path: &Path, id: SegmentId) -> Result<()> {
        (self.tell)(path);
        let facts = match examine(&**self.disk, path, id) {
            Ok(facts) => facts?,
            // Everything in it is in parts by now.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                self.damaged(path, None, error.to_string());
                return Ok(());
            }
        };
        self.found.segments += 1;
        self.found.records += facts.records;
        self.found.bytes += facts.bytes;
        for Flaw {
            offset,
            what,
            is_torn_end,
        } in facts.flaws
        {
            match is_torn_end {
                true => {
                    let what =
                        format!("{what}: a write that a crash broke off, or that is going on");
                    self.note(path, Some(offset), what);
                }
                false => self.damaged(path, Some(offset), what),
            }
        }
        Ok(())
    }
}
