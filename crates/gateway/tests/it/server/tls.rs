use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_gateway::model::{Certificate, ServerTls};
use plimsoll_gateway::server::Error;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::Client;
use super::handler::World;

/// An authority, and files of certificates that it signed.
struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "test authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self {
            folder,
            certificate: certificate.der().clone(),
            issuer: Issuer::new(params, key),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a certificate for these names.
    fn sign(&self, stem: &str, names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, stem);
        let uri = format!("spiffe://example/{stem}");
        params
            .subject_alt_names
            .push(SanType::URI(uri.try_into().unwrap()));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let files = Certificate {
            chain: self.path(&format!("{stem}.pem")),
            key: self.path(&format!("{stem}.key")),
        };
        fs::write(&files.chain, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    fn world(&self, change: impl FnOnce(&mut ServerTls)) -> World {
        let mut tls = ServerTls {
            certificates: vec![
                self.sign("first", &["a.example"]),
                self.sign("second", &["b.example", "*.c.example"]),
            ],
            client_ca: None,
            requires_client_certificate: false,
            only_tls13: false,
            alpn: vec!["h2".into(), "http/1.1".into()],
        };
        change(&mut tls);
        World::one(|listener| listener.tls = Some(tls))
    }

    /// Shakes hands for a name, which the certificate need not have.
    async fn connect(
        &self,
        world: &World,
        name: &str,
        change: impl FnOnce(&mut ClientConfig),
    ) -> std::io::Result<Client<TlsStream<TcpStream>>> {
        self.connect_as(world, name, None, change).await
    }

    async fn connect_as(
        &self,
        world: &World,
        name: &str,
        client: Option<&Certificate>,
        change: impl FnOnce(&mut ClientConfig),
    ) -> std::io::Result<Client<TlsStream<TcpStream>>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match client {
            None => builder.with_no_client_auth(),
            Some(files) => {
                let chain = vec![CertificateDer::from_pem_file(&files.chain).unwrap()];
                let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        change(&mut config);
        let socket = TcpStream::connect(world.address()).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Client::over(connector.connect(name, socket).await?))
    }
}

fn shown(client: &Client<TlsStream<TcpStream>>) -> CertificateDer<'static> {
    client.stream.get_ref().1.peer_certificates().unwrap()[0].clone()
}

fn file(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}

#[tokio::test]
async fn the_name_chooses_the_certificate() {
    let authority = Authority::new();
    let world = authority.world(|_| {});
    for (name, stem) in [
        ("a.example", "first"),
        ("B.example", "second"),
        ("x.c.example", "second"),
    ] {
        let mut client = authority.connect(&world, name, |_| {}).await.unwrap();
        assert_eq!(
            shown(&client),
            file(&authority.path(&format!("{stem}.pem"))),
            "{name}"
        );
        assert_eq!(client.get("/").await.status, 200);
        let seen = world.echo.seen.lock().unwrap();
        let tls = seen.requests.last().unwrap().0.tls.clone().unwrap();
        assert_eq!(
            tls.server_name.unwrap().to_string(),
            name.to_ascii_lowercase()
        );
        assert!(tls.is_tls13 && tls.client.is_none() && tls.alpn.is_none());
    }
    // An unknown name is shown the first, which the client then refuses.
    let error = authority.connect(&world, "x.y.c.example", |_| {}).await;
    assert!(
        error
            .map(drop)
            .unwrap_err()
            .to_string()
            .contains("not valid for name")
    );
}

#[tokio::test]
async fn the_protocol_is_agreed_on_in_the_handshake() {
    let authority = Authority::new();
    let world = authority.world(|_| {});
    let client = authority
        .connect(&world, "a.example", |config| {
            config.alpn_protocols = vec![b"h2".to_vec()]
        })
        .await
        .unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(
        hyper_util::rt::TokioExecutor::new(),
        hyper_util::rt::TokioIo::new(client.stream),
    )
    .await
    .unwrap();
    let asking = async {
        let body = http_body_util::Empty::<bytes::Bytes>::new();
        let request = http::Request::get("https://a.example/").body(body).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
        drop(sender);
    };
    let ((), connection) = tokio::join!(asking, connection);
    connection.unwrap();
    let alpn = |protocol: &'static [u8]| {
        authority.connect(&world, "a.example", move |config| {
            config.alpn_protocols = vec![protocol.to_vec()];
        })
    };
    assert_eq!(alpn(b"http/1.1").await.unwrap().get("/").await.status, 200);
    assert!(alpn(b"spdy/3").await.is_err());
    let seen = world.echo.seen.lock().unwrap();
    let agreed: Vec<_> = seen
        .requests
        .iter()
        .map(|(info, ..)| info.tls.as_ref().unwrap().alpn.as_deref().unwrap())
        .collect();
    assert_eq!(agreed, ["h2", "http/1.1"]);
}

