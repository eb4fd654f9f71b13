//! Bytes in both directions until one side ends, or both are silent for too long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_traffic::Moment;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::time::{Instant, sleep_until};

/// What went through, and how it ended.
#[derive(Debug)]
pub(crate) struct Pumped {
    pub(crate) from_client: u64,
    pub(crate) from_endpoint: u64,
    /// `None` when both sides ended in peace.
    pub(crate) problem: Option<Problem>,
}

/// Why it ended.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Nobody said anything for too long.
    Silent,
    /// One side broke off.
    Broken(#[expect(dead_code, reason = "shown when it is logged")] io::Error),
}

/// Copies in both directions. A side that ends is told to the other one, which may go on speaking.
///
/// # Cancel safety
/// Dropping the future closes both sides.
pub(crate) async fn pump(
    client: impl AsyncRead + AsyncWrite + Unpin,
    endpoint: impl AsyncRead + AsyncWrite + Unpin,
    idle: Duration,
    clock: &Arc<dyn Clock>,
) -> Pumped {
    let last = Arc::new(AtomicU64::new(0));
    let heard = Heard {
        last: Arc::clone(&last),
        clock: Arc::clone(clock),
    };
    heard.now();
    let mut client = Counted::new(client, heard.clone());
    let mut endpoint = Counted::new(endpoint, heard.clone());
    let problem = {
        let copy = copy_bidirectional(&mut client, &mut endpoint);
        tokio::pin!(copy);
        tokio::select! {
            ended = &mut copy => ended.err().map(Problem::Broken),
            () = heard.silence(idle) => Some(Problem::Silent),
        }
    };
    Pumped {
        from_client: client.read,
        from_endpoint: endpoint.read,
        problem,
    }
}

/// When something was heard last.
#[derive(Clone)]
struct Heard {
    last: Arc<AtomicU64>,
    clock: Arc<dyn Clock>,
}

impl Heard {
    fn now(&self) -> Moment {
        let now = crate::gateway::moment(&*self.clock);
        self.last.store(now.nanos(), Relaxed);
        now
    }

    /// Ends when nothing was heard for `idle`.
    async fn silence(&self, idle: Duration) {
        loop {
            let now = crate::gateway::moment(&*self.clock);
            let silent = now.since(Moment::from_nanos(self.last.load(Relaxed)));
            let Some(left) = idle.checked_sub(silent).filter(|left| !left.is_zero()) else {
                return;
            };
            let Some(deadline) = Instant::now().checked_add(left) else {
                return std::future::pending().await;
            };
            sleep_until(deadline).await;
        }
    }
}

/// One side, whose bytes are counted.
struct Counted<T> {
    inner: T,
    heard: Heard,
    read: u64,
}

impl<T> Counted<T> {
    fn new(inner: T, heard: Heard) -> Self {
        Self {
            inner,
            heard,
            read: 0,
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Counted<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(ctx, buffer);
        let count = buffer.filled().len() - before;
        if count > 0 {
            self.read += count as u64;
            self.heard.now();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Counted<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        ctx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(ctx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(ctx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, ctx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(ctx)
    }
}
