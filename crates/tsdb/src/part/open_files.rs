//! The open files of all parts: however many parts there are, only so many of their files are open.
//!
//! A file is opened when somebody reads it and stays open as long as there is room. When there is none the file goes
//! that was not read for long: files stand in a row, the first one is closed, unless it was read since it stood there
//! last; then it goes to the end of the row once more. Reading a file that is open touches nothing but its own place.
//!
//! A file that was closed is opened again by its path, so the directory of a part stays on disk as long as anybody holds
//! the part (see `db::retention`). Who reads at the moment keeps his file open beside those that are counted here.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_runtime::disk::{Disk, DiskFile, is_out_of_files};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;

/// What the open files of parts say about themselves. Clones share the same numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenFilesMetrics {
    pub(crate) open: Gauge,
    pub(crate) opened: Counter,
}

/// The row of open files.
pub(crate) struct OpenFiles {
    most: usize,
    row: Mutex<Row>,
    metrics: OpenFilesMetrics,
}

#[derive(Default)]
struct Row {
    /// By their number in the row; the first one is looked at first.
    places: BTreeMap<u64, Arc<Place>>,
    next: u64,
}

/// Where a file lies while it is open. The row's lock comes before that of a place.
#[derive(Default)]
struct Place {
    open: Mutex<Option<Open>>,
    /// It was read since it stood at the front of the row.
    is_used: AtomicBool,
}

struct Open {
    number: u64,
    file: Arc<dyn DiskFile>,
}

impl OpenFiles {
    /// Makes an empty row of at most `most` files, at least one.
    pub(crate) fn new(most: usize, metrics: OpenFilesMetrics) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            row: Mutex::default(),
            metrics,
        })
    }

    /// Puts an open file into its place, unless somebody else was faster, and returns the one that lies there.
    fn keep(&self, place: &Arc<Place>, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        self.metrics.opened.inc();
        let mut row = lock(&self.row);
        let mut open = lock(&place.open);
        if let Some(known) = &*open {
            return known.file.clone();
        }
        let number = row.append(place);
        *open = Some(Open {
            number,
            file: file.clone(),
        });
        drop(open);
        let too_many = row.places.len().saturating_sub(self.most);
        let closed = row.take(too_many);
        self.metrics.open.set(row.places.len() as i64);
        drop(row);
        // The system is asked to close them without a lock.
        drop(closed);
        file
    }

    /// Closes half of the files, so that others can be opened; says whether there were any.
    fn give_back(&self) -> bool {
        let mut row = lock(&self.row);
        let half = row.places.len().div_ceil(2);
        let closed = row.take(half);
        self.metrics.open.set(row.places.len() as i64);
        drop(row);
        !closed.is_empty()
    }

    /// Closes the file of a place.
    fn forget(&self, place: &Place) {
        let mut row = lock(&self.row);
        let open = lock(&place.open).take();
        if let Some(open) = &open {
            row.places.remove(&open.number);
            self.metrics.open.set(row.places.len() as i64);
        }
        drop(row);
        drop(open);
    }
}

impl Drop for OpenFiles {
    /// The metrics may outlive the store.
    fn drop(&mut self) {
        self.metrics.open.set(0);
    }
}

impl Row {
    fn append(&mut self, place: &Arc<Place>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.places.insert(number, place.clone());
        number
    }

    /// Takes `count` files out of their places: those that were not read for long, and when all were, the first ones.
    fn take(&mut self, count: usize) -> Vec<Open> {
        let mut taken = Vec::new();
        let mut reprieves = self.places.len();
        while taken.len() < count
            && let Some((_, place)) = self.places.pop_first()
        {
            let mut open = lock(&place.open);
            if reprieves > 0 && place.is_used.swap(false, Ordering::Relaxed) {
                reprieves -= 1;
                let number = self.append(&place);
                open.iter_mut().for_each(|open| open.number = number);
                continue;
            }
            taken.extend(open.take());
        }
        taken
    }
}

/// A file of a part, which is opened when it is read.
pub(super) struct PartFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    files: Arc<OpenFiles>,
    place: Arc<Place>,
}

