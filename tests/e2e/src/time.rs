//! Waiting for processes that nobody here wrote, and the time that they live in.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Tries `condition` until it is fulfilled, and returns what it brings.
///
/// Another process tells nobody here when it is ready, has scraped or has ended, so this looks again after a short
/// sleep. It is the only sleep of these tests, and no result depends on how long it takes.
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
