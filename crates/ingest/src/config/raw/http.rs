//! How to speak to a peer, as every section that speaks HTTP writes it.

use std::collections::BTreeMap;

use plimsoll_runtime::config::Spanned;
use plimsoll_runtime::http::Secret;
use serde::Deserialize;

use super::SpannedKey;

/// Defines a section with the fields given and those of [`RawHttpClient`], and `take_http_client` to get the latter.
/// The list stands here once more because a macro cannot read it there; the compiler compares the two.
macro_rules! section_with_http_client {
    ($(#[$meta:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(in crate::config) struct $name {
            $($fields)*
            pub(in crate::config) basic_auth: Option<Spanned<$crate::config::raw::http::RawBasicAuth>>,
            pub(in crate::config) authorization: Option<Spanned<$crate::config::raw::http::RawAuthorization>>,
            pub(in crate::config) oauth2: Option<Spanned<$crate::config::raw::http::RawOauth2>>,
            pub(in crate::config) bearer_token: Option<Spanned<plimsoll_runtime::http::Secret>>,
            pub(in crate::config) bearer_token_file: Option<Spanned<String>>,
            pub(in crate::config) tls_config: Option<Spanned<$crate::config::raw::http::RawTls>>,
            pub(in crate::config) follow_redirects: Option<bool>,
            pub(in crate::config) enable_http2: Option<bool>,
            pub(in crate::config) proxy_url: Option<Spanned<String>>,
            pub(in crate::config) no_proxy: Option<Spanned<String>>,
            pub(in crate::config) proxy_from_environment: Option<Spanned<bool>>,
            pub(in crate::config) proxy_connect_header: Option<Spanned<$crate::config::raw::http::RawProxyHeaders>>,
            pub(in crate::config) http_headers: $crate::config::raw::http::RawHeaders,
        }

        impl $name {
            /// Takes the fields of the HTTP client out.
            pub(in crate::config) fn take_http_client(&mut self) -> $crate::config::raw::http::RawHttpClient {
                $crate::config::raw::http::RawHttpClient {
                    basic_auth: self.basic_auth.take(),
                    authorization: self.authorization.take(),
                    oauth2: self.oauth2.take(),
                    bearer_token: self.bearer_token.take(),
                    bearer_token_file: self.bearer_token_file.take(),
                    tls_config: self.tls_config.take(),
                    follow_redirects: self.follow_redirects,
                    enable_http2: self.enable_http2,
                    proxy_url: self.proxy_url.take(),
                    no_proxy: self.no_proxy.take(),
                    proxy_from_environment: self.proxy_from_environment.take(),
                    proxy_connect_header: self.proxy_connect_header.take(),
                    http_headers: std::mem::take(&mut self.http_headers),
                }
            }
        }
    };
}
pub(in crate::config) use section_with_http_client;

/// HTTP client: how to speak to a peer. `basic_auth`, `authorization`, `oauth2` and the bearer tokens exclude each other.
#[derive(Debug)]
pub(in crate::config) struct RawHttpClient {
    /// A name and a password.
    /// Default: none.
    pub(in crate::config) basic_auth: Option<Spanned<RawBasicAuth>>,
    /// A scheme and credentials, such as a bearer token.
    /// Default: none.
    pub(in crate::config) authorization: Option<Spanned<RawAuthorization>>,
    /// A token from an OAuth 2.0 server. No effect in this version: requests carry no token.
    /// Default: none.
    pub(in crate::config) oauth2: Option<Spanned<RawOauth2>>,
    /// A bearer token; the older way to write `authorization`.
    /// Default: none.
    pub(in crate::config) bearer_token: Option<Spanned<Secret>>,
    /// A file with a bearer token, read anew for each request. Relative to the configuration.
    /// Default: none.
    pub(in crate::config) bearer_token_file: Option<Spanned<String>>,
    /// Whom to trust, and how to be known.
    /// Default: the authorities that the system trusts.
    pub(in crate::config) tls_config: Option<Spanned<RawTls>>,
    /// Whether redirects are followed.
    /// Default: `true`.
    pub(in crate::config) follow_redirects: Option<bool>,
    /// Whether HTTP/2 is offered over TLS.
    /// Default: `true`.
    pub(in crate::config) enable_http2: Option<bool>,
    /// The proxy to go through: a URL with `http` or `https`. A user and a password in it are sent to the proxy.
    /// Default: none.
    pub(in crate::config) proxy_url: Option<Spanned<String>>,
    /// Hosts, domains, addresses and networks to reach without the proxy, with commas between. Needs `proxy_url`.
    /// Default: none.
    pub(in crate::config) no_proxy: Option<Spanned<String>>,
    /// Whether the proxy is what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say; excludes `proxy_url` and `no_proxy`.
    /// Default: `false`.
    pub(in crate::config) proxy_from_environment: Option<Spanned<bool>>,
    /// Headers for the proxy, each with a list of values. Needs `proxy_url`; no effect with `proxy_from_environment`.
    /// Default: none.
    pub(in crate::config) proxy_connect_header: Option<Spanned<RawProxyHeaders>>,
    /// Headers to add, by name. Those that the exchange itself sets, such as `Host`, are refused.
    /// Default: none.
    pub(in crate::config) http_headers: RawHeaders,
}

