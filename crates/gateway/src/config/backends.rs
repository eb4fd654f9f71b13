//! `backends`: who answers.

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_traffic::{EndpointSpec, Options};

use super::address::{Scheme, Target, target};
use super::certificates::{authorities, certificate};
use super::context::{Context, Names, short};
use super::known::Known;
use super::raw::{RawBackend, RawEndpoint, RawText, RawUpstreamTls, TextOr};
use super::{balance, checks, concurrency, judgement};
use crate::model::{Backend, Endpoint, Protocol, UpstreamTls};

/// Tables of hashes and scans stay small.
const ENDPOINTS_MAX: usize = 10_000;
/// Sums of weights fit.
const WEIGHT_MAX: u64 = 1_000_000;

/// Reads all of them.
pub(super) fn backends(
    raw: Vec<Spanned<RawBackend>>,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> Vec<Backend> {
    let mut backends = Vec::new();
    for raw in raw {
        backends.push(backend(&raw, known, ctx));
    }
    backends
}

fn backend(raw: &Spanned<RawBackend>, known: &mut Known, ctx: &mut Context<'_>) -> Backend {
    let name = ctx.name(&raw.name, raw.span, "a backend", &mut known.backend_names);
    let (endpoints, scheme) = endpoints(raw, ctx);
    let mut backend = Backend::new(name, endpoints);
    backend.protocol = protocol(raw.protocol.as_ref(), ctx);
    backend.tls = tls(raw.tls.as_ref(), scheme, ctx);
    let (check, schedule) = checks::check(raw.check.as_ref(), ctx).unzip();
    backend.check = check;
    let default = Options::default();
    backend.judgement = Options {
        policy: balance::policy(raw.balance.as_ref(), ctx),
        checks: schedule,
        passive: judgement::ejection(raw.ejection.as_ref(), ctx),
        breaker: judgement::breaker(raw.breaker.as_ref(), ctx),
        slow_start: ctx.time(&raw.slow_start).unwrap_or(default.slow_start),
        panic_below: ctx
            .share(&raw.panic_below, "panic_below", 0.0..=100.0)
            .unwrap_or(default.panic_below),
        ..default
    };
    let connect_timeout = ctx.above_zero(&raw.connect_timeout, "connect_timeout");
    backend.connect_timeout = connect_timeout.unwrap_or(backend.connect_timeout);
    let connections = ctx.number(&raw.connections_max, "connections_max", 1..=1_000_000);
    backend.connections_max = connections.unwrap_or(backend.connections_max);
    backend.idle = ctx.above_zero(&raw.idle, "idle").unwrap_or(backend.idle);
    backend.connection_age_max = ctx.above_zero(&raw.connection_age_max, "connection_age_max");
    backend.concurrency = raw
        .concurrency
        .as_ref()
        .and_then(|raw| concurrency::concurrency(raw, ctx));
    backend.sends_proxy_header = raw.proxy_header.is_some_and(|raw| raw.value);
    let queue = raw.concurrency.as_ref().and_then(concurrency::wait_max);
    let is_tcp = scheme == Some(Scheme::Tcp);
    known.add(&backend, raw.name.span, is_tcp, connect_timeout, queue);
    backend
}

fn endpoints(raw: &Spanned<RawBackend>, ctx: &mut Context<'_>) -> (Vec<Endpoint>, Option<Scheme>) {
    if raw.endpoints.is_empty() {
        ctx.error(raw.span, "a backend needs at least one of `endpoints`");
    } else if let Some(first) = raw.endpoints.get(ENDPOINTS_MAX) {
        let message = format!("a backend has at most {ENDPOINTS_MAX} endpoints");
        ctx.error(first.span, message);
    }
    let mut names = Names::new();
    let mut scheme: Option<Scheme> = None;
    let mut endpoints = Vec::new();
    for raw in raw.endpoints.iter().take(ENDPOINTS_MAX) {
        let Some((endpoint, own, span)) = endpoint(raw, ctx) else {
            continue;
        };
        let name = &endpoint.spec.name;
        ctx.is_new(name, span, "an endpoint of this backend", &mut names);
        if let Some(first) = scheme.filter(|first| *first != own) {
            let message = format!("endpoints are alike: the first is {first}, this one is {own}");
            ctx.error(span, message);
        }
        scheme = scheme.or(Some(own));
        endpoints.push(endpoint);
    }
    let weighs = |endpoint: &Endpoint| endpoint.spec.weight > 0;
    if !endpoints.is_empty() && !endpoints.iter().any(weighs) {
        let message = "all endpoints have the weight 0: none takes a request";
        ctx.warning(raw.name.span, message);
    }
    (endpoints, scheme)
}

/// Returns an endpoint, its scheme and the place of its URL.
fn endpoint(
    raw: &Spanned<TextOr<RawEndpoint>>,
    ctx: &mut Context<'_>,
) -> Option<(Endpoint, Scheme, Span)> {
    let none = RawEndpoint::default();
    let (url, span, section) = match &raw.value {
        TextOr::Text(url) => (url, raw.span, &none),
        TextOr::Section(section) if section.url.is_empty() => {
            ctx.error(raw.span, "an endpoint needs a `url`");
            return None;
        }
        TextOr::Section(section) => (&section.url.value, section.url.span, section),
    };
    let Target { host, port, scheme } = match target(url) {
        Ok(target) => target,
        Err(why) => {
            ctx.error(span, why);
            return None;
        }
    };
    let endpoint = Endpoint::new(host, port);
    let weight = ctx.number(&section.weight, "weight", 0..=WEIGHT_MAX);
    let priority = ctx.number(&section.priority, "priority", 0..=255);
    let spec = EndpointSpec {
        name: endpoint_name(&section.name, ctx).unwrap_or(endpoint.spec.name),
        weight: weight.unwrap_or(endpoint.spec.weight),
        priority: priority.unwrap_or(endpoint.spec.priority),
    };
    Some((Endpoint { spec, ..endpoint }, scheme, span))
}

/// Reads what an endpoint is called: as others are, or as `host:port`.
fn endpoint_name(raw: &RawText, ctx: &mut Context<'_>) -> Option<String> {
    let raw = raw.as_ref()?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
    if raw.is_empty() || raw.len() > 100 || !raw.bytes().all(is_plain) {
        let message = format!(
            "{:?} is no name: at most 100 of a-z, A-Z, 0-9, `-`, `_`, `.`, `:`, `[`, `]`",
            short(raw)
        );
        ctx.error(raw.span, message);
        return None;
    }
    Some(raw.value.clone())
}

fn protocol(raw: Option<&Spanned<String>>, ctx: &mut Context<'_>) -> Protocol {
    const ALL: [(&str, Protocol); 3] = [
        ("auto", Protocol::Auto),
        ("http1", Protocol::Http1),
        ("http2", Protocol::Http2),
    ];
    let Some(raw) = raw else {
        return Protocol::default();
    };
    let found = ALL.into_iter().find(|(word, _)| *word == raw.value);
    if found.is_none() {
        ctx.findings
            .unknown_word(raw, "protocol", &ALL.map(|(word, _)| word));
    }
    found.map_or(Protocol::default(), |(_, protocol)| protocol)
}

fn tls(
    raw: Option<&Spanned<RawUpstreamTls>>,
    scheme: Option<Scheme>,
    ctx: &mut Context<'_>,
) -> Option<UpstreamTls> {
    let Some(raw) = raw else {
        return (scheme == Some(Scheme::Https)).then(UpstreamTls::default);
    };
    if scheme == Some(Scheme::Http) {
        let hint = "write https:// in the URLs of the endpoints";
        ctx.hint(raw.key, "`tls` needs endpoints that are https or tcp", hint);
    }
    let server_name = raw.server_name.as_ref();
    if let Some(name) = server_name
        && rustls::pki_types::ServerName::try_from(name.as_str()).is_err()
    {
        let message = format!("{:?} is no name of a server", short(name));
        ctx.error(name.span, message);
    }
    let skips = raw.insecure_skip_verify.filter(|skips| skips.value);
    if let Some(skips) = skips {
        if let Some(ca) = &raw.ca {
            ctx.error(ca.key, "`ca` has no effect with `insecure_skip_verify`");
        }
        let message =
            "whoever answers is believed: anybody on the way can read and change requests";
        ctx.warning(skips.key, message);
    }
    Some(UpstreamTls {
        ca: authorities(&raw.ca, ctx),
        client: raw.client.as_ref().and_then(|raw| certificate(raw, ctx)),
        server_name: server_name.map(|name| name.value.clone()),
        insecure_skip_verify: skips.is_some(),
    })
}
