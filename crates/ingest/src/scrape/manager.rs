//! All jobs: a task each, which joins the job's discovery with its pool; and the sources inside the program.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::http::Client;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Task};
use plimsoll_types::{Appender, Labels};
use tokio::sync::{mpsc, oneshot, watch};
use url::Url;

use super::fetch::Fetch;
use super::metrics::Metrics;
use super::overview::{Overview, PoolView, Progress, TargetView};
use super::pool::Pool;
use super::rules::Rules;
use super::runner::{Runner, Surroundings};
use super::target::Target;
use super::work::{Memory, bury};
use crate::config::{Config, ScrapeConfig};
use crate::discovery::{self, Groups, Problem};

/// After a change of a job's discovery, how long its old targets stay while the new sources have not answered.
const DISCOVERY_GRACE: Duration = Duration::from_secs(10);

/// A source inside the program that is scraped like a target.
pub struct Internal {
    /// The labels that go onto every series: `job`, `instance`.
    pub labels: Labels,
    /// Time between two scrapes.
    pub interval: Duration,
    /// Where its bodies come from.
    pub fetch: Arc<dyn Fetch>,
}

/// All that is scraped.
pub struct Scrapes {
    around: Surroundings,
    discovery: discovery::Context,
    jobs: BTreeMap<String, Job>,
    internals: Vec<InternalLoop>,
}

struct Job {
    config: Arc<ScrapeConfig>,
    rules: Arc<Rules>,
    commands: mpsc::Sender<Command>,
    /// What its sources said last, for the discovery that may follow.
    heard: discovery::Heard,
}

enum Command {
    /// Goes on under another configuration, and answers once it is in force.
    Reconfigure(Box<Plan>, oneshot::Sender<()>),
    /// Ends the job's series, then answers.
    Close(oneshot::Sender<()>),
}

/// A job's configuration, checked as far as it can be without asking anybody.
struct Plan {
    config: Arc<ScrapeConfig>,
    rules: Arc<Rules>,
    client: Client,
    /// `None` when the sources are as before.
    discovery: Option<discovery::Runner>,
}

struct InternalLoop {
    target: Arc<Target>,
    rules: Arc<Rules>,
    memory: Arc<std::sync::Mutex<Memory>>,
    task: Task,
}

/// A configuration that cannot be put into force; the one before stays.
#[derive(Debug, thiserror::Error)]
#[error("job {job:?}: {reason}")]
pub struct ApplyError {
    /// Which job.
    pub job: String,
    /// Why.
    pub reason: String,
}

impl Scrapes {
    /// Makes it, with nothing to scrape.
    pub fn new(
        appender: Arc<dyn Appender>,
        clock: Arc<dyn Clock>,
        metrics: Metrics,
        discovery: discovery::Context,
    ) -> Self {
        let tasks = discovery.tasks.clone();
        Self {
            around: Surroundings {
                appender,
                clock,
                tasks,
                metrics,
                overview: Overview::default(),
            },
            discovery,
            jobs: BTreeMap::new(),
            internals: Vec::new(),
        }
    }

    /// Returns what is scraped, now and later.
    pub fn overview(&self) -> Overview {
        self.around.overview.clone()
    }

    /// Puts a configuration into force: starts, changes and ends jobs; unchanged ones do not notice.
    ///
    /// # Errors
    /// [`ApplyError`] when a client or a discovery cannot be made; nothing is changed then.
    pub async fn apply(&mut self, config: &Config) -> Result<(), ApplyError> {
        let metric_series_max = config.plimsoll.limits.metric_series_max;
        let mut plans = Vec::new();
        for job in &config.scrape_configs {
            let rules = Rules::new(job, metric_series_max);
            let running = self.jobs.get(&job.job_name);
            if running.is_some_and(|running| *running.config == *job && *running.rules == rules) {
                continue;
            }
            plans.push(self.plan(job, rules)?);
        }
        let wanted: HashSet<&str> = config
            .scrape_configs
            .iter()
            .map(|job| job.job_name.as_str())
            .collect();
        let gone: Vec<String> = self
            .jobs
            .keys()
            .filter(|name| !wanted.contains(name.as_str()))
            .cloned()
            .collect();
        for name in gone {
            if let Some(job) = self.jobs.remove(&name) {
                close(&job).await;
            }
        }
        for plan in plans {
            self.carry_out(plan).await;
        }
        Ok(())
    }

