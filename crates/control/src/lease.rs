//! Which replica evaluates which group, when several share one database.
//!
//! Each group is a lease of its own, `rules/<file>;<name>`; only who holds it evaluates. A replica says that it lives by
//! a lease of its own name, so that all of them count the same replicas. Routing is kept the same way, as one group of a
//! [`Field`] of its own.
//!
//! | when | what a replica does |
//! |---|---|
//! | a third of the time of a lease is over | renews it |
//! | a tenth of it | looks who holds what, and takes free groups up to its share (see [`share`]) |
//! | it holds more than its share and somebody less | lets go of what is above, a quarter at a time |
//! | the database says that somebody else has a lease | that group stops at once |
//! | the database does not answer | goes on with what it holds: see below |
//! | it answers again after so long that leases may have ended | renews, and takes nothing while others may be on their way to renew theirs |
//!
//! What is asked of the database lasts four fifths of the configured time, so that expiry, notice and reading back all fit
//! into it: that is the longest that a group of a replica that died stays without evaluation.
//!
//! A lease that cannot be renewed because the database is away is *not* given up. Nobody else can acquire it either while
//! the database is away for all; where it is away for this replica only, two evaluate one group for a time. Both send the
//! same alert with the same labels and times, which receivers merge, and what the late one would write is refused by its
//! fence. The other choice, to be silent, would silence all alerts whenever the database fails.

pub(crate) mod share;
mod sight;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_state::{Change, Error, Holder, Lease, Store};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;

use self::sight::Sight;

/// What is shared out among replicas: how its leases are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    /// What begins the name of a replica's own lease.
    pub(crate) replica: &'static str,
    /// What begins the name of a group's lease.
    group: &'static str,
}

/// The groups of rules.
pub(crate) const RULES: Field = Field {
    replica: "rules-replica/",
    group: "rules/",
};
/// Routing: one lease for all of it.
pub(crate) const ALERTING: Field = Field {
    replica: "alerting-replica/",
    group: "",
};

/// Objectives: all replicas count them, and who has the one lease tells what follows.
pub(crate) const SLO: Field = Field {
    replica: "slo-replica/",
    group: "",
};

/// What is counted of leases.
#[derive(Clone, Debug, Default)]
pub(crate) struct LeaseMetrics {
    /// How many groups are this replica's.
    pub(crate) held: Gauge,
    /// How many were taken over by others.
    pub(crate) lost: Counter,
}

/// How many calls wait for the database at the same time.
const CALLS_MAX: usize = 16;

/// Who this replica is and how long it may be silent.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    /// Differs from that of all others, and from start to start.
    pub(crate) owner: String,
    /// The longest that a group of a replica that died may stay without evaluation, 5 s to 10 min.
    pub(crate) silence_max: Duration,
}

/// Whether a group is evaluated here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Somebody else evaluates it, or nobody yet.
    Elsewhere,
    /// It is evaluated here, and there are no others.
    Alone,
    /// It is evaluated here under this lease.
    Holder(Lease),
}

impl Role {
    pub(crate) fn is_here(&self) -> bool {
        *self != Self::Elsewhere
    }

    /// Names the time for which it is evaluated here without a break: another one begins with another fence, and what was
    /// known in the one before is old. `None`: it is not evaluated here.
    pub(crate) fn term(&self) -> Option<i64> {
        match self {
            Self::Elsewhere => None,
            Self::Alone => Some(0),
            Self::Holder(lease) => Some(lease.fence),
        }
    }

    /// Returns the lease under which is written.
    pub(crate) fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Holder(lease) => Some(lease),
            Self::Elsewhere | Self::Alone => None,
        }
    }
}

/// Acquires, renews and gives back the leases of this replica's groups; clones share them.
#[derive(Clone)]
pub(crate) struct Keeper(Arc<Inner>);

struct Inner {
    field: Field,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    metrics: LeaseMetrics,
    /// `None`: there are no other replicas.
    replica: Option<Replica>,
    wanted: Mutex<BTreeMap<String, Wanted>>,
    standings: AtomicU64,
}

