//! `/api/v1/write`: remote write 1.0 and 2.0.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use plimsoll_ingest::push::{Encoding, Format};
use plimsoll_types::{Labels, Written};
use plimsoll_wire::remote_write::Version;

use super::push::{Refusal, answer, header_text, receive};
use crate::app::App;

const SAMPLES_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-samples-written");
const HISTOGRAMS_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-histograms-written");
const EXEMPLARS_WRITTEN: HeaderName =
    HeaderName::from_static("x-prometheus-remote-write-exemplars-written");

/// Stores a request of either version; what was stored is in the headers, whatever the status.
pub(crate) async fn remote_write(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let content_type = header_text(&headers, header::CONTENT_TYPE);
    let encoding = header_text(&headers, header::CONTENT_ENCODING);
    let outcome = match Version::negotiate(content_type, encoding) {
        Ok(version) => {
            let format = Format::RemoteWrite(version);
            receive(&app, format, Encoding::Snappy, Labels::empty(), body).await
        }
        Err(error) => Err(Refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            error.to_string(),
        )),
    };
    match outcome {
        Ok(outcome) => with_written(answer(&outcome), outcome.written()),
        Err(refusal) => with_written(refusal.into_response(), Written::default()),
    }
}

fn with_written(mut response: Response, written: Written) -> Response {
    let counts = [
        (SAMPLES_WRITTEN, written.floats),
        (HISTOGRAMS_WRITTEN, written.histograms),
        (EXEMPLARS_WRITTEN, written.exemplars),
    ];
    for (name, count) in counts {
        response
            .headers_mut()
            .insert(name, HeaderValue::from(count));
    }
    response
}
