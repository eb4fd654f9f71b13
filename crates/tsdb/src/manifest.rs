//! The manifest: which parts count, and what of the WAL is in them.
//!
//! One small text file, replaced whole (`docs/formats/manifest.md`):
//!
//! ```text
//! plimsoll tsdb manifest 3
//! sequence 4711
//! next-part 4
//! part 0000000000000003 1700000000000 1700007199999 4000 4100
//! part 0000000000000002 1700007200000 1700014399999 4711 0
//! part-5m 0000000000000005 1699920000001 1700006400000 4600 0 fresh
//! quarantined 0000000000000000 1699992800000 1699999999999 3000 0 damaged at byte 77
//! tombstone 4100 1700000000000 1700003600000 {"job"="node"}
//! sealed 1700007200000 4711
//! crc32c 1b2c3d4e
//! ```
//!
//! - `sequence`: no later write gets a WAL sequence up to this one.
//! - `part`: directory, first and last millisecond, the WAL sequence up to which it was sealed, the sequence up to which
//!   deletions were carried out in it. In order of age: of two values for one (series, time) the one of the later line
//!   counts.
//! - `part-5m`, `part-1h`: a part of windows. Its times are the span that it stands for, its first sequence is the one up
//!   to which everything of that span is in it, and it is `behind` when a part of samples of its span was sealed since.
//!   `quarantined-5m`, `quarantined-1h`: the same for parts that cannot be read.
//! - `tombstone`: the WAL sequence and the text of a [`Deletion`]. It hides samples in parts whose two sequences are both
//!   lower.
//! - `sealed`: samples of the window that begins at this millisecond are in a part when their WAL record has at most
//!   this sequence; replay passes over them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use plimsoll_runtime::disk::Disk;
use plimsoll_types::{Tier, TimeRange, Timestamp};

use crate::deletion::{Deletion, Tombstone};
use crate::{Error, Result};

pub(crate) const NAME: &str = "MANIFEST";
/// Holds the same. It is replaced first, so it is never older.
pub(crate) const COPY_NAME: &str = "MANIFEST.copy";
const TITLE: &str = "plimsoll tsdb manifest ";
/// Since version 2 there are tombstones, and parts in quarantine keep their place in the order of age; since version 3
/// parts of windows.
const VERSION: u64 = 3;
/// What is written while there is no part of windows, so that an older version can still take the directory over.
const VERSION_WITHOUT_TIERS: u64 = 2;
/// About 500,000 parts.
const LENGTH_MAX: u64 = 64 << 20;

/// What the manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The last WAL sequence that is known to be given.
    pub sequence: u64,
    /// The number that the next part's directory gets.
    pub next_part: u64,
    /// The parts that count, of all tiers, oldest first.
    pub parts: Vec<PartEntry>,
    /// Damaged parts that are kept aside.
    pub quarantined: Vec<QuarantinedPart>,
    /// Deletions that parts do not know of, in the order of their sequence.
    pub tombstones: Vec<Tombstone>,
    /// Window start in milliseconds to the WAL sequence up to which it is in parts.
    pub sealed: BTreeMap<i64, u64>,
}

/// A part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartEntry {
    /// Its number, which names its directory.
    pub id: u64,
    /// What it holds.
    pub tier: Tier,
    /// From its first to its last sample or exemplar; of a part of windows the span that it stands for.
    pub range: TimeRange,
    /// The WAL sequence up to which its window was sealed; of a part of windows the one up to which it knows its span.
    pub sequence: u64,
    /// The WAL sequence up to which deletions were carried out in it; 0 when none was.
    pub cleaned: u64,
    /// Samples of the span of a part of windows were sealed after it was made, so it must be made again.
    pub is_behind: bool,
}

impl PartEntry {
    /// Describes a part of samples.
    pub fn of_samples(id: u64, range: TimeRange, sequence: u64, cleaned: u64) -> Self {
        Self {
            id,
            tier: Tier::Raw,
            range,
            sequence,
            cleaned,
            is_behind: false,
        }
    }

