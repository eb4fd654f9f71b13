use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::http::{
    Client, ClientConfig, Error, ErrorKind, Request, SecretSource, TlsConfig, TlsVersion,
    read_response_capped,
};
use plimsoll_types::ByteCount;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use crate::peer::{Peer, ok};

/// An authority made for one test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    /// Returns a certificate and its key, in PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.into()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// Starts a peer with a certificate for `name`; with `clients`, it lets only their certificates in.
async fn peer(
    authority: &Authority,
    name: &str,
    versions: &[&'static rustls::SupportedProtocolVersion],
    clients: Option<&Authority>,
) -> Peer {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(der(&clients.pem())).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    let (certificate, key) = authority.issue(name);
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let config = builder
        .with_single_cert(vec![der(&certificate)], key)
        .unwrap();
    Peer::start_with(Some(TlsAcceptor::from(Arc::new(config))), |_| ok("secure")).await
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn trusting(authority: &Authority) -> TlsConfig {
    TlsConfig {
        certificate_authority: Some(SecretSource::inline(authority.pem())),
        ..TlsConfig::default()
    }
}

fn client(tls: TlsConfig) -> Result<Client, Error> {
    Client::new(ClientConfig {
        tls,
        ..ClientConfig::default()
    })
}

async fn fetch(client: &Client, peer: &Peer) -> Result<String, Error> {
    let url = format!("https://127.0.0.1:{}/", peer.port).parse().unwrap();
    let request = Request::get(url, Duration::from_secs(30));
    let body = read_response_capped(client.send(request).await?, ByteCount(100)).await?;
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn trusts_the_named_authority_and_no_other() {
    let (ours, other) = (Authority::new(), Authority::new());
    let peer = peer(&ours, "127.0.0.1", rustls::ALL_VERSIONS, None).await;
    let body = fetch(&client(trusting(&ours)).unwrap(), &peer).await;
    assert_eq!(body.unwrap(), "secure");
    // The system's own authorities did not sign it either.
    for tls in [trusting(&other), TlsConfig::default()] {
        let error = fetch(&client(tls).unwrap(), &peer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{}", error.chain());
        assert!(!error.is_retryable());
    }
    let careless = TlsConfig {
        insecure_skip_verify: true,
        ..trusting(&other)
    };
    let body = fetch(&client(careless).unwrap(), &peer).await;
    assert_eq!(body.unwrap(), "secure");
}

#[tokio::test]
async fn checks_the_configured_name() {
    let ours = Authority::new();
    let peer = peer(&ours, "db.example", rustls::ALL_VERSIONS, None).await;
    let error = fetch(&client(trusting(&ours)).unwrap(), &peer).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Tls);
    let named = |name: &str| TlsConfig {
        server_name: Some(name.into()),
        ..trusting(&ours)
    };
    let body = fetch(&client(named("db.example")).unwrap(), &peer).await;
    assert_eq!(body.unwrap(), "secure");
    let error = fetch(&client(named("other.example")).unwrap(), &peer).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Tls);
}

#[tokio::test]
async fn a_rotated_authority_is_used_at_once() {
    let (ours, other) = (Authority::new(), Authority::new());
    let peer = peer(&ours, "127.0.0.1", rustls::ALL_VERSIONS, None).await;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    let client = client(TlsConfig {
        certificate_authority: Some(SecretSource::File(file.clone())),
        ..TlsConfig::default()
    })
    .unwrap();
    let mut outcomes = Vec::new();
    for pem in [other.pem(), ours.pem(), "half-writ".into()] {
        std::fs::write(&file, pem).unwrap();
        outcomes.push(fetch(&client, &peer).await.map_err(|error| error.kind()));
    }
    assert_eq!(
        outcomes,
        [
            Err(ErrorKind::Tls),
            Ok("secure".into()),
            Err(ErrorKind::Secret)
        ]
    );
}

#[tokio::test]
async fn shows_its_own_certificate() {
    let (ours, clients) = (Authority::new(), Authority::new());
    let peer = peer(&ours, "127.0.0.1", rustls::ALL_VERSIONS, Some(&clients)).await;
    let error = fetch(&client(trusting(&ours)).unwrap(), &peer).await;
    assert!(error.is_err());
    let with_certificate = |authority: &Authority| {
        let (certificate, key) = authority.issue("scraper");
        TlsConfig {
            certificate: Some(SecretSource::inline(certificate)),
            key: Some(SecretSource::inline(key)),
            ..trusting(&ours)
        }
    };
    let body = fetch(&client(with_certificate(&clients)).unwrap(), &peer).await;
    assert_eq!(body.unwrap(), "secure");
    assert!(
        fetch(&client(with_certificate(&ours)).unwrap(), &peer)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn speaks_only_the_allowed_versions() {
    let ours = Authority::new();
    let old = peer(&ours, "127.0.0.1", &[&rustls::version::TLS12], None).await;
    let versions = |min, max| TlsConfig {
        version_min: min,
        version_max: max,
        ..trusting(&ours)
    };
    for (min, max, accepted) in [
        (None, None, true),
        (Some(TlsVersion::Tls10), Some(TlsVersion::Tls12), true),
        (Some(TlsVersion::Tls13), None, false),
    ] {
        let body = fetch(&client(versions(min, max)).unwrap(), &old).await;
        assert_eq!(body.is_ok(), accepted, "{min:?} to {max:?}: {body:?}");
    }
    let error = client(versions(None, Some(TlsVersion::Tls11))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
}

#[test]
fn refuses_what_cannot_work_before_the_first_request() {
    let ours = Authority::new();
    let (certificate, _) = ours.issue("a");
    let (_, other_key) = ours.issue("b");
    let inline = |text: &str| Some(SecretSource::inline(text));
    let cases = [
        TlsConfig {
            certificate: inline(&certificate),
            ..TlsConfig::default()
        },
        TlsConfig {
            certificate: inline(&certificate),
            key: inline(&other_key),
            ..TlsConfig::default()
        },
        TlsConfig {
            certificate_authority: inline("no certificate"),
            ..TlsConfig::default()
        },
        TlsConfig {
            server_name: Some("not a name".into()),
            ..TlsConfig::default()
        },
    ];
    for tls in cases {
        let shown = format!("{tls:?}");
        assert!(!shown.contains("BEGIN"), "{shown}");
        let error = client(tls).unwrap_err();
        assert!(!error.is_retryable() || error.kind() == ErrorKind::Secret);
        assert!(!error.chain().contains("BEGIN"), "{}", error.chain());
    }
}
