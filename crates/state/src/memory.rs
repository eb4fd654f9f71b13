//! A store that forgets everything with the process: for simulations, which also tell it to fail.
//!
//! It keeps the same cells under the same keys as the databases, so what comes back went through the same codecs.

use std::collections::{BTreeMap, VecDeque};
use std::future::ready;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_types::Timestamp;

use crate::change::{Action, Change};
use crate::error::{Error, ErrorKind, Result};
use crate::lease::{Holder, Lease};
use crate::lease_clock::{Asked, LeaseClock};
use crate::query::Query;
use crate::retention::{APPENDED, Bounds, Forgetting};
use crate::store::{Answer, Retention, Store};
use crate::table::Cell;

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing is changed.
    Fails(ErrorKind),
    /// It is carried out, and then its answer is lost: the caller is told [`ErrorKind::Unavailable`].
    AnswerLost,
    /// It is carried out after so long, by the store's clock.
    Slow(Duration),
}

/// Keeps rows in memory; clones share them, as replicas share a database.
#[derive(Clone)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    lease_clock: Arc<LeaseClock>,
    forgetting: Arc<Forgetting>,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    tables: BTreeMap<&'static str, BTreeMap<Vec<Cell>, Vec<Cell>>>,
    leases: BTreeMap<String, (String, i64, Timestamp)>,
    last_fence: i64,
    faults: VecDeque<Fault>,
    commits: u64,
    is_closed: bool,
}

impl MemoryStore {
    /// Makes an empty store; leases expire and decisions age by `clock`.
    pub fn new(clock: Arc<dyn Clock>, retention: Retention) -> Self {
        Self {
            lease_clock: Arc::new(LeaseClock::new(Arc::clone(&clock))),
            clock,
            forgetting: Arc::new(Forgetting::new(retention)),
            inner: Arc::default(),
        }
    }

