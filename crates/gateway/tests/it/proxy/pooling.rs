//! Connections to endpoints: how many, encrypted, and by name.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use plimsoll_gateway::model::{Certificate, Protocol, UpstreamTls};
use plimsoll_traffic::{FailureKind, Outcome};
use rcgen::{CertificateParams, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::client::{Client, get, get_once};
use super::endpoint::{Endpoint, Peer};
use super::world::{World, spawn};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_no_more_connections_than_allowed() {
    let (came, mut arrivals) = mpsc::channel(10);
    let (go, gone) = tokio::sync::watch::channel(false);
    let endpoint = Endpoint::raw(move |mut peer: Peer, _| {
        let (came, mut gone) = (came.clone(), gone.clone());
        async move {
            while peer.head().await.is_some() {
                came.send(()).await.unwrap();
                gone.wait_for(|gone| *gone).await.unwrap();
                peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    .await;
            }
        }
    })
    .await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends[0].connections_max = 2;
        // A connection belongs to its worker: between two of them, one may be closed for another.
        config.threads = Some(1);
        config.backends[0].connect_timeout = Duration::from_secs(20);
    })
    .await;
    let address = world.address;
    let (tx, mut answers) = mpsc::channel(10);
    for _ in 0..5 {
        let tx = tx.clone();
        spawn(async move {
            tx.send(get_once(address, "/").await.status.as_u16())
                .await
                .unwrap();
        });
    }
    for _ in 0..2 {
        arrivals.recv().await.unwrap();
    }
    world
        .until(|world| world.gateway.backends()[0].upstream.endpoints[0].in_flight == 5)
        .await;
    assert_eq!(world.gateway.backends()[0].connections, [2]);
    assert!(arrivals.try_recv().is_err());
    go.send(true).unwrap();
    for _ in 0..5 {
        assert_eq!(answers.recv().await, Some(200));
    }
    assert!(world.gateway.backends()[0].connections[0] <= 2);
    // Who waited got a connection that came back: none was closed to make room for another one.
    assert_eq!(endpoint.connections(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_old_is_not_used_again() {
    let endpoint = Endpoint::named("well").await;
    let world = World::to(&[endpoint.address], |config| {
        config.backends[0].connection_age_max = Some(Duration::from_nanos(1));
    })
    .await;
    let mut client = Client::connect(world.address).await;
    for number in 1..=3 {
        assert_eq!(client.get("/").await.text(), "well");
        assert_eq!(endpoint.connections(), number);
    }
    drop(client);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_is_told_whose_connection_it_is() {
    let endpoint = Endpoint::raw(|mut peer: Peer, _| async move {
        let mut header = [0; 28];
        let read = tokio::io::AsyncReadExt::read_exact(&mut peer.stream, &mut header).await;
        assert_eq!(read.unwrap(), 28);
        assert_eq!(&header[..12], b"\r\n\r\n\0\r\nQUIT\n");
        assert_eq!(header[16..20], [127, 0, 0, 1]);
        while peer.head().await.is_some() {
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                .await;
        }
    })
    .await;
    let world = World::to(&[endpoint.address], |config| {
        config.backends[0].sends_proxy_header = true;
    })
    .await;
    for number in 1..=2 {
        assert_eq!(get_once(world.address, "/").await.text(), "ok");
        assert_eq!(
            endpoint.connections(),
            number,
            "it must not serve another client"
        );
    }
    world.stop().await;
}

/// Speaks HTTP/2, refuses the first stream of all, and takes leave of each connection after its first answer.
async fn fickle() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut is_first = true;
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut refuses = std::mem::take(&mut is_first);
            spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    if std::mem::take(&mut refuses) {
                        respond.send_reset(h2::Reason::REFUSED_STREAM);
                        continue;
                    }
                    drop(respond.send_response(http::Response::new(()), true));
                    connection.graceful_shutdown();
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_was_refused_is_tried_again_whatever_it_is() {
    let address = fickle().await;
    let mut world = World::to(&[address], |config| {
        config.backends[0].protocol = Protocol::Http2;
    })
    .await;
    let mut client = Client::connect(world.address).await;
    for number in 0..10 {
        let answer = client
            .send(super::client::request("POST", "/", "body"))
            .await;
        let record = world.record().await.record;
        assert_eq!(answer.status.as_u16(), 200, "{record:?}");
        if number == 0 {
            let outcomes: Vec<_> = record.attempts.iter().map(|one| one.outcome).collect();
            let refused = Outcome::Failed(FailureKind::NotProcessed);
            assert_eq!(outcomes, [refused, Outcome::Success]);
        }
    }
    drop(client);
    world.stop().await;
}

/// An authority, and files signed by it in a folder.
struct Authority {
    folder: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn issue(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn client(&self) -> Certificate {
        let (certificate, key) = self.issue("gateway.example");
        let (chain, key_path) = (
            self.folder.path().join("chain.pem"),
            self.folder.path().join("key.pem"),
        );
        std::fs::write(&chain, certificate.pem()).unwrap();
        std::fs::write(&key_path, key.serialize_pem()).unwrap();
        Certificate {
            chain,
            key: key_path,
        }
    }

    /// Starts an endpoint that is `shop.example`, wants a client certificate, and answers with the version it was asked in.
    async fn endpoint(&self, protocols: &[&[u8]]) -> std::net::SocketAddr {
        let (certificate, key) = self.issue("shop.example");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(
            roots.into(),
            provider.clone(),
        );
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(clients.build().unwrap())
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let service =
                        service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                            let text = format!("{:?}", request.version());
                            Ok::<_, hyper::Error>(http::Response::new(Full::new(Bytes::from(text))))
                        });
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    drop(server.serve_connection(TokioIo::new(stream), service).await);
                });
            }
        });
        address
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endpoints_prove_who_they_are_and_so_do_we() {
    let authority = Authority::new();
    let one = authority.endpoint(&[b"http/1.1"]).await;
    let two = authority.endpoint(&[b"h2", b"http/1.1"]).await;
    let tls = UpstreamTls {
        ca: Some(authority.ca()),
        client: Some(authority.client()),
        server_name: Some("shop.example".into()),
        insecure_skip_verify: false,
    };
    for (address, protocol, expected) in [
        (one, Protocol::Auto, "HTTP/1.1"),
        (two, Protocol::Auto, "HTTP/2.0"),
        (two, Protocol::Http1, "HTTP/1.1"),
    ] {
        let world = World::to(&[address], |config| {
            config.backends[0].tls = Some(tls.clone());
            config.backends[0].protocol = protocol;
        })
        .await;
        let mut client = Client::connect(world.address).await;
        for _ in 0..3 {
            assert_eq!(client.get("/").await.text(), expected);
        }
        assert_eq!(world.gateway.backends()[0].connections, [1]);
        drop(client);
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_somebody_else_gets_nothing() {
    let authority = Authority::new();
    let address = authority.endpoint(&[b"http/1.1"]).await;
    let ours = UpstreamTls {
        ca: Some(authority.ca()),
        client: Some(authority.client()),
        server_name: Some("shop.example".into()),
        insecure_skip_verify: false,
    };
    let stranger = Authority::new();
    let wrong = [
        UpstreamTls {
            ca: Some(stranger.ca()),
            ..ours.clone()
        },
        UpstreamTls {
            server_name: Some("other.example".into()),
            ..ours.clone()
        },
    ];
    for tls in wrong {
        let mut world = World::to(&[address], |config| {
            config.backends[0].tls = Some(tls);
        })
        .await;
        let answer = get_once(world.address, "/").await;
        assert_eq!(
            (answer.status.as_u16(), answer.reason()),
            (502, "upstream_tls")
        );
        let record = world.record().await.record;
        assert_eq!(
            record.attempts[0].outcome,
            Outcome::Failed(FailureKind::Tls)
        );
        world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_are_resolved() {
    let endpoint = Endpoint::named("well").await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends[0].endpoints = vec![plimsoll_gateway::model::Endpoint::new(
            "localhost",
            endpoint.address.port(),
        )];
    })
    .await;
    world
        .until(|world| {
            let snapshot = world.gateway.snapshot();
            !snapshot.backends["app"].targets()[0]
                .1
                .addresses()
                .is_empty()
        })
        .await;
    let mut asked = get("/");
    asked.headers_mut().remove("host");
    asked.headers_mut().insert("host", "a".parse().unwrap());
    let answer = Client::connect(world.address).await.send(asked).await;
    assert_eq!(answer.text(), "well");
    world.stop().await;
}

/// Speaks HTTP/2 and answers each stream's first request of a connection with 200, later ones with a reset.
async fn resetting() -> (
    std::net::SocketAddr,
    std::sync::Arc<std::sync::atomic::AtomicUsize>,
) {
    use std::sync::atomic::Ordering::SeqCst;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let requests = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&requests);
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = std::sync::Arc::clone(&seen);
            spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((_, mut respond))) = connection.accept().await {
                    match seen.fetch_add(1, SeqCst) {
                        0 => drop(respond.send_response(http::Response::new(()), true)),
                        _ => respond.send_reset(h2::Reason::INTERNAL_ERROR),
                    }
                }
            });
        }
    });
    (address, requests)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_reset_is_no_connection_that_had_ended() {
    let (address, requests) = resetting().await;
    let world = World::to(&[address], |config| {
        config.backends[0].protocol = Protocol::Http2;
        config.routes[0].retry.retries_max = 0;
    })
    .await;
    let mut client = Client::connect(world.address).await;
    assert_eq!(client.get("/").await.status.as_u16(), 200);
    assert_eq!(client.get("/").await.status.as_u16(), 502);
    let requests = requests.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(requests, 2, "it must not be sent again without the gate");
    drop(client);
    world.stop().await;
}

