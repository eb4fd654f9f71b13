//! The server that routes alerts, as these commands ask it.

use plimsoll_types::Matcher;
use plimsoll_wire::alertmanager::ListedAlert;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::words::filters;
use crate::commands::Failure;
use crate::commands::server::{Server, read_answer};

/// What to do when nobody listens.
const OR_ALERTMANAGER: &str =
    "plimsoll alertmanager listens on http://127.0.0.1:9093: name it with --server";
/// What it means when the paths are not there.
const NOT_ROUTED: &str =
    "no alerts are routed there: plimsoll serve does so with --alertmanager.config-file";

/// Where the server is that routes alerts.
#[derive(clap::Args, Clone)]
pub(in crate::commands) struct Alerting {
    #[command(flatten)]
    server: Server,
}

impl Alerting {
    /// Asks one of Alertmanager's paths below `/api/v2`.
    ///
    /// # Errors
    /// A server that cannot be reached, or what it says is wrong.
    pub(in crate::commands) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Result<T, Failure> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let body = self
            .server
            .get(&format!("api/v2/{path}"), &parameters)
            .map_err(explained)?;
        serde_json::from_str(&body).map_err(|error| {
            let server = self.server.shown();
            Failure::failed(format!(
                "{server}/api/v2/{path} answered something else than an Alertmanager: {error}"
            ))
        })
    }

    /// Sends a body to one of them.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub(in crate::commands) fn post(&self, path: &str, body: Vec<u8>) -> Result<Value, Failure> {
        let json = [("content-type", "application/json")];
        let answer = self.server.post(path, &json, body).map_err(explained)?;
        read_answer(&self.server, &answer)
    }

    /// Deletes what one of Alertmanager's paths below `/api/v2` is about.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub(in crate::commands) fn delete(&self, path: &str) -> Result<(), Failure> {
        self.server.delete(&format!("api/v2/{path}")).map(drop)
    }

    /// Asks one of our paths below `/api/v1/alerting` for its data.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub(in crate::commands) fn data(
        &self,
        path: &str,
        parameters: &[(&str, String)],
    ) -> Result<Value, Failure> {
        let parameters: Vec<_> = parameters
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let path = format!("api/v1/alerting/{path}");
        let body = self.server.get(&path, &parameters).map_err(explained)?;
        Ok(read_answer(&self.server, &body)?["data"].take())
    }

    /// Returns the alerts that fulfil all conditions.
    ///
    /// # Errors
    /// As for [`get`](Self::get).
    pub(in crate::commands) fn alerts(
        &self,
        matchers: &[Matcher],
        receiver: Option<&str>,
    ) -> Result<Vec<ListedAlert>, Failure> {
        let mut parameters = filters(matchers);
        parameters.extend(receiver.map(|receiver| ("receiver", receiver.to_owned())));
        self.get("alerts", &parameters)
    }
}

/// Reads alerts of an answer.
///
/// # Errors
/// When they are none.
pub(in crate::commands) fn read_alerts(alerts: Value) -> Result<Vec<ListedAlert>, Failure> {
    serde_json::from_value(alerts)
        .map_err(|error| Failure::failed(format!("the server's answer has no alerts: {error}")))
}

fn explained(failure: Failure) -> Failure {
    failure
        .with_hint("is it running?", OR_ALERTMANAGER)
        .with_hint("answered 404", NOT_ROUTED)
}
