//! A small HTTP/1.1 server on loopback: for replicas and for what they stand among. It is no part of the product.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::{OnPanic, Tasks};
use tokio::net::{TcpListener, TcpStream};

/// An answer that is known as a whole.
pub(crate) type Answer = Response<Full<Bytes>>;
/// An answer on its way.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// What answers requests.
pub(crate) trait Handler: Send + Sync + 'static {
    /// Answers one. It is dropped when the one who asked goes away.
    fn handle(self: Arc<Self>, request: Request<Incoming>) -> Answering;
}

/// Binds a port of loopback that is free.
pub(crate) async fn bind() -> std::io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until `stop`, which also ends the connections there are, in the middle of what they do.
pub(crate) async fn serve(
    listener: TcpListener,
    handler: Arc<impl Handler>,
    tasks: Tasks,
    stop: Shutdown,
) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // What fails here is that one connection, or the limit of open files; the next may go well.
                let Ok((stream, _)) = accepted else { continue };
                let (handler, stop) = (handler.clone(), stop.clone());
                let serve = |_| connection(stream, handler, stop);
                tasks.spawn("demo-connection", OnPanic::Report, serve);
            }
            () = stop.wait() => return,
        }
    }
}

async fn connection(stream: TcpStream, handler: Arc<impl Handler>, stop: Shutdown) {
    // Small answers at once; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let answering = handler.clone().handle(request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // How a connection ends is the business of who opened it.
        _ = serving => {}
        () = stop.wait() => {}
    }
}

/// Makes an answer of text.
pub(crate) fn text(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    answer
}
