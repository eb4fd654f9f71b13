//! `listeners`: where requests come in.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use plimsoll_runtime::config::{Span, Spanned};
use plimsoll_types::ByteCount;

use super::certificates::{authorities, certificate};
use super::context::{Context, key, short};
use super::known::Known;
use super::raw::{RawListener, RawProxyProtocol, RawServerTls, RawTimeouts};
use crate::model::{Address, Listener, ListenerKind, Network, ProxyProtocol, ServerTls, Timeouts};

/// A raw connection without a byte for this long is closed.
const TCP_IDLE: Duration = Duration::from_secs(600);
const PROXY_HEADER_TIMEOUT: Duration = Duration::from_secs(3);

/// Reads all of them; `section` is the place of what they are missing in.
pub(super) fn listeners(
    raw: Vec<Spanned<RawListener>>,
    section: Span,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> Vec<Listener> {
    if raw.is_empty() {
        ctx.error(section, "a gateway needs at least one of `listeners`");
    }
    let mut listeners: Vec<Listener> = Vec::new();
    for raw in raw {
        let span = raw.address.span;
        let Some(listener) = listener(&raw, known, ctx) else {
            continue;
        };
        if let Some(other) = listeners.iter().find(|other| overlap(other, &listener)) {
            let message = format!(
                "the listener `{}` has the address {} already",
                other.name, other.address.0
            );
            ctx.error(span, message);
        }
        listeners.push(listener);
    }
    listeners
}

/// Says whether both would take the same connections.
fn overlap(one: &Listener, other: &Listener) -> bool {
    let (one, other) = (one.address.0, other.address.0);
    let is_same = one.ip() == other.ip()
        || one.is_ipv4() == other.is_ipv4()
            && (one.ip().is_unspecified() || other.ip().is_unspecified());
    is_same && one.port() == other.port() && one.port() != 0
}

fn listener(
    raw: &Spanned<RawListener>,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> Option<Listener> {
    let name = ctx.name(&raw.name, raw.span, "a listener", &mut known.listener_names);
    let kind = kind(raw, known, ctx);
    let is_http = kind == ListenerKind::Http;
    match is_http {
        true => known.has_http = true,
        false => known.tcp_listeners.push(name.clone()),
    }
    let address = address(raw, ctx);
    // Nobody listens there: it is refused below.
    let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut listener = Listener::new(name, address.unwrap_or(unknown));
    listener.kind = kind;
    listener.tls = raw.tls.as_ref().map(|raw| tls(raw, is_http, ctx));
    listener.proxy_protocol = raw.proxy_protocol.as_ref().map(|raw| proxy(raw, ctx));
    let trusted = raw.trusted.as_ref();
    listener.trusted = trusted.map_or(Vec::new(), |raw| networks(raw, ctx));
    listener.timeouts = timeouts(raw.timeouts.as_ref(), ctx);
    let connections = ctx.number(&raw.connections_max, "connections_max", 1..=10_000_000);
    listener.connections_max = connections.unwrap_or(listener.connections_max);
    listener.connection_age_max = ctx.above_zero(&raw.connection_age_max, "connection_age_max");
    let headers = ByteCount::KIB..=ByteCount::MIB;
    let headers = ctx.size(&raw.headers_max, "headers_max", headers);
    listener.headers_max = headers.map_or(listener.headers_max, |bytes| bytes as usize);
    address.map(|address| Listener {
        address: Address(address),
        ..listener
    })
}

fn address(raw: &RawListener, ctx: &mut Context<'_>) -> Option<SocketAddr> {
    let text = &raw.address;
    if text.is_empty() {
        let message = "a listener needs an `address` such as 127.0.0.1:8080";
        ctx.error(raw.name.span, message);
        return None;
    }
    ctx.parsed(text, "an address and a port such as 127.0.0.1:8080")
}

fn kind(raw: &RawListener, known: &mut Known, ctx: &mut Context<'_>) -> ListenerKind {
    match raw.protocol.as_ref().map_or("http", |raw| &*raw.value) {
        "tcp" => tcp(raw, known, ctx),
        word => {
            if let Some(raw) = raw.protocol.as_ref().filter(|_| word != "http") {
                ctx.findings.unknown_word(raw, "protocol", &["http", "tcp"]);
            }
            for (name, place) in [("backend", key(&raw.backend)), ("idle", key(&raw.idle))] {
                if let Some(place) = place {
                    let message = format!("`{name}` needs `protocol: tcp`");
                    ctx.hint(place, message, "a listener for HTTP goes by `routes`");
                }
            }
            ListenerKind::Http
        }
    }
}

fn tcp(raw: &RawListener, known: &mut Known, ctx: &mut Context<'_>) -> ListenerKind {
    let without = [
        ("headers_max", key(&raw.headers_max)),
        ("trusted", key(&raw.trusted)),
        ("connection_age_max", key(&raw.connection_age_max)),
    ];
    for (name, place) in without {
        if let Some(place) = place {
            ctx.error(place, format!("`{name}` has no effect on raw TCP"));
        }
    }
    let idle = ctx.above_zero(&raw.idle, "idle");
    let backend = raw.backend.clone().unwrap_or_default();
    if raw.backend.is_none() {
        ctx.error(raw.name.span, "a listener for raw TCP needs a `backend`");
    } else if let Some(found) = known.backend(&backend, ctx)
        && found.is_http2
    {
        let message = format!(
            "the backend `{}` speaks HTTP/2, and this listener passes on bytes",
            backend.value
        );
        ctx.error(backend.span, message);
    }
    ListenerKind::Tcp {
        backend: backend.value,
        idle: idle.unwrap_or(TCP_IDLE),
    }
}

fn tls(raw: &Spanned<RawServerTls>, is_http: bool, ctx: &mut Context<'_>) -> ServerTls {
    if raw.certificates.is_empty() {
        ctx.error(raw.key, "`tls` needs at least one of `certificates`");
    }
    let certificates = raw.certificates.iter();
    let requires = raw.require_client_certificate;
    if let Some(requires) = requires.filter(|one| one.value && raw.client_ca.is_none()) {
        let message = "`require_client_certificate` needs a `client_ca`";
        ctx.error(requires.key, message);
    }
    ServerTls {
        certificates: certificates
            .filter_map(|raw| certificate(raw, ctx))
            .collect(),
        client_ca: authorities(&raw.client_ca, ctx),
        requires_client_certificate: requires.is_some_and(|requires| requires.value),
        only_tls13: only_tls13(raw, ctx),
        alpn: alpn(raw, is_http, ctx),
    }
}

fn only_tls13(raw: &RawServerTls, ctx: &mut Context<'_>) -> bool {
    let Some(versions) = &raw.versions else {
        return false;
    };
    for version in versions.iter() {
        if !matches!(&*version.value, "1.2" | "1.3") {
            ctx.findings
                .unknown_word(version, "version of TLS", &["1.2", "1.3"]);
        }
    }
    let has = |wanted: &str| versions.iter().any(|version| version.value == wanted);
    if !has("1.3") {
        let message = "`versions` without 1.3 would refuse the clients that are best protected";
        ctx.hint(versions.span, message, "expected [1.3] or [1.2, 1.3]");
    }
    !has("1.2")
}

fn alpn(raw: &RawServerTls, is_http: bool, ctx: &mut Context<'_>) -> Vec<String> {
    let Some(names) = &raw.alpn else {
        let http = ["h2", "http/1.1"].map(str::to_owned);
        return http.into_iter().filter(|_| is_http).collect();
    };
    for name in names.iter() {
        if is_http && !matches!(&*name.value, "h2" | "http/1.1") {
            ctx.findings
                .unknown_word(name, "protocol", &["h2", "http/1.1"]);
        } else if name.is_empty() || name.len() > 255 {
            ctx.error(name.span, "the name of a protocol has 1 to 255 bytes");
        }
    }
    if is_http && names.is_empty() {
        ctx.error(names.span, "`alpn` is empty: no client could speak");
    }
    names.iter().map(|name| name.value.clone()).collect()
}

fn proxy(raw: &Spanned<RawProxyProtocol>, ctx: &mut Context<'_>) -> ProxyProtocol {
    if raw.from.is_empty() {
        let hint = "whoever may connect could say that it connects for anybody";
        ctx.hint(raw.key, "`proxy_protocol` needs `from`, networks", hint);
    }
    let timeout = ctx.above_zero(&raw.timeout, "timeout");
    ProxyProtocol {
        from: networks(&raw.from, ctx),
        timeout: timeout.unwrap_or(PROXY_HEADER_TIMEOUT),
    }
}

fn networks(raw: &[Spanned<String>], ctx: &mut Context<'_>) -> Vec<Network> {
    let mut networks = Vec::new();
    for raw in raw {
        match network(raw) {
            Ok(network) => {
                if network.bits == 0 {
                    let message = format!("{:?} is every address there is", raw.value);
                    ctx.warning(raw.span, message);
                }
                networks.push(network);
            }
            Err(why) => {
                let message = format!("{:?} is no network: {why}", short(raw));
                ctx.hint(
                    raw.span,
                    message,
                    "expected one such as 10.0.0.0/8 or 10.1.2.3",
                );
            }
        }
    }
    networks
}

/// Reads `address/bits`; an address alone is one that has all its bits.
fn network(text: &str) -> Result<Network, String> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr = address
        .parse()
        .map_err(|_| "it has no address".to_owned())?;
    let most: u8 = if address.is_ipv4() { 32 } else { 128 };
    let is_number = |bits: &&str| bits.bytes().all(|byte| byte.is_ascii_digit());
    let bits = match bits {
        None => most,
        Some(bits) => Some(bits)
            .filter(is_number)
            .and_then(|bits| bits.parse().ok())
            .filter(|bits| *bits <= most)
            .ok_or_else(|| format!("it has 0 to {most} bits"))?,
    };
    let first = first_address(address, bits);
    match first == address {
        true => Ok(Network { address, bits }),
        false => Err(format!("the first address of it is {first}")),
    }
}

fn first_address(address: IpAddr, bits: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

fn timeouts(raw: Option<&Spanned<RawTimeouts>>, ctx: &mut Context<'_>) -> Timeouts {
    let default = Timeouts::default();
    let Some(raw) = raw else {
        return default;
    };
    let mut read = |field, name, default| ctx.above_zero(field, name).unwrap_or(default);
    Timeouts {
        handshake: read(&raw.handshake, "handshake", default.handshake),
        head: read(&raw.head, "head", default.head),
        body: read(&raw.body, "body", default.body),
        idle: read(&raw.idle, "idle", default.idle),
        send: read(&raw.send, "send", default.send),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_begin_at_their_first_address() {
        let bits = |text| network(text).map(|network| network.bits);
        assert_eq!(bits("10.0.0.0/8"), Ok(8));
        assert_eq!(bits("0.0.0.0/0"), Ok(0));
        assert_eq!(bits("10.1.2.3"), Ok(32));
        assert_eq!(bits("::/0"), Ok(0));
        assert_eq!(bits("fd00::/8"), Ok(8));
        for text in [
            "10.0.0.1/8",
            "10.0.0.0/33",
            "::/129",
            "x",
            "",
            "1.1.1.1/",
            "1.1.1.1/+8",
        ] {
            assert!(network(text).is_err(), "{text}");
        }
    }
}
