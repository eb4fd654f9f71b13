//! The shape of the section: what may stand where. `cargo xtask reference` makes pages of the comments.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::config::{Spanned, SpannedKey};
use crate::http::Secret;

/// HTTP client: how to speak to a peer. `basic_auth`, `authorization`, `oauth2` and the bearer tokens exclude each other.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawHttpClient {
    /// A name and a password.
    /// Default: none.
    pub basic_auth: Option<Spanned<RawBasicAuth>>,
    /// A scheme and credentials, such as a bearer token.
    /// Default: none.
    pub authorization: Option<Spanned<RawAuthorization>>,
    /// A bearer token from an OAuth 2.0 server.
    /// Default: none.
    pub oauth2: Option<Spanned<RawOauth2>>,
    /// A bearer token; the older way to write `authorization`.
    /// Default: none.
    pub bearer_token: Option<Spanned<Secret>>,
    /// A file with a bearer token, read anew for each request. Relative to the configuration.
    /// Default: none.
    pub bearer_token_file: Option<Spanned<String>>,
    /// Whom to trust, and how to be known.
    /// Default: the authorities that the system trusts.
    pub tls_config: Option<Spanned<RawTls>>,
    /// Whether redirects are followed.
    /// Default: `true`.
    pub follow_redirects: Option<bool>,
    /// Whether HTTP/2 is offered over TLS.
    /// Default: `true`.
    pub enable_http2: Option<bool>,
    /// The proxy to go through: a URL with `http` or `https`. A user and a password in it are sent to the proxy.
    /// Default: none.
    pub proxy_url: Option<Spanned<String>>,
    /// Hosts, domains, addresses and networks to reach without the proxy, with commas between. Needs `proxy_url`.
    /// Default: none.
    pub no_proxy: Option<Spanned<String>>,
    /// Whether the proxy is what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say; excludes `proxy_url` and `no_proxy`.
    /// Default: `false`.
    pub proxy_from_environment: Option<Spanned<bool>>,
    /// Headers for the proxy, each with a list of values. Needs `proxy_url`; no effect with `proxy_from_environment`.
    /// Default: none.
    pub proxy_connect_header: Option<Spanned<RawProxyHeaders>>,
    /// Headers to add, by name. Those that the exchange itself sets, such as `Host`, are refused.
    /// Default: none.
    pub http_headers: RawHeaders,
}

/// `proxy_connect_header`.
pub type RawProxyHeaders = BTreeMap<SpannedKey, Vec<Secret>>;

/// `http_headers`.
pub type RawHeaders = BTreeMap<SpannedKey, RawHeader>;

/// `basic_auth`: a name and a password.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawBasicAuth {
    /// The name.
    /// Default: empty.
    pub username: Option<String>,
    /// A file with the name, read anew for each request; excludes `username`.
    /// Default: none.
    pub username_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub username_ref: Option<Spanned<String>>,
    /// The password.
    /// Default: empty.
    pub password: Option<Secret>,
    /// A file with the password, read anew for each request; excludes `password`.
    /// Default: none.
    pub password_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub password_ref: Option<Spanned<String>>,
}

/// `authorization`: the header of that name.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAuthorization {
    /// The scheme, one word. `Basic` is refused: that is `basic_auth`.
    /// Default: `Bearer`.
    #[serde(rename = "type")]
    pub scheme: Option<Spanned<String>>,
    /// What stands behind the scheme. Without it and without `credentials_file` no header is sent.
    /// Default: none.
    pub credentials: Option<Secret>,
    /// A file with the credentials, read anew for each request; excludes `credentials`.
    /// Default: none.
    pub credentials_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub credentials_ref: Option<Spanned<String>>,
}

