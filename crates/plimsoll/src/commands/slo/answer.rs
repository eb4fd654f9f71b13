//! The server that counts objectives, as these commands ask it, and the parts that its answers are made of.

use clap::ValueEnum;
use serde_json::Value;

use crate::commands::server::{Server, read_answer};
use crate::commands::shown::{harmless, text};
use crate::commands::{Failure, print};

/// Where the server is that counts objectives.
#[derive(clap::Args, Clone)]
pub(in crate::commands) struct Objectives {
    #[command(flatten)]
    server: Server,
}

/// How an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::commands) enum Output {
    /// For people
    Table,
    /// As the server answers it
    Json,
}

/// An SLO by name.
#[derive(clap::Args, Clone)]
pub(in crate::commands) struct Named {
    /// Which: its service and its name, such as checkout/availability
    #[arg(value_name = "SERVICE/NAME", value_parser = id)]
    id: String,
}

impl Named {
    /// Returns the path of something about it.
    pub(in crate::commands) fn path(&self, what: &str) -> String {
        match what {
            "" => self.id.clone(),
            what => format!("{}/{what}", self.id),
        }
    }
}

/// Names are checked here, so that they can stand in a path as they are.
fn id(text: &str) -> Result<String, String> {
    let is_name = |part: &str| {
        let is_plain = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.')
        };
        !part.is_empty() && part.chars().all(is_plain) && part.chars().any(|one| one != '.')
    };
    match text.split_once('/') {
        Some((service, name)) if is_name(service) && is_name(name) => Ok(text.to_owned()),
        _ => Err("expected a service and a name, such as checkout/availability".into()),
    }
}

impl Objectives {
    /// Asks one of the paths below `/api/v1/slos` for its data.
    ///
    /// # Errors
    /// A server that cannot be reached, or what it says is wrong.
    pub(in crate::commands) fn data(
        &self,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Result<Value, Failure> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let body = self.server.get(&whole(path), &parameters)?;
        Ok(read_answer(&self.server, &body)?["data"].take())
    }

    /// Sends a body to one of them.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub(in crate::commands) fn post(&self, path: &str, body: Vec<u8>) -> Result<Value, Failure> {
        let json = [("content-type", "application/json")];
        let answer = self.server.post(&whole(path), &json, body)?;
        Ok(read_answer(&self.server, &answer)?["data"].take())
    }

    /// Deletes what one of them is about.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub(in crate::commands) fn delete(&self, path: &str) -> Result<(), Failure> {
        self.server.delete(&whole(path)).map(drop)
    }
}

fn whole(path: &str) -> String {
    match path {
        "" => "api/v1/slos".into(),
        path => format!("api/v1/slos/{path}"),
    }
}

impl Output {
    /// Prints data as the server answered it, or as `table` writes it.
    pub(in crate::commands) fn print(
        self,
        data: &Value,
        table: impl FnOnce(&Value) -> String,
    ) -> Result<(), Failure> {
        match self {
            Self::Json => print(&format!("{data}\n")),
            Self::Table => print(&table(data)),
        }
    }
}

/// Writes a share as a percentage with three digits, as many as an objective of 99.999 needs; `-` where there is none.
pub(in crate::commands) fn percent(share: &Value) -> String {
    match share.as_f64() {
        Some(share) => format!("{:.3} %", share * 100.0),
        None => "-".into(),
    }
}

/// Writes which budget of an SLO it is: the objective, and the group in braces.
pub(in crate::commands) fn group(budget: &Value) -> String {
    let objective = text(&budget["objective"]);
    let Some(labels) = budget["group"].as_object() else {
        return objective;
    };
    let pairs = labels.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}=\"{}\"", harmless(name), text(value)))
        .collect();
    format!("{objective}{{{}}}", pairs.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_in_a_path_as_it_is() {
        assert!(id("checkout/availability").is_ok());
        for wrong in [
            "checkout", "a/b/c", "/b", "a/", "a b/c", "../x", "a/..", "a/%2e",
        ] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_known_is_no_number() {
        assert_eq!(percent(&Value::Null), "-");
        assert_eq!(percent(&0.99949.into()), "99.949 %");
        let budget = serde_json::json!({"objective": "p99", "group": {"region": "e\u{1b}u"}});
        assert_eq!(group(&budget), "p99{region=\"e\\u{1b}u\"}");
    }
}