impl PartFile {
    pub(super) fn new(disk: Arc<dyn Disk>, path: PathBuf, files: Arc<OpenFiles>) -> Self {
        Self {
            disk,
            path,
            files,
            place: Arc::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the open file; it stays open as long as the caller holds it.
    pub(super) fn open(&self) -> io::Result<Arc<dyn DiskFile>> {
        if let Some(open) = &*lock(&self.place.open) {
            self.place.is_used.store(true, Ordering::Relaxed);
            return Ok(open.file.clone());
        }
        let file = match self.disk.open(&self.path) {
            // The limit is that of the whole process: others need more than was thought.
            Err(error) if is_out_of_files(&error) && self.files.give_back() => {
                self.disk.open(&self.path)
            }
            opened => opened,
        }?;
        Ok(self.files.keep(&self.place, file))
    }

    /// Gives its place in the row to others.
    pub(super) fn close(&self) {
        self.files.forget(&self.place);
    }
}

impl Drop for PartFile {
    /// A file that is gone from the disk takes its space until it is closed.
    fn drop(&mut self) {
        self.close();
    }
}

/// Rows and places are whole at every moment, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use plimsoll_testkit::{Fault, Seed, SimulatedDisk};
    use proptest::prelude::*;

    use super::*;

    const FILES: usize = 12;

    struct Fixture {
        disk: SimulatedDisk,
        row: Arc<OpenFiles>,
        files: Vec<Option<PartFile>>,
    }

    impl Fixture {
        fn new(most: usize) -> Self {
            let disk = SimulatedDisk::new(Seed::new(1));
            let row = OpenFiles::new(most, OpenFilesMetrics::default());
            let files = (0..FILES).map(|number| {
                let path = PathBuf::from(format!("/{number}"));
                let file = disk.create(&path).unwrap();
                file.write_all_at(&[number as u8], 0).unwrap();
                Some(PartFile::new(Arc::new(disk.clone()), path, row.clone()))
            });
            let files = files.collect();
            Self { disk, row, files }
        }

        fn read(&self, number: usize) -> io::Result<()> {
            let Some(file) = &self.files[number] else {
                return Ok(());
            };
            let mut found = [0xff];
            file.open()?.read_exact_at(&mut found, 0)?;
            assert_eq!(found, [number as u8]);
            Ok(())
        }

        fn opened(&self) -> u64 {
            self.row.metrics.opened.get()
        }
    }

    proptest! {
        #[test]
        fn never_more_than_so_many_are_open(
            steps in prop::collection::vec((0..FILES, 0..10u8), 1..200),
            most in 1..8usize,
        ) {
            let mut fixture = Fixture::new(most);
            for (number, what) in steps {
                match what {
                    0 => fixture.files[number] = None,
                    1 => {
                        let number = fixture.disk.opens();
                        fixture.disk.plan(Fault::Open { number });
                    }
                    _ => {}
                }
                // The second try succeeds when there is something to give back.
                let before = fixture.disk.open_files();
                prop_assert!(fixture.read(number).is_ok() || before == 0);
                prop_assert!(fixture.disk.open_files() <= most);
                prop_assert_eq!(fixture.row.metrics.open.get(), fixture.disk.open_files() as i64);
            }
            fixture.files.clear();
            prop_assert_eq!(fixture.disk.open_files(), 0);
            prop_assert!(lock(&fixture.row.row).places.is_empty());
        }
    }

    #[test]
    fn what_is_read_again_and_again_stays_open() {
        let fixture = Fixture::new(4);
        for other in (1..FILES).cycle().take(100) {
            fixture.read(0).unwrap();
            fixture.read(other).unwrap();
        }
        assert_eq!(fixture.opened(), 101, "the first one was opened once");
    }

    #[test]
    fn files_that_others_need_are_given_back() {
        let fixture = Fixture::new(FILES);
        (0..FILES - 1).for_each(|number| fixture.read(number).unwrap());
        fixture.disk.set_open_files_limit(FILES - 1);
        fixture.read(FILES - 1).unwrap();
        assert_eq!(fixture.disk.open_files(), 5 + 1);
        fixture.disk.set_open_files_limit(0);
        let error = (0..FILES).find_map(|number| fixture.read(number).err());
        assert!(is_out_of_files(&error.unwrap()));
    }

    #[test]
    fn who_reads_keeps_the_file_of_a_part_that_is_gone() {
        let mut fixture = Fixture::new(1);
        let held = fixture.files[3].as_ref().unwrap().open().unwrap();
        fixture.files[3] = None;
        fixture.disk.remove_file(Path::new("/3")).unwrap();
        fixture.read(4).unwrap();
        let mut found = [0];
        held.read_exact_at(&mut found, 0).unwrap();
        assert_eq!((found, fixture.disk.open_files()), ([3], 2));
    }
}
