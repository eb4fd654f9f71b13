//! Waiting for processes that nobody here wrote, and the time that they live in.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Tries `condition` until it is fulfilled, and returns what it brings.
///
/// Another process tells nobody here when it is ready, has scraped or has ended, so this looks again after a short
/// sleep. No result depends on how long it takes.
///
/// # Errors
/// After `deadline`: `what` was waited for, and what the last try lacked.
#[expect(
    clippy::disallowed_methods,
    reason = "foreign processes live in real time, which no simulated clock moves"
)]
pub fn wait_until<T>(
    deadline: Duration,
    what: &str,
    mut condition: impl FnMut() -> Result<T>,
) -> Result<T> {
    let begin = Instant::now();
    loop {
        match condition() {
            Ok(found) => return Ok(found),
            Err(error) if begin.elapsed() >= deadline => {
                return Err(anyhow!("{what}: not within {deadline:?}, last: {error:#}"));
            }
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// Sleeps until the machine's clock stands at a point in time, in milliseconds since the epoch.
///
/// For scripts whose steps have times: what is compared are two programs that go through them side by side, never one of
/// them with a time of ours.
pub(crate) fn sleep_until_millis(at: i64) {
    let left = at - now_millis();
    if let Ok(left) = u64::try_from(left) {
        std::thread::sleep(Duration::from_millis(left));
    }
}

/// Returns the wall time in milliseconds since the epoch, as the processes see it.
///
/// # Panics
/// When the machine's clock stands before 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "foreign processes live in real time, which no simulated clock moves"
)]
pub fn now_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since
        .expect("the machine's clock stands after 1970")
        .as_millis();
    i64::try_from(millis).expect("milliseconds fit for 292 million years")
}

/// Writes milliseconds since the epoch as RFC 3339, in UTC.
///
/// # Panics
/// Outside of the years -9999 to 9999.
pub fn rfc_3339_of_millis(millis: i64) -> String {
    let time = jiff::Timestamp::from_millisecond(millis);
    time.expect("a year of four digits").to_string()
}
