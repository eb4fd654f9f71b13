//! What Slack answers. The status does not tell: the Web API says 200 and `"ok": false`, a webhook 200 and any text.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::receivers::answers;
use crate::{Answer, Verdict};

/// Errors that go away by themselves.
const TEMPORARY: [&str; 7] = [
    "ratelimited",
    "rate_limited",
    "service_unavailable",
    "internal_error",
    "fatal_error",
    "request_timeout",
    "team_added_to_org",
];

/// Errors of a message that can no longer be changed; another one can be written.
const GONE: [&str; 4] = [
    "message_not_found",
    "cant_update_message",
    "edit_window_closed",
    "channel_not_found",
];

/// What an answer means.
pub(super) enum Outcome {
    /// Slack has the message, under these names; empty for webhooks.
    Taken { channel: String, timestamp: String },
    /// There is no message to change.
    Gone(Verdict),
    /// Anything else.
    Other(Verdict),
}

pub(super) fn read(answer: &Answer) -> Outcome {
    if !answer.status.is_success() {
        return Outcome::Other(answer.by_status());
    }
    let body = answer.body.trim_ascii();
    match body.first() {
        Some(b'{') => read_json(answer, Head::read(body)),
        _ => read_text(answer, body),
    }
}

fn read_json(answer: &Answer, head: Head) -> Outcome {
    match head.ok {
        Some(false) => read_error(answer, &head.error),
        // What was broken off before it said so may have been anything.
        None if !head.is_whole => Outcome::Other(answers::retry(answer, None)),
        // What speaks Slack's language without being Slack may leave `ok` out.
        Some(true) | None => Outcome::Taken {
            channel: head.channel,
            timestamp: head.ts,
        },
    }
}

fn read_error(answer: &Answer, error: &str) -> Outcome {
    if TEMPORARY.contains(&error) {
        return Outcome::Other(answers::retry(answer, None));
    }
    let refused = Verdict::refused(answer.reason());
    match GONE.contains(&error) {
        true => Outcome::Gone(refused),
        false => Outcome::Other(refused),
    }
}

/// A webhook says `ok`; any other text is an error.
fn read_text(answer: &Answer, body: &[u8]) -> Outcome {
    if matches!(body, b"" | b"ok") {
        return Outcome::Taken {
            channel: String::new(),
            timestamp: String::new(),
        };
    }
    Outcome::Other(match answer.is_complete {
        true => Verdict::refused(answer.reason()),
        false => answers::retry(answer, None),
    })
}

/// The start of a JSON object, as far as it came. The Web API repeats the message at the end of its answer, so a long
/// message makes an answer of which only the start is read; that must not make us send the message again.
#[derive(Default)]
struct Head {
    ok: Option<bool>,
    error: String,
    channel: String,
    ts: String,
    is_whole: bool,
}

impl Head {
    fn read(body: &[u8]) -> Self {
        let mut head = Self::default();
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        let read = deserializer.deserialize_map(Fields(&mut head));
        head.is_whole = read.is_ok();
        head
    }
}

/// Puts the fields of an object into a head, one by one, so that those before an error are there.
struct Fields<'a>(&'a mut Head);

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "ok" => self.0.ok = map.next_value::<Value>()?.as_bool(),
                "error" => self.0.error = text(map.next_value()?),
                "channel" => self.0.channel = text(map.next_value()?),
                "ts" => self.0.ts = text(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}
