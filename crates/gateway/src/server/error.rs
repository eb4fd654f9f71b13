//! Why listeners cannot be as the configuration wants them.

use std::io;
use std::net::SocketAddr;

use crate::tls;

/// Why listeners cannot be as the configuration wants them. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No thread could be started.
    #[error("cannot start a thread of the gateway")]
    Thread(#[source] io::Error),
    /// The address cannot be listened on.
    #[error("listener {listener:?} cannot listen on {address}")]
    Bind {
        /// The listener's name.
        listener: String,
        /// Where.
        address: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Certificates or keys cannot be used.
    #[error("listener {listener:?} cannot use its certificates")]
    Tls {
        /// The listener's name.
        listener: String,
        /// Which file, and why.
        #[source]
        source: tls::Error,
    },
}
