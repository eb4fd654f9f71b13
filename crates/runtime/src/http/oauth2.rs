//! Tokens of an OAuth 2.0 server, by the grant of client credentials (RFC 6749, section 4.4).
//!
//! ```text
//! client_id, client_secret --POST--> token_url --> access_token, expires_in --> Authorization: Bearer ...
//! ```
//!
//! A token is used until ten seconds before its end, or until a peer answers 401. Those who need one at the same time wait for
//! one request to the server. The credentials go into the `Authorization` header first, as the RFC prefers, and into the body
//! where the server does not take them there.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use plimsoll_types::ByteCount;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::client::sensitive;
use super::{
    Client, ClientConfig, Error, ErrorKind, OAuth2, Request, Secret, read_response_capped,
};

/// How long before its end a token is no longer used: it must still be good when it arrives.
const MARGIN: Duration = Duration::from_secs(10);
/// The longest answer that is read; a signed token has a few KiB.
const ANSWER_MAX: ByteCount = ByteCount::KIB.times(64);

/// Gets tokens, and keeps the present one.
pub(super) struct Tokens {
    config: OAuth2,
    client: Client,
    /// Held while a token is fetched, so that all others wait for that one request.
    present: Mutex<Option<Token>>,
}

/// Boxed and named: a client gets its token by a client, and the compiler cannot look into that circle.
type Header<'a> = Pin<Box<dyn Future<Output = Result<HeaderValue, Error>> + Send + 'a>>;

#[derive(Clone)]
struct Token {
    value: HeaderValue,
    /// Nothing where the server does not say.
    ends: Option<Instant>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    expires_in: Option<f64>,
}

/// RFC 6749, section 5.2: a code from a short list, safe to show.
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Tokens {
    pub(super) fn new(config: &OAuth2) -> Result<Self, Error> {
        let client = Client::new(ClientConfig {
            tls: config.tls.clone(),
            proxy: config.proxy.clone(),
            // The credentials are for one server.
            follows_redirects: false,
            ..ClientConfig::default()
        })?;
        Ok(Self {
            config: config.clone(),
            client,
            present: Mutex::default(),
        })
    }

    /// Returns the value of the `Authorization` header, from the server if there is none that is still good. Whoever waits
    /// for the request of somebody else waits no longer than its own deadline.
    pub(super) fn header_within(&self, deadline: Duration) -> Header<'_> {
        Box::pin(async move {
            let header = tokio::time::timeout(deadline, self.header(deadline)).await;
            header.unwrap_or_else(|_| {
                let what = "the token server did not answer before the deadline";
                Err(Error::new(ErrorKind::Timeout, what))
            })
        })
    }

    async fn header(&self, deadline: Duration) -> Result<HeaderValue, Error> {
        let mut present = self.present.lock().await;
        let is_good = |token: &&Token| token.ends.is_none_or(|ends| now() < ends);
        if let Some(token) = present.as_ref().filter(is_good) {
            return Ok(token.value.clone());
        }
        let token = self.fetch(deadline).await?;
        Ok(present.insert(token).value.clone())
    }

    /// Forgets a token that a peer did not accept.
    pub(super) async fn forget(&self, value: &HeaderValue) {
        let mut present = self.present.lock().await;
        if present.as_ref().is_some_and(|token| token.value == value) {
            *present = None;
        }
    }

    async fn fetch(&self, deadline: Duration) -> Result<Token, Error> {
        let started = now();
        let secret = match &self.config.client_secret {
            Some(source) => source.read_off_thread().await?,
            None => Secret::new(""),
        };
        let mut answer = self.ask(&secret, true, deadline).await?;
        if answer.0.is_client_error() {
            let rest = deadline.saturating_sub(started.elapsed());
            answer = self.ask(&secret, false, rest).await?;
        }
        let (status, body) = answer;
        if !status.is_success() {
            return Err(refused(status, &body));
        }
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|_| failed("the token server's answer holds no token".to_owned()))?;
        let value = sensitive(&format!("Bearer {}", answer.access_token.expose()))
            .ok_or_else(|| failed("the token holds characters that no header may have".into()))?;
        let lasts = answer.expires_in.filter(|seconds| *seconds > 0.0);
        let lasts = lasts.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let ends = lasts.and_then(|lasts| started.checked_add(lasts.saturating_sub(MARGIN)));
        Ok(Token { value, ends })
    }

    async fn ask(
        &self,
        secret: &Secret,
        is_in_header: bool,
        deadline: Duration,
    ) -> Result<(StatusCode, Bytes), Error> {
        let config = &self.config;
        let form = form(config, (!is_in_header).then_some(secret));
        let mut request = Request::post(config.token_url.clone(), form.into(), deadline)
            .with_header(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            );
        if is_in_header {
            let value = basic(&config.client_id, secret.expose());
            request = request.with_header(AUTHORIZATION, value);
        }
        let response = self.client.send(request).await?;
        let status = response.status();
        Ok((status, read_response_capped(response, ANSWER_MAX).await?))
    }
}

/// Returns the body of the request, with the credentials where they are to be in it.
fn form(config: &OAuth2, secret: Option<&Secret>) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    if !config.scopes.is_empty() {
        form.append_pair("scope", &config.scopes.join(" "));
    }
    if let Some(secret) = secret {
        form.append_pair("client_id", &config.client_id);
        form.append_pair("client_secret", secret.expose());
    }
    form.extend_pairs(&config.parameters);
    form.finish()
}

/// RFC 6749, section 2.3.1: both parts are encoded as in a form before they are joined.
fn basic(id: &str, secret: &str) -> HeaderValue {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret));
    let text = format!("Basic {}", BASE64_STANDARD.encode(pair));
    sensitive(&text).expect("base64 may stand in a header")
}

fn refused(status: StatusCode, body: &[u8]) -> Error {
    let code = serde_json::from_slice::<Refusal>(body).ok();
    let is_word = |code: &&Refusal| {
        let mut bytes = code.error.bytes();
        code.error.len() <= 64 && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let code = code
        .as_ref()
        .filter(is_word)
        .map_or(String::new(), |code| format!(" ({})", code.error));
    failed(format!(
        "the token server answered {}{code}",
        status.as_u16()
    ))
}

fn failed(what: String) -> Error {
    Error::new(ErrorKind::Secret, what)
}

/// The machine's time, as for every deadline of an exchange; what is judged by a simulated clock has no tokens.
fn now() -> Instant {
    Instant::now()
}
