//! `listeners` as they are written.

use plimsoll_runtime::config::Spanned;

use super::{RawDuration, RawNumber, RawSize, RawText};

/// One of `listeners`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawListener {
    pub(in crate::config) name: Spanned<String>,
    pub(in crate::config) address: Spanned<String>,
    pub(in crate::config) protocol: RawText,
    pub(in crate::config) backend: RawText,
    pub(in crate::config) idle: RawDuration,
    pub(in crate::config) tls: Option<Spanned<RawServerTls>>,
    pub(in crate::config) proxy_protocol: Option<Spanned<RawProxyProtocol>>,
    pub(in crate::config) trusted: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::config) timeouts: Option<Spanned<RawTimeouts>>,
    pub(in crate::config) connections_max: RawNumber,
    pub(in crate::config) connection_age_max: RawDuration,
    pub(in crate::config) headers_max: RawSize,
}

/// `tls` of a listener.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawServerTls {
    pub(in crate::config) certificates: Vec<Spanned<RawCertificate>>,
    pub(in crate::config) client_ca: RawText,
    pub(in crate::config) require_client_certificate: Option<Spanned<bool>>,
    pub(in crate::config) versions: Option<Spanned<Vec<Spanned<String>>>>,
    pub(in crate::config) alpn: Option<Spanned<Vec<Spanned<String>>>>,
}

/// A certificate and its key.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawCertificate {
    pub(in crate::config) chain: Spanned<String>,
    #[serde(rename = "key")]
    pub(in crate::config) private_key: Spanned<String>,
}

/// `proxy_protocol` of a listener.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawProxyProtocol {
    pub(in crate::config) from: Vec<Spanned<String>>,
    pub(in crate::config) timeout: RawDuration,
}

/// `timeouts` of a listener.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::config) struct RawTimeouts {
    pub(in crate::config) handshake: RawDuration,
    pub(in crate::config) head: RawDuration,
    pub(in crate::config) body: RawDuration,
    pub(in crate::config) idle: RawDuration,
    pub(in crate::config) send: RawDuration,
}