    /// Says whether it holds samples that a deletion of this sequence came after.
    pub(crate) fn is_before(&self, tombstone: u64) -> bool {
        self.sequence.max(self.cleaned) < tombstone
    }
}

/// A part that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedPart {
    /// Its number, which names its directory.
    pub id: u64,
    /// What it holds.
    pub tier: Tier,
    /// What is missing from answers.
    pub range: TimeRange,
    /// The WAL sequence up to which its window was sealed.
    pub sequence: u64,
    /// The WAL sequence up to which deletions were carried out in it; 0 when none was.
    pub cleaned: u64,
    /// Why, on one line.
    pub reason: String,
}

/// A text that is not a manifest: the line, counted from 1, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidManifest {
    /// A later version wrote it.
    #[error("format version {0}")]
    Newer(u64),
    /// A line is not what it should be.
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
}

impl Manifest {
    /// Reads the manifest of a data directory; `None` when there is none.
    ///
    /// # Errors
    /// `Corrupt`, `NewerVersion`, `Io`.
    pub fn load(disk: &dyn Disk, directory: &Path) -> Result<Option<Self>> {
        Self::load_as(disk, directory, NAME)
    }

    /// Reads the manifest or its copy.
    pub(crate) fn load_as(disk: &dyn Disk, directory: &Path, name: &str) -> Result<Option<Self>> {
        let path = directory.join(name);
        let bytes = match disk.read(&path, LENGTH_MAX) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(Error::io("read", &path, error)),
        };
        Self::decode(&bytes).map(Some).map_err(|error| match error {
            InvalidManifest::Newer(found) => Error::newer_version(&path, found, VERSION),
            InvalidManifest::Line(..) => Error::corrupt(&path, error),
        })
    }

    /// Puts this manifest in the place of the one on disk and of its copy.
    ///
    /// # Errors
    /// `Io`, `NoSpace`: either the old or this one is on disk. `Io` as well when it is longer than one that can be
    /// loaded; then the old one is on disk.
    pub fn store(&self, disk: &dyn Disk, directory: &Path) -> Result<()> {
        let path = directory.join(NAME);
        let text = self.encode();
        if text.len() as u64 > LENGTH_MAX {
            let reason = format!("wanted at most {LENGTH_MAX} bytes, found {}", text.len());
            let error = std::io::Error::new(std::io::ErrorKind::FileTooLarge, reason);
            return Err(Error::io("replace", &path, error));
        }
        [directory.join(COPY_NAME), path]
            .iter()
            .try_for_each(|path| {
                disk.replace(path, text.as_bytes())
                    .map_err(|error| Error::io("replace", path, error))
            })
    }

    /// Returns the text.
    pub fn encode(&self) -> String {
        let version = match self.has_tiers() {
            true => VERSION,
            false => VERSION_WITHOUT_TIERS,
        };
        let mut text = format!("{TITLE}{version}\n");
        let _ = writeln!(text, "sequence {}", self.sequence);
        let _ = writeln!(text, "next-part {}", self.next_part);
        for part in &self.parts {
            let (start, end) = (part.range.start, part.range.end);
            let _ = writeln!(
                text,
                "part{} {:016x} {start} {end} {} {}{}",
                suffix(part.tier),
                part.id,
                part.sequence,
                part.cleaned,
                state(part)
            );
        }
        for part in &self.quarantined {
            let (start, end) = (part.range.start, part.range.end);
            let reason = part.reason.replace(char::is_control, " ");
            let _ = writeln!(
                text,
                "quarantined{} {:016x} {start} {end} {} {} {reason}",
                suffix(part.tier),
                part.id,
                part.sequence,
                part.cleaned
            );
        }
        for tombstone in &self.tombstones {
            let _ = writeln!(
                text,
                "tombstone {} {}",
                tombstone.sequence, tombstone.deletion
            );
        }
        for (window, sequence) in &self.sealed {
            let _ = writeln!(text, "sealed {window} {sequence}");
        }
        let crc = crc32c::crc32c(text.as_bytes());
        let _ = writeln!(text, "crc32c {crc:08x}");
        text
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// [`InvalidManifest`].
    pub fn decode(bytes: &[u8]) -> std::result::Result<Self, InvalidManifest> {
        let invalid = |line: usize, what: &'static str| InvalidManifest::Line(line, what);
        let text = str::from_utf8(bytes).map_err(|_| invalid(1, "the text is not UTF-8"))?;
        let version = text
            .strip_prefix(TITLE)
            .and_then(|rest| rest.lines().next());
        let version: u64 = version
            .and_then(|version| version.parse().ok())
            .ok_or(invalid(1, "it does not begin with the title and a version"))?;
        let lines = text.lines().count();
        let checked = split_checksum(text);
        if let Some((body, crc)) = checked
            && crc32c::crc32c(body.as_bytes()) != crc
        {
            return Err(invalid(lines, "the checksum does not fit the text"));
        }
        if version > VERSION {
            return Err(InvalidManifest::Newer(version));
        }
        let (body, _) = checked.ok_or(invalid(lines, "the last line is no checksum"))?;
        let mut manifest = Self::default();
        for (index, line) in body.lines().enumerate().skip(1) {
            manifest
                .read_line(line, version)
                .ok_or(invalid(index + 1, "it is none of the known lines"))?;
        }
        if version == 1 {
            manifest.infer_sequences();
        }
        Ok(manifest)
    }

    fn read_line(&mut self, line: &str, version: u64) -> Option<()> {
        let (keyword, rest) = line.split_once(' ')?;
        let (keyword, tier) = match keyword.split_once('-') {
            Some(("part" | "quarantined", _)) if version < 3 => return None,
            Some((keyword @ ("part" | "quarantined"), name)) => {
                let tier = Tier::parse(name).filter(|tier| *tier != Tier::Raw)?;
                (keyword, tier)
            }
            _ => (keyword, Tier::Raw),
        };
        match keyword {
            "sequence" => self.sequence = rest.parse().ok()?,
            "next-part" => self.next_part = rest.parse().ok()?,
            "part" => {
                let (id, range, rest) = read_part(rest)?;
                let (sequence, cleaned) = match version {
                    1 => (rest, "0"),
                    _ => rest.split_once(' ')?,
                };
                let (cleaned, is_behind) = match tier {
                    Tier::Raw => (cleaned, false),
                    _ => read_state(cleaned)?,
                };
                self.parts.push(PartEntry {
                    id,
                    tier,
                    range,
                    sequence: sequence.parse().ok()?,
                    cleaned: cleaned.parse().ok()?,
                    is_behind,
                });
            }
            "quarantined" => {
                let (id, range, rest) = read_part(rest)?;
                let (sequence, cleaned, reason) = match version {
                    1 => ("0", "0", rest),
                    _ => {
                        let (sequence, rest) = rest.split_once(' ')?;
                        let (cleaned, reason) = rest.split_once(' ')?;
                        (sequence, cleaned, reason)
                    }
                };
                self.quarantined.push(QuarantinedPart {
                    id,
                    tier,
                    range,
                    sequence: sequence.parse().ok()?,
                    cleaned: cleaned.parse().ok()?,
                    reason: reason.into(),
                });
            }
            "tombstone" if version > 1 => {
                let (sequence, deletion) = rest.split_once(' ')?;
                self.tombstones.push(Tombstone {
                    sequence: sequence.parse().ok()?,
                    deletion: Deletion::parse(deletion).ok()?,
                });
            }
            "sealed" => {
                let (window, sequence) = rest.split_once(' ')?;
                self.sealed
                    .insert(window.parse().ok()?, sequence.parse().ok()?);
            }
            _ => return None,
        }
        Some(())
    }

    fn has_tiers(&self) -> bool {
        let parts = self.parts.iter().map(|part| part.tier);
        let mut tiers = parts.chain(self.quarantined.iter().map(|part| part.tier));
        tiers.any(|tier| tier != Tier::Raw)
    }

    /// Version 1 did not keep the sequence of a part in quarantine. Numbers of parts grew with their age then, so it is
    /// not below that of any part with a lower number.
    fn infer_sequences(&mut self) {
        for aside in &mut self.quarantined {
            let older = self.parts.iter().filter(|part| part.id < aside.id);
            aside.sequence = older.map(|part| part.sequence).max().unwrap_or(0);
        }
    }
}