/// Reads HTTP/2 until the head of a request, and takes leave without having looked at it.
async fn leave_before(stream: &mut tokio::net::TcpStream) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    const HEADERS: u8 = 1;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    // SETTINGS without any.
    stream
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = usize::from(head[1]) << 8 | usize::from(head[2]);
        let mut rest = vec![0; length];
        stream.read_exact(&mut rest).await.unwrap();
        if head[3] == HEADERS {
            break;
        }
    }
    // GOAWAY: no stream was looked at, and nothing is wrong.
    let leave = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    stream.write_all(&leave).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_endpoint_took_leave_before_is_sent_again_whatever_it_is() {
    let endpoint = Endpoint::raw(|mut peer: Peer, number| async move {
        if number == 0 {
            leave_before(&mut peer.stream).await;
            peer.rest().await;
            return;
        }
        let mut connection = h2::server::handshake(peer.stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            drop(respond.send_response(http::Response::new(()), true));
        }
    })
    .await;
    let mut world = World::to(&[endpoint.address], |config| {
        config.backends[0].protocol = Protocol::Http2;
    })
    .await;
    let mut client = Client::connect(world.address).await;
    let answer = client
        .send(super::client::request("POST", "/", "body"))
        .await;
    let record = world.record().await.record;
    assert_eq!(answer.status.as_u16(), 200, "{record:?}");
    let outcomes: Vec<_> = record.attempts.iter().map(|one| one.outcome).collect();
    let left = Outcome::Failed(FailureKind::NotProcessed);
    assert_eq!(outcomes, [left, Outcome::Success]);
    drop(client);
    world.stop().await;
}

