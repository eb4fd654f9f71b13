//! A disk in memory that can lose power, run full and fail by plan.

mod faults;
mod file;
mod tree;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_runtime::disk::{Disk, DiskFile};

pub use faults::{Fault, Operation};

use crate::Seed;
use faults::Faults;
use file::FileNode;
use tree::{Node, NodeId, Tree};

/// A disk in memory. Clones share the same contents; a clone made after [`kill`](Self::kill) or
/// [`power_loss`](Self::power_loss) belongs to the next process.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
    /// The life of the process that holds this clone; handles of earlier lives fail.
    life: u64,
}

struct State {
    tree: Tree,
    faults: Faults,
    seed: Seed,
    life: u64,
    handles: Handles,
}

/// The files that the present process has open.
#[derive(Default)]
struct Handles {
    open: usize,
    most: usize,
    limit: Option<usize>,
}

impl SimulatedDisk {
    /// Makes an empty disk of unlimited size; `seed` decides what a power loss leaves.
    pub fn new(seed: Seed) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                tree: Tree::new(),
                faults: Faults::default(),
                seed,
                life: 0,
                handles: Handles::default(),
            })),
            life: 0,
        }
    }

    /// Ends the process that uses the disk: all written bytes stay, its handles fail. Returns the disk of the next one.
    pub fn kill(&self) -> Self {
        self.next_life(|_| {})
    }

    /// Cuts the power: of what was not synced a random part stays, its handles fail. Returns the disk of the next process.
    pub fn power_loss(&self) -> Self {
        self.next_life(|State { tree, seed, .. }| tree.lose_power(seed))
    }

    /// Under one lock, so that no thread of the dead process writes in between.
    fn next_life(&self, end: impl FnOnce(&mut State)) -> Self {
        let mut state = self.lock();
        state.life += 1;
        state.faults.clear();
        state.handles = Handles::default();
        end(&mut state);
        Self {
            state: self.state.clone(),
            life: state.life,
        }
    }

    /// Plans a fault; several may be planned.
    pub fn plan(&self, fault: Fault) {
        self.lock().faults.plan(fault);
    }

    /// Forgets planned faults, the capacity and the limit of open files.
    pub fn heal(&self) {
        let mut state = self.lock();
        state.faults.clear();
        state.handles.limit = None;
    }

    /// Lets at most `limit` files be open at once from now on; one more is refused as the system does (EMFILE).
    pub fn set_open_files_limit(&self, limit: usize) {
        self.lock().handles.limit = Some(limit);
    }

    /// Returns how many files the present process has open.
    pub fn open_files(&self) -> usize {
        self.lock().handles.open
    }

    /// Returns how many files were open at once at most since the process began, or since this was asked before.
    pub fn most_open_files(&self) -> usize {
        let handles = &mut self.lock().handles;
        std::mem::replace(&mut handles.most, handles.open)
    }

    /// Returns how often a file was opened or made so far, failures included: the places to put a [`Fault::Open`].
    pub fn opens(&self) -> u64 {
        self.lock().faults.opens()
    }

    /// Lets the disk hold at most `bytes` of file contents from now on; more is refused with `StorageFull`.
    pub fn set_capacity(&self, bytes: u64) {
        self.lock().faults.capacity = Some(bytes);
    }

    /// Returns how many calls that change the disk were made so far, failed ones included: the places to put a fault.
    pub fn changes(&self) -> u64 {
        self.lock().faults.changes()
    }

    /// Returns the bytes of all files that have a name.
    pub fn used_bytes(&self) -> u64 {
        self.lock().tree.used_bytes()
    }

    /// Returns the paths of all files, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        self.lock().tree.files()
    }

    /// Inverts the bits of `mask` in one byte of a file, as a failing disk would, without any call noticing.
    ///
    /// # Panics
    /// When there is no such file or byte.
    pub fn flip(&self, path: &Path, offset: u64, mask: u8) {
        let mut state = self.lock();
        let id = state
            .tree
            .find(path)
            .expect("the test names a file that exists");
        state
            .tree
            .file_mut(id)
            .expect("the test names a file")
            .flip(offset, mask);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks for a call that only looks.
    fn look(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.lock();
        if state.life != self.life {
            return Err(io::Error::other(
                "the process that opened this disk is dead",
            ));
        }
        Ok(state)
    }

    /// Locks for a call that changes the disk, unless a fault was planned for it.
    fn change(&self, operation: Operation, path: &Path) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.look()?;
        state.faults.meet(operation, path)?;
        Ok(state)
    }

    fn handle(&self, state: &mut State, id: NodeId, path: &Path) -> Arc<dyn DiskFile> {
        state.handles.open += 1;
        state.handles.most = state.handles.most.max(state.handles.open);
        Arc::new(Handle {
            disk: self.clone(),
            id,
            path: path.into(),
        })
    }
}

