//! Connections to endpoints: each worker has its own, so that taking one and giving it back meets no other thread.
//!
//! | connection | taken by | comes back | ends |
//! |---|---|---|---|
//! | HTTP/1 | one exchange; the one that was used last first, so that those at the bottom can go | after an exchange that ended whole | any other end, age, idleness, an order |
//! | HTTP/2 | as many exchanges as the endpoint allows | never left | GOAWAY, age, idleness, an order |
//!
//! All workers together hold no more connections to an endpoint than its backend allows. At that bound an idle one of
//! another worker is closed; when all are in use, whoever needs one waits for it in line.

mod address;
mod connect;
mod idle;
mod io;
mod lease;
mod target;
mod tls;
mod waiting;

pub use connect::{ConnectError, Purpose};
pub use io::Io;
pub(crate) use lease::kind_of;
pub use lease::{Lease, SendError};
pub use target::{Settings, Target};
pub use tls::{TlsError, UpstreamTlsConfig};

use crate::proxy_protocol;
use crate::server::ConnectionInfo;

/// Returns the PROXY header that tells an endpoint whose connection this is.
pub(crate) fn proxy_header(connection: &ConnectionInfo) -> Vec<u8> {
    proxy_protocol::encode(connection.client, connection.local)
}