#[tokio::test]
async fn a_client_proves_who_it_is() {
    let authority = Authority::new();
    let world = authority.world(|tls| {
        tls.client_ca = Some(authority.path("ca.pem"));
        tls.requires_client_certificate = true;
    });
    let shop = authority.sign("shop", &["shop.example"]);
    let mut client = authority
        .connect_as(&world, "a.example", Some(&shop), |_| {})
        .await
        .unwrap();
    assert_eq!(client.get("/").await.status, 200);
    let tls = world.echo.seen.lock().unwrap().requests[0].0.tls.clone();
    let proved = tls.unwrap().client.unwrap();
    assert_eq!(proved.common_name.as_deref(), Some("shop"));
    assert_eq!(proved.dns_names, ["shop.example".into()]);
    assert_eq!(proved.uris, ["spiffe://example/shop".into()]);

    let other = Authority::new();
    let stranger = other.sign("shop", &["shop.example"]);
    for certificate in [None, Some(&stranger)] {
        // In TLS 1.3 the client's handshake ends before the server has looked.
        let connected = authority
            .connect_as(&world, "a.example", certificate, |_| {})
            .await;
        if let Ok(mut client) = connected {
            assert_eq!(client.rest().await, "");
        }
    }
    assert_eq!(world.echo.paths().len(), 1);
}

#[tokio::test]
async fn files_that_change_are_used_and_those_that_do_not_hold_are_not() {
    let authority = Authority::new();
    let world = authority.world(|_| {});
    let first = authority.path("first.pem");
    let before = file(&first);
    let mut open = authority
        .connect(&world, "a.example", |_| {})
        .await
        .unwrap();
    assert_eq!(shown(&open), before);
    let renewed = authority.sign("first", &["a.example"]);
    world.server.refresh_certificates().await;
    let client = authority
        .connect(&world, "a.example", |_| {})
        .await
        .unwrap();
    let after = shown(&client);
    assert_eq!(after, file(&first));
    assert_ne!(after, before);
    fs::write(&renewed.key, "no key").unwrap();
    world.server.refresh_certificates().await;
    let client = authority
        .connect(&world, "a.example", |_| {})
        .await
        .unwrap();
    assert_eq!(shown(&client), after);
    assert_eq!(open.get("/").await.status, 200, "what is open lives on");
    let error = world.server.prepare(&world.config).map(drop);
    assert!(
        matches!(error, Err(Error::Tls { .. })),
        "whoever asks for these files is told, however often"
    );
}

#[tokio::test]
async fn a_listener_that_cannot_have_its_files_is_named() {
    let authority = Authority::new();
    let mut world = authority.world(|_| {});
    let tls = world.config.listeners[0].tls.as_mut().unwrap();
    tls.certificates[0].key = authority.path("absent.key");
    let error = world.server.prepare(&world.config).map(drop).unwrap_err();
    assert!(matches!(&error, Error::Tls { listener, .. } if listener == "web"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.ends_with("absent.key: cannot be read"), "{source}");
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let authority = Authority::new();
    let mut world = authority.world(|_| {});
    world.config.listeners[0].timeouts.handshake = std::time::Duration::from_millis(100);
    let prepared = world.server.prepare(&world.config).unwrap();
    world.server.commit(prepared);
    let mut client = Client::connect(world.address()).await;
    client.say(b"\x16\x03\x01").await;
    assert_eq!(client.rest().await, "");
    let mut plain = Client::connect(world.address()).await;
    plain.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    plain.rest().await;
    world.until_open(0).await;
    assert!(world.echo.paths().is_empty());
}

#[tokio::test]
async fn tls_1_2_is_refused_where_it_must_be() {
    let authority = Authority::new();
    for only_tls13 in [false, true] {
        let world = authority.world(|tls| tls.only_tls13 = only_tls13);
        let old = rustls::ClientConfig::builder_with_provider(Arc::new(
            rustls::crypto::aws_lc_rs::default_provider(),
        ))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate.clone()).unwrap();
        let old = old.with_root_certificates(roots).with_no_client_auth();
        let connected = authority
            .connect(&world, "a.example", |config| *config = old)
            .await;
        assert_eq!(connected.is_err(), only_tls13);
    }
}
