//! Active checks: opens the connections that `plimsoll-traffic` asks for, and explains each failure.
//!
//! An explanation says what was done and what came of it, so that nobody needs a packet trace to see that the check asks
//! the wrong port: `GET http://10.0.0.7:8081/healthz (Host: shop.example): the status is 404, wanted 200-299`.

mod grpc;
mod http;
mod tcp;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::shutdown::Shutdown;
use plimsoll_traffic::{EndpointId, Moment};

pub use grpc::{Answer as GrpcAnswer, decode as decode_grpc};

use crate::gateway::{Backend, Gateway};
use crate::model::CheckKind;
use crate::names::BackendId;
use crate::pool::Target;

/// Checks that run at a time; more wait for their turn.
const CONCURRENT_MAX: usize = 256;
/// What requests show makes checks sooner: they are looked for this often at least.
const LOOK: Duration = Duration::from_millis(100);

/// A check that is due.
struct Due {
    backend: Arc<Backend>,
    endpoint: EndpointId,
    target: Arc<Target>,
}

/// How far a check has come, for the explanation of one that took too long.
#[derive(Debug)]
struct Progress(Mutex<&'static str>);

impl Progress {
    fn set(&self, doing: &'static str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }

    fn get(&self) -> &'static str {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Checks endpoints when they are due, until it is stopped.
pub(crate) async fn run(gateway: &Arc<Gateway>, stop: Shutdown) {
    let mut changed = gateway.changes();
    let mut running = FuturesUnordered::new();
    let mut under_way = HashSet::new();
    loop {
        let (due, next) = due(gateway, &under_way);
        for one in due {
            under_way.insert((one.backend.id, one.endpoint));
            running.push(check(gateway, one));
        }
        tokio::select! {
            Some(done) = running.next() => {
                under_way.remove(&done);
            }
            () = gateway.clock().sleep_until(next) => {}
            _ = changed.changed() => {}
            () = stop.wait() => return,
        }
    }
}

/// Returns the checks that are due, and when to look again.
fn due(gateway: &Gateway, under_way: &HashSet<(BackendId, EndpointId)>) -> (Vec<Due>, Monotonic) {
    let now = gateway.now();
    let mut next = now.after(LOOK);
    let mut due = Vec::new();
    for backend in gateway.snapshot().backends.values() {
        if backend.model.check.is_none() {
            continue;
        }
        for (endpoint, target) in backend.targets() {
            if under_way.contains(&(backend.id, endpoint)) {
                continue;
            }
            let at = backend.with_upstream(|upstream| upstream.next_check(endpoint));
            match at {
                Some(at) if at > now => next = next.min(at),
                Some(_) if due.len() + under_way.len() < CONCURRENT_MAX => due.push(Due {
                    backend: Arc::clone(backend),
                    endpoint,
                    target,
                }),
                Some(_) | None => {}
            }
        }
    }
    (due, monotonic(next))
}

fn monotonic(moment: Moment) -> Monotonic {
    Monotonic::from_origin(Duration::from_nanos(moment.nanos()))
}

async fn check(gateway: &Gateway, due: Due) -> (BackendId, EndpointId) {
    let Due {
        backend,
        endpoint,
        target,
    } = due;
    let result = explained(&backend, &target).await;
    if let Err(explanation) = &result {
        tracing::debug!(
            backend = &*backend.name,
            endpoint = &**target.name(),
            explanation,
            "a check failed"
        );
    }
    // One that is elsewhere by now, or reached in another way, is checked again at once.
    let is_same = |now: Arc<Target>| Arc::ptr_eq(&now, &target);
    if !backend.target_of(endpoint).is_some_and(is_same) {
        return (backend.id, endpoint);
    }
    gateway
        .signals()
        .checked(backend.id, endpoint, result.is_ok());
    let now = gateway.now();
    backend.with_upstream(|upstream| upstream.checked(endpoint, result, now));
    (backend.id, endpoint)
}

/// Checks an endpoint once, within the time that its backend gives.
///
/// # Errors
/// What was done, and what came of it.
pub async fn explained(backend: &Backend, target: &Target) -> Result<(), String> {
    let Some(check) = &backend.model.check else {
        return Ok(());
    };
    let schedule = backend.model.schedule().copied().unwrap_or_default();
    let port = check.port.unwrap_or_else(|| target.port());
    let progress = Progress(Mutex::new("connecting"));
    let done = async {
        match &check.kind {
            CheckKind::Tcp => tcp::check(target, port).await,
            CheckKind::Grpc { service } => grpc::check(target, port, service, &progress).await,
            kind => match http::Wanted::of(kind) {
                Some(wanted) => http::check(target, port, &wanted, &progress).await,
                None => Ok(()),
            },
        }
    };
    let what = || match &check.kind {
        CheckKind::Grpc { service } => grpc::what(target, port, service),
        kind => match http::Wanted::of(kind) {
            Some(wanted) => http::what(target, port, &wanted),
            None => format!("TCP to {}", at(target, port)),
        },
    };
    match tokio::time::timeout(schedule.timeout, done).await {
        Ok(result) => result.map_err(|why| format!("{}: {why}", what())),
        Err(_) => Err(format!(
            "{}: {} took longer than {:?}",
            what(),
            progress.get(),
            schedule.timeout
        )),
    }
}

/// Where a check goes.
fn at(target: &Target, port: u16) -> String {
    match target.host().contains(':') && !target.host().starts_with('[') {
        true => format!("[{}]:{port}", target.host()),
        false => format!("{}:{port}", target.host()),
    }
}

/// `http` or `https`.
fn scheme(target: &Target) -> &'static str {
    match target.settings().tls {
        Some(_) => "https",
        None => "http",
    }
}
