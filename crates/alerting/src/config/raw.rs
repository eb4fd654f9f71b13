//! The shape of alertmanager.yml: what may stand where, before any question of sense.
//!
//! Unknown fields are refused. `global` and the entries of receivers are shaped by `notify`, which knows the services.

pub(super) mod plimsoll;

use std::collections::BTreeMap;

use plimsoll_notify::config::{RawGlobal, RawReceiver};
use plimsoll_runtime::config::{DurationValue, Spanned, SpannedKey};
use serde::Deserialize;
use serde::de::IgnoredAny;

use plimsoll::RawExtension;

/// Top level: the sections of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawConfig {
    /// What applies to all receivers, unless they say otherwise.
    /// Default: see there.
    pub(super) global: RawGlobal,
    /// Files with templates, relative to this file; a `*` may stand in each part of a path.
    /// Default: none.
    pub(super) templates: Vec<Spanned<String>>,
    /// The root of the routing tree: what an alert takes that no other route wants.
    /// Required.
    pub(super) route: Option<Spanned<RawRoute>>,
    /// Whom to tell, by name.
    /// Default: none.
    pub(super) receivers: Vec<Spanned<RawReceiver>>,
    /// Which alerts keep which others back.
    /// Default: none.
    pub(super) inhibit_rules: Vec<Spanned<RawInhibitRule>>,
    /// The older name of `time_intervals`; both may be there.
    /// Default: none.
    pub(super) mute_time_intervals: Vec<Spanned<RawTimeIntervals>>,
    /// Times that routes speak of by name.
    /// Default: none.
    pub(super) time_intervals: Vec<Spanned<RawTimeIntervals>>,
    /// Where events go. No effect: the history of notifications has them.
    /// Default: none.
    pub(super) event_recorder: Option<Spanned<IgnoredAny>>,
    /// Where traces of the program itself go. No effect in this version.
    /// Default: none.
    pub(super) tracing: Option<Spanned<IgnoredAny>>,
    /// What only Plimsoll knows. Alertmanager refuses a file that has it.
    /// Default: see there.
    pub(super) plimsoll: RawExtension,
}

/// `route`: which alerts go where, and when.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawRoute {
    /// The receiver that is told.
    /// Default: that of the parent; the root needs one.
    pub(super) receiver: Option<Spanned<String>>,
    /// Labels whose values make a group, which is told together; `['...']` is all labels, so that each alert is alone.
    /// Default: those of the parent; none for the root, so that all alerts are one group.
    pub(super) group_by: Option<Spanned<Vec<Spanned<String>>>>,
    /// How long the first notice of a group waits for further alerts.
    /// Default: that of the parent; `30s` for the root.
    pub(super) group_wait: Option<Spanned<DurationValue>>,
    /// How long after a notice the next one goes out when the group changed. Above zero.
    /// Default: that of the parent; `5m` for the root.
    pub(super) group_interval: Option<Spanned<DurationValue>>,
    /// How long after a notice it is repeated when nothing changed. Above zero.
    /// Default: that of the parent; `4h` for the root.
    pub(super) repeat_interval: Option<Spanned<DurationValue>>,
    /// Conditions that an alert must fulfil; the root has none.
    /// Default: none.
    pub(super) matchers: Vec<Spanned<String>>,
    /// Labels and their values; the older way to write `matchers`.
    /// Default: none.
    #[serde(rename = "match")]
    pub(super) equal: RawEqual,
    /// Labels and regular expressions; the older way to write `matchers`.
    /// Default: none.
    pub(super) match_re: RawRegex,
    /// Whether the next siblings are asked, too, when this route matched.
    /// Default: `false`.
    #[serde(rename = "continue")]
    pub(super) continues: Spanned<bool>,
    /// Time intervals in which nothing is told. The root has none.
    /// Default: none.
    pub(super) mute_time_intervals: Vec<Spanned<String>>,
    /// Time intervals outside of which nothing is told. The root has none.
    /// Default: none.
    pub(super) active_time_intervals: Vec<Spanned<String>>,
    /// Labels for templates, over those of the parent; values may be templates.
    /// Default: none.
    pub(super) labels: BTreeMap<SpannedKey, Spanned<String>>,
    /// Routes that are asked before this one, in their order.
    /// Default: none.
    pub(super) routes: Vec<Spanned<RawRoute>>,
}

/// `match`, `source_match`, `target_match`.
pub(super) type RawEqual = BTreeMap<SpannedKey, Spanned<String>>;

/// `match_re`, `source_match_re`, `target_match_re`.
pub(super) type RawRegex = BTreeMap<SpannedKey, Option<Spanned<String>>>;

/// `inhibit_rules`: while a source fires, targets with the same values of `equal` are not told.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawInhibitRule {
    /// A name for people.
    /// Default: none.
    pub(super) name: Option<String>,
    /// Conditions that a source fulfils.
    /// Default: none, so that every alert is one.
    pub(super) source_matchers: Vec<Spanned<String>>,
    /// Labels and their values; the older way to write `source_matchers`.
    /// Default: none.
    pub(super) source_match: RawEqual,
    /// Labels and regular expressions; the older way to write `source_matchers`.
    /// Default: none.
    pub(super) source_match_re: RawRegex,
    /// Conditions that a target fulfils.
    /// Default: none, so that every alert is one.
    pub(super) target_matchers: Vec<Spanned<String>>,
    /// Labels and their values; the older way to write `target_matchers`.
    /// Default: none.
    pub(super) target_match: RawEqual,
    /// Labels and regular expressions; the older way to write `target_matchers`.
    /// Default: none.
    pub(super) target_match_re: RawRegex,
    /// Labels that have the same value in source and target; one that is absent counts as empty.
    /// Default: none.
    pub(super) equal: Vec<Spanned<String>>,
}

/// `time_intervals`: a name for some of time.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTimeIntervals {
    /// The name that routes use. No two have the same.
    /// Required.
    pub(super) name: Spanned<String>,
    /// The intervals; any of them counts.
    /// Default: none.
    pub(super) time_intervals: Vec<Spanned<RawTimeInterval>>,
}

/// `time_intervals`: conditions on the clock that must all hold; those that are not written always do.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTimeInterval {
    /// Times of a day.
    /// Default: any.
    pub(super) times: Option<Vec<Spanned<RawTimeRange>>>,
    /// Days of a week: `monday:friday`, `sunday`.
    /// Default: any.
    pub(super) weekdays: Option<Vec<Spanned<String>>>,
    /// Days of a month: `1:5`, `-3:-1` for the last three.
    /// Default: any.
    pub(super) days_of_month: Option<Vec<Spanned<String>>>,
    /// Months: `may:august`, `1:3`.
    /// Default: any.
    pub(super) months: Option<Vec<Spanned<String>>>,
    /// Years: `2020:2022`.
    /// Default: any.
    pub(super) years: Option<Vec<Spanned<String>>>,
    /// The zone whose clock is meant, as the IANA database names it; `Local` is that of the system.
    /// Default: `UTC`.
    pub(super) location: Option<Spanned<String>>,
}

/// `times`: from one minute up to another, which is not part of it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RawTimeRange {
    /// `HH:MM`.
    /// Required.
    pub(super) start_time: String,
    /// `HH:MM` behind `start_time`, up to `24:00`.
    /// Required.
    pub(super) end_time: String,
}