/// Returns the name of a part's directory.
pub(crate) fn part_name(id: u64) -> String {
    format!("{id:016x}")
}

/// Says whether a name is one that [`part_name`] gives.
pub(crate) fn is_part_name(name: &str) -> bool {
    u64::from_str_radix(name, 16).is_ok_and(|id| part_name(id) == name)
}

fn read_part(rest: &str) -> Option<(u64, TimeRange, &str)> {
    let mut words = rest.splitn(4, ' ');
    let id = u64::from_str_radix(words.next()?, 16).ok()?;
    let start = Timestamp::from_millis(words.next()?.parse().ok()?);
    let end = Timestamp::from_millis(words.next()?.parse().ok()?);
    Some((id, TimeRange::new(start, end), words.next()?))
}

/// Returns what the keyword of a part ends with.
fn suffix(tier: Tier) -> String {
    match tier {
        Tier::Raw => String::new(),
        tier => format!("-{tier}"),
    }
}

const FRESH: &str = "fresh";
const BEHIND: &str = "behind";

/// Returns the last word of a part's line, with the blank before it; a part of samples has none.
fn state(part: &PartEntry) -> String {
    match (part.tier, part.is_behind) {
        (Tier::Raw, _) => String::new(),
        (_, false) => format!(" {FRESH}"),
        (_, true) => format!(" {BEHIND}"),
    }
}

