//! Writes alerts.

use plimsoll_types::Alert;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::time;

/// The media type of a body.
pub const CONTENT_TYPE: &str = "application/json";

/// Writes alerts as one list. A time without an end is left out, and so are empty annotations and an empty URL.
pub fn encode<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<u8> {
    let mut body = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut body);
    let write = || {
        let mut list = serializer.serialize_seq(None)?;
        for alert in alerts {
            list.serialize_element(&View(alert))?;
        }
        SerializeSeq::end(list)
    };
    write().expect("writing texts to memory does not fail");
    body
}

struct View<'a>(&'a Alert);

/// In the order in which Prometheus writes the fields.
impl Serialize for View<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let alert = self.0;
        let mut map = serializer.serialize_map(None)?;
        if !alert.annotations.is_empty() {
            map.serialize_entry("annotations", &Pairs(alert.annotations.iter()))?;
        }
        if let Some(ends_at) = alert.ends_at {
            map.serialize_entry("endsAt", &time::write(ends_at))?;
        }
        map.serialize_entry("startsAt", &time::write(alert.starts_at))?;
        if !alert.generator_url.is_empty() {
            map.serialize_entry("generatorURL", &*alert.generator_url)?;
        }
        map.serialize_entry("labels", &Pairs(alert.labels.iter()))?;
        map.end()
    }
}

struct Pairs<I>(I);

impl<'a, I: Iterator<Item = (&'a str, &'a str)> + Clone> Serialize for Pairs<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{Annotations, Labels, Timestamp};

    use super::*;

    #[test]
    fn writes_the_bytes_that_prometheus_writes() {
        let alert = Alert {
            labels: Labels::from_pairs([("job", "db"), ("alertname", "Down")]),
            annotations: Annotations::from_pairs([("summary", "a \"b\"\n")]),
            starts_at: Timestamp::from_millis(1_000),
            ends_at: Some(Timestamp::from_millis(241_050)),
            generator_url: "http://localhost:9090/graph?g0.expr=up".into(),
        };
        let bare = Alert {
            annotations: Annotations::default(),
            ends_at: None,
            generator_url: String::new(),
            ..alert.clone()
        };
        let expected = concat!(
            r#"[{"annotations":{"summary":"a \"b\"\n"},"endsAt":"1970-01-01T00:04:01.050Z","#,
            r#""startsAt":"1970-01-01T00:00:01.000Z","generatorURL":"http://localhost:9090/graph?g0.expr=up","#,
            r#""labels":{"alertname":"Down","job":"db"}},"#,
            r#"{"startsAt":"1970-01-01T00:00:01.000Z","labels":{"alertname":"Down","job":"db"}}]"#,
        );
        assert_eq!(
            String::from_utf8(encode([&alert, &bare])).unwrap(),
            expected
        );
        assert_eq!(encode([]), b"[]");
    }
}
