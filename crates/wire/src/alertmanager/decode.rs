//! Reads alerts, as strict as an Alertmanager and no further than the limits.

use std::cell::Cell;
use std::fmt;

use plimsoll_types::{ByteCount, Timestamp};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Error, Fault, fields, time, uri};

/// What a label or annotation takes beside its text.
const PAIR_BYTES: usize = 2 * size_of::<String>();
/// How many bytes of what was wrong a message repeats.
const SHOWN_MAX: usize = 64;

/// Bounds of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Alerts; default 100,000, ten times what a Prometheus keeps for an Alertmanager.
    pub alerts: usize,
    /// What the decoded alerts may take in memory; default 64 MiB.
    pub memory: ByteCount,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            alerts: 100_000,
            memory: ByteCount::MIB.times(64),
        }
    }
}

/// An alert as it was posted, before anybody judged it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostedAlert {
    /// The labels as they stood there: of two with the same name the later one counts, values may be empty.
    pub labels: Vec<(String, String)>,
    /// The annotations, likewise.
    pub annotations: Vec<(String, String)>,
    /// When it began; `None` when nobody said so.
    pub starts_at: Option<Timestamp>,
    /// When it ended or will end; `None` when nobody said so.
    pub ends_at: Option<Timestamp>,
    /// What it comes from; may be empty.
    pub generator_url: String,
}

/// Reads a list of alerts. Names of fields are read in any case, unknown ones are skipped, as Go does.
///
/// # Errors
/// [`Error`], when the request as a whole is none; single alerts are judged by [`PostedAlert::accept`].
pub fn decode(body: &[u8], limits: &Limits) -> Result<Vec<PostedAlert>, Error> {
    if body.trim_ascii().is_empty() {
        return Err(Error::missing("alerts"));
    }
    let meter = Meter {
        limits,
        used: Cell::new(0),
        refused: Cell::new(None),
    };
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    // What follows the list is not read, as Go's decoder does not.
    match List(&meter).deserialize(&mut deserializer) {
        Ok(alerts) => Ok(alerts),
        Err(error) => Err(meter.refused.take().unwrap_or_else(|| malformed(&error))),
    }
}

pub(super) fn malformed(error: &serde_json::Error) -> Error {
    let whole = error.to_string();
    let plain = whole.split(" at line ").next().unwrap_or(&whole);
    let (line, column) = (error.line().max(1), error.column().max(1));
    Error::Malformed {
        line,
        column,
        message: shorten(plain),
    }
}

fn shorten(text: &str) -> String {
    match text.len() > 2 * SHOWN_MAX {
        true => format!("{}...", &text[..text.floor_char_boundary(2 * SHOWN_MAX)]),
        false => text.to_owned(),
    }
}

/// Counts what was read. Serde knows only texts as errors, so the true one waits here.
struct Meter<'a> {
    limits: &'a Limits,
    used: Cell<usize>,
    refused: Cell<Option<Error>>,
}

impl Meter<'_> {
    fn refuse<E: serde::de::Error>(&self, error: Error) -> E {
        self.refused.set(Some(error));
        E::custom("refused")
    }

    fn add<E: serde::de::Error>(&self, bytes: usize) -> Result<(), E> {
        let used = self.used.get().saturating_add(bytes);
        self.used.set(used);
        let limit = self.limits.memory;
        match used as u64 > limit.0 {
            true => Err(self.refuse(Error::TooMuchMemory { limit })),
            false => Ok(()),
        }
    }
}

struct List<'a>(&'a Meter<'a>);

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Vec<PostedAlert>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Vec<PostedAlert>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of alerts")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut alerts = Vec::new();
        while let Some(posted) = list.next_element_seed(One {
            meter: self.0,
            index: alerts.len(),
        })? {
            let limit = self.0.limits.alerts;
            if alerts.len() == limit {
                return Err(self.0.refuse(Error::TooManyAlerts { limit }));
            }
            alerts.push(posted);
        }
        Ok(alerts)
    }
}

struct One<'a> {
    meter: &'a Meter<'a>,
    index: usize,
}

