//! How far a long call is.

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that are done.
    pub files: u64,
    /// Files in all.
    pub files_total: u64,
    /// Their bytes that are done.
    pub bytes: u64,
    /// Their bytes in all.
    pub bytes_total: u64,
}

/// Is told how far a call is, once per file or 8 MiB, from whichever thread works.
pub trait Watch: Sync {
    /// Takes the state.
    fn at(&self, progress: Progress);
}

/// Takes no interest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Watch for Quiet {
    fn at(&self, _: Progress) {}
}

/// Counts for a watcher; shared by threads.
pub(crate) struct Meter<'a> {
    watch: &'a dyn Watch,
    state: std::sync::Mutex<Progress>,
}

impl<'a> Meter<'a> {
    pub(crate) fn new<'b>(
        watch: &'a dyn Watch,
        files: impl Iterator<Item = &'b crate::FileEntry>,
    ) -> Self {
        let mut state = Progress::default();
        for file in files {
            state.files_total += 1;
            state.bytes_total += file.length;
        }
        watch.at(state);
        Self {
            watch,
            state: std::sync::Mutex::new(state),
        }
    }

    pub(crate) fn add(&self, files: u64, bytes: u64) {
        let state = {
            let mut state = self
                .state
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            state.files += files;
            state.bytes += bytes;
            *state
        };
        self.watch.at(state);
    }
}