fn read_state(text: &str) -> Option<(&str, bool)> {
    match text.split_once(' ')? {
        (cleaned, FRESH) => Some((cleaned, false)),
        (cleaned, BEHIND) => Some((cleaned, true)),
        _ => None,
    }
}

fn split_checksum(text: &str) -> Option<(&str, u32)> {
    let (body, crc) = text.strip_suffix('\n')?.rsplit_once("\ncrc32c ")?;
    let crc = u32::from_str_radix(crc, 16).ok()?;
    Some((&text[..body.len() + 1], crc))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range() -> impl Strategy<Value = TimeRange> {
        (any::<i64>(), any::<i64>()).prop_map(|(start, end)| {
            TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end))
        })
    }

    fn tier() -> impl Strategy<Value = Tier> {
        prop::sample::select(&Tier::ALL[..])
    }

    fn manifest() -> impl Strategy<Value = Manifest> {
        let sequences = || (any::<u64>(), any::<u64>());
        let part = (any::<u64>(), tier(), range(), sequences(), any::<bool>()).prop_map(
            |(id, tier, range, (sequence, cleaned), is_behind)| PartEntry {
                id,
                tier,
                range,
                sequence,
                cleaned,
                is_behind: is_behind && tier != Tier::Raw,
            },
        );
        let quarantined = (any::<u64>(), tier(), range(), sequences(), "[ -~]{0,20}").prop_map(
            |(id, tier, range, (sequence, cleaned), reason)| QuarantinedPart {
                id,
                tier,
                range,
                sequence,
                cleaned,
                reason,
            },
        );
        let tombstone = (any::<u64>(), crate::deletion::tests::deletions())
            .prop_map(|(sequence, deletion)| Tombstone { sequence, deletion });
        let tombstones = prop::collection::vec(tombstone, 0..3);
        let sealed = prop::collection::btree_map(any::<i64>(), any::<u64>(), 0..5);
        let (parts, aside) = (
            prop::collection::vec(part, 0..5),
            prop::collection::vec(quarantined, 0..3),
        );
        (any::<u64>(), any::<u64>(), parts, aside, sealed, tombstones).prop_map(
            |(sequence, next_part, parts, quarantined, sealed, tombstones)| Manifest {
                sequence,
                next_part,
                parts,
                quarantined,
                tombstones,
                sealed,
            },
        )
    }

    proptest! {
        #[test]
        fn returns_whole_and_notices_damage(manifest in manifest(), place: prop::sample::Index, bit in 0..8u32) {
            let mut bytes = manifest.encode().into_bytes();
            prop_assert_eq!(&Manifest::decode(&bytes).unwrap(), &manifest);
            let at = place.index(bytes.len());
            prop_assert!(Manifest::decode(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            if let Ok(found) = Manifest::decode(&bytes) {
                // Another case of a hexadecimal digit in the checksum is no damage.
                prop_assert_eq!(found, manifest);
            }
        }

        #[test]
        fn never_panics(bytes: Vec<u8>) {
            let _ = Manifest::decode(&bytes);
        }
    }

    #[test]
    fn names_the_line_and_the_newer_version() {
        let error = Manifest::decode(b"plimsoll tsdb manifest 4\nwhatever").unwrap_err();
        assert_eq!(error, InvalidManifest::Newer(4));
        let error = Manifest::decode(b"plimsoll tsdb manifest 1\nsequence 1\n").unwrap_err();
        assert_eq!(error.to_string(), "line 2: the last line is no checksum");
        let body = "plimsoll tsdb manifest 1\nunknown 1\n";
        let text = format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()));
        let error = Manifest::decode(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: it is none of the known lines");
    }

    #[test]
    fn reads_version_1() {
        let body = "plimsoll tsdb manifest 1\nsequence 9\nnext-part 4\npart 0000000000000001 0 7 4\n\
                    part 0000000000000003 8 9 8\nquarantined 0000000000000002 0 7 it is gone\nsealed 8 8\n";
        let text = format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()));
        let found = Manifest::decode(text.as_bytes()).unwrap();
        let at =
            |start, end| TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
        let part = |id, range, sequence| PartEntry::of_samples(id, range, sequence, 0);
        let aside = QuarantinedPart {
            id: 2,
            tier: Tier::Raw,
            range: at(0, 7),
            sequence: 4,
            cleaned: 0,
            reason: "it is gone".into(),
        };
        let expected = Manifest {
            sequence: 9,
            next_part: 4,
            parts: vec![part(1, at(0, 7), 4), part(3, at(8, 9), 8)],
            quarantined: vec![aside],
            sealed: BTreeMap::from([(8, 8)]),
            ..Manifest::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn without_windows_an_older_version_can_read_it() {
        let at =
            |start, end| TimeRange::new(Timestamp::from_millis(start), Timestamp::from_millis(end));
        let part = |tier| PartEntry {
            tier,
            ..PartEntry::of_samples(1, at(1, 9), 3, 2)
        };
        let text = |tier| {
            let parts = vec![part(tier)];
            let manifest = Manifest {
                parts,
                ..Manifest::default()
            };
            manifest.encode()
        };
        assert!(text(Tier::Raw).starts_with("plimsoll tsdb manifest 2\n"));
        let tiered = text(Tier::Hour);
        assert!(tiered.starts_with("plimsoll tsdb manifest 3\n"), "{tiered}");
        assert!(
            tiered.contains("\npart-1h 0000000000000001 1 9 3 2 fresh\n"),
            "{tiered}"
        );
        let body = "plimsoll tsdb manifest 2\npart-1h 0000000000000001 1 9 3 2 fresh\n";
        let text = format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()));
        let error = Manifest::decode(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line 2: it is none of the known lines");
    }
}
