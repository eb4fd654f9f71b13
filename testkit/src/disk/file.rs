//! A file: what a program sees, and what would be left of it.

use std::io::{self, ErrorKind};

use crate::Seed;

#[derive(Default)]
pub(super) struct FileNode {
    /// What a program sees.
    current: Vec<u8>,
    /// What is surely on disk.
    durable: Vec<u8>,
    /// Changes since the last sync, in order.
    pending: Vec<Change>,
}

enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl FileNode {
    pub(super) fn length(&self) -> u64 {
        self.current.len() as u64
    }

    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start
            .checked_add(into.len())
            .and_then(|end| self.current.get(start..end))
            .ok_or(ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(bytes);
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) {
        let change = Change::Write {
            offset: offset as usize,
            bytes: bytes.into(),
        };
        change.apply(&mut self.current);
        self.pending.push(change);
    }

    pub(super) fn set_length(&mut self, length: u64) {
        let change = Change::Length(length as usize);
        change.apply(&mut self.current);
        self.pending.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.pending.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// After a failed sync the kernel forgets that the pages were dirty: a later sync will not write them.
    pub(super) fn fail_sync(&mut self) {
        self.pending.clear();
    }

    /// Keeps each unsynced change, or a prefix of it, or nothing of it.
    pub(super) fn lose_power(&mut self, seed: &mut Seed) {
        for change in self.pending.drain(..) {
            match change {
                Change::Write { offset, mut bytes } if seed.percent(50) => {
                    if seed.percent(50) {
                        bytes.truncate(seed.below(bytes.len() as u64 + 1) as usize);
                    }
                    Change::Write { offset, bytes }.apply(&mut self.durable);
                }
                Change::Length(length) if seed.percent(50) => {
                    Change::Length(length).apply(&mut self.durable);
                }
                _ => {}
            }
        }
        self.current.clone_from(&self.durable);
    }

    pub(super) fn flip(&mut self, offset: u64, mask: u8) {
        self.current[offset as usize] ^= mask;
        if let Some(byte) = self.durable.get_mut(offset as usize) {
            *byte ^= mask;
        }
    }
}

impl Change {
    fn apply(&self, contents: &mut Vec<u8>) {
        match self {
            Self::Length(length) => contents.resize(*length, 0),
            Self::Write { bytes, .. } if bytes.is_empty() => {}
            Self::Write { offset, bytes } => {
                let end = offset + bytes.len();
                if contents.len() < end {
                    contents.resize(end, 0);
                }
                contents[*offset..end].copy_from_slice(bytes);
            }
        }
    }
}
