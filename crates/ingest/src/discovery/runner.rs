//! Asks the providers of one job again and again, and publishes what they say together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Task;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::watch;

use super::group::Size;
use super::{ALL, Context, Groups, Kind, Problem, Provider, Refreshed, TargetGroup};
use crate::config::Discovery;

/// What discovery counts; clones share it.
#[derive(Clone, Debug)]
pub struct Metrics {
    refreshes: Family<[(&'static str, &'static str); 1], Counter>,
    failures: Family<[(&'static str, &'static str); 1], Counter>,
    targets: Family<Vec<(&'static str, String)>, Gauge>,
}

impl Metrics {
    /// Registers the metrics.
    pub fn new(registry: &Registry) -> Self {
        let metrics = Self {
            refreshes: Family::default(),
            failures: Family::default(),
            targets: Family::default(),
        };
        registry.register(
            "discovery_refreshes",
            "Times that a source of targets was asked, by kind of discovery",
            None,
            metrics.refreshes.clone(),
        );
        registry.register(
            "discovery_refresh_failures",
            "Files, servers and names that could not be read anew, by kind of discovery",
            None,
            metrics.failures.clone(),
        );
        registry.register(
            "discovery_targets",
            "Targets found, before relabelling, by job",
            None,
            metrics.targets.clone(),
        );
        metrics
    }
}

/// The discovery of one job; it ends when this is dropped.
pub struct Runner {
    shared: Arc<Shared>,
    tasks: Vec<Task>,
}

/// What the sources of a job said last, for the runner that comes after the one it is from.
#[derive(Clone)]
pub struct Heard(Arc<Shared>);

impl Heard {
    /// Returns the groups of a source that is configured like this, none when there is no such source.
    fn of(&self, config: &Discovery) -> Vec<Arc<TargetGroup>> {
        let said = self.0.said();
        let mut sources = self.0.configs.iter().zip(&said.by_provider);
        sources
            .find(|(known, _)| *known == config)
            .map_or_else(Vec::new, |(_, answer)| answer.groups.clone())
    }
}

struct Shared {
    job: String,
    /// The configuration of each provider.
    configs: Vec<Discovery>,
    metrics: Metrics,
    said: Mutex<Said>,
    merged: watch::Sender<Groups>,
    /// How many providers have neither answered nor failed yet.
    unheard: watch::Sender<usize>,
}

/// What the providers said last.
struct Said {
    by_provider: Vec<Answer>,
    /// How many targets this job has in the metric; a successor of the same name counts there too.
    target_count: i64,
    is_over: bool,
}

#[derive(Default)]
struct Answer {
    is_heard: bool,
    groups: Vec<Arc<TargetGroup>>,
    problems: Vec<Problem>,
}

impl Runner {
    /// Starts to look for the targets of a job. Those that the configuration lists are there at once, and so is what
    /// the job's runner before this one knew from sources that are configured as they were: a source that is down
    /// while the configuration changes must not end its targets.
    ///
    /// # Errors
    /// A provider that no retry would heal; nothing is started then.
    pub fn start(
        context: &Context,
        job: &str,
        configs: &[Discovery],
        before: Option<&Heard>,
    ) -> Result<Self, Problem> {
        let mut made = Vec::with_capacity(configs.len());
        let mut answers = Vec::with_capacity(configs.len());
        for config in configs {
            let groups = before.map_or_else(Vec::new, |heard| heard.of(config));
            made.push(provider(config, context, &groups)?);
            answers.push(Answer {
                groups,
                ..Answer::default()
            });
        }
        let shared = Arc::new(Shared {
            job: job.into(),
            configs: configs.to_vec(),
            metrics: context.metrics.clone(),
            said: Mutex::new(Said {
                by_provider: answers,
                target_count: 0,
                is_over: false,
            }),
            merged: watch::Sender::new(Arc::from([])),
            unheard: watch::Sender::new(made.len()),
        });
        if before.is_some() {
            shared.publish(&mut shared.said());
        }
        let tasks = made
            .into_iter()
            .enumerate()
            .map(|(index, (kind, provider))| shared.run(context, index, kind, provider))
            .collect();
        Ok(Self { shared, tasks })
    }

    /// Returns what a successor may start with; it stays true to what this one hears until then.
    pub fn heard(&self) -> Heard {
        Heard(Arc::clone(&self.shared))
    }

    /// Returns the groups found, now and whenever they change.
    pub fn groups(&self) -> watch::Receiver<Groups> {
        self.shared.merged.subscribe()
    }

    /// Waits until each provider has answered or failed once, so that the groups are complete as far as they can be.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn settled(&self) {
        let mut unheard = self.shared.unheard.subscribe();
        // The sender lives in `self`, so this ends with the last answer only.
        let _ = unheard.wait_for(|count| *count == 0).await;
    }

