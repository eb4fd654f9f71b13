//! `/api/v1/search/...`: names for a text field that completes itself, as lines of JSON.
//!
//! ```text
//! {"results":[{"name":"up"},{"name":"up_total"}]}
//! {"status":"success","has_more":true}
//! ```
//!
//! A term is found where its characters appear in order; the fewer lie between them, the higher the score.

mod score;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use plimsoll_types::METRIC_NAME;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{ApiError, Kind};
use crate::go;
use crate::openapi::Described;
use crate::params::Params;
use score::Terms;

/// Lines of JSON.
const KIND: &str = "application/x-ndjson";
/// Results when nothing is said, as in Prometheus.
const LIMIT_DEFAULT: i64 = 100;
/// The most results.
const LIMIT_MAX: i64 = 10_000;
/// Results of a line when nothing is said.
const BATCH_DEFAULT: i64 = 100;

/// Everything below `/search`.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/metric_names", get(metric_names).post(metric_names))
        .route("/label_names", get(label_names).post(label_names))
        .route("/label_values", get(label_values).post(label_values))
}

/// A line: some results, or behind all of them whether there are more.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchLine)]
#[serde(untagged)]
enum Line<'a> {
    Results {
        results: Vec<Found<'a>>,
    },
    End {
        status: &'static str,
        has_more: bool,
    },
}

/// A name, or a value of a label.
#[derive(Serialize, ToSchema)]
#[schema(as = SearchResult)]
struct Found<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<&'a str>,
    /// How well it fits, 0 to 1; with `include_score`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    score: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    value: Option<&'a str>,
}

impl<'a> Found<'a> {
    fn of(key: Key, text: &'a str, score: Option<f64>) -> Self {
        let (name, value) = match key {
            Key::Name => (Some(text), None),
            Key::Value => (None, Some(text)),
        };
        Self { name, score, value }
    }
}

/// What a result is called.
#[derive(Clone, Copy)]
enum Key {
    Name,
    Value,
}

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    let mut path = |name: &str, summary: &str| {
        let path = format!("/api/v1/search/{name}");
        let operation = to.get_or_post(&path, summary);
        let operation = match name {
            "label_values" => operation.needs("label", "The label."),
            _ => operation,
        };
        super::series::chosen(operation)
            .takes_all("search[]", "A term: its characters appear in this order.")
            .takes("sort_by", "`alpha` or `score`.")
            .takes("sort_dir", "`asc` or `dsc`.")
            .takes("case_sensitive", "Default true.")
            .takes("fuzz_threshold", "The least score in hundredths.")
            .takes("include_score", "Default false.")
            .takes("batch_size", "Results of a line; default 100.")
            .streams::<Line<'static>>(KIND);
    };
    path("metric_names", "Searches the names of metrics.");
    path("label_names", "Searches the names of labels.");
    path("label_values", "Searches the values of a label.");
}

/// What is searched.
#[derive(Clone)]
enum Field {
    Names,
    Values(String),
}

async fn metric_names(app: State<Arc<App>>, params: Params) -> Result<Response, ApiError> {
    let field = Field::Values(METRIC_NAME.into());
    search(app, params, field, "metric_names", Key::Name).await
}

async fn label_names(app: State<Arc<App>>, params: Params) -> Result<Response, ApiError> {
    search(app, params, Field::Names, "label_names", Key::Name).await
}

async fn label_values(app: State<Arc<App>>, params: Params) -> Result<Response, ApiError> {
    let label = params.get("label").map(String::from);
    let label = label.ok_or_else(|| bad("missing required parameter \"label\"".into()))?;
    search(
        app,
        params,
        Field::Values(label),
        "label_values",
        Key::Value,
    )
    .await
}

fn bad(reason: String) -> ApiError {
    ApiError::new(Kind::BadData, reason)
}

/// How results are chosen and shown.
struct Wanted {
    limit: usize,
    batch: usize,
    terms: Terms,
    by_score: bool,
    /// The direction that was asked for.
    descends: Option<bool>,
    shows_score: bool,
}

async fn search(
    State(app): State<Arc<App>>,
    params: Params,
    field: Field,
    endpoint: &'static str,
    key: Key,
) -> Result<Response, ApiError> {
    app.ask(None, move |app, _| {
        let wanted = wanted(&params, endpoint)?;
        let (range, selectors) = (params.range()?, params.selectors()?);
        let store = &app.parts.queryable;
        let found = match (&field, range.is_empty()) {
            (_, true) => Vec::new(),
            (Field::Names, _) => store.label_names(&selectors, range, usize::MAX)?,
            (Field::Values(name), _) => store.label_values(name, &selectors, range, usize::MAX)?,
        };
        Ok(answer(found, &wanted, key))
    })
    .await
}

