//! What a backup says: which files it has. Written last, whole or not at all.
//!
//! ```text
//! plimsoll backup 1
//! id 000007-20261121T150405Z-0123abcd
//! time 1795273445000
//! uploaded 12 34567
//! file 4096 1b2c3d4e 0123456789abcdef0123456789abcdef parts/0000000000000003/values.bin
//! ...
//! crc32c 1b2c3d4e
//! ```
//!
//! The checksum covers every byte before its line.

use std::fmt::Write;

use plimsoll_types::Timestamp;

use crate::entry::{FORMAT, FileEntry, MANIFEST, is_known_path};

const TITLE: &str = "plimsoll backup ";
const VERSION: u64 = 1;
/// About two million files.
pub(crate) const LENGTH_MAX: u64 = 256 << 20;

/// A backup: what a data directory held at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// Its name.
    pub id: BackupId,
    /// When it was made, by the clock of the machine that made it.
    pub created: Timestamp,
    /// How many of its files were sent, because no earlier backup had them.
    pub uploaded_files: u64,
    /// Their bytes.
    pub uploaded_bytes: u64,
    /// All its files, by path.
    pub files: Vec<FileEntry>,
}

/// The name of a backup: a number that grows, the time, and 8 digits that tell two apart which were made at once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BackupId {
    /// One more than that of the newest backup when it was begun. Decides which is newer, because clocks jump.
    pub number: u64,
    text: String,
}

/// A text that is no backup: the line, counted from 1, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBackup {
    /// A later version wrote it.
    #[error("format version {0}")]
    Newer(u64),
    /// A line is not what it should be.
    #[error("line {0}: {1}")]
    Line(usize, &'static str),
}

impl BackupId {
    pub(crate) fn new(number: u64, time: &str, salt: u32) -> Self {
        Self {
            number,
            text: format!("{number:06}-{time}-{salt:08x}"),
        }
    }

    /// Reads a name; `None` when it is none of a backup.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.splitn(3, '-');
        let (number, time, salt) = (words.next()?, words.next()?, words.next()?);
        let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let is_id = number.len() >= 6
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && time.len() == 16
            && is_plain(time)
            && salt.len() == 8
            && is_plain(salt);
        is_id.then_some(())?;
        Some(Self {
            number: number.parse().ok()?,
            text: text.into(),
        })
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for BackupId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Backup {
    /// Returns the bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.length).sum()
    }

    /// Returns how many parts it has.
    pub fn parts(&self) -> usize {
        let mut parts: Vec<_> = self.files.iter().filter_map(FileEntry::part).collect();
        parts.sort_unstable();
        parts.dedup();
        parts.len()
    }

    /// Returns the text.
    pub fn encode(&self) -> String {
        let mut text = format!("{TITLE}{VERSION}\n");
        let _ = writeln!(text, "id {}", self.id);
        let _ = writeln!(text, "time {}", self.created.millis());
        let (files, bytes) = (self.uploaded_files, self.uploaded_bytes);
        let _ = writeln!(text, "uploaded {files} {bytes}");
        for file in &self.files {
            let _ = writeln!(
                text,
                "file {} {:08x} {:032x} {}",
                file.length, file.crc32c, file.digest, file.path
            );
        }
        let crc = crc32c::crc32c(text.as_bytes());
        let _ = writeln!(text, "crc32c {crc:08x}");
        text
    }

