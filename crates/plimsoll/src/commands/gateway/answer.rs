//! The server whose gateway these commands ask, and the parts that its answers are made of.

use plimsoll_types::Timestamp;
use serde_json::Value;

use crate::commands::Failure;
use crate::commands::server::{Server, read_answer};
use crate::commands::shown::{distance, read_time, text};

/// Where the gateway's API is.
#[derive(clap::Args, Clone)]
pub(super) struct Gateway {
    #[command(flatten)]
    server: Server,
}

/// An endpoint by name.
#[derive(clap::Args, Clone)]
pub(super) struct Named {
    /// The backend's name
    #[arg(value_name = "BACKEND")]
    pub(super) backend: String,
    /// The endpoint's name: by default its host and port
    #[arg(value_name = "ENDPOINT")]
    pub(super) endpoint: String,
}

impl Gateway {
    /// Asks one of the paths below `/api/v1/gateway` for its data.
    ///
    /// # Errors
    /// A server that cannot be reached, or what it says is wrong.
    pub(super) fn data(&self, path: &str, parameters: &[(&str, String)]) -> Result<Value, Failure> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let body = self.server.get(&whole(path), &parameters)?;
        Ok(read_answer(&self.server, &body)?["data"].take())
    }

    /// Gives an order, and returns what it is about as it is then.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub(super) fn order(&self, order: &Value) -> Result<Value, Failure> {
        let json = [("content-type", "application/json")];
        let body = order.to_string().into_bytes();
        let answer = self.server.post(&whole("orders"), &json, body)?;
        Ok(read_answer(&self.server, &answer)?["data"].take())
    }

    /// Has an endpoint checked at once.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub(super) fn check(&self, backend: &str, endpoint: &str) -> Result<Value, Failure> {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("backend", backend);
        query.append_pair("endpoint", endpoint);
        let path = format!("{}?{}", whole("checks"), query.finish());
        let answer = self.server.post(&path, &[], Vec::new())?;
        Ok(read_answer(&self.server, &answer)?["data"].take())
    }

    /// Hands each line of a path that never ends to `each`, until that says that it has seen enough.
    ///
    /// # Errors
    /// As for [`data`](Self::data), and what `each` returns.
    pub(super) fn lines(
        &self,
        path: &str,
        parameters: &[(&str, String)],
        each: impl FnMut(&str) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        self.server.lines(&whole(path), &parameters, each)
    }
}

fn whole(path: &str) -> String {
    format!("api/v1/gateway/{path}")
}

/// Writes a length of time with three digits, in the unit that fits; `-` where there is none.
pub(super) fn length(seconds: &Value) -> String {
    let Some(seconds) = seconds.as_f64() else {
        return "-".into();
    };
    match seconds {
        0.0 => "0".into(),
        ..0.001 => format!("{:.0}us", seconds * 1e6),
        ..0.1 => format!("{:.1}ms", seconds * 1e3),
        ..10.0 => format!("{:.0}ms", seconds * 1e3),
        _ => format!("{seconds:.0}s"),
    }
}

/// Writes a share as a percentage.
pub(super) fn percent(share: &Value) -> String {
    let percent = share.as_f64().unwrap_or_default() * 100.0;
    let text = format!("{percent:.1}");
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

/// Writes a number as it is; `-` where there is none.
pub(super) fn number(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        _ => "-".into(),
    }
}

/// Writes a text; `-` where there is none.
pub(super) fn or_dash(value: &Value) -> String {
    match text(value) {
        text if text.is_empty() => "-".into(),
        text => text,
    }
}

/// Writes how far a time of an answer is; `-` where there is none.
pub(super) fn away(value: &Value, now: Timestamp) -> String {
    read_time(value).map_or("-".into(), |at| distance(at, now))
}

/// Writes an endpoint after an order, in a line.
pub(super) fn endpoint_line(data: &Value) -> String {
    let endpoint = &data["endpoint"];
    let reason = match text(&endpoint["reason"]) {
        reason if reason.is_empty() => reason,
        reason => format!(" ({reason})"),
    };
    format!(
        "{} {}: {}{reason}, weight {}, {} in flight\n",
        text(&endpoint["backend"]),
        text(&endpoint["name"]),
        text(&endpoint["state"]),
        number(&endpoint["weight"]),
        number(&endpoint["inFlight"])
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lengths_have_the_unit_that_fits() {
        for (seconds, expected) in [
            (0.0, "0"),
            (0.000_25, "250us"),
            (0.0123, "12.3ms"),
            (1.5, "1500ms"),
            (60.0, "60s"),
        ] {
            assert_eq!(length(&json!(seconds)), expected);
        }
        assert_eq!(length(&Value::Null), "-");
    }

    #[test]
    fn shares_are_whole_where_they_can() {
        assert_eq!(percent(&json!(0.95)), "95 %");
        assert_eq!(percent(&json!(0.333)), "33.3 %");
    }

    #[test]
    fn an_order_is_answered_in_a_line() {
        let data = json!({"endpoint": {
            "backend": "shop", "name": "a:1", "state": "draining", "reason": "ordered", "weight": 2, "inFlight": 7,
        }});
        let expected = "shop a:1: draining (ordered), weight 2, 7 in flight\n";
        assert_eq!(endpoint_line(&data), expected);
    }
}
