//! The memory that bodies take together: many clients must not hold what one alone may not.

use std::sync::Arc;

use plimsoll_types::ByteCount;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Error, ErrorKind};

/// What bodies may take together, from their first byte until whoever read them is done; clones share it.
///
/// It is counted in KiB, rounded up: a crowd of tiny bodies counts too.
#[derive(Clone, Debug)]
pub struct BodyMemory {
    room: Arc<Semaphore>,
    limit: ByteCount,
}

/// A part of a [`BodyMemory`]; dropping it gives the part back.
#[derive(Debug)]
pub struct BodyShare {
    memory: BodyMemory,
    taken: Option<OwnedSemaphorePermit>,
}

impl BodyMemory {
    /// Makes a memory of `limit`, all of it free.
    pub fn new(limit: ByteCount) -> Self {
        let room = usize::try_from(kibibytes(limit.0)).unwrap_or(usize::MAX);
        Self {
            room: Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))),
            limit,
        }
    }

    /// Takes a share for so many bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Overloaded`] when that is not free.
    pub fn take(&self, bytes: u64) -> Result<BodyShare, Error> {
        let mut share = self.share();
        share.grow_to(bytes)?;
        Ok(share)
    }

    /// Returns a share of nothing yet.
    pub(super) fn share(&self) -> BodyShare {
        BodyShare {
            memory: self.clone(),
            taken: None,
        }
    }

    /// Refuses what would not fit now, without taking anything.
    pub(super) fn check(&self, bytes: u64) -> Result<(), Error> {
        match self.room.available_permits() as u64 >= kibibytes(bytes) {
            true => Ok(()),
            false => Err(self.overloaded()),
        }
    }

    fn overloaded(&self) -> Error {
        let limit = self.limit;
        Error::new(
            ErrorKind::Overloaded,
            format!("the limit of {limit} of waiting bodies is reached"),
        )
    }
}

impl BodyShare {
    /// Makes the share at least so many bytes large.
    pub(super) fn grow_to(&mut self, bytes: u64) -> Result<(), Error> {
        let taken = self.taken.as_ref().map_or(0, |permit| permit.num_permits());
        let wanted = kibibytes(bytes).saturating_sub(taken as u64);
        let room = Arc::clone(&self.memory.room);
        let more = u32::try_from(wanted)
            .ok()
            .and_then(|wanted| room.try_acquire_many_owned(wanted).ok())
            .ok_or_else(|| self.memory.overloaded())?;
        match &mut self.taken {
            Some(taken) => taken.merge(more),
            None => self.taken = Some(more),
        }
        Ok(())
    }
}

/// Rounds up, so that an empty body counts too.
fn kibibytes(bytes: u64) -> u64 {
    bytes / 1024 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let memory = BodyMemory::new(ByteCount(3 * 1024));
        let mut first = memory.take(1024).unwrap();
        let error = memory.take(2 * 1024).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        assert!(error.is_retryable());
        assert_eq!(
            error.to_string(),
            "the limit of 3 KiB of waiting bodies is reached"
        );
        first.grow_to(3 * 1024).unwrap();
        assert!(memory.check(0).is_err());
        drop(first);
        memory.check(3 * 1024).unwrap();
        memory.take(3 * 1024).unwrap();
    }
}