    /// Reads what [`encode`](Self::encode) wrote. The bytes may be hostile: no path leaves the data directory.
    ///
    /// # Errors
    /// [`InvalidBackup`].
    pub fn decode(bytes: &[u8]) -> Result<Self, InvalidBackup> {
        let invalid = |line: usize, what: &'static str| InvalidBackup::Line(line, what);
        let text = str::from_utf8(bytes).map_err(|_| invalid(1, "the text is not UTF-8"))?;
        let version = text
            .strip_prefix(TITLE)
            .and_then(|rest| rest.lines().next())
            .and_then(|version| version.parse().ok())
            .ok_or(invalid(1, "it does not begin with the title and a version"))?;
        if version > VERSION {
            return Err(InvalidBackup::Newer(version));
        }
        let count = text.lines().count();
        let (body, crc) =
            split_checksum(text).ok_or(invalid(count, "the last line is no checksum"))?;
        if crc32c::crc32c(body.as_bytes()) != crc {
            return Err(invalid(count, "the checksum does not fit the text"));
        }
        let mut lines = body.lines().enumerate().skip(1);
        let mut head = |keyword: &'static str| {
            let (index, line) = lines.next().unwrap_or((count, ""));
            let rest = line.strip_prefix(keyword).and_then(|r| r.strip_prefix(' '));
            rest.ok_or(invalid(
                index + 1,
                "wanted id, time and uploaded, one line each",
            ))
        };
        let id = BackupId::parse(head("id")?).ok_or(invalid(2, "this is no id"))?;
        let created = head("time")?.parse().map(Timestamp::from_millis);
        let created = created.map_err(|_| invalid(3, "this is no time"))?;
        let uploaded = head("uploaded")?.split_once(' ');
        let uploaded = uploaded.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        let (uploaded_files, uploaded_bytes) =
            uploaded.ok_or(invalid(4, "wanted a count and bytes"))?;
        let files = lines
            .map(|(index, line)| {
                read_file(line).ok_or(invalid(index + 1, "this is no file of a data directory"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        check_files(&files).map_err(|what| invalid(count, what))?;
        Ok(Self {
            id,
            created,
            uploaded_files,
            uploaded_bytes,
            files,
        })
    }
}

fn read_file(line: &str) -> Option<FileEntry> {
    let mut words = line.strip_prefix("file ")?.splitn(4, ' ');
    let file = FileEntry {
        length: words.next()?.parse().ok()?,
        crc32c: u32::from_str_radix(words.next()?, 16).ok()?,
        digest: u128::from_str_radix(words.next()?, 16).ok()?,
        path: words.next()?.into(),
    };
    is_known_path(&file.path).then_some(file)
}

fn check_files(files: &[FileEntry]) -> Result<(), &'static str> {
    if !files.is_sorted_by(|a, b| a.path < b.path) {
        return Err("the files are not sorted, or one is there twice");
    }
    let total = files
        .iter()
        .try_fold(0u64, |sum, file| sum.checked_add(file.length));
    if total.is_none() {
        return Err("the lengths of the files are more than a number holds");
    }
    let has = |path: &str| files.iter().any(|file| file.path == path);
    match has(FORMAT) && has(MANIFEST) {
        true => Ok(()),
        false => Err("there is no FORMAT or no MANIFEST among the files"),
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

    fn file() -> impl Strategy<Value = FileEntry> {
        (0..u64::MAX >> 16, any::<u32>(), any::<u128>(), any::<u64>()).prop_map(
            |(length, crc32c, digest, part)| FileEntry {
                path: format!("parts/{part:016x}/values.bin"),
                length,
                crc32c,
                digest,
            },
        )
    }

    fn backup() -> impl Strategy<Value = Backup> {
        let files = prop::collection::vec(file(), 0..5);
        let head = (0..9_999_999u64, any::<i64>(), any::<u64>(), any::<u64>());
        (head, files).prop_map(|((number, created, a, b), mut files)| {
            for path in [FORMAT, MANIFEST] {
                files.push(FileEntry {
                    path: path.into(),
                    length: 2,
                    crc32c: 3,
                    digest: 4,
                });
            }
            files.sort();
            files.dedup_by(|a, b| a.path == b.path);
            Backup {
                id: BackupId::new(number, "20060102T150405Z", 7),
                created: Timestamp::from_millis(created),
                uploaded_files: a,
                uploaded_bytes: b,
                files,
            }
        })
    }

    proptest! {
        #[test]
        fn returns_whole_and_notices_damage(backup in backup(), place: prop::sample::Index, bit in 0..8u32) {
            let mut bytes = backup.encode().into_bytes();
            prop_assert_eq!(&Backup::decode(&bytes).unwrap(), &backup);
            let at = place.index(bytes.len());
            prop_assert!(Backup::decode(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            if let Ok(found) = Backup::decode(&bytes) {
                // Another case of a hexadecimal digit in the checksum is no damage.
                prop_assert_eq!(found, backup);
            }
        }
    }

    fn checked(body: &str) -> Result<Backup, InvalidBackup> {
        let text = format!("{body}crc32c {:08x}\n", crc32c::crc32c(body.as_bytes()));
        Backup::decode(text.as_bytes())
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let head = "plimsoll backup 1\nid 000001-20060102T150405Z-0123abcd\ntime 1\nuploaded 0 0\n";
        let check = |rest: &str, expected: &str| {
            let error = checked(&format!("{head}{rest}")).unwrap_err();
            assert_eq!(error.to_string(), expected, "{rest}");
        };
        let nothing = "00000000 00000000000000000000000000000000";
        check(
            &format!("file 1 {nothing} ../../etc/passwd\n"),
            "line 5: this is no file of a data directory",
        );
        check(
            &format!("file 1 {nothing} FORMAT\nfile 1 {nothing} FORMAT\n"),
            "line 7: the files are not sorted, or one is there twice",
        );
        check(
            &format!("file 1 {nothing} FORMAT\n"),
            "line 6: there is no FORMAT or no MANIFEST among the files",
        );
        let error = Backup::decode(b"plimsoll backup 2\nwhatever").unwrap_err();
        assert_eq!(error, InvalidBackup::Newer(2));
    }

    #[test]
    fn names_are_read_back_and_sorted_by_number() {
        let id = BackupId::new(7, "20060102T150405Z", 0xabcd);
        assert_eq!(id.as_str(), "000007-20060102T150405Z-0000abcd");
        assert_eq!(BackupId::parse(id.as_str()), Some(id.clone()));
        assert!(BackupId::new(1_000_000, "20060102T150405Z", 0) > id);
        for text in [
            "",
            "7-20060102T150405Z-0000abcd",
            "000007-x-0000abcd",
            "000007-20060102T150405Z-0000abcd#1",
        ] {
            assert_eq!(BackupId::parse(text), None, "{text}");
        }
    }
}