    /// Makes the next call that writes meet `fault`; several are met one after the other.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push_back(fault);
    }

    /// Opens it again after [`close`](Store::close), as the next start of a program would.
    pub fn reopen(&self) {
        self.lock().is_closed = false;
    }

    /// Returns how many commits were carried out.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// Returns how many rows there are in all tables.
    pub fn row_count(&self) -> usize {
        self.lock().tables.values().map(BTreeMap::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out `work`, unless a fault says otherwise.
    async fn write<T>(&self, work: impl FnOnce(&mut Inner) -> Result<T> + Send) -> Result<T> {
        let fault = self.lock().faults.pop_front();
        if let Some(Fault::Slow(duration)) = fault {
            self.clock.sleep(duration).await;
        }
        if let Some(Fault::Fails(kind)) = fault {
            return Err(Error::new(kind, "the simulation says so"));
        }
        let done = self.lock().open().and_then(work);
        if fault == Some(Fault::AnswerLost) {
            let lost = "the answer was lost, as the simulation says";
            return Err(Error::new(ErrorKind::Unavailable, lost));
        }
        done
    }
}

impl Inner {
    fn open(&mut self) -> Result<&mut Self> {
        if self.is_closed {
            return Err(Error::closed());
        }
        Ok(self)
    }

    fn apply(&mut self, change: Change) {
        let key = change.table.key;
        let rows = self.tables.entry(change.table.name).or_default();
        match change.action {
            Action::Put(cells) => {
                rows.insert(cells[..key].to_vec(), cells);
            }
            Action::Delete(prefix) if prefix.len() == key => {
                rows.remove(&prefix);
            }
            Action::Delete(prefix) => rows.retain(|key, _| !key.starts_with(&prefix)),
        }
    }

    fn forget(&mut self, bounds: Bounds) {
        for table in APPENDED {
            let rows = self.tables.entry(table.name).or_default();
            *rows = rows.split_off(&vec![bounds.before.into()]);
            while rows.len() as i64 > bounds.count_max {
                rows.pop_first();
            }
        }
    }

    fn check(&self, lease: &Lease) -> Result<()> {
        match self.leases.get(&lease.name) {
            Some((owner, fence, _)) if *owner == lease.owner && *fence == lease.fence => Ok(()),
            _ => Err(Error::fenced(&lease.name)),
        }
    }

    fn read(&self, query: &Query) -> Vec<Vec<Cell>> {
        let Some(rows) = self.tables.get(query.table.name) else {
            return Vec::new();
        };
        let column = |name: &str| {
            let columns = query.table.columns.iter();
            columns
                .map(|column| column.name)
                .position(|known| known == name)
        };
        let fits = |(key, cells): &(&Vec<Cell>, &Vec<Cell>)| {
            key.starts_with(&query.prefix)
                && query.equal.iter().all(|(name, cell)| {
                    column(name).is_some_and(|position| cells[position] == *cell)
                })
        };
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let found = rows.iter().filter(fits).map(|(_, cells)| cells.clone());
        if query.is_descending {
            found.rev().take(limit).collect()
        } else {
            found.take(limit).collect()
        }
    }
}

impl Store for MemoryStore {
    fn commit(&self, lease: Option<&Lease>, changes: Vec<Change>) -> Answer<'_, ()> {
        let lease = lease.cloned();
        Box::pin(self.write(move |inner| {
            if let Some(lease) = &lease {
                inner.check(lease)?;
            }
            let is_due = self.forgetting.is_due(&changes);
            changes.into_iter().for_each(|change| inner.apply(change));
            if is_due {
                inner.forget(self.forgetting.bounds(self.clock.now()));
            }
            inner.commits += 1;
            Ok(())
        }))
    }

    fn read(&self, query: Query) -> Answer<'_, Vec<Vec<Cell>>> {
        let found = self.lock().open().map(|inner| inner.read(&query));
        Box::pin(ready(found))
    }

    fn acquire(&self, name: &str, owner: &str, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let asked = Asked {
            name: name.into(),
            owner: owner.into(),
            ttl,
            at: self.clock.monotonic(),
        };
        Box::pin(self.write(move |inner| {
            let now = self.lease_clock.now();
            if let Some((owner, _, expires)) = inner.leases.get(&asked.name)
                && *owner != asked.owner
                && *expires > now
            {
                return Ok(None);
            }
            inner.last_fence += 1;
            let fence = inner.last_fence;
            let row = (asked.owner.clone(), fence, now + ttl);
            inner.leases.insert(asked.name.clone(), row);
            Ok(Some(asked.granted(fence, now + ttl)))
        }))
    }

    fn renew(&self, lease: &Lease, ttl: Duration) -> Answer<'_, Option<Lease>> {
        let asked = Asked {
            name: lease.name.clone(),
            owner: lease.owner.clone(),
            ttl,
            at: self.clock.monotonic(),
        };
        let lease = lease.clone();
        Box::pin(self.write(move |inner| {
            if inner.check(&lease).is_err() {
                return Ok(None);
            }
            let expires = self.lease_clock.now() + ttl;
            let row = (lease.owner, lease.fence, expires);
            inner.leases.insert(lease.name, row);
            Ok(Some(asked.granted(lease.fence, expires)))
        }))
    }

    fn release(&self, lease: &Lease) -> Answer<'_, ()> {
        let lease = lease.clone();
        Box::pin(self.write(move |inner| {
            if inner.check(&lease).is_ok() {
                inner.leases.remove(&lease.name);
            }
            Ok(())
        }))
    }

    fn holders(&self) -> Answer<'_, Vec<Holder>> {
        let now = self.lease_clock.now();
        let holder =
            |(name, (owner, fence, expires)): (&String, &(String, i64, Timestamp))| Holder {
                name: name.clone(),
                owner: owner.clone(),
                fence: *fence,
                expires: *expires,
                is_expired: *expires <= now,
            };
        let holders = self
            .lock()
            .open()
            .map(|inner| inner.leases.iter().map(holder).collect());
        Box::pin(ready(holders))
    }

    fn place(&self) -> String {
        "memory".into()
    }

    fn close(&self) -> Answer<'_, ()> {
        self.lock().is_closed = true;
        Box::pin(ready(Ok(())))
    }
}
