//! VictoriaMetrics' paths with a tenant in them: `/select/0/prometheus/api/v1/query` is `/api/v1/query`.
//!
//! | path | becomes |
//! |---|---|
//! | `/select/<tenant>/prometheus/<rest>`, `/insert/...`, `/delete/...` | `/<rest>` |
//! | `/insert/<tenant>/influx/<rest>` | `/influx/<rest>` |
//!
//! There is one tenant, 0; any other is refused by name instead of being mixed up with it.

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::response::IntoResponse;
use axum::routing::any;
use tower::ServiceExt;

use crate::error::{ApiError, Kind};

/// Returns the paths with a tenant; `inner` answers them.
pub(crate) fn routes(inner: &Router) -> Router {
    let mut router = Router::new();
    for verb in ["select", "insert", "delete"] {
        let inner = inner.clone();
        let forward = async move |Path((tenant, rest)): Path<(String, String)>,
                                  request: Request| {
            match rewritten(&tenant, &rest, request) {
                Ok(request) => match inner.oneshot(request).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                },
                Err(error) => error.into_response(),
            }
        };
        router = router.route(&format!("/{verb}/{{tenant}}/{{*rest}}"), any(forward));
    }
    router
}

/// Makes the request that a path without a tenant would have made.
fn rewritten(tenant: &str, rest: &str, mut request: Request) -> Result<Request, ApiError> {
    if !matches!(tenant, "0" | "0:0") {
        let reason =
            format!("the tenant {tenant:?} is not known: this server has the tenant 0 only");
        return Err(ApiError::new(Kind::BadData, reason));
    }
    let unknown = || ApiError::new(Kind::NotFound, format!("there is nothing at {rest:?}"));
    // The path as it was sent: what is escaped in it must not be read twice.
    let path = request.uri().path();
    let raw = path.splitn(4, '/').nth(3).ok_or_else(unknown)?;
    let own = match raw.split_once('/') {
        Some(("prometheus", rest)) => rest,
        Some(("influx", _)) => raw,
        _ => return Err(unknown()),
    };
    let target = match request.uri().query() {
        Some(query) => format!("/{own}?{query}"),
        None => format!("/{own}"),
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).map_err(|_| unknown())?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| unknown())?;
    // What the first routing found is nothing of the second one's.
    request.extensions_mut().clear();
    Ok(request)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::StatusCode;

    use super::*;

    fn check(uri: &str, tenant: &str) -> Result<String, StatusCode> {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        match rewritten(tenant, "...", request) {
            Ok(request) => Ok(request.uri().to_string()),
            Err(error) => Err(error.into_text().0),
        }
    }

    #[test]
    fn the_tenant_leaves_the_path() {
        let query = check("/select/0/prometheus/api/v1/label/a%2Fb/values?x=%2F", "0");
        assert_eq!(query.unwrap(), "/api/v1/label/a%2Fb/values?x=%2F");
        assert_eq!(
            check("/insert/0:0/influx/write", "0:0").unwrap(),
            "/influx/write"
        );
        assert_eq!(
            check("/select/7/prometheus/api/v1/query", "7").unwrap_err(),
            400
        );
        assert_eq!(check("/select/0/graphite/render", "0").unwrap_err(), 404);
    }
}
