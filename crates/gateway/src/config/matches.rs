//! `hosts` and `match`: which requests a route is for.

use http::Method;
use plimsoll_runtime::config::Spanned;

use super::context::{Context, key, short};
use super::paths;
use super::raw::{RawMatch, RawPath, RawTextMatch};
use crate::model::{HeaderMatch, HostPattern, Match, PathMatch, TextMatch};

/// Segments of a prefix, and bytes of any path.
const PATH_BYTES_MAX: usize = 4096;

/// Reads the hosts of a route.
pub(super) fn hosts(raw: &[Spanned<String>], ctx: &mut Context<'_>) -> Vec<HostPattern> {
    let mut hosts = Vec::new();
    for raw in raw {
        match host(raw) {
            Ok(host) if hosts.contains(&host) => {
                let message = format!("the host {:?} is here twice", short(raw));
                ctx.error(raw.span, message);
            }
            Ok(host) => hosts.push(host),
            Err(hint) => {
                let message = format!("{:?} is no host of a route", short(raw));
                ctx.hint(raw.span, message, hint);
            }
        }
    }
    hosts
}

fn host(text: &str) -> Result<HostPattern, &'static str> {
    if text == "*" {
        return Err("leave `hosts` out for every host");
    }
    let (is_suffix, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text),
    };
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let address = name
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_address = address.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    if is_address && !is_suffix {
        return Ok(HostPattern::Exact(name));
    }
    if name.contains('*') {
        return Err("a `*` stands for the first labels only: *.shop.example");
    }
    if name.contains(':') {
        return Err("ports do not count: write the host alone, an address of IPv6 as [::1]");
    }
    if !name.is_ascii() {
        return Err("write it as it travels: xn--...");
    }
    let is_label = |label: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        !label.is_empty() && label.len() <= 63 && label.bytes().all(is_plain)
    };
    if name.len() > 253 || !name.split('.').all(is_label) {
        return Err("expected one such as shop.example or *.shop.example");
    }
    Ok(match is_suffix {
        true => HostPattern::Suffix(format!(".{name}")),
        false => HostPattern::Exact(name),
    })
}

/// Reads the conditions of a route.
pub(super) fn matches(raw: &[Spanned<RawMatch>], ctx: &mut Context<'_>) -> Vec<Match> {
    let mut matches = Vec::new();
    for raw in raw {
        let path = raw.path.as_ref();
        matches.push(Match {
            path: path.and_then(|raw| path_match(raw, ctx)),
            methods: methods(&raw.methods, ctx),
            headers: raw
                .headers
                .iter()
                .filter_map(|raw| header(raw, ctx))
                .collect(),
            cookies: named(&raw.cookies, "cookie", ctx),
            query: named(&raw.query, "query parameter", ctx),
        });
    }
    matches
}

fn path_match(raw: &Spanned<RawPath>, ctx: &mut Context<'_>) -> Option<PathMatch> {
    let keys = [
        ("exact", key(&raw.exact)),
        ("prefix", key(&raw.prefix)),
        ("regex", key(&raw.regex)),
    ];
    ctx.exactly_one(raw.key, "a `path`", &keys);
    for text in [&raw.exact, &raw.prefix, &raw.regex].into_iter().flatten() {
        if text.len() > PATH_BYTES_MAX {
            ctx.error(
                text.span,
                format!("a path has at most {PATH_BYTES_MAX} bytes"),
            );
            return None;
        }
    }
    if let Some(raw) = &raw.exact {
        Some(PathMatch::Exact(paths::matched(raw, ctx)))
    } else if let Some(raw) = &raw.prefix {
        Some(PathMatch::Prefix(paths::matched(raw, ctx)))
    } else {
        let regex = raw.regex.as_ref()?;
        let pattern = ctx.whole(regex)?;
        if !regex.starts_with(['/', '(', '[', '.', '\\']) {
            let message = "paths begin with a slash, so this matches none";
            ctx.hint(
                regex.span,
                message,
                "an expression must match the whole path",
            );
        }
        Some(PathMatch::Regex(pattern))
    }
}

fn methods(raw: &[Spanned<String>], ctx: &mut Context<'_>) -> Vec<Method> {
    let mut methods = Vec::new();
    for raw in raw {
        let method = Method::from_bytes(raw.as_bytes()).ok();
        let is_upper = !raw.bytes().any(|byte| byte.is_ascii_lowercase());
        match method.filter(|_| is_upper) {
            Some(method) => methods.push(method),
            None => {
                let message = format!("{:?} is no method", short(raw));
                ctx.hint(raw.span, message, "methods are written in upper case: GET");
            }
        }
    }
    methods
}

/// Reads a condition on a header.
pub(super) fn header(raw: &Spanned<RawTextMatch>, ctx: &mut Context<'_>) -> Option<HeaderMatch> {
    let value = text(raw, ctx);
    if raw.name.is_empty() {
        ctx.error(raw.span, "a condition on a header needs its `name`");
        return None;
    }
    let name = ctx.header_name(&raw.name, raw.name.span)?;
    if name == http::header::HOST {
        ctx.error(raw.name.span, "the host of a request is for `hosts`");
    }
    Some(HeaderMatch {
        name,
        value: value?,
    })
}

fn named(
    raw: &[Spanned<RawTextMatch>],
    what: &str,
    ctx: &mut Context<'_>,
) -> Vec<(String, TextMatch)> {
    let mut named = Vec::new();
    for raw in raw {
        let value = text(raw, ctx);
        if raw.name.is_empty() {
            ctx.error(
                raw.span,
                format!("a condition on a {what} needs its `name`"),
            );
        } else if let Some(value) = value {
            named.push((raw.name.value.clone(), value));
        }
    }
    named
}

/// Reads what a text must be; when nothing is said it must be there.
fn text(raw: &Spanned<RawTextMatch>, ctx: &mut Context<'_>) -> Option<TextMatch> {
    let keys = [
        ("exact", key(&raw.exact)),
        ("regex", key(&raw.regex)),
        ("present", key(&raw.present)),
    ];
    if keys.iter().all(|(_, place)| place.is_none()) {
        return Some(TextMatch::Present);
    }
    ctx.exactly_one(raw.span, "a condition", &keys);
    if let Some(exact) = &raw.exact {
        return Some(TextMatch::Exact(exact.value.clone()));
    }
    if let Some(regex) = &raw.regex {
        return ctx.whole(regex).map(TextMatch::Regex);
    }
    Some(match raw.present.is_none_or(|present| present.value) {
        true => TextMatch::Present,
        false => TextMatch::Absent,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_routes() {
        let exact = |name: &str| Ok(HostPattern::Exact(name.to_owned()));
        assert_eq!(host("Shop.Example."), exact("shop.example"));
        assert_eq!(host("127.0.0.1"), exact("127.0.0.1"));
        assert_eq!(host("[::1]"), exact("[::1]"));
        assert_eq!(
            host("xn--bcher-kva.example"),
            exact("xn--bcher-kva.example")
        );
        let suffix = HostPattern::Suffix(".shop.example".to_owned());
        assert_eq!(host("*.shop.example"), Ok(suffix));
        for text in [
            "*",
            "",
            ".",
            "a..b",
            "a:80",
            "::1",
            "a.*.b",
            "*a.b",
            "b\u{fc}cher.example",
            "a b",
        ] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
