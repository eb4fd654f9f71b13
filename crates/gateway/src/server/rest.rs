//! A connection on which nothing is on its way: most of those that are kept alive, most of the time.
//!
//! While it works, an HTTP/1 connection has two buffers of 8 KiB and room for a request and its answer. One that rests has
//! a socket and this future; its buffers are made anew when bytes come. It ends as one that works and is idle does.

use std::future::pending;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep_until, timeout};

use super::drive::{FAREWELL, Limits};
use super::progress::Progress;
use super::stream::ClientStream;

/// Keeps a connection until bytes come, or its end; returns `None` when it was ended here.
pub(super) async fn rest(
    mut stream: ClientStream,
    progress: &Progress,
    limits: Limits,
) -> Option<ClientStream> {
    let goes_on = tokio::select! {
        biased;
        () = progress.killed() => return None,
        goes_on = goes_on(&stream, progress, limits) => goes_on,
    };
    if goes_on {
        return Some(stream);
    }
    // The client may be gone.
    let _ = timeout(FAREWELL, stream.shutdown()).await;
    None
}

/// Says whether bytes came before the connection had to end.
async fn goes_on(stream: &ClientStream, progress: &Progress, limits: Limits) -> bool {
    let idle = progress.deadline(&limits.timeouts).map(|(at, _)| at);
    let first = [idle, limits.age].into_iter().flatten().min();
    tokio::select! {
        biased;
        () = stream.readable() => return true,
        () = progress.closing() => {}
        () = until(first) => {
            if idle == first {
                return false;
            }
            progress.close();
        }
    }
    // A request may be on its way.
    timeout(limits.grace, stream.readable()).await.is_ok()
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
