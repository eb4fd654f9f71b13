//! `/api/v1/status/active_queries` and `/status/top_queries`: what runs now and what cost most, in the shape that
//! VictoriaMetrics gives such lists, and the way to end a query.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::Response;
use plimsoll_types::format_duration;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::params::Params;
use crate::queries::{Active, Finished};

/// How many queries each list of `top_queries` has, as in VictoriaMetrics.
const TOP_DEFAULT: i64 = 20;
/// The most queries of a list: their texts have up to 4 KiB each.
const TOP_MAX: i64 = 1000;
/// How far back `top_queries` looks, as in VictoriaMetrics.
const LIFETIME_DEFAULT: Duration = Duration::from_secs(600);

/// A query that waits or runs. `start`, `end` and `step` are milliseconds.
#[derive(Serialize, ToSchema)]
#[schema(as = ActiveQuery)]
struct View {
    id: String,
    query: String,
    state: ActiveQueryState,
    /// Which turns it takes: `light`, `heavy` and others.
    lane: &'static str,
    /// Since when, in milliseconds since the epoch.
    started: i64,
    duration: String,
    remote_addr: String,
    start: i64,
    end: i64,
    step: u64,
    series: u64,
    samples: u64,
    bytes: u64,
}

/// Whether a query runs or waits for its turn.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ActiveQueryState {
    Running,
    Queued,
}

/// A query that was ended.
#[derive(Serialize, ToSchema)]
#[schema(as = KilledQuery)]
struct Killed {
    id: String,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    to.get(
        "/api/v1/status/active_queries",
        "Lists queries that wait or run, the oldest first.",
    )
    .answers_list::<View>();
    to.delete("/api/v1/status/active_queries/{id}", "Ends a query.")
        .answers::<Killed>();
    to.get(
        "/api/v1/status/top_queries",
        "Lists what queries cost that ended lately.",
    )
    .takes("topN", "Entries of each list, at most 1000; default 20.")
    .takes("maxLifetime", "How far back; default 10m.")
    .answers::<Top>();
}

/// Lists the queries that wait or run, the oldest first.
pub(crate) async fn list(State(app): State<Arc<App>>) -> Response {
    let now = app.parts.clock.monotonic();
    let view = |query: &Arc<Active>| {
        let (asked, attempt) = (&query.asked, query.attempt());
        let held = attempt.memory.map_or(0, |memory| memory.bytes());
        View {
            id: show_id(query.id),
            query: asked.text.to_string(),
            state: match attempt.state.is_running {
                true => ActiveQueryState::Running,
                false => ActiveQueryState::Queued,
            },
            lane: attempt.state.lane.as_str(),
            started: query.started.millis(),
            duration: format!("{:.3}s", now.since(query.began).as_secs_f64()),
            remote_addr: asked
                .client
                .map_or_else(String::new, |client| client.to_string()),
            start: asked.start.millis(),
            end: asked.end.millis(),
            step: u64::try_from(asked.step.as_millis()).unwrap_or(u64::MAX),
            series: attempt.progress.series_read(),
            samples: attempt.progress.samples_read(),
            bytes: held as u64,
        }
    };
    let views: Vec<View> = app.queries.active().iter().map(view).collect();
    envelope::success(&views, &Notes::default())
}

/// Ends a query; its client is answered 503.
pub(crate) async fn kill(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let known = u64::from_str_radix(&id, 16).ok();
    let killed = known.and_then(|id| app.queries.kill(id)).ok_or_else(|| {
        let message = format!("no query with the id {id:?} waits or runs");
        ApiError::new(Kind::NotFound, message)
    })?;
    tracing::info!(query = &*killed.asked.text, id, "a query was killed");
    let answer = Killed {
        id: show_id(killed.id),
    };
    Ok(envelope::success(&answer, &Notes::default()))
}

fn show_id(id: u64) -> String {
    format!("{id:016X}")
}

/// What queries of one text over ranges of one length cost together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = QueryCost)]
#[serde(rename_all = "camelCase")]
struct Sum {
    query: String,
    time_range_seconds: u64,
    sum_duration_seconds: f64,
    avg_duration_seconds: f64,
    count: u64,
}

/// What queries cost that ended lately.
#[derive(Serialize, ToSchema)]
#[schema(as = TopQueries)]
#[serde(rename_all = "camelCase")]
struct Top {
    #[serde(rename = "topN")]
    top: String,
    max_lifetime: String,
    top_by_count: Vec<Sum>,
    top_by_avg_duration: Vec<Sum>,
    top_by_sum_duration: Vec<Sum>,
}

/// Lists what the queries that ended lately cost: `topN` of each kind, of the last `maxLifetime`.
pub(crate) async fn top(State(app): State<Arc<App>>, params: Params) -> Result<Response, ApiError> {
    let count = params.number("topN", TOP_DEFAULT)?;
    if count > TOP_MAX {
        let reason = format!("topN must be at most {TOP_MAX}");
        return Err(ApiError::new(Kind::BadData, reason));
    }
    let lifetime = params.duration("maxLifetime")?.unwrap_or(LIFETIME_DEFAULT);
    let tasks = app.parts.tasks.clone();
    // Not among the queries: who looks for what fills their turns must not wait for one.
    let work = move || top_of(&app, count, lifetime);
    let listed = tasks.run_blocking("top queries", work).await;
    listed.map_err(|_| ApiError::fault())
}

fn top_of(app: &App, count: i64, lifetime: Duration) -> Response {
    let now = app.parts.clock.monotonic().since_origin();
    let since = plimsoll_runtime::clock::Monotonic::from_origin(now.saturating_sub(lifetime));
    let sums = sums(app.queries.finished(since));
    let top = |order: fn(&Sum, &Sum) -> Ordering| {
        let mut sums = sums.clone();
        sums.sort_by(|a, b| order(b, a).then_with(|| a.query.cmp(&b.query)));
        sums.truncate(usize::try_from(count).unwrap_or(0));
        sums
    };
    let view = Top {
        top: count.to_string(),
        max_lifetime: format_duration(lifetime),
        top_by_count: top(|a, b| a.count.cmp(&b.count)),
        top_by_avg_duration: top(|a, b| a.avg_duration_seconds.total_cmp(&b.avg_duration_seconds)),
        top_by_sum_duration: top(|a, b| a.sum_duration_seconds.total_cmp(&b.sum_duration_seconds)),
    };
    envelope::success(&view, &Notes::default())
}

fn sums(finished: Vec<Finished>) -> Vec<Sum> {
    let mut sums: HashMap<(Arc<str>, u64), (Duration, u64)> = HashMap::new();
    for query in finished {
        let sum = sums.entry((query.text, query.range.as_secs())).or_default();
        sum.0 += query.duration;
        sum.1 += 1;
    }
    let view = |((query, range), (sum, count)): ((Arc<str>, u64), (Duration, u64))| Sum {
        query: query.to_string(),
        time_range_seconds: range,
        sum_duration_seconds: sum.as_secs_f64(),
        avg_duration_seconds: sum.as_secs_f64() / count as f64,
        count,
    };
    sums.into_iter().map(view).collect()
}
