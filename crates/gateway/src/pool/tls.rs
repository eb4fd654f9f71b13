//! How TLS is spoken with endpoints: files are read when a configuration is applied, so that what is wrong refuses it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use plimsoll_runtime::http::{SecretSource, TlsConfig};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::model::{Protocol, UpstreamTls};

/// The files of a backend's TLS cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the TLS of the backend {backend:?} cannot be used")]
pub struct TlsError {
    /// Whose.
    pub backend: String,
    /// Why.
    #[source]
    pub source: plimsoll_runtime::http::Error,
}

/// How TLS is spoken with the endpoints of a backend; equal when the same was read from the same files.
#[derive(Clone)]
pub struct UpstreamTlsConfig {
    model: UpstreamTls,
    /// Of what the files said.
    digest: u128,
    /// Offers what the backend's protocol allows.
    config: Arc<ClientConfig>,
    /// Offers HTTP/1.1 alone: for upgrades.
    http1_only: Arc<ClientConfig>,
    /// Offers nothing: for bytes.
    bare: Arc<ClientConfig>,
}

impl UpstreamTlsConfig {
    /// Reads the files; blocks.
    ///
    /// # Errors
    /// A file cannot be read, or what is in it is not what it should be.
    pub fn read(backend: &str, model: &UpstreamTls, protocol: Protocol) -> Result<Self, TlsError> {
        let failed = |source| TlsError {
            backend: backend.into(),
            source,
        };
        // Before they are read: what changes meanwhile is found to be another one.
        let digest = digest(model);
        let bare = plain_config(model).to_rustls().map_err(failed)?;
        let offering = |protocols: &[&[u8]]| {
            let mut config = ClientConfig::clone(&bare);
            config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
            Arc::new(config)
        };
        let offered: &[&[u8]] = match protocol {
            Protocol::Auto => &[b"h2", b"http/1.1"],
            Protocol::Http1 => &[b"http/1.1"],
            Protocol::Http2 => &[b"h2"],
        };
        Ok(Self {
            model: model.clone(),
            digest,
            config: offering(offered),
            http1_only: offering(&[b"http/1.1"]),
            bare,
        })
    }

    /// What the files said when they were read.
    pub(crate) fn digest(&self) -> u128 {
        self.digest
    }

    /// What the files say now; blocks.
    pub(crate) fn digest_now(&self) -> u128 {
        digest(&self.model)
    }

    pub(super) fn config(&self) -> &Arc<ClientConfig> {
        &self.config
    }

    pub(super) fn http1_only(&self) -> &Arc<ClientConfig> {
        &self.http1_only
    }

    pub(super) fn bare(&self) -> &Arc<ClientConfig> {
        &self.bare
    }

    /// The name that is asked for and must be in the certificate.
    pub(super) fn server_name(&self, host: &str) -> Option<ServerName<'static>> {
        let name = self.model.server_name.as_deref().unwrap_or(host);
        // An IPv6 address stands in brackets in a URL and in no certificate.
        let bare = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let name = bare.unwrap_or(name);
        ServerName::try_from(name.to_owned()).ok()
    }
}

impl PartialEq for UpstreamTlsConfig {
    fn eq(&self, other: &Self) -> bool {
        self.model == other.model && self.digest == other.digest
    }
}

impl fmt::Debug for UpstreamTlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.model, f)
    }
}

fn plain_config(model: &UpstreamTls) -> TlsConfig {
    let file = |path: &Path| SecretSource::File(path.to_owned());
    TlsConfig {
        certificate_authority: model.ca.as_deref().map(file),
        certificate: model.client.as_ref().map(|client| file(&client.chain)),
        key: model.client.as_ref().map(|client| file(&client.key)),
        insecure_skip_verify: model.insecure_skip_verify,
        ..TlsConfig::default()
    }
}

/// What the files say, as a number; a file that cannot be read counts as empty, for reading it failed before.
fn digest(model: &UpstreamTls) -> u128 {
    let client = model.client.as_ref();
    let files = [
        model.ca.as_ref(),
        client.map(|client| &client.chain),
        client.map(|client| &client.key),
    ];
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    for path in files.into_iter().flatten() {
        if let Ok(text) = SecretSource::File(path.clone()).read() {
            hasher.update(text.expose().as_bytes());
        }
        hasher.update(&[0]);
    }
    hasher.digest128()
}
