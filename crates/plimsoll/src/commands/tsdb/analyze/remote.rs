//! Asking a server what its active series are.

use std::time::Duration;

use plimsoll_types::format_duration;
use serde_json::Value;

use crate::commands::Failure;
use crate::commands::server::{Server, read_answer};

/// Returns what the server's API says.
pub(super) fn ask(
    server: &Server,
    limit: usize,
    unused_after: Duration,
    churn: Option<Duration>,
) -> Result<Value, Failure> {
    let (limit, unused_after) = (limit.to_string(), format_duration(unused_after));
    let churn = churn.map(format_duration);
    let mut parameters = vec![("limit", &*limit), ("unused_after", &*unused_after)];
    parameters.extend(churn.as_deref().map(|churn| ("churn", churn)));
    let body = server.get("api/v1/status/cardinality", &parameters)?;
    Ok(read_answer(server, &body)?["data"].take())
}