/// A group that wants to be evaluated.
struct Wanted {
    /// Which of the standings of this name it belongs to: a group that is wanted again may meet the end of the one before.
    standing: u64,
    role: watch::Sender<Role>,
    /// Tells whether the group is at work, so that its lease is not given back under its feet.
    is_busy: watch::Receiver<bool>,
    /// Since when nobody was seen to hold it.
    free_since: Option<Monotonic>,
}

/// The end of a group that hears of its role; dropping it gives the lease up.
pub(crate) struct Standing {
    pub(crate) role: watch::Receiver<Role>,
    is_busy: watch::Sender<bool>,
    name: String,
    id: u64,
    keeper: Keeper,
}

impl Standing {
    /// Tells whether the group is at work.
    pub(crate) fn set_busy(&self, is_busy: bool) {
        self.is_busy.send_replace(is_busy);
    }

    fn remove(&self) -> Option<Wanted> {
        let mut all = self.keeper.wanted();
        let is_ours = all
            .get(&self.name)
            .is_some_and(|wanted| wanted.standing == self.id);
        let removed = is_ours.then(|| all.remove(&self.name)).flatten();
        drop(all);
        self.keeper.count();
        removed
    }

    /// Says whether the group is still evaluated here. Who slept through the end of his lease asks the database: a process
    /// that was stopped and goes on must not act on what it knew before.
    pub(crate) async fn is_still_here(&self) -> bool {
        let role = self.role.borrow().clone();
        match role.lease() {
            None => role.is_here(),
            Some(lease) => self.keeper.is_held(lease).await,
        }
    }

    /// Gives a lease up after its store said that somebody else has it.
    pub(crate) fn lost(&self, lease: &Lease) {
        self.keeper.lost(lease);
    }

    /// Gives the lease back, so that others need not wait for its end.
    pub(crate) async fn release(&self) {
        let role = self.remove().map(|wanted| wanted.role.borrow().clone());
        if let Some(Role::Holder(lease)) = role {
            self.keeper.release(&lease).await;
        }
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        // Of a task that broke; its lease is not renewed any more.
        drop(self.remove());
    }
}

impl Keeper {
    pub(crate) fn new(
        field: Field,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        metrics: LeaseMetrics,
        replica: Option<Replica>,
    ) -> Self {
        Self(Arc::new(Inner {
            field,
            store,
            clock,
            metrics,
            replica,
            wanted: Mutex::default(),
            standings: AtomicU64::new(0),
        }))
    }

    /// Wants a group, `file;name`, to be evaluated here if it is this replica's turn.
    pub(crate) fn want(&self, group: &str) -> Standing {
        let name = format!("{}{group}", self.0.field.group);
        let role = match self.0.replica {
            None => Role::Alone,
            Some(_) => Role::Elsewhere,
        };
        let (role, told) = watch::channel(role);
        let (is_busy, busy) = watch::channel(false);
        let id = self.0.standings.fetch_add(1, Ordering::Relaxed);
        let wanted = Wanted {
            standing: id,
            role,
            is_busy: busy,
            free_since: None,
        };
        self.wanted().insert(name.clone(), wanted);
        self.count();
        Standing {
            role: told,
            is_busy,
            name,
            id,
            keeper: self.clone(),
        }
    }

    /// Keeps the leases until `stop`; returns at once where there are no replicas.
    pub(crate) async fn run(self, stop: Shutdown) {
        let Some(replica) = self.0.replica.clone() else {
            return;
        };
        let mut own = None;
        let mut sight = Sight::new(self.0.clock.monotonic());
        while !stop.is_triggered() {
            self.round(&replica, &mut own, &mut sight).await;
            tokio::select! {
                () = self.0.clock.sleep(replica.silence_max / 10) => {}
                () = stop.wait() => {}
            }
        }
        // The groups give theirs back themselves, after their last commit.
        if let Some(lease) = own {
            self.release(&lease).await;
        }
    }

    /// Renews what is due, then looks around.
    async fn round(&self, replica: &Replica, own: &mut Option<Lease>, sight: &mut Sight) {
        self.renew_own(replica, own).await;
        self.renew_all(replica).await;
        let held = self.held();
        let Some(holders) = self
            .ask("look at the leases", replica, self.0.store.holders())
            .await
        else {
            sight.fails();
            return;
        };
        if sight.is_clear(self.0.clock.monotonic(), replica.silence_max) {
            let plan = self.plan(replica, &held, &holders);
            self.give_back(replica, plan.release).await;
            self.acquire(replica, plan.acquire).await;
        }
        self.count();
    }

