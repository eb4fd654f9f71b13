//! `/api/v1/query`, `/query_range` and `/query_exemplars`.

mod answer;
mod described;
mod log;
mod run;
mod stats;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use plimsoll_promql::{Engine, Expr};
use plimsoll_types::{Exemplar, Timestamp};

use self::run::{Evaluate, Question};
use crate::app::App;
use crate::caller::Caller;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::number::{grouped, write_timestamp, write_value};
use crate::openapi::Described;
use crate::params::Params;
use crate::selectors;
use crate::value_json;

/// Up to here a text without regular expressions is parsed where it is read; more takes longer than a thread of the
/// network should be away.
const PARSED_INLINE_MAX: usize = 4096;

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    described::describe(to);
}

/// Evaluates at one point in time.
pub(crate) async fn instant(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
) -> Result<Response, ApiError> {
    let at = params.time("time", app.parts.clock.now())?;
    let (params, expr) = parse(&app, params).await?;
    let evaluate: Evaluate = Arc::new(move |engine, app, control| {
        engine.instant(&*app.parts.queryable, &expr, at, control)
    });
    let question = question(&app, &params, caller, (at, at, Duration::ZERO), evaluate)?;
    run::run(&app, question).await
}

/// Evaluates at every step of a range.
pub(crate) async fn range(
    State(app): State<Arc<App>>,
    caller: Caller,
    params: Params,
) -> Result<Response, ApiError> {
    let (start, end) = (params.required_time("start")?, params.required_time("end")?);
    if end < start {
        return Err(ApiError::parameter(
            "end",
            "end timestamp must not be before start time",
        ));
    }
    let step = params.step()?;
    let step_millis = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    let points_max = app.parts.query_limits.points_max;
    if end.millis_since(start) / step_millis > points_max {
        return Err(ApiError::new(
            Kind::BadData,
            format!(
                "exceeded maximum resolution of {} points per timeseries. \
                 Try decreasing the query resolution (?step=XX)",
                grouped(points_max)
            ),
        ));
    }
    let (params, expr) = parse(&app, params).await?;
    let evaluate: Evaluate = Arc::new(move |engine, app, control| {
        engine.range(&*app.parts.queryable, &expr, start, end, step, control)
    });
    let question = question(&app, &params, caller, (start, end, step), evaluate)?;
    run::run(&app, question).await
}

fn question(
    app: &App,
    params: &Params,
    caller: Caller,
    range: (Timestamp, Timestamp, Duration),
    evaluate: Evaluate,
) -> Result<Question, ApiError> {
    let text = params.get("query").unwrap_or_default();
    let request = (caller.method, caller.path);
    Ok(Question {
        asked: app.queries.asked(text, range, caller.address, request),
        engine: engine(app, params)?,
        timeout: params.duration("timeout")?,
        limit: params.limit()?,
        wants_stats: params.get("stats").is_some(),
        wants_samples_per_step: params.get("stats") == Some("all"),
        wants_plan: matches!(params.get("explain"), Some("true" | "1")),
        evaluate,
    })
}

/// Parses `query`, on another thread when that may take long.
async fn parse(app: &App, params: Params) -> Result<(Params, Expr), ApiError> {
    let text = params.get("query").unwrap_or_default();
    if text.len() <= PARSED_INLINE_MAX && selectors::regexes_written(text) == 0 {
        let expr = params.query()?;
        return Ok((params, expr));
    }
    let parse = move || params.query().map(|expr| (params, expr));
    let parsed = app.parts.tasks.run_blocking("parse query", parse).await;
    parsed.unwrap_or_else(|_| Err(ApiError::fault()))
}

/// Returns the exemplars of every series that the query selects.
pub(crate) async fn exemplars(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let range = params.range()?;
    if range.is_empty() {
        let reason = "end timestamp must not be before start timestamp";
        return Err(ApiError::new(Kind::BadData, reason));
    }
    let parsed = parse(&app, params).await;
    let (_, expr) = parsed.map_err(|error| error.without("query"))?;
    let selectors = selectors::inside(&expr);
    app.ask(None, move |app, _| {
        let found = match selectors.is_empty() {
            true => Vec::new(),
            false => app.parts.queryable.exemplars(&selectors, range)?,
        };
        let mut text = String::new();
        value_json::write_list(&mut text, &found, |text, (labels, exemplars)| {
            text.push_str(r#"{"seriesLabels":"#);
            value_json::write_labels(text, labels);
            text.push_str(r#","exemplars":"#);
            value_json::write_list(text, exemplars, write_exemplar);
            text.push('}');
        });
        Ok(envelope::raw(&text, &Notes::default()))
    })
    .await
}

fn write_exemplar(text: &mut String, exemplar: &Exemplar) {
    text.push_str(r#"{"labels":"#);
    value_json::write_labels(text, &exemplar.labels);
    text.push_str(r#","value":""#);
    write_value(text, exemplar.value);
    text.push_str(r#"","timestamp":"#);
    write_timestamp(text, exemplar.timestamp);
    text.push('}');
}

fn engine(app: &App, params: &Params) -> Result<Engine, ApiError> {
    Ok(match params.lookback_delta()? {
        Some(delta) => app.parts.engine.with_lookback_delta(delta),
        None => app.parts.engine.clone(),
    })
}
