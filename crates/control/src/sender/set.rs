//! One set of Alertmanagers: who is in it at the moment, and what waits while nobody is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_ingest::config::AlertmanagerConfig;
use plimsoll_ingest::discovery::{Groups, Runner};
use plimsoll_ingest::relabel::RelabelConfig;
use plimsoll_runtime::http::Client;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Task;
use plimsoll_types::Alert;
use tokio::sync::watch;

use super::endpoint::{Endpoints, endpoints};
use super::peer::{Peer, Settings};
use super::queue::Queue;
use super::{Alertmanagers, Around, relabel};

/// After a change of its discovery, how long a set's old Alertmanagers stay while the new sources have not answered.
const DISCOVERY_GRACE: Duration = Duration::from_secs(10);

/// One set.
pub(super) struct Set {
    shared: Arc<Shared>,
    plans: watch::Sender<Plan>,
    task: Task,
}

/// A configuration, checked as far as it can be without asking anybody.
#[derive(Clone)]
pub(super) struct Plan {
    config: Arc<AlertmanagerConfig>,
    client: Client,
    discovery: Arc<Runner>,
}

struct Shared {
    around: Around,
    members: Mutex<Members>,
}

/// Who is in the set.
struct Members {
    rules: Arc<[RelabelConfig]>,
    peers: Vec<Arc<Peer>>,
    dropped: Vec<String>,
    /// What was no address when it was last told.
    invalid: Vec<String>,
    /// What nobody could be told yet; none when nobody will ever be found.
    held: Option<Queue>,
    is_over: bool,
}

impl Plan {
    /// Makes what a configuration needs, and takes over what a set before it knows.
    pub(super) fn new(
        index: usize,
        config: &AlertmanagerConfig,
        before: Option<&Set>,
        around: &Around,
    ) -> Result<Self, String> {
        let client = Client::new(config.http.clone()).map_err(|error| error.chain())?;
        let before = before.map(|set| set.plans.borrow().clone());
        let discovery = match &before {
            Some(before) if before.config.discovery == config.discovery => {
                Arc::clone(&before.discovery)
            }
            _ => {
                let job = format!("alertmanagers/{index}");
                let heard = before.as_ref().map(|before| before.discovery.heard());
                let context = &around.discovery;
                let started = Runner::start(context, &job, &config.discovery, heard.as_ref());
                Arc::new(started.map_err(|problem| problem.to_string())?)
            }
        };
        Ok(Self {
            config: Arc::new(config.clone()),
            client,
            discovery,
        })
    }

    fn settings(&self) -> Settings {
        Settings {
            client: self.client.clone(),
            timeout: self.config.timeout,
        }
    }

    fn rules(&self) -> Arc<[RelabelConfig]> {
        self.config.alert_relabel_configs.clone().into()
    }
}

impl Set {
    /// Starts to look for the Alertmanagers of a set.
    pub(super) fn start(plan: Plan, around: &Around) -> Self {
        let will_find = !plan.config.discovery.is_empty();
        let shared = Arc::new(Shared {
            members: Mutex::new(Members {
                rules: plan.rules(),
                peers: Vec::new(),
                dropped: Vec::new(),
                invalid: Vec::new(),
                held: will_find.then(|| Queue::new(around.options.queue_capacity)),
                is_over: false,
            }),
            around: around.clone(),
        });
        let (plans, received) = watch::channel(plan);
        let running = Arc::clone(&shared);
        let tasks = &around.discovery.tasks;
        let task = tasks.spawn_loop("alertmanagers", move |stop| {
            Arc::clone(&running).run(received.clone(), stop)
        });
        Self {
            shared,
            plans,
            task,
        }
    }

    pub(super) fn config(&self) -> Arc<AlertmanagerConfig> {
        Arc::clone(&self.plans.borrow().config)
    }

    /// Goes on under another configuration. New sources may take their time; until they have answered, the Alertmanagers
    /// of before stay.
    pub(super) fn replace(&self, plan: Plan) {
        {
            let mut members = self.shared.members();
            members.rules = plan.rules();
            for peer in &members.peers {
                peer.reconfigure(plan.settings());
            }
            if members.held.is_none() && !plan.config.discovery.is_empty() {
                let capacity = self.shared.around.options.queue_capacity;
                members.held = Some(Queue::new(capacity));
            }
        }
        self.plans.send_replace(plan);
    }

