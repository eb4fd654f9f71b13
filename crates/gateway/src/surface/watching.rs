//! The tap, with a filter in words.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use plimsoll_traffic::surface::{Filter, Refused, RefusedKind, Tap};

use super::{invalid, not_found};
use crate::gateway::{Gateway, Snapshot};
use crate::reason::Reason;
use crate::signals::Class;
use crate::tap::{self, Watch};

/// Shows requests as they end.
///
/// # Errors
/// As for [`tap`](plimsoll_traffic::surface::Gateway::tap).
pub(super) fn watch(gateway: &Gateway, filter: &Filter) -> Result<Box<dyn Tap>, Refused> {
    exist(&gateway.snapshot(), filter)?;
    let watch = gateway.signals().tap().watch(read(filter)?);
    match watch {
        Ok(watch) => Ok(Box::new(Watching(watch))),
        Err(error) => Err(Refused::new(RefusedKind::Unavailable, error.to_string())),
    }
}

/// A name that is misspelt would show nothing for ever.
fn exist(snapshot: &Snapshot, filter: &Filter) -> Result<(), Refused> {
    if let Some(route) = &filter.route
        && snapshot.route(route).is_none()
    {
        return Err(not_found(format!("there is no route {route:?}")));
    }
    if let Some(backend) = &filter.backend
        && !snapshot.backends.contains_key(backend)
    {
        return Err(not_found(format!("there is no backend {backend:?}")));
    }
    let Some(endpoint) = &filter.endpoint else {
        return Ok(());
    };
    let mut backends = snapshot.backends.values();
    match backends.any(|backend| backend.target(endpoint).is_some()) {
        true => Ok(()),
        false => Err(not_found(format!("there is no endpoint {endpoint:?}"))),
    }
}

fn read(filter: &Filter) -> Result<tap::Filter, Refused> {
    let classes = filter.classes.iter().map(|text| class(text));
    let reasons = filter.reasons.iter().map(|text| reason(text));
    Ok(tap::Filter {
        route: filter.route.clone(),
        backend: filter.backend.clone(),
        endpoint: filter.endpoint.clone(),
        classes: classes.collect::<Result<_, _>>()?,
        reasons: reasons.collect::<Result<_, _>>()?,
        status: filter.status,
        method: filter.method.as_deref().map(method).transpose()?,
        path_prefix: filter.path_prefix.clone(),
        client: filter.client.map(|client| client.to_canonical()),
        criticality: filter.criticality,
        at_least: filter.at_least,
        trace_id: filter.trace_id.as_deref().map(trace_id).transpose()?,
    })
}

fn method(text: &str) -> Result<Method, Refused> {
    let known = Method::from_bytes(text.as_bytes());
    known.map_err(|_| invalid(format!("{text:?} is no method")))
}

fn trace_id(text: &str) -> Result<[u8; 16], Refused> {
    let is_long_enough = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok();
    let number = number.filter(|_| is_long_enough);
    let number = number.ok_or_else(|| invalid(format!("{text:?} is not a trace's 32 digits")))?;
    Ok(number.to_be_bytes())
}

fn class(text: &str) -> Result<Class, Refused> {
    let mut all = Class::ALL.into_iter();
    let known = all.find(|class| class.as_str() == text);
    known.ok_or_else(|| {
        let all = Class::ALL.map(Class::as_str).join(", ");
        invalid(format!("{text:?} is no class: wanted one of {all}"))
    })
}

fn reason(text: &str) -> Result<Reason, Refused> {
    let mut all = Reason::ALL.into_iter();
    let known = all.find(|reason| reason.as_str() == text);
    known.ok_or_else(|| {
        let all = Reason::ALL.map(Reason::as_str).join(", ");
        invalid(format!("{text:?} is no reason: wanted one of {all}"))
    })
}

/// A watch whose requests are told as lines.
struct Watching(Watch);

impl Tap for Watching {
    fn next(&mut self) -> Pin<Box<dyn Future<Output = Option<Arc<str>>> + Send + '_>> {
        Box::pin(async { self.0.next().await.map(|tapped| tapped.line) })
    }

    fn missed(&mut self) -> u64 {
        self.0.missed()
    }
}
