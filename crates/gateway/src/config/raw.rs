//! The fields of a file as they are written.

mod backend;
mod listener;
mod route;

use std::collections::BTreeMap;

use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned, SpannedKey};

pub(super) use backend::*;
pub(super) use listener::*;
pub(super) use plimsoll_runtime::config::TextOr;
pub(super) use route::*;

/// A length of time that may be absent.
pub(super) type RawDuration = Option<Spanned<DurationValue>>;
/// A number that may be absent; ranges are checked later, so that all that are wrong are found.
pub(super) type RawNumber = Option<Spanned<u64>>;
/// A number of bytes that may be absent.
pub(super) type RawSize = Option<Spanned<SizeValue>>;
/// A text that may be absent.
pub(super) type RawText = Option<Spanned<String>>;
/// Texts by name.
pub(super) type RawTexts = BTreeMap<SpannedKey, Spanned<String>>;

/// A whole file.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawFile {
    pub(super) version: Spanned<String>,
    pub(super) gateway: Option<Spanned<RawGateway>>,
}

/// `gateway`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawGateway {
    pub(super) threads: RawNumber,
    pub(super) drain_timeout: RawDuration,
    pub(super) access_log: Option<Spanned<TextOr<RawAccessLog>>>,
    pub(super) retry_budget: Option<Spanned<RawRetryBudget>>,
    pub(super) listeners: Vec<Spanned<RawListener>>,
    pub(super) backends: Vec<Spanned<RawBackend>>,
    pub(super) routes: Vec<Spanned<RawRoute>>,
}

/// `access_log`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawAccessLog {
    pub(super) file: RawText,
    pub(super) sample: RawNumber,
}

/// `retry_budget`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRetryBudget {
    pub(super) ratio: RawText,
    pub(super) reserve_per_second: RawNumber,
    pub(super) ttl: RawDuration,
}
