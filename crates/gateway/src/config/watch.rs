//! Whether files are still what was read.
//!
//! Files are compared by what is in them, since times of change have the grain of the file system, and a mounted
//! secret is replaced by another link. What was read while a configuration was checked is remembered, so that a change
//! between the check and the first look is seen.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

/// The most bytes of a file that is read: as much as a configuration may have.
const BYTES_MAX: u64 = plimsoll_runtime::config::FILE_BYTES_MAX;

/// What was in a file; `None` when it could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(Option<u64>);

impl Stamp {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self(Some(xxh3_64(bytes)))
    }
}

/// The files of a configuration.
#[derive(Clone, Debug)]
pub struct Watch {
    files: Vec<(PathBuf, Stamp)>,
}

impl Watch {
    pub(super) fn new(files: Vec<(PathBuf, Stamp)>) -> Self {
        Self { files }
    }

    /// Returns the files that are not what they were when this was last asked, or when they were read. Blocks: every file
    /// is read.
    pub fn changed(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (path, stamp) in &mut self.files {
            let now = read(path).map(|bytes| Stamp::of(&bytes));
            let now = now.unwrap_or_default();
            if now != *stamp {
                *stamp = now;
                changed.push(path.clone());
            }
        }
        changed
    }
}

/// Reads a file.
///
/// # Errors
/// It cannot be read, or is too large.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file at the limit from one above it.
    let mut capped = File::open(path)?.take(BYTES_MAX + 1);
    capped.read_to_end(&mut bytes)?;
    match bytes.len() as u64 > BYTES_MAX {
        true => Err(io::Error::other("it is too large")),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_each_change_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.pem");
        std::fs::write(&path, "one").unwrap();
        let mut watch = Watch::new(vec![(path.clone(), Stamp::of(b"one"))]);
        assert_eq!(watch.changed(), Vec::<PathBuf>::new());
        std::fs::write(&path, "two").unwrap();
        assert_eq!(watch.changed(), vec![path.clone()]);
        assert_eq!(watch.changed(), Vec::<PathBuf>::new());
        std::fs::remove_file(&path).unwrap();
        assert_eq!(watch.changed(), vec![path.clone()]);
        assert_eq!(watch.changed(), Vec::<PathBuf>::new());
        std::fs::write(&path, "two").unwrap();
        assert_eq!(watch.changed(), vec![path]);
    }

    #[test]
    fn sees_a_change_from_before_the_first_look() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("gateway.yml");
        std::fs::write(&path, "new").unwrap();
        let mut watch = Watch::new(vec![(path.clone(), Stamp::of(b"old"))]);
        assert_eq!(watch.changed(), vec![path]);
    }

    #[test]
    fn refuses_an_endless_file() {
        let error = read("/dev/zero".as_ref()).unwrap_err();
        assert_eq!(error.to_string(), "it is too large");
    }
}
