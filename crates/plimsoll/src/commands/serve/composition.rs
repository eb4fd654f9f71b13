//! Puts the crates together, keeps them running, and takes them apart in the order that loses nothing.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_api::{
    Alertmanagers, App, BuildInfo, Parts, ReadDecisions, ReloadError, ServeLimits, Subscribers,
    Surface,
};
use plimsoll_control::Rules;
use plimsoll_control::sender::Sender;
use plimsoll_ingest::config::{Config, Loaded, RetentionRule, WalSync};
use plimsoll_ingest::discovery::{self, SystemResolver};
use plimsoll_ingest::limits::{Folding, Limiter};
use plimsoll_ingest::push::{Limits, Receiver};
use plimsoll_ingest::scrape::Scrapes;
use plimsoll_promql::Engine;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::{self, Cause, Shutdown};
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use plimsoll_tsdb::{Background, Db, Recovery, Settings, SyncMode, TierRetention};
use plimsoll_types::StoreAdmin;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::metrics::AllMetrics;
use super::reload::Reloader;
use super::sources::Sources;
use super::{Arguments, STOP_TIMEOUT, facts, reload, rules};
use crate::commands::Failure;

/// Serves until a signal, or until something without which nothing works fails.
pub(super) async fn serve(
    arguments: Arguments,
    loaded: Loaded,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let registry = Registry::new();
    let metrics = AllMetrics::register(&registry);
    let stop = Shutdown::new();
    let tasks = Tasks::new(stop.clone(), clock.clone(), &registry);
    let signals = shutdown::listen(&stop, &tasks).map_err(Failure::failed)?;
    // The port before the data: a second server on the same port must not wait for a replay to be refused.
    let listener = bind(&arguments).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let opened = Shutdown::new();
    let opening = async {
        let db = open(
            &arguments,
            &loaded.config,
            clock.clone(),
            metrics.store,
            &tasks,
        )
        .await;
        opened.trigger();
        db
    };
    let starting = say_starting(&listener, &registry, clock.clone(), tasks.clone(), &opened);
    let (db, ()) = tokio::join!(opening, starting);
    let db = db?;
    let background = Background::start(db.clone()).map_err(Failure::failed)?;

    let limiter = Limiter::new(db.clone(), db.clone(), clock.clone(), metrics.limits);
    limiter.set_limits(&loaded.config.plimsoll.limits.series);
    let limiter = Arc::new(limiter);
    let receiver = Receiver::new(
        limiter.clone(),
        clock.clone(),
        tasks.clone(),
        Limits::default(),
        metrics.push,
    );
    let (reload, reloads) = mpsc::channel(1);
    let context = discovery::Context {
        tasks: tasks.clone(),
        clock: clock.clone(),
        resolver: Arc::new(SystemResolver),
        metrics: metrics.discovery,
    };
    let options = arguments.alerts.options();
    let sender = Arc::new(Sender::new(options, context.clone(), metrics.sender));
    let base = rules::Base {
        db: db.clone(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        registry: registry.clone(),
    };
    let state = rules::open_state(&arguments, &loaded.config, &base).await?;
    let rules = rules::start(&arguments, &state, base, sender.clone(), metrics.rules).await;
    let scrapes = Scrapes::new(limiter.clone(), clock.clone(), metrics.scrape, context);
    let asked = db.clone();
    let counted = tasks.run_blocking("store statistics", move || asked.statistics(0));
    let counted = counted.await.map_err(Failure::failed)?;
    let replay = counted.map_err(Failure::failed)?.replay;
    let now = clock.now();
    let status = Arc::new(facts::status(&arguments, address, &loaded, replay, now));
    let app = App::new(Parts {
        queryable: db.clone(),
        receiver: Arc::new(receiver),
        engine: Engine::new(arguments.query.options()),
        query_limits: arguments.query.limits(),
        query_metrics: metrics.query,
        registry: Arc::new(registry.clone()),
        clock: clock.clone(),
        tasks: tasks.clone(),
        listen: address,
        reload,
        build: BuildInfo {
            version: env!("CARGO_PKG_VERSION"),
            revision: "",
        },
        surface: Surface {
            status: status.clone(),
            scrapes: scrapes.overview(),
            rules: Arc::new(rules.clone()),
            alertmanagers: alertmanagers(sender.clone()),
            decisions: decisions(rules.clone()),
            store: db.clone(),
            folding: folding(limiter.clone()),
            is_admin_enabled: arguments.web.enable_admin_api,
            quit: arguments.web.enable_lifecycle.then(|| stop.clone()),
            cors_origin: arguments.web.cors_origin(address),
            features: arguments.query.features(),
            read_limits: arguments.query.read_limits(),
            subscribers: Subscribers::default(),
        },
    });
    let sources = Sources::new(&arguments, address, registry, tasks.clone(), clock.clone());
    let parts = reload::Parts {
        limiter,
        scrapes,
        sources,
        sender: sender.clone(),
        rules: rules.clone(),
        listen: address,
        store: db.clone(),
        app: app.clone(),
        status,
        metrics: metrics.reload,
        clock: clock.clone(),
        tasks: tasks.clone(),
    };
    let mut reloader = Reloader::new(arguments.clone(), &loaded, parts);
    let prepared = reloader.prepare_rules(&loaded).await;
    let prepared = prepared.map_err(|error| match error {
        ReloadError::Refused(diagnostics) => Failure::rendered(diagnostics),
        ReloadError::Failed(reason) => Failure::failed(reason),
    })?;
    reloader
        .put_into_force(&loaded, prepared)
        .await
        .map_err(Failure::failed)?;
    tasks.spawn("reload", OnPanic::Fatal, |stop| {
        reloader.run(reloads, signals, stop)
    });

    let server = plimsoll_api::serve(
        listener,
        plimsoll_api::router(app.clone()),
        ServeLimits::default(),
        clock.clone(),
        tasks.clone(),
        stop.clone(),
    );
    app.set_ready(true);
    // While requests are drained, new ones are better sent elsewhere.
    tasks.spawn("readiness", OnPanic::Report, |stop| async move {
        stop.wait().await;
        app.set_ready(false);
    });
    arguments.tell_address(address);
    server.await;
    rules::stop(&rules, &state, clock.as_ref()).await;
    // Nobody sends alerts any more: the queues end once they are empty.
    sender.close();
    finish(&tasks, background, &db, &stop).await
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

async fn bind(arguments: &Arguments) -> Result<TcpListener, Failure> {
    let address = arguments.listen;
    TcpListener::bind(address).await.map_err(|error| {
        Failure::failed(format!(
            "cannot listen on {address}: {error}\nanother address is chosen with --listen, a free port with --listen 127.0.0.1:0"
        ))
    })
}

/// Answers on the listener until the store is open.
async fn say_starting(
    listener: &TcpListener,
    registry: &Registry,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
    opened: &Shutdown,
) {
    let router = plimsoll_api::starting_router(Arc::new(registry.clone()));
    let limits = ServeLimits {
        // Answers from memory take no time; a client that takes longer begins anew.
        drain_timeout: Duration::from_secs(1),
        ..ServeLimits::default()
    };
    plimsoll_api::serve(listener, router, limits, clock, tasks, opened.clone()).await;
}

/// Opens the store on a blocking thread and says what the opening found.
async fn open(
    arguments: &Arguments,
    config: &Config,
    clock: Arc<dyn Clock>,
    metrics: plimsoll_tsdb::Metrics,
    tasks: &Tasks,
) -> Result<Arc<Db>, Failure> {
    let settings = settings(arguments, config);
    let config = plimsoll_tsdb::Config::new(settings).map_err(Failure::failed)?;
    let opened = tasks
        .run_blocking("open store", move || Db::open(config, clock, metrics))
        .await;
    let db = opened
        .map_err(Failure::failed)?
        .map_err(|error| Failure::from(anyhow::Error::from(error)))?;
    tell(db.recovery());
    Ok(Arc::new(db))
}

/// Returns what the store is told of a configuration.
pub(super) fn settings(arguments: &Arguments, config: &Config) -> Settings {
    let retention = &config.retention;
    let defaults = Settings::new(&arguments.data_dir);
    let tiers = config.plimsoll.tiers;
    let default = retention.time_or_default();
    let rule = |rule: &RetentionRule| plimsoll_tsdb::RetentionRule {
        matchers: rule.matchers.clone(),
        raw: rule.raw.unwrap_or(default),
        five_minutes: rule.five_minutes.unwrap_or(tiers.five_minutes),
        hour: rule.hour.unwrap_or(tiers.hour),
    };
    Settings {
        retention: default,
        tier_retention: TierRetention {
            five_minutes: tiers.five_minutes,
            hour: tiers.hour,
        },
        retention_rules: retention.rules.iter().map(rule).collect(),
        retention_bytes: retention.size,
        retention_disk_share: retention.disk_share,
        sync_mode: match config.plimsoll.wal_sync {
            WalSync::Always => SyncMode::Always,
            WalSync::Group => SyncMode::Group,
            WalSync::Os => SyncMode::Os,
        },
        series_limit: config.plimsoll.limits.active_series_max,
        merge_bytes_per_second: config.plimsoll.merge_bytes_per_second,
        ..defaults
    }
}

/// Damage is worth a line of its own; the store itself logs a clean opening.
fn tell(recovery: &Recovery) {
    if !recovery.is_clean() {
        tracing::warn!(?recovery, "not every byte was as it had been written");
    }
}

/// Scrapes and requests have ended; now what they wrote must be on disk before the process ends.
async fn finish(
    tasks: &Tasks,
    background: Background,
    db: &Arc<Db>,
    stop: &Shutdown,
) -> Result<(), Failure> {
    if let Err(unfinished) = tasks.join(STOP_TIMEOUT).await {
        tracing::warn!(%unfinished, "stopping without them");
    }
    let db = db.clone();
    // On this thread: the supervisor takes no more work, and nothing else is left to run.
    tokio::task::block_in_place(move || {
        // What scrapes wrote first: a window that is being sealed may take longer than the one who waits for our end
        // allows, and a seal that is broken off is begun anew at the next start.
        db.close();
        background.stop();
    });
    match stop.cause() {
        Some(Cause::Failed(what)) => Err(Failure::failed(what)),
        _ => Ok(()),
    }
}
