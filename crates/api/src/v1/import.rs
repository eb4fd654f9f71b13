//! `/api/v1/import`, `/api/v1/import/prometheus` and Influx' paths: samples in the formats of other tools.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
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
pub(crate) async fn vm_json(State(app): State<Arc<App>>, import: Import) -> Response {
    import.store(&app, Ok(Format::VmJson)).await
}

/// Expositions; `timestamp` (milliseconds) is the time of samples without one.
pub(crate) async fn prometheus_text(State(app): State<Arc<App>>, import: Import) -> Response {
    let format = import.exposition();
    import.store(&app, format).await
}

/// Influx lines; `db` or `bucket` names the database, `precision` the unit of timestamps.
pub(crate) async fn influx(State(app): State<Arc<App>>, import: Import) -> Response {
    let format = import.influx();
    import.store(&app, format).await
}

/// A body to import, and what the request says about it.
pub(crate) struct Import {
    params: Params,
    headers: HeaderMap,
    body: Body,
}

impl<S: Send + Sync> FromRequest<S> for Import {
    type Rejection = Infallible;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        Ok(Self {
            params: Params::from_query(parts.uri.query()),
            headers: parts.headers,
            body,
        })
    }
}

impl Import {
    fn exposition(&self) -> Result<Format, Refusal> {
        let content_type = header_text(&self.headers, header::CONTENT_TYPE).unwrap_or_default();
        // curl calls every body a form unless told otherwise; what else we do not know is read as the classic text.
        let format = exposition::Format::from_content_type(content_type)
            .unwrap_or(exposition::Format::PrometheusText004);
        let read = |millis: &str| {
            millis.parse().map(Timestamp::from_millis).map_err(|_| {
                bad(format!(
                    "wanted timestamp in milliseconds since the epoch, found {millis:?}"
                ))
            })
        };
        let timestamp = self.params.get("timestamp").map(read).transpose()?;
        Ok(Format::Exposition { format, timestamp })
    }

    fn influx(&self) -> Result<Format, Refusal> {
        let precision = self.params.get("precision").unwrap_or_default();
        let precision: Precision = precision.parse().map_err(|error| bad(format!("{error}")))?;
        let db = self.params.get("db").or(self.params.get("bucket"));
        Ok(Format::Influx {
            precision,
            db: db.unwrap_or_default().into(),
        })
    }

    async fn store(self, app: &App, format: Result<Format, Refusal>) -> Response {
        let prepared = format.and_then(|format| {
            let labels = extra_labels(&self.params)?;
            Ok((format, import_encoding(&self.headers)?, labels))
        });
        let outcome = match prepared {
            Ok((format, encoding, labels)) => {
                receive(app, format, encoding, labels, self.body).await
            }
            Err(refusal) => Err(refusal),
        };
        outcome.map_or_else(IntoResponse::into_response, |outcome| answer(&outcome))
    }
}

/// Reads every `extra_label=name=value`, as VictoriaMetrics spells it.
fn extra_labels(params: &Params) -> Result<Labels, Refusal> {
    let mut pairs = Vec::new();
    for pair in params.all("extra_label") {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => pairs.push((name, value)),
            _ => {
                return Err(bad(format!(
                    "wanted extra_label=name=value, found {pair:?}"
                )));
            }
        }
    }
    Ok(Labels::from_pairs(pairs))
}

fn bad(message: String) -> Refusal {
    Refusal(StatusCode::BAD_REQUEST, message)
}
