//! Asks file systems for their size without being held up by one that does not answer.
//!
//! statvfs(2) on a network mount whose server is gone blocks for as long as the server is gone, and
//! nothing can interrupt it. So threads of their own ask, and a scrape waits for them until a
//! deadline. A thread that hangs keeps its mount's place in `asked`; while it does, no other thread
//! asks that mount, so a dead mount costs one thread, not one per scrape. Mounts per host are
//! limited (see `filesystem`), and thereby the threads.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;

/// How long a scrape waits for all mounts together: node_exporter's default `mount-timeout`.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Threads that ask at a time. If each meets a dead mount in one scrape, the others go unanswered
/// that once; the next scrape passes the dead ones by.
const WORKERS: usize = 4;

/// Stack of a thread that asks: it makes one system call and may be blocked in it for days.
const STACK_BYTES: usize = 64 << 10;

/// The size of a file system.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Space {
    /// All bytes.
    pub(super) size_bytes: f64,
    /// Bytes not in use.
    pub(super) free_bytes: f64,
    /// Bytes not in use that users other than root may take.
    pub(super) available_bytes: f64,
    /// All inodes.
    pub(super) files: f64,
    /// Inodes not in use.
    pub(super) files_free: f64,
}

type Ask = dyn Fn(&Path) -> io::Result<Space> + Send + Sync;
type Answer = (PathBuf, io::Result<Space>);

/// Asks mounts for their space, within a deadline.
pub(crate) struct Prober {
    clock: Arc<dyn Clock>,
    timeout: Duration,
    ask: Arc<Ask>,
    /// Mounts that a thread waits for.
    asked: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl Prober {
    /// Asks the kernel.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with(clock, TIMEOUT, Arc::new(statvfs))
    }

    fn with(clock: Arc<dyn Clock>, timeout: Duration, ask: Arc<Ask>) -> Self {
        Self {
            clock,
            timeout,
            ask,
            asked: Arc::default(),
        }
    }

    /// Returns the space of the mounts that answered in time. One that failed, that is still being
    /// waited for, or whose turn did not come is not among them. One call at a time.
    pub(super) fn probe(
        &self,
        mounts: impl IntoIterator<Item = PathBuf>,
    ) -> BTreeMap<PathBuf, Space> {
        let queue: VecDeque<PathBuf> = {
            let asked = lock(&self.asked);
            let mounts: BTreeSet<PathBuf> = mounts.into_iter().collect();
            mounts.difference(&asked).cloned().collect()
        };
        let count = queue.len();
        let queue = Arc::new(Mutex::new(queue));
        let (answers, inbox) = sync_channel(count.max(1));
        for _ in 0..WORKERS.min(count) {
            self.start_worker(Arc::clone(&queue), answers.clone());
        }
        drop(answers);
        let spaces = self.gather(count, &inbox);
        // A thread that answers late must find nothing more to do.
        lock(&queue).clear();
        spaces
    }

    fn start_worker(&self, queue: Arc<Mutex<VecDeque<PathBuf>>>, answers: SyncSender<Answer>) {
        let ask = Arc::clone(&self.ask);
        let asked = Arc::clone(&self.asked);
        let started = std::thread::Builder::new()
            .name("host-statvfs".into())
            .stack_size(STACK_BYTES)
            .spawn(move || work(&queue, &asked, &*ask, &answers));
        // Without a thread its share stays unasked and shows as an error of the device.
        if let Err(error) = started {
            tracing::warn!(%error, "cannot start a thread to ask file systems for their size");
        }
    }

    fn gather(&self, count: usize, inbox: &Receiver<Answer>) -> BTreeMap<PathBuf, Space> {
        let deadline = self.clock.monotonic().after(self.timeout);
        let mut spaces = BTreeMap::new();
        for _ in 0..count {
            let left = deadline.since(self.clock.monotonic());
            // Ends too when every thread has gone.
            let Ok((mount, answer)) = inbox.recv_timeout(left) else {
                break;
            };
            match answer {
                Ok(space) => {
                    spaces.insert(mount, space);
                }
                Err(error) => {
                    tracing::debug!(mount = %mount.display(), %error, "cannot ask a file system");
                }
            }
        }
        spaces
    }
}

