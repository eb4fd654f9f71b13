//! The gateway inside the server: its data plane starts before the store, so that a process that takes over from another
//! one takes requests in while the other closes what both need.
//!
//! ```text
//! this process                          the one before it
//! take the listening sockets    <-----  goes on
//! take connections in
//! "ready"                       ----->  takes no more in, finishes requests, ends
//! wait for API port and store           ... lets go of them
//! ```

use std::fmt::Display;
use std::future::Future;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_gateway::access_log::AccessLog;
use plimsoll_gateway::config::Loaded;
use plimsoll_gateway::gateway::{Gateway, Needs};
use plimsoll_gateway::handover::{self, Given, Giver};
use plimsoll_gateway::model;
use plimsoll_gateway::names::Names;
use plimsoll_gateway::server::{self, Server};
use plimsoll_gateway::signals::{self, Signals};
use plimsoll_gateway::surface::Desk;
use plimsoll_runtime::clock::{Clock, Monotonic};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::random::{Random, SeededRandom};
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use plimsoll_traffic::surface::Gateway as Surface;
use plimsoll_types::{Appender, Labels};

use super::{Arguments, STOP_TIMEOUT};
use crate::commands::Failure;

/// The job of the gateway's signals.
const JOB: &str = "gateway";
/// Between two attempts to get what the process before still has.
const RETRY: Duration = Duration::from_millis(50);
/// For the first checks of endpoints.
const CHECKS: Duration = Duration::from_secs(5);
/// What a process takes to end besides its requests: those of the API, tasks, closing the store.
const ENDING: Duration = Duration::from_secs(10 + STOP_TIMEOUT.as_secs() + 10);

/// A gateway that takes requests in.
#[derive(Clone)]
pub(super) struct Running {
    gateway: Arc<Gateway>,
    server: Arc<Server<Gateway>>,
    signals: Arc<Signals>,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    /// Until when the process before may hold what this one needs.
    patience: Option<Monotonic>,
    /// Who takes over, once somebody does.
    given: Arc<Mutex<Option<Given>>>,
}

/// What a gateway is started with.
pub(super) struct Base<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) registry: &'a Registry,
    pub(super) clock: &'a Arc<dyn Clock>,
    pub(super) tasks: &'a Tasks,
    pub(super) stop: &'a Shutdown,
}

/// A configuration that was read and found good.
pub(super) struct Prepared {
    config: model::Config,
    listeners: server::Prepared,
    access_log: Option<AccessLog>,
}

/// Starts to take requests in, where there is a gateway.
pub(super) async fn start(
    base: Base<'_>,
    loaded: Option<Loaded>,
) -> Result<Option<Running>, Failure> {
    let Some(Loaded { config, .. }) = loaded else {
        return Ok(None);
    };
    let handover = base.arguments.gateway.handover();
    let mut inherited = match handover {
        Some(path) => handover::take(path).await.map_err(Failure::failed)?,
        None => None,
    };
    let sockets = inherited.as_mut().map(handover::Inherited::sockets);
    let begin = Begin {
        config: config.clone(),
        registry: base.registry.clone(),
        clock: base.clock.clone(),
        tasks: base.tasks.clone(),
        labels: labels(base.arguments),
    };
    let made = base.tasks.run_blocking("make gateway", || begin.make());
    let (gateway, begin) = made.await.map_err(Failure::failed)??;
    gateway.start(base.tasks);
    until_checked(&gateway, base.clock).await;
    let start = move || begin.listen(gateway, sockets.unwrap_or_default());
    let started = base.tasks.run_blocking("start gateway", start);
    let mut running = started.await.map_err(Failure::failed)??;
    if let Some(inherited) = inherited {
        inherited.ready().await.map_err(Failure::failed)?;
        tracing::info!(
            "the gateway took its listeners over; the process before finishes its requests"
        );
        let longest = config.drain_timeout + ENDING;
        running.patience = Some(base.clock.monotonic().after(longest));
    }
    if let Some(path) = handover {
        running.give_when_asked(path, base.stop)?;
    }
    running.tell(base.arguments);
    Ok(Some(running))
}

/// What must not happen on a thread of the runtime: files are read and sockets bound.
struct Begin {
    config: model::Config,
    registry: Registry,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    labels: Labels,
}

impl Begin {
    fn make(self) -> Result<(Arc<Gateway>, Self), Failure> {
        let access_log = open_log(&self.config).map_err(Failure::failed)?;
        let names = Arc::new(Names::default());
        let options = signals::Options {
            labels: self.labels.clone(),
            ..signals::Options::default()
        };
        let signals = Signals::new(options, names.clone(), self.clock.now());
        signals.register(&self.registry);
        signals.set_access_log(access_log);
        let needs = Needs {
            clock: self.clock.clone(),
            names,
            signals,
            seed: SeededRandom::from_system().next_u64(),
        };
        let gateway = Gateway::new(self.config.clone(), needs).map_err(Failure::failed)?;
        Ok((gateway, self))
    }

    fn listen(
        self,
        gateway: Arc<Gateway>,
        inherited: Vec<TcpListener>,
    ) -> Result<Running, Failure> {
        let needs = server::Needs {
            clock: self.clock.clone(),
            tasks: self.tasks.clone(),
            metrics: &self.registry,
            inherited,
        };
        let server = Server::start(gateway.clone(), gateway.workers(), &self.config, needs);
        Ok(Running {
            server: server.map_err(Failure::failed)?,
            signals: gateway.signals().clone(),
            gateway,
            clock: self.clock,
            tasks: self.tasks,
            patience: None,
            given: Arc::default(),
        })
    }
}

