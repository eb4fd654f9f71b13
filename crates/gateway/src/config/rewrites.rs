//! `rewrite`: what is changed on the way to an endpoint and back.

use http::{HeaderName, HeaderValue, header};
use plimsoll_runtime::config::{Span, Spanned};

use super::context::{Context, key};
use super::paths;
use super::raw::{RawHeaders, RawReplacement, RawRewrite, RawText};
use crate::model::{HeaderOperation, Match, PathMatch, PathRewrite, Pattern, Rewrite};

/// Headers that belong to a connection or to the framing of a message: the gateway sets them itself.
const OWN: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// Reads `rewrite`.
pub(super) fn rewrite(
    raw: Option<&Spanned<RawRewrite>>,
    matches: &[Match],
    ctx: &mut Context<'_>,
) -> Rewrite {
    let Some(raw) = raw else {
        return Rewrite::default();
    };
    let path = path(raw.key, &raw.path, &raw.prefix, raw.regex.as_ref(), ctx);
    let has_prefix = |one: &Match| matches!(one.path, None | Some(PathMatch::Prefix(_)));
    if let Some(prefix) = &raw.prefix
        && !matches.iter().all(has_prefix)
    {
        let message = "`prefix` needs matches by prefix: there is no other part to replace";
        ctx.hint(
            prefix.key,
            message,
            "`path` replaces all of it, `regex` a part",
        );
    }
    let host = raw.host.as_ref();
    Rewrite {
        path,
        host: host.and_then(|raw| paths::authority(raw, ctx)),
        request_headers: headers(raw.request_headers.as_ref(), ctx),
        response_headers: headers(raw.response_headers.as_ref(), ctx),
    }
}

/// Reads how a path is changed, at most one way.
pub(super) fn path(
    section: Span,
    full: &RawText,
    prefix: &RawText,
    regex: Option<&Spanned<RawReplacement>>,
    ctx: &mut Context<'_>,
) -> Option<PathRewrite> {
    let keys = [
        ("path", key(full)),
        ("prefix", key(prefix)),
        ("regex", regex.map(|regex| regex.key)),
    ];
    if keys.iter().all(|(_, place)| place.is_none()) {
        return None;
    }
    ctx.exactly_one(section, "a rewrite", &keys);
    if let Some(raw) = full {
        return Some(PathRewrite::Full(paths::written(raw, ctx)));
    }
    if let Some(raw) = prefix {
        return Some(PathRewrite::Prefix(paths::written(raw, ctx)));
    }
    replacement(regex?, ctx)
}

fn replacement(raw: &Spanned<RawReplacement>, ctx: &mut Context<'_>) -> Option<PathRewrite> {
    if raw.pattern.is_empty() {
        ctx.error(raw.key, "`regex` needs `match`, an expression, and `to`");
        return None;
    }
    let read = Pattern::anywhere(&raw.pattern);
    let pattern = ctx.compiled(read, &raw.pattern)?;
    // Groups aside, it must be a part of a path.
    let literal = raw.to.replace(['$', '{', '}'], "");
    let is_path = format!("/{literal}")
        .parse::<http::uri::PathAndQuery>()
        .is_ok();
    if !is_path || literal.contains(['?', '#']) {
        ctx.error(raw.to.span, "`to` is no part of a path");
    }
    for group in groups(&raw.to) {
        let is_known = match group.parse::<usize>() {
            Ok(number) => number < pattern.captures_len(),
            Err(_) => pattern.capture_names().flatten().any(|name| name == group),
        };
        if !is_known {
            let message = format!("`to` names the group {group:?}, which `match` has not");
            ctx.hint(
                raw.to.span,
                message,
                "a dollar sign is written as $$; ${1}x sets a name apart",
            );
        }
    }
    Some(PathRewrite::Regex(pattern, raw.to.value.clone()))
}

/// Walks the groups that a replacement names, as the `regex` crate reads them.
fn groups(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('$') {
        if let Some(after) = after.strip_prefix('$') {
            rest = after;
            continue;
        }
        let is_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let braced = after
            .strip_prefix('{')
            .and_then(|text| text.split_once('}'));
        rest = match braced {
            Some((name, after)) => {
                found.push(name);
                after
            }
            None => {
                let end = after.find(|one| !is_word(one)).unwrap_or(after.len());
                if end > 0 {
                    found.push(&after[..end]);
                }
                &after[end..]
            }
        };
    }
    found
}

fn headers(raw: Option<&Spanned<RawHeaders>>, ctx: &mut Context<'_>) -> Vec<HeaderOperation> {
    let Some(raw) = raw else {
        return Vec::new();
    };
    let mut operations = Vec::new();
    for raw in &raw.remove {
        if let Some(name) = free_name(&raw.value, raw.span, ctx) {
            operations.push(HeaderOperation::Remove(name));
        }
    }
    for (raw, value) in &raw.set {
        if let Some((name, value)) = pair(&raw.text, raw.span, value, ctx) {
            operations.push(HeaderOperation::Set(name, value));
        }
    }
    for (raw, value) in &raw.add {
        if let Some((name, value)) = pair(&raw.text, raw.span, value, ctx) {
            operations.push(HeaderOperation::Add(name, value));
        }
    }
    operations
}

fn pair(
    name: &str,
    span: Span,
    value: &Spanned<String>,
    ctx: &mut Context<'_>,
) -> Option<(HeaderName, HeaderValue)> {
    let name = free_name(name, span, ctx)?;
    let mut value = ctx.header_value(value, value.span)?;
    // What may be a secret is never shown, nor kept in a table of HPACK.
    const SECRETS: [&str; 5] = ["auth", "cookie", "key", "secret", "token"];
    value.set_sensitive(SECRETS.iter().any(|part| name.as_str().contains(part)));
    Some((name, value))
}

/// Reads the name of a header that a file may change.
fn free_name(name: &str, span: Span, ctx: &mut Context<'_>) -> Option<HeaderName> {
    let name = ctx.header_name(name, span)?;
    if OWN.contains(&name) {
        let message = format!("the gateway sets `{name}` itself");
        ctx.error(span, message);
        return None;
    }
    if name == header::HOST {
        ctx.hint(
            span,
            "`host` is no header to be set",
            "write `rewrite: {host: ...}`",
        );
        return None;
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_replacements() {
        assert_eq!(groups("/a/$1/${name}x$$y/$1x"), ["1", "name", "1x"]);
        assert_eq!(groups("/a$"), Vec::<&str>::new());
        assert_eq!(groups("$/${"), Vec::<&str>::new());
    }
}