fn work(
    queue: &Mutex<VecDeque<PathBuf>>,
    asked: &Mutex<BTreeSet<PathBuf>>,
    ask: &Ask,
    answers: &SyncSender<Answer>,
) {
    loop {
        // The guard must not live through the call: it may never return.
        let Some(mount) = lock(queue).pop_front() else {
            return;
        };
        lock(asked).insert(mount.clone());
        let answer = ask(&mount);
        lock(asked).remove(&mount);
        if answers.try_send((mount, answer)).is_err() {
            return;
        }
    }
}

/// Takes a lock whose holder may have panicked: every change under these locks is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn statvfs(mount: &Path) -> io::Result<Space> {
    let facts = rustix::fs::statvfs(mount)?;
    // `f_frsize` is the unit of the counts. node_exporter multiplies by `f_bsize`, the preferred
    // size of a transfer; the two differ on some FUSE file systems, where df(1) agrees with us.
    let unit = facts.f_frsize as f64;
    Ok(Space {
        size_bytes: facts.f_blocks as f64 * unit,
        free_bytes: facts.f_bfree as f64 * unit,
        available_bytes: facts.f_bavail as f64 * unit,
        files: facts.f_files as f64,
        files_free: facts.f_ffree as f64,
    })
}

#[cfg(test)]
mod tests {
    use plimsoll_runtime::clock::SystemClock;

    use super::*;

    const SPACE: Space = Space {
        size_bytes: 4.0,
        free_bytes: 3.0,
        available_bytes: 2.0,
        files: 1.0,
        files_free: 0.0,
    };

    fn mounts(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    fn names(spaces: &BTreeMap<PathBuf, Space>) -> Vec<&str> {
        spaces.keys().filter_map(|path| path.to_str()).collect()
    }

    #[test]
    fn passes_a_hung_mount_by_until_it_answers() {
        let gate = Arc::new(Mutex::new(()));
        let hung = Arc::clone(&gate);
        let calls = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&calls);
        let (done, returned) = sync_channel(8);
        let ask = move |mount: &Path| {
            if mount == Path::new("/hung") {
                *lock(&counted) += 1;
                drop(lock(&hung));
                done.try_send(()).expect("room for every call");
            }
            Ok(SPACE)
        };
        let clock = Arc::new(SystemClock::new());
        let prober = Prober::with(clock, Duration::from_secs(2), Arc::new(ask));

        let shut = lock(&gate);
        let all = ["/a", "/hung", "/z"];
        assert_eq!(names(&prober.probe(mounts(&all))), ["/a", "/z"]);
        assert_eq!(names(&prober.probe(mounts(&all))), ["/a", "/z"]);
        assert_eq!(*lock(&calls), 1, "a hung mount is asked once");

        drop(shut);
        returned.recv().unwrap();
        // Between its answer and its leaving `asked` the thread may still be seen.
        while !lock(&prober.asked).is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(names(&prober.probe(mounts(&all))), all);
    }

    #[test]
    fn a_failing_mount_hides_no_other() {
        let ask = |mount: &Path| match mount.to_str() {
            Some("/gone") => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(SPACE),
        };
        let clock = Arc::new(SystemClock::new());
        let prober = Prober::with(clock, TIMEOUT, Arc::new(ask));
        assert_eq!(names(&prober.probe(mounts(&["/gone", "/a", "/a"]))), ["/a"]);
        assert!(prober.probe(mounts(&[])).is_empty());
    }

    #[test]
    fn asks_the_kernel() {
        let space = statvfs(Path::new("/")).unwrap();
        assert!(space.size_bytes >= space.free_bytes && space.free_bytes >= space.available_bytes);
        assert!(statvfs(Path::new("/does/not/exist")).is_err());
    }
}
