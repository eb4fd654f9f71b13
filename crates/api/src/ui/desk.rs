//! What the endpoints of screens share: whom they ask, and how many are answered at once.

use std::sync::Arc;

use plimsoll_alerting::Engine;
use plimsoll_alerting::surface::Alerting;
use plimsoll_ingest::scrape::Overview;
use plimsoll_rules::view::RuleViews;
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_slo::surface::Slos;
use plimsoll_traffic::surface::Gateway;
use plimsoll_types::{Queryable, Timestamp};
use tokio::sync::Semaphore;

use super::{Bundle, UiParts};
use crate::alertmanager::AlertmanagerParts;
use crate::app::{App, BuildInfo};
use crate::error::{ApiError, Kind};
use crate::v1::{Detected, Live};

/// Questions of screens that are answered at the same time; others wait. They have no turn among the queries: what is
/// looked at in an incident must not wait for dashboards.
const ANSWERED_AT_ONCE: usize = 4;
/// Questions that wait for that.
const WAITING_MAX: usize = 100;

/// Whom screens ask; what is `None` does not run here.
#[derive(Default)]
pub(crate) struct Sources {
    pub(crate) alerting: Option<Arc<dyn Alerting>>,
    pub(crate) slos: Option<Arc<dyn Slos>>,
    pub(crate) gateway: Option<Arc<dyn Gateway>>,
    pub(crate) rules: Option<Arc<dyn RuleViews>>,
    pub(crate) scrapes: Option<Overview>,
    pub(crate) store: Option<Arc<dyn Queryable>>,
}

/// Whom screens ask, and by which means.
pub(crate) struct Desk {
    pub(crate) sources: Sources,
    pub(crate) parts: UiParts,
    pub(crate) build: BuildInfo,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) tasks: Tasks,
    /// Who answers queries; `None` when this server does not.
    pub(crate) app: Option<Arc<App>>,
    /// What stands before all paths: empty, or `/prefix`.
    pub(crate) prefix: String,
    pub(crate) live: Live,
    /// Which metrics services have.
    pub(crate) detected: Detected,
    turns: Semaphore,
    waiting: Semaphore,
}

impl Desk {
    /// Makes the one of a whole server.
    pub(crate) fn of_server(app: &Arc<App>) -> Arc<Self> {
        let parts = &app.parts;
        let surface = &parts.surface;
        Arc::new(Self {
            sources: Sources {
                alerting: surface.alerting.clone(),
                slos: surface.slos.clone(),
                gateway: surface.gateway.clone(),
                rules: Some(surface.rules.clone()),
                scrapes: Some(surface.scrapes.clone()),
                store: Some(parts.queryable.clone()),
            },
            parts: surface.ui.clone(),
            build: parts.build,
            clock: parts.clock.clone(),
            tasks: parts.tasks.clone(),
            app: Some(app.clone()),
            prefix: String::new(),
            live: Live::default(),
            detected: Detected::default(),
            turns: Semaphore::new(ANSWERED_AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
        })
    }

    /// Makes the one of a server that does nothing but alerting.
    pub(crate) fn of_alertmanager(parts: &AlertmanagerParts) -> Arc<Self> {
        let mut ui = parts.ui.clone();
        if !parts.route_prefix.is_empty() {
            // Its pages name their files from the root.
            ui.bundle = Bundle::default();
        }
        Arc::new(Self {
            sources: Sources {
                alerting: Some(parts.alerting.clone()),
                ..Sources::default()
            },
            parts: ui,
            build: parts.build,
            clock: parts.clock.clone(),
            tasks: parts.tasks.clone(),
            app: None,
            prefix: parts.route_prefix.clone(),
            live: Live::default(),
            detected: Detected::default(),
            turns: Semaphore::new(ANSWERED_AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
        })
    }

    /// Says whether this is a whole server, not one that does nothing but alerting.
    pub(crate) fn is_server(&self) -> bool {
        self.sources.store.is_some()
    }

    /// Answers a question on a blocking thread when its turn comes.
    ///
    /// # Cancel safety
    /// When the future is dropped, a question that has begun goes on to its end.
    pub(crate) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let Ok(place) = self.waiting.try_acquire() else {
            let reason = format!(
                "{ANSWERED_AT_ONCE} questions of screens are answered and {WAITING_MAX} wait: try again later"
            );
            return Err(ApiError::new(Kind::Unavailable, reason));
        };
        let _turn = self.turns.acquire().await;
        drop(place);
        let desk = self.clone();
        let asked = self.tasks.run_blocking("screen", move || question(&desk));
        asked.await.unwrap_or_else(|_| Err(ApiError::fault()))
    }

    /// Looks at the engine of alerts, where there is one. Blocks.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Engine, Timestamp) -> T) -> Option<T> {
        let alerting = self.sources.alerting.as_ref()?;
        let (mut look, mut seen) = (Some(look), None);
        alerting.read(&mut |engine, now| {
            if let Some(look) = look.take() {
                seen = Some(look(engine, now));
            }
        });
        seen
    }
}
