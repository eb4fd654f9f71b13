//! Power loss, a full disk and failing calls at every step of writing, on the simulated disk.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::disk::Disk;
use plimsoll_testkit::{Fault, Seed, SimulatedDisk};
use proptest::prelude::*;

use super::model::{self, Model};
use crate::part::{Error, ErrorKind, Part, WriteOptions};

const DIRECTORY: &str = "/data/parts/1";

fn fresh(seed: u64) -> SimulatedDisk {
    let disk = SimulatedDisk::new(Seed::new(seed));
    disk.create_directory(Path::new("/data/parts")).unwrap();
    disk.sync_directory(Path::new("/data")).unwrap();
    disk.sync_directory(Path::new("/")).unwrap();
    disk
}

fn write(disk: &SimulatedDisk, model: &Model) -> Result<(), Error> {
    let directory = Path::new(DIRECTORY);
    model::write(
        Arc::new(disk.clone()),
        directory,
        model,
        WriteOptions::default(),
    )
    .map(drop)
}

fn read(disk: &SimulatedDisk) -> Result<Model, Error> {
    let part = Part::open(Arc::new(disk.clone()), Path::new(DIRECTORY))?;
    part.verify()?;
    model::read(&part)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_finished_part_survives_power_loss(model in model::any_model(), seed: u64) {
        let disk = fresh(seed);
        write(&disk, &model).unwrap();
        let found = read(&disk.power_loss()).unwrap();
        prop_assert_eq!(model::difference(&model::without_empty(&model), &found), None);
    }
}

#[test]
fn power_loss_while_writing_leaves_a_whole_part_or_none() {
    let model = model::sampler();
    let steps = {
        let disk = fresh(0);
        let before = disk.changes();
        write(&disk, &model).unwrap();
        disk.changes() - before
    };
    let mut whole = 0;
    for step in 0..steps {
        for seed in 0..8 {
            let disk = fresh(seed);
            disk.plan(Fault::Change {
                number: disk.changes() + step,
                error: io::ErrorKind::Other,
            });
            assert_eq!(write(&disk, &model).unwrap_err().kind(), ErrorKind::Io);
            match read(&disk.power_loss()) {
                Ok(found) => {
                    whole += 1;
                    assert_eq!(model::difference(&model, &found), None, "step {step}");
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "step {step}"),
            }
        }
    }
    // Only the last steps, after `meta` got its name, can leave a whole part behind an error.
    assert!(whole <= 3 * 8, "{whole} parts were whole");
}

#[test]
fn a_full_disk_gives_an_error_and_no_part() {
    let model = model::sampler();
    let needed = {
        let disk = fresh(0);
        write(&disk, &model).unwrap();
        disk.used_bytes()
    };
    for capacity in (0..needed).step_by(100) {
        let disk = fresh(0);
        disk.set_capacity(capacity);
        match write(&disk, &model).unwrap_err() {
            Error::Io { source, .. } => assert_eq!(source.kind(), io::ErrorKind::StorageFull),
            other => panic!("{other:?}"),
        }
        disk.heal();
        assert_eq!(read(&disk).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn a_disk_that_does_not_read_is_no_corruption() {
    let disk = fresh(0);
    write(&disk, &model::sampler()).unwrap();
    let part = Part::open(Arc::new(disk.clone()), Path::new(DIRECTORY)).unwrap();
    for path in disk.files() {
        disk.plan(Fault::Read { path });
    }
    let error = model::read(&part).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.is_retryable());
    assert_eq!(read(&disk).unwrap_err().kind(), ErrorKind::Io);
    disk.heal();
    assert_eq!(
        model::difference(&model::sampler(), &model::read(&part).unwrap()),
        None
    );
}
