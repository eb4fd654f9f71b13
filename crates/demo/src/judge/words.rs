//! Words of the verdict.

use std::collections::BTreeMap;
use std::time::Duration;

/// Writes labels as `ErrorBudgetBurn{severity="page"}`.
pub(super) fn labels(labels: &BTreeMap<String, String>) -> String {
    let name = labels.get("alertname").map_or("", String::as_str);
    let others = labels.iter().filter(|(name, _)| *name != "alertname");
    let others: Vec<_> = others
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    match others.is_empty() {
        true => name.to_owned(),
        false => format!("{name}{{{}}}", others.join(", ")),
    }
}

/// Writes a length in seconds, with a digit where that says more.
pub(super) fn seconds(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    match seconds < 10.0 {
        true => format!("{seconds:.1} s"),
        false => format!("{seconds:.0} s"),
    }
}

/// Writes a share as percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
