//! Who asks, and how: for lists of queries and logs.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;

/// The address at the other end of a connection; the server puts it into each request's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The one who asks. What a proxy says of its own clients is not believed: anybody can write that.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Unknown without a socket, as in tests.
    pub(crate) address: Option<IpAddr>,
    pub(crate) method: String,
    /// The path of the endpoint.
    pub(crate) path: String,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // The URI of a nested route has lost its prefix.
        let matched = parts.extensions.get::<MatchedPath>();
        let path = matched.map_or(parts.uri.path(), MatchedPath::as_str);
        Ok(Self {
            address: parts.extensions.get::<Peer>().map(|peer| peer.0),
            method: parts.method.to_string(),
            path: path.to_string(),
        })
    }
}
