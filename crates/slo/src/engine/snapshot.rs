//! The snapshot: everything that was counted up to the horizon, in one file, so that a restart changes nothing.
//!
//! What came after the horizon is not in it: it is in the store, and is counted again. Format in
//! `docs/formats/slo-snapshot.md`:
//!
//! ```text
//! +----------+---------+--------------------------------------------------------+---------+
//! | PLMSLO\r\n | version | body: horizon, slots with budgets, targets, series     | CRC32C  |
//! | 8 bytes  | 2 bytes |                                                        | 4 bytes |
//! +----------+---------+--------------------------------------------------------+---------+
//! ```
//!
//! A snapshot is good as a whole or not at all: a damaged one is refused, and everything is counted again from the store.

mod reader;
mod writer;

use std::io::{self, Write};

use plimsoll_types::Timestamp;

use super::Engine;

const MAGIC: &[u8; 8] = b"PLMSLO\r\n";
const VERSION: u16 = 1;
/// How many bytes are written at once.
const PART: usize = 1 << 18;

/// Why a snapshot was not restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// It does not begin as snapshots do.
    #[error("this is no snapshot of objectives")]
    NoSnapshot,
    /// Another version of the program wrote it.
    #[error("the snapshot is of version {0}, this program reads version {VERSION}")]
    Version(u16),
    /// It is shorter or other than what was written.
    #[error("the snapshot is damaged")]
    Damaged,
}

/// Writes bytes on and reckons their checksum.
struct Summed<'a> {
    into: &'a mut dyn Write,
    sum: u32,
}

impl Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum = crc32c::crc32c_append(self.sum, bytes);
        self.into.write_all(bytes)
    }

    /// Writes what has been gathered, when it is enough to be worth it.
    fn flush(&mut self, bytes: &mut Vec<u8>, least: usize) -> io::Result<()> {
        if bytes.len() >= least {
            self.write(bytes)?;
            bytes.clear();
        }
        Ok(())
    }
}

impl Engine {
    /// Writes a snapshot and returns its horizon: what came later is to be counted again after it is restored.
    ///
    /// # Errors
    /// Those of `into`; what it got is no snapshot then.
    pub fn write_snapshot(&self, into: &mut dyn Write) -> io::Result<Timestamp> {
        let mut summed = Summed { into, sum: 0 };
        summed.write(MAGIC)?;
        summed.write(&VERSION.to_le_bytes())?;
        self.write_body(&mut summed)?;
        let sum = summed.sum.to_le_bytes();
        summed.into.write_all(&sum)?;
        Ok(Timestamp::from_millis(self.horizon))
    }

    /// Restores a snapshot into an engine that has observed nothing yet. From then on [`catch_up`](Self::catch_up) begins
    /// at the snapshot's horizon. Rows and corrections come after it.
    ///
    /// SLOs of the catalogue that count as they did go on; others begin a new version at the horizon, and those that are not
    /// in the catalogue are kept for a while.
    ///
    /// # Errors
    /// [`SnapshotError`]; the engine is as it was.
    pub fn restore(&mut self, snapshot: &[u8]) -> Result<Timestamp, SnapshotError> {
        let rest = snapshot
            .strip_prefix(MAGIC)
            .ok_or(SnapshotError::NoSnapshot)?;
        let (version, rest) = rest.split_first_chunk().ok_or(SnapshotError::Damaged)?;
        let version = u16::from_le_bytes(*version);
        if version != VERSION {
            return Err(SnapshotError::Version(version));
        }
        let (body, sum) = rest.split_last_chunk().ok_or(SnapshotError::Damaged)?;
        let summed = &snapshot[..snapshot.len() - sum.len()];
        if crc32c::crc32c(summed) != u32::from_le_bytes(*sum) {
            return Err(SnapshotError::Damaged);
        }
        let restored = self.read_body(body).ok_or(SnapshotError::Damaged)?;
        *self = restored;
        Ok(self.horizon())
    }
}
