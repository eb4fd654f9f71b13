//! `/api/v1/status/files`: the files that are in force, what each defines, and how the last reloads went.

use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::slos::parameters;
use crate::envelope::{self, Notes};
use crate::error::ApiError;
use crate::openapi::Described;
use crate::openapi::values::Time;
use crate::ui::{ConfiguredObject, Desk, FileInForce, ReloadOutcome};

/// The files that are in force, and how the last reloads went.
#[derive(Serialize, ToSchema)]
#[schema(as = FilesInForce)]
struct FilesView<'a> {
    files: Vec<FileView<'a>>,
    /// The last one first.
    reloads: Vec<ReloadView<'a>>,
}

/// A file that is in force.
#[derive(Serialize, ToSchema)]
#[schema(as = FileInForce)]
#[serde(rename_all = "camelCase")]
struct FileView<'a> {
    path: &'a str,
    /// `prometheus`, `rules`, `alertmanager`, `templates`, `slo`, `gateway` or `file`.
    role: &'a str,
    loaded_at: Time,
    bytes: u64,
    objects: Vec<ObjectView<'a>>,
    /// With stars for secrets.
    text: &'a str,
    /// Whether the text is only the begin of the file.
    is_cut: bool,
}

/// Something that a file defines.
#[derive(Serialize, ToSchema)]
#[schema(as = FileObject)]
struct ObjectView<'a> {
    kind: &'a str,
    name: &'a str,
    line: usize,
}

/// How a reload went.
#[derive(Serialize, ToSchema)]
#[schema(as = Reload)]
struct ReloadView<'a> {
    at: Time,
    ok: bool,
    message: &'a str,
}

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get(
        "/api/v1/status/files",
        "Shows the files that are in force, without secrets.",
    )
    .answers::<FilesView<'static>>();
}

/// Returns the files that are in force.
pub(super) async fn files(State(desk): State<Arc<Desk>>, uri: Uri) -> Result<Response, ApiError> {
    parameters::check(&uri, &[])?;
    // On a blocking thread: texts may be long.
    desk.ask(|desk| {
        let files = desk.parts.files.files();
        let reloads = desk.parts.files.reloads();
        let view = FilesView {
            files: files.iter().map(file).collect(),
            reloads: reloads.iter().map(reload).collect(),
        };
        Ok(envelope::success(&view, &Notes::default()))
    })
    .await
}

fn file(file: &FileInForce) -> FileView<'_> {
    FileView {
        path: &file.path,
        role: file.role,
        loaded_at: Time(file.loaded),
        bytes: file.bytes,
        objects: file.objects.iter().map(object).collect(),
        text: &file.text,
        is_cut: file.is_cut,
    }
}

fn object(object: &ConfiguredObject) -> ObjectView<'_> {
    ObjectView {
        kind: object.kind,
        name: &object.name,
        line: object.line,
    }
}

fn reload(outcome: &ReloadOutcome) -> ReloadView<'_> {
    ReloadView {
        at: Time(outcome.at),
        ok: outcome.is_ok,
        message: &outcome.message,
    }
}
