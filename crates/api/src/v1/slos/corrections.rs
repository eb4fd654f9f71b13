//! `/api/v1/slos/{service}/{name}/corrections`: times whose events count differently.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use plimsoll_runtime::config::Source;
use plimsoll_slo::{Correction, file};
use plimsoll_types::ByteCount;
use serde::Serialize;
use utoipa::ToSchema;

use super::definition::selector;
use super::{Id, parameters, slos, success};
use crate::app::App;
use crate::body;
use crate::error::{ApiError, Kind};
use crate::openapi::values::{Length, Time};
use crate::openapi::words::SloCorrectionKind;
use crate::params::Params;

/// A correction is a few lines.
const BODY_MAX: ByteCount = ByteCount::KIB.times(64);
/// What diagnostics would name a file; callers see none.
const BODY: &str = "body";

/// The corrections of an SLO.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCorrections)]
pub(super) struct All<'a> {
    corrections: Vec<Shown<'a>>,
}

/// A time whose events count differently.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCorrection)]
pub(super) struct Shown<'a> {
    id: &'a str,
    kind: SloCorrectionKind,
    from: Time,
    #[serde(rename = "for")]
    length: Length,
    /// When it recurs: a rule of RFC 5545.
    repeat: Option<&'a str>,
    /// The time zone of the rule.
    zone: Option<String>,
    /// Of which series events are meant; `null` for all.
    #[serde(rename = "match")]
    matching: Option<String>,
    reason: &'a str,
    author: &'a str,
    created: Time,
    /// When it was taken back.
    revoked: Option<Time>,
}

/// A correction to be made: the fields of an entry of `corrections` in a file.
#[derive(ToSchema)]
#[schema(as = NewSloCorrection)]
#[expect(
    dead_code,
    reason = "the reader of files reads it; this says what it takes"
)]
pub(super) struct New {
    id: String,
    kind: SloCorrectionKind,
    /// RFC 3339.
    from: String,
    /// Either this or `for`.
    #[schema(nullable = false)]
    to: Option<String>,
    #[schema(nullable = false)]
    r#for: Option<String>,
    /// A rule of RFC 5545.
    #[schema(nullable = false)]
    repeat: Option<String>,
    /// The time zone of the rule.
    #[schema(nullable = false)]
    zone: Option<String>,
    /// A selector; without it all events are meant.
    #[schema(nullable = false)]
    r#match: Option<String>,
    reason: String,
    author: String,
}

/// A correction that was taken back.
#[derive(Serialize, ToSchema)]
#[schema(as = SloCorrectionRevoked)]
pub(super) struct Revoked<'a> {
    id: &'a str,
}

/// Lists the corrections of an SLO, those of its file and those that were taken back among them.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Path((service, name)): Id,
    uri: Uri,
) -> Result<Response, ApiError> {
    let slos = slos(&app)?;
    parameters::check(&uri, &[])?;
    let found = slos.corrections(&format!("{service}/{name}")).await?;
    let corrections = found.iter().map(Shown::from).collect();
    Ok(success(&All { corrections }))
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
    let answer = success(&Shown::from(&correction));
    slos.correct(&format!("{service}/{name}"), correction)
        .await?;
    Ok((StatusCode::CREATED, answer).into_response())
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
    Ok(success(&Revoked { id: &id }))
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

impl<'a> From<&'a Correction> for Shown<'a> {
    fn from(correction: &'a Correction) -> Self {
        let (repeat, zone) = match &correction.repeat {
            Some((rule, zone)) => (Some(&**rule), zone.iana_name().or(Some("UTC"))),
            None => (None, None),
        };
        let matchers = &correction.matchers;
        Self {
            id: &correction.id,
            kind: SloCorrectionKind(correction.kind),
            from: Time(correction.from),
            length: Length(correction.length),
            repeat,
            zone: zone.map(str::to_owned),
            matching: (!matchers.is_empty()).then(|| selector(matchers)),
            reason: &correction.reason,
            author: &correction.author,
            created: Time(correction.created),
            revoked: correction.revoked.map(Time),
        }
    }
}
