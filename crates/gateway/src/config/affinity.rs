//! `affinity`: what ties a client to an endpoint.

use std::path::PathBuf;

use plimsoll_runtime::config::Spanned;
use plimsoll_runtime::http::Secret;

use super::context::{Context, key};
use super::known::Known;
use super::limits::{cookie_name, limit_key};
use super::raw::{RawAffinity, RawRoute, RawSticky};
use crate::model::{Affinity, LimitKey, Route, StickyCookie};

const COOKIE: &str = "plimsoll";
/// Half of what SHA-256 gives; shorter ones can be found by trying.
pub(crate) const SECRET_BYTES_MIN: usize = 16;

/// Reads `affinity`.
pub(super) fn affinity(
    raw: Option<&Spanned<RawAffinity>>,
    ctx: &mut Context<'_>,
) -> Option<Affinity> {
    let raw = raw?;
    let keys = [("hash", key(&raw.hash)), ("cookie", key(&raw.cookie))];
    ctx.exactly_one(raw.key, "`affinity`", &keys);
    if let Some(raw) = &raw.cookie {
        return Some(Affinity::Cookie(sticky(raw, ctx)));
    }
    let raw = raw.hash.as_ref()?;
    let key = limit_key(raw, ctx)?;
    if key == LimitKey::Route {
        let message = "the hash of the route would send all requests to one endpoint";
        ctx.hint(
            raw.span,
            message,
            "expected client, {header: ...} or {cookie: ...}",
        );
    }
    Some(Affinity::Hash(key))
}

fn sticky(raw: &Spanned<RawSticky>, ctx: &mut Context<'_>) -> StickyCookie {
    let name = raw.name.as_ref().and_then(|raw| cookie_name(raw, ctx));
    let mut path = None;
    let secret = match (&raw.secret, &raw.secret_file) {
        (Some(_), Some(file)) => {
            let message = "`secret` is there already, so `secret_file` has no place";
            ctx.error(file.key, message);
            None
        }
        (Some(secret), None) => Some((Secret::new(secret.as_str()), secret.span)),
        (None, Some(file)) => secret_file(file, ctx).map(|(found, secret)| {
            path = Some(found);
            (secret, file.span)
        }),
        (None, None) => None,
    };
    if let Some((secret, span)) = &secret
        && secret.expose().len() < SECRET_BYTES_MIN
    {
        let message = format!("the secret has less than {SECRET_BYTES_MIN} bytes");
        ctx.hint(*span, message, "make one with `openssl rand -hex 32`");
    }
    let max_age = ctx.above_zero(&raw.max_age, "max_age");
    if let Some(raw) = raw.max_age.filter(|raw| raw.value.0.subsec_nanos() > 0) {
        ctx.error(raw.span, "`max_age` of a cookie is in whole seconds");
    }
    StickyCookie {
        name: name.unwrap_or_else(|| COOKIE.to_owned()),
        secret: secret.map(|(secret, _)| secret),
        secret_file: path,
        max_age,
    }
}

fn secret_file(raw: &Spanned<String>, ctx: &mut Context<'_>) -> Option<(PathBuf, Secret)> {
    let (path, bytes) = ctx.read(raw);
    let text = String::from_utf8(bytes?).ok();
    if text.is_none() {
        ctx.bad_file(raw.span, &path, "it is no UTF-8");
    }
    text.map(|text| (path, Secret::new(text.trim())))
}

/// Reports a hash that no backend goes by, and a backend that goes by a hash that nobody says.
pub(super) fn fits(
    raw: &Spanned<RawRoute>,
    route: &Route,
    backends: &[Spanned<String>],
    known: &Known,
    ctx: &mut Context<'_>,
) {
    let hash = matches!(route.affinity, Some(Affinity::Hash(_)));
    for backend in backends {
        let Some(found) = known.backends.get(&backend.value) else {
            continue;
        };
        let place = raw.affinity.as_ref().map(|affinity| affinity.key);
        match (place, hash) {
            (Some(place), true) if !found.is_hash => {
                let message = format!(
                    "the backend `{}` does not balance by a hash, so this has no effect",
                    backend.value
                );
                ctx.hint(
                    place,
                    message,
                    "write `balance: maglev` there, or `rendezvous`",
                );
            }
            (_, false) if found.is_hash => {
                let message = format!(
                    "the backend `{}` balances by a hash, and this route does not say of what",
                    backend.value
                );
                ctx.hint(backend.span, message, "add `affinity: {hash: client}`");
            }
            _ => {}
        }
    }
}
