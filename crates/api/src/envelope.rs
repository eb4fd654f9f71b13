//! The envelope of every JSON answer: `{"status":"success","data":...}` with warnings and infos.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// What the caller should know beside the data.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// What makes the data doubtful.
    pub(crate) warnings: Vec<String>,
    /// What may be of interest.
    pub(crate) infos: Vec<String>,
}

/// Wraps data that is already JSON.
pub(crate) fn raw(data: &str, notes: &Notes) -> Response {
    let mut text = String::with_capacity(data.len() + 64);
    text.push_str(r#"{"status":"success","data":"#);
    text.push_str(data);
    for (name, messages) in [("warnings", &notes.warnings), ("infos", &notes.infos)] {
        if !messages.is_empty() {
            let list = serde_json::to_string(messages).expect("strings become JSON");
            text.push_str(&format!(r#","{name}":{list}"#));
        }
    }
    text.push('}');
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// Wraps data.
pub(crate) fn success(data: &impl Serialize, notes: &Notes) -> Response {
    let data = serde_json::to_string(data).expect("views of ours become JSON");
    raw(&data, notes)
}

/// Cuts a list to `limit` entries, noting it in Prometheus' words when something was cut. Callers ask the store for
/// one entry more than the limit.
pub(crate) fn cut<T>(list: &mut Vec<T>, limit: usize) -> Notes {
    let mut notes = Notes::default();
    if list.len() > limit {
        list.truncate(limit);
        notes.warnings.push("results truncated due to limit".into());
    }
    notes
}
