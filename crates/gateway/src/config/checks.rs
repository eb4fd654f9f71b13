//! `check`: how an endpoint is asked whether it is well, and how often.

use http::Method;
use plimsoll_runtime::config::Spanned;
use plimsoll_traffic::health::active::Schedule;

use super::context::{Context, key, short};
use super::paths;
use super::raw::{RawCheck, RawHttpCheck, RawText, TextOr};
use crate::model::{BodyPattern, Check, CheckKind, StatusRange};

/// Reads a check; `None` is none.
pub(super) fn check(
    raw: Option<&Spanned<TextOr<RawCheck>>>,
    ctx: &mut Context<'_>,
) -> Option<(Check, Schedule)> {
    let raw = raw?;
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(word) => {
            let kind = match word.as_str() {
                "none" => return None,
                "tcp" => CheckKind::Tcp,
                "http" => http(&RawHttpCheck::default(), ctx),
                "grpc" => grpc(&None, ctx),
                _ => {
                    let message = format!("unknown check {:?}", short(word));
                    ctx.hint(raw.span, message, "expected one of http, grpc, tcp, none");
                    return None;
                }
            };
            return Some((Check { kind, port: None }, Schedule::default()));
        }
    };
    let keys = [
        ("http", key(&section.http)),
        ("grpc", key(&section.grpc)),
        ("tcp", key(&section.tcp)),
    ];
    ctx.exactly_one(raw.key, "a `check`", &keys);
    let kind = if let Some(raw) = &section.http {
        http(raw, ctx)
    } else if let Some(raw) = &section.grpc {
        grpc(&raw.service, ctx)
    } else {
        CheckKind::Tcp
    };
    let check = Check {
        kind,
        port: ctx.number(&section.port, "port", 1..=65535),
    };
    Some((check, schedule(section, ctx)))
}

fn schedule(raw: &RawCheck, ctx: &mut Context<'_>) -> Schedule {
    let default = Schedule::default();
    let interval = ctx.above_zero(&raw.interval, "interval");
    let interval = interval.unwrap_or(default.interval);
    let mut read = |field, name| ctx.above_zero(field, name).unwrap_or(interval);
    let fast_interval = read(&raw.fast_interval, "fast_interval");
    let down_interval = read(&raw.down_interval, "down_interval");
    let timeout = read(&raw.timeout, "timeout");
    if let Some(raw) = raw.timeout.filter(|raw| raw.value.0 > interval) {
        let message = "a check's `timeout` is longer than its `interval`: checks would overlap";
        ctx.error(raw.span, message);
    }
    Schedule {
        interval,
        fast_interval,
        down_interval,
        timeout,
        fall: ctx
            .number(&raw.fall, "fall", 1..=1000)
            .unwrap_or(default.fall),
        rise: ctx
            .number(&raw.rise, "rise", 1..=1000)
            .unwrap_or(default.rise),
        jitter: ctx
            .share(&raw.jitter, "jitter", 0.0..=50.0)
            .unwrap_or(default.jitter),
    }
}

fn http(raw: &RawHttpCheck, ctx: &mut Context<'_>) -> CheckKind {
    let method = match raw.method.as_ref().map_or("GET", |raw| &*raw.value) {
        "GET" => Method::GET,
        "HEAD" => Method::HEAD,
        "OPTIONS" => Method::OPTIONS,
        _ => {
            if let Some(raw) = &raw.method {
                let known = ["GET", "HEAD", "OPTIONS"];
                ctx.findings.unknown_word(raw, "method of a check", &known);
            }
            Method::GET
        }
    };
    if let Some(body) = raw.body.as_ref().filter(|_| method == Method::HEAD) {
        ctx.error(body.key, "answers to HEAD have no `body`");
    }
    let host = raw.host.as_ref();
    let path = raw.path.as_ref();
    CheckKind::Http {
        path: path.map_or("/".to_owned(), |raw| paths::target(raw, ctx)),
        host: host.and_then(|raw| paths::authority(raw, ctx)),
        statuses: statuses(raw, ctx),
        body: raw.body.as_ref().and_then(|raw| {
            let read = BodyPattern::anywhere(raw);
            ctx.compiled(read, raw)
        }),
        method,
    }
}

fn grpc(service: &RawText, ctx: &mut Context<'_>) -> CheckKind {
    let service = service.as_ref();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/".contains(&byte);
    if let Some(raw) = service.filter(|raw| raw.len() > 1000 || !raw.bytes().all(is_plain)) {
        let message = format!("{:?} is no name of a service", short(raw));
        ctx.hint(raw.span, message, "expected one such as shop.Checkout");
    }
    CheckKind::Grpc {
        service: service.map_or(String::new(), |raw| raw.value.clone()),
    }
}

fn statuses(raw: &RawHttpCheck, ctx: &mut Context<'_>) -> Vec<StatusRange> {
    let Some(raw) = &raw.statuses else {
        return vec![StatusRange {
            first: 200,
            last: 299,
        }];
    };
    if raw.is_empty() {
        ctx.error(raw.span, "`statuses` is empty: no answer would do");
    }
    let mut ranges = Vec::new();
    for raw in raw.iter() {
        match range(raw) {
            Some(range) => ranges.push(range),
            None => {
                let message = format!("{:?} is no range of statuses", short(raw));
                ctx.hint(raw.span, message, "expected one such as 200 or 200-299");
            }
        }
    }
    ranges
}

/// Reads `200` or `200-299`.
fn range(text: &str) -> Option<StatusRange> {
    let status = |text: &str| {
        let number: u16 = text.trim().parse().ok()?;
        (100..=599).contains(&number).then_some(number)
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (status(first)?, status(last)?);
    (first <= last).then_some(StatusRange { first, last })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_statuses() {
        let found = |text| range(text).map(|range| (range.first, range.last));
        assert_eq!(found("200"), Some((200, 200)));
        assert_eq!(found("200-299"), Some((200, 299)));
        assert_eq!(found("200 - 399"), Some((200, 399)));
        for text in [
            "",
            "2xx",
            "299-200",
            "99",
            "600",
            "200-",
            "-200",
            "200-299-300",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
