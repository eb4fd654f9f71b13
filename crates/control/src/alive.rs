//! When rules were last evaluated by anybody: a mark in the store, so that a start knows how long nobody did.
//!
//! The mark is a lease that nobody needs: whoever evaluates rules prolongs it twice a minute and never gives it back, so
//! its end tells when the last one stopped, gracefully or not.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_state::Store;

const NAME: &str = "rules-alive";
/// How far ahead the mark is set.
const AHEAD: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(30);
/// How long the start waits for the answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Returns for how long nobody evaluated rules; zero when somebody does, when nobody ever did, or when it cannot be told.
pub(crate) async fn outage(store: &dyn Store, clock: &dyn Clock) -> Duration {
    let holders = tokio::select! {
        holders = store.holders() => holders,
        () = clock.sleep(ANSWER_MAX) => return Duration::ZERO,
    };
    let Ok(holders) = holders else {
        return Duration::ZERO;
    };
    let Some(mark) = holders.into_iter().find(|holder| holder.name == NAME) else {
        return Duration::ZERO;
    };
    let since = clock.now().millis_since(mark.expires - AHEAD);
    Duration::from_millis(since.max(0) as u64)
}

/// Keeps the mark until `stop`.
pub(crate) async fn mark(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    owner: String,
    stop: Shutdown,
) {
    while !stop.is_triggered() {
        tokio::select! {
            marked = store.acquire(NAME, &owner, AHEAD) => {
                if let Err(error) = marked {
                    tracing::debug!(error = error.chain(), "the mark that rules are evaluated was not set");
                }
            }
            () = clock.sleep(EVERY) => {}
            () = stop.wait() => return,
        }
        tokio::select! {
            () = clock.sleep(EVERY) => {}
            () = stop.wait() => {}
        }
    }
}
