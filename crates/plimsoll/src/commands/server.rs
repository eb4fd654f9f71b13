//! Asking a running server: where it is, how long to wait, and what a bad answer means.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use plimsoll_runtime::http::{
    Client, ClientConfig, Error, Request, read_response_capped, without_user,
};
use plimsoll_types::ByteCount;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::Failure;

/// The largest answer that is read.
const ANSWER_BYTES_MAX: ByteCount = ByteCount::GIB;
/// Where `plimsoll serve` listens unless it is told otherwise.
const DEFAULT: &str = "http://127.0.0.1:9880";

/// Where the server is.
#[derive(clap::Args, Clone)]
pub(super) struct Server {
    /// Where the server listens, or any other that speaks Prometheus' HTTP API
    #[arg(long, value_name = "URL", default_value = DEFAULT)]
    server: String,
    /// How long to wait for the answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "120")]
    timeout: u64,
}

impl Server {
    /// Returns the same with another address.
    pub(super) fn at(mut self, url: String) -> Self {
        self.server = url;
        self
    }

    /// Takes the place of the server from the front of the words, where promtool has it.
    pub(super) fn or_first_of(mut self, words: &mut Vec<String>, most: usize) -> Self {
        if words.len() == most {
            self.server = words.remove(0);
        }
        self
    }

    /// Sends parameters as a form, so that their length does not matter, and returns the body of a good answer.
    ///
    /// # Errors
    /// Wrong usage, a server that cannot be reached, or what the server says is wrong.
    pub(super) fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        let mut form = Serializer::new(String::new());
        form.extend_pairs(parameters);
        self.post(
            path,
            &[("content-type", "application/x-www-form-urlencoded")],
            form.finish().into_bytes(),
        )
    }

    /// As [`ask`](Self::ask), in the address, for what takes no form.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Result<String, Failure> {
        let mut url = self.endpoint(path)?;
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        self.send(Request::get(url, self.deadline()))
    }

    /// Sends a body.
    ///
    /// # Errors
    /// As [`ask`](Self::ask).
    pub(super) fn post(
        &self,
        path: &str,
        headers: &[(&'static str, &'static str)],
        body: Vec<u8>,
    ) -> Result<String, Failure> {
        let request = Request::post(self.endpoint(path)?, body.into(), self.deadline());
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.with_header(
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        });
        self.send(request)
    }

    fn send(&self, request: Request) -> Result<String, Failure> {
        let (status, body) = wait_for(async {
            let client = Client::new(ClientConfig::default()).map_err(Failure::failed)?;
            let response = client
                .send(request)
                .await
                .map_err(|e| self.unreachable(&e))?;
            let status = response.status();
            let body = read_response_capped(response, ANSWER_BYTES_MAX).await;
            Ok((status, body.map_err(|e| self.unreachable(&e))?))
        })?;
        let body = String::from_utf8_lossy(&body).into_owned();
        if status.is_success() {
            return Ok(body);
        }
        let answer = serde_json::from_str::<Value>(&body).unwrap_or_default();
        Err(Failure::failed(match answer["error"].as_str() {
            Some(reason) => reason.to_owned(),
            None => format!("{} answered {status}: {}", self.shown(), body.trim()),
        }))
    }

    fn unreachable(&self, error: &Error) -> Failure {
        let hint = "is it running? start it with: plimsoll serve";
        Failure::unreachable(format!("{}: {}\n{hint}", self.shown(), error.chain()))
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// The server for texts that people see: its URL without user and password.
    pub(super) fn shown(&self) -> String {
        let text = self.server.trim_end_matches('/');
        match Url::parse(text) {
            Ok(url) if url.has_host() => without_user(&url).as_str().trim_end_matches('/').into(),
            // What is no URL may hold a password all the same.
            _ => text.rsplit('@').next().unwrap_or_default().into(),
        }
    }

    fn endpoint(&self, path: &str) -> Result<Url, Failure> {
        let wrong =
            |reason: &dyn Display| Failure::usage(format!("server {}: {reason}", self.shown()));
        // An address that is complete stays as it is, down to its last stroke.
        let base = match path {
            "" => self.server.clone(),
            _ => format!("{}/", self.server.trim_end_matches('/')),
        };
        let url = Url::parse(&base).map_err(|error| wrong(&error))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong(
                &"expected a URL that begins with http:// or https://",
            ));
        }
        url.join(path).map_err(|error| wrong(&error))
    }
}

fn wait_for<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::failed)?;
    runtime.block_on(future)
}

/// Reads the answer of Prometheus' API and tells the server's notes on stderr.
///
/// # Errors
/// When it is no JSON.
pub(super) fn read_answer(server: &Server, body: &str) -> Result<Value, Failure> {
    let answer: Value = serde_json::from_str(body).map_err(|error| {
        Failure::failed(format!("{} answered no JSON: {error}", server.shown()))
    })?;
    for kind in ["warnings", "infos"] {
        for note in answer[kind].as_array().into_iter().flatten() {
            let kind = kind.trim_end_matches('s');
            eprintln!("{kind}: {}", note.as_str().unwrap_or_default());
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        server: Server,
    }

    #[test]
    fn no_text_shows_a_password() {
        for (server, expected) in [
            ("http://ann:pw@127.0.0.1:9880/", "http://127.0.0.1:9880"),
            ("http://127.0.0.1:9880/sub", "http://127.0.0.1:9880/sub"),
            ("http://ann:pw@host:99999", "host:99999"),
            ("ann:pw@host", "host"),
        ] {
            let line = Line::parse_from(["x", "--server", server]);
            assert_eq!(line.server.shown(), expected, "{server}");
        }
    }
}
