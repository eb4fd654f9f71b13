//! The directory of a demo: removed at its end, also when it panics. What a demo left that was killed, the next one removes.
//!
//! ```text
//! plimsoll-demo-XXXXXX/     readable by its owner alone
//!   running                 locked while the demo runs; absent with --keep
//!   prometheus.yml, ...
//!   data/
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use plimsoll_demo::files::Written;
use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::Failure;

const PREFIX: &str = "plimsoll-demo-";
const LOCK: &str = "running";

/// The directory of this demo.
pub(super) struct Home {
    directory: PathBuf,
    /// Removes the directory when it is dropped; absent when it is kept.
    temporary: Option<TempDir>,
    /// Held for as long as the demo runs.
    _lock: Option<File>,
}

impl Home {
    /// Makes one in the system's place for temporary files.
    pub(super) fn make(is_kept: bool) -> Result<Self, Failure> {
        let parent = std::env::temp_dir();
        sweep(&parent);
        Self::make_in(&parent, is_kept)
    }

    fn make_in(parent: &Path, is_kept: bool) -> Result<Self, Failure> {
        let failed = |error| Failure::failed(format!("{}: {error}", parent.display()));
        let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
        let made = made.map_err(failed)?;
        let directory = made.path().to_owned();
        if is_kept {
            return Ok(Self {
                directory: made.keep(),
                temporary: None,
                _lock: None,
            });
        }
        let lock = File::create(directory.join(LOCK)).map_err(failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| failed(error.into()))?;
        Ok(Self {
            directory,
            temporary: Some(made),
            _lock: Some(lock),
        })
    }

    /// Returns where files of configuration are.
    pub(super) fn configuration(&self) -> PathBuf {
        self.directory.clone()
    }

    /// Returns where data is.
    pub(super) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Makes the failure of something in it.
    pub(super) fn failed(&self, error: &std::io::Error) -> Failure {
        Failure::failed(format!("{}: {error}", self.directory.display()))
    }

    /// Says where the data is and how to look at it again, when it is kept.
    pub(super) fn kept(&self, written: &Written) -> Option<String> {
        if self.temporary.is_some() {
            return None;
        }
        let (data, config) = (self.data(), &written.prometheus);
        Some(format!(
            "the data is kept in {}; look at it again with\n  plimsoll serve --config {} --data-dir {}\n",
            self.directory.display(),
            config.display(),
            data.display()
        ))
    }
}

/// Removes what demos left behind that nobody let end: directories of ours whose lock nobody holds.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(PREFIX) && is_left(&entry.path()) {
            // What cannot be removed, such as another user's, stays.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_left(directory: &Path) -> bool {
    // A link would lead out of the place for temporary files.
    let is_directory = fs::symlink_metadata(directory).is_ok_and(|metadata| metadata.is_dir());
    let Ok(lock) = File::open(directory.join(LOCK)) else {
        return false;
    };
    is_directory && flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Written {
        Written {
            prometheus: "p.yml".into(),
            gateway: "g.yml".into(),
            alertmanager: "a.yml".into(),
        }
    }

    #[test]
    fn a_directory_goes_with_its_demo_unless_it_is_kept() {
        let parent = tempfile::tempdir().unwrap();
        let home = Home::make_in(parent.path(), false).unwrap();
        fs::create_dir(home.data()).unwrap();
        assert_eq!(home.kept(&written()), None);
        let path = home.configuration();
        drop(home);
        assert!(!path.exists());
        let home = Home::make_in(parent.path(), true).unwrap();
        let told = home.kept(&written()).unwrap();
        assert!(told.contains("serve --config p.yml --data-dir"), "{told}");
        let path = home.configuration();
        drop(home);
        sweep(parent.path());
        assert!(path.exists());
    }

    #[test]
    fn what_a_killed_demo_left_is_removed_and_what_runs_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let running = Home::make_in(parent.path(), false).unwrap();
        let left = parent.path().join(format!("{PREFIX}left"));
        let other = parent.path().join("something-else");
        for directory in [&left, &other] {
            fs::create_dir(directory).unwrap();
            File::create(directory.join(LOCK)).unwrap();
        }
        sweep(parent.path());
        assert!(!left.exists());
        assert!(other.exists() && running.configuration().exists());
    }
}
