//! The process that runs: gives its sockets away.

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{Instant, sleep_until, timeout};

use super::{BATCH, Error, HELLO, MAGIC, PATIENCE, READY, YOURS, same_user};

/// How long to wait when nobody can be heard.
const PAUSE: Duration = Duration::from_secs(1);

/// Waits for a process that wants to take over.
#[derive(Debug)]
pub struct Giver {
    path: PathBuf,
    listener: UnixListener,
}

/// A process that has the sockets and is ready: it waits to hear that they are its own.
#[derive(Debug)]
pub struct Given {
    stream: UnixStream,
}

impl Giver {
    /// Listens at `path`, for this user only. What is there already is replaced: a process that ended without removing
    /// it, or the one that this one took over from.
    ///
    /// # Errors
    /// [`Error`] when the folder is not there or not ours.
    pub fn listen(path: &Path) -> Result<Self, Error> {
        let fails = |what| move |error| Error::new(path, what).because(error);
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}", std::process::id()));
        let beside = PathBuf::from(name);
        // Of a process with the same number that ended in between.
        let _ = fs::remove_file(&beside);
        let listener = UnixListener::bind(&beside).map_err(fails("cannot listen beside it"))?;
        fs::set_permissions(&beside, fs::Permissions::from_mode(0o600))
            .map_err(fails("cannot be made private"))?;
        fs::rename(&beside, path).map_err(fails("cannot be replaced"))?;
        Ok(Self {
            path: path.to_owned(),
            listener,
        })
    }

    /// Waits until a process has the sockets and is ready. One that asks and fails changes nothing.
    ///
    /// # Errors
    /// [`Error`] when nobody can be heard at the path any more.
    ///
    /// # Cancel safety
    /// Dropping the future ends a handover that is not finished; the other process notices.
    pub async fn give(
        &self,
        sockets: impl Fn() -> io::Result<Vec<TcpListener>>,
    ) -> Result<Given, Error> {
        loop {
            let mut stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) if is_passing(&error) => {
                    tracing::warn!(%error, "nobody who wants to take over can be heard; we try again");
                    sleep_until(Instant::now() + PAUSE).await;
                    continue;
                }
                Err(error) => {
                    let error =
                        Error::new(&self.path, "nobody can be heard any more").because(error);
                    return Err(error);
                }
            };
            let given = timeout(PATIENCE, give(&mut stream, &sockets)).await;
            match given.unwrap_or(Err(io::ErrorKind::TimedOut.into())) {
                Ok(()) => return Ok(Given { stream }),
                Err(error) => {
                    tracing::warn!(%error, "a process that wanted to take over did not; we go on");
                }
            }
        }
    }
}

impl Given {
    /// Tells the other process that we take no more connections in.
    pub async fn finish(mut self) {
        // It has the sockets, whether it hears this or not.
        let _ = timeout(PATIENCE, self.stream.write_all(YOURS)).await;
    }
}

/// Says whether there is no descriptor or no memory for now, or the other one left.
fn is_passing(error: &io::Error) -> bool {
    let errors = [
        Errno::CONNABORTED,
        Errno::INTR,
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::NOMEM,
    ];
    Errno::from_io_error(error).is_some_and(|error| errors.contains(&error))
}

async fn give(
    stream: &mut UnixStream,
    sockets: &impl Fn() -> io::Result<Vec<TcpListener>>,
) -> io::Result<()> {
    same_user(stream)?;
    expect(stream, HELLO).await?;
    let sockets = sockets()?;
    let count = (sockets.len() as u32).to_be_bytes();
    stream
        .write_all(&[MAGIC.as_slice(), &count].concat())
        .await?;
    for batch in sockets.chunks(BATCH) {
        stream
            .async_io(Interest::WRITABLE, || send(stream, batch))
            .await?;
    }
    drop(sockets);
    expect(stream, READY).await
}

fn send(stream: &UnixStream, batch: &[TcpListener]) -> io::Result<()> {
    let descriptors: Vec<_> = batch.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(BATCH))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    let fits = rights.push(SendAncillaryMessage::ScmRights(&descriptors));
    debug_assert!(fits, "the space is for a whole batch");
    let byte = [io::IoSlice::new(&[0])];
    sendmsg(stream, &byte, &mut rights, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Reads exactly these bytes.
pub(super) async fn expect(stream: &mut UnixStream, wanted: &'static [u8]) -> io::Result<()> {
    let mut found = vec![0; wanted.len()];
    stream.read_exact(&mut found).await?;
    if found == wanted {
        return Ok(());
    }
    Err(io::ErrorKind::InvalidData.into())
}
