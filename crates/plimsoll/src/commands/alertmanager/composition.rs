//! Puts alerting and its API together, keeps them running, and takes them apart in the order that loses nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_alerting::config::Loaded;
use plimsoll_api::{
    AlertmanagerApp, AlertmanagerParts, BuildInfo, Bundle, FilesInForce, ServeLimits, UiParts,
};
use plimsoll_control::alerting;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::http::SecretSource;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::{self, Cause, Shutdown};
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use plimsoll_state::{Location, Patience, Retention, Store};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::{Arguments, reload};
use crate::commands::Failure;
use crate::commands::alerting::{Base, Routing, close};
use crate::commands::journal::StateJournal;
use crate::commands::serve::{default_origin, owner};

/// How long tasks may take to end, after the 10 s of the requests that were running; orchestrators kill after 30 s.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves until a signal, or until something without which nothing works fails.
pub(super) async fn serve(
    arguments: Arguments,
    loaded: Loaded,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    let registry = Registry::new();
    registry.register_process();
    registry.register_build(env!("CARGO_PKG_VERSION"), None);
    let stop = Shutdown::new();
    let tasks = Tasks::new(stop.clone(), clock.clone(), &registry);
    let signals = shutdown::listen(&stop, &tasks).map_err(Failure::failed)?;
    let listener = bind(&arguments).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let store = open(&arguments, &clock, &tasks, &registry).await?;
    let base = Base {
        store: store.clone(),
        is_shared: arguments.url_file.is_some(),
        directory: arguments.data_dir.clone(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        metrics: alerting::Metrics::new(&registry),
        notify: plimsoll_notify::Metrics::new(&registry),
    };
    let options = alerting::Options {
        owner: owner(),
        silence_max: arguments.url_file.is_some().then_some(arguments.lease),
        external_url: arguments.external_url(address),
        retention: arguments.retention,
    };
    let routing = Routing::start(arguments.file(), loaded, base, options).await?;
    let ui = UiParts {
        started: clock.now(),
        external_url: arguments.external_url(address).into(),
        files: Arc::new(FilesInForce::default()),
        journal: StateJournal::start(store.clone(), clock.clone(), &tasks),
        bundle: Bundle::embedded(),
    };
    let (reload, reloads) = mpsc::channel(1);
    let app = AlertmanagerApp::new(AlertmanagerParts {
        alerting: routing.surface(),
        registry: Arc::new(registry),
        clock: clock.clone(),
        tasks: tasks.clone(),
        listen: address,
        reload,
        quit: None,
        build: BuildInfo {
            version: env!("CARGO_PKG_VERSION"),
            revision: "",
        },
        cors_origin: default_origin(address),
        route_prefix: arguments.route_prefix(),
        ui: ui.clone(),
    });
    let reloader = reload::Reloader {
        arguments: arguments.clone(),
        routing: routing.clone(),
        ui,
        clock: clock.clone(),
        tasks: tasks.clone(),
    };
    reloader.tell_start().await;
    tasks.spawn("reload", OnPanic::Fatal, |stop| {
        reloader.run(reloads, signals, stop)
    });
    let server = plimsoll_api::serve(
        listener,
        plimsoll_api::alertmanager_router(app.clone()),
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
    tracing::info!("alerts are taken at http://{address}");
    server.await;
    routing.stop().await;
    close(store.as_ref()).await;
    if let Err(unfinished) = tasks.join(STOP_TIMEOUT).await {
        tracing::warn!(%unfinished, "stopping without them");
    }
    match stop.cause() {
        Some(Cause::Failed(what)) => Err(Failure::failed(what)),
        _ => Ok(()),
    }
}

async fn bind(arguments: &Arguments) -> Result<TcpListener, Failure> {
    let address = arguments.listen;
    TcpListener::bind(address).await.map_err(|error| {
        Failure::failed(format!(
            "cannot listen on {address}: {error}\nanother address is chosen with --listen, a free port with --listen 127.0.0.1:0"
        ))
    })
}

/// Opens the store of state: a file in the data directory, or the PostgreSQL that replicas share.
async fn open(
    arguments: &Arguments,
    clock: &Arc<dyn Clock>,
    tasks: &Tasks,
    registry: &Registry,
) -> Result<Arc<dyn Store>, Failure> {
    let (directory, url_file) = (arguments.data_dir.clone(), arguments.url_file.clone());
    let find = move || location(&directory, url_file);
    let location = tasks.run_blocking("find state", find).await;
    let location = location.map_err(Failure::failed)??;
    let parts = plimsoll_state::Parts {
        clock: clock.clone(),
        tasks: tasks.clone(),
        metrics: registry.clone(),
        retention: Retention::default(),
        patience: Patience::default(),
    };
    let store = plimsoll_state::open(&location, parts).await;
    store.map_err(|error| Failure::failed(error.chain()))
}

/// Makes the data directory and says where the state is. Blocks on the disk.
fn location(directory: &PathBuf, url_file: Option<PathBuf>) -> Result<Location, Failure> {
    std::fs::create_dir_all(directory).map_err(|error| {
        Failure::failed(format!("cannot make {}: {error}", directory.display()))
    })?;
    let Some(file) = url_file else {
        return Ok(Location::in_directory(directory));
    };
    let shown = format!("--storage.url-file {}", file.display());
    let url = SecretSource::File(file).read();
    let url = url.map_err(|error| Failure::failed(format!("{shown}: {error}")))?;
    let location = Location::parse(url.expose().trim(), directory);
    match location {
        Ok(location @ Location::Postgres(_)) => Ok(location),
        Ok(Location::Sqlite(_)) => Err(Failure::usage(format!(
            "{shown} names a file, which replicas cannot share: --data-dir says where it is"
        ))),
        Err(error) => Err(Failure::failed(format!("{shown}: {}", error.chain()))),
    }
}
