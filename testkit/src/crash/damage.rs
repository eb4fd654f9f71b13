//! Damage: a file is no longer what was written. The store must open and answer; what is missing lay in that file, and the
//! store says so.

use std::fmt;
use std::path::{Path, PathBuf};

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Appender, Queryable, TimeRange, Timestamp};

use super::ledger::{Contents, Difference, Ledger};
use super::work::Life;
use super::{Health, RETENTION, Schedule, Shown, StoreUnderTest, Times};
use crate::{Seed, SimulatedDisk};

/// A batch of the schedule holds no more samples, and a flipped byte costs one batch.
const BATCH_MAX: u64 = 20;

/// What happens to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// One bit or several of one byte are inverted.
    Flipped { offset: u64, mask: u8 },
    /// The file ends here.
    Cut { length: u64 },
    /// Nothing is in it.
    Emptied,
    /// It is not there.
    Removed,
}

/// One damage.
#[derive(Clone, Debug)]
struct Damage {
    path: PathBuf,
    kind: Kind,
}

/// Whose the file is, which says what may be missing.
enum Place {
    /// Of the part in this directory.
    Part(String),
    Wal,
    /// The manifest, the version: they hold no samples.
    Top,
}

impl<S: Appender + Queryable> StoreUnderTest<S> {
    /// Between its lives one file is damaged.
    ///
    /// # Errors
    /// Why the store did not open or answer, or what is missing and did not lie in that file or is not named.
    pub fn outlives_damage(
        &self,
        mut seed: Seed,
        schedule: &mut Schedule,
    ) -> Result<Shown, String> {
        let mut life = self.born(&mut seed, RETENTION, Times::Steady)?;
        let mut ledger = Ledger::default();
        for _ in 0..3 {
            self.work(&mut life, &mut seed, &mut ledger, schedule);
            if !(self.sync)(&life.store) {
                return Err("a disk without faults does not sync".into());
            }
            ledger.acknowledge_all();
            life = self.next(life, false, schedule)?;
            self.check(&mut life, &mut ledger, true)?;
            life = self.harm(life, &mut seed, &mut ledger, schedule)?;
        }
        Ok(life.shown(&ledger))
    }

    fn harm(
        &self,
        life: Life<S>,
        seed: &mut Seed,
        ledger: &mut Ledger,
        schedule: &mut Schedule,
    ) -> Result<Life<S>, String> {
        let disk = life.disk.kill();
        let Some(damage) = Damage::choose(&disk, &life.opening.directory, seed) else {
            return self.reopened(life, disk);
        };
        schedule.note(|| damage.to_string());
        damage.inflict(&disk).map_err(|error| error.to_string())?;
        let named = |error: String| format!("{damage}: {error}");
        let mut life = self.reopened(life, disk).map_err(named)?;
        let found = self.read_after_damage(&life.store).map_err(named)?;
        let health = (self.health)(&life.store);
        let lost = damage.judge(&life.store, &health, &ledger.compare(&found));
        life.shown.damaged += 1;
        life.shown.gone += lost.map_err(named)?;
        ledger.go_on_from(&found);
        Ok(life)
    }

    /// Damage that a query meets is an error; maintenance puts the part aside, and then there is an answer.
    fn read_after_damage(&self, store: &S) -> Result<Contents, String> {
        let mut outcome = super::ledger::read(store, &[], TimeRange::ALL);
        for _ in 0..2 {
            if outcome.is_ok() {
                break;
            }
            (self.maintain)(store);
            outcome = super::ledger::read(store, &[], TimeRange::ALL);
        }
        outcome
    }
}

impl Damage {
    /// Chooses a place first, because most files are those of parts.
    fn choose(disk: &SimulatedDisk, directory: &Path, seed: &mut Seed) -> Option<Self> {
        let top = ["wal", "parts", ""][seed.below(3) as usize];
        let below = |path: &PathBuf| {
            let Ok(rest) = path.strip_prefix(directory) else {
                return false;
            };
            match top {
                "" => rest.components().count() == 1,
                top => rest.starts_with(top),
            }
        };
        let files: Vec<_> = disk.files().into_iter().filter(below).collect();
        let index = seed.below(files.len().max(1) as u64) as usize;
        let path = files.into_iter().nth(index)?;
        let length = disk.open(&path).and_then(|file| file.length()).ok()?;
        let kind = match seed.below(8) {
            0 => Kind::Removed,
            1 => Kind::Emptied,
            2 => Kind::Cut {
                length: seed.below(length.max(1)),
            },
            _ if length == 0 => Kind::Removed,
            _ => Kind::Flipped {
                offset: seed.below(length),
                mask: 1 << seed.below(8),
            },
        };
        Some(Self { path, kind })
    }

    /// Harms the file so that a later power loss does not heal it.
    fn inflict(&self, disk: &SimulatedDisk) -> std::io::Result<()> {
        let cut = |length| {
            let file = disk.open_writable(&self.path)?;
            file.set_length(length)?;
            file.sync_data()
        };
        match self.kind {
            Kind::Flipped { offset, mask } => disk.flip(&self.path, offset, mask),
            Kind::Cut { length } => cut(length)?,
            Kind::Emptied => cut(0)?,
            Kind::Removed => {
                disk.remove_file(&self.path)?;
                disk.sync_directory(self.path.parent().unwrap_or(Path::new("/")))?;
            }
        }
        Ok(())
    }

    fn place(&self) -> Place {
        let names: Vec<_> = self.path.iter().rev().take(3).collect();
        let name = |index: usize| names.get(index).map(|name| name.to_string_lossy());
        match (name(1).as_deref(), name(2).as_deref()) {
            (Some("wal"), _) => Place::Wal,
            (Some(part), Some("parts")) => Place::Part(part.into()),
            _ => Place::Top,
        }
    }

    /// Returns how many samples are rightly missing or other ones.
    fn judge(
        &self,
        store: &impl Queryable,
        health: &Health,
        differences: &[Difference],
    ) -> Result<u64, String> {
        if let Some(made_up) = differences.iter().find(|one| !one.was_ever) {
            return Err(format!("never written: {made_up}"));
        }
        let Some(first) = differences.first() else {
            return Ok(0);
        };
        match self.place() {
            Place::Top => return Err(format!("nothing of it lay there: {first}")),
            Place::Part(part) => {
                for one in differences {
                    is_named(store, &part, one)?;
                }
            }
            Place::Wal => {
                // Where a segment ends or whether one was there is nothing that the others know.
                let is_flipped = matches!(self.kind, Kind::Flipped { .. });
                if is_flipped && health.is_clean {
                    return Err(format!("missing and not named: {first}"));
                }
                let lost = differences.iter().filter(|one| one.is_lost()).count() as u64;
                if is_flipped && lost > BATCH_MAX + health.without_series {
                    return Err(format!(
                        "a flipped byte costs {lost} samples, such as {first}"
                    ));
                }
            }
        }
        Ok(differences.len() as u64)
    }
}

/// Answers about a time of which something may be missing must say so, and name the part.
fn is_named(store: &impl Queryable, part: &str, one: &Difference) -> Result<(), String> {
    let time = Timestamp::from_millis(one.time());
    let answer = store.select(&[], TimeRange::new(time, time));
    let warnings = answer.map_err(|error| error.to_string())?.warnings;
    match warnings.iter().any(|warning| warning.contains(part)) {
        true => Ok(()),
        false => Err(format!(
            "{one}, and no warning names the part: {warnings:?}"
        )),
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {:?}", self.path.display(), self.kind)
    }
}
