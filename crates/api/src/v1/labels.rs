//! `/api/v1/labels` and `/api/v1/label/<name>/values`.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::envelope::{self, Notes};
use crate::error::{ApiError, Kind};
use crate::openapi::Described;
use crate::params::Params;

/// Names of labels, or values of one.
#[derive(Serialize, ToSchema)]
#[schema(as = LabelTexts)]
struct Texts(Vec<String>);

/// Describes the paths.
pub(super) fn describe(to: &mut Described) {
    let names = to.get_or_post("/api/v1/labels", "Lists names of labels.");
    super::series::chosen(names).answers::<Texts>();
    let values = to.get(
        "/api/v1/label/{name}/values",
        "Lists the values of a label.",
    );
    super::series::chosen(values).answers::<Texts>();
}

/// Returns label names.
pub(crate) async fn names(
    State(app): State<Arc<App>>,
    params: Params,
) -> Result<Response, ApiError> {
    app.ask(None, move |app, _| {
        let (limit, range, selectors) = (params.limit()?, params.range()?, params.selectors()?);
        if range.is_empty() {
            return Ok(envelope::raw("[]", &Notes::default()));
        }
        let queryable = &app.parts.queryable;
        let mut found = queryable.label_names(&selectors, range, limit.saturating_add(1))?;
        let notes = envelope::cut(&mut found, limit);
        Ok(envelope::success(&Texts(found), &notes))
    })
    .await
}

/// Returns the values of a label.
pub(crate) async fn values(
    State(app): State<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
    params: Params,
) -> Result<Response, ApiError> {
    let invalid = |name: &str| ApiError::new(Kind::BadData, format!("invalid label name: {name}"));
    let Path(name) = name.map_err(|_| invalid("it is not UTF-8"))?;
    let name = unescape(&name);
    if name.is_empty() {
        return Err(invalid("\"\""));
    }
    app.ask(None, move |app, _| {
        let (limit, range, selectors) = (params.limit()?, params.range()?, params.selectors()?);
        if range.is_empty() {
            return Ok(envelope::raw("[]", &Notes::default()));
        }
        let queryable = &app.parts.queryable;
        let mut found =
            queryable.label_values(&name, &selectors, range, limit.saturating_add(1))?;
        let notes = envelope::cut(&mut found, limit);
        Ok(envelope::success(&Texts(found), &notes))
    })
    .await
}

/// Reads the `U__` escaping of UTF-8 names: `__` is an underscore, `_1F40_` the character of that number.
///
/// A text that is not well escaped is taken as it is, as Prometheus does.
fn unescape(name: &str) -> String {
    let Some(escaped) = name.strip_prefix("U__") else {
        return name.into();
    };
    let mut plain = String::new();
    let mut rest = escaped;
    while let Some((before, after)) = rest.split_once('_') {
        plain.push_str(before);
        if let Some(after) = after.strip_prefix('_') {
            plain.push('_');
            rest = after;
            continue;
        }
        let decoded = after.split_once('_').and_then(|(digits, rest)| {
            let number = u32::from_str_radix(digits, 16)
                .ok()
                .filter(|_| digits.len() <= 6)?;
            Some((char::from_u32(number)?, rest))
        });
        let Some((character, after)) = decoded else {
            return name.into();
        };
        plain.push(character);
        rest = after;
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_escaped_names() {
        for (escaped, plain) in [
            ("job", "job"),
            ("U__my_2e_metric", "my.metric"),
            ("U__a__b", "a_b"),
            ("U___1F40_x", "ὀx"),
            ("U__bad_zz_", "U__bad_zz_"),
            ("U__open_2e", "U__open_2e"),
        ] {
            assert_eq!(unescape(escaped), plain, "{escaped}");
        }
    }
}
