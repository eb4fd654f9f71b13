//! Who is let in: rate limits and the bulkhead of the route, then the door of the backend.

use std::sync::Arc;

use http::{HeaderMap, StatusCode};
use plimsoll_traffic::limit::admission::{Ask, Refused, Why};

use super::exchange::Exchange;
use super::own::Own;
use crate::affinity::key_hash;
use crate::gateway::{Door, Route};
use crate::reason::Reason;

/// Requests that have nothing of a limit's key share this bucket.
const NO_KEY: u64 = 0;

/// Asks the route's limits.
pub(super) fn limits(
    exchange: &mut Exchange,
    route: &Route,
    headers: &HeaderMap,
) -> Result<(), Own> {
    let limits = &route.state.limits;
    let now = if limits.is_empty() {
        exchange.record.began
    } else {
        exchange.now()
    };
    for limit in limits {
        let key = key_hash(&limit.model.key, headers, exchange.record.client.ip());
        let Err(refused) = limit.limiter.take(key.unwrap_or(NO_KEY), now) else {
            continue;
        };
        if limit.model.dry_run {
            let record = &exchange.record;
            let recorder = &exchange.worker.recorder;
            recorder.dry_run(route.entry.id, record.criticality, &limit.model.name);
            continue;
        }
        let text = format!("the rate limit {:?} is reached", limit.model.name);
        let own = Own::new(StatusCode::TOO_MANY_REQUESTS, Reason::RateLimited, text);
        return Err(own.retry_after(refused.retry_after));
    }
    if let Some(bulkhead) = &route.state.bulkhead {
        let Some(place) = bulkhead.enter() else {
            let text = format!(
                "the route has {} requests in flight already",
                bulkhead.places()
            );
            let own = Own::new(StatusCode::SERVICE_UNAVAILABLE, Reason::QueueFull, text);
            return Err(own.retry_after(std::time::Duration::from_secs(1)));
        };
        exchange.held.place = Some(place);
    }
    Ok(())
}

/// Waits at the backend's door.
pub(super) async fn door(exchange: &mut Exchange, door: &Arc<Door>) -> Result<(), Own> {
    let client = exchange.record.client.ip();
    let ask = Ask {
        class: exchange.record.criticality,
        key: key_hash(&crate::model::LimitKey::Client, &HeaderMap::new(), client),
    };
    match door.enter(ask).await {
        Ok(entered) => {
            exchange.record.queue_wait = entered.waited;
            exchange.held.entered = Some(entered);
            Ok(())
        }
        Err(refused) => {
            exchange.record.queue_wait = refused.waited;
            Err(sent_away(refused))
        }
    }
}

fn sent_away(refused: Refused) -> Own {
    let (reason, text) = match refused.why {
        Why::Full => (Reason::QueueFull, "too many requests wait already"),
        Why::WaitedTooLong => (Reason::QueueTimeout, "it waited too long for its turn"),
        Why::Shed => (
            Reason::Shed,
            "requests of this criticality are shed while waits are long",
        ),
    };
    let own = Own::new(StatusCode::SERVICE_UNAVAILABLE, reason, text);
    own.retry_after(refused.retry_after)
}
