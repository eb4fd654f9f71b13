//! Connections of TCP listeners: an endpoint is picked as for a request, then bytes flow.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use plimsoll_traffic::limit::admission::Ask as DoorAsk;
use plimsoll_traffic::{Ask, Criticality, Outcome};

use super::pump::pump;
use crate::affinity::key_hash;
use crate::gateway::{Backend, Running, Worker};
use crate::model::LimitKey;
use crate::pool::{Io, Purpose, proxy_header};
use crate::server::{ConnectionInfo, Tunnel};

/// Carries a connection to an endpoint of a backend until one of them ends it. An endpoint that takes no connection is
/// followed by another one, each once: nothing was sent yet.
pub async fn tunnel(worker: Arc<Worker>, connection: Arc<ConnectionInfo>, tunnel: Tunnel) {
    let snapshot = worker.gateway.snapshot();
    let Some(backend) = snapshot.backends.get(&*tunnel.backend).cloned() else {
        tracing::warn!(backend = %tunnel.backend, "a connection for a backend that is gone");
        return;
    };
    drop(snapshot);
    let client = connection.client.ip();
    let key = key_hash(&LimitKey::Client, &HeaderMap::new(), client);
    let ask = DoorAsk {
        class: Criticality::default(),
        key,
    };
    let mut entered = None;
    if let Some(door) = backend.door() {
        match door.enter(ask).await {
            Ok(place) => entered = Some(place),
            Err(_) => return,
        }
    }
    let Some((running, io, took)) = connect(&worker, &connection, &backend, key).await else {
        return;
    };
    if let Some(entered) = &mut entered {
        entered.answered(&Outcome::Success, worker.gateway.now());
    }
    let pumped = pump(tunnel.client, io, tunnel.idle, worker.gateway.clock()).await;
    tracing::trace!(?pumped, endpoint = %running.target.name(), "a tunnel ended");
    // How it ended after bytes flowed, only the two of them can judge.
    running.done(Outcome::Success, took, worker.gateway.now());
}

async fn connect(
    worker: &Worker,
    connection: &ConnectionInfo,
    backend: &Arc<Backend>,
    key: Option<u64>,
) -> Option<(Running, Io, Duration)> {
    let mut tried = Vec::new();
    loop {
        let ask = Ask {
            key,
            sticky: None,
            tried: &tried,
        };
        let running = match backend.pick(&ask, worker.gateway.now()) {
            Ok(running) => running,
            Err(why) => {
                tracing::debug!(backend = %backend.name, %why, "no endpoint for a connection");
                return None;
            }
        };
        let endpoint = running.pick().endpoint;
        if tried.contains(&endpoint) {
            return None;
        }
        tried.push(endpoint);
        let header = match running.target.settings().sends_proxy_header {
            true => proxy_header(connection),
            false => Vec::new(),
        };
        let connected = running.target.connect(Purpose::Bytes, &header).await;
        let now = worker.gateway.now();
        let took = now.since(running.began);
        match connected {
            Ok(io) => return Some((running, io, took)),
            Err(error) => {
                tracing::debug!(endpoint = %running.target.name(), %error, "no connection");
                running.done(Outcome::Failed(error.kind), took, now);
            }
        }
    }
}
