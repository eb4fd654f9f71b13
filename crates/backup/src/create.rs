//! Makes a backup: sends what is missing, then says that it is there.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use plimsoll_runtime::clock::Clock;
use plimsoll_types::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use crate::entry::FileEntry;
use crate::lease::{Lease, Work};
use crate::list;
use crate::manifest::BackupId;
use crate::outgoing::Outgoing;
use crate::progress::Meter;
use crate::{Backup, ErrorKind, Repository, Result, Source, Watch};

/// Files that are sent at once: what latency costs, and 8 MiB of memory each.
const SENDERS: usize = 4;
/// How often the lease is looked after while files are sent.
const LEASE_CHECK: Duration = Duration::from_secs(10);

/// How a backup is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct CreateOptions {
    /// Objects that are there already are read whole, and sent again when a checksum is wrong; that mends earlier backups
    /// as well. Otherwise only their length is compared. Costs a download of everything.
    pub reads_back: bool,
}

/// Backs a data directory up. What earlier backups sent, or one that was broken off, is not sent again when it has the
/// right length and the checksum of the store stands in its name.
///
/// # Errors
/// `Damaged` when a file of the store is not what the store wrote; `Busy` when old backups are being removed at the
/// same time; `Repository`, `Io`. After an error nothing is listed, what was sent stays for the next attempt, and earlier
/// backups are whole.
pub fn create(
    repository: &Repository,
    source: &Source,
    options: CreateOptions,
    clock: &dyn Clock,
    watch: &dyn Watch,
) -> Result<Backup> {
    let salt = salt(clock);
    let mut lease = Lease::take(repository, clock, Work::Backup, salt)?;
    let newest = list::names(repository)?.pop().map_or(0, |id| id.number);
    let mut present = repository.present(&source.files)?;
    if options.reads_back {
        read_back(repository, &source.files, &mut present, &mut lease)?;
    }
    let missing = source
        .files
        .iter()
        .zip(present)
        .filter(|(_, is_there)| !is_there);
    let missing: Vec<&FileEntry> = missing.map(|(file, _)| file).collect();
    send(repository, source, &missing, &mut lease, watch)?;
    // What was found at the beginning is still there only if nobody could remove it meanwhile.
    lease.renew()?;
    let now = clock.now();
    let backup = Backup {
        id: BackupId::new(newest.saturating_add(1), &time_name(now), salt),
        created: now,
        uploaded_files: missing.len() as u64,
        uploaded_bytes: missing.iter().map(|file| file.length).sum(),
        files: source.files.clone(),
    };
    let key = list::key(&backup.id);
    repository.put(&key, backup.encode().into_bytes())?;
    if let Err(error) = lease.renew() {
        if error.kind() == ErrorKind::Busy {
            repository.delete(&key)?;
        }
        return Err(error);
    }
    Ok(backup)
}

/// Counts as missing what is there and not what it should be.
fn read_back(
    repository: &Repository,
    files: &[FileEntry],
    present: &mut [bool],
    lease: &mut Lease<'_>,
) -> Result<()> {
    for (file, is_there) in files.iter().zip(present).filter(|(_, is_there)| **is_there) {
        match repository.read(file, &mut |_, _| Ok(())) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::Damaged => {
                tracing::warn!(%error, "an object is sent again");
                *is_there = false;
            }
            Err(error) => return Err(error),
        }
        lease.keep()?;
    }
    Ok(())
}

/// Sends files from several threads, and looks after the lease meanwhile.
fn send(
    repository: &Repository,
    source: &Source,
    files: &[&FileEntry],
    lease: &mut Lease<'_>,
    watch: &dyn Watch,
) -> Result<()> {
    let meter = Meter::new(watch, files.iter().copied());
    let queue = Mutex::new(files.iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    // Whoever meets an error empties the queue, so that all come to their end.
    let stop = || while next().is_some() {};
    std::thread::scope(|scope| {
        let (done, outcomes) = sync_channel::<Result<()>>(SENDERS);
        for _ in 0..SENDERS.min(files.len()) {
            let done = done.clone();
            let (next, meter) = (&next, &meter);
            scope.spawn(move || {
                while let Some(file) = next() {
                    // Only a receiver that stopped listening does not want to know.
                    if done
                        .send(send_one(repository, source, file, meter))
                        .is_err()
                    {
                        return;
                    }
                }
            });
        }
        drop(done);
        loop {
            let outcome = match outcomes.recv_timeout(LEASE_CHECK) {
                Ok(sent) => sent.and_then(|()| lease.keep()),
                Err(RecvTimeoutError::Timeout) => lease.keep(),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if let Err(error) = outcome {
                stop();
                return Err(error);
            }
        }
    })
}

/// Sends a file whose bytes are what the store says that they are.
fn send_one(
    repository: &Repository,
    source: &Source,
    file: &FileEntry,
    meter: &Meter<'_>,
) -> Result<()> {
    let outgoing = Outgoing::open(source, file)?;
    if let Some(whole) = outgoing.whole()? {
        repository.put(&file.key(), whole)?;
        meter.add(1, file.length);
        return Ok(());
    }
    let mut upload = repository.begin(&file.key())?;
    let sent = outgoing.pieces(&mut |piece| {
        let bytes = piece.len() as u64;
        upload.add(piece)?;
        meter.add(0, bytes);
        Ok(())
    });
    if let Err(error) = sent {
        upload.abort();
        return Err(error);
    }
    upload.complete()?;
    meter.add(1, 0);
    Ok(())
}

/// A number that two processes at the same moment do not share.
pub(crate) fn salt(clock: &dyn Clock) -> u32 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let (now, monotonic) = (clock.now(), clock.monotonic());
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let entropy = format!("{now} {monotonic:?} {} {call}", std::process::id());
    xxh3_64(entropy.as_bytes()) as u32
}

/// Writes a time as the store names its snapshots, in UTC. A clock that is far out of the calendar gives its limit.
fn time_name(now: Timestamp) -> String {
    let limit = match now < Timestamp::EPOCH {
        true => jiff::Timestamp::MIN,
        false => jiff::Timestamp::MAX,
    };
    let point = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or(limit);
    let zoned = point.to_zoned(TimeZone::UTC);
    zoned.strftime("%Y%m%dT%H%M%SZ").to_string()
}
