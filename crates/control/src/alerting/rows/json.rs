//! Lists in a column, as JSON: written and read here only.

use plimsoll_alerting::Fingerprint;
use plimsoll_alerting::rows::Part;
use plimsoll_types::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Damaged;

/// One alert of a notice.
#[derive(Serialize, Deserialize)]
struct PartRecord {
    fingerprint: String,
    starts_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends_at: Option<i64>,
}

/// Writes what a notice tells; of more than `most` alerts the first.
pub(super) fn from_parts(parts: &[Part], most: usize) -> String {
    let record = |part: &Part| PartRecord {
        fingerprint: part.fingerprint.to_string(),
        starts_at: part.starts_at.millis(),
        ends_at: part.ends_at.map(Timestamp::millis),
    };
    write(&parts.iter().take(most).map(record).collect::<Vec<_>>())
}

/// Reads what [`from_parts`] wrote.
pub(super) fn to_parts(text: &str) -> Result<Vec<Part>, Damaged> {
    let records: Vec<PartRecord> = read(text)?;
    let part = |record: PartRecord| {
        Ok(Part {
            fingerprint: fingerprint(&record.fingerprint)?,
            starts_at: Timestamp::from_millis(record.starts_at),
            ends_at: record.ends_at.map(Timestamp::from_millis),
        })
    };
    records.into_iter().map(part).collect()
}

/// Writes fingerprints.
pub(super) fn from_fingerprints(fingerprints: &[u64]) -> String {
    let texts = fingerprints.iter().map(|number| format!("{number:016x}"));
    write(&texts.collect::<Vec<_>>())
}

/// Reads what [`from_fingerprints`] wrote.
pub(super) fn to_fingerprints(text: &str) -> Result<Vec<u64>, Damaged> {
    let texts: Vec<String> = read(text)?;
    let number = |text: &String| {
        u64::from_str_radix(text, 16).map_err(|_| format!("{text:?} is no fingerprint"))
    };
    texts.iter().map(number).collect()
}

pub(super) fn fingerprint(text: &str) -> Result<Fingerprint, Damaged> {
    text.parse()
        .map_err(|_| format!("{text:?} is no fingerprint"))
}

/// Writes a record.
pub(super) fn write<T: Serialize>(record: &T) -> String {
    serde_json::to_string(record).expect("records are of texts, numbers, lists and maps of texts")
}

/// Reads a record.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Damaged> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}
