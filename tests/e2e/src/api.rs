//! Questions to whatever speaks Prometheus' HTTP API.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::http::{Reply, encode_query, request};

/// A server of Prometheus' HTTP API.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Api {
    /// Sends a GET.
    ///
    /// # Errors
    /// When there is no reply.
    pub fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Reply> {
        let target = match parameters {
            [] => path.to_owned(),
            _ => format!("{path}?{}", encode_query(parameters)),
        };
        request(self.address, "GET", &target, &[], b"")
    }

    /// Sends a POST.
    ///
    /// # Errors
    /// When there is no reply.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Reply> {
        request(self.address, "POST", path, headers, body)
    }

    /// Sends a form.
    ///
    /// # Errors
    /// When there is no reply.
    pub fn post_form(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Reply> {
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        self.post(path, &[form], encode_query(parameters).as_bytes())
    }

    /// Asks for the `data` of a successful answer.
    ///
    /// # Errors
    /// When there is no reply or it is no success.
    pub fn data(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let reply = self.get(path, parameters)?;
        ensure!(
            reply.status == 200,
            "{path} {parameters:?}: status {}: {}",
            reply.status,
            reply.text()
        );
        let mut answer = reply.json()?;
        ensure!(answer["status"] == "success", "{path}: {answer}");
        Ok(answer["data"].take())
    }

    /// Evaluates `expression`; `time` in seconds since the epoch, now when absent.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub fn query(&self, expression: &str, time: Option<&str>) -> Result<Value> {
        let mut parameters = vec![("query", expression)];
        parameters.extend(time.map(|time| ("time", time)));
        self.data("/api/v1/query", &parameters)
    }

    /// Evaluates `expression` now and returns the value of each series of the vector, with its labels.
    ///
    /// # Errors
    /// As for [`data`](Self::data).
    pub fn vector(&self, expression: &str) -> Result<Vec<(Value, f64)>> {
        let data = self.query(expression, None)?;
        ensure!(data["resultType"] == "vector", "{expression}: {data}");
        let mut found = Vec::new();
        for series in data["result"].as_array().into_iter().flatten() {
            let value = series["value"][1].as_str().unwrap_or_default().parse()?;
            found.push((series["metric"].clone(), value));
        }
        Ok(found)
    }

    /// Evaluates `expression` now and returns the one value that it has.
    ///
    /// # Errors
    /// As for [`data`](Self::data), and when it has none or several.
    pub fn value(&self, expression: &str) -> Result<f64> {
        let found = self.vector(expression)?;
        ensure!(
            found.len() == 1,
            "{expression}: wanted one series, found {found:?}"
        );
        Ok(found[0].1)
    }
}