impl Disk for SimulatedDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.look()?;
        state.meet_open()?;
        let id = state.tree.find(path)?;
        state.tree.file(id)?;
        Ok(self.handle(&mut state, id, path))
    }

    fn open_writable(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.change(Operation::Create, path)?;
        state.meet_open()?;
        let id = state.tree.add(path, Node::File(FileNode::default()))?;
        Ok(self.handle(&mut state, id, path))
    }

    fn create_directory(&self, path: &Path) -> io::Result<()> {
        self.change(Operation::Create, path)?
            .tree
            .add_directories(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.look()?.tree.names(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Operation::Rename, from)?.tree.rename(from, to)
    }

    fn hard_link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(Operation::Create, to)?.tree.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let mut state = self.change(Operation::Remove, path)?;
        let id = state.tree.find(path)?;
        state.tree.file(id)?;
        state.tree.remove(path)
    }

    fn remove_directory(&self, path: &Path) -> io::Result<()> {
        let mut state = self.change(Operation::Remove, path)?;
        state.tree.names(path)?;
        state.tree.remove(path)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        self.change(Operation::Sync, path)?.tree.sync_names(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.look().is_ok_and(|state| state.tree.find(path).is_ok())
    }

    fn available_bytes(&self, _path: &Path) -> io::Result<u64> {
        let state = self.look()?;
        let capacity = state.faults.capacity.unwrap_or(u64::MAX);
        Ok(capacity.saturating_sub(state.tree.used_bytes()))
    }

    fn total_bytes(&self, _path: &Path) -> io::Result<u64> {
        Ok(self.look()?.faults.capacity.unwrap_or(u64::MAX))
    }
}

impl State {
    fn meet_open(&mut self) -> io::Result<()> {
        self.faults.meet_open()?;
        match self.handles.limit {
            Some(limit) if self.handles.open >= limit => Err(faults::out_of_files()),
            _ => Ok(()),
        }
    }
}

struct Handle {
    disk: SimulatedDisk,
    id: NodeId,
    path: PathBuf,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = self.disk.lock();
        // Those of a dead process were closed with it.
        if state.life == self.disk.life {
            state.handles.open -= 1;
        }
    }
}

impl DiskFile for Handle {
    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.look()?;
        state.faults.meet_read(&self.path)?;
        state.tree.file(self.id)?.read(into, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = match self.disk.change(Operation::Write, &self.path) {
            Ok(state) => state,
            Err(error) => {
                // A failed write may have written a part.
                self.write_part(bytes, offset);
                return Err(error);
            }
        };
        // The sum over all files is dear, and mostly nobody asks.
        if let Some(capacity) = state.faults.capacity {
            let end = offset + bytes.len() as u64;
            let grows = end.saturating_sub(state.tree.file(self.id)?.length());
            if state.tree.used_bytes() + grows > capacity {
                drop(state);
                self.write_part(bytes, offset);
                return Err(ErrorKind::StorageFull.into());
            }
        }
        state.tree.file_mut(self.id)?.write(bytes, offset);
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.look()?.tree.file(self.id)?.length())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let mut state = self.disk.change(Operation::Write, &self.path)?;
        state.tree.file_mut(self.id)?.set_length(length);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        match self.disk.change(Operation::Sync, &self.path) {
            Ok(mut state) => {
                state.tree.file_mut(self.id)?.sync();
                Ok(())
            }
            Err(error) => {
                if let Ok(mut state) = self.disk.look() {
                    state.tree.file_mut(self.id)?.fail_sync();
                }
                Err(error)
            }
        }
    }
}

impl Handle {
    /// Writes a random prefix, but only into bytes that the file does not have yet or that the caller meant to change.
    fn write_part(&self, bytes: &[u8], offset: u64) {
        let Ok(mut guard) = self.disk.look() else {
            return;
        };
        let State {
            tree, seed, faults, ..
        } = &mut *guard;
        let room = faults
            .capacity
            .map_or(u64::MAX, |c| c.saturating_sub(tree.used_bytes()));
        let most = room.min(bytes.len() as u64);
        let part = seed.below(most + 1) as usize;
        if let Ok(file) = tree.file_mut(self.id) {
            file.write(&bytes[..part], offset);
        }
    }
}

#[cfg(test)]
mod tests;
