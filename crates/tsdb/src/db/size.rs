//! Retention by size: above a limit the oldest parts go.
//!
//! The limit holds for parts, those in quarantine and the WAL together, as Prometheus counts blocks and WAL. What goes is
//! taken from the tier that takes most space, so that a year of hourly windows is not given up for an hour of samples.
//! Nothing goes whose values would let older ones of another part come up again.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use plimsoll_types::{Tier, TimeRange};

use super::open::{WAL, part_path};
use super::seal::Maintenance;
use super::view::LivePart;
use super::{Db, Keeping};
use crate::{Error, Result};

/// What is known of a part; a list of them is in the order of their age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sized {
    id: u64,
    tier: Tier,
    range: TimeRange,
    bytes: u64,
}

impl Db {
    /// Removes the oldest parts while everything together is larger than the settings allow.
    pub(super) fn remove_above_size(
        &self,
        keeping: &mut Keeping,
        done: &mut Maintenance,
    ) -> Result<()> {
        let Some(limit) = self.size_limit() else {
            self.metrics.size_limit.set(0);
            return Ok(());
        };
        self.metrics
            .size_limit
            .set(i64::try_from(limit).unwrap_or(i64::MAX));
        let (all, aside): (Vec<Arc<LivePart>>, Vec<u64>) = {
            let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
            let aside = view.quarantined.iter().map(|part| part.id);
            (view.all_parts().cloned().collect(), aside.collect())
        };
        let parts: Vec<_> = all.iter().map(|live| sized(live)).collect();
        let mut used = self.wal_bytes()?;
        for id in aside {
            used += self.directory_bytes(&part_path(&self.parts_directory(), id))?;
        }
        let wanted = victims(&parts, used, limit);
        if wanted.is_empty() {
            return Ok(());
        }
        let is_wanted = |live: &&Arc<LivePart>| wanted.contains(&live.id());
        let gone: Vec<_> = all.iter().filter(is_wanted).cloned().collect();
        let mut manifest = keeping.manifest.clone();
        manifest.parts.retain(|entry| !wanted.contains(&entry.id));
        self.publish(keeping, manifest, &gone)?;
        tracing::info!(
            parts = gone.len(),
            limit,
            "the oldest parts went, for the store was larger than its limit"
        );
        self.metrics.size_retentions.inc_by(gone.len() as u64);
        self.metrics.parts_removed.inc_by(gone.len() as u64);
        done.parts_removed += gone.len();
        keeping.retired.extend(gone);
        Ok(())
    }

    /// Returns how many bytes may be used: the smaller one of the two limits.
    fn size_limit(&self) -> Option<u64> {
        let retention = self.upkeep.retention();
        let directory = self.config.directory();
        let share = retention.disk_share.and_then(|share| {
            match self.disk.total_bytes(directory) {
                Ok(total) => Some((total as f64 * share) as u64),
                Err(error) => {
                    // Better too much on the disk than samples removed for a wrong number.
                    tracing::warn!(%error, "the size of the file system is unknown, so its share is no limit");
                    None
                }
            }
        });
        let bytes = retention.bytes.map(|bytes| bytes.0);
        bytes.into_iter().chain(share).min()
    }

    /// Returns how large the WAL is on disk.
    pub(super) fn wal_bytes(&self) -> Result<u64> {
        self.directory_bytes(&self.config.directory().join(WAL))
    }

    /// Adds the files of a directory up; what is removed meanwhile counts nothing.
    fn directory_bytes(&self, directory: &Path) -> Result<u64> {
        let failed = |error| Error::io("look at", directory, error);
        let names = match self.disk.list(directory) {
            Ok(names) => names,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(failed(error)),
        };
        let mut sum = 0;
        for name in names {
            match self
                .disk
                .open(&directory.join(name))
                .and_then(|file| file.length())
            {
                Ok(length) => sum += length,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(sum)
    }
}

fn sized(live: &LivePart) -> Sized {
    Sized {
        id: live.id(),
        tier: live.entry.tier,
        range: live.range(),
        bytes: live.part.meta().bytes,
    }
}

/// Returns the numbers of the parts that go so that, with `others` bytes besides, no more than `limit` is left.
fn victims(parts: &[Sized], others: u64, limit: u64) -> Vec<u64> {
    let mut left = parts.to_vec();
    let mut gone = Vec::new();
    let sum = |parts: &[Sized]| parts.iter().map(|part| part.bytes).sum::<u64>();
    while sum(&left).saturating_add(others) > limit && !left.is_empty() {
        let of = |tier: Tier| left.iter().filter(move |part| part.tier == tier);
        let size = |tier: &Tier| of(*tier).map(|part| part.bytes).sum::<u64>();
        let has_any = |tier: &Tier| of(*tier).next().is_some();
        let tiers = Tier::ALL.into_iter().filter(has_any);
        // Of equal ones the finest.
        let Some(tier) = tiers.rev().max_by_key(size) else {
            break;
        };
        let candidates: Vec<&Sized> = of(tier).collect();
        // Of two parts that overlap, the values of the younger one hide those of the older one.
        let is_free = |at: &usize| {
            let mut older = candidates[..*at].iter();
            !older.any(|other| other.range.overlaps(candidates[*at].range))
        };
        let free = (0..candidates.len()).filter(is_free);
        let Some(at) = free.min_by_key(|at| candidates[*at].range.end) else {
            break;
        };
        let id = candidates[at].id;
        gone.push(id);
        left.retain(|part| part.id != id);
    }
    gone
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Timestamp;

    use super::*;

    fn part(id: u64, tier: Tier, times: (i64, i64), bytes: u64) -> Sized {
        let at = Timestamp::from_millis;
        Sized {
            id,
            tier,
            range: TimeRange::new(at(times.0), at(times.1)),
            bytes,
        }
    }

    #[test]
    fn the_oldest_of_the_largest_tier_go_and_no_more_than_needed() {
        let parts = [
            part(1, Tier::Raw, (20, 29), 100),
            part(2, Tier::Raw, (10, 19), 100),
            part(3, Tier::Raw, (30, 39), 100),
            part(4, Tier::Hour, (0, 39), 10),
            part(5, Tier::FiveMinutes, (0, 39), 30),
        ];
        for (others, limit, expected) in [
            (0, 340, vec![]),
            (0, 339, vec![2]),
            (1, 340, vec![2]),
            (0, 140, vec![2, 1]),
            (0, 139, vec![2, 1, 3]),
            (0, 39, vec![2, 1, 3, 5]),
            (500, 100, vec![2, 1, 3, 5, 4]),
        ] {
            assert_eq!(victims(&parts, others, limit), expected, "{others} {limit}");
        }
    }

    #[test]
    fn no_older_value_comes_up_again() {
        // Part 2 is newer data for the beginning of part 1.
        let parts = [
            part(1, Tier::Raw, (0, 50), 10),
            part(2, Tier::Raw, (0, 5), 10),
            part(3, Tier::Raw, (60, 70), 10),
        ];
        assert_eq!(victims(&parts, 0, 20), [1]);
        assert_eq!(victims(&parts, 0, 10), [1, 2]);
    }
}
