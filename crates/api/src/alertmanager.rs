//! A server that does nothing but alerting: what `plimsoll alertmanager` answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use plimsoll_alerting::surface::Alerting;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::http::BodyMemory;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_types::{ByteCount, Pattern};
use tokio::sync::mpsc;

use crate::app::{BuildInfo, ReloadRequest};
use crate::operations::{self, Operated};
use crate::ui::{self, UiParts};
use crate::v2::{self, Desk};
use crate::{compress, methods, origin, v1};

/// What bodies may take together that are being read or parsed.
const BODIES_MAX: ByteCount = ByteCount::MIB.times(256);

/// What the composition root hands over for a server that does nothing but alerting.
pub struct AlertmanagerParts {
    /// Who routes alerts and keeps silences.
    pub alerting: Arc<dyn Alerting>,
    /// Our own metrics.
    pub registry: Arc<Registry>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Supervises what takes long.
    pub tasks: Tasks,
    /// Where the server listens; on loopback it answers to loopback's names only.
    pub listen: SocketAddr,
    /// Where reload requests go; bounded, a full one means that a reload is under way.
    pub reload: mpsc::Sender<ReloadRequest>,
    /// What `/-/quit` triggers; `None` when it may not.
    pub quit: Option<Shutdown>,
    /// What this build is.
    pub build: BuildInfo,
    /// Which pages of other sites may read answers; the whole origin must match.
    pub cors_origin: Pattern,
    /// What stands before all paths (`--web.route-prefix`): empty, or `/prefix` without a slash at the end.
    pub route_prefix: String,
    /// What screens need beside the above.
    pub ui: UiParts,
}

/// A server that does nothing but alerting.
pub struct AlertmanagerApp {
    parts: AlertmanagerParts,
    is_ready: AtomicBool,
}

impl AlertmanagerApp {
    /// Makes it; not ready until [`set_ready`](Self::set_ready).
    pub fn new(parts: AlertmanagerParts) -> Arc<Self> {
        let is_ready = AtomicBool::new(false);
        Arc::new(Self { parts, is_ready })
    }

    /// Says on `/-/ready` whether traffic is welcome.
    pub fn set_ready(&self, is_ready: bool) {
        self.is_ready.store(is_ready, Ordering::Release);
    }
}

impl Operated for AlertmanagerApp {
    const GREETING: &'static str =
        "Plimsoll is running as an Alertmanager. Ask it with amtool, see itself at /metrics.\n";

    fn registry(&self) -> &Registry {
        &self.parts.registry
    }

    fn reloads(&self) -> &mpsc::Sender<ReloadRequest> {
        &self.parts.reload
    }

    fn quit(&self) -> Option<&Shutdown> {
        self.parts.quit.as_ref()
    }

    fn is_ready(&self) -> bool {
        self.is_ready.load(Ordering::Acquire)
    }
}

/// Returns the router of a server that does nothing but alerting.
pub fn alertmanager_router(app: Arc<AlertmanagerApp>) -> Router {
    let parts = &app.parts;
    let desk = Desk::new(
        parts.alerting.clone(),
        parts.clock.clone(),
        parts.tasks.clone(),
        BodyMemory::new(BODIES_MAX),
        parts.build,
    );
    let screens = ui::Desk::of_alertmanager(parts);
    let pages = middleware::from_fn_with_state(screens.clone(), ui::before_the_api);
    let hosts = middleware::from_fn_with_state(parts.listen, origin::refuse_other_hosts);
    let origins = Arc::new(parts.cors_origin.clone());
    let methods = middleware::from_fn_with_state(origins, methods::as_prometheus);
    let prefix = parts.route_prefix.clone();
    let paths = operations::routes::<AlertmanagerApp>()
        .with_state(app)
        .merge(v2::routes(desk.clone()))
        .merge(v1::alerting_routes(desk))
        .merge(v1::screen_routes(screens))
        .route("/api/v1/{*rest}", any(gone))
        .fallback(|| async { (StatusCode::NOT_FOUND, "404 page not found\n") });
    let own = Router::new()
        .fallback_service(paths)
        .layer(middleware::from_fn(compress::for_who_asks))
        .layer(methods)
        .layer(pages)
        .layer(hosts);
    match &*prefix {
        "" => own,
        prefix => Router::new()
            .nest_service(prefix, own)
            .route("/", get(Redirect::to(&format!("{prefix}/")))),
    }
}

/// Version 1 of Alertmanager's API, which Alertmanager 0.27 dropped.
async fn gone() -> Response {
    let body = r#"{"status":"deprecated","error":"version 1 of Alertmanager's API is not served: use /api/v2"}"#;
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::GONE, kind, format!("{body}\n")).into_response()
}
