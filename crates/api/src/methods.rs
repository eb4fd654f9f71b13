//! Methods and origins as Prometheus answers them, for every path.
//!
//! | request | answer |
//! |---|---|
//! | `OPTIONS` below `/api/v1` | 204, whatever the path |
//! | `OPTIONS` elsewhere | 200 with `Allow` |
//! | `HEAD` | 405, but for `/-/healthy` and `/-/ready` |
//! | a method that the path does not have | 405 with `Allow` and a text |
//! | anything below `/api/v2` | what Alertmanager answers; `OPTIONS` with an `Origin` 204 |
//! | an `Origin` that `--web.cors.origin` matches, below `/api/v1` and `/api/v2` | the answer, with the headers that let its page read it |
//!
//! A page that may read may still not write: see [`origin`](crate::origin).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use plimsoll_types::Pattern;

/// No path of ours has this method: asking with it tells which methods a path has.
const PROBE: Method = Method::TRACE;

/// Answers what Prometheus answers about methods and origins.
pub(crate) async fn as_prometheus(
    State(origins): State<Arc<Pattern>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    // Alertmanager's API answers for itself, in JSON.
    let is_alertmanager = crate::v2::is_path(path);
    let is_api = path.starts_with("/api/v1/") || is_alertmanager;
    let has_head = matches!(path, "/-/healthy" | "/-/ready");
    let method = request.method().clone();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let is_preflight = method == Method::OPTIONS && (!is_alertmanager || origin.is_some());
    let mut response = if is_preflight && is_api {
        StatusCode::NO_CONTENT.into_response()
    } else if is_alertmanager {
        next.run(request).await
    } else if method == Method::OPTIONS || (method == Method::HEAD && !has_head) {
        *request.method_mut() = PROBE;
        *request.body_mut() = Body::empty();
        next.run(request).await
    } else {
        next.run(request).await
    };
    if response.status() == StatusCode::METHOD_NOT_ALLOWED && !is_alertmanager {
        response = without_method(response.headers(), &method, has_head);
    }
    if is_api {
        let vary = HeaderValue::from_static("Origin");
        response.headers_mut().append(header::VARY, vary);
        if let Some(origin) = origin {
            allow(&origins, origin, response.headers_mut());
        }
    }
    response
}

/// Names the methods that a path has, as an answer to `OPTIONS` or as a refusal.
fn without_method(found: &HeaderMap, method: &Method, has_head: bool) -> Response {
    let allowed = found
        .get(header::ALLOW)
        .and_then(|value| value.to_str().ok());
    let mut methods: Vec<&str> = allowed
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && (*name != "HEAD" || has_head))
        .chain(["OPTIONS"])
        .collect();
    methods.sort_unstable();
    let allow = [(header::ALLOW, methods.join(", "))];
    if *method == Method::OPTIONS {
        return (StatusCode::OK, allow).into_response();
    }
    let plain = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (
        StatusCode::METHOD_NOT_ALLOWED,
        allow,
        plain,
        "Method Not Allowed\n",
    )
        .into_response()
}

/// Lets the page of an origin read the answer.
fn allow(origins: &Pattern, origin: HeaderValue, headers: &mut HeaderMap) {
    let is_allowed = origin.to_str().is_ok_and(|origin| origins.is_match(origin));
    if !is_allowed {
        return;
    }
    let fixed = [
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "Accept, Authorization, Content-Type, Origin",
        ),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Date"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
}
