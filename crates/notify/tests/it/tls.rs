//! Servers with a certificate of an authority that is made for one test.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use plimsoll_runtime::http::{SecretSource, TlsConfig};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate for 127.0.0.1, and who vouches for it.
#[derive(Clone)]
pub(crate) struct Identity {
    authority: String,
    pub(crate) config: Arc<ServerConfig>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap().pem();
        let certificate = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Self {
            authority: authority.pem(),
            config: Arc::new(config),
        }
    }

    /// Returns the authority in PEM.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Wraps a connection; the handshake comes with the first byte.
    pub(crate) fn accept(&self, stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
        let connection = ServerConnection::new(Arc::clone(&self.config)).unwrap();
        StreamOwned::new(connection, stream)
    }
}

/// A server that answers every request with 200.
pub(crate) struct HttpsServer {
    pub(crate) port: u16,
    identity: Identity,
}

impl HttpsServer {
    /// Returns the settings of who trusts the server.
    pub(crate) fn trust(&self) -> TlsConfig {
        TlsConfig {
            certificate_authority: Some(SecretSource::inline(self.identity.authority())),
            ..TlsConfig::default()
        }
    }
}

pub(crate) fn https_server() -> HttpsServer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let identity = Identity::new();
    let server = HttpsServer {
        port,
        identity: identity.clone(),
    };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = identity.accept(stream.unwrap());
            let mut request = [0; 4096];
            // A client that does not trust us ends the handshake here.
            if matches!(stream.read(&mut request), Ok(count) if count > 0) {
                let reply = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
                let _ = stream.write_all(reply);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    server
}
