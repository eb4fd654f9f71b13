//! `/api/v1/query`, `/query_range` and `/query_exemplars`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use plimsoll_promql::{Engine, QueryResult};
use plimsoll_types::Exemplar;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::number::{write_timestamp, write_value};
use crate::params::Params;
use crate::selectors;
use crate::value_json;

/// Evaluates at one point in time.
pub(crate) async fn instant(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let at = params.time("time", app.parts.clock.now())?;
    let timeout = params.duration("timeout")?;
    let limit = params.limit()?;
    let expr = params.query()?;
    let engine = engine(&app, &params)?;
    app.ask(timeout, move |app, control| {
        let result = engine.instant(&*app.parts.queryable, &expr, at, control)?;
        Ok(answer(result, limit))
    })
    .await
}

/// Evaluates at every step of a range.
pub(crate) async fn range(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    for name in ["start", "end", "step"] {
        params.required(name)?;
    }
    let now = app.parts.clock.now();
    let (start, end) = (params.time("start", now)?, params.time("end", now)?);
    if end < start {
        return Err(ApiError::parameter(
            "end",
            "end timestamp must not be before start time",
        ));
    }
    let step = params.duration("step")?.unwrap_or_default();
    let step_millis = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    if step_millis == 0 {
        let reason = "zero or negative query resolution step widths are not accepted. Try a positive integer";
        return Err(ApiError::parameter("step", reason));
    }
    let points_max = app.parts.query_limits.points_max;
    if end.millis_since(start) / step_millis > points_max {
        return Err(ApiError::new(
            Kind::BadData,
            format!(
                "exceeded maximum resolution of {points_max} points per timeseries. \
                 Try decreasing the query resolution (?step=XX)"
            ),
        ));
    }
    let timeout = params.duration("timeout")?;
    let limit = params.limit()?;
    let expr = params.query()?;
    let engine = engine(&app, &params)?;
    app.ask(timeout, move |app, control| {
        let queryable = &*app.parts.queryable;
        let result = engine.range(queryable, &expr, start, end, step, control)?;
        Ok(answer(result, limit))
    })
    .await
}

/// Returns the exemplars of every series that the query selects.
pub(crate) async fn exemplars(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    let range = params.range()?;
    let selectors = selectors::inside(&params.query()?);
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
    match params.duration("lookback_delta")? {
        Some(delta) if delta.is_zero() => {
            Err(ApiError::parameter("lookback_delta", "it must be above 0"))
        }
        Some(delta) => Ok(app.parts.engine.with_lookback_delta(delta)),
        None => Ok(app.parts.engine.clone()),
    }
}

fn cut(result: &mut QueryResult, limit: usize) -> Notes {
    match &mut result.value {
        plimsoll_promql::Value::Vector(samples) => envelope::cut(samples, limit),
        plimsoll_promql::Value::Matrix(series) => envelope::cut(series, limit),
        _ => Notes::default(),
    }
}

fn answer(mut result: QueryResult, limit: usize) -> Response {
    let mut notes = cut(&mut result, limit);
    notes.warnings.extend(result.warnings.iter().cloned());
    notes.infos.extend(result.infos.iter().cloned());
    let mut text = String::new();
    value_json::write_result(&mut text, &result);
    envelope::raw(&text, &notes)
}
