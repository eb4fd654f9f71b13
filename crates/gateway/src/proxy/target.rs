//! Where a request goes by its route: the path that an endpoint sees, redirects, fixed answers.

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{Response, StatusCode};

use super::body::Body;
use super::exchange::Exchange;
use super::headers;
use crate::model::{Action, Route};
use crate::reason::Reason;
use crate::router::Found;
use crate::server::ConnectionInfo;

/// Returns path and query as the endpoint sees them; `None` when a rewrite makes something that is no path.
pub(super) fn path_and_query(found: &Found<'_>, parts: &Parts) -> Option<PathAndQuery> {
    let rewrite = found.entry.route.rewrite.path.as_ref();
    if rewrite.is_none() && found.path.is_none() {
        let same = parts.uri.path_and_query().cloned();
        return Some(same.unwrap_or_else(|| PathAndQuery::from_static("/")));
    }
    let path = found.path(parts.uri.path(), rewrite);
    let text = match parts.uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.into_owned(),
    };
    PathAndQuery::try_from(text).ok()
}

/// Sends the client elsewhere.
pub(super) fn redirect(
    exchange: Box<Exchange>,
    found: &Found<'_>,
    parts: &Parts,
    connection: &ConnectionInfo,
) -> Response<Body> {
    let Action::Redirect {
        status,
        scheme,
        authority,
        path,
    } = &found.entry.route.action
    else {
        return answered(exchange, StatusCode::NOT_FOUND, None, Bytes::new());
    };
    let scheme = scheme.as_deref().unwrap_or_else(|| connection.scheme());
    let authority = match authority {
        Some(authority) => authority,
        // The port that the client named is where the other scheme is not.
        None if scheme != connection.scheme() => headers::host(parts),
        None => headers::authority(parts),
    };
    let path = found.path(parts.uri.path(), path.as_ref());
    let query = parts.uri.query().map(|query| format!("?{query}"));
    let location = format!("{scheme}://{authority}{path}{}", query.unwrap_or_default());
    let location = HeaderValue::try_from(location).ok();
    let location = location.map(|location| (header::LOCATION, location));
    answered(exchange, *status, location, Bytes::new())
}

/// Answers as the route says.
pub(super) fn fixed(exchange: Box<Exchange>, route: &Route) -> Response<Body> {
    let Action::Answer {
        status,
        body,
        content_type,
    } = &route.action
    else {
        return answered(exchange, StatusCode::NOT_FOUND, None, Bytes::new());
    };
    let content_type = (!body.is_empty()).then(|| (header::CONTENT_TYPE, content_type.clone()));
    let body = Bytes::copy_from_slice(body.as_bytes());
    answered(exchange, *status, content_type, body)
}

fn answered(
    mut exchange: Box<Exchange>,
    status: StatusCode,
    line: Option<(header::HeaderName, HeaderValue)>,
    body: Bytes,
) -> Response<Body> {
    exchange.end(Reason::Answered);
    exchange.record.status = status.as_u16();
    exchange.record.head_after = exchange.now().since(exchange.record.began);
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().extend(line);
    if let Some(route) = &exchange.route {
        headers::rewrite(
            response.headers_mut(),
            &route.entry.route.rewrite.response_headers,
        );
    }
    *response.body_mut() = Body::own(body, exchange);
    response
}
