//! From a [`TlsConfig`] to what rustls wants.

use std::fmt;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, RootCertStore, SignatureScheme, SupportedProtocolVersion};

use super::{Error, ErrorKind, Secret, SecretSource, TlsConfig, TlsVersion};

/// The texts behind the sources of a [`TlsConfig`], by which a rotated file is noticed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Material {
    certificate_authority: Option<Secret>,
    certificate: Option<Secret>,
    key: Option<Secret>,
}

impl Material {
    /// Reads the files; blocks.
    pub(super) fn read(config: &TlsConfig) -> Result<Self, Error> {
        let read =
            |source: &Option<SecretSource>| source.as_ref().map(SecretSource::read).transpose();
        Ok(Self {
            certificate_authority: read(&config.certificate_authority)?,
            certificate: read(&config.certificate)?,
            key: read(&config.key)?,
        })
    }
}

impl TlsConfig {
    /// Says whether a file must be read before each use.
    pub(super) fn has_files(&self) -> bool {
        [&self.certificate_authority, &self.certificate, &self.key]
            .into_iter()
            .flatten()
            .any(SecretSource::is_file)
    }

    /// Returns what rustls wants, for protocols besides HTTP; reads the files, so it blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`], or [`ErrorKind::Secret`] when a certificate, key or file cannot be used.
    pub fn to_rustls(&self) -> Result<Arc<rustls::ClientConfig>, Error> {
        let mut config = client_config(self, &Material::read(self)?, false)?;
        config.alpn_protocols.clear();
        Ok(Arc::new(config))
    }

    /// Refuses what can be seen to be wrong without reading a file.
    pub(super) fn validate(&self) -> Result<(), Error> {
        versions(self)?;
        server_name(self)?;
        if self.certificate.is_some() != self.key.is_some() {
            return Err(invalid(
                "a client certificate and its key must be given together",
            ));
        }
        Ok(())
    }
}

/// Returns what rustls wants.
pub(super) fn client_config(
    config: &TlsConfig,
    material: &Material,
    offers_http2: bool,
) -> Result<rustls::ClientConfig, Error> {
    // Named here rather than installed for the process: no global state, and no second provider by accident.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions(config)?)
        .map_err(|error| invalid("the TLS versions do not go together").with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier(config, material, provider)?);
    let mut tls = match (&material.certificate, &material.key) {
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| {
                unusable("the client certificate and key do not go together").with_source(error)
            })?,
        _ => builder.with_no_client_auth(),
    };
    if offers_http2 {
        tls.alpn_protocols.push(b"h2".to_vec());
    }
    tls.alpn_protocols.push(b"http/1.1".to_vec());
    Ok(tls)
}

fn versions(config: &TlsConfig) -> Result<Vec<&'static SupportedProtocolVersion>, Error> {
    let min = config.version_min.unwrap_or(TlsVersion::Tls12);
    let max = config.version_max.unwrap_or(TlsVersion::Tls13);
    let spoken = [
        (TlsVersion::Tls12, &rustls::version::TLS12),
        (TlsVersion::Tls13, &rustls::version::TLS13),
    ];
    let versions: Vec<_> = spoken
        .into_iter()
        .filter(|(version, _)| (min..=max).contains(version))
        .map(|(_, version)| version)
        .collect();
    if versions.is_empty() {
        return Err(invalid(format!(
            "wanted TLS versions with 1.2 or 1.3 among them, found {min:?} to {max:?}"
        )));
    }
    Ok(versions)
}

fn server_name(config: &TlsConfig) -> Result<Option<ServerName<'static>>, Error> {
    let parse = |name: &String| {
        ServerName::try_from(name.clone()).map_err(|error| {
            invalid(format!(
                "wanted a DNS name or address as server name, found {name:?}"
            ))
            .with_source(error)
        })
    };
    config.server_name.as_ref().map(parse).transpose()
}

fn verifier(
    config: &TlsConfig,
    material: &Material,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    if config.insecure_skip_verify {
        return Ok(Arc::new(AcceptAny(provider)));
    }
    let name = server_name(config)?;
    let roots = match &material.certificate_authority {
        None => OnceLock::new(),
        Some(text) => OnceLock::from(webpki(trusted(text)?, &provider).map_err(|error| {
            unusable("the certificate authority cannot be used").with_source(error)
        })?),
    };
    Ok(Arc::new(Verifier {
        provider,
        name,
        roots,
    }))
}

fn trusted(text: &Secret) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(text)? {
        roots.add(certificate).map_err(|error| {
            unusable("a certificate of the authority cannot be used").with_source(error)
        })?;
    }
    Ok(roots)
}

fn certificates(text: &Secret) -> Result<Vec<CertificateDer<'static>>, Error> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(text.expose().as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| unusable("wanted certificates in PEM").with_source(error))?;
    if found.is_empty() {
        return Err(unusable("wanted certificates in PEM, found none"));
    }
    Ok(found)
}

fn private_key(text: &Secret) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(text.expose().as_bytes())
        .map_err(|error| unusable("wanted a private key in PEM").with_source(error))
}

fn webpki(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, rustls::client::VerifierBuilderError> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build()
}

fn invalid(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, what)
}

fn unusable(what: &str) -> Error {
    Error::new(ErrorKind::Secret, what)
}

/// Checks certificates as usual, but for the configured name, and against the system's roots when none are given.
struct Verifier {
    provider: Arc<CryptoProvider>,
    name: Option<ServerName<'static>>,
    /// Loaded at the first handshake: a client that never meets TLS need not read the system's 140 certificates.
    roots: OnceLock<Arc<WebPkiServerVerifier>>,
}

impl Verifier {
    fn inner(&self) -> Result<&WebPkiServerVerifier, rustls::Error> {
        if let Some(inner) = self.roots.get() {
            return Ok(inner);
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let inner = webpki(roots, &self.provider).map_err(|_| {
            rustls::Error::General("the system trusts no certificates; name a CA file".into())
        })?;
        Ok(self.roots.get_or_init(|| inner))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let wanted = self.name.as_ref().unwrap_or(server_name);
        self.inner()?
            .verify_server_cert(end_entity, intermediates, wanted, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Accepts any certificate; the peer must still hold its key.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