fn wanted(params: &Params, endpoint: &str) -> Result<Wanted, ApiError> {
    let limit = positive(params, "limit", LIMIT_DEFAULT)?;
    if limit > LIMIT_MAX {
        return Err(bad(format!(
            "limit {limit} exceeds the configured maximum ({LIMIT_MAX}, see --web.search.max-limit)"
        )));
    }
    let sort_by = params.get("sort_by");
    if let Some(other) = sort_by.filter(|by| !matches!(*by, "alpha" | "score")) {
        return Err(bad(format!(
            "invalid sort_by {other:?} for {endpoint}: must be \"alpha\" or \"score\""
        )));
    }
    let descends = match (params.get("sort_dir"), sort_by) {
        (None, _) => None,
        (Some(_), None) => return Err(bad("sort_dir is only valid when sort_by is set".into())),
        (Some("asc"), _) => Some(false),
        (Some("dsc" | "desc"), _) => Some(true),
        (Some(other), _) => {
            return Err(bad(format!(
                "invalid sort_dir {other:?}: must be \"asc\" or \"dsc\""
            )));
        }
    };
    if let Some(other) = params.get("fuzz_alg").filter(|name| *name != "subsequence") {
        return Err(bad(format!(
            "unsupported fuzz_alg {other:?}: must be one of [subsequence]"
        )));
    }
    let size = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    Ok(Wanted {
        limit: size(limit),
        batch: size(positive(params, "batch_size", BATCH_DEFAULT)?),
        terms: Terms::new(
            params.all("search[]"),
            flag(params, "case_sensitive", true)?,
            threshold(params)?,
        ),
        by_score: sort_by == Some("score"),
        descends,
        shows_score: flag(params, "include_score", false)?,
    })
}

fn positive(params: &Params, name: &str, default: i64) -> Result<i64, ApiError> {
    let Some(text) = params.get(name) else {
        return Ok(default);
    };
    let number = go::parse_int(text).ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        bad(format!(
            "invalid {name} {text:?}: must be a positive integer"
        ))
    })
}

fn flag(params: &Params, name: &str, default: bool) -> Result<bool, ApiError> {
    params.get(name).map_or(Ok(default), |text| {
        go::parse_bool(text).map_err(|_| bad(format!("invalid {name} {text:?}: must be boolean")))
    })
}

/// Reads the lowest score, in hundredths.
fn threshold(params: &Params) -> Result<f64, ApiError> {
    let Some(text) = params.get("fuzz_threshold") else {
        return Ok(0.0);
    };
    let number = go::parse_int(text)
        .ok()
        .filter(|number| (0..=100).contains(number));
    let number =
        number.ok_or_else(|| bad(format!("invalid fuzz_threshold {text:?}: must be 0-100")))?;
    Ok(number as f64 / 100.0)
}

fn answer(found: Vec<String>, wanted: &Wanted, key: Key) -> Response {
    let scored = |name: String| wanted.terms.score(&name).map(|score| (name, score));
    let mut found: Vec<(String, f64)> = found.into_iter().filter_map(scored).collect();
    if wanted.by_score {
        // Stable: names of the same score stay in their order.
        found.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    }
    // Names come ascending, scores descending.
    if wanted
        .descends
        .is_some_and(|descends| descends != wanted.by_score)
    {
        found.reverse();
    }
    let has_more = found.len() > wanted.limit;
    found.truncate(wanted.limit);
    let mut lines = String::new();
    // Nothing found is a line of no results.
    let none: &[(String, f64)] = &[];
    let batches = found.chunks(wanted.batch);
    for batch in batches.chain(found.is_empty().then_some(none)) {
        let results = batch.iter();
        let results = results.map(|(name, score)| {
            let score = wanted.shows_score.then_some(*score);
            Found::of(key, name, score)
        });
        let results = results.collect();
        push_line(&mut lines, &Line::Results { results });
    }
    let status = "success";
    push_line(&mut lines, &Line::End { status, has_more });
    let content_type = format!("{KIND}; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], lines).into_response()
}

fn push_line(lines: &mut String, line: &impl Serialize) {
    lines.push_str(&serde_json::to_string(line).expect("views of ours become JSON"));
    lines.push('\n');
}
