//! `/api/v1/changes`: what was changed and when, for the marks on charts: the first question in an incident is what was
//! changed.
//!
//! | kind | from |
//! |---|---|
//! | `start`, `reload`, `order` | the journal, durable where decisions are |
//! | `slo_version`, `correction` | the engine of objectives |
//! | `silence` | the engine of alerts: each once, when it was changed last |

mod kept;
mod ordered;

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_types::{TimeRange, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use super::slos::parameters;
use crate::envelope;
use crate::error::{ApiError, Kind};
use crate::openapi::values::Time;
use crate::openapi::{Described, words};
use crate::params::Params;
use crate::ui::{Change, ChangeKind, Desk};

pub(in crate::v1) use ordered::note as note_order;

/// Changes of an answer where nothing is said.
const LIMIT_DEFAULT: i64 = 100;
/// The most changes of an answer, and of each source that is looked through.
const LIMIT_MAX: i64 = 1000;
/// How far back is looked where nothing is said.
const BACK_MILLIS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What was changed and when.
#[derive(Serialize, ToSchema)]
#[schema(as = Changes)]
struct ChangesView<'a> {
    /// The last one first.
    changes: Vec<ChangeView<'a>>,
}

/// A change.
#[derive(Serialize, ToSchema)]
#[schema(as = Change)]
struct ChangeView<'a> {
    at: Time,
    kind: words::ChangeKind,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    service: Option<&'a str>,
    what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    origin: Option<&'a str>,
}

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get(
        "/api/v1/changes",
        "Lists what was changed, the newest first.",
    )
    .takes("start", "The first time; default 30 days before `end`.")
    .takes("end", "The last time; default now.")
    .takes("limit", "1 to 1000; default 100.")
    .takes(
        "service",
        "Only those of this service, and those of none in particular.",
    )
    .answers::<ChangesView<'static>>();
}

/// Which changes are wanted.
struct Wanted {
    range: TimeRange,
    service: Option<String>,
    limit: usize,
}

impl Wanted {
    fn read(params: &Params, now: Timestamp) -> Result<Self, ApiError> {
        let limit = params.number("limit", LIMIT_DEFAULT)?;
        if !(1..=LIMIT_MAX).contains(&limit) {
            let reason = format!("wanted 1 to {LIMIT_MAX}, found {limit}");
            return Err(ApiError::parameter("limit", reason));
        }
        let end = params.time("end", now)?;
        let start = params.time("start", end.saturating_add_millis(-BACK_MILLIS))?;
        if start > end {
            return Err(ApiError::parameter("end", "it lies before the start"));
        }
        Ok(Self {
            range: TimeRange::new(start, end),
            service: params.get("service").map(str::to_owned),
            limit: limit as usize,
        })
    }

    /// A change that is about no service in particular is about every one of them.
    fn takes(&self, change: &Change) -> bool {
        let is_of = match (&self.service, &change.service) {
            (Some(wanted), Some(found)) => wanted == found,
            (Some(_), None) => change.kind != ChangeKind::Silence,
            (None, _) => true,
        };
        is_of && self.range.contains(change.at)
    }
}

/// Returns what was changed, the last one first.
pub(super) async fn changes(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &["start", "end", "limit", "service"])?;
    let wanted = Wanted::read(&Params::from_query(uri.query()), desk.clock.now())?;
    let noted = desk.parts.journal.read(LIMIT_MAX as u32).await;
    let mut all = noted.map_err(|reason| {
        let reason = format!("the store of changes cannot be read: {reason}");
        ApiError::new(Kind::Unavailable, reason)
    })?;
    desk.ask(move |desk| {
        all.extend(kept::of_slos(desk));
        all.extend(kept::of_silences(desk));
        all.retain(|change| wanted.takes(change));
        all.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.subject.cmp(&b.subject)));
        let notes = envelope::cut(&mut all, wanted.limit);
        let changes = all.iter().map(view).collect();
        Ok(envelope::success(&ChangesView { changes }, &notes))
    })
    .await
}

fn view(change: &Change) -> ChangeView<'_> {
    ChangeView {
        at: Time(change.at),
        kind: words::ChangeKind(change.kind),
        subject: &change.subject,
        service: change.service.as_deref(),
        what: &change.what,
        by: change.by.as_deref(),
        origin: change.origin.as_deref(),
    }
}
