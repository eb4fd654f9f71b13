//! A gateway that listens, and what it recorded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_gateway::gateway::{Gateway, Needs};
use plimsoll_gateway::model::{Action, Backend, Config, Endpoint, Listener, Route, Share};
use plimsoll_gateway::names::Names;
use plimsoll_gateway::server::{self, Server};
use plimsoll_gateway::signals::{Options, Signals};
use plimsoll_gateway::tap::{Filter, Tapped, Watch};
use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;

/// Longer than anything that works takes, so that a test that fails ends.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// A gateway that listens.
pub(super) struct World {
    pub(super) gateway: Arc<Gateway>,
    pub(super) server: Arc<Server<Gateway>>,
    pub(super) address: SocketAddr,
    registry: Registry,
    watch: Watch,
    tasks: Tasks,
}

impl World {
    /// Starts a gateway with one route, `main`, to one backend, `app`, with these endpoints.
    pub(super) async fn to(endpoints: &[SocketAddr], change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(endpoints);
        change(&mut config);
        Self::start(config).await
    }

    pub(super) async fn start(config: Config) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let registry = Registry::new();
        let tasks = Tasks::new(Shutdown::new(), Arc::clone(&clock), &registry);
        let names = Arc::new(Names::default());
        let signals = Signals::new(Options::default(), Arc::clone(&names), clock.now());
        signals.register(&registry);
        let watch = signals.tap().watch(Filter::default()).unwrap();
        let needs = Needs {
            clock: Arc::clone(&clock),
            names,
            signals,
            seed: 7,
        };
        let gateway = Gateway::new(config.clone(), needs).unwrap();
        let needs = server::Needs {
            clock,
            tasks: tasks.clone(),
            metrics: &registry,
            inherited: Vec::new(),
        };
        let workers = gateway.workers();
        let server = Server::start(Arc::clone(&gateway), workers, &config, needs).unwrap();
        gateway.start(&tasks);
        Self {
            address: server.listeners()[0].address,
            gateway,
            registry,
            server,
            watch,
            tasks,
        }
    }

    /// Returns what was recorded of the next request that ended.
    pub(super) async fn record(&mut self) -> Tapped {
        let next = tokio::time::timeout(PATIENCE, self.watch.next());
        next.await.expect("a request was recorded").unwrap()
    }

    /// Returns what was recorded and not asked for yet.
    pub(super) fn recorded(&mut self) -> Option<Tapped> {
        self.watch.try_next()
    }

    /// Returns the sum of the samples of `/metrics` whose line has both texts.
    pub(super) fn metric(&self, name: &str, label: &str) -> f64 {
        let text = self.registry.render();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let found = lines.filter(|line| line.contains(name) && line.contains(label));
        let values = found.filter_map(|line| line.rsplit_once(' '));
        values.map(|(_, value)| value.parse::<f64>().unwrap()).sum()
    }

    /// Waits until something is so.
    pub(super) async fn until(&mut self, mut is_so: impl FnMut(&Self) -> bool) {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        let wait = async {
            while !is_so(self) {
                look.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("it becomes so");
    }

    /// Stops everything.
    pub(super) async fn stop(self) {
        self.server.drain(PATIENCE, false).await;
        self.tasks.shutdown().trigger();
        self.tasks.join(PATIENCE).await.unwrap();
    }
}

/// One route, `main`, to one backend, `app`, on one worker.
pub(super) fn config(endpoints: &[SocketAddr]) -> Config {
    let route = Route::new("main", forward(&["app"]));
    Config {
        threads: Some(1),
        listeners: vec![Listener::new("web", ([127, 0, 0, 1], 0).into())],
        backends: vec![backend("app", endpoints)],
        routes: vec![route],
        drain_timeout: PATIENCE,
        ..Config::default()
    }
}

pub(super) fn backend(name: &str, endpoints: &[SocketAddr]) -> Backend {
    let endpoints = endpoints
        .iter()
        .map(|address| Endpoint::new(address.ip().to_string(), address.port()));
    Backend::new(name, endpoints.collect())
}

pub(super) fn forward(backends: &[&str]) -> Action {
    let share = |name: &&str| Share {
        backend: (*name).into(),
        weight: 1,
    };
    Action::Forward(backends.iter().map(share).collect())
}

/// Starts something that ends with the test's runtime.
#[expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(future));
}
