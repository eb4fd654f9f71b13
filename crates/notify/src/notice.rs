//! What is to be told: a group of alerts, to one receiver, for one reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_types::{Alert, Annotations, Labels, Timestamp};
use serde::{Deserialize, Serialize};

/// What a receiver is told. It is complete: two senders make the same requests of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// The idempotency key: the same for all attempts and for all replicas, another for each further notice. Printable
    /// ASCII without spaces; services get it as the header `Idempotency-Key`, mail as part of `Message-ID`.
    pub id: String,
    /// The name of the receiver.
    pub receiver: String,
    /// The key of the group: the matchers of the routes on the way, and the group's labels.
    pub group_key: String,
    /// The labels that the alerts are grouped by.
    pub group_labels: Labels,
    /// The labels of the route; their values may be templates.
    pub route_labels: Labels,
    /// Why it is sent.
    pub reason: Reason,
    /// The alerts, in the order in which they are told. Resolved ones are left out before, where the integration does not
    /// want them ([`Integration::sends_resolved`](crate::Integration)).
    pub alerts: Vec<NoticeAlert>,
    /// How many alerts of the group are left out because there are too many.
    pub truncated: u64,
    /// Where readers reach us, without a slash at the end.
    pub external_url: String,
    /// When it was decided.
    pub now: Timestamp,
    /// Says that it is sent without the database, so that another replica may send it too. Readers are told so.
    pub is_degraded: bool,
    /// What the receiver gave back for the last notice of the group, such as the id of a message to update.
    pub previous: Option<ReceiverData>,
}

/// One alert of a notice.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeAlert {
    /// The alert.
    pub alert: Arc<Alert>,
    /// Alertmanager's fingerprint of its labels.
    pub fingerprint: u64,
    /// Whether it is over. It stays what it was when the notice was decided, however long that waits.
    pub is_resolved: bool,
}

impl NoticeAlert {
    /// Returns `firing` or `resolved`.
    pub fn status(&self) -> &'static str {
        status(!self.is_resolved)
    }

    /// Returns the fingerprint as others show it: 16 hexadecimal digits.
    pub fn fingerprint_text(&self) -> String {
        format!("{:016x}", self.fingerprint)
    }
}

/// Why a notice is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing about the group was told yet, or it was all resolved.
    First,
    /// Alerts fire that were not told yet.
    NewAlerts,
    /// Alerts that were told as firing are resolved, others still fire.
    SomeResolved,
    /// All alerts that were told as firing are resolved.
    AllResolved,
    /// Nothing changed for as long as the route's `repeat_interval`.
    Repeat,
}

impl Reason {
    /// All reasons.
    pub const ALL: [Self; 5] = [
        Self::First,
        Self::NewAlerts,
        Self::SomeResolved,
        Self::AllResolved,
        Self::Repeat,
    ];

    /// Returns the words of Alertmanager.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first notification",
            Self::NewAlerts => "new alerts added",
            Self::SomeResolved => "some alerts resolved",
            Self::AllResolved => "all alerts resolved",
            Self::Repeat => "repeat interval elapsed",
        }
    }
}

/// What a receiver gave back and wants to see again with the next notice of the group; it is stored with what was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReceiverData(BTreeMap<String, String>);

impl ReceiverData {
    /// Makes data of pairs; of two with the same name the later one counts.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the JSON object that is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.0).expect("a map of texts is JSON")
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// It is not an object of texts.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

impl Notice {
    /// Says whether at least one of the alerts fires.
    pub fn is_firing(&self) -> bool {
        self.alerts.iter().any(|alert| !alert.is_resolved)
    }

    /// Returns `firing` while one alert is, else `resolved`.
    pub fn status(&self) -> &'static str {
        status(self.is_firing())
    }

    /// Returns those that fire.
    pub fn firing(&self) -> impl Iterator<Item = &NoticeAlert> {
        self.alerts.iter().filter(|alert| !alert.is_resolved)
    }

    /// Returns those that are over.
    pub fn resolved(&self) -> impl Iterator<Item = &NoticeAlert> {
        self.alerts.iter().filter(|alert| alert.is_resolved)
    }

    /// Returns the labels that all alerts share.
    pub fn common_labels(&self) -> Labels {
        let Some((first, others)) = self.alerts.split_first() else {
            return Labels::empty();
        };
        let first = &first.alert.labels;
        first.filtered(|name| {
            let value = first.get(name);
            others
                .iter()
                .all(|other| other.alert.labels.get(name) == value)
        })
    }

    /// Returns the annotations that all alerts share.
    pub fn common_annotations(&self) -> Annotations {
        let mut alerts = self.alerts.iter().map(|alert| &alert.alert.annotations);
        let Some(first) = alerts.next() else {
            return Annotations::default();
        };
        let mut common: Vec<_> = first.iter().collect();
        for annotations in alerts {
            common.retain(|(name, text)| annotations.get(name) == Some(*text));
        }
        Annotations::from_pairs(common)
    }
}

fn status(is_firing: bool) -> &'static str {
    if is_firing { "firing" } else { "resolved" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> NoticeAlert {
        let alert = Alert {
            labels: Labels::from_pairs(labels.iter().copied()),
            annotations: Annotations::from_pairs(annotations.iter().copied()),
            starts_at: Timestamp::EPOCH,
            ends_at: None,
            generator_url: String::new(),
        };
        NoticeAlert {
            alert: Arc::new(alert),
            fingerprint: 0x1f,
            is_resolved: false,
        }
    }

    fn notice(alerts: Vec<NoticeAlert>) -> Notice {
        Notice {
            id: "id".into(),
            receiver: "r".into(),
            group_key: "{}:{}".into(),
            group_labels: Labels::empty(),
            route_labels: Labels::empty(),
            reason: Reason::First,
            alerts,
            truncated: 0,
            external_url: String::new(),
            now: Timestamp::EPOCH,
            is_degraded: false,
            previous: None,
        }
    }

    #[test]
    fn common_is_what_all_have_alike() {
        let notice = notice(vec![
            alert(
                &[("a", "1"), ("b", "2"), ("c", "3")],
                &[("x", ""), ("y", "1")],
            ),
            alert(&[("a", "1"), ("b", "other")], &[("x", ""), ("y", "2")]),
        ]);
        assert_eq!(notice.common_labels(), Labels::from_pairs([("a", "1")]));
        let common = notice.common_annotations();
        assert_eq!(common, Annotations::from_pairs([("x", "")]));
    }

    #[test]
    fn a_notice_fires_while_one_alert_does() {
        let mut resolved = alert(&[], &[]);
        resolved.is_resolved = true;
        assert_eq!(resolved.fingerprint_text(), "000000000000001f");
        let firing = alert(&[], &[]);
        assert_eq!(notice(vec![resolved.clone(), firing]).status(), "firing");
        assert_eq!(notice(vec![resolved]).status(), "resolved");
        let nothing = notice(Vec::new());
        assert_eq!(nothing.status(), "resolved");
        assert!(nothing.common_labels().is_empty());
    }

    #[test]
    fn data_comes_back_from_its_json() {
        let data = ReceiverData::from_pairs([("ts", "1.5"), ("channel", "C\"1")]);
        let json = data.to_json();
        assert_eq!(json, r#"{"channel":"C\"1","ts":"1.5"}"#);
        assert_eq!(ReceiverData::from_json(&json).ok(), Some(data));
        for text in ["", "[]", "{\"a\":1}"] {
            assert!(ReceiverData::from_json(text).is_err(), "{text}");
        }
    }
}