    /// Ends it; what waits is sent first.
    pub(super) fn stop(&self) {
        self.task.stop();
        let mut members = self.shared.members();
        members.is_over = true;
        members.peers.drain(..).for_each(|peer| peer.stop());
    }

    /// Puts alerts into the queue of each Alertmanager.
    pub(super) fn send(&self, alerts: &[Arc<Alert>]) {
        let (rules, peers) = {
            let members = self.shared.members();
            (members.rules.clone(), members.peers.clone())
        };
        let alerts = relabel::for_set(alerts, &rules);
        if alerts.is_empty() {
            return;
        }
        peers.iter().for_each(|peer| peer.push(&alerts));
        if peers.is_empty() {
            self.shared.hold(&alerts);
        }
    }

    /// Adds the Alertmanagers of this set.
    pub(super) fn list(&self, all: &mut Alertmanagers) {
        let members = self.shared.members();
        let urls = members.peers.iter().map(|peer| peer.url().to_string());
        all.active.extend(urls);
        all.dropped.extend(members.dropped.iter().cloned());
    }
}

impl Shared {
    async fn run(self: Arc<Self>, mut plans: watch::Receiver<Plan>, stop: Shutdown) {
        let mut plan = plans.borrow_and_update().clone();
        let mut groups = plan.discovery.groups();
        loop {
            let found = groups.borrow_and_update().clone();
            self.sync(&plan, &found);
            tokio::select! {
                changed = groups.changed() => if changed.is_err() { return },
                changed = plans.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let before = std::mem::replace(&mut plan, plans.borrow_and_update().clone());
                    if !Arc::ptr_eq(&before.discovery, &plan.discovery) {
                        groups = plan.discovery.groups();
                        self.settle(&plan, &stop).await;
                    }
                }
                () = stop.wait() => return,
            }
        }
    }

    /// Waits until all new sources have answered, so that Alertmanagers they will name again are not ended in between.
    async fn settle(&self, plan: &Plan, stop: &Shutdown) {
        tokio::select! {
            () = plan.discovery.settled() => {}
            () = self.around.discovery.clock.sleep(DISCOVERY_GRACE) => {}
            () = stop.wait() => {}
        }
    }

    /// Makes the members those that discovery found.
    fn sync(&self, plan: &Plan, groups: &Groups) {
        let Endpoints {
            active,
            dropped,
            invalid,
        } = endpoints(groups.iter().map(|group| &**group), &plan.config);
        let mut members = self.members();
        if members.is_over {
            return;
        }
        let mut before = std::mem::take(&mut members.peers);
        let peers =
            active.into_iter().map(
                |url| match before.iter().position(|peer| *peer.url() == url) {
                    Some(at) => before.swap_remove(at),
                    None => Arc::new(Peer::start(url, plan.settings(), &self.around)),
                },
            );
        members.peers = peers.collect();
        before.iter().for_each(|gone| gone.stop());
        members.dropped = dropped;
        if members.invalid != invalid {
            for reason in &invalid {
                tracing::error!(reason, "discovery found an Alertmanager that is none");
            }
            members.invalid = invalid;
        }
        self.place(&mut members);
    }

    /// Keeps alerts until an Alertmanager is found.
    fn hold(&self, alerts: &[Arc<Alert>]) {
        let now = self.around.discovery.clock.monotonic();
        let mut members = self.members();
        if let Some(held) = &mut members.held {
            let dropped = held.push(alerts, now);
            self.around.metrics.unplaced(dropped);
        }
        // One may have been found since the list was looked at.
        self.place(&mut members);
    }

    /// Gives what is held to the Alertmanagers when there are some.
    fn place(&self, members: &mut Members) {
        let Some(held) = members.held.as_mut().filter(|held| held.len() > 0) else {
            return;
        };
        if members.peers.is_empty() {
            return;
        }
        let now = self.around.discovery.clock.monotonic();
        let (entries, expired) = held.take(usize::MAX, now);
        self.around.metrics.unplaced(expired);
        let alerts: Vec<_> = entries.into_iter().map(|entry| entry.alert).collect();
        members.peers.iter().for_each(|peer| peer.push(&alerts));
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