/// Sends without end on each stream of `/endless`, as much as it may, and counts the bytes; answers others with one byte.
async fn endless(sent: std::sync::Arc<std::sync::atomic::AtomicUsize>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sent = std::sync::Arc::clone(&sent);
            spawn(async move {
                let mut connection = h2::server::handshake(stream).await.unwrap();
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let response = http::Response::new(());
                    let mut body = respond.send_response(response, false).unwrap();
                    if request.uri().path() != "/endless" {
                        drop(body.send_data(Bytes::from_static(b"1"), true));
                        continue;
                    }
                    let sent = std::sync::Arc::clone(&sent);
                    spawn(async move {
                        loop {
                            body.reserve_capacity(16 << 10);
                            let room = std::future::poll_fn(|ctx| body.poll_capacity(ctx)).await;
                            let Some(Ok(room)) = room else { return };
                            sent.fetch_add(room, std::sync::atomic::Ordering::SeqCst);
                            if body.send_data(vec![0; room].into(), false).is_err() {
                                return;
                            }
                        }
                    });
                }
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_take_nothing_leave_room_for_others() {
    use std::sync::atomic::Ordering::SeqCst;
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let address = endless(std::sync::Arc::clone(&sent)).await;
    let mut world = World::to(&[address], |config| {
        config.backends[0].protocol = Protocol::Http2;
    })
    .await;
    let mut stuck = Vec::new();
    for _ in 0..20 {
        let mut client = tokio::net::TcpStream::connect(world.address).await.unwrap();
        let asked = b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut client, asked)
            .await
            .unwrap();
        stuck.push(client);
    }
    // Until nothing goes any more, or at least not for a while.
    let quiet = Duration::from_millis(300);
    let mut last = (0, world.gateway.now());
    world
        .until(|world| {
            let (bytes, now) = (sent.load(SeqCst), world.gateway.now());
            if bytes != last.0 {
                last = (bytes, now);
            }
            bytes > 0 && now.since(last.1) >= quiet
        })
        .await;
    assert_eq!(get_once(world.address, "/").await.text(), "1");
    drop(stuck);
    world.stop().await;
}
