//! The accept loop over real sockets and a clock that is moved by hand.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use plimsoll_api::{ServeLimits, serve};
use plimsoll_runtime::clock::Clock;
use plimsoll_runtime::metrics::Registry;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_runtime::tasks::Tasks;
use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

struct Bench {
    clock: FakeClock,
    tasks: Tasks,
    stop: Shutdown,
    address: SocketAddr,
}

impl Bench {
    /// Returns the server beside it; it runs when it is polled.
    async fn new(router: Router, limits: ServeLimits) -> (Self, impl Future<Output = ()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let clock = FakeClock::new(Timestamp::from_millis(0));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let stop = Shutdown::new();
        let tasks = Tasks::new(Shutdown::new(), shared.clone(), &Registry::new());
        let bench = Self {
            clock,
            tasks: tasks.clone(),
            stop: stop.clone(),
            address: listener.local_addr().expect("it is bound"),
        };
        (bench, serve(listener, router, limits, shared, tasks, stop))
    }

    async fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        stream
    }

    /// Lets time pass until something has happened.
    async fn pass_time_until<T>(&self, happens: impl Future<Output = T>) -> T {
        let mut happens = std::pin::pin!(happens);
        loop {
            tokio::select! {
                biased;
                result = &mut happens => return result,
                () = tokio::task::yield_now() => self.clock.advance(Duration::from_secs(1)),
            }
        }
    }
}

/// A router whose `/hang` says that it was asked and never answers.
fn hanging() -> (Router, mpsc::Receiver<()>) {
    let (tx, rx) = mpsc::channel(8);
    let hang = async move || {
        tx.send(()).await.expect("the test listens");
        std::future::pending::<()>().await;
    };
    (Router::new().route("/hang", get(hang)), rx)
}

#[tokio::test]
async fn a_full_server_stops_and_drops_what_does_not_end() {
    let (router, mut asked) = hanging();
    let limits = ServeLimits {
        connections_max: 1,
        ..ServeLimits::default()
    };
    let (bench, server) = Bench::new(router, limits).await;
    let client = async {
        let mut stream = bench.ask("/hang").await;
        asked.recv().await.unwrap();
        // Waits for room that there is not.
        let _second = bench.ask("/hang").await;
        bench.stop.trigger();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        assert!(rest.is_empty());
    };
    let both = async { tokio::join!(server, client) };
    bench.pass_time_until(both).await;
    bench.tasks.join(Duration::ZERO).await.unwrap();
}

/// Says that it is gone.
struct TellDropped(mpsc::Sender<()>);

impl Drop for TellDropped {
    fn drop(&mut self) {
        let _ = self.0.try_send(());
    }
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up() {
    let (tx, mut dropped) = mpsc::channel(1);
    let endless = async move || {
        let tell = TellDropped(tx.clone());
        let line = move || {
            let _lives = &tell;
            Ok::<_, std::io::Error>(axum::body::Bytes::from(vec![b'x'; 1 << 20]))
        };
        Body::from_stream(futures_util::stream::repeat_with(line))
    };
    let router = Router::new().route("/endless", get(endless));
    let (bench, server) = Bench::new(router, ServeLimits::default()).await;
    let client = async {
        let _silent = bench.ask("/endless").await;
        assert_eq!(
            dropped.recv().await,
            Some(()),
            "the answer is dropped with its connection"
        );
        bench.stop.trigger();
    };
    let both = async { tokio::join!(server, client) };
    bench.pass_time_until(both).await;
}

#[tokio::test]
async fn a_borrowed_listener_can_be_served_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::new(Timestamp::from_millis(0)));
    let tasks = Tasks::new(Shutdown::new(), clock.clone(), &Registry::new());
    for text in ["first", "second"] {
        let router = Router::new().route("/", get(async move || text));
        let stop = Shutdown::new();
        let limits = ServeLimits::default();
        let server = serve(
            &listener,
            router,
            limits,
            clock.clone(),
            tasks.clone(),
            stop.clone(),
        );
        let client = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with(text), "{answer}");
            stop.trigger();
        };
        tokio::join!(server, client);
    }
}
