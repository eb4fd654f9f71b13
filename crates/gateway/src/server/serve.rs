//! One connection of a client, from its first byte to its last.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::connection::ConnectionInfo;
use super::connections::Place;
use super::handler::{Handler, Tunnel};
use super::progress::Progress;
use super::sniff::{Spoken, spoken};
use super::stream::{ClientStream, Replay};
use super::{http1, http2};
use crate::listener::{Kind, Settings};
use crate::proxy_protocol;
use crate::signals::ListenerSignals;
use crate::worker::Spawner;

/// The first read of a connection: enough for most requests, and given back once it is parsed.
const FIRST_READ: usize = 1024;

/// A connection that was accepted.
pub(super) struct Arrival<H: Handler> {
    pub(super) worker: Arc<H::Worker>,
    pub(super) spawner: Spawner,
    pub(super) settings: Arc<Settings>,
    pub(super) socket: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) place: Place,
}

/// A connection that knows whom it is for and what it speaks.
pub(super) struct Greeted<H: Handler> {
    pub(super) worker: Arc<H::Worker>,
    pub(super) spawner: Spawner,
    pub(super) settings: Arc<Settings>,
    pub(super) info: Arc<ConnectionInfo>,
    pub(super) progress: Arc<Progress>,
    pub(super) stream: ClientStream,
}

/// Why a connection ended before its first request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Farewell {
    #[error("the socket failed")]
    Socket(#[from] io::Error),
    #[error("the PROXY header did not hold")]
    ProxyHeader(#[from] proxy_protocol::Error),
    #[error("the PROXY header took too long")]
    ProxyHeaderTimeout,
    #[error("the TLS handshake failed")]
    Handshake(#[source] io::Error),
    #[error("the TLS handshake took too long")]
    HandshakeTimeout,
    #[error("the first line took too long")]
    HeadTimeout,
    #[error("no request came")]
    Idle,
    #[error("the client left")]
    Left,
}

impl Farewell {
    /// Returns the word that it is counted under; `None` for what is nobody's fault.
    fn word(&self) -> Option<&'static str> {
        match self {
            Self::Socket(_) | Self::Left => None,
            Self::ProxyHeader(_) | Self::ProxyHeaderTimeout => Some("proxy_header"),
            Self::Handshake(_) | Self::HandshakeTimeout => Some("handshake"),
            Self::HeadTimeout => Some("head_timeout"),
            Self::Idle => Some("idle"),
        }
    }
}

/// Serves a connection to its end.
pub(super) async fn serve<H: Handler>(arrival: Arrival<H>) {
    let (peer, settings) = (arrival.peer, Arc::clone(&arrival.settings));
    if let Err(error) = greet(arrival).await {
        if let Some(word) = error.word() {
            settings.failed(word);
        }
        let error: &dyn std::error::Error = &error;
        tracing::debug!(listener = %settings.id.name, %peer, error, "a connection ended before its first request");
    }
}

async fn greet<H: Handler>(arrival: Arrival<H>) -> Result<(), Farewell> {
    let progress = Arc::new(Progress::new());
    let settings = arrival.settings;
    let open = settings.signals.as_ref().map(ListenerSignals::accepted);
    let member = arrival.place.join(Arc::clone(&progress), open);
    let mut hello = Hello {
        socket: arrival.socket,
        read: BytesMut::new(),
        progress: Arc::clone(&progress),
        settings: &settings,
    };
    let mut info = hello.addresses(arrival.peer).await?;
    // HTTP says what it speaks in its first bytes; TLS in its handshake, and TCP need not.
    let sniffs = settings.tls.is_none() && matches!(settings.kind, Kind::Http);
    let mut spoken = if sniffs {
        hello.spoken().await?
    } else {
        Spoken::Http1
    };
    let socket = Replay::new(hello.read.freeze(), hello.socket, Arc::clone(&progress));
    let stream = match &settings.tls {
        None => ClientStream::plain(socket, Arc::clone(&progress), member),
        Some(tls) => {
            let acceptor = TlsAcceptor::from(tls.current());
            // Boxed: it holds all of TLS, which a plain connection need not have room for.
            let handshake = Box::pin(acceptor.accept(socket));
            let stream = timeout(settings.listener.timeouts.handshake, handshake)
                .await
                .map_err(|_| Farewell::HandshakeTimeout)?
                .map_err(Farewell::Handshake)?;
            let said = crate::tls::info(stream.get_ref().1);
            if said.alpn.as_deref() == Some("h2") {
                spoken = Spoken::Http2;
            }
            info.tls = Some(said);
            ClientStream::tls(stream, Arc::clone(&progress), member)
        }
    };
    let greeted = Greeted::<H> {
        worker: arrival.worker,
        spawner: arrival.spawner,
        info: Arc::new(info),
        progress,
        stream,
        settings: Arc::clone(&settings),
    };
    talk(greeted, spoken);
    Ok(())
}

/// Goes on in a task of its own: what was needed to come here is given back, for as long as the connection lives.
fn talk<H: Handler>(greeted: Greeted<H>, spoken: Spoken) {
    let spawner = greeted.spawner.clone();
    match (&greeted.settings.kind, spoken) {
        (Kind::Tcp { backend, idle }, _) => {
            greeted.progress.detach();
            let tunnel = Tunnel {
                backend: Arc::clone(backend),
                idle: *idle,
                client: greeted.stream,
            };
            spawner.spawn("tunnel", H::tunnel(greeted.worker, greeted.info, tunnel));
        }
        (Kind::Http, Spoken::Http2) => spawner.spawn("connection", http2::serve(greeted)),
        (Kind::Http, Spoken::Http1 | Spoken::Unknown) => {
            spawner.spawn("connection", http1::serve(greeted));
        }
    }
}

/// A connection of which nothing is known yet.
struct Hello<'a> {
    socket: TcpStream,
    /// What was read and not understood yet.
    read: BytesMut,
    progress: Arc<Progress>,
    settings: &'a Settings,
}