/// `proxy_connect_header`.
pub(in crate::config) type RawProxyHeaders = BTreeMap<SpannedKey, Vec<Secret>>;

/// `http_headers`.
pub(in crate::config) type RawHeaders = BTreeMap<SpannedKey, RawHeader>;

/// `basic_auth`: a name and a password.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawBasicAuth {
    /// The name.
    /// Default: empty.
    pub(in crate::config) username: Option<String>,
    /// A file with the name, read anew for each request; excludes `username`.
    /// Default: none.
    pub(in crate::config) username_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) username_ref: Option<Spanned<String>>,
    /// The password.
    /// Default: empty.
    pub(in crate::config) password: Option<Secret>,
    /// A file with the password, read anew for each request; excludes `password`.
    /// Default: none.
    pub(in crate::config) password_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) password_ref: Option<Spanned<String>>,
}

/// `authorization`: the header of that name.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAuthorization {
    /// The scheme, one word. `Basic` is refused: that is `basic_auth`.
    /// Default: `Bearer`.
    #[serde(rename = "type")]
    pub(in crate::config) scheme: Option<Spanned<String>>,
    /// What stands behind the scheme. Without it and without `credentials_file` no header is sent.
    /// Default: none.
    pub(in crate::config) credentials: Option<Secret>,
    /// A file with the credentials, read anew for each request; excludes `credentials`.
    /// Default: none.
    pub(in crate::config) credentials_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) credentials_ref: Option<Spanned<String>>,
}