/// `oauth2`: a token from an OAuth 2.0 server, used until ten seconds before its end or until a peer answers 401.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawOauth2 {
    /// Who asks.
    /// Required.
    pub client_id: String,
    /// The secret of the one who asks.
    /// Default: none.
    pub client_secret: Option<Secret>,
    /// A file with the secret; excludes `client_secret`.
    /// Default: none.
    pub client_secret_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub client_secret_ref: Option<Spanned<String>>,
    /// The id of the key that signs the assertion of JWT bearer. No effect: there is no such grant here.
    /// Default: none.
    pub client_certificate_key_id: String,
    /// The key that signs the assertion, in PEM. No effect.
    /// Default: none.
    pub client_certificate_key: Option<Secret>,
    /// A file with that key. No effect.
    /// Default: none.
    pub client_certificate_key_file: String,
    /// The name of that key in a manager of secrets. No effect.
    /// Default: none.
    pub client_certificate_key_ref: String,
    /// The grant: `client_credentials`. With another, such as the URN of JWT bearer, requests carry no token.
    /// Default: `client_credentials`.
    pub grant_type: String,
    /// How the assertion is signed: `RS256`, `RS384` or `RS512`. No effect.
    /// Default: `RS256` in Prometheus.
    pub signature_algorithm: String,
    /// The issuer in the assertion. No effect.
    /// Default: `client_id` in Prometheus.
    pub iss: String,
    /// The audience in the assertion. No effect.
    /// Default: none.
    pub audience: String,
    /// Further claims of the assertion. No effect.
    /// Default: none.
    pub claims: BTreeMap<String, serde::de::IgnoredAny>,
    /// The scopes to ask for.
    /// Default: none.
    pub scopes: Vec<String>,
    /// Where the token comes from.
    /// Required.
    pub token_url: String,
    /// Parameters to add to the request for the token.
    /// Default: none.
    pub endpoint_params: BTreeMap<String, String>,
    /// How to speak TLS to the server of tokens.
    /// Default: the authorities that the system trusts.
    pub tls_config: Option<Spanned<RawTls>>,
    /// The proxy to go through: a URL with `http` or `https`. A user and a password in it are sent to the proxy.
    /// Default: none.
    pub proxy_url: Option<Spanned<String>>,
    /// Hosts, domains, addresses and networks to reach without the proxy, with commas between. Needs `proxy_url`.
    /// Default: none.
    pub no_proxy: Option<Spanned<String>>,
    /// Whether the proxy is what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say; excludes `proxy_url` and `no_proxy`.
    /// Default: `false`.
    pub proxy_from_environment: Option<Spanned<bool>>,
    /// Headers for the proxy, each with a list of values. Needs `proxy_url`; no effect with `proxy_from_environment`.
    /// Default: none.
    pub proxy_connect_header: Option<Spanned<RawProxyHeaders>>,
}

/// `tls_config`: whom to trust, and how to be known. Files are relative to the configuration and read anew for each request;
/// open connections live on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTls {
    /// Certificates in PEM of the authorities to trust, and no others.
    /// Default: those that the system trusts.
    pub ca: Option<Secret>,
    /// Our certificate in PEM; needs `key` or `key_file`.
    /// Default: none.
    pub cert: Option<Secret>,
    /// The private key of our certificate in PEM; needs `cert` or `cert_file`.
    /// Default: none.
    pub key: Option<Secret>,
    /// A file with what `ca` holds; excludes `ca`.
    /// Default: none.
    pub ca_file: Option<Spanned<String>>,
    /// A file with what `cert` holds; excludes `cert`.
    /// Default: none.
    pub cert_file: Option<Spanned<String>>,
    /// A file with what `key` holds; excludes `key`.
    /// Default: none.
    pub key_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub ca_ref: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub cert_ref: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub key_ref: Option<Spanned<String>>,
    /// The name that the peer's certificate must be for. The one announced in the handshake stays that of the URL.
    /// Default: the host of the URL.
    pub server_name: Option<String>,
    /// Whether any certificate is accepted.
    /// Default: `false`.
    pub insecure_skip_verify: bool,
    /// The lowest version to speak. 1.2 and 1.3 are spoken, so a lower one has the effect of 1.2.
    /// Default: `TLS12`.
    pub min_version: Option<Spanned<RawTlsVersion>>,
    /// The highest version to speak, at least 1.2.
    /// Default: `TLS13`.
    pub max_version: Option<Spanned<RawTlsVersion>>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RawTlsVersion {
    /// 1.0.
    Tls10,
    /// 1.1.
    Tls11,
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

/// `http_headers`: the values of one header; each is sent as a line of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawHeader {
    /// Values.
    /// Default: none.
    pub values: Vec<String>,
    /// Values that are never shown.
    /// Default: none.
    pub secrets: Vec<Secret>,
    /// Files with one value each, read anew for each request. Relative to the configuration.
    /// Default: none.
    pub files: Vec<String>,
}
