//! The bytes of a client's connection, plain or TLS, which tell the connection's progress as they come and go.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::connections::Member;
use super::progress::Progress;

/// A client's connection.
pub struct ClientStream {
    transport: Transport,
    progress: Arc<Progress>,
    /// What was read and not understood yet, to be read again.
    again: Bytes,
    /// Counts the connection for as long as its bytes can flow.
    _member: Member,
}

enum Transport {
    Plain(Replay),
    /// Boxed: its buffers are large, and most connections are plain or few.
    Tls(Box<TlsStream<Replay>>),
}

/// A socket some of whose bytes were read already, to see what it speaks.
pub(crate) struct Replay {
    read: Bytes,
    socket: TcpStream,
    /// Told here and not above TLS, which takes bytes that the client does not.
    progress: Arc<Progress>,
}

impl Replay {
    /// Gives `read` before what the socket gives.
    pub(crate) fn new(read: Bytes, socket: TcpStream, progress: Arc<Progress>) -> Self {
        Self {
            read,
            socket,
            progress,
        }
    }

    /// Tells the progress what became of a write.
    fn wrote<T>(&self, wrote: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.progress.sent();
        } else {
            self.progress.blocked();
        }
        wrote
    }
}

impl ClientStream {
    pub(crate) fn plain(socket: Replay, progress: Arc<Progress>, member: Member) -> Self {
        Self {
            transport: Transport::Plain(socket),
            progress,
            again: Bytes::new(),
            _member: member,
        }
    }

    pub(crate) fn tls(stream: TlsStream<Replay>, progress: Arc<Progress>, member: Member) -> Self {
        Self {
            transport: Transport::Tls(Box::new(stream)),
            progress,
            again: Bytes::new(),
            _member: member,
        }
    }

    /// Gives `bytes` before what the client sends from now on.
    pub(crate) fn read_again(&mut self, bytes: Bytes) {
        self.again = bytes;
    }

    /// Waits until there is something to read, or the connection has ended.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub(crate) async fn readable(&self) {
        if self.again.is_empty() {
            let socket = match &self.transport {
                Transport::Plain(socket) => socket,
                Transport::Tls(stream) => stream.get_ref().0,
            };
            // Whoever reads next is told what failed.
            let _ = socket.socket.readable().await;
        }
    }

    /// Fails when the connection must end and nobody else sees to it.
    fn waited<T>(&self, context: &Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_pending() {
            self.progress.heed(context)?;
        }
        done
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if !self.again.is_empty() {
            let taken = self.again.len().min(buffer.remaining());
            buffer.put_slice(&self.again.split_to(taken));
            if self.again.is_empty() {
                self.again = Bytes::new();
            }
            self.progress.received(&buffer.filled()[before..]);
            return Poll::Ready(Ok(()));
        }
        let read = match &mut self.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Transport::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if buffer.filled().len() > before {
            self.progress.received(&buffer.filled()[before..]);
        }
        self.waited(context, read)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = match &mut self.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Transport::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        self.waited(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = match &mut self.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Transport::Tls(stream) => Pin::new(stream).poll_write_vectored(context, slices),
        };
        self.waited(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Transport::Plain(socket) => socket.is_write_vectored(),
            Transport::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = match &mut self.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_flush(context),
            Transport::Tls(stream) => Pin::new(stream).poll_flush(context),
        };
        self.waited(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = match &mut self.transport {
            Transport::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Transport::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        };
        self.waited(context, shut)
    }
}

impl fmt::Debug for ClientStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStream")
            .field("is_tls", &matches!(self.transport, Transport::Tls(_)))
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl AsyncRead for Replay {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read.is_empty() {
            return Pin::new(&mut self.socket).poll_read(context, buffer);
        }
        let taken = self.read.len().min(buffer.remaining());
        buffer.put_slice(&self.read[..taken]);
        self.read.advance(taken);
        if self.read.is_empty() {
            // The memory is given back: the connection may live for hours.
            self.read = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Replay {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.wrote(wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.wrote(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
