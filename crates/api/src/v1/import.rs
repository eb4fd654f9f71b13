//! `/api/v1/import`, `/api/v1/import/prometheus` and Influx' paths: samples in the formats of other tools.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_ingest::push::Format;
use plimsoll_types::{Labels, Timestamp};
use plimsoll_wire::exposition;
use plimsoll_wire::influx::Precision;

use super::push::{Refusal, answer, header_text, import_encoding, receive};
use crate::app::App;
use crate::params::Params;

/// VictoriaMetrics' JSON lines.
pub(crate) async fn vm_json(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    import(
        &app,
        &Params::from_query(query.as_deref()),
        &headers,
        body,
        |_| Ok(Format::VmJson),
    )
    .await
}

/// Expositions; `timestamp` (milliseconds) is the time of samples without one.
pub(crate) async fn prometheus_text(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let content_type = header_text(&headers, header::CONTENT_TYPE).unwrap_or_default();
    // curl calls every body a form unless told otherwise; what else we do not know is read as the classic text.
    let format = exposition::Format::from_content_type(content_type)
        .unwrap_or(exposition::Format::PrometheusText004);
    import(
        &app,
        &Params::from_query(query.as_deref()),
        &headers,
        body,
        |params| {
            let timestamp = params.get("timestamp").map(|millis| {
                let wanted = || {
                    format!("wanted timestamp in milliseconds since the epoch, found {millis:?}")
                };
                millis
                    .parse()
                    .map(Timestamp::from_millis)
                    .map_err(|_| wanted())
            });
            Ok(Format::Exposition {
                format,
                timestamp: timestamp.transpose()?,
            })
        },
    )
    .await
}

/// Influx lines; `db` and `bucket` name the database, `precision` the unit of timestamps.
pub(crate) async fn influx(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Response {
    import(
        &app,
        &Params::from_query(query.as_deref()),
        &headers,
        body,
        |params| {
            let precision: Precision = params
                .get("precision")
                .unwrap_or_default()
                .parse()
                .map_err(|error| format!("{error}"))?;
            let db = params
                .get("db")
                .or(params.get("bucket"))
                .unwrap_or_default()
                .into();
            Ok(Format::Influx { precision, db })
        },
    )
    .await
}

async fn import(
    app: &App,
    params: &Params,
    headers: &HeaderMap,
    body: Body,
    format: impl FnOnce(&Params) -> Result<Format, String>,
) -> Response {
    let prepared = format(params)
        .map_err(|reason| Refusal(StatusCode::BAD_REQUEST, reason))
        .and_then(|format| Ok((format, import_encoding(headers)?, extra_labels(params)?)));
    let outcome = match prepared {
        Ok((format, encoding, labels)) => receive(app, format, encoding, labels, body).await,
        Err(refusal) => Err(refusal),
    };
    outcome.map_or_else(IntoResponse::into_response, |outcome| answer(&outcome))
}

/// Reads every `extra_label=name=value`, as VictoriaMetrics spells it.
fn extra_labels(params: &Params) -> Result<Labels, Refusal> {
    let mut pairs = Vec::new();
    for pair in params.all("extra_label") {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => pairs.push((name, value)),
            _ => {
                let message = format!("wanted extra_label=name=value, found {pair:?}");
                return Err(Refusal(StatusCode::BAD_REQUEST, message));
            }
        }
    }
    Ok(Labels::from_pairs(pairs))
}
