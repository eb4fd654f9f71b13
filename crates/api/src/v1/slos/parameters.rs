//! Which parameters a path takes. Any other one is refused: it is most likely misspelt, and an answer without what it was
//! meant to say would pass for one with it.

use axum::http::Uri;

use crate::error::ApiError;

/// Refuses the first parameter that is none of these.
pub(in crate::v1) fn check(uri: &Uri, known: &[&str]) -> Result<(), ApiError> {
    let query = uri.query().unwrap_or_default();
    let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    let Some(unknown) = names.find(|name| !known.contains(&&**name)) else {
        return Ok(());
    };
    let reason = match known {
        [] => "this path takes no parameters".to_owned(),
        known => format!("this path takes {}", known.join(", ")),
    };
    Err(ApiError::parameter(&unknown, reason))
}
