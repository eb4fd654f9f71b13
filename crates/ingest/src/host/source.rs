//! Where host facts come from: bounded reads below three roots, and what must be remembered from
//! scrape to scrape.
//!
//! This reads with `std::fs` and not through `plimsoll_runtime::disk::Disk`: the files of procfs
//! claim a length of zero.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use plimsoll_runtime::clock::Clock;

use super::cpu::Seen;
use super::error::Error;
use super::mounts::Prober;

/// Longest file read from procfs, in bytes. The longest in practice is `/proc/stat`, whose `intr`
/// line reaches some 100 KiB on machines with hundreds of processors.
pub(crate) const FILE_BYTES_MAX: u64 = 8 << 20;

/// Longest sysfs attribute read, in bytes: the kernel gives each at most one page.
const ATTRIBUTE_BYTES_MAX: u64 = 4 << 10;

/// The roots below which a host describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPaths {
    /// The mount point of procfs, by default `/proc`.
    pub proc: PathBuf,
    /// The mount point of sysfs, by default `/sys`.
    pub sys: PathBuf,
    /// The database of udev, by default `/run/udev/data`; need not exist.
    pub udev_data: PathBuf,
}

impl Default for HostPaths {
    fn default() -> Self {
        Self {
            proc: "/proc".into(),
            sys: "/sys".into(),
            udev_data: "/run/udev/data".into(),
        }
    }
}

/// The host as collectors see it.
pub(crate) struct Host {
    pub(crate) paths: HostPaths,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cpu_seen: Mutex<Seen>,
    pub(crate) mounts: Prober,
}

impl Host {
    /// Describes the host below `paths`.
    pub(crate) fn new(paths: HostPaths, clock: Arc<dyn Clock>) -> Self {
        let mounts = Prober::new(Arc::clone(&clock));
        Self {
            paths,
            clock,
            cpu_seen: Mutex::default(),
            mounts,
        }
    }

    /// Reads a file of procfs; bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// `Unavailable`, `Unreadable`, or `LimitExceeded` above 8 MiB.
    pub(crate) fn read_proc(&self, name: &str) -> Result<String, Error> {
        read(&self.paths.proc.join(name), FILE_BYTES_MAX)
    }

    /// Returns an attribute of sysfs without the white space around it; `None` when it does not
    /// exist or cannot be read, which drivers use to say "does not apply to this device".
    pub(crate) fn attribute(&self, path: &Path) -> Option<String> {
        let text = read(&self.paths.sys.join(path), ATTRIBUTE_BYTES_MAX).ok()?;
        Some(text.trim().to_owned())
    }

    /// Returns the names of the directories inside a directory of sysfs, sorted, and whether there
    /// are more than `limit` of them.
    ///
    /// # Errors
    /// `Unavailable` or `Unreadable`.
    pub(crate) fn list_sys(&self, path: &str, limit: usize) -> Result<(Vec<String>, bool), Error> {
        let path = self.paths.sys.join(path);
        let entries = std::fs::read_dir(&path).map_err(|error| Error::unreadable(&path, error))?;
        let mut names: Vec<String> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.path().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .take(limit + 1)
            .collect();
        let more = names.len() > limit;
        names.truncate(limit);
        names.sort();
        Ok((names, more))
    }
}

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<String, Error> {
    let file = File::open(path).map_err(|error| Error::unreadable(path, error))?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::unreadable(path, error))?;
    if bytes.len() as u64 > limit {
        return Err(Error::too_long(path.into(), limit));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Parses a number as the kernel prints them; infinities and NaN are words, not numbers, there.
pub(crate) fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::error::ErrorKind;

    #[test]
    fn refuses_a_file_above_its_limit_and_takes_one_at_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), "12345");
        assert_eq!(read(&path, 4).unwrap_err().kind(), ErrorKind::LimitExceeded);
    }

    #[test]
    fn replaces_bytes_that_are_not_utf8() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, b"a\xff").unwrap();
        assert_eq!(read(&path, 5).unwrap(), "a\u{fffd}");
    }

    #[test]
    fn numbers_are_finite() {
        for (text, wanted) in [
            ("12", Some(12.0)),
            ("-1", Some(-1.0)),
            ("0.25", Some(0.25)),
            ("inf", None),
            ("NaN", None),
            ("1e999", None),
            ("", None),
            ("12kB", None),
        ] {
            assert_eq!(number(text), wanted, "{text}");
        }
    }
}
