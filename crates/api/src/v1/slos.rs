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
use plimsoll_types::Labels;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::openapi::values::Time;
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

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    const ONE: &str = "/api/v1/slos/{service}/{name}";
    const GROUPS: &str = "At most so many groups of each objective, 0 to 10000; default 100.";
    const START: &str = "The first time; default a day before `end`.";
    const END: &str = "The end; default now.";
    const OBJECTIVE: &str = "The objective's name; default the first.";
    const LABEL: &str = "`name=value`: the group; default the whole.";
    let below = |path: &str| format!("{ONE}/{path}");
    to.get("/api/v1/slos", "Lists all SLOs and composites.")
        .takes("service", "Only those of this service.")
        .takes("state", "Only those with a budget in this state.")
        .answers::<List<'static>>();
    to.get(ONE, "Shows one: what it says, and all its budgets.")
        .takes("groups", GROUPS)
        .answers::<Slo<'static>>();
    to.get(&below("budget"), "Shows the budgets of one.")
        .takes("groups", GROUPS)
        .answers::<Budgets<'static>>();
    to.get(&below("explain"), "Shows what each burn rule sees now.")
        .takes("groups", GROUPS)
        .answers::<Explanation<'static>>();
    to.get(&below("history"), "Shows what was counted, slice by slice.")
        .takes("start", START)
        .takes("end", END)
        .takes(
            "step",
            "The length of a slice, a multiple of 10s; default 5m.",
        )
        .takes("objective", OBJECTIVE)
        .takes_all("label", LABEL)
        .answers::<history::History<'static>>();
    to.get(&below("verify"), "Counts the stored samples again.")
        .takes("start", START)
        .takes("end", END)
        .answers::<verify::Shown<'static>>();
    plan::parameters(to.get(&below("plan"), "Lives the past again under other promises."))
        .takes("objective", OBJECTIVE)
        .takes_all("label", LABEL)
        .answers::<plan::Plans<'static>>();
    to.get(&below("corrections"), "Lists the corrections.")
        .answers::<corrections::All<'static>>();
    to.post(&below("corrections"), "Adds a correction.")
        .body::<corrections::New>()
        .creates::<corrections::Shown<'static>>();
    to.delete(&below("corrections/{id}"), "Takes a correction back.")
        .needs("author", "Who does.")
        .answers::<corrections::Revoked<'static>>();
}

/// The two parts of an id, as the path has them.
type Id = Path<(String, String)>;

/// All objectives.
#[derive(Serialize, ToSchema)]
#[schema(as = SloList)]
struct List<'a> {
    at: Time,
    slos: Vec<Listed<'a>>,
}

/// What lists show of an SLO or a composite.
#[derive(Serialize, ToSchema)]
#[schema(as = SloListed)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    #[serde(flatten)]
    heading: definition::Heading<'a>,
    /// The begin of the first slice with something in it; `null` when nothing was ever measured.
    since: Option<Time>,
    /// How many groups have budgets of their own.
    groups: usize,
    /// Whether some groups are counted in `__other__`, because there are more than the limit.
    is_folded: bool,
    /// Of each objective the budget of the whole, in its first window.
    budgets: Vec<figures::Summary<'a>>,
}

/// An SLO or a composite, with what it says and all its budgets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Slo<'a> {
    at: Time,
    #[serde(flatten)]
    heading: definition::Heading<'a>,
    /// The begin of the first slice with something in it; `null` when nothing was ever measured.
    since: Option<Time>,
    /// How many groups have budgets of their own.
    groups: usize,
    /// Whether some groups are counted in `__other__`, because there are more than the limit.
    is_folded: bool,
    definition: definition::Definition<'a>,
    /// How it counted, the current way last.
    versions: Vec<definition::VersionShown<'a>>,
    /// The whole of each objective, and then its groups.
    budgets: Vec<figures::Shown<'a>>,
    missing_buckets: Vec<definition::MissingBucketShown<'a>>,
}

/// The budgets of one.
#[derive(Serialize, ToSchema)]
#[schema(as = SloBudgets)]
struct Budgets<'a> {
    id: &'a str,
    at: Time,
    budgets: Vec<figures::Shown<'a>>,
}

/// What each burn rule of one sees, and what would change that.
#[derive(Serialize, ToSchema)]
#[schema(as = SloExplanation)]
#[serde(rename_all = "camelCase")]
struct Explanation<'a> {
    id: &'a str,
    at: Time,
    budgets: Vec<burning::Explained<'a>>,
    missing_buckets: Vec<definition::MissingBucketShown<'a>>,
}

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
        let wanted = found.iter().filter(is_wanted);
        Ok(success(&List {
            at: Time(at),
            slos: wanted.map(Listed::from).collect(),
        }))
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
    shown(app, id, (uri, params), |view, groups, at| {
        success(&Slo {
            at,
            heading: (&view.promise).into(),
            since: view.since.map(Time),
            groups: view.groups,
            is_folded: view.is_folded,
            definition: (&view.promise).into(),
            versions: view.versions.iter().map(Into::into).collect(),
            budgets: figures::budgets(view, groups),
            missing_buckets: definition::missing_buckets(view),
        })
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
    shown(app, id, (uri, params), |view, groups, at| {
        success(&Budgets {
            id: view.promise.id(),
            at,
            budgets: figures::budgets(view, groups),
        })
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
    shown(app, id, (uri, params), |view, groups, at| {
        success(&Explanation {
            id: view.promise.id(),
            at,
            budgets: burning::budgets(view, groups),
            missing_buckets: definition::missing_buckets(view),
        })
    })
    .await
}

/// Answers with something about one, and the time that it is of.
async fn shown(
    app: Arc<App>,
    Path((service, name)): Id,
    (uri, params): (Uri, Params),
    write: impl Fn(&SloView, usize, Time) -> Response + Send + 'static,
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
        Ok(write(&view, groups as usize, Time(at)))
    })
    .await
}

impl<'a> From<&'a SloView> for Listed<'a> {
    fn from(view: &'a SloView) -> Self {
        let budgets = view.budgets.iter().filter(|budget| budget.group.is_none());
        Self {
            heading: (&view.promise).into(),
            since: view.since.map(Time),
            groups: view.groups,
            is_folded: view.is_folded,
            budgets: budgets.map(figures::Summary::from).collect(),
        }
    }
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

fn success(data: &impl Serialize) -> Response {
    envelope::success(data, &Notes::default())
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
