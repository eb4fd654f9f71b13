//! The shape of the section `plimsoll`.

use std::collections::BTreeMap;
use std::fmt;

use plimsoll_runtime::config::{DurationValue, SizeValue, Spanned, SpannedKey};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};

/// `plimsoll`: what Alertmanager does not have.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawExtension {
    /// How long after a start an alert that could be inhibited waits for the alert that would inhibit it.
    /// Default: `75s`.
    pub(in crate::config) warm_up: Option<Spanned<DurationValue>>,
    /// How long after a notice the next one goes out when all that changed is that alerts are resolved.
    /// Default: `group_interval` of the route.
    pub(in crate::config) resolve_interval: Option<Spanned<DurationValue>>,
    /// How single receivers are treated.
    /// Default: none.
    pub(in crate::config) receivers: Vec<Spanned<RawReceiverPolicy>>,
    /// Who is told of notices that could not be sent.
    /// Default: nobody.
    pub(in crate::config) dead_letters: Option<Spanned<RawDeadLetters>>,
    /// Whom we tell regularly that we work.
    /// Default: nobody.
    pub(in crate::config) dead_man: Option<Spanned<RawDeadMan>>,
    /// Alerts that must always be there.
    /// Default: none.
    pub(in crate::config) heartbeats: Vec<Spanned<RawHeartbeat>>,
    /// What silences may do.
    /// Default: see there.
    pub(in crate::config) silences: RawSilencePolicy,
    /// Routes by urgency, before those of the file.
    /// Default: none.
    pub(in crate::config) tiers: RawTiers,
    /// How much is held in memory.
    /// Default: see there.
    pub(in crate::config) limits: RawLimits,
    /// How long the database may be away before notices are sent without it, marked as possibly repeated.
    /// Default: `30s`.
    pub(in crate::config) grace_without_database: Option<Spanned<DurationValue>>,
}

/// `receivers`: how one receiver is treated.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawReceiverPolicy {
    /// The name of the receiver.
    /// Required.
    pub(in crate::config) name: Spanned<String>,
    /// Receivers that are told instead when it cannot be reached, in this order.
    /// Default: none.
    pub(in crate::config) fallback: Vec<Spanned<String>>,
    /// When the next of them is told. Needs `fallback`.
    /// Default: see there.
    pub(in crate::config) fallback_after: Option<Spanned<RawFallbackAfter>>,
    /// How many notices it gets at most; further ones wait, none is dropped.
    /// Default: no limit.
    pub(in crate::config) rate_limit: Option<Spanned<RawRateLimit>>,
}

/// `fallback_after`: whichever comes first.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawFallbackAfter {
    /// Failed attempts, at least 1.
    /// Default: `5`.
    pub(in crate::config) failures: Option<Spanned<u32>>,
    /// Time since the first attempt, above zero.
    /// Default: `5m`.
    pub(in crate::config) age: Option<Spanned<DurationValue>>,
}

/// `rate_limit`: so many notices in so much time.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawRateLimit {
    /// Notices, at least 1.
    /// Required.
    pub(in crate::config) notices: Option<Spanned<u32>>,
    /// The time, above zero.
    /// Default: `1m`.
    pub(in crate::config) per: Option<Spanned<DurationValue>>,
}

/// `dead_letters`: who is told of notices that could not be sent.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawDeadLetters {
    /// The name of the receiver.
    /// Required.
    pub(in crate::config) receiver: Spanned<String>,
    /// How old a notice is when it is given up, above zero.
    /// Default: `1h`.
    pub(in crate::config) after: Option<Spanned<DurationValue>>,
}

/// `dead_man`: whom we tell regularly that we work, so that somebody else notices when we do not.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawDeadMan {
    /// The name of the receiver.
    /// Required.
    pub(in crate::config) receiver: Spanned<String>,
    /// The time between two notices, above zero.
    /// Default: `1m`.
    pub(in crate::config) interval: Option<Spanned<DurationValue>>,
}

/// `heartbeats`: an alert fires when no alert that matches was seen for some time.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHeartbeat {
    /// The name of the alert that fires. No two heartbeats have the same.
    /// Required.
    pub(in crate::config) name: Spanned<String>,
    /// Conditions on the alert that must be there; at least one.
    /// Required.
    pub(in crate::config) matchers: Vec<Spanned<String>>,
    /// How long it may be absent, above zero.
    /// Required.
    pub(in crate::config) timeout: Option<Spanned<DurationValue>>,
    /// Further labels of the alert that fires.
    /// Default: none.
    pub(in crate::config) labels: BTreeMap<SpannedKey, Spanned<String>>,
    /// Annotations of the alert that fires.
    /// Default: none.
    pub(in crate::config) annotations: BTreeMap<SpannedKey, Spanned<String>>,
}

