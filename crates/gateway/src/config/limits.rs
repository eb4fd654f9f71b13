//! `limits`: how many requests a route takes, by key.

use std::time::Duration;

use plimsoll_runtime::config::Spanned;
use plimsoll_traffic::limit::rate::Rate;
use plimsoll_types::parse_duration;

use super::context::{Context, Names, key, short};
use super::raw::{RawKey, RawLimit, TextOr};
use crate::model::{LimitKey, RateLimit};

const KEYS_MAX: usize = 10_000;
const COUNT_MAX: u64 = 1_000_000_000;

/// Reads the limits of a route.
pub(super) fn limits(raw: &[Spanned<RawLimit>], ctx: &mut Context<'_>) -> Vec<RateLimit> {
    let mut names = Names::new();
    let mut limits = Vec::new();
    for raw in raw {
        let name = ctx.name(&raw.name, raw.span, "a limit of this route", &mut names);
        let rate = rate(raw, ctx);
        let Some(by) = &raw.by else {
            let hint = "expected route, client, {header: ...} or {cookie: ...}";
            ctx.hint(raw.span, "a limit needs a `key`", hint);
            continue;
        };
        let key = limit_key(by, ctx);
        if let (Some(rate), Some(key)) = (rate, key) {
            limits.push(RateLimit {
                name,
                key,
                rate,
                dry_run: raw.dry_run.is_some_and(|raw| raw.value),
            });
        }
    }
    limits
}

fn rate(raw: &Spanned<RawLimit>, ctx: &mut Context<'_>) -> Option<Rate> {
    if raw.rate.is_empty() {
        ctx.error(raw.span, "a limit needs a `rate` such as 100/s");
        return None;
    }
    let burst = ctx.number(&raw.burst, "burst", 1..=COUNT_MAX);
    let keys: Option<usize> = ctx.number(&raw.keys_max, "keys_max", 1..=10_000_000);
    let Some((count, per)) = rate_of(&raw.rate) else {
        let message = format!("{:?} is no rate", short(&raw.rate));
        ctx.hint(
            raw.rate.span,
            message,
            "expected one such as 100/s, 5/m or 10/30s",
        );
        return None;
    };
    Some(Rate {
        count,
        per,
        burst: burst.unwrap_or(count),
        keys_max: keys.unwrap_or(KEYS_MAX),
    })
}

/// Reads `100/s`, `5/m`, `10/30s`.
fn rate_of(text: &str) -> Option<(u64, Duration)> {
    let (count, per) = text.split_once('/')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let count: u64 = count
        .trim()
        .parse()
        .ok()
        .filter(|_| is_number(count.trim()))?;
    let per = per.trim();
    let per = match per.starts_with(|first: char| first.is_ascii_digit()) {
        true => parse_duration(per).ok()?,
        false => parse_duration(&format!("1{per}")).ok()?,
    };
    // A request has a nanosecond at least: what is told apart is not finer.
    let is_slow_enough = count > 0 && count <= COUNT_MAX && u128::from(count) <= per.as_nanos();
    is_slow_enough.then_some((count, per))
}

/// Reads what has a bucket of its own.
pub(super) fn limit_key(raw: &Spanned<TextOr<RawKey>>, ctx: &mut Context<'_>) -> Option<LimitKey> {
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(word) => {
            let known = match word.as_str() {
                "route" => Some(LimitKey::Route),
                "client" => Some(LimitKey::Client),
                _ => None,
            };
            if known.is_none() {
                let message = format!("unknown key {:?}", short(word));
                let hint = "expected route, client, {header: ...} or {cookie: ...}";
                ctx.hint(raw.span, message, hint);
            }
            return known;
        }
    };
    let keys = [
        ("header", key(&section.header)),
        ("cookie", key(&section.cookie)),
    ];
    ctx.exactly_one(raw.key, "a key", &keys);
    if let Some(raw) = &section.header {
        return ctx.header_name(raw, raw.span).map(LimitKey::Header);
    }
    let cookie = section.cookie.as_ref()?;
    cookie_name(cookie, ctx).map(LimitKey::Cookie)
}

/// Reads the name of a cookie (RFC 6265: a token).
pub(super) fn cookie_name(raw: &Spanned<String>, ctx: &mut Context<'_>) -> Option<String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if raw.is_empty() || raw.len() > 100 || !raw.bytes().all(is_token) {
        ctx.error(raw.span, format!("{:?} is no name of a cookie", short(raw)));
        return None;
    }
    Some(raw.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        let seconds = |count, seconds| Some((count, Duration::from_secs(seconds)));
        assert_eq!(rate_of("100/s"), seconds(100, 1));
        assert_eq!(rate_of("5/m"), seconds(5, 60));
        assert_eq!(rate_of("10/30s"), seconds(10, 30));
        assert_eq!(rate_of("1 / 1h30m"), seconds(1, 5400));
        assert_eq!(rate_of("2/100ms"), Some((2, Duration::from_millis(100))));
        for text in [
            "100",
            "0/s",
            "-1/s",
            "+1/s",
            "1/",
            "1/x",
            "1/0s",
            "1.5/s",
            "/s",
            "9999999999/s",
            "1000000000/1ms",
        ] {
            assert_eq!(rate_of(text), None, "{text}");
        }
    }
}
