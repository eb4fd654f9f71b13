//! Faults that a test plans.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The calls that change the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A file or directory is made.
    Create,
    /// Bytes are written or a file is cut.
    Write,
    /// A file or directory is synced.
    Sync,
    /// A name changes.
    Rename,
    /// A name goes.
    Remove,
}

/// What shall go wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The change with this number (see [`SimulatedDisk::changes`](super::SimulatedDisk::changes)) fails, once.
    Change {
        /// Counted from 0 over the life of the disk.
        number: u64,
        /// `StorageFull`, `Other` for EIO, ...
        error: ErrorKind,
    },
    /// Every call of this kind fails until the disk is healed.
    Every {
        /// Which calls.
        operation: Operation,
        /// `StorageFull`, `Other` for EIO, ...
        error: ErrorKind,
    },
    /// The opening or making of a file with this number (see [`SimulatedDisk::opens`](super::SimulatedDisk::opens)) fails,
    /// once, because too many are open (EMFILE).
    Open {
        /// Counted from 0 over the life of the disk.
        number: u64,
    },
    /// Every read of this file fails until the disk is healed.
    Read {
        /// Which file.
        path: PathBuf,
    },
}

#[derive(Default)]
pub(super) struct Faults {
    planned: Vec<Fault>,
    changes: u64,
    opens: u64,
    pub(super) capacity: Option<u64>,
}

impl Faults {
    pub(super) fn plan(&mut self, fault: Fault) {
        self.planned.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
        self.capacity = None;
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    pub(super) fn opens(&self) -> u64 {
        self.opens
    }

    pub(super) fn meet_open(&mut self) -> io::Result<()> {
        let number = self.opens;
        self.opens += 1;
        let fails = |fault: &Fault| matches!(fault, Fault::Open { number: at } if *at == number);
        match self.planned.iter().any(fails) {
            true => Err(out_of_files()),
            false => Ok(()),
        }
    }

    pub(super) fn meet(&mut self, operation: Operation, path: &Path) -> io::Result<()> {
        let number = self.changes;
        self.changes += 1;
        let error = self.planned.iter().find_map(|fault| match fault {
            Fault::Change { number: at, error } if *at == number => Some(*error),
            Fault::Every {
                operation: of,
                error,
            } if *of == operation => Some(*error),
            _ => None,
        });
        error.map_or(Ok(()), |kind| Err(planned(kind, operation, path)))
    }

    pub(super) fn meet_read(&self, path: &Path) -> io::Result<()> {
        let fails = |fault: &Fault| matches!(fault, Fault::Read { path: of } if of == path);
        if self.planned.iter().any(fails) {
            return Err(io::Error::other(format!(
                "{}: planned read fault",
                path.display()
            )));
        }
        Ok(())
    }
}

/// EMFILE, which has the same number on every system that we run on.
pub(super) fn out_of_files() -> io::Error {
    io::Error::from_raw_os_error(24)
}

fn planned(kind: ErrorKind, operation: Operation, path: &Path) -> io::Error {
    io::Error::new(
        kind,
        format!("{}: planned fault of {operation:?}", path.display()),
    )
}
