//! How to speak to a peer, as every section that speaks HTTP writes it.

use std::collections::BTreeMap;

use plimsoll_runtime::config::Spanned;
use plimsoll_runtime::http::Secret;
use serde::Deserialize;

use super::SpannedKey;

/// Defines a section with the fields given and those of an HTTP client, and `take_http_client` to get the latter.
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
                    proxy: $crate::config::raw::http::RawProxy {
                        url: self.proxy_url.take(),
                        no_proxy: self.no_proxy.take(),
                        from_environment: self.proxy_from_environment.take(),
                        connect_header: self.proxy_connect_header.take(),
                    },
                    http_headers: std::mem::take(&mut self.http_headers),
                }
            }
        }
    };
}
pub(in crate::config) use section_with_http_client;

/// The fields of an HTTP client, wherever they were written.
#[derive(Debug)]
pub(in crate::config) struct RawHttpClient {
    pub(in crate::config) basic_auth: Option<Spanned<RawBasicAuth>>,
    pub(in crate::config) authorization: Option<Spanned<RawAuthorization>>,
    pub(in crate::config) oauth2: Option<Spanned<RawOauth2>>,
    pub(in crate::config) bearer_token: Option<Spanned<Secret>>,
    pub(in crate::config) bearer_token_file: Option<Spanned<String>>,
    pub(in crate::config) tls_config: Option<Spanned<RawTls>>,
    pub(in crate::config) follow_redirects: Option<bool>,
    pub(in crate::config) enable_http2: Option<bool>,
    pub(in crate::config) proxy: RawProxy,
    pub(in crate::config) http_headers: RawHeaders,
}

/// The way to the peer.
#[derive(Debug)]
pub(in crate::config) struct RawProxy {
    pub(in crate::config) url: Option<Spanned<String>>,
    pub(in crate::config) no_proxy: Option<Spanned<String>>,
    pub(in crate::config) from_environment: Option<Spanned<bool>>,
    pub(in crate::config) connect_header: Option<Spanned<RawProxyHeaders>>,
}

/// `proxy_connect_header`.
pub(in crate::config) type RawProxyHeaders = BTreeMap<SpannedKey, Vec<Secret>>;

/// `http_headers`.
pub(in crate::config) type RawHeaders = BTreeMap<SpannedKey, RawHeader>;

/// `basic_auth`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawBasicAuth {
    pub(in crate::config) username: Option<String>,
    pub(in crate::config) username_file: Option<Spanned<String>>,
    pub(in crate::config) username_ref: Option<Spanned<String>>,
    pub(in crate::config) password: Option<Secret>,
    pub(in crate::config) password_file: Option<Spanned<String>>,
    pub(in crate::config) password_ref: Option<Spanned<String>>,
}

/// `authorization`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawAuthorization {
    #[serde(rename = "type")]
    pub(in crate::config) scheme: Option<Spanned<String>>,
    pub(in crate::config) credentials: Option<Secret>,
    pub(in crate::config) credentials_file: Option<Spanned<String>>,
    pub(in crate::config) credentials_ref: Option<Spanned<String>>,
}

/// `oauth2`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawOauth2 {
    pub(in crate::config) client_id: String,
    pub(in crate::config) client_secret: Option<Secret>,
    pub(in crate::config) client_secret_file: Option<Spanned<String>>,
    pub(in crate::config) client_secret_ref: Option<Spanned<String>>,
    pub(in crate::config) client_certificate_key_id: String,
    pub(in crate::config) client_certificate_key: Option<Secret>,
    pub(in crate::config) client_certificate_key_file: String,
    pub(in crate::config) client_certificate_key_ref: String,
    pub(in crate::config) grant_type: String,
    pub(in crate::config) signature_algorithm: String,
    pub(in crate::config) iss: String,
    pub(in crate::config) audience: String,
    pub(in crate::config) claims: BTreeMap<String, serde::de::IgnoredAny>,
    pub(in crate::config) scopes: Vec<String>,
    pub(in crate::config) token_url: String,
    pub(in crate::config) endpoint_params: BTreeMap<String, String>,
    pub(in crate::config) tls_config: Option<Spanned<RawTls>>,
    pub(in crate::config) proxy_url: Option<Spanned<String>>,
    pub(in crate::config) no_proxy: Option<Spanned<String>>,
    pub(in crate::config) proxy_from_environment: Option<Spanned<bool>>,
    pub(in crate::config) proxy_connect_header: Option<Spanned<RawProxyHeaders>>,
}

/// `tls_config`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTls {
    pub(in crate::config) ca: Option<Secret>,
    pub(in crate::config) cert: Option<Secret>,
    pub(in crate::config) key: Option<Secret>,
    pub(in crate::config) ca_file: Option<Spanned<String>>,
    pub(in crate::config) cert_file: Option<Spanned<String>>,
    pub(in crate::config) key_file: Option<Spanned<String>>,
    pub(in crate::config) ca_ref: Option<Spanned<String>>,
    pub(in crate::config) cert_ref: Option<Spanned<String>>,
    pub(in crate::config) key_ref: Option<Spanned<String>>,
    pub(in crate::config) server_name: Option<String>,
    pub(in crate::config) insecure_skip_verify: bool,
    pub(in crate::config) min_version: Option<Spanned<RawTlsVersion>>,
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

/// One header: any of the three, each with any number of values.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawHeader {
    pub(in crate::config) values: Vec<String>,
    pub(in crate::config) secrets: Vec<Secret>,
    pub(in crate::config) files: Vec<String>,
}
