//! `/api/v1/gateway/tap`: requests as they end, as lines of JSON, until the client leaves or the server stops.
//!
//! | line | what |
//! |---|---|
//! | an object with `time` | a request, as in the access log |
//! | `{"missed":N}` | N requests were not shown, because the client read too slowly |
//! | empty | nothing, for 15 s: shows whether the client is still there |

mod line;

use std::io;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Uri, header};
use axum::response::{IntoResponse, Response};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::tasks::OnPanic;
use plimsoll_traffic::Criticality;
use plimsoll_traffic::surface::{Filter, Tap};
use tokio::sync::mpsc;

use super::{gateway, parameters};
use crate::app::App;
use crate::error::ApiError;
use crate::openapi::Described;
use crate::params::Params;

/// Lines that wait for a client; more wait in the tap, which drops them when they are too many.
const WAITING_MAX: usize = 64;
/// A client that is gone without a word is noticed after this time.
const SILENCE_MAX: Duration = Duration::from_secs(15);
/// Not application/json..., which is compressed, and so held back, for who takes gzip.
const KIND: &str = "application/x-jsonlines";
/// What a request may say.
const PARAMETERS: [&str; 12] = [
    "route",
    "backend",
    "endpoint",
    "class",
    "reason",
    "status",
    "method",
    "path_prefix",
    "client",
    "criticality",
    "at_least",
    "trace_id",
];

type Lines = mpsc::Sender<Result<Bytes, io::Error>>;

/// Describes the path.
pub(super) fn describe(to: &mut Described) {
    let mut operation = to.get(
        "/api/v1/gateway/tap",
        "Shows requests as they end, line by line.",
    );
    for name in PARAMETERS {
        operation = match name {
            "class" | "reason" => operation.takes_all(name, "Only requests of which this holds."),
            "at_least" => operation.takes(name, "Only requests that took so long."),
            name => operation.takes(name, "Only requests of which this holds."),
        };
    }
    operation.streams::<line::Line>(KIND);
}

/// Shows requests that pass a filter.
pub(super) async fn tap(
    State(app): State<Arc<App>>,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let gateway = gateway(&app)?;
    parameters::check(&uri, &PARAMETERS)?;
    let tap = gateway.tap(&filter(&params)?)?;
    let (lines, shown) = mpsc::channel(WAITING_MAX);
    let clock = app.parts.clock.clone();
    let tasks = &app.parts.tasks;
    tasks.spawn("gateway-tap", OnPanic::Report, |stop| async move {
        tokio::select! {
            () = show(tap, &lines, &*clock) => {}
            () = lines.closed() => {}
            () = stop.wait() => {}
        }
    });
    let stream = futures_util::stream::unfold(shown, |mut shown| async move {
        shown.recv().await.map(|line| (line, shown))
    });
    let headers = [
        (header::CONTENT_TYPE, KIND),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, Body::from_stream(stream)).into_response())
}

/// Sends lines until there are no more, or nobody reads them.
async fn show(mut tap: Box<dyn Tap>, lines: &Lines, clock: &dyn Clock) {
    loop {
        let line = tokio::select! {
            next = tap.next() => match next {
                Some(line) => format!("{line}\n"),
                None => return,
            },
            () = clock.sleep(SILENCE_MAX) => "\n".to_owned(),
        };
        if lines.send(Ok(line.into())).await.is_err() {
            return;
        }
        let missed = tap.missed();
        let missed = (missed > 0).then(|| format!("{{\"missed\":{missed}}}\n"));
        if let Some(line) = missed
            && lines.send(Ok(line.into())).await.is_err()
        {
            return;
        }
    }
}

fn filter(params: &Params) -> Result<Filter, ApiError> {
    let text = |name: &str| params.get(name).map(str::to_owned);
    let all = |name: &'static str| params.all(name).map(str::to_owned).collect();
    Ok(Filter {
        route: text("route"),
        backend: text("backend"),
        endpoint: text("endpoint"),
        classes: all("class"),
        reasons: all("reason"),
        status: parsed::<u16>(params, "status", "a status such as 503")?,
        method: text("method"),
        path_prefix: text("path_prefix"),
        client: parsed::<IpAddr>(params, "client", "an address")?,
        criticality: parsed::<Criticality>(params, "criticality", "P0, P1, P2 or P3")?,
        at_least: params.duration("at_least")?,
        trace_id: text("trace_id"),
    })
}

fn parsed<T: FromStr>(params: &Params, name: &str, wanted: &str) -> Result<Option<T>, ApiError> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let wrong = |_| ApiError::parameter(name, format!("wanted {wanted}, found {text:?}"));
    text.parse().map(Some).map_err(wrong)
}