    /// Returns what is not up to date at the moment.
    pub fn problems(&self) -> Vec<Problem> {
        let said = self.shared.said();
        let problems = said.by_provider.iter().flat_map(|answer| &answer.problems);
        problems.cloned().collect()
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(Task::stop);
        let mut said = self.shared.said();
        // A task that hears of the stop late must not count its targets again.
        said.is_over = true;
        let is_last = self.shared.count(&mut said, 0) == 0;
        if is_last {
            self.shared.metrics.targets.remove(&self.shared.labels());
        }
    }
}

impl Shared {
    fn run(
        self: &Arc<Self>,
        context: &Context,
        index: usize,
        kind: &'static dyn Kind,
        first: Box<dyn Provider>,
    ) -> Task {
        let (shared, context) = (Arc::clone(self), context.clone());
        let clock = Arc::clone(&context.clock);
        let tasks = context.tasks.clone();
        let mut first = Some(first);
        tasks.spawn_loop("discovery", move |stop| {
            // After a panic the provider is made anew; what it said before stays published.
            let provider = first
                .take()
                .map_or_else(|| shared.provider_anew(index, &context), Ok);
            let (shared, clock) = (Arc::clone(&shared), Arc::clone(&clock));
            async move {
                let mut provider = match provider {
                    Ok(provider) => provider,
                    Err(problem) => return shared.take(index, kind, Err(problem)),
                };
                while let Some(refreshed) = until(&stop, provider.refresh()).await {
                    shared.take(index, kind, refreshed);
                    let Some(pause) = provider.pause() else {
                        return;
                    };
                    if until(&stop, clock.sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        })
    }

    fn provider_anew(&self, index: usize, context: &Context) -> Result<Box<dyn Provider>, Problem> {
        let known = self.said().by_provider[index].groups.clone();
        provider(&self.configs[index], context, &known).map(|(_, made)| made)
    }

    /// Takes over what a provider says, and publishes it when it differs.
    fn take(&self, index: usize, kind: &'static dyn Kind, refreshed: Result<Refreshed, Problem>) {
        let mut said = self.said();
        if said.is_over {
            return;
        }
        let last = &mut said.by_provider[index];
        let refreshed = refreshed.and_then(bounded);
        let Refreshed { groups, problems } = refreshed.unwrap_or_else(|problem| Refreshed {
            groups: last.groups.clone(),
            problems: vec![problem],
        });
        self.report(kind, &last.problems, &problems);
        last.problems = problems;
        let is_first = !std::mem::replace(&mut last.is_heard, true);
        if last.groups != groups {
            last.groups = groups;
            self.publish(&mut said);
        }
        if is_first {
            self.unheard.send_modify(|count| *count -= 1);
        }
    }

    /// Counts a refresh and its problems, and logs those that are new.
    fn report(&self, kind: &'static dyn Kind, last: &[Problem], problems: &[Problem]) {
        let label = [("kind", kind.field())];
        self.metrics.refreshes.get_or_create(&label).inc();
        let failed = problems.len() as u64;
        self.metrics.failures.get_or_create(&label).inc_by(failed);
        for problem in problems.iter().filter(|problem| !last.contains(problem)) {
            let (job, kind) = (&self.job, kind.field());
            let Problem { place, message } = problem;
            tracing::warn!(job, kind, place, message, "discovery failed");
        }
    }

    fn publish(&self, said: &mut Said) {
        let groups = said.by_provider.iter().flat_map(|answer| &answer.groups);
        let merged: Groups = groups.cloned().collect();
        let count = merged
            .iter()
            .map(|group| group.targets.len())
            .sum::<usize>();
        self.count(said, count as i64);
        // Sent under the lock, so that an older state never follows a newer one.
        self.merged.send_replace(merged);
    }

    /// Puts the number of targets into the metric, and returns what the metric then says of all of this job's name.
    fn count(&self, said: &mut Said, count: i64) -> i64 {
        let more = count - std::mem::replace(&mut said.target_count, count);
        let gauge = self.metrics.targets.get_or_create(&self.labels());
        gauge.inc_by(more) + more
    }

    fn labels(&self) -> Vec<(&'static str, String)> {
        vec![("job", self.job.clone())]
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn provider(
    config: &Discovery,
    context: &Context,
    known: &[Arc<TargetGroup>],
) -> Result<(&'static dyn Kind, Box<dyn Provider>), Problem> {
    for kind in ALL {
        if let Some(provider) = kind.provider(config, context, known)? {
            return Ok((*kind, provider));
        }
    }
    unreachable!("ALL has a kind for each variant of the configuration, as a test shows");
}

/// Files and answers are bounded one by one where they are read; this is about all of a provider together.
fn bounded(refreshed: Refreshed) -> Result<Refreshed, Problem> {
    let mut size = Size::default();
    for group in &refreshed.groups {
        size.add(group.targets.len(), group.labels.byte_count());
        size.check()
            .map_err(|message| Problem::new(&*group.source, message))?;
    }
    Ok(refreshed)
}

/// Waits for `future`, or returns nothing when it is time to stop.
async fn until<T>(stop: &Shutdown, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        value = future => Some(value),
        () = stop.wait() => None,
    }
}
