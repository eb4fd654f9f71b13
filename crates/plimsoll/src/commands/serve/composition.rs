//! Puts the crates together, keeps them running, and takes them apart in the order that loses nothing.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_api::{App, ReloadError, ServeLimits};
use plimsoll_ingest::config::{Config, Loaded, RetentionRule, WalSync};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::{self, Cause, Shutdown};
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use plimsoll_tsdb::{Background, Db, Recovery, Settings, SyncMode, TierRetention};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::gateway;
use super::metrics::AllMetrics;
use super::reload::Reloader;
use super::running::Running;
use super::{Arguments, STOP_TIMEOUT};
use crate::commands::Failure;

/// What everything stands on.
pub(super) struct Ground {
    pub(super) arguments: Arguments,
    /// Where the server listens.
    pub(super) address: SocketAddr,
    pub(super) registry: Registry,
    pub(super) metrics: AllMetrics,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) tasks: Tasks,
    pub(super) stop: Shutdown,
    /// What takes requests in for services, where there is a gateway.
    pub(super) gateway: Option<gateway::Running>,
}

/// What was read at the start.
pub(super) struct Files {
    pub(super) loaded: Loaded,
    pub(super) routing: Option<plimsoll_alerting::Loaded>,
    pub(super) gateway: Option<plimsoll_gateway::config::Loaded>,
}

/// Serves until a signal, or until something without which nothing works fails.
pub(super) async fn serve(
    arguments: Arguments,
    files: Files,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let Files {
        loaded,
        routing,
        gateway,
    } = files;
    let registry = Registry::new();
    let metrics = AllMetrics::register(&registry);
    let stop = Shutdown::new();
    let tasks = Tasks::new(stop.clone(), clock.clone(), &registry);
    let signals = shutdown::listen(&stop, &tasks).map_err(Failure::failed)?;
    let base = gateway::Base {
        arguments: &arguments,
        registry: &registry,
        clock: &clock,
        tasks: &tasks,
        stop: &stop,
    };
    let gateway = gateway::start(base, gateway).await?;
    // The port before the data: a second server on the same port must not wait for a replay to be refused.
    let listener = patiently(gateway.as_ref(), || bind(&arguments)).await?;
    let ground = Ground {
        address: listener.local_addr().map_err(Failure::failed)?,
        arguments,
        registry,
        metrics,
        clock,
        tasks,
        stop,
        gateway,
    };
    let db = open_while_answering(&ground, &listener, &loaded.config).await?;
    let background = Background::start(db.clone()).map_err(Failure::failed)?;
    let (running, scrapes) = Running::start(&ground, db.clone(), &loaded, routing).await?;
    let (reload, reloads) = mpsc::channel(1);
    let app = running.app(&ground, reload);
    let mut reloader = running.reloader(&ground, &loaded, scrapes, app.clone());
    put_into_force(&mut reloader, &loaded).await?;
    reloader.tell_start(&loaded.config).await;
    ground.tasks.spawn("reload", OnPanic::Fatal, |stop| {
        reloader.run(reloads, signals, stop)
    });
    let store = running.appender();
    let requests = async {
        if let Some(gateway) = &ground.gateway {
            gateway.store_in(store.clone());
            gateway.run_until(&ground.stop, store).await;
        }
    };
    tokio::join!(answer(&ground, listener, app), requests);
    running.stop(&ground).await;
    finish(&ground.tasks, background, &db, &ground.stop).await
}

/// Tries again what fails because the process that this one takes over from has not let go yet.
async fn patiently<T, F>(
    gateway: Option<&gateway::Running>,
    mut attempt: impl FnMut() -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    match gateway {
        Some(gateway) => gateway.patiently(attempt).await,
        None => attempt().await,
    }
}

/// Opens the store; until it is open requests are told so.
async fn open_while_answering(
    ground: &Ground,
    listener: &TcpListener,
    config: &Config,
) -> Result<Arc<Db>, Failure> {
    let (clock, tasks) = (ground.clock.clone(), ground.tasks.clone());
    let metrics = ground.metrics.store.clone();
    let opened = Shutdown::new();
    let opening = async {
        let attempt = || {
            open(
                &ground.arguments,
                config,
                clock.clone(),
                metrics.clone(),
                &tasks,
            )
        };
        let db = patiently(ground.gateway.as_ref(), attempt).await;
        opened.trigger();
        db
    };
    let starting = say_starting(
        listener,
        &ground.registry,
        clock.clone(),
        tasks.clone(),
        &opened,
    );
    let (db, ()) = tokio::join!(opening, starting);
    db
}

/// Puts what was read at the start into force.
async fn put_into_force(reloader: &mut Reloader, loaded: &Loaded) -> Result<(), Failure> {
    let prepared = reloader.prepare(loaded).await;
    let prepared = prepared.map_err(|error| match error {
        ReloadError::Refused(diagnostics) => Failure::rendered(diagnostics),
        ReloadError::Failed(reason) => Failure::failed(reason),
    })?;
    let in_force = reloader.put_into_force(loaded, prepared).await;
    in_force.map_err(Failure::failed)
}

/// Answers requests until the program is to stop and those that were running are finished.
async fn answer(ground: &Ground, listener: TcpListener, app: Arc<App>) {
    let server = plimsoll_api::serve(
        listener,
        plimsoll_api::router(app.clone()),
        ServeLimits::default(),
        ground.clock.clone(),
        ground.tasks.clone(),
        ground.stop.clone(),
    );
    app.set_ready(true);
    // While requests are drained, new ones are better sent elsewhere.
    let unready = |stop: Shutdown| async move {
        stop.wait().await;
        app.set_ready(false);
    };
    ground.tasks.spawn("readiness", OnPanic::Report, unready);
    ground.arguments.tell_address(ground.address);
    server.await;
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
