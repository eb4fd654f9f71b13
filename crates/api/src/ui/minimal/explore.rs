//! A box for a question, and a table of what is answered now.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::http::{Method, Uri};
use minijinja::context;
use plimsoll_types::ByteCount;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::Desk;
use super::{Content, given};
use crate::app::App;
use crate::body;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::params::Params;
use crate::v1::instant_query;

/// Series that are shown, and so many of them are asked for.
const ROWS_MAX: usize = 500;
/// What an answer of so many series may take.
const ANSWER_MAX: ByteCount = ByteCount::MIB.times(16);

#[derive(Serialize)]
struct Row {
    series: String,
    value: String,
}

/// What the API answers.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    data: Data,
    error: String,
    warnings: Vec<String>,
    infos: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Vec<Value>,
}

/// Asks what the path says; links of alerts call it `g0.expr`.
pub(super) async fn content(desk: &Arc<Desk>, uri: &Uri) -> Result<Content, ApiError> {
    let params = Params::from_query(uri.query());
    let expr = params.get("expr").or_else(|| params.get("g0.expr"));
    let expr = expr.unwrap_or_default().to_owned();
    let answer = match &desk.app {
        Some(app) if !expr.is_empty() => ask(app, &expr).await?,
        _ => Answer::default(),
    };
    let rows: Vec<Row> = match &*answer.data.result_type {
        "scalar" | "string" => vec![Row {
            series: String::new(),
            value: shown(answer.data.result.get(1)),
        }],
        _ => answer.data.result.iter().map(row).collect(),
    };
    let notes = [answer.warnings, answer.infos].concat();
    Ok(Content {
        title: "Explore".to_owned(),
        template: "explore.html",
        values: context! { expr => given(&expr), rows => given(&rows), notes => given(&notes), error => given(&answer.error) },
    })
}

async fn ask(app: &Arc<App>, expr: &str) -> Result<Answer, ApiError> {
    let caller = Caller {
        address: None,
        method: Method::GET.to_string(),
        path: "/explore".to_owned(),
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("query", expr)
        .append_pair("limit", &ROWS_MAX.to_string())
        .finish();
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = format!("/?{query}").parse().map_err(|_| too_long())?;
    let params = Params::from_request(request, app).await?;
    let response = match instant_query(State(app.clone()), caller, params).await {
        Ok(response) => response,
        Err(error) => {
            let (_, error) = error.into_text();
            return Ok(Answer {
                error,
                ..Answer::default()
            });
        }
    };
    let read = body::read(app, response.into_body(), ANSWER_MAX).await;
    let (bytes, _share) = read.map_err(|unread| ApiError::new(unread.kind, unread.reason))?;
    serde_json::from_slice(&bytes).map_err(|_| ApiError::fault())
}

fn too_long() -> ApiError {
    ApiError::parameter("expr", "it is too long for this page")
}

/// Writes a series: of a range its last value.
fn row(series: &Value) -> Row {
    let labels = series["metric"].as_object().into_iter().flatten();
    let name = series["metric"]["__name__"].as_str().unwrap_or_default();
    let labels: Vec<String> = labels
        .filter(|(label, _)| *label != "__name__")
        .map(|(label, value)| format!("{label}={value}"))
        .collect();
    let last = |points: &str| series[points].as_array()?.last().cloned();
    let point = series["value"].get(1).cloned();
    let point = point.or_else(|| Some(last("values")?[1].clone()));
    Row {
        series: match labels.is_empty() {
            true => name.to_owned(),
            false => format!("{name}{{{}}}", labels.join(", ")),
        },
        value: shown(point.as_ref()),
    }
}

/// Writes a value; a histogram is no number, and says so.
fn shown(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str);
    text.unwrap_or("(histogram)").to_owned()
}
