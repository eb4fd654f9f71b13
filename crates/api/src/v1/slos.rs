//! `/api/v1/slos`: what was promised, how much of each budget is left and why, and what is corrected.

mod burning;
mod corrections;
mod definition;
mod figures;
mod history;
pub(super) mod parameters;
mod plan;
mod verify;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::{delete, get, post};
use plimsoll_slo::surface::Slos;
use plimsoll_slo::view::SloView;
use plimsoll_types::{Labels, Timestamp};
use serde_json::{Value, json};

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::number::rfc3339;
use crate::params::Params;

/// Groups of an answer where nothing is said.
const GROUPS_DEFAULT: i64 = 100;
/// The most groups of an answer.
const GROUPS_MAX: i64 = 10_000;

/// What is read.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/slos", get(list))
        .route("/slos/{service}/{name}", get(show))
        .route("/slos/{service}/{name}/budget", get(budget))
        .route("/slos/{service}/{name}/explain", get(explain))
        .route("/slos/{service}/{name}/history", get(history::history))
        .route("/slos/{service}/{name}/plan", get(plan::plan))
        .route("/slos/{service}/{name}/verify", get(verify::verify))
        .route("/slos/{service}/{name}/corrections", get(corrections::list))
}

/// What is changed.
pub(super) fn changes() -> Router<Arc<App>> {
    Router::new()
        .route("/slos/{service}/{name}/corrections", post(corrections::add))
        .route(
            "/slos/{service}/{name}/corrections/{id}",
            delete(corrections::revoke),
        )
}

/// The two parts of an id, as the path has them.
type Id = Path<(String, String)>;

/// Lists all, or those of a `service`, or those in a `state`.
async fn list(State(app): State<Arc<App>>, uri: Uri, params: Params) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &["service", "state"])?;
    app.ask(None, move |_, _| {
        let (found, at) = slos.list();
        let (service, state) = (params.get("service"), params.get("state"));
        let is_wanted = |view: &&SloView| {
            let is_of = service.is_none_or(|service| **view.promise.service() == *service);
            is_of && state.is_none_or(|state| figures::is_in(view, state))
        };
        let listed = found.iter().filter(is_wanted).map(listed);
        let listed: Vec<Value> = listed.collect();
        Ok(success(&json!({"at": rfc3339(at), "slos": listed})))
    })
    .await
}

/// Shows one with its definition, its versions and all budgets.
async fn show(
    State(app): State<Arc<App>>,
    id: Id,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    shown(app, id, (uri, params), |view, groups| {
        let mut shown = listed(view);
        shown["definition"] = definition::definition(&view.promise);
        shown["versions"] = view.versions.iter().map(definition::version).collect();
        shown["budgets"] = figures::budgets(view, groups);
        shown["missingBuckets"] = definition::missing_buckets(view);
        shown
    })
    .await
}

/// Shows the budgets of one.
async fn budget(
    State(app): State<Arc<App>>,
    id: Id,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    shown(app, id, (uri, params), |view, groups| {
        json!({"id": **view.promise.id(), "budgets": figures::budgets(view, groups)})
    })
    .await
}

/// Shows what each burn rule of one sees, and what would change that.
async fn explain(
    State(app): State<Arc<App>>,
    id: Id,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    shown(app, id, (uri, params), |view, groups| {
        json!({
            "id": **view.promise.id(),
            "budgets": burning::budgets(view, groups),
            "missingBuckets": definition::missing_buckets(view),
        })
    })
    .await
}

/// Answers with something about one, and the time that it is of.
async fn shown(
    app: Arc<App>,
    Path((service, name)): Id,
    (uri, params): (Uri, Params),
    write: impl Fn(&SloView, usize) -> Value + Send + 'static,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &["groups"])?;
    let id = format!("{service}/{name}");
    let groups = params.number("groups", GROUPS_DEFAULT)?;
    if !(0..=GROUPS_MAX).contains(&groups) {
        let reason = format!("wanted 0 to {GROUPS_MAX}, found {groups}");
        return Err(ApiError::parameter("groups", reason));
    }
    app.ask(None, move |_, _| {
        let (view, at) = slos.show(&id).ok_or_else(|| unknown(&id))?;
        let mut shown = write(&view, groups as usize);
        shown["at"] = rfc3339(at).into();
        Ok(success(&shown))
    })
    .await
}

fn listed(view: &SloView) -> Value {
    let budgets = view.budgets.iter().filter(|budget| budget.group.is_none());
    let budgets: Vec<Value> = budgets.map(figures::summary).collect();
    let mut listed = definition::heading(&view.promise);
    listed["since"] = time(view.since);
    listed["groups"] = view.groups.into();
    listed["isFolded"] = view.is_folded.into();
    listed["budgets"] = budgets.into();
    listed
}

/// Returns who counts objectives.
fn slos(app: &App) -> Result<Arc<dyn Slos>, ApiError> {
    app.parts.surface.slos.clone().ok_or_else(|| {
        let reason = "this server counts no objectives: name their files in `plimsoll.slo.files` or with --slo-files";
        ApiError::new(Kind::NotFound, reason)
    })
}

fn unknown(id: &str) -> ApiError {
    ApiError::new(Kind::NotFound, format!("there is no SLO {id:?}"))
}

fn success(data: &Value) -> Response {
    envelope::success(data, &Notes::default())
}

fn time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| rfc3339(at).into())
}

fn object(labels: &Labels) -> Value {
    let pairs = labels.iter();
    Value::Object(
        pairs
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect(),
    )
}

/// Reads a group: every `label=<name>=<value>`; `None` without any, which is the whole.
fn group(params: &Params) -> Result<Option<Labels>, ApiError> {
    let mut pairs = Vec::new();
    for pair in params.all("label") {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => pairs.push((name, value)),
            _ => {
                let reason = format!("wanted name=value, found {pair:?}");
                return Err(ApiError::parameter("label", reason));
            }
        }
    }
    let found = Labels::try_from_pairs(&pairs);
    let found = found.map_err(|error| ApiError::parameter("label", error))?;
    Ok((!found.is_empty()).then_some(found))
}
