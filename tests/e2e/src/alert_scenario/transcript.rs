//! What a receiver was told in a scenario, and whether two programs told the same.

use std::fmt;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::millis_of_rfc_3339;
use crate::recorder::{Received, Recorder};

/// What later versions than Debian's 0.25 add to a body.
const LATER: [&str; 1] = ["notification_reason"];

/// The notices that a program sent and a receiver took, in their order.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// What was taken.
    pub notices: Vec<Notice>,
    /// How many attempts were refused.
    pub refused: usize,
}

/// A notice that was taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// In milliseconds since the begin.
    pub at_millis: i64,
    /// The path below the program's own.
    pub path: String,
    /// What it said; times in milliseconds since the begin.
    pub body: Value,
}

impl Transcript {
    /// Reads what came below a path of the recorder.
    ///
    /// # Errors
    /// When a body is no JSON.
    pub fn read(recorder: &Recorder, base: &str, begin_millis: i64) -> Result<Self> {
        let received = recorder.received(base);
        let taken = received.iter().filter(|received| received.is_taken());
        let notices = taken.map(|received| Notice::read(received, base, begin_millis));
        let notices = notices.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            refused: received.len() - notices.len(),
            notices,
        })
    }

    /// Compares with what another program told; each group of a receiver has an order of its own.
    ///
    /// # Errors
    /// What differs.
    pub fn same(&self, other: &Self, tolerance_millis: i64) -> Result<()> {
        let has_refused = [self.refused, other.refused].map(|refused| refused > 0);
        ensure!(
            has_refused[0] == has_refused[1],
            "only one met a receiver that refuses"
        );
        let (ones, others) = (self.by_group(), other.by_group());
        ensure!(
            ones.len() == others.len(),
            "{} notices, and {}",
            ones.len(),
            others.len()
        );
        for (one, other) in ones.iter().zip(&others) {
            one.same(other, tolerance_millis)
                .with_context(|| format!("one said\n  {one}\nand the other\n  {other}"))?;
        }
        Ok(())
    }

    /// Sorts by receiver and group and keeps the order within: groups are flushed side by side.
    fn by_group(&self) -> Vec<&Notice> {
        let mut notices: Vec<&Notice> = self.notices.iter().collect();
        notices.sort_by_key(|notice| (&notice.path, notice.body["groupKey"].as_str()));
        notices
    }
}

impl Notice {
    fn read(received: &Received, base: &str, begin_millis: i64) -> Result<Self> {
        let mut body = received.json()?;
        if let Some(fields) = body.as_object_mut() {
            LATER.iter().for_each(|name| drop(fields.remove(*name)));
        }
        Ok(Self {
            at_millis: received.at_millis - begin_millis,
            path: received.path[base.len()..].to_owned(),
            body: relative(body, begin_millis),
        })
    }

    fn same(&self, other: &Self, tolerance_millis: i64) -> Result<()> {
        ensure!(self.path == other.path, "to another receiver");
        let late = (self.at_millis - other.at_millis).abs();
        ensure!(late <= tolerance_millis, "{late} ms apart");
        same(&self.body, &other.body, "", tolerance_millis)
    }
}

/// Replaces texts that are times by milliseconds since the begin; Go's zero stays.
fn relative(value: Value, begin_millis: i64) -> Value {
    match value {
        Value::String(text) => match millis_of_rfc_3339(&text) {
            Some(at) if !text.starts_with("0001-") => Value::from(at - begin_millis),
            _ => Value::String(text),
        },
        Value::Array(items) => {
            let items = items.into_iter();
            Value::Array(items.map(|item| relative(item, begin_millis)).collect())
        }
        Value::Object(fields) => {
            let fields = fields.into_iter();
            Value::Object(
                fields
                    .map(|(name, value)| (name, relative(value, begin_millis)))
                    .collect(),
            )
        }
        other => other,
    }
}

fn same(one: &Value, other: &Value, place: &str, tolerance_millis: i64) -> Result<()> {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let names = [one, other].map(|fields| fields.keys().collect::<Vec<_>>());
            ensure!(names[0] == names[1], "{place}: {names:?}");
            for (name, value) in one {
                same(
                    value,
                    &other[name],
                    &format!("{place}.{name}"),
                    tolerance_millis,
                )?;
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            let lengths = (one.len(), other.len());
            ensure!(lengths.0 == lengths.1, "{place}: {lengths:?} items");
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                same(one, other, &format!("{place}[{index}]"), tolerance_millis)?;
            }
        }
        (Value::Number(a), Value::Number(b)) if place.ends_with("At") => {
            let apart = a.as_i64().zip(b.as_i64()).map(|(a, b)| (a - b).abs());
            ensure!(
                apart.is_some_and(|apart| apart <= tolerance_millis),
                "{place}: {a} and {b}"
            );
        }
        _ => ensure!(one == other, "{place}: {one} and {other}"),
    }
    Ok(())
}

impl fmt::Display for Transcript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for notice in &self.notices {
            writeln!(f, "  {notice}")?;
        }
        write!(f, "  and {} refused", self.refused)
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, body) = (&self.path, &self.body);
        let seconds = self.at_millis as f64 / 1000.0;
        write!(f, "{seconds:.3} {path} {}:", body["status"])?;
        for alert in body["alerts"].as_array().into_iter().flatten() {
            let (labels, notes) = (&alert["labels"], &alert["annotations"]);
            let times = (&alert["startsAt"], &alert["endsAt"]);
            write!(f, " {} {labels} {notes}", alert["status"])?;
            write!(f, " [{}, {}];", times.0, times.1)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn transcript(at_millis: i64, body: Value) -> Transcript {
        let body = relative(body, 0);
        let path = "/x".to_owned();
        Transcript {
            notices: vec![Notice {
                at_millis,
                path,
                body,
            }],
            refused: 0,
        }
    }

    #[test]
    fn tells_what_differs() {
        let body = |name: &str, start: &str| json!({"alerts": [{"labels": {"a": name}, "startsAt": start}]});
        let one = transcript(1_000, body("x", "1970-01-01T00:00:01Z"));
        let close = transcript(1_400, body("x", "1970-01-01T00:00:01.5Z"));
        one.same(&close, 500).unwrap();
        for other in [
            transcript(1_600, body("x", "1970-01-01T00:00:01Z")),
            transcript(1_000, body("y", "1970-01-01T00:00:01Z")),
            transcript(1_000, body("x", "1970-01-01T00:00:02Z")),
            transcript(1_000, json!({"alerts": []})),
            transcript(1_000, json!({})),
            Transcript::default(),
        ] {
            assert!(one.same(&other, 500).is_err(), "{other}");
        }
    }
}
