//! The client: one per configuration, cheap to clone, safe to share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

use super::oauth2::Tokens;
use super::tls::{self, Material};
use super::{Authorization, ClientConfig, Error, ErrorKind, Header, Proxy, SecretSource};

/// The most redirects in a row, as in Prometheus and in browsers' libraries.
const REDIRECTS_MAX: usize = 10;
/// Connections kept open per host: one exchange at a time is the rule, two cover an overlap.
const IDLE_PER_HOST_MAX: usize = 2;
/// How long a connection without use is kept, as in Prometheus: longer than common scrape intervals.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);

/// One request with its deadline.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to: `http` or `https`.
    pub url: Url,
    /// The headers of this request alone; the client's configuration wins over them.
    pub headers: HeaderMap,
    /// The body; may be empty.
    pub body: Bytes,
    /// The time for all of it: connecting, sending, and reading the response to the end.
    pub deadline: Duration,
}

impl Request {
    /// Makes a GET request.
    pub fn get(url: Url, deadline: Duration) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            deadline,
        }
    }

    /// Makes a POST request.
    pub fn post(url: Url, body: Bytes, deadline: Duration) -> Self {
        Self {
            method: Method::POST,
            body,
            ..Self::get(url, deadline)
        }
    }

    /// Sets a header of this request.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// Sends requests as a [`ClientConfig`] says, keeping connections open between them.
///
/// ```no_run
/// # async fn example() -> Result<(), plimsoll_runtime::http::Error> {
/// use plimsoll_runtime::http::{Client, ClientConfig, Request, read_response_capped};
/// use plimsoll_types::ByteCount;
/// use std::time::Duration;
///
/// let client = Client::new(ClientConfig::default())?;
/// let url = "http://localhost:9100/metrics".parse().expect("a URL");
/// let response = client.send(Request::get(url, Duration::from_secs(10))).await?;
/// let body = read_response_capped(response, ByteCount::MIB.times(64)).await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    config: ClientConfig,
    has_files: bool,
    built: ArcSwapOption<Built>,
    tokens: Option<Tokens>,
}

/// A client of reqwest and the texts it was made from.
struct Built {
    material: Material,
    client: reqwest::Client,
}

/// The secrets of one request, read just before it.
struct Secrets {
    material: Option<Material>,
    headers: HeaderMap,
}

impl Client {
    /// Makes a client. Files named in `config` need not exist yet: they are read for each request.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], or [`ErrorKind::Secret`] when an inline certificate or key cannot be used.
    pub fn new(config: ClientConfig) -> Result<Self, Error> {
        config.tls.validate()?;
        if let Proxy::Url { url, .. } = &config.proxy
            && !matches!(url.scheme(), "http" | "https")
        {
            let what = format!("wanted an http or https proxy, found {}", url.scheme());
            return Err(Error::new(ErrorKind::Configuration, what));
        }
        let tokens = match &config.authorization {
            Some(Authorization::OAuth2(oauth2)) => Some(Tokens::new(oauth2)?),
            _ => None,
        };
        let client = Self(Arc::new(Shared {
            has_files: has_files(&config),
            built: ArcSwapOption::empty(),
            tokens,
            config,
        }));
        if !client.0.config.tls.has_files() {
            client.0.build(Material::read(&client.0.config.tls)?)?;
        }
        if !client.0.has_files {
            client.0.headers()?;
        }
        Ok(client)
    }

    /// Returns what the client was made from.
    pub fn config(&self) -> &ClientConfig {
        &self.0.config
    }

    /// Sends a request and waits for the head of the response, whatever its status.
    ///
    /// # Errors
    /// Any [`ErrorKind`] but `TooLarge`.
    ///
    /// # Cancel safety
    /// The connection is closed; the peer may have seen the request.
    pub async fn send(&self, request: Request) -> Result<reqwest::Response, Error> {
        let secrets = self.secrets().await?;
        let client = self.0.client(secrets.material)?;
        let mut headers = request.headers;
        for name in secrets.headers.keys() {
            headers.remove(name);
        }
        headers.extend(secrets.headers);
        let started = tokio::time::Instant::now();
        let token = match &self.0.tokens {
            Some(tokens) => Some(tokens.header_within(request.deadline).await?),
            None => None,
        };
        if let Some(token) = &token {
            headers.insert(http::header::AUTHORIZATION, token.clone());
        }
        let response = client
            .request(request.method, request.url)
            .headers(headers)
            .body(request.body)
            .timeout(request.deadline.saturating_sub(started.elapsed()))
            .send()
            .await
            .map_err(Error::from_reqwest)?;
        if let (Some(tokens), Some(token)) = (&self.0.tokens, &token)
            && response.status() == http::StatusCode::UNAUTHORIZED
        {
            tokens.forget(token).await;
        }
        Ok(response)
    }

    async fn secrets(&self) -> Result<Secrets, Error> {
        if !self.0.has_files {
            return self.0.secrets();
        }
        let shared = Arc::clone(&self.0);
        // A file may be on a network file system that hangs.
        #[expect(
            clippy::disallowed_methods,
            reason = "a client has no supervisor, and reading a file does not panic; a failed join is an error here"
        )]
        let reading = tokio::task::spawn_blocking(move || shared.secrets());
        reading.await.map_err(|error| {
            Error::new(ErrorKind::Secret, "reading files failed").with_source(error)
        })?
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.0.config).finish()
    }
}

