//! What runs between the store and the HTTP server: who takes samples, evaluates rules, sends and routes alerts.

use std::sync::Arc;

use plimsoll_api::{
    Alertmanagers, App, BuildInfo, Bundle, FilesInForce, Parts, ReadDecisions, ReloadRequest,
    ServerStatus, Subscribers, Surface, UiParts,
};
use plimsoll_control::sender::Sender;
use plimsoll_control::slo::{Slos, Tap};
use plimsoll_control::{Rules, alerting};
use plimsoll_ingest::config::Loaded;
use plimsoll_ingest::discovery::{self, SystemResolver};
use plimsoll_ingest::limits::{Folding, Limiter};
use plimsoll_ingest::push::{Limits, Receiver};
use plimsoll_ingest::scrape::{Overview, Scrapes};
use plimsoll_promql::Engine;
use plimsoll_tsdb::Db;
use plimsoll_types::{Appender, StoreAdmin};
use tokio::sync::mpsc;

use super::composition::Ground;
use super::reload::{self, Reloader};
use super::sources::Sources;
use super::{facts, gateway, rules, slos};
use crate::commands::Failure;
use crate::commands::alerting::{Base, Routing, close};
use crate::commands::journal::StateJournal;

/// What runs.
pub(super) struct Running {
    /// What the server says of itself.
    status: Arc<ServerStatus>,
    db: Arc<Db>,
    /// The store, with objectives that see what is written.
    tap: Tap,
    limiter: Arc<Limiter>,
    receiver: Arc<Receiver>,
    scrapes: Overview,
    sender: Arc<Sender>,
    state: rules::State,
    rules: Rules,
    slos: Slos,
    /// Routing of alerts, where it is done here.
    routing: Option<Routing>,
    /// What screens are told beside all this.
    ui: UiParts,
}

impl Running {
    /// Starts all of it, without anything to scrape or to evaluate yet. Returns also what scrapes, which is for the
    /// [`reloader`](Self::reloader).
    pub(super) async fn start(
        ground: &Ground,
        db: Arc<Db>,
        loaded: &Loaded,
        routing: Option<plimsoll_alerting::Loaded>,
    ) -> Result<(Self, Scrapes), Failure> {
        let Ground {
            arguments, metrics, ..
        } = ground;
        let (clock, tasks) = (&ground.clock, &ground.tasks);
        let limiter = metrics.limits.clone();
        // In front of the store itself: what limits fold is counted as it is stored.
        let tap = Tap::new(db.clone(), db.clone());
        let limiter = Limiter::new(Arc::new(tap.clone()), db.clone(), clock.clone(), limiter);
        limiter.set_limits(&loaded.config.plimsoll.limits.series);
        let limiter = Arc::new(limiter);
        let receiver = Receiver::new(
            limiter.clone(),
            clock.clone(),
            tasks.clone(),
            Limits::default(),
            metrics.push.clone(),
        );
        let context = discovery::Context {
            tasks: tasks.clone(),
            clock: clock.clone(),
            resolver: Arc::new(SystemResolver),
            metrics: metrics.discovery.clone(),
        };
        let options = arguments.alerts.options();
        let sender = Sender::new(options, context.clone(), metrics.sender.clone());
        let sender = Arc::new(sender);
        let base = rules::Base {
            db: db.clone(),
            appender: Arc::new(tap.clone()),
            clock: clock.clone(),
            tasks: tasks.clone(),
            registry: ground.registry.clone(),
        };
        let state = rules::open_state(arguments, &loaded.config, &base).await?;
        let routing = start_routing(ground, &state, routing).await?;
        if let Some(routing) = &routing {
            sender.tell_own(routing.sink());
        }
        let counters = metrics.rules.clone();
        let rules = rules::start(arguments, &state, base, sender.clone(), counters).await;
        let (config, sink) = (&loaded.config, sender.clone());
        let slos = slos::start(ground, config, &db, tap.clone(), &state, &rules, sink);
        let counters = metrics.scrape.clone();
        let scrapes = Scrapes::new(limiter.clone(), clock.clone(), counters, context);
        let journal = StateJournal::start(state.store.clone(), clock.clone(), tasks);
        let status = status(ground, &db, loaded).await?;
        let running = Self {
            ui: UiParts {
                started: status.started,
                external_url: arguments.rules.external_url(ground.address).into(),
                files: Arc::new(FilesInForce::default()),
                journal,
                bundle: Bundle::embedded(),
            },
            status,
            db,
            tap,
            limiter,
            receiver: Arc::new(receiver),
            scrapes: scrapes.overview(),
            sender,
            state,
            rules,
            slos,
            routing,
        };
        Ok((running, scrapes))
    }

    /// Returns the store as the program itself writes to it: without limits, and seen by objectives.
    pub(super) fn appender(&self) -> Arc<dyn Appender> {
        Arc::new(self.tap.clone())
    }

    /// Puts together what requests are answered from.
    pub(super) fn app(&self, ground: &Ground, reload: mpsc::Sender<ReloadRequest>) -> Arc<App> {
        let query = &ground.arguments.query;
        App::new(Parts {
            queryable: self.db.clone(),
            receiver: self.receiver.clone(),
            engine: Engine::new(query.options()),
            query_limits: query.limits(),
            query_metrics: ground.metrics.query.clone(),
            registry: Arc::new(ground.registry.clone()),
            clock: ground.clock.clone(),
            tasks: ground.tasks.clone(),
            listen: ground.address,
            reload,
            build: BuildInfo {
                version: env!("CARGO_PKG_VERSION"),
                revision: "",
            },
            surface: self.surface(ground),
        })
    }

