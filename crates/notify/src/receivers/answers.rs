//! What several services say in their answers besides the status.

use std::time::Duration;

use serde_json::Value;

use crate::{Answer, Verdict};

/// The longest pause that a body may ask for, as for the header `Retry-After`.
const PAUSE_MAX: Duration = Duration::from_secs(60 * 60);

/// Returns the verdict that another attempt may help: after the seconds that the body names, or else those of the header.
pub(super) fn retry(answer: &Answer, seconds: Option<&Value>) -> Verdict {
    let named = seconds.and_then(Value::as_f64);
    let named = named.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let named = named.map(|pause| pause.min(PAUSE_MAX));
    Verdict::Retry {
        after: named.or_else(|| answer.retry_after()),
        reason: answer.reason(),
    }
}

/// Returns the body as JSON, when it is.
pub(super) fn json(answer: &Answer) -> Option<Value> {
    serde_json::from_slice(&answer.body).ok()
}
