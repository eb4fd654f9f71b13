//! A connection is enough; with TLS its handshake, too.

use crate::pool::Target;

pub(super) async fn check(target: &Target, port: u16) -> Result<(), String> {
    let connected = target.probe(port).await;
    connected
        .map(drop)
        .map_err(|error| error.explanation.into())
}
