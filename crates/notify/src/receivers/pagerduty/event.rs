//! Events as PagerDuty reads them.

use serde::Serialize;
use serde_json::{Map, Value};

/// The most bytes of an event; PagerDuty refuses larger ones.
const EVENT_BYTES_MAX: usize = 512_000;
/// Stands where the details do not fit.
const DETAILS_REMOVED: &str = "the details are left out: with them the event has more than 512 KB";

/// Writes an event; one that is too large goes without its details rather than not at all.
pub(super) fn fitting<E: Serialize>(
    mut event: E,
    details: impl Fn(&mut E) -> &mut Map<String, Value>,
) -> Vec<u8> {
    let body = serde_json::to_vec(&event).expect("texts and their lists are JSON");
    if body.len() <= EVENT_BYTES_MAX {
        return body;
    }
    let removed = [("error".to_owned(), Value::from(DETAILS_REMOVED))];
    *details(&mut event) = removed.into_iter().collect();
    serde_json::to_vec(&event).expect("texts and their lists are JSON")
}

/// An event of the API v2.
#[derive(Serialize)]
pub(super) struct EventV2 {
    pub(super) routing_key: String,
    pub(super) dedup_key: String,
    pub(super) event_action: &'static str,
    pub(super) payload: Payload,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) client: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) client_url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<Image>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link>,
}

#[derive(Serialize)]
pub(super) struct Payload {
    pub(super) summary: String,
    pub(super) source: String,
    pub(super) severity: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) class: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) component: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) group: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) custom_details: Map<String, Value>,
}

/// An event of the API v1.
#[derive(Serialize)]
pub(super) struct EventV1 {
    pub(super) service_key: String,
    pub(super) incident_key: String,
    pub(super) event_type: &'static str,
    pub(super) description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) client: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) client_url: String,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) details: Map<String, Value>,
}

#[derive(Serialize)]
pub(super) struct Image {
    pub(super) src: String,
    pub(super) alt: String,
    pub(super) href: String,
}

#[derive(Serialize)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}