    /// Makes the running internal sources these; those with the same labels and interval go on.
    pub async fn set_internals(&mut self, internals: Vec<Internal>) {
        let is_wanted = |running: &InternalLoop| {
            internals.iter().any(|internal| {
                internal.labels == running.target.labels
                    && internal.interval == running.target.interval
            })
        };
        let (kept, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.internals)
            .into_iter()
            .partition(is_wanted);
        self.internals = kept;
        for mut running in gone {
            running.task.stop();
            let _ = running.task.wait().await;
            self.around.metrics.targets.dec();
            self.unpublish(&running.target);
            let around = self.around.clone();
            let buried = self.around.tasks.run_blocking("scrape", move || {
                bury(
                    &running.target,
                    &running.rules,
                    &running.memory,
                    &*around.appender,
                    around.clock.now(),
                );
            });
            // The supervisor logs a panic.
            let _ = buried.await;
        }
        for internal in internals {
            if !self
                .internals
                .iter()
                .any(|running| running.target.labels == internal.labels)
            {
                let started = self.start_internal(internal);
                self.internals.push(started);
            }
        }
    }

    fn plan(&self, job: &ScrapeConfig, rules: Rules) -> Result<Plan, ApplyError> {
        let failed = |reason: String| ApplyError {
            job: job.job_name.clone(),
            reason,
        };
        let client = Client::new(job.http.clone()).map_err(|error| failed(error.to_string()))?;
        let running = self.jobs.get(&job.job_name);
        let has_same_sources =
            running.is_some_and(|running| running.config.discovery == job.discovery);
        let discovery = if has_same_sources {
            None
        } else {
            let heard = running.map(|running| &running.heard);
            let started =
                discovery::Runner::start(&self.discovery, &job.job_name, &job.discovery, heard);
            Some(started.map_err(|problem: Problem| failed(problem.to_string()))?)
        };
        Ok(Plan {
            config: Arc::new(job.clone()),
            rules: Arc::new(rules),
            client,
            discovery,
        })
    }

    async fn carry_out(&mut self, plan: Plan) {
        let (config, rules) = (plan.config.clone(), plan.rules.clone());
        if let Some(job) = self.jobs.get_mut(&config.job_name) {
            // The task takes no commands only when everything is about to stop.
            let (answer, done) = oneshot::channel();
            let heard = plan.discovery.as_ref().map(discovery::Runner::heard);
            let command = Command::Reconfigure(Box::new(plan), answer);
            if job.commands.send(command).await.is_ok() && done.await.is_ok() {
                (job.config, job.rules) = (config, rules);
                if let Some(heard) = heard {
                    job.heard = heard;
                }
            }
            return;
        }
        let Some(discovery) = plan.discovery else {
            return;
        };
        let heard = discovery.heard();
        let pool = Pool::new(plan.config, plan.rules, plan.client, self.around.clone());
        let (commands, received) = mpsc::channel(1);
        let clock = self.around.clock.clone();
        self.around
            .tasks
            .spawn("scrape job", OnPanic::Fatal, |stop| {
                run(pool, discovery, received, clock, stop)
            });
        self.jobs.insert(
            config.job_name.clone(),
            Job {
                config,
                rules,
                commands,
                heard,
            },
        );
    }

    /// Shows a source no longer, unless a job of that name has taken its place.
    fn unpublish(&self, target: &Target) {
        let job = target.labels.get("job").unwrap_or("source");
        if !self.jobs.contains_key(job) {
            self.around.overview.remove(job);
        }
    }