/// `oauth2`: a token from an OAuth 2.0 server; checked, but without effect in this version.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawOauth2 {
    /// Who asks.
    /// Required.
    pub(in crate::config) client_id: String,
    /// The secret of the one who asks.
    /// Default: none.
    pub(in crate::config) client_secret: Option<Secret>,
    /// A file with the secret; excludes `client_secret`.
    /// Default: none.
    pub(in crate::config) client_secret_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) client_secret_ref: Option<Spanned<String>>,
    /// The id of the key that signs the assertion.
    /// Default: none.
    pub(in crate::config) client_certificate_key_id: String,
    /// The key that signs the assertion, in PEM.
    /// Default: none.
    pub(in crate::config) client_certificate_key: Option<Secret>,
    /// A file with that key.
    /// Default: none.
    pub(in crate::config) client_certificate_key_file: String,
    /// The name of that key in a manager of secrets.
    /// Default: none.
    pub(in crate::config) client_certificate_key_ref: String,
    /// The grant: `client_credentials` or the URN of JWT bearer.
    /// Default: `client_credentials` in Prometheus.
    pub(in crate::config) grant_type: String,
    /// How the assertion is signed: `RS256`, `RS384` or `RS512`.
    /// Default: `RS256` in Prometheus.
    pub(in crate::config) signature_algorithm: String,
    /// The issuer in the assertion.
    /// Default: `client_id` in Prometheus.
    pub(in crate::config) iss: String,
    /// The audience in the assertion.
    /// Default: none.
    pub(in crate::config) audience: String,
    /// Further claims of the assertion.
    /// Default: none.
    pub(in crate::config) claims: BTreeMap<String, serde::de::IgnoredAny>,
    /// The scopes to ask for.
    /// Default: none.
    pub(in crate::config) scopes: Vec<String>,
    /// Where the token comes from.
    /// Required.
    pub(in crate::config) token_url: String,
    /// Parameters to add to the request for the token.
    /// Default: none.
    pub(in crate::config) endpoint_params: BTreeMap<String, String>,
    /// How to speak TLS to the server of tokens.
    /// Default: the authorities that the system trusts.
    pub(in crate::config) tls_config: Option<Spanned<RawTls>>,
    /// The proxy to go through: a URL with `http` or `https`. A user and a password in it are sent to the proxy.
    /// Default: none.
    pub(in crate::config) proxy_url: Option<Spanned<String>>,
    /// Hosts, domains, addresses and networks to reach without the proxy, with commas between. Needs `proxy_url`.
    /// Default: none.
    pub(in crate::config) no_proxy: Option<Spanned<String>>,
    /// Whether the proxy is what `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` say; excludes `proxy_url` and `no_proxy`.
    /// Default: `false`.
    pub(in crate::config) proxy_from_environment: Option<Spanned<bool>>,
    /// Headers for the proxy, each with a list of values. Needs `proxy_url`; no effect with `proxy_from_environment`.
    /// Default: none.
    pub(in crate::config) proxy_connect_header: Option<Spanned<RawProxyHeaders>>,
}

/// `tls_config`: whom to trust, and how to be known. Files are relative to the configuration and read anew for each request;
/// open connections live on.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTls {
    /// Certificates in PEM of the authorities to trust, and no others.
    /// Default: those that the system trusts.
    pub(in crate::config) ca: Option<Secret>,
    /// Our certificate in PEM; needs `key` or `key_file`.
    /// Default: none.
    pub(in crate::config) cert: Option<Secret>,
    /// The private key of our certificate in PEM; needs `cert` or `cert_file`.
    /// Default: none.
    pub(in crate::config) key: Option<Secret>,
    /// A file with what `ca` holds; excludes `ca`.
    /// Default: none.
    pub(in crate::config) ca_file: Option<Spanned<String>>,
    /// A file with what `cert` holds; excludes `cert`.
    /// Default: none.
    pub(in crate::config) cert_file: Option<Spanned<String>>,
    /// A file with what `key` holds; excludes `key`.
    /// Default: none.
    pub(in crate::config) key_file: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) ca_ref: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) cert_ref: Option<Spanned<String>>,
    /// Refused: it needs a manager of secrets, which neither Prometheus nor Plimsoll has.
    /// Default: none.
    pub(in crate::config) key_ref: Option<Spanned<String>>,
    /// The name that the peer's certificate must be for. The one announced in the handshake stays that of the URL.
    /// Default: the host of the URL.
    pub(in crate::config) server_name: Option<String>,
    /// Whether any certificate is accepted.
    /// Default: `false`.
    pub(in crate::config) insecure_skip_verify: bool,
    /// The lowest version to speak. 1.2 and 1.3 are spoken, so a lower one has the effect of 1.2.
    /// Default: `TLS12`.
    pub(in crate::config) min_version: Option<Spanned<RawTlsVersion>>,
    /// The highest version to speak, at least 1.2.
    /// Default: `TLS13`.
    pub(in crate::config) max_version: Option<Spanned<RawTlsVersion>>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(in crate::config) enum RawTlsVersion {
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

/// `http_headers`: the values of one header; each is sent as a line of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHeader {
    /// Values.
    /// Default: none.
    pub(in crate::config) values: Vec<String>,
    /// Values that are never shown.
    /// Default: none.
    pub(in crate::config) secrets: Vec<Secret>,
    /// Files with one value each, read anew for each request. Relative to the configuration.
    /// Default: none.
    pub(in crate::config) files: Vec<String>,
}
