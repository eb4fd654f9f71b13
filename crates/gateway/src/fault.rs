//! What a route breaks on purpose: delays, aborts and resets, by share and header, for as long as they are wanted.

use http::{HeaderMap, StatusCode};
use plimsoll_types::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::gateway::{Route, Worker};
use crate::model::{Effect, Fault, HeaderMatch, TextMatch};

/// What ends a request here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Injected {
    /// It is answered with this status.
    Abort(StatusCode),
    /// Its connection or stream is reset.
    Reset,
}

/// Injects the faults of a route, those of the file and those that were ordered: waits, and says what ends the request.
///
/// # Cancel safety
/// Dropping the future ends the wait.
pub(crate) async fn inject(
    route: &Route,
    worker: &Worker,
    headers: &HeaderMap,
) -> Option<Injected> {
    let ordered = route.state.faults.load();
    let declared = &route.entry.route.faults;
    if declared.is_empty() && ordered.is_none() {
        return None;
    }
    let now = worker.gateway.clock().now();
    let ordered = ordered.as_ref().map_or(&[][..], |faults| &faults[..]);
    let mut delay = std::time::Duration::ZERO;
    let mut end = None;
    for fault in declared.iter().chain(ordered) {
        if !is_due(fault, headers, now) || worker.chance() >= fault.share {
            continue;
        }
        match fault.effect {
            Effect::Delay(wait) => delay = delay.max(wait),
            Effect::Abort(status) => end = end.or(Some(Injected::Abort(status))),
            Effect::Reset => end = end.or(Some(Injected::Reset)),
        }
    }
    if !delay.is_zero() {
        match Instant::now().checked_add(delay) {
            Some(until) => sleep_until(until).await,
            None => std::future::pending().await,
        }
    }
    end
}

fn is_due(fault: &Fault, headers: &HeaderMap, now: Timestamp) -> bool {
    let is_in_time = fault.until.is_none_or(|until| now < until);
    let header = fault.header.as_ref();
    is_in_time && header.is_none_or(|header| has(header, headers))
}

/// Says whether one of the header's values is as it is wanted.
fn has(wanted: &HeaderMatch, headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(&wanted.name).iter();
    match &wanted.value {
        TextMatch::Present => values.next().is_some(),
        TextMatch::Absent => values.next().is_none(),
        TextMatch::Exact(text) => values.any(|value| value.as_bytes() == text.as_bytes()),
        TextMatch::Regex(pattern) => values
            .filter_map(|value| value.to_str().ok())
            .any(|text| pattern.is_match(text)),
    }
}
