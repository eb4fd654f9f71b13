//! How listeners prove who they are: certificates by the names in them, read again when their files change.
//!
//! | a change of the files | effect |
//! |---|---|
//! | they hold | new handshakes use them; connections that are open live on |
//! | they do not hold, such as a key that is not the certificate's | those in force stay; it is logged once |

mod certificates;
mod client;
mod names;

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};

use crate::model;
pub(crate) use client::info;

/// Files for a listener's TLS cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", .file.display())]
pub struct Error {
    /// The file.
    pub file: PathBuf,
    /// What was wanted of it.
    pub what: &'static str,
    /// Why.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(file: &Path, what: &'static str) -> Self {
        Self {
            file: file.to_owned(),
            what,
            source: None,
        }
    }

    pub(crate) fn because(
        self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }
}

/// What a listener's handshakes use.
#[derive(Debug)]
pub struct Tls {
    config: model::ServerTls,
    current: ArcSwap<ServerConfig>,
    seen: Mutex<Seen>,
}

/// The files that were looked at last.
#[derive(Debug)]
struct Seen {
    /// In the order of the configuration; `None` is one that is not there.
    prints: Vec<Option<Print>>,
    held: bool,
}

/// What a file is known by: an editor that writes it in place and one that puts another in its place change this.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Print {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
}

impl Tls {
    /// Reads the files; blocks.
    ///
    /// # Errors
    /// [`Error`] of the first file that cannot be used.
    pub fn load(config: &model::ServerTls) -> Result<Self, Error> {
        // Before the files are read: what changes meanwhile is read again.
        let prints = prints(config);
        Ok(Self {
            current: ArcSwap::from_pointee(server_config(config)?),
            config: config.clone(),
            seen: Mutex::new(Seen { prints, held: true }),
        })
    }

    /// Returns what it was made of.
    pub fn config(&self) -> &model::ServerTls {
        &self.config
    }

    /// Returns what the next handshake uses.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Reads the files again if they changed since they were looked at, and says whether others are in force; blocks.
    ///
    /// # Errors
    /// [`Error`] of the first file that cannot be used: what is in force stays, and the same files are not read again.
    pub fn refresh(&self) -> Result<bool, Error> {
        let mut seen = self.seen();
        let prints = prints(&self.config);
        if seen.prints == prints {
            return Ok(false);
        }
        self.read(&mut seen, prints).map(|()| true)
    }

    /// Reads the files again if they changed or did not hold when they were looked at; blocks.
    ///
    /// # Errors
    /// [`Error`] of the first file that cannot be used, for as long as it cannot.
    pub(crate) fn holds(&self) -> Result<(), Error> {
        let mut seen = self.seen();
        let prints = prints(&self.config);
        if seen.held && seen.prints == prints {
            return Ok(());
        }
        self.read(&mut seen, prints)
    }

    fn read(&self, seen: &mut Seen, prints: Vec<Option<Print>>) -> Result<(), Error> {
        *seen = Seen {
            prints,
            held: false,
        };
        let changed = server_config(&self.config)?;
        self.current.store(Arc::new(changed));
        seen.held = true;
        Ok(())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn prints(config: &model::ServerTls) -> Vec<Option<Print>> {
    files(config).map(|file| print(file).ok()).collect()
}

fn files(config: &model::ServerTls) -> impl Iterator<Item = &PathBuf> {
    let pairs = config.certificates.iter();
    pairs
        .flat_map(|pair| [&pair.chain, &pair.key])
        .chain(&config.client_ca)
}

fn print(file: &Path) -> io::Result<Print> {
    let data = fs::metadata(file)?;
    Ok(Print {
        device: data.dev(),
        inode: data.ino(),
        length: data.len(),
        modified: (data.mtime(), data.mtime_nsec()),
    })
}

fn server_config(config: &model::ServerTls) -> Result<ServerConfig, Error> {
    for file in files(config) {
        print(file).map_err(|error| Error::new(file, "cannot be read").because(error))?;
    }
    // Named here rather than installed for the process: no global state, and no second provider by accident.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions: &[_] = if config.only_tls13 {
        &[&rustls::version::TLS13]
    } else {
        &[&rustls::version::TLS13, &rustls::version::TLS12]
    };
    let resolver = certificates::Resolver::load(&config.certificates, &provider)?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .expect("the provider has suites of both versions");
    let builder = match &config.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let is_required = config.requires_client_certificate;
            builder.with_client_cert_verifier(verifier(file, is_required, provider)?)
        }
    };
    let mut server = builder.with_cert_resolver(Arc::new(resolver));
    server.alpn_protocols = config
        .alpn
        .iter()
        .map(|name| name.clone().into_bytes())
        .collect();
    // Tickets cost the client no second handshake and us no memory. Their key is new with each reading of the files,
    // so that a client that is no longer believed does not come back with an old ticket.
    if let Ok(ticketer) = rustls::crypto::aws_lc_rs::Ticketer::new() {
        server.ticketer = ticketer;
    }
    Ok(server)
}

fn verifier(
    file: &Path,
    is_required: bool,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates::chain(file)? {
        roots.add(certificate).map_err(|error| {
            Error::new(file, "a certificate of the authority cannot be used").because(error)
        })?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if is_required {
        builder
    } else {
        builder.allow_unauthenticated()
    };
    builder
        .build()
        .map_err(|error| Error::new(file, "the authority cannot be used").because(error))
}

#[cfg(test)]
mod tests;