impl One<'_> {
    fn invalid<E: serde::de::Error>(&self, field: &str, fault: Fault) -> E {
        let field = format!("{}.{field}", self.index);
        self.meter.refuse(Error::invalid(&field, fault))
    }
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = PostedAlert;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<PostedAlert, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = PostedAlert;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an alert")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<PostedAlert, E> {
        Err(self.invalid("labels", Fault::Missing))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<PostedAlert, A::Error> {
        self.meter.add::<A::Error>(size_of::<PostedAlert>())?;
        let mut alert = PostedAlert::default();
        let mut has_labels = false;
        while let Some(Field(known)) = fields.next_key()? {
            match known {
                Some(Known::Labels) => {
                    let found = fields.next_value_seed(Pairs(self.meter))?;
                    has_labels = found.is_some();
                    alert.labels = found.unwrap_or_default();
                }
                Some(Known::Annotations) => {
                    let found = fields.next_value_seed(Pairs(self.meter))?;
                    alert.annotations = found.unwrap_or_default();
                }
                Some(Known::StartsAt) => alert.starts_at = read_time(fields.next_value()?)?,
                Some(Known::EndsAt) => alert.ends_at = read_time(fields.next_value()?)?,
                Some(Known::GeneratorUrl) => {
                    alert.generator_url =
                        fields.next_value::<Option<String>>()?.unwrap_or_default();
                    self.meter.add::<A::Error>(alert.generator_url.len())?;
                }
                None => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        if !has_labels {
            return Err(self.invalid("labels", Fault::Missing));
        }
        let url = &alert.generator_url;
        if !(url.is_empty() || uri::is_request_uri(url)) {
            let shown = url[..url.floor_char_boundary(SHOWN_MAX)].to_owned();
            return Err(self.invalid("generatorURL", Fault::NoUri(shown)));
        }
        Ok(alert)
    }
}

fn read_time<E: serde::de::Error>(text: Option<String>) -> Result<Option<Timestamp>, E> {
    let Some(text) = text else { return Ok(None) };
    time::read(&text).map_err(|()| fields::wrong_time(&text))
}

#[derive(Clone, Copy)]
enum Known {
    Labels,
    Annotations,
    StartsAt,
    EndsAt,
    GeneratorUrl,
}

/// A field's name; none for one that is not known.
struct Field(Option<Known>);

impl<'de> serde::Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_str<E>(self, name: &str) -> Result<Field, E> {
                let fields = [
                    ("labels", Known::Labels),
                    ("annotations", Known::Annotations),
                    ("startsAt", Known::StartsAt),
                    ("endsAt", Known::EndsAt),
                    ("generatorURL", Known::GeneratorUrl),
                ];
                let is_it = |(known, _): &&(&str, Known)| known.eq_ignore_ascii_case(name);
                Ok(Field(fields.iter().find(is_it).map(|(_, field)| *field)))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

/// A set of labels or annotations; none for `null`.
struct Pairs<'a>(&'a Meter<'a>);

impl<'de> DeserializeSeed<'de> for Pairs<'_> {
    type Value = Option<Vec<(String, String)>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Pairs<'_> {
    type Value = Option<Vec<(String, String)>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Option<String>>()? {
            let value = value.unwrap_or_default();
            self.0
                .add::<A::Error>(name.len() + value.len() + PAIR_BYTES)?;
            pairs.push((name, value));
        }
        Ok(Some(pairs))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_types::{Alert, Annotations, Labels};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    fn read(text: &str) -> Result<Vec<PostedAlert>, String> {
        decode(text.as_bytes(), &Limits::default()).map_err(|error| error.to_string())
    }

    fn any_alert() -> impl Strategy<Value = Alert> {
        let labels = btree_map(".{1,8}", ".{1,8}", 1..5);
        let annotations = btree_map(".{1,8}", ".{0,8}", 0..3);
        let millis = 0..253_402_300_799_999_i64;
        let url = prop_oneof![Just(String::new()), "http://[a-z]{1,9}/[a-z %?=]{0,0}"];
        (
            labels,
            annotations,
            millis.clone(),
            prop::option::of(millis),
            url,
        )
            .prop_map(|(labels, annotations, starts, ends, generator_url)| Alert {
                labels: Labels::from_pairs(labels),
                annotations: Annotations::from_pairs(annotations),
                starts_at: Timestamp::from_millis(starts),
                ends_at: ends.map(|ends| Timestamp::from_millis(ends.max(starts))),
                generator_url,
            })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(alerts in vec(any_alert(), 0..5)) {
            let posted = decode(&encode(&alerts), &Limits::default()).unwrap();
            let timeout = Duration::from_millis(1 << 50);
            let accepted = posted.into_iter().map(|posted| posted.accept(Timestamp::EPOCH, timeout));
            let found: Vec<Alert> = accepted
                .map(|accepted| {
                    let accepted = accepted.unwrap();
                    let ends_at = accepted.alert.ends_at.filter(|_| !accepted.is_timeout);
                    Alert { ends_at, ..accepted.alert }
                })
                .collect();
            prop_assert_eq!(found, alerts);
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_unknown_ones_skipped() {
        let text = r#"[{"LABELS":{"a":"b","c":null},"new":[{}],"STARTSAT":"1970-01-01T00:00:01Z","endsAt":null}] rest"#;
        let posted = read(text).unwrap();
        let pairs =
            [("a", "b"), ("c", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(posted[0].labels, pairs);
        assert_eq!(posted[0].starts_at, Some(Timestamp::from_millis(1000)));
        assert_eq!(posted[0].ends_at, None);
        assert_eq!(read("null").unwrap(), []);
    }

    #[test]
    fn a_request_that_is_none_is_refused_with_its_place() {
        for (text, expected) in [
            ("", "alerts in body is required"),
            (
                "{}",
                "line 1, column 2: invalid type: map, expected a list of alerts",
            ),
            (
                "[1]",
                "line 1, column 2: invalid type: integer `1`, expected an alert",
            ),
            ("[null]", "0.labels in body is required"),
            (
                "[{\"labels\":{\"a\":\"b\"}},{}]",
                "1.labels in body is required",
            ),
            ("[{\"labels\":null}]", "0.labels in body is required"),
            (
                "[{\"labels\":{\"a\":1}}]",
                "line 1, column 17: invalid type: integer `1`, expected a string",
            ),
            (
                "[{\"labels\":{},\n\"endsAt\":\"soon\"}]",
                "line 2, column 16: wanted a time such as 2026-11-21T20:00:00.000Z, found \"soon\"",
            ),
            (
                "[{\"labels\":{},\"generatorURL\":\"nowhere\"}]",
                "0.generatorURL in body must be of type uri: \"nowhere\"",
            ),
            (
                "[{\"labels\":{}",
                "line 1, column 13: EOF while parsing an object",
            ),
        ] {
            assert_eq!(read(text).unwrap_err(), expected, "{text}");
        }
        let long = format!(
            "[{{\"labels\":{{\"a\":[\"{0}\"]}},\"endsAt\":\"{0}\"}}]",
            "x".repeat(1 << 20)
        );
        assert!(read(&long).unwrap_err().len() < 300);
    }

    #[test]
    fn reading_stops_where_the_limits_do() {
        let limits = Limits {
            alerts: 2,
            ..Limits::default()
        };
        let three = br#"[{"labels":{}},{"labels":{}},{"labels":{}},!"#;
        assert_eq!(
            decode(three, &limits),
            Err(Error::TooManyAlerts { limit: 2 })
        );
        let limits = Limits {
            memory: ByteCount(300),
            ..Limits::default()
        };
        let limit = limits.memory;
        let large = br#"[{"labels":{"a":"","b":"","c":"","d":"","e":"","f":"",!"#;
        assert_eq!(decode(large, &limits), Err(Error::TooMuchMemory { limit }));
    }

    #[test]
    fn depth_does_not_overflow_the_stack() {
        let deep = format!("[{{\"x\":{}", "[".repeat(100_000));
        assert!(read(&deep).unwrap_err().contains("EOF"));
    }
}
