//! What operators and orchestrators ask: `/metrics`, `/-/healthy`, `/-/ready`, `/-/reload`, `/-/quit`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use tokio::sync::{mpsc, oneshot};

use crate::app::{ReloadError, ReloadRequest};
use crate::origin;

/// What is operated: the whole server, or one that does nothing but alerting.
pub(crate) trait Operated: Send + Sync + 'static {
    /// What a browser reads at `/`.
    const GREETING: &'static str;

    /// Our own metrics.
    fn registry(&self) -> &Registry;

    /// Where reload requests go.
    fn reloads(&self) -> &mpsc::Sender<ReloadRequest>;

    /// What `/-/quit` triggers, if it may.
    fn quit(&self) -> Option<&Shutdown>;

    /// Whether traffic is welcome.
    fn is_ready(&self) -> bool;
}

/// Operations, and a root that says what this is.
pub(crate) fn routes<A: Operated>() -> Router<Arc<A>> {
    let changes = Router::new()
        .route("/-/reload", post(reload::<A>).put(reload::<A>))
        .route("/-/quit", post(quit::<A>).put(quit::<A>))
        .route_layer(from_fn(origin::refuse_other_sites));
    Router::new()
        .route("/", get(async || A::GREETING))
        .route("/metrics", get(metrics::<A>))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready::<A>))
        .merge(changes)
}

/// Returns the router for the time before there is an [`App`](crate::App): a store that is being opened may take minutes, in which
/// an orchestrator must see that the process lives and a client that it should try again.
pub fn starting_router(registry: Arc<Registry>) -> Router {
    let metrics = async move |headers: HeaderMap| expose(&registry, &headers);
    let starting = || async {
        let text = "Plimsoll is starting: it reads its data back.\n";
        (StatusCode::SERVICE_UNAVAILABLE, text)
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/-/healthy", get(healthy))
        .fallback(starting)
}

/// Exposes our own metrics in the format that the client prefers.
async fn metrics<A: Operated>(State(app): State<Arc<A>>, headers: HeaderMap) -> Response {
    expose(app.registry(), &headers)
}

fn expose(registry: &Registry, headers: &HeaderMap) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let (content_type, body) = if prefers_openmetrics(accept) {
        (
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
            registry.render(),
        )
    } else {
        (
            "text/plain; version=0.0.4; charset=utf-8",
            registry.render_legacy(),
        )
    };
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

/// Says whether an `Accept` header ranks OpenMetrics above plain text; a browser or curl gets plain text.
fn prefers_openmetrics(accept: &str) -> bool {
    let weight = |wanted: &str| {
        let of_type = |range: &&str| {
            range
                .split(';')
                .next()
                .is_some_and(|kind| kind.trim() == wanted)
        };
        let quality = |range: &str| {
            let stated = range
                .split(';')
                .find_map(|parameter| parameter.trim().strip_prefix("q="));
            stated.map_or(1.0, |q| q.parse::<f64>().unwrap_or(0.0))
        };
        accept
            .split(',')
            .filter(of_type)
            .map(quality)
            .fold(0.0, f64::max)
    };
    let openmetrics = weight("application/openmetrics-text");
    openmetrics > 0.0 && openmetrics >= weight("text/plain")
}

async fn healthy() -> &'static str {
    "Plimsoll is healthy.\n"
}

async fn ready<A: Operated>(State(app): State<Arc<A>>) -> Response {
    if app.is_ready() {
        return "Plimsoll is ready.\n".into_response();
    }
    (
        StatusCode::SERVICE_UNAVAILABLE,
        "Plimsoll is not ready: it starts or stops.\n",
    )
        .into_response()
}

/// Reads the configuration again; an invalid one changes nothing and is answered with its diagnostics.
async fn reload<A: Operated>(State(app): State<Arc<A>>) -> Response {
    let (answer, outcome) = oneshot::channel();
    if app.reloads().try_send(answer).is_err() {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            "another reload is under way, try again\n",
        )
            .into_response();
    }
    match outcome.await {
        Ok(Ok(notes)) => notes.into_response(),
        Ok(Err(ReloadError::Refused(diagnostics))) => {
            (StatusCode::BAD_REQUEST, diagnostics).into_response()
        }
        Ok(Err(ReloadError::Failed(reason))) => {
            (StatusCode::INTERNAL_SERVER_ERROR, reason).into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "Plimsoll is stopping\n").into_response(),
    }
}

/// Stops the program, when that was allowed on its command line.
async fn quit<A: Operated>(State(app): State<Arc<A>>) -> Response {
    match app.quit() {
        Some(stop) => {
            stop.trigger();
            "Requesting termination... Goodbye!".into_response()
        }
        None => (StatusCode::FORBIDDEN, "Lifecycle API is not enabled.").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_for_those_who_ask_for_it() {
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        assert!(prefers_openmetrics(prometheus));
        assert!(prefers_openmetrics("application/openmetrics-text"));
        for accept in [
            "",
            "*/*",
            "text/plain",
            "application/openmetrics-text;q=0.2,text/plain;q=0.3",
        ] {
            assert!(!prefers_openmetrics(accept), "{accept}");
        }
    }
}
