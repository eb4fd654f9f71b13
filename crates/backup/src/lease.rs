//! Leases: who works on a repository at the moment.
//!
//! A backup relies on objects that it found, and pruning removes objects that nobody names, so they must not meet. Each
//! first puts an object that says so, and then looks whether the other's is there: whichever came second sees the first,
//! and goes away. Two backups do not disturb each other.
//!
//! A lease counts for [`LENGTH`] after it was last renewed, by the repository's clock alone: it stamps the objects of both.
//! So a process that was killed keeps nobody out for long, and one that slept too long notices.

use std::time::Duration;

use object_store::path::Path;
use plimsoll_runtime::clock::{Clock, Monotonic};

use crate::{Error, ErrorKind, Repository, Result};

/// The folder of the leases.
const LEASES: &str = "leases";
/// How long one counts after it was renewed.
const LENGTH: Duration = Duration::from_mins(15);
/// How often one is renewed: many chances before it is over.
const RENEWAL: Duration = Duration::from_mins(1);

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Makes a backup.
    Backup,
    /// Removes what no backup names.
    Prune,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Prune => "prune",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Backup => Self::Prune,
            Self::Prune => Self::Backup,
        }
    }
}

/// Held while somebody works; dropping it gives it back.
pub(crate) struct Lease<'a> {
    repository: &'a Repository,
    clock: &'a dyn Clock,
    work: Work,
    key: Path,
    /// By the repository's clock, in milliseconds.
    stamped: i64,
    renewed: Monotonic,
    has_lapsed: bool,
}

impl<'a> Lease<'a> {
    /// Announces work under a name that nobody else has.
    ///
    /// # Errors
    /// `Busy` when somebody does what this must not meet, `Repository`.
    pub(crate) fn take(
        repository: &'a Repository,
        clock: &'a dyn Clock,
        work: Work,
        salt: u32,
    ) -> Result<Self> {
        let key = Path::from(format!("{LEASES}/{}-{salt:08x}", work.name()));
        let mut lease = Self {
            repository,
            clock,
            work,
            key,
            stamped: 0,
            renewed: clock.monotonic(),
            has_lapsed: false,
        };
        lease.stamp()?;
        lease.check_others()?;
        Ok(lease)
    }

    /// Returns the repository's time when it was last renewed, in milliseconds.
    pub(crate) fn stamped(&self) -> i64 {
        self.stamped
    }

    /// Renews it when it is time.
    pub(crate) fn keep(&mut self) -> Result<()> {
        match self.clock.monotonic().since(self.renewed) >= RENEWAL {
            true => self.renew(),
            false => Ok(()),
        }
    }

    /// Renews it and fails when it had been over: others may have relied on that.
    ///
    /// # Errors
    /// `Busy`, `Repository`.
    pub(crate) fn renew(&mut self) -> Result<()> {
        let before = self.stamped;
        self.stamp()?;
        let gap = self.stamped.saturating_sub(before);
        // A stamp from before the last one is a clock that was set back, and says nothing about how long it was.
        self.has_lapsed |= gap < 0 || gap as u128 > LENGTH.as_millis();
        match self.has_lapsed {
            true => Err(Error::new(
                ErrorKind::Busy,
                format!(
                    "the work on {} was interrupted for more than {} minutes, and others may have worked there \
                     meanwhile; begin again",
                    self.repository.shown(),
                    LENGTH.as_secs() / 60
                ),
            )),
            false => Ok(()),
        }
    }

    fn stamp(&mut self) -> Result<()> {
        let begun = self.clock.monotonic();
        self.repository.put(&self.key, Vec::new())?;
        let found = self.repository.head(&self.key)?;
        self.stamped = found.last_modified.timestamp_millis();
        self.renewed = begun;
        Ok(())
    }

    fn check_others(&self) -> Result<()> {
        let other = self.work.other().name();
        let prefix = format!("{other}-");
        let length = i64::try_from(LENGTH.as_millis()).unwrap_or(i64::MAX);
        for found in self.repository.list(LEASES)? {
            let name = found.location.filename().unwrap_or_default();
            let age = self.stamped - found.last_modified.timestamp_millis();
            if name.starts_with(&prefix) && age <= length {
                let what = match self.work {
                    Work::Backup => "old backups are being removed from",
                    Work::Prune => "a backup is being made in",
                };
                return Err(Error::new(
                    ErrorKind::Busy,
                    format!(
                        "{what} {} ({LEASES}/{name}, {} s ago); try again when that is done, or {} minutes after it was \
                         killed",
                        self.repository.shown(),
                        age / 1000,
                        LENGTH.as_secs() / 60
                    ),
                ));
            }
        }
        Ok(())
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // Best effort: what stays is over by itself.
        let _ = self.repository.delete(&self.key);
    }
}
