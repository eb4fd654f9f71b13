//! Stands between the store and a PostgreSQL: cuts connections, swallows answers, falls silent.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// What the proxy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// It passes everything on.
    Pass,
    /// It passes questions on; at the first that contains COMMIT it waits for the answer and cuts instead of passing it.
    CutAfterCommit,
    /// It cuts at the first question that contains COMMIT, without passing it on.
    CutBeforeCommit,
    /// At the first question that contains COMMIT it stops to pass anything on, and keeps the connection to the server.
    FreezeBeforeCommit,
    /// It takes everything and passes nothing on.
    Silent,
}

#[derive(Debug)]
struct Shared {
    mode: AtomicU8,
    cuts: AtomicU64,
}

/// A proxy on a port of its own.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    port: u16,
}

impl Proxy {
    /// Listens for clients of the server behind `socket`.
    pub(crate) async fn start(socket: PathBuf, tasks: &Tasks) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            shared: Arc::new(Shared {
                mode: AtomicU8::new(Mode::Pass as u8),
                cuts: AtomicU64::new(0),
            }),
        };
        let shared = Arc::clone(&proxy.shared);
        let connections = tasks.clone();
        tasks.spawn("proxy", OnPanic::Report, |stop: Shutdown| async move {
            loop {
                let client = tokio::select! {
                    client = listener.accept() => client.unwrap().0,
                    () = stop.wait() => return,
                };
                let shared = Arc::clone(&shared);
                let socket = socket.clone();
                connections.spawn("proxied", OnPanic::Report, |_| async move {
                    shared.pass(client, &socket).await;
                });
            }
        });
        proxy
    }

    /// Returns the URL of a database behind the proxy.
    pub(crate) fn url(&self, database: &str) -> String {
        format!(
            "postgres://plimsoll@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.shared.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// Returns how many connections were cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn is(&self, mode: Mode) -> bool {
        self.mode.load(Ordering::SeqCst) == mode as u8
    }

    /// Does once what the mode says, and counts it.
    fn take(&self, mode: Mode) -> bool {
        let taken = self
            .mode
            .compare_exchange(
                mode as u8,
                Mode::Pass as u8,
                Ordering::SeqCst,
                Ordering::SeqCst,
            )
            .is_ok();
        self.cuts.fetch_add(u64::from(taken), Ordering::SeqCst);
        taken
    }

    async fn pass(&self, client: TcpStream, socket: &Path) {
        let Ok(server) = UnixStream::connect(socket).await else {
            return;
        };
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let mut question = vec![0; 64 * 1024];
        let mut answer = vec![0; 64 * 1024];
        let mut swallow = false;
        loop {
            tokio::select! {
                read = from_client.read(&mut question) => {
                    let Some(bytes) = some(read, &question) else { return };
                    let is_commit = bytes.windows(6).any(|window| window == b"COMMIT");
                    if self.is(Mode::Silent) { continue; }
                    if is_commit && self.take(Mode::CutBeforeCommit) { return; }
                    if is_commit && self.take(Mode::FreezeBeforeCommit) {
                        return until_closed(&mut from_server).await;
                    }
                    if is_commit && self.take(Mode::CutAfterCommit) { swallow = true; }
                    if send(&mut to_server, bytes).await.is_none() { return }
                }
                read = from_server.read(&mut answer) => {
                    let Some(bytes) = some(read, &answer) else { return };
                    if swallow { return; }
                    if self.is(Mode::Silent) { continue; }
                    if send(&mut to_client, bytes).await.is_none() { return }
                }
            }
        }
    }
}

/// Reads what the server says until it has closed the connection.
async fn until_closed(server: &mut (impl AsyncRead + Unpin)) {
    let mut buffer = [0; 1024];
    while server
        .read(&mut buffer)
        .await
        .is_ok_and(|length| length > 0)
    {}
}

fn some(read: std::io::Result<usize>, buffer: &[u8]) -> Option<&[u8]> {
    read.ok()
        .filter(|length| *length > 0)
        .map(|length| &buffer[..length])
}

async fn send(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Option<()> {
    to.write_all(bytes).await.ok()
}
