//! What the logs say about a query.

use std::time::Duration;

use jiff::Timestamp as Time;
use plimsoll_promql::QueryError;
use plimsoll_types::{ByteCount, Timestamp};
use serde::Serialize;

use super::stats::View;
use crate::queries::{Active, Asked};
use crate::query_metrics::Ending;

/// A line of Prometheus' query log.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    msg: &'static str,
    params: Parameters<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<&'a View>,
    #[serde(rename = "httpRequest")]
    request: Request<'a>,
}

#[derive(Serialize)]
struct Parameters<'a> {
    end: String,
    query: &'a str,
    start: String,
    step: u64,
}

#[derive(Serialize)]
struct Request<'a> {
    #[serde(rename = "clientIP")]
    client: String,
    method: &'a str,
    path: &'a str,
}

/// Writes the line of a query that ended, without the line break.
pub(super) fn line(
    now: Timestamp,
    asked: &Asked,
    view: Option<&View>,
    error: Option<&QueryError>,
) -> String {
    let line = Line {
        time: rfc3339(now),
        level: "INFO",
        msg: "promql query logged",
        params: Parameters {
            end: rfc3339(asked.end),
            query: &asked.text,
            start: rfc3339(asked.start),
            // Whole seconds, as Prometheus writes it.
            step: asked.step.as_secs(),
        },
        error: error.map(QueryError::to_string),
        stats: view,
        request: Request {
            client: asked
                .client
                .map_or_else(String::new, |client| client.to_string()),
            method: &asked.method,
            path: &asked.path,
        },
    };
    serde_json::to_string(&line).expect("texts and numbers become JSON")
}

/// Milliseconds always, as Prometheus writes them; a time that has no date stays a number.
fn rfc3339(time: Timestamp) -> String {
    match Time::from_millisecond(time.millis()) {
        Ok(time) => format!("{time:.3}"),
        Err(_) => time.to_string(),
    }
}

/// Says that a query took long.
pub(super) fn warn_slow(active: &Active, ending: Ending, (waited, ran): (Duration, Duration)) {
    let attempt = active.attempt();
    let bytes = attempt.memory.map_or(0, |memory| memory.peak() as u64);
    tracing::info!(
        query = &*active.asked.text,
        outcome = ending.as_str(),
        seconds = ran.as_secs_f64(),
        waited_seconds = waited.as_secs_f64(),
        samples = attempt.progress.samples_read(),
        series = attempt.progress.series_read(),
        memory = %ByteCount(bytes),
        client = active.asked.client.map(tracing::field::display),
        path = active.asked.path,
        "a query was slow"
    );
}
