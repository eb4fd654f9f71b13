//! The process that starts: takes the sockets of the one that runs.

use std::io;
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::give::expect;
use super::{BATCH, Error, HELLO, MAGIC, PATIENCE, READY, SOCKETS_MAX, YOURS, same_user};
use crate::listener::socket;

/// The sockets of the process that runs, which goes on until it hears that this one is ready.
#[derive(Debug)]
pub struct Inherited {
    path: PathBuf,
    stream: UnixStream,
    sockets: Vec<TcpListener>,
}

/// Asks the process that runs for its sockets; `None` when there is none.
///
/// # Errors
/// [`Error`] when there is one, and it does not give them.
pub async fn take(path: &Path) -> Result<Option<Inherited>, Error> {
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error) if is_nobody(&error) => return Ok(None),
        Err(error) => return Err(Error::new(path, "cannot be connected to").because(error)),
    };
    let received = timeout(PATIENCE, receive(&mut stream)).await;
    let sockets = received
        .unwrap_or(Err(io::ErrorKind::TimedOut.into()))
        .map_err(|error| {
            Error::new(path, "the process that runs gave no sockets").because(error)
        })?;
    Ok(Some(Inherited {
        path: path.to_owned(),
        stream,
        sockets,
    }))
}

/// Says whether nobody listens: nothing is there, or its process has ended.
fn is_nobody(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused
    )
}

impl Inherited {
    /// Takes the sockets out, for [`Needs::inherited`](crate::server::Needs::inherited).
    pub fn sockets(&mut self) -> Vec<TcpListener> {
        std::mem::take(&mut self.sockets)
    }

    /// Tells the process that runs to take no more connections in, once this one does. Returns when it has stopped, or
    /// has ended.
    ///
    /// # Errors
    /// [`Error`] when it does neither within 60 s: both serve then, and it must be ended by hand.
    pub async fn ready(mut self) -> Result<(), Error> {
        let told = async {
            self.stream.write_all(READY).await?;
            expect(&mut self.stream, YOURS).await
        };
        match timeout(PATIENCE, told).await {
            Ok(Ok(())) => Ok(()),
            // It ended: then it takes no more connections in either.
            Ok(Err(error)) if error.kind() != io::ErrorKind::InvalidData => Ok(()),
            Ok(Err(error)) => {
                Err(Error::new(&self.path, "the process that ran spoke otherwise").because(error))
            }
            Err(_) => Err(Error::new(&self.path, "the process that ran did not stop")),
        }
    }
}

async fn receive(stream: &mut UnixStream) -> io::Result<Vec<TcpListener>> {
    same_user(stream)?;
    stream.write_all(HELLO).await?;
    expect(stream, MAGIC).await?;
    let count = stream.read_u32().await? as usize;
    if count > SOCKETS_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut sockets = Vec::with_capacity(count);
    while sockets.len() < count {
        let batch = stream
            .async_io(Interest::READABLE, || receive_batch(stream))
            .await?;
        if batch.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for descriptor in batch {
            sockets.push(socket::adopt(descriptor)?);
        }
    }
    Ok(sockets)
}

fn receive_batch(stream: &UnixStream) -> io::Result<Vec<OwnedFd>> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let mut slices = [io::IoSliceMut::new(&mut byte)];
    let message = recvmsg(stream, &mut slices, &mut control, RecvFlags::CMSG_CLOEXEC)?;
    if message.flags.contains(ReturnFlags::CTRUNC) {
        // The system drops those for which there is no room, and says no more about it.
        return Err(Errno::MFILE.into());
    }
    let rights = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(rights) => Some(rights),
        _ => None,
    });
    Ok(rights.flatten().collect())
}