/// Waits for the first checks: until then an endpoint that is checked takes nothing, and requests would be refused. An
/// endpoint that cannot be reached must not keep the others from being served, so there is an end to it.
async fn until_checked(gateway: &Gateway, clock: &Arc<dyn Clock>) {
    let deadline = clock.monotonic().after(CHECKS);
    let is_settled = || {
        let snapshot = gateway.snapshot();
        let mut backends = snapshot.backends.values();
        backends.all(|backend| backend.with_upstream(|upstream| upstream.is_settled()))
    };
    while !is_settled() {
        if clock.monotonic() >= deadline {
            tracing::warn!(
                "not every endpoint of the gateway was checked in time; it starts without them"
            );
            return;
        }
        clock.sleep(RETRY).await;
    }
}

fn labels(arguments: &Arguments) -> Labels {
    let instance = arguments.listen.to_string();
    Labels::from_pairs([("job", JOB), ("instance", instance.as_str())])
}

fn open_log(config: &model::Config) -> Result<Option<AccessLog>, String> {
    let Some(options) = &config.access_log else {
        return Ok(None);
    };
    let opened = AccessLog::open(options.clone());
    let opened = opened.map_err(|error| {
        let path = options.file.as_deref().unwrap_or(Path::new("stdout"));
        format!("the gateway's access log {}: {error}", path.display())
    });
    opened.map(Some)
}

impl Running {
    fn tell(&self, arguments: &Arguments) {
        for listener in self.server.listeners() {
            let scheme = if listener.is_tls { "https" } else { "http" };
            arguments.tell(&format!(
                "the gateway takes requests in on {scheme}://{} ({})",
                listener.address, listener.name
            ));
        }
    }

    /// Gives the listening sockets to the process that asks for them, and ends this one then.
    fn give_when_asked(&self, path: &Path, stop: &Shutdown) -> Result<(), Failure> {
        let giver = Giver::listen(path).map_err(Failure::failed)?;
        let (server, given, end) = (self.server.clone(), self.given.clone(), stop.clone());
        let give = |stop: Shutdown| async move {
            let taken = tokio::select! {
                taken = giver.give(|| server.sockets()) => taken,
                () = stop.wait() => return,
            };
            match taken {
                Ok(taken) => {
                    tracing::info!(
                        "another process takes over; this one finishes its requests and ends"
                    );
                    *given.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
                    end.trigger();
                }
                Err(error) => tracing::error!(%error, "the gateway cannot be handed over any more"),
            }
        };
        self.tasks.spawn("gateway-handover", OnPanic::Report, give);
        Ok(())
    }

    /// Returns who answers requests about it.
    pub(super) fn surface(&self) -> Arc<dyn Surface> {
        Arc::new(Desk::new(self.gateway.clone(), self.server.clone()))
    }

    /// Stores what is counted from now on, and what was counted so far.
    pub(super) fn store_in(&self, store: Arc<dyn Appender>) {
        self.signals
            .start(Some(store), self.clock.clone(), &self.tasks);
    }

    /// Tries what fails while the process before has not let go, until it has.
    pub(super) async fn patiently<T, E, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
        E: Display,
    {
        let mut is_told = false;
        loop {
            let outcome = attempt().await;
            let is_over = self
                .patience
                .is_none_or(|patience| self.clock.monotonic() >= patience);
            if outcome.is_ok() || is_over {
                return outcome;
            }
            if let (Err(error), false) = (&outcome, is_told) {
                tracing::info!(%error, "waiting for the process before to let go of it");
                is_told = true;
            }
            self.clock.sleep(RETRY).await;
        }
    }

    /// Binds and reads what another configuration needs; changes nothing, and blocks.
    pub(super) fn prepare(&self, loaded: Loaded) -> Result<Prepared, String> {
        let config = loaded.config;
        let listeners = self.server.prepare(&config);
        Ok(Prepared {
            listeners: listeners.map_err(|error| error.to_string())?,
            access_log: open_log(&config)?,
            config,
        })
    }

    /// Puts it in force; blocks.
    pub(super) fn apply(&self, prepared: Prepared) -> Result<(), String> {
        let applied = self.gateway.apply(prepared.config);
        applied.map_err(|error| error.to_string())?;
        self.server.commit(prepared.listeners);
        self.signals.set_access_log(prepared.access_log);
        Ok(())
    }

    /// Waits until the program is to stop, finishes the requests that run, and stores what was counted.
    pub(super) async fn run_until(&self, stop: &Shutdown, store: Arc<dyn Appender>) {
        stop.wait().await;
        let given = self
            .given
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let longest = self.gateway.snapshot().config.drain_timeout;
        let drain = self.server.drain(longest, given.is_some());
        let tell = async {
            if let Some(given) = given {
                given.finish().await;
            }
        };
        // The drain is polled first: it takes no more connections in before the other process is told so.
        let (drained, ()) = tokio::join!(biased; drain, tell);
        if drained.cut > 0 {
            tracing::warn!(
                connections = drained.cut,
                "the gateway ended connections that did not finish in time"
            );
        }
        let (signals, now) = (self.signals.clone(), self.clock.now());
        let finish = move || signals.finish(Some(&*store), now);
        // A panic was logged; what is not stored then is lost with the process.
        let _ = self.tasks.run_blocking("finish gateway", finish).await;
    }
}
