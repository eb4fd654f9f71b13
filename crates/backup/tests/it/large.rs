//! Files that are sent in pieces.

use std::path::Path;
use std::sync::{Arc, Mutex};

use plimsoll_backup::{CreateOptions, ErrorKind, Progress, Quiet, Source, Watch, create, restore};
use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{FakeClock, Seed, SimulatedDisk};
use plimsoll_tsdb::manifest::Manifest;
use plimsoll_types::Timestamp;

use crate::support::repository;

const SEGMENT: &str = "wal/0000000a-deadbeef.wal";

/// A data directory with a segment of 20 MiB.
fn directory(disk: &SimulatedDisk) -> &'static Path {
    let directory = Path::new("/data");
    disk.create_directory(&directory.join("wal")).unwrap();
    disk.replace(&directory.join("FORMAT"), b"1\n").unwrap();
    Manifest::default().store(disk, directory).unwrap();
    let bytes: Vec<u8> = (0..20u32 << 18)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    disk.replace(&directory.join(SEGMENT), &bytes).unwrap();
    directory
}

#[derive(Default)]
struct Last(Mutex<Progress>);

impl Watch for Last {
    fn at(&self, progress: Progress) {
        *self.0.lock().unwrap() = progress;
    }
}

#[test]
fn a_file_of_several_pieces_comes_back() {
    let disk = SimulatedDisk::new(Seed::new(1));
    let directory = directory(&disk);
    let (repository, _) = repository();
    let clock = FakeClock::new(Timestamp::from_millis(0));
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let source = Source::read(shared.clone(), directory).unwrap();
    let last = Last::default();
    let made = create(
        &repository,
        &source,
        CreateOptions::default(),
        &clock,
        &last,
    )
    .unwrap();
    let progress = *last.0.lock().unwrap();
    assert_eq!((progress.files, progress.files_total), (3, 3));
    assert_eq!(
        (progress.bytes, progress.bytes_total),
        (made.bytes(), made.bytes())
    );
    let target = Path::new("/restored");
    restore(&repository, &made, &shared, target, &Quiet).unwrap();
    for name in [SEGMENT, "MANIFEST", "FORMAT"] {
        let read = |base: &Path| disk.read(&base.join(name), 1 << 30).unwrap();
        assert!(read(target) == read(directory), "{name}");
    }
}

#[test]
fn a_file_that_changes_while_it_is_sent_is_not_kept() {
    let disk = SimulatedDisk::new(Seed::new(1));
    let directory = directory(&disk);
    let (repository, faulty) = repository();
    let clock = FakeClock::new(Timestamp::from_millis(0));
    let source = Source::read(Arc::new(disk.clone()), directory).unwrap();
    disk.flip(&directory.join(SEGMENT), 17 << 20, 1);
    let error = create(
        &repository,
        &source,
        CreateOptions::default(),
        &clock,
        &Quiet,
    )
    .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    disk.flip(&directory.join(SEGMENT), 17 << 20, 1);
    faulty.heal();
    let made = create(
        &repository,
        &source,
        CreateOptions::default(),
        &clock,
        &Quiet,
    )
    .unwrap();
    // The piece that was wrong was never put in its place.
    assert!(made.uploaded_bytes >= 20 << 20);
}