/// `silences`: what silences may do.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawSilencePolicy {
    /// The longest that a silence may last, above zero; a longer one is refused.
    /// Default: no limit.
    pub(in crate::config) max_duration: Option<Spanned<DurationValue>>,
    /// How long before a silence ends `receiver` is told, above zero. Needs `receiver`.
    /// Default: not at all.
    pub(in crate::config) notify_before_expiry: Option<Spanned<DurationValue>>,
    /// Who is told. Needs `notify_before_expiry`.
    /// Default: nobody.
    pub(in crate::config) receiver: Option<Spanned<String>>,
}

/// `limits`: how much is held in memory. Above it an alert or a silence is refused.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawLimits {
    /// Alerts, at least 1.
    /// Default: `200000`.
    pub(in crate::config) alerts: Option<Spanned<u64>>,
    /// Bytes of labels, annotations and URLs of all alerts, at least 1 MiB.
    /// Default: `1GiB`.
    pub(in crate::config) bytes: Option<Spanned<SizeValue>>,
    /// Silences, at least 1.
    /// Default: `10000`.
    pub(in crate::config) silences: Option<Spanned<u64>>,
}

/// `tiers`: routes by urgency, each a receiver or a mapping.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTiers {
    /// At once: of severity `P1`, `critical` or `page`; repeated every 15 minutes.
    /// Default: none.
    #[serde(rename = "P1")]
    pub(in crate::config) page: Option<Spanned<RawTier>>,
    /// Within 15 minutes: of severity `P2`, `high`, `error` or `warning`.
    /// Default: none.
    #[serde(rename = "P2")]
    pub(in crate::config) soon: Option<Spanned<RawTier>>,
    /// Within an hour: of severity `P3`, `low`, `info` or `ticket`.
    /// Default: none.
    #[serde(rename = "P3")]
    pub(in crate::config) later: Option<Spanned<RawTier>>,
}

/// `tiers`: one of them; what is not written is that of the preset.
#[derive(Debug, Default)]
pub(in crate::config) struct RawTier(pub(in crate::config) RawTierFields);

/// `tiers`: one of them as a mapping.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTierFields {
    /// The receiver that is told.
    /// Required.
    pub(in crate::config) receiver: Spanned<String>,
    /// Which alerts are of the tier.
    /// Default: by their severity.
    pub(in crate::config) matchers: Vec<Spanned<String>>,
    /// As for a route.
    /// Default: that of the root.
    pub(in crate::config) group_by: Option<Spanned<Vec<Spanned<String>>>>,
    /// As for a route.
    /// Default: `0s` (P1), `5m` (P2), `30m` (P3).
    pub(in crate::config) group_wait: Option<Spanned<DurationValue>>,
    /// As for a route.
    /// Default: `1m` (P1), `15m` (P2), `1h` (P3).
    pub(in crate::config) group_interval: Option<Spanned<DurationValue>>,
    /// As for a route.
    /// Default: `15m` (P1), `4h` (P2), `1d` (P3).
    pub(in crate::config) repeat_interval: Option<Spanned<DurationValue>>,
    /// How long after a notice the next one goes out when all that changed is that alerts are resolved.
    /// Default: `plimsoll.resolve_interval`.
    pub(in crate::config) resolve_interval: Option<Spanned<DurationValue>>,
    /// As for a route: whether the routes of the file are asked, too.
    /// Default: `false`.
    #[serde(rename = "continue")]
    pub(in crate::config) continues: bool,
}

impl<'de> Deserialize<'de> for RawTier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TierVisitor)
    }
}

struct TierVisitor;

impl<'de> Visitor<'de> for TierVisitor {
    type Value = RawTier;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a receiver, or a mapping")
    }

    fn visit_str<E: de::Error>(self, receiver: &str) -> Result<RawTier, E> {
        Ok(RawTier(RawTierFields {
            receiver: receiver.to_owned().into(),
            ..RawTierFields::default()
        }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawTier, A::Error> {
        RawTierFields::deserialize(MapAccessDeserializer::new(map)).map(RawTier)
    }
}