impl Hello<'_> {
    /// Tells whom the connection is for.
    async fn addresses(&mut self, peer: SocketAddr) -> Result<ConnectionInfo, Farewell> {
        // One that listens on IPv6 and IPv4 sees the latter as IPv6.
        let peer = canonical(peer);
        let (mut client, mut local) = (peer, canonical(self.socket.local_addr()?));
        let listener = &self.settings.listener;
        if let Some(proxy) = &listener.proxy_protocol
            && proxy.from.iter().any(|from| from.contains(peer.ip()))
        {
            let header = timeout(proxy.timeout, self.proxy_header())
                .await
                .map_err(|_| Farewell::ProxyHeaderTimeout)??;
            if let proxy_protocol::Header::For {
                source,
                destination,
            } = header
            {
                (client, local) = (canonical(source), canonical(destination));
            }
        }
        Ok(ConnectionInfo {
            peer,
            client,
            local,
            listener: Arc::clone(&self.settings.id),
            is_trusted: listener
                .trusted
                .iter()
                .any(|network| network.contains(client.ip())),
            tls: None,
        })
    }

    async fn proxy_header(&mut self) -> Result<proxy_protocol::Header, Farewell> {
        loop {
            self.socket.readable().await?;
            self.read_more()?;
            if let Some((header, length)) = proxy_protocol::parse(&self.read)? {
                self.read.advance(length);
                return Ok(header);
            }
        }
    }

    /// Tells what the client speaks, once it speaks.
    async fn spoken(&mut self) -> Result<Spoken, Farewell> {
        if self.read.is_empty() {
            self.first_byte().await?;
            self.read_more()?;
        }
        let deadline = Instant::now() + self.settings.listener.timeouts.head;
        loop {
            let spoken = spoken(&self.read);
            if spoken != Spoken::Unknown {
                return Ok(spoken);
            }
            timeout_at(deadline, self.socket.readable())
                .await
                .map_err(|_| Farewell::HeadTimeout)??;
            self.read_more()?;
        }
    }

    async fn first_byte(&self) -> Result<(), Farewell> {
        let wait = async |longest: Duration| match timeout(longest, self.socket.readable()).await {
            Ok(readable) => Ok(readable?),
            Err(_) => Err(Farewell::Idle),
        };
        tokio::select! {
            biased;
            readable = wait(self.settings.listener.timeouts.idle) => readable,
            // A request may be on its way.
            () = self.progress.closing() => wait(self.settings.grace).await,
        }
    }

    /// Reads what is there; nothing is fine.
    fn read_more(&mut self) -> Result<(), Farewell> {
        self.read.reserve(FIRST_READ);
        match self.socket.try_read_buf(&mut self.read) {
            Ok(0) => Err(Farewell::Left),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns an IPv4 address that is written as IPv6 as what it is: limits, logs and headers know one address once.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
