//! Which certificate a client is shown.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{Error, names};
use crate::model;

/// Certificates by the names in them.
///
/// | asked for | shown |
/// |---|---|
/// | a name that a certificate has | the first such one whose key the client can verify |
/// | a name whose wildcard a certificate has | likewise |
/// | nothing, or another name | the first of all |
#[derive(Debug)]
pub(super) struct Resolver {
    all: Vec<Arc<CertifiedKey>>,
    exact: HashMap<String, Vec<usize>>,
    /// By what follows the `*.`.
    wildcard: HashMap<String, Vec<usize>>,
}

impl Resolver {
    /// Reads certificates and keys; blocks. The names of the certificates after the first are needed, its own are not.
    pub(super) fn load(
        files: &[model::Certificate],
        provider: &CryptoProvider,
    ) -> Result<Self, Error> {
        let mut resolver = Self {
            all: Vec::new(),
            exact: HashMap::new(),
            wildcard: HashMap::new(),
        };
        for (index, file) in files.iter().enumerate() {
            let key = certified(file, provider)?;
            let own = key.cert.first().map(names::of).unwrap_or_default();
            if own.dns.is_empty() && index > 0 {
                let what = "the certificate has no DNS name, so it would never be shown";
                return Err(Error::new(&file.chain, what));
            }
            for name in own.dns {
                resolver.add(&name.to_ascii_lowercase(), index);
            }
            resolver.all.push(Arc::new(key));
        }
        Ok(resolver)
    }

    fn add(&mut self, name: &str, index: usize) {
        let (table, name) = match name.strip_prefix("*.") {
            Some(rest) => (&mut self.wildcard, rest),
            None => (&mut self.exact, name),
        };
        table.entry(name.to_owned()).or_default().push(index);
    }

    fn named(&self, name: &str) -> &[usize] {
        let name = name.to_ascii_lowercase();
        let wildcard = || self.wildcard.get(name.split_once('.')?.1);
        self.exact
            .get(&name)
            .or_else(wildcard)
            .map_or(&[], Vec::as_slice)
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let candidates = hello.server_name().map_or(&[][..], |name| self.named(name));
        let fits = |index: &&usize| {
            let key = &self.all[**index].key;
            key.choose_scheme(hello.signature_schemes()).is_some()
        };
        let chosen = candidates.iter().find(fits).or(candidates.first());
        self.all.get(chosen.copied().unwrap_or(0)).cloned()
    }
}

fn certified(file: &model::Certificate, provider: &CryptoProvider) -> Result<CertifiedKey, Error> {
    let key = PrivateKeyDer::from_pem_file(&file.key)
        .map_err(|error| Error::new(&file.key, "wanted a private key in PEM").because(error))?;
    let chain = chain(&file.chain)?;
    CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        Error::new(&file.key, "the key and the certificate do not go together").because(error)
    })
}

/// Reads certificates; blocks.
pub(super) fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let wanted = "wanted certificates in PEM";
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error| Error::new(file, wanted).because(error))?;
    if found.is_empty() {
        return Err(Error::new(file, wanted));
    }
    Ok(found)
}
