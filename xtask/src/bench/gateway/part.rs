//! The processes of the bench that are this task's: the backend, and a proxy of hyper with nothing of ours in it.
//!
//! A process of its own each, so that the kernel counts what each spends.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};

/// Which part, and where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Which
    #[arg(value_enum)]
    part: Part,
    /// Where it listens
    #[arg(long)]
    listen: SocketAddr,
    /// Whom the proxy forwards to
    #[arg(long, required_if_eq("part", "proxy"))]
    to: Option<SocketAddr>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Answers 64 bytes
    Backend,
    /// Forwards to the backend
    Proxy,
}

/// What the backend answers.
const BODY: &[u8; 64] = b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n";
/// The queue of connections that were not accepted yet.
const BACKLOG: u32 = 4096;

/// Runs until it is killed.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let Options { part, listen, to } = *options;
    runtime.block_on(async move {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(listen)?;
        let listener = socket.listen(BACKLOG)?;
        match part {
            Part::Backend => backend(listener).await,
            Part::Proxy => proxy(listener, to.context("no backend is named")?).await,
        }
    })
}

async fn backend(listener: TcpListener) -> anyhow::Result<()> {
    loop {
        let stream = accept(&listener).await;
        let service = service_fn(|_: Request<Incoming>| async {
            let body = Full::new(Bytes::from_static(BODY));
            Ok::<_, Infallible>(Response::new(body))
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        // Clients leave in the middle when a bench ends.
        run_beside(async { drop(connection.await) });
    }
}

async fn proxy(listener: TcpListener, to: SocketAddr) -> anyhow::Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Client<_, Incoming> = Client::builder(TokioExecutor::new()).build(connector);
    loop {
        let stream = accept(&listener).await;
        let client = client.clone();
        let service = service_fn(move |request| forward(client.clone(), to, request));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        run_beside(async { drop(connection.await) });
    }
}

async fn forward(
    client: Client<HttpConnector, Incoming>,
    to: SocketAddr,
    mut request: Request<Incoming>,
) -> anyhow::Result<Response<Incoming>> {
    let path = request.uri().path_and_query();
    let path = path.map_or("/", |path| path.as_str());
    let uri = format!("http://{to}{path}");
    *request.uri_mut() = uri.parse::<Uri>()?;
    let answer = client.request(request).await?;
    debug_assert_eq!(answer.status(), StatusCode::OK);
    Ok(answer)
}

/// Takes the next connection; out of file descriptors it tries again.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        if let Ok((stream, _)) = listener.accept().await
            && stream.set_nodelay(true).is_ok()
        {
            return stream;
        }
        tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>())
            .await
            .ok();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is measured is hyper, with nothing of ours around it"
)]
fn run_beside(connection: impl Future<Output = ()> + Send + 'static) {
    drop(tokio::spawn(connection));
}
