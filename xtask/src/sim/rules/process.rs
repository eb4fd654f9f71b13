//! One process that evaluates rules: the real runner of `control` on a runtime of its own, over a world that outlives it.

use std::path::Path;
use std::sync::Arc;
use std::thread::yield_now;
use std::time::Duration;

use anyhow::{Context, ensure};
use plimsoll_control::{Asker, Metrics, Options, Parts, Rules};
use plimsoll_promql::{Engine, Features, MemoryBudget};
use plimsoll_rules::Globals;
use plimsoll_rules::view::{GroupView, RuleViews};
use plimsoll_runtime::clock::{Clock, Monotonic, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use tokio::runtime::Runtime;

use super::clock::ProcessClock;
use super::life::{Life, World};

/// Longer than any slot takes on a busy machine; who waits longer has found a slot that never ends.
const HUNG: Duration = Duration::from_secs(30);

/// A process that runs.
pub(super) struct Process {
    runtime: Runtime,
    rules: Rules,
    shutdown: Shutdown,
    pub(super) life: Life,
    pub(super) clock: ProcessClock,
    pub(super) owner: String,
}

/// What names a process among replicas.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) owner: String,
    pub(super) silence_max: Option<Duration>,
}

impl Process {
    /// Starts with the rule file as it is now.
    pub(super) fn start(world: &World, name: Name) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()?;
        let own = ProcessClock::new(world.clock.clone());
        let life = Life::new(world, own.clone(), name.owner.clone());
        let (clock, shutdown): (Arc<dyn Clock>, _) = (Arc::new(own.clone()), Shutdown::new());
        let registry = Registry::new();
        let parts = Parts {
            asker: asker(world, Arc::clone(&clock)),
            appender: Arc::new(life.clone()),
            store: Arc::new(life.clone()),
            sink: Arc::new(life.clone()),
            tasks: Tasks::new(shutdown.clone(), Arc::clone(&clock), &registry),
            metrics: Metrics::new(&registry),
            clock,
            options: Options {
                concurrency: 1,
                outage_tolerance: Duration::from_hours(1),
                owner: name.owner.clone(),
                silence_max: name.silence_max,
            },
        };
        let rules = runtime.block_on(Rules::start(parts));
        Ok(Self {
            runtime,
            rules,
            shutdown,
            life,
            clock: own,
            owner: name.owner,
        })
    }

    /// Puts the rule file into force.
    pub(super) fn load(&self, path: &Path) -> anyhow::Result<()> {
        let _inside = self.runtime.enter();
        let prepared = self.rules.prepare(&[path.to_owned()], Globals::default())?;
        self.rules.apply(prepared);
        Ok(())
    }

    /// Returns what it shows of its groups.
    pub(super) fn groups(&self) -> Vec<Arc<GroupView>> {
        self.rules.groups()
    }

    /// Waits until it shows what is wanted, or is dead; says whether it lives.
    pub(super) fn shows(
        &self,
        what: &str,
        is_shown: impl Fn(&[Arc<GroupView>]) -> bool,
    ) -> anyhow::Result<bool> {
        let clock = SystemClock::new();
        let deadline: Monotonic = clock.monotonic().after(HUNG);
        loop {
            // Dead first: what it shows after its death counts for nothing.
            if self.life.is_dead() {
                return Ok(false);
            }
            if is_shown(&self.groups()) {
                return Ok(!self.life.is_dead());
            }
            ensure!(clock.monotonic() < deadline, "it hangs before {what}");
            yield_now();
        }
    }

    /// Dies.
    pub(super) fn kill(self) {
        self.life.end();
        self.runtime.shutdown_background();
    }

    /// Stops as an operator stops it.
    pub(super) fn stop(self) {
        self.shutdown.trigger();
        let stopped = self.rules.stopped();
        self.runtime.block_on(stopped);
        self.life.end();
        self.runtime.shutdown_background();
    }
}

/// Makes what asks the samples of a world.
pub(super) fn asker(world: &World, clock: Arc<dyn Clock>) -> Asker {
    let options = plimsoll_promql::Options {
        helpers_max: 0,
        ..plimsoll_promql::Options::default()
    };
    Asker {
        engine: Engine::new(options),
        storage: Arc::new(world.samples.clone()),
        clock,
        memory: MemoryBudget::unlimited(),
        features: Features::default(),
    }
}

/// Finds a group by its name.
pub(super) fn group<'a>(groups: &'a [Arc<GroupView>], name: &str) -> anyhow::Result<&'a GroupView> {
    let found = groups.iter().find(|group| &*group.key.name == name);
    found
        .map(|group| &**group)
        .with_context(|| format!("the group {name} is not shown"))
}
