//! The targets of one job: starts, keeps and ends their loops as discovery finds them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use plimsoll_runtime::http::Client;
use plimsoll_runtime::tasks::Task;
use plimsoll_types::Labels;

use super::fetch::HttpFetch;
use super::rules::Rules;
use super::runner::{Runner, Surroundings};
use super::target::{Target, populate};
use super::work::{Memory, bury};
use crate::config::ScrapeConfig;

/// How many targets with an error are named in one line of the log.
const NAMED_MAX: usize = 3;

/// One job under one configuration, and the loops of its targets.
pub(super) struct Pool {
    config: Arc<ScrapeConfig>,
    rules: Arc<Rules>,
    client: Client,
    around: Surroundings,
    is_over_limit: Arc<AtomicBool>,
    active: HashMap<Identity, Active>,
}

/// Two targets with the same labels write the same series, wherever they are.
type Identity = Labels;

struct Active {
    target: Arc<Target>,
    memory: Arc<Mutex<Memory>>,
    task: Task,
}

impl Pool {
    pub(super) fn new(
        config: Arc<ScrapeConfig>,
        rules: Arc<Rules>,
        client: Client,
        around: Surroundings,
    ) -> Self {
        Self {
            config,
            rules,
            client,
            around,
            is_over_limit: Arc::default(),
            active: HashMap::new(),
        }
    }

    /// Goes on under a new configuration: targets that stay keep what is remembered of them, so no series ends.
    pub(super) async fn reconfigure(
        &mut self,
        config: Arc<ScrapeConfig>,
        rules: Arc<Rules>,
        client: Client,
    ) {
        (self.config, self.rules, self.client) = (config, rules, client);
        let active = std::mem::take(&mut self.active);
        // All of them first, so that waiting for one is waiting for all.
        active.values().for_each(|active| active.task.stop());
        for (identity, mut active) in active {
            active.end().await;
            let restarted = self.start(active.target, active.memory);
            self.active.insert(identity, restarted);
        }
    }

    /// Makes the running loops those of the discovered targets.
    pub(super) async fn sync(&mut self, discovered: &[Labels]) {
        let mut wanted = self.populate(discovered);
        self.check_limit(wanted.len());
        let active = std::mem::take(&mut self.active);
        for (identity, mut active) in active {
            match wanted.remove(&identity) {
                Some(target) if *active.target == target => {
                    self.active.insert(identity, active);
                }
                Some(target) => {
                    active.end().await;
                    let moved = self.start(Arc::new(target), active.memory);
                    self.active.insert(identity, moved);
                }
                None => self.remove(active).await,
            }
        }
        for (identity, target) in wanted {
            self.around.metrics.targets.inc();
            let started = self.start(Arc::new(target), Arc::default());
            self.active.insert(identity, started);
        }
    }

    fn check_limit(&self, found: usize) {
        let limit = self.config.limits.target.unwrap_or(u64::MAX);
        let is_over = found as u64 > limit;
        let was_over = self.is_over_limit.swap(is_over, Ordering::Relaxed);
        if is_over && !was_over {
            let job = &self.config.job_name;
            tracing::error!(%job, found, limit, "more targets than target_limit: none of the job is scraped");
        }
    }

    /// Ends all loops and, with them, their series: the job is gone from the configuration.
    pub(super) async fn close(&mut self) {
        let active = std::mem::take(&mut self.active);
        active.values().for_each(|active| active.task.stop());
        for active in active.into_values() {
            self.remove(active).await;
        }
    }

    fn populate(&self, discovered: &[Labels]) -> HashMap<Identity, Target> {
        let mut targets: HashMap<Identity, Target> = HashMap::new();
        let mut errors = Vec::new();
        for labels in discovered {
            match populate(&self.config, labels) {
                Ok(Some(target)) => match targets.entry(target.labels.clone()) {
                    Entry::Vacant(place) => drop(place.insert(target)),
                    Entry::Occupied(first) if *first.get() == target => {}
                    Entry::Occupied(_) => errors.push(format!(
                        "{}: another target has the same labels, so this one is left out",
                        target.url
                    )),
                },
                Ok(None) => {}
                Err(error) => errors.push(format!("{labels}: {error}")),
            }
        }
        if !errors.is_empty() {
            let (job, count) = (&self.config.job_name, errors.len());
            errors.truncate(NAMED_MAX);
            tracing::error!(%job, count, errors = errors.join("; "), "targets that cannot be scraped");
        }
        targets
    }

    fn start(&self, target: Arc<Target>, memory: Arc<Mutex<Memory>>) -> Active {
        let fetch = HttpFetch::new(
            self.client.clone(),
            &self.config,
            target.clone(),
            self.rules.body_limit(),
        );
        let runner = Runner {
            target: target.clone(),
            rules: self.rules.clone(),
            fetch: Arc::new(fetch),
            memory: memory.clone(),
            is_over_limit: self.is_over_limit.clone(),
            around: self.around.clone(),
        };
        let task = runner.spawn();
        Active {
            target,
            memory,
            task,
        }
    }

    async fn remove(&self, mut active: Active) {
        active.end().await;
        self.around.metrics.targets.dec();
        let (rules, around) = (self.rules.clone(), self.around.clone());
        let buried = self.around.tasks.run_blocking("scrape", move || {
            bury(
                &active.target,
                &rules,
                &active.memory,
                &*around.appender,
                around.clock.now(),
            );
        });
        // A panic in there is logged by the supervisor, and there is nothing else to do about a target that is gone.
        let _ = buried.await;
    }
}

impl Active {
    async fn end(&mut self) {
        self.task.stop();
        let _ = self.task.wait().await;
    }
}
