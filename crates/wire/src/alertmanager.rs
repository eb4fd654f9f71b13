//! Alerts and silences in the JSON of Alertmanager's API v2, both ways.
//!
//! ```text
//! [{"annotations":{"summary":"..."},"endsAt":"2026-11-21T20:04:00.000Z","startsAt":"2026-11-21T20:00:00.000Z",
//!   "generatorURL":"http://...","labels":{"alertname":"Down"}}]
//! ```
//!
//! What is written is byte for byte what a Prometheus writes, but for `<`, `>` and `&`, which Go escapes. What is read is
//! what an Alertmanager reads: a request is refused whole for its shape ([`Error`]), and then each alert is judged alone
//! ([`PostedAlert::accept`]), so that one bad alert does not silence the others. Silences ([`PostedSilence`]) are judged by who
//! keeps them. What is shown ([`ListedAlert`], [`ListedGroup`], [`ListedSilence`], [`Status`]) is read by serde and written by
//! it. Times are RFC 3339; the first moment of
//! the year 1, which is Go's zero, means "not said". See `docs/formats/alertmanager.md`.

mod accept;
mod decode;
mod encode;
mod error;
mod fields;
mod listed;
mod silence;
mod time;
mod uri;

pub use accept::{Accepted, InvalidAlert};
pub use decode::{Limits, PostedAlert, decode};
pub use encode::{CONTENT_TYPE, encode};
pub use error::{Error, Fault};
pub use listed::{
    AlertState, AlertStatus, Cluster, ClusterState, ListedAlert, ListedGroup, ListedReceiver,
    ListedSilence, Original, Peer, SilenceState, SilenceStatus, Status, Version,
};
pub use silence::{
    ListedMatcher, PostedSilence, Recurrence, SILENCE_BYTES_MAX, SilenceExtras, decode_silence,
    encode_silence,
};
