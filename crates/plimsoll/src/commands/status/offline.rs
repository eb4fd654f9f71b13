//! What a start would find in a data directory, in the shape of the server's answer.

use std::path::Path;

use plimsoll_runtime::clock::{Clock, SystemClock};
use plimsoll_tsdb::{Config, ReadOnlyDb, Settings};
use plimsoll_types::{LogDamage, QuarantineStatus, RecoveryStatus, TierStatus};
use serde_json::{Value, json};

use crate::commands::Failure;

pub(super) fn status(directory: &Path) -> Result<Value, Failure> {
    let config = Config::new(Settings::new(directory)).map_err(Failure::failed)?;
    let clock = SystemClock::new();
    let begin = clock.monotonic();
    let store = ReadOnlyDb::open(&config).map_err(|error| Failure::failed(error.chain()))?;
    let status = RecoveryStatus {
        duration: clock.monotonic().since(begin),
        ..store.recovery_status()
    };
    let head = store.statistics(0).head;
    Ok(json!({
        "recovery": recovery(&status),
        "head": {
            "series": head.series,
            "samples": head.samples,
            "minTime": head.range.map(|range| range.start.millis()),
            "maxTime": head.range.map(|range| range.end.millis()),
            "logSegments": status.segments,
            "logBytes": status.bytes,
        },
        "tiers": store.tiers().iter().map(tier).collect::<Vec<_>>(),
        "quarantined": status.quarantined.iter().map(quarantined).collect::<Vec<_>>(),
    }))
}

fn recovery(status: &RecoveryStatus) -> Value {
    let damage = |list: &[LogDamage]| -> Vec<Value> {
        let view =
            |at: &LogDamage| json!({"segment": at.segment, "offset": at.offset, "bytes": at.bytes});
        list.iter().map(view).collect()
    };
    json!({
        "durationSeconds": status.duration.as_secs_f64(),
        "isClean": status.is_clean(),
        "segments": status.segments,
        "bytes": status.bytes,
        "records": status.records,
        "samples": status.samples,
        "deletions": status.deletions,
        "samplesInParts": status.samples_in_parts,
        "repeated": status.repeated,
        "withoutSeries": status.without_series,
        "undecodable": status.undecodable,
        "cut": damage(&status.cut),
        "skipped": damage(&status.skipped),
        "parts": status.parts,
        "quarantined": status.quarantined.iter().map(quarantined).collect::<Vec<_>>(),
        "staleParts": status.stale_parts,
        "repaired": status.repaired,
    })
}

fn quarantined(part: &QuarantineStatus) -> Value {
    json!({
        "name": part.name,
        "minTime": part.range.start.millis(),
        "maxTime": part.range.end.millis(),
        "reason": part.reason,
    })
}

fn tier(status: &TierStatus) -> Value {
    json!({
        "tier": status.tier.as_str(),
        "parts": status.parts,
        "samples": status.samples,
        "bytes": status.bytes.0,
        "minTime": status.range.start.millis(),
        "maxTime": status.range.end.millis(),
    })
}