impl Shared {
    /// Reads what may have changed since the last request; blocks.
    fn secrets(&self) -> Result<Secrets, Error> {
        let reads_material = self.config.tls.has_files() || self.built.load().is_none();
        Ok(Secrets {
            material: match reads_material {
                true => Some(Material::read(&self.config.tls)?),
                false => None,
            },
            headers: self.headers()?,
        })
    }

    fn headers(&self) -> Result<HeaderMap, Error> {
        let mut headers = header_map(&self.config.headers)?;
        let authorization = self.config.authorization.as_ref();
        if let Some(value) = authorization.map_or(Ok(None), authorization_value)? {
            headers.insert(http::header::AUTHORIZATION, value);
        }
        Ok(headers)
    }

    /// Returns the client made from `material`, or the present one when nothing was read.
    fn client(&self, material: Option<Material>) -> Result<reqwest::Client, Error> {
        let present = self.built.load();
        match (material, present.as_ref()) {
            (None, Some(built)) => Ok(built.client.clone()),
            (Some(material), Some(built)) if built.material == material => Ok(built.client.clone()),
            (Some(material), _) => self.build(material),
            (None, None) => self.build(Material::read(&self.config.tls)?),
        }
    }

    fn build(&self, material: Material) -> Result<reqwest::Client, Error> {
        let config = &self.config;
        let tls = tls::client_config(&config.tls, &material, config.offers_http2)?;
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(config.connect_timeout)
            .pool_max_idle_per_host(IDLE_PER_HOST_MAX)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("Plimsoll/", env!("CARGO_PKG_VERSION")))
            .referer(false)
            .redirect(redirect_policy(config));
        if !config.offers_http2 {
            builder = builder.http1_only();
        }
        builder = match &config.proxy {
            Proxy::Environment => builder,
            // Without this, reqwest asks the environment.
            Proxy::None => builder.no_proxy(),
            Proxy::Url {
                url,
                no_proxy,
                headers,
            } => builder.no_proxy().proxy(proxy(url, no_proxy, headers)?),
        };
        let client = builder.build().map_err(Error::from_reqwest)?;
        self.built.store(Some(Arc::new(Built {
            material,
            client: client.clone(),
        })));
        Ok(client)
    }
}

fn has_files(config: &ClientConfig) -> bool {
    let authorization = match &config.authorization {
        None => false,
        Some(Authorization::Basic { username, password }) => {
            username.is_file() || password.as_ref().is_some_and(SecretSource::is_file)
        }
        Some(Authorization::Scheme { credentials, .. }) => credentials.is_file(),
        // Whoever fetches the token reads them.
        Some(Authorization::OAuth2(_)) => false,
    };
    let mut values = config.headers.iter().flat_map(|header| &header.values);
    authorization || config.tls.has_files() || values.any(SecretSource::is_file)
}

/// Returns what is known without asking anybody.
fn authorization_value(authorization: &Authorization) -> Result<Option<HeaderValue>, Error> {
    let text = match authorization {
        Authorization::Basic { username, password } => {
            let username = username.read()?;
            let password = password.as_ref().map(SecretSource::read).transpose()?;
            let password = password.as_ref().map_or("", |password| password.expose());
            let pair = format!("{}:{password}", username.expose());
            format!("Basic {}", BASE64_STANDARD.encode(pair))
        }
        Authorization::Scheme {
            scheme,
            credentials,
        } => format!("{scheme} {}", credentials.read()?.expose()),
        Authorization::OAuth2(_) => return Ok(None),
    };
    let unfit = "the credentials hold characters that no header may have";
    let value = sensitive(&text).ok_or_else(|| Error::new(ErrorKind::Secret, unfit))?;
    Ok(Some(value))
}

fn header_map(headers: &[Header]) -> Result<HeaderMap, Error> {
    let mut map = HeaderMap::new();
    for header in headers {
        for source in &header.values {
            let value = sensitive(source.read()?.expose()).ok_or_else(|| {
                let what = format!(
                    "the value of the header {} holds characters that no header may have",
                    header.name
                );
                Error::new(ErrorKind::Configuration, what)
            })?;
            map.append(header.name.clone(), value);
        }
    }
    Ok(map)
}

/// Makes the value of a header that is never shown.
pub(super) fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn redirect_policy(config: &ClientConfig) -> reqwest::redirect::Policy {
    use reqwest::redirect::Policy;
    if !config.follows_redirects {
        return Policy::none();
    }
    let has_headers = !config.headers.is_empty();
    Policy::custom(move |attempt| {
        let from = attempt.previous().last().map(Url::origin);
        if attempt.previous().len() > REDIRECTS_MAX {
            attempt.error(format!("more than {REDIRECTS_MAX} in a row"))
        } else if has_headers && from.is_some_and(|from| from != attempt.url().origin()) {
            attempt.error("it leads to another host, which must not see the configured headers")
        } else {
            attempt.follow()
        }
    })
}

fn proxy(url: &Url, no_proxy: &str, headers: &[Header]) -> Result<reqwest::Proxy, Error> {
    let mut proxy = reqwest::Proxy::all(url.clone())
        .map_err(Error::from_reqwest)?
        .no_proxy(reqwest::NoProxy::from_string(no_proxy));
    if !headers.is_empty() {
        proxy = proxy.headers(header_map(headers)?);
    }
    Ok(proxy)
}
