//! Asks the running Plimsoll over its API, as anybody can.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::http::{Client, ClientConfig, Request, read_response_capped};
use plimsoll_types::ByteCount;
use serde_json::Value;

use crate::books::Books;
use crate::judge::{Account, Ledger};
use crate::shop::Route;

/// An answer on loopback comes within this time or is asked for again.
const DEADLINE: Duration = Duration::from_secs(5);
const ANSWER_MAX: ByteCount = ByteCount::MIB;

/// A Plimsoll that is asked.
#[derive(Clone)]
pub(crate) struct Plimsoll {
    client: Client,
    address: SocketAddr,
}

impl Plimsoll {
    /// Makes one.
    ///
    /// # Errors
    /// When the system has no trustworthy certificates to read, in words.
    pub(crate) fn new(address: SocketAddr) -> Result<Self, String> {
        let client = Client::new(ClientConfig::default());
        let client = client.map_err(|error| error.to_string())?;
        Ok(Self { client, address })
    }

    /// Says whether it takes requests.
    pub(crate) async fn is_ready(&self) -> bool {
        self.get("/-/ready").await.is_some()
    }

    /// Returns where a listener of its gateway takes requests in.
    pub(crate) async fn listener(&self, name: &str) -> Option<SocketAddr> {
        let data = self.data("/api/v1/gateway/listeners").await?;
        let mut listeners = data["listeners"].as_array()?.iter();
        let own = listeners.find(|listener| listener["name"] == name)?;
        own["address"].as_str()?.parse().ok()
    }

    /// Says whether the gateway has exported its signals. Series begin with a 0 at the export before their first event, and
    /// objectives are in force before the first export: from then on the ledger sees every request.
    pub(crate) async fn has_exported(&self) -> bool {
        let answer = self
            .data("/api/v1/query?query=plimsoll_gateway_retry_budget")
            .await;
        answer.is_some_and(|data| data["result"].as_array().is_some_and(|all| !all.is_empty()))
    }

    /// Returns what the ledger of a route's objective says.
    pub(crate) async fn ledger(&self, route: Route) -> Option<Ledger> {
        let path = format!("/api/v1/slos/{}/budget", route.slo());
        ledger(&self.data(&path).await?)
    }

    /// Returns all books of all routes as they are now.
    pub(crate) async fn accounts(&self, books: &Arc<Books>) -> Vec<Account> {
        let mut accounts = Vec::new();
        for route in Route::ALL {
            accounts.push(Account {
                route,
                seen: books.seen_of(route),
                answered: books.answers_of(route),
                ledger: self.ledger(route).await,
            });
        }
        accounts
    }

    async fn data(&self, path: &str) -> Option<Value> {
        let body = self.get(path).await?;
        let mut answer: Value = serde_json::from_slice(&body).ok()?;
        (answer["status"] == "success").then(|| answer["data"].take())
    }

    async fn get(&self, path: &str) -> Option<bytes::Bytes> {
        let url = format!("http://{}{path}", self.address).parse().ok()?;
        let response = self.client.send(Request::get(url, DEADLINE)).await.ok()?;
        if !response.status().is_success() {
            return None;
        }
        read_response_capped(response, ANSWER_MAX).await.ok()
    }
}

fn ledger(data: &Value) -> Option<Ledger> {
    let window = &data["budgets"][0]["windows"][0];
    let events = &window["events"];
    Some(Ledger {
        good: events["good"].as_u64()?,
        bad: events["bad"].as_u64()?,
        excluded: events["excluded"].as_u64()?,
        remaining: window["remaining"].as_f64(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_what_is_left_are_read_from_an_answer() {
        let text = r#"{"budgets": [{"windows": [{"good": 9, "remaining": 0.5,
            "events": {"good": 8, "bad": 2, "excluded": 1, "coveredSlices": 3}}]}]}"#;
        let expected = Ledger {
            good: 8,
            bad: 2,
            excluded: 1,
            remaining: Some(0.5),
        };
        assert_eq!(ledger(&serde_json::from_str(text).unwrap()), Some(expected));
        assert_eq!(ledger(&Value::Null), None);
    }
}
