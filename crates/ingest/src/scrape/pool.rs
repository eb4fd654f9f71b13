//! The targets of one job: starts, keeps and ends their loops as discovery finds them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use plimsoll_runtime::http::Client;
use plimsoll_runtime::tasks::Task;
use plimsoll_types::Labels;

use super::fetch::HttpFetch;
use super::overview::{DROPPED_SHOWN_MAX, PoolView, Progress, TargetView};
use super::rules::Rules;
use super::runner::{Runner, Surroundings};
use super::target::{Target, relabelled, with_defaults};
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
    dropped: Dropped,
}

/// Targets that relabelling dropped.
#[derive(Default)]
struct Dropped {
    shown: Arc<[Labels]>,
    count: usize,
}

/// A target that is to be scraped, and the labels it was made of.
struct Wanted {
    discovered: Labels,
    target: Target,
}

/// Two targets with the same labels write the same series, wherever they are.
type Identity = Labels;

struct Active {
    discovered: Labels,
    target: Arc<Target>,
    progress: Progress,
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
            dropped: Dropped::default(),
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
            let restarted = self.start(active.kept());
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
                Some(wanted) if *active.target == wanted.target => {
                    active.discovered = wanted.discovered;
                    self.active.insert(identity, active);
                }
                Some(wanted) => {
                    active.end().await;
                    let moved = Kept {
                        discovered: wanted.discovered,
                        target: Arc::new(wanted.target),
                        ..active.kept()
                    };
                    let moved = self.start(moved);
                    self.active.insert(identity, moved);
                }
                None => self.remove(active).await,
            }
        }
        for (identity, wanted) in wanted {
            self.around.metrics.targets.inc();
            let started = self.start(Kept {
                discovered: wanted.discovered,
                target: Arc::new(wanted.target),
                progress: Progress::default(),
                memory: Arc::default(),
            });
            self.active.insert(identity, started);
        }
        self.publish();
    }

    /// Shows what is scraped now.
    fn publish(&self) {
        let mut active: Vec<TargetView> = self.active.values().map(Active::view).collect();
        active.sort_by(|a, b| a.target.labels.cmp(&b.target.labels));
        let view = PoolView {
            config: Some(self.config.clone()),
            active: active.into(),
            dropped: self.dropped.shown.clone(),
            dropped_count: self.dropped.count,
        };
        self.around.overview.publish(&self.config.job_name, view);
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
        self.around.overview.remove(&self.config.job_name);
        let active = std::mem::take(&mut self.active);
        active.values().for_each(|active| active.task.stop());
        for active in active.into_values() {
            self.remove(active).await;
        }
    }

    fn populate(&mut self, discovered: &[Labels]) -> HashMap<Identity, Wanted> {
        let mut targets: HashMap<Identity, Wanted> = HashMap::new();
        let (mut errors, mut dropped, mut dropped_count) = (Vec::new(), Vec::new(), 0);
        let kept = self.config.limits.keep_dropped_targets;
        let kept = kept.map_or(DROPPED_SHOWN_MAX, |kept| {
            usize::try_from(kept).unwrap_or(usize::MAX)
        });
        for labels in discovered {
            let labels = with_defaults(&self.config, labels);
            match relabelled(&self.config, labels.to_builder()) {
                Ok(Some(target)) => match targets.entry(target.labels.clone()) {
                    Entry::Vacant(place) => {
                        let discovered = labels;
                        place.insert(Wanted { discovered, target });
                    }
                    Entry::Occupied(first) if first.get().target == target => {}
                    Entry::Occupied(_) => errors.push(format!(
                        "{}: another target has the same labels, so this one is left out",
                        target.url
                    )),
                },
                Ok(None) => {
                    dropped_count += 1;
                    if dropped.len() < kept {
                        dropped.push(labels);
                    }
                }
                Err(error) => errors.push(format!("{labels}: {error}")),
            }
        }
        if !errors.is_empty() {
            let (job, count) = (&self.config.job_name, errors.len());
            errors.truncate(NAMED_MAX);
            tracing::error!(%job, count, errors = errors.join("; "), "targets that cannot be scraped");
        }
        self.dropped = Dropped {
            shown: dropped.into(),
            count: dropped_count,
        };
        targets
    }

    fn start(&self, kept: Kept) -> Active {
        let Kept {
            discovered,
            target,
            progress,
            memory,
        } = kept;
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
            progress: progress.clone(),
            around: self.around.clone(),
        };
        let task = runner.spawn();
        Active {
            discovered,
            target,
            progress,
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

/// What of a target outlives its loop.
struct Kept {
    discovered: Labels,
    target: Arc<Target>,
    progress: Progress,
    memory: Arc<Mutex<Memory>>,
}

impl Active {
    fn kept(self) -> Kept {
        Kept {
            discovered: self.discovered,
            target: self.target,
            progress: self.progress,
            memory: self.memory,
        }
    }

    fn view(&self) -> TargetView {
        TargetView {
            discovered: self.discovered.clone(),
            target: self.target.clone(),
            progress: self.progress.clone(),
        }
    }

    async fn end(&mut self) {
        self.task.stop();
        let _ = self.task.wait().await;
    }
}