    fn start_internal(&self, internal: Internal) -> InternalLoop {
        let job = internal.labels.get("job").unwrap_or("source").to_owned();
        let target = Arc::new(Target {
            labels: internal.labels,
            url: Url::parse(&format!("internal:{job}")).unwrap_or_else(|_| internal_url()),
            interval: internal.interval,
            timeout: internal.interval,
        });
        let (rules, memory) = (Arc::new(Rules::internal()), Arc::default());
        let progress = Progress::default();
        let view = TargetView {
            discovered: target.labels.clone(),
            target: target.clone(),
            progress: progress.clone(),
        };
        let view = PoolView {
            active: [view].into(),
            ..PoolView::default()
        };
        self.around.overview.publish(&job, view);
        let runner = Runner {
            target: target.clone(),
            rules: rules.clone(),
            fetch: internal.fetch,
            memory: Arc::clone(&memory),
            is_over_limit: Arc::default(),
            progress,
            around: self.around.clone(),
        };
        self.around.metrics.targets.inc();
        let task = runner.spawn();
        InternalLoop {
            target,
            rules,
            memory,
            task,
        }
    }
}

/// What names a source inside the program whose job is no part of a URL.
fn internal_url() -> Url {
    Url::parse("internal:source").expect("a URL")
}

async fn close(job: &Job) {
    let (answer, closed) = oneshot::channel();
    if job.commands.send(Command::Close(answer)).await.is_ok() {
        let _ = closed.await;
    }
}

/// The life of a job: what discovery finds becomes the pool's targets.
async fn run(
    mut pool: Pool,
    mut discovery: discovery::Runner,
    mut commands: mpsc::Receiver<Command>,
    clock: Arc<dyn Clock>,
    stop: Shutdown,
) {
    let mut groups = discovery.groups();
    let found = current(&mut groups);
    pool.sync(&found).await;
    loop {
        tokio::select! {
            changed = groups.changed() => {
                if changed.is_err() {
                    return;
                }
                let found = current(&mut groups);
                pool.sync(&found).await;
            }
            command = commands.recv() => match command {
                Some(Command::Reconfigure(plan, answer)) => {
                    pool.reconfigure(plan.config, plan.rules, plan.client).await;
                    if let Some(changed) = plan.discovery {
                        // New sources may take their time: whoever waits for the reload does not wait for them.
                        let _ = answer.send(());
                        discovery = changed;
                        groups = discovery.groups();
                        settle(&discovery, &*clock, &stop).await;
                        pool.sync(&current(&mut groups)).await;
                    } else {
                        pool.sync(&current(&mut groups)).await;
                        let _ = answer.send(());
                    }
                }
                Some(Command::Close(answer)) => {
                    pool.close().await;
                    let _ = answer.send(());
                    return;
                }
                None => return,
            },
            () = stop.wait() => return,
        }
    }
}

/// Waits until all new sources have answered, so that targets they will name again are not ended in between.
async fn settle(discovery: &discovery::Runner, clock: &dyn Clock, stop: &Shutdown) {
    tokio::select! {
        () = discovery.settled() => {}
        () = clock.sleep(DISCOVERY_GRACE) => {}
        () = stop.wait() => {}
    }
}

/// Returns the labels of every target found so far, those of its group filled in where it has none of its own.
fn current(groups: &mut watch::Receiver<Groups>) -> Vec<Labels> {
    let of_group = |group: &Arc<discovery::TargetGroup>| {
        let joined = |target: &Labels| {
            let mut labels = group.labels.to_builder();
            for (name, value) in target.iter() {
                labels.set(name, value);
            }
            labels.build()
        };
        group.targets.iter().map(joined).collect::<Vec<_>>()
    };
    groups
        .borrow_and_update()
        .iter()
        .flat_map(of_group)
        .collect()
}
