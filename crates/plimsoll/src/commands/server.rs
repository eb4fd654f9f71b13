//! Asking a running server: where it is, how long to wait, and what a bad answer means.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use http::StatusCode;
use plimsoll_runtime::http::{
    Client, ClientConfig, Error, ErrorKind, Request, read_response_capped, without_user,
};
use plimsoll_types::ByteCount;
use serde_json::Value;
use url::Url;
use url::form_urlencoded::Serializer;

use super::Failure;

/// The largest answer that is read.
const ANSWER_BYTES_MAX: ByteCount = ByteCount::GIB;
/// How long an answer that does not end is listened to: a year.
const ENDLESS: Duration = Duration::from_secs(365 * 24 * 3600);
/// The longest line of such an answer, in bytes.
const LINE_MAX: usize = 1 << 20;
/// Where `plimsoll serve` listens unless it is told otherwise.
const DEFAULT: &str = "http://127.0.0.1:9880";

/// What is asked when a server is there and knows nothing of the API.
const WRONG_PATH: &str = "\nis this the URL of a server that speaks Prometheus' HTTP API, with the prefix it is served under?";

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
    /// Names a server; `timeout` is in seconds.
    pub(super) fn new(server: String, timeout: u64) -> Self {
        Self { server, timeout }
    }

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
        // Ours shows where an expression is wrong; other servers pass over what they do not know.
        form.append_pair("caret", "true");
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
        self.send(path, Request::get(url, self.deadline()))
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
        self.send(path, request)
    }

    /// Deletes what a path is about.
    ///
    /// # Errors
    /// As for [`ask`](Self::ask).
    pub(super) fn delete(&self, path: &str) -> Result<String, Failure> {
        let mut request = Request::get(self.endpoint(path)?, self.deadline());
        request.method = http::Method::DELETE;
        self.send(path, request)
    }

    /// Hands each line of an answer that does not end to `each` as it comes, until that says that it has seen enough or the
    /// server ends it. The time of `--timeout` is for the head of the answer.
    ///
    /// # Errors
    /// As [`ask`](Self::ask), and what `each` returns.
    pub(super) fn lines(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        mut each: impl FnMut(&str) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut url = self.endpoint(path)?;
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        let request = Request::get(url, ENDLESS);
        wait_for(async {
            let client = Client::new(ClientConfig::default()).map_err(Failure::failed)?;
            let sent = tokio::time::timeout(self.deadline(), client.send(request)).await;
            let late = |_| Failure::unreachable(format!("{}: no answer in time", self.shown()));
            let sent = sent.map_err(late)?;
            let mut response = sent.map_err(|error| self.unreachable(&error))?;
            if !response.status().is_success() {
                let status = response.status();
                let body = read_response_capped(response, ByteCount::MIB).await;
                let body = body.map_err(|error| self.unreachable(&error))?;
                return Err(self.refused(path, status, &String::from_utf8_lossy(&body)));
            }
            let mut waiting = Vec::new();
            let broken = |error| Failure::unreachable(format!("{}: {error}", self.shown()));
            while let Some(chunk) = response.chunk().await.map_err(broken)? {
                waiting.extend_from_slice(&chunk);
                while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = waiting.drain(..=end).collect();
                    if !each(&String::from_utf8_lossy(&line[..end]))? {
                        return Ok(());
                    }
                }
                if waiting.len() > LINE_MAX {
                    let server = self.shown();
                    return Err(Failure::failed(format!(
                        "{server} sent a line without an end"
                    )));
                }
            }
            Ok(())
        })
    }

    fn send(&self, path: &str, request: Request) -> Result<String, Failure> {
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
        Err(self.refused(path, status, &body))
    }

    fn refused(&self, path: &str, status: StatusCode, body: &str) -> Failure {
        Failure::failed(refusal(body).unwrap_or_else(|| {
            let hint = match status {
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => WRONG_PATH,
                _ => "",
            };
            let (server, body) = (self.shown(), body.trim());
            let slash = if path.is_empty() { "" } else { "/" };
            format!("{server}{slash}{path} answered {status}: {body}{hint}")
        }))
    }

    fn unreachable(&self, error: &Error) -> Failure {
        let hint = match error.kind() {
            ErrorKind::Tls => "does it speak TLS? without, its URL begins with http://",
            ErrorKind::Timeout => "more time is given with --timeout",
            ErrorKind::Connect => "is it running? start it with: plimsoll serve",
            _ => "does a server that speaks Prometheus' HTTP API listen there?",
        };
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
        let wrong = |reason: &dyn Display| {
            Failure::usage(format!(
                "the server {:?} is no URL such as {DEFAULT}: {reason}",
                self.shown()
            ))
        };
        // An address that is complete stays as it is, down to its last stroke.
        let base = match path {
            "" => self.server.clone(),
            _ => format!("{}/", self.server.trim_end_matches('/')),
        };
        if !["http://", "https://"].iter().any(|s| base.starts_with(s)) {
            return Err(wrong(&"expected http:// or https:// at its beginning"));
        }
        let url = Url::parse(&base).map_err(|error| wrong(&error))?;
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

/// Finds out what the API says is wrong: without the name of the parameter that people who typed an expression do not
/// know, and with the place in it. `None` when this is no answer of the API.
fn refusal(body: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(body).ok()?;
    // Alertmanager's API answers a text, or an object with a code.
    let error = answer["error"].as_str();
    let error = error.or(answer.as_str()).or(answer["message"].as_str())?;
    let error = error
        .strip_prefix("invalid parameter \"query\": ")
        .unwrap_or(error);
    Some(match answer["caret"].as_str() {
        Some(caret) => format!("{error}\n{caret}"),
        None => error.to_owned(),
    })
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
    fn a_refusal_is_told_with_its_place() {
        let check = |body: &str, expected: Option<&str>| {
            assert_eq!(refusal(body).as_deref(), expected, "{body}");
        };
        check(r#"{"error":"query timed out"}"#, Some("query timed out"));
        check(
            r#"{"error":"invalid parameter \"query\": 1:1: parse error: x","caret":"  a\n  ^"}"#,
            Some("1:1: parse error: x\n  a\n  ^"),
        );
        check(r#""bad matcher""#, Some("bad matcher"));
        check(
            r#"{"code":602,"message":"matchers in body is required"}"#,
            Some("matchers in body is required"),
        );
        check("404 page not found", None);
        check("{}", None);
    }

    #[test]
    fn what_is_no_url_is_refused_before_anything_is_sent() {
        for server in ["localhost:9090", "127.0.0.1:9090", "", "http:/x", "http://"] {
            let line = Line::parse_from(["x", "--server", server]);
            assert!(line.server.endpoint("api/v1/query").is_err(), "{server}");
        }
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
