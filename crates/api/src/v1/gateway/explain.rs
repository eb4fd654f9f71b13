//! `/api/v1/gateway/explain`: where a request would go that the parameters describe.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use plimsoll_traffic::surface::Question;

use super::taken::ExplanationShown;
use super::{answered, parameters, success};
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::Described;
use crate::params::Params;

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    to.get(
        "/api/v1/gateway/explain",
        "Says where a request would go, and why not elsewhere.",
    )
    .takes("method", "Default GET.")
    .takes("host", "Default localhost.")
    .takes("path", "Default /.")
    .takes_all("header", "`Name: value`.")
    .takes("client", "An address; default 127.0.0.1.")
    .takes("listener", "Default the first for HTTP.")
    .answers::<ExplanationShown<'static>>();
}

/// Explains where a request would go: `method` (GET), `host` (localhost), `path` (/), every `header=Name: value`, the
/// address of its `client` (127.0.0.1) and the `listener` (the first for HTTP).
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    parameters::check(
        &uri,
        &["listener", "method", "host", "path", "header", "client"],
    )?;
    let question = read(&params)?;
    answered(&app, move |gateway| {
        let explanation = gateway.explain(&question)?;
        Ok(success(&ExplanationShown::from(&explanation)))
    })
    .await
}

fn read(params: &Params) -> Result<Question, ApiError> {
    let or = |name: &str, default: &str| params.get(name).unwrap_or(default).to_owned();
    let client = params.get("client").map(|text| {
        let known = text.parse::<IpAddr>();
        known.map_err(|error| ApiError::parameter("client", error))
    });
    let headers = params.all("header").map(|text| match text.split_once(':') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => {
            let reason = format!("wanted name: value, found {text:?}");
            Err(ApiError::parameter("header", reason))
        }
    });
    Ok(Question {
        listener: params.get("listener").map(str::to_owned),
        method: or("method", "GET"),
        host: or("host", "localhost"),
        path: or("path", "/"),
        headers: headers.collect::<Result<_, _>>()?,
        client: client.transpose()?.unwrap_or(Ipv4Addr::LOCALHOST.into()),
    })
}
