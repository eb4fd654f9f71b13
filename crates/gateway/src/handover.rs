//! A restart that loses nothing: the process that runs gives its listening sockets to the one that takes over.
//!
//! ```text
//!  old: listens on the Unix socket at `path`               new: connects to it
//!                                    <-- "plimsoll-handover 1\n"
//!   "PGH1", number of sockets (4 bytes) -->
//!   batches: 1 byte, and up to 32 sockets as SCM_RIGHTS -->
//!                                                          starts; answers from the same sockets
//!                                    <-- "ready\n"
//!   takes no more connections in, "yours\n" -->            listens at `path` for the next one
//!   finishes what runs, and ends
//! ```
//!
//! | what fails | what happens |
//! |---|---|
//! | the new process, before it is ready | the old one goes on as if nobody had asked |
//! | the old process, before it said "yours" | the new one has the sockets and goes on |
//! | either is silent | the other waits for 60 s, no longer |
//!
//! Connections that the kernel has taken belong to the sockets, which both processes have: whoever takes them in serves
//! them. Only processes of the same user are spoken with.

mod give;
mod take;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixStream;

pub use give::{Given, Giver};
pub use take::{Inherited, take};

const HELLO: &[u8] = b"plimsoll-handover 1\n";
const READY: &[u8] = b"ready\n";
const YOURS: &[u8] = b"yours\n";
const MAGIC: &[u8; 4] = b"PGH1";
/// Sockets in a message; the system's bound is 253.
const BATCH: usize = 32;
/// Sockets that are taken over at most: workers times listeners.
const SOCKETS_MAX: usize = 4096;
/// How long either side waits for the other: a start that reads files and checks backends may take its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why nothing was handed over.
#[derive(Debug, thiserror::Error)]
#[error("handover at {}: {what}", .path.display())]
pub struct Error {
    /// The Unix socket.
    pub path: PathBuf,
    /// What was wanted.
    pub what: &'static str,
    /// Why.
    #[source]
    pub source: Option<io::Error>,
}

impl Error {
    fn new(path: &Path, what: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            what,
            source: None,
        }
    }

    fn because(self, source: io::Error) -> Self {
        Self {
            source: Some(source),
            ..self
        }
    }
}

/// Fails unless the other process belongs to the same user.
fn same_user(stream: &UnixStream) -> io::Result<()> {
    if stream.peer_cred()?.uid() == rustix::process::geteuid().as_raw() {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

#[cfg(test)]
mod tests;