    /// Tells how many groups are evaluated here.
    fn count(&self) {
        let here = |wanted: &&Wanted| wanted.role.borrow().is_here();
        let count = self.wanted().values().filter(here).count();
        self.0.metrics.held.set(count as i64);
    }

    async fn renew_own(&self, replica: &Replica, own: &mut Option<Lease>) {
        let ttl = replica.lasts();
        *own = match own.take() {
            Some(lease) if !self.is_due(&lease) => Some(lease),
            Some(lease) => {
                let renewed = self.ask("renew a lease", replica, self.0.store.renew(&lease, ttl));
                renewed.await.unwrap_or(Some(lease))
            }
            None => {
                let name = format!("{}{}", self.0.field.replica, replica.owner);
                let acquired = self.0.store.acquire(&name, &replica.owner, ttl);
                self.ask("say that we live", replica, acquired)
                    .await
                    .flatten()
            }
        };
    }

    async fn renew_all(&self, replica: &Replica) {
        let due = self.held().into_values().filter(|lease| self.is_due(lease));
        let renew = |lease: Lease| async move {
            let renewed = self.0.store.renew(&lease, replica.lasts());
            match self.ask("renew a lease", replica, renewed).await {
                Some(Some(renewed)) => self.prolong(renewed),
                Some(None) => self.lost(&lease),
                // The store is away: see the head of this file.
                None => {}
            }
        };
        stream::iter(due)
            .for_each_concurrent(CALLS_MAX, renew)
            .await;
    }

    fn plan(
        &self,
        replica: &Replica,
        held: &BTreeMap<String, Lease>,
        holders: &[Holder],
    ) -> share::Plan {
        let now = self.0.clock.monotonic();
        let taken: BTreeSet<&str> = holders
            .iter()
            // One of ours that we know nothing of is free for us: its task broke, or the answer to us was lost.
            .filter(|holder| !holder.is_expired && holder.owner != replica.owner)
            .map(|holder| holder.name.as_str())
            .collect();
        let mut groups = Vec::new();
        for (name, wanted) in self.wanted().iter_mut() {
            let is_free = !held.contains_key(name) && !taken.contains(name.as_str());
            wanted.free_since = match (is_free, wanted.free_since) {
                (false, _) => None,
                (true, since) => since.or(Some(now)),
            };
            groups.push(share::Group {
                name: name.clone(),
                is_held: held.contains_key(name),
                free_for: wanted.free_since.map(|since| now.since(since)),
            });
        }
        let living = self.0.field.replica;
        share::plan(
            living,
            &replica.owner,
            &groups,
            holders,
            replica.silence_max,
        )
    }

    /// Lets go of groups, each after it has finished what it is doing.
    async fn give_back(&self, replica: &Replica, names: Vec<String>) {
        let give = |name: String| async move {
            let Some((lease, mut is_busy)) = self.withdraw(&name) else {
                return;
            };
            let idle = is_busy.wait_for(|is_busy| !is_busy);
            let deadline = self.0.clock.sleep(replica.silence_max / 3);
            // One that is busy for longer is fenced: what it writes afterwards is refused.
            tokio::select! {
                _ = idle => {}
                () = deadline => {}
            }
            self.release(&lease).await;
        };
        stream::iter(names)
            .for_each_concurrent(CALLS_MAX, give)
            .await;
    }

    /// Commits changes of a group that nobody evaluates here; says whether it did, which it does not while another replica
    /// has the group.
    pub(crate) async fn commit_for_nobody(
        &self,
        group: &str,
        changes: Vec<Change>,
    ) -> Result<bool, Error> {
        let Some(replica) = &self.0.replica else {
            self.0.store.commit(None, changes).await?;
            return Ok(true);
        };
        let name = format!("{}{group}", self.0.field.group);
        let acquired = self.0.store.acquire(&name, &replica.owner, replica.lasts());
        let Some(lease) = acquired.await? else {
            return Ok(false);
        };
        let committed = self.0.store.commit(Some(&lease), changes).await;
        self.release(&lease).await;
        committed.map(|()| true)
    }

