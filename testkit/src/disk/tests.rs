use super::*;
use crate::for_each_seed;

const DIRECTORY: &str = "/data";

fn disk(seed: Seed) -> SimulatedDisk {
    let disk = SimulatedDisk::new(seed);
    disk.create_directory(Path::new(DIRECTORY)).unwrap();
    disk.sync_directory(Path::new("/")).unwrap();
    disk
}

fn contents(disk: &SimulatedDisk, path: &Path) -> Option<Vec<u8>> {
    disk.read(path, 1 << 20).ok()
}

#[test]
fn synced_bytes_under_synced_names_survive_a_power_loss() {
    for_each_seed(0, 200, |seed| {
        let disk = disk(seed);
        let path = Path::new("/data/a");
        let file = disk.create(path).unwrap();
        file.write_all_at(b"synced", 0).unwrap();
        file.sync_data().unwrap();
        disk.sync_directory(Path::new(DIRECTORY)).unwrap();
        file.write_all_at(b" and not", 6).unwrap();
        let after = contents(&disk.power_loss(), path).unwrap();
        assert!(after.starts_with(b"synced"), "{after:?}");
        assert!(b"synced and not".starts_with(&after[..]), "{after:?}");
    });
}

#[test]
fn unsynced_things_are_lost_by_some_power_losses_and_kept_by_others() {
    fn survives(seed: u64, sync: fn(&SimulatedDisk, &Arc<dyn DiskFile>)) -> bool {
        let disk = disk(Seed::new(seed));
        let path = Path::new("/data/a");
        let file = disk.create(path).unwrap();
        file.write_all_at(b"x", 0).unwrap();
        sync(&disk, &file);
        contents(&disk.power_loss(), path) == Some(b"x".to_vec())
    }
    let only_name = |seed| {
        survives(seed, |disk, _| {
            disk.sync_directory(Path::new(DIRECTORY)).unwrap()
        })
    };
    let only_bytes = |seed| survives(seed, |_, file| file.sync_data().unwrap());
    for survives in [only_name as fn(u64) -> bool, only_bytes] {
        let kept = (0..100).filter(|seed| survives(*seed)).count();
        assert!((5..95).contains(&kept), "{kept} of 100");
    }
}

#[test]
fn a_failed_sync_is_not_made_good_by_the_next_one() {
    for_each_seed(0, 50, |seed| {
        let disk = disk(seed);
        let path = Path::new("/data/a");
        let file = disk.create(path).unwrap();
        disk.sync_directory(Path::new(DIRECTORY)).unwrap();
        file.write_all_at(b"x", 0).unwrap();
        disk.plan(Fault::Change {
            number: disk.changes(),
            error: ErrorKind::Other,
        });
        assert!(file.sync_data().is_err());
        file.sync_data().unwrap();
        assert_eq!(contents(&disk, path), Some(b"x".to_vec()));
        assert_eq!(contents(&disk.power_loss(), path), Some(b"".to_vec()));
    });
}

#[test]
fn kill_keeps_written_bytes_and_ends_old_handles() {
    let disk = disk(Seed::new(1));
    let path = Path::new("/data/a");
    let file = disk.create(path).unwrap();
    file.write_all_at(b"x", 0).unwrap();
    let next = disk.kill();
    assert!(file.write_all_at(b"y", 0).is_err());
    assert!(disk.list(Path::new(DIRECTORY)).is_err());
    assert_eq!(contents(&next, path), Some(b"x".to_vec()));
}

#[test]
fn a_full_disk_says_so_and_recovers() {
    let disk = disk(Seed::new(1));
    let file = disk.create(Path::new("/data/a")).unwrap();
    disk.set_capacity(4);
    assert_eq!(
        file.write_all_at(b"12345", 0).unwrap_err().kind(),
        ErrorKind::StorageFull
    );
    assert!(disk.used_bytes() <= 4);
    disk.heal();
    file.write_all_at(b"12345", 0).unwrap();
}

#[test]
fn replacing_a_file_leaves_the_old_or_the_new_one() {
    for_each_seed(0, 100, |seed| {
        let disk = disk(seed.clone());
        let path = Path::new("/data/manifest");
        disk.replace(path, b"old").unwrap();
        let steps = {
            let before = disk.changes();
            disk.replace(path, b"old").unwrap();
            disk.changes() - before
        };
        let mut seed = seed;
        let error = ErrorKind::Other;
        disk.plan(Fault::Change {
            number: disk.changes() + seed.below(steps),
            error,
        });
        assert!(disk.replace(path, b"new").is_err());
        let after = contents(&disk.power_loss(), path).unwrap();
        assert!(after == b"old" || after == b"new", "{after:?}");
    });
}

#[test]
fn open_files_are_counted_and_limited() {
    let disk = disk(Seed::new(1));
    let path = |name: &str| Path::new(DIRECTORY).join(name);
    let first = disk.create(&path("a")).unwrap();
    let second = disk.create(&path("b")).unwrap();
    assert_eq!((disk.open_files(), disk.most_open_files()), (2, 2));
    drop(second);
    assert_eq!((disk.open_files(), disk.most_open_files()), (1, 2));
    assert_eq!(disk.most_open_files(), 1);
    disk.set_open_files_limit(1);
    let refused = disk.open(&path("b")).err().unwrap();
    assert!(plimsoll_runtime::disk::is_out_of_files(&refused));
    assert!(disk.create(&path("c")).is_err());
    assert!(!disk.exists(&path("c")));
    drop(first);
    disk.open(&path("b")).unwrap();
    disk.heal();
    let number = disk.opens() + 1;
    disk.plan(Fault::Open { number });
    let found: Vec<bool> = (0..3).map(|_| disk.open(&path("a")).is_ok()).collect();
    assert_eq!(found, [true, false, true]);
    let handle = disk.open(&path("a")).unwrap();
    let next = disk.kill();
    assert_eq!(next.open_files(), 0);
    drop(handle);
    assert_eq!(next.open_files(), 0);
}
