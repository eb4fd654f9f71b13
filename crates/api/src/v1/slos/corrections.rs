//! `/api/v1/slos/{service}/{name}/corrections`: times whose events count differently.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use plimsoll_runtime::config::Source;
use plimsoll_slo::{Correction, file};
use plimsoll_types::{ByteCount, format_duration};
use serde_json::{Value, json};

use super::definition::selector;
use super::{Id, parameters, slos, success, time};
use crate::app::App;
use crate::body;
use crate::error::{ApiError, Kind};
use crate::number::rfc3339;
use crate::params::Params;

/// A correction is a few lines.
const BODY_MAX: ByteCount = ByteCount::KIB.times(64);
/// What diagnostics would name a file; callers see none.
const BODY: &str = "body";

/// Lists the corrections of an SLO, those of its file and those that were taken back among them.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    uri: Uri,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &[])?;
    let found = slos.corrections(&format!("{service}/{name}")).await?;
    let listed: Vec<Value> = found.iter().map(view).collect();
    Ok(success(&json!({"corrections": listed})))
}

/// Takes a correction: the fields of an entry of `corrections` in a file.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    uri: Uri,
    body: Body,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &[])?;
    let (bytes, _share) = body::read(&app, body, BODY_MAX)
        .await
        .map_err(|unread| ApiError::new(unread.kind, unread.reason))?;
    let correction = read(&app, &bytes)?;
    let shown = view(&correction);
    slos.correct(&format!("{service}/{name}"), correction)
        .await?;
    Ok((StatusCode::CREATED, success(&shown)).into_response())
}

/// Takes a correction back; `author` says who does.
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    Path((service, name, id)): Path<(String, String, String)>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &["author"])?;
    let params = Params::from_query(uri.query());
    let Some(author) = params.get("author") else {
        return Err(ApiError::parameter("author", "wanted who takes it back"));
    };
    slos.revoke(&format!("{service}/{name}"), &id, author)
        .await?;
    Ok(success(&json!({"id": id})))
}

fn read(app: &App, bytes: &[u8]) -> Result<Correction, ApiError> {
    let refused = |reason: String| ApiError::new(Kind::BadData, reason);
    let text = str::from_utf8(bytes).map_err(|error| refused(error.to_string()))?;
    let now = app.parts.clock.now();
    let source = Source::new(FilePath::new(BODY), text);
    let read = source.and_then(|source| file::read_correction(&source, now));
    read.map_err(|findings| {
        let reasons = findings.iter().map(|finding| match &finding.hint {
            Some(hint) => format!("{} ({hint})", finding.message),
            None => finding.message.clone(),
        });
        refused(reasons.collect::<Vec<_>>().join("; "))
    })
}

fn view(correction: &Correction) -> Value {
    let (rule, zone) = match &correction.repeat {
        Some((rule, zone)) => (Some(&**rule), zone.iana_name().or(Some("UTC"))),
        None => (None, None),
    };
    json!({
        "id": &*correction.id,
        "kind": correction.kind.as_str(),
        "from": rfc3339(correction.from),
        "for": format_duration(correction.length),
        "repeat": rule,
        "zone": zone,
        "match": (!correction.matchers.is_empty()).then(|| selector(&correction.matchers)),
        "reason": correction.reason,
        "author": correction.author,
        "created": rfc3339(correction.created),
        "revoked": time(correction.revoked),
    })
}