    /// Tells a group to stop; returns its lease and how to see that it has.
    fn withdraw(&self, name: &str) -> Option<(Lease, watch::Receiver<bool>)> {
        let wanted = self.wanted();
        let wanted = wanted.get(name)?;
        match wanted.role.send_replace(Role::Elsewhere) {
            Role::Holder(lease) => Some((lease, wanted.is_busy.clone())),
            Role::Elsewhere | Role::Alone => None,
        }
    }

    async fn acquire(&self, replica: &Replica, names: Vec<String>) {
        let take = |name: String| async move {
            let acquired = self.0.store.acquire(&name, &replica.owner, replica.lasts());
            if let Some(Some(lease)) = self.ask("acquire a lease", replica, acquired).await {
                tracing::info!(
                    lease = name,
                    fence = lease.fence,
                    "this replica has the lease now"
                );
                self.tell(&name, Role::Holder(lease));
            }
        };
        stream::iter(names)
            .for_each_concurrent(CALLS_MAX, take)
            .await;
    }

    /// Stops a group at once: somebody else has it. Nothing happens if the group has got another lease since.
    fn lost(&self, lease: &Lease) {
        if self.replace(lease, Role::Elsewhere) {
            tracing::warn!(lease = lease.name, "another replica took the lease over");
            self.0.metrics.lost.inc();
        }
    }

    /// Tells a group that its lease lasts longer. Nothing happens if the group was told to stop while the store was asked.
    fn prolong(&self, renewed: Lease) {
        self.replace(&renewed.clone(), Role::Holder(renewed));
    }

    /// Changes the role of a group that is in the term of `lease`; says whether it was.
    fn replace(&self, lease: &Lease, role: Role) -> bool {
        let term = Some(lease.fence);
        self.wanted().get(&lease.name).is_some_and(|wanted| {
            wanted.role.send_if_modified(|now| {
                let is_same = now.term() == term;
                if is_same {
                    *now = role;
                }
                is_same
            })
        })
    }

    fn tell(&self, name: &str, role: Role) {
        if let Some(wanted) = self.wanted().get(name) {
            wanted.role.send_replace(role);
        }
    }

    async fn release(&self, lease: &Lease) {
        if let Err(error) = self.0.store.release(lease).await {
            tracing::debug!(
                lease = lease.name,
                error = error.chain(),
                "a lease ends by itself"
            );
        }
    }

    /// Waits for an answer of the store, but not for longer than leases can wait.
    async fn ask<T>(
        &self,
        what: &str,
        replica: &Replica,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Option<T> {
        let answered = tokio::select! {
            answered = answer => answered.map_err(|error| error.chain()),
            () = self.0.clock.sleep(replica.silence_max / 5) => Err("no answer in time".into()),
        };
        answered
            .inspect_err(|error| tracing::warn!(error, "cannot {what}"))
            .ok()
    }

    /// Says whether a lease is held; only when the database says that it is not, it is not.
    async fn is_held(&self, lease: &Lease) -> bool {
        let Some(replica) = &self.0.replica else {
            return true;
        };
        if lease.is_held(self.0.clock.monotonic()) {
            return true;
        }
        let renewed = self.0.store.renew(lease, replica.lasts());
        match self.ask("renew a lease", replica, renewed).await {
            Some(Some(renewed)) => self.prolong(renewed),
            Some(None) => {
                self.lost(lease);
                return false;
            }
            None => {}
        }
        true
    }

    fn is_due(&self, lease: &Lease) -> bool {
        let left = lease.held_until.since(self.0.clock.monotonic());
        left <= lease.ttl * 2 / 3
    }

    fn held(&self) -> BTreeMap<String, Lease> {
        let wanted = self.wanted();
        let held = wanted.iter().filter_map(|(name, wanted)| {
            let lease = wanted.role.borrow().lease().cloned();
            Some((name.clone(), lease?))
        });
        held.collect()
    }

    fn wanted(&self) -> MutexGuard<'_, BTreeMap<String, Wanted>> {
        self.0.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Replica {
    /// What is asked of the database: the last fifth is for others to notice and to read back.
    fn lasts(&self) -> Duration {
        self.silence_max * 4 / 5
    }
}
