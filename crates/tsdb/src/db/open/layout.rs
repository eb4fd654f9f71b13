//! Whose the directory is, and of which version: the file `FORMAT`.
//!
//! ```text
//! 1
//! crc32c 1b2c3d4e
//! ```
//!
//! Earlier programs wrote the first line only. With the checksum a damaged digit is not taken for a newer version.

use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use plimsoll_runtime::disk::Disk;

use super::{CLOCK, FORMAT, PARTS, SNAPSHOTS, WAL};
use crate::db::queried;
use crate::manifest::{self, Manifest};
use crate::{Error, ErrorKind, Result};

const FORMAT_VERSION: u64 = 1;
/// The name of a file that lies in a directory while a backup is restored into it, beside anything but a `FORMAT`.
pub const RESTORE_UNFINISHED: &str = "RESTORE-UNFINISHED";
const LENGTH_MAX: u64 = 4096;

/// Checks that a directory is ours and of a version that is known. Returns what is wrong with the file when the rest of
/// the directory says that it was this version's; then it is to be written again.
///
/// # Errors
/// `NewerVersion`, `Config` when the directory is somebody else's or half restored, `Corrupt` when nothing else tells either, `Io`.
pub(in crate::db) fn check_format(disk: &dyn Disk, directory: &Path) -> Result<Option<String>> {
    let path = directory.join(FORMAT);
    let bytes = match disk.read(&path, LENGTH_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == IoErrorKind::NotFound => {
            check_foreign(disk, directory)?;
            let is_store = !matches!(Manifest::load(disk, directory), Ok(None));
            return Ok(is_store.then(|| format!("{FORMAT} is missing, it was made again")));
        }
        Err(error) if error.kind() == IoErrorKind::FileTooLarge => Vec::new(),
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    match decode(&bytes) {
        Some(version) if version > FORMAT_VERSION => {
            Err(Error::newer_version(&path, version, FORMAT_VERSION))
        }
        Some(_) => Ok(None),
        None if says_more(disk, directory) => {
            Ok(Some(format!("{FORMAT} is damaged, it was made again")))
        }
        None => {
            let found = String::from_utf8_lossy(&bytes);
            Err(Error::corrupt(
                &path,
                format!("wanted a version, found {found:?}"),
            ))
        }
    }
}

/// Says which version of the layout a directory has.
pub(in crate::db) fn write_format(disk: &dyn Disk, directory: &Path) -> Result<()> {
    let path = directory.join(FORMAT);
    disk.replace(&path, encode().as_bytes())
        .map_err(|error| Error::io("write", &path, error))
}

fn encode() -> String {
    let version = format!("{FORMAT_VERSION}\n");
    format!(
        "{version}crc32c {:08x}\n",
        crc32c::crc32c(version.as_bytes())
    )
}

/// Returns the version, `None` when the text is damaged.
fn decode(bytes: &[u8]) -> Option<u64> {
    let text = str::from_utf8(bytes).ok()?;
    let Some((version, checksum)) = text.split_once('\n').filter(|(_, rest)| !rest.is_empty())
    else {
        return text.trim().parse().ok();
    };
    let wanted = checksum.trim_end().strip_prefix("crc32c ")?;
    let found = crc32c::crc32c(format!("{version}\n").as_bytes());
    (u32::from_str_radix(wanted, 16) == Ok(found)).then_some(())?;
    version.parse().ok()
}

/// Says whether there is an intact manifest: whoever wrote it knew the version that we do.
fn says_more(disk: &dyn Disk, directory: &Path) -> bool {
    [manifest::NAME, manifest::COPY_NAME]
        .iter()
        .any(|name| matches!(Manifest::load_as(disk, directory, name), Ok(Some(_))))
}

/// A directory without a version is new, a first start was interrupted in it, or the version was lost; anything else in it
/// is somebody else's, such as the data of a running Prometheus, and nothing may be written beside it.
fn check_foreign(disk: &dyn Disk, directory: &Path) -> Result<()> {
    let is_ours = |name: &str| {
        let name = name.strip_suffix(".tmp").unwrap_or(name);
        let known = [FORMAT, WAL, PARTS, SNAPSHOTS, CLOCK, queried::NAME];
        name.starts_with("LOCK")
            || known.contains(&name)
            || [manifest::NAME, manifest::COPY_NAME].contains(&name)
    };
    let names = match disk.list(directory) {
        Ok(names) => names,
        Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::io("list", directory, error)),
    };
    if names.iter().any(|name| name == RESTORE_UNFINISHED) {
        return Err(half_restored(directory));
    }
    match names.iter().find(|name| !is_ours(name)) {
        Some(name) => Err(Error::new(
            ErrorKind::Config,
            format!(
                "{} belongs to somebody else: wanted an empty directory or one of Plimsoll's, found {name:?} \
                 and no {FORMAT}",
                directory.display()
            ),
        )),
        None => Ok(()),
    }
}

/// Returns why a directory without a version is no store.
pub(in crate::db) fn no_store(disk: &dyn Disk, directory: &Path) -> Error {
    if disk.exists(&directory.join(RESTORE_UNFINISHED)) {
        return half_restored(directory);
    }
    let message = format!(
        "{} holds no store: there is no {FORMAT}",
        directory.display()
    );
    Error::new(ErrorKind::Config, message)
}

fn half_restored(directory: &Path) -> Error {
    let message = format!(
        "{} holds a restore that was broken off (found {RESTORE_UNFINISHED} and no {FORMAT}), so samples are missing: \
         remove the directory and restore the backup again, or wait when the restore is still running",
        directory.display()
    );
    Error::new(ErrorKind::Config, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_old_and_new_texts_and_each_damage() {
        assert_eq!(decode(b"1\n"), Some(1));
        assert_eq!(decode(b"2"), Some(2));
        for text in ["", "one\n", "1\n1\n", "1\ncrc32c 0\n"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
        let good = encode();
        assert_eq!(decode(good.as_bytes()), Some(FORMAT_VERSION));
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let found = decode(&bytes);
            // Another case of a hexadecimal digit, or another end of the line, is no damage.
            assert!(
                found.is_none() || found == Some(FORMAT_VERSION),
                "{bytes:?}"
            );
        }
    }
}