    fn surface(&self, ground: &Ground) -> Surface {
        let Ground {
            arguments, stop, ..
        } = ground;
        Surface {
            status: self.status.clone(),
            scrapes: self.scrapes.clone(),
            rules: Arc::new(self.rules.clone()),
            alerting: self.routing.as_ref().map(Routing::surface),
            slos: Some(Arc::new(self.slos.clone())),
            gateway: ground.gateway.as_ref().map(gateway::Running::surface),
            alertmanagers: alertmanagers(self.sender.clone()),
            decisions: decisions(self.rules.clone()),
            store: self.db.clone(),
            folding: folding(self.limiter.clone()),
            is_admin_enabled: arguments.web.enable_admin_api,
            quit: arguments.web.enable_lifecycle.then(|| stop.clone()),
            cors_origin: arguments.web.cors_origin(ground.address),
            features: arguments.query.features(),
            read_limits: arguments.query.read_limits(),
            subscribers: Subscribers::default(),
            ui: self.ui.clone(),
        }
    }

    /// Returns who puts configurations into force.
    pub(super) fn reloader(
        &self,
        ground: &Ground,
        loaded: &Loaded,
        scrapes: Scrapes,
        app: Arc<App>,
    ) -> Reloader {
        let (clock, tasks) = (ground.clock.clone(), ground.tasks.clone());
        let (arguments, registry) = (&ground.arguments, ground.registry.clone());
        let sources = Sources::new(
            arguments,
            ground.address,
            registry,
            tasks.clone(),
            clock.clone(),
        );
        let parts = reload::Parts {
            limiter: self.limiter.clone(),
            scrapes,
            sources,
            sender: self.sender.clone(),
            rules: self.rules.clone(),
            slos: self.slos.clone(),
            routing: self.routing.clone(),
            gateway: ground.gateway.clone(),
            listen: ground.address,
            store: self.db.clone(),
            app,
            status: self.status.clone(),
            ui: self.ui.clone(),
            metrics: ground.metrics.reload.clone(),
            clock,
            tasks,
        };
        Reloader::new(arguments.clone(), loaded, parts)
    }

    /// Ends rules and objectives, then who routes what they said, then who sends it.
    pub(super) async fn stop(&self, ground: &Ground) {
        rules::stop(&self.rules, ground.clock.as_ref()).await;
        self.slos.stop().await;
        if let Some(routing) = &self.routing {
            routing.stop().await;
        }
        close(self.state.store.as_ref()).await;
        // Nobody sends alerts any more: the queues end once they are empty.
        self.sender.close();
    }
}

/// Puts together what the server says of itself.
async fn status(
    ground: &Ground,
    db: &Arc<Db>,
    loaded: &Loaded,
) -> Result<Arc<ServerStatus>, Failure> {
    let asked = db.clone();
    let count = move || asked.statistics(0);
    let counted = ground.tasks.run_blocking("store statistics", count).await;
    let counted = counted.map_err(Failure::failed)?;
    let replay = counted.map_err(Failure::failed)?.replay;
    let now = ground.clock.now();
    let status = facts::status(&ground.arguments, ground.address, loaded, replay, now);
    Ok(Arc::new(status))
}

/// Starts routing, where there is an alertmanager.yml.
async fn start_routing(
    ground: &Ground,
    state: &rules::State,
    routing: Option<plimsoll_alerting::Loaded>,
) -> Result<Option<Routing>, Failure> {
    let arguments = &ground.arguments;
    let Some((file, loaded)) = arguments.routing.file().zip(routing) else {
        return Ok(None);
    };
    let base = Base {
        store: state.store.clone(),
        is_shared: state.silence_max.is_some(),
        directory: arguments.data_dir.clone(),
        clock: ground.clock.clone(),
        tasks: ground.tasks.clone(),
        metrics: ground.metrics.alerting.clone(),
        notify: ground.metrics.notify.clone(),
    };
    let options = alerting::Options {
        owner: rules::owner(),
        silence_max: state.silence_max,
        external_url: arguments.rules.external_url(ground.address),
        retention: arguments.routing.retention(),
    };
    Routing::start(file, loaded, base, options).await.map(Some)
}

/// Tells what limits fold.
fn folding(limiter: Arc<Limiter>) -> Box<dyn Fn(usize) -> Vec<Folding> + Send + Sync> {
    Box::new(move |count| limiter.folding(count))
}

/// Reads what was decided about alerts.
fn decisions(rules: Rules) -> ReadDecisions {
    Box::new(move |subject, count| {
        let rules = rules.clone();
        Box::pin(async move {
            let read = match subject {
                Some(subject) => rules.decisions_about(&subject, count).await,
                None => rules.decisions(count).await,
            };
            read.map_err(|error| error.to_string())
        })
    })
}

/// Tells who alerts are sent to.
fn alertmanagers(sender: Arc<Sender>) -> Box<dyn Fn() -> Alertmanagers + Send + Sync> {
    Box::new(move || {
        let all = sender.alertmanagers();
        Alertmanagers {
            active: all.active,
            dropped: all.dropped,
        }
    })
}
