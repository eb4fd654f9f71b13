//! Paths and authorities of URLs, as files write them.

use http::uri::{Authority, PathAndQuery};
use plimsoll_runtime::config::Spanned;

use super::context::{Context, short};
use crate::router::Path;

/// Reads a path that routes are matched against, in the form in which they are.
pub(super) fn matched(raw: &Spanned<String>, ctx: &mut Context<'_>) -> String {
    if !is_path(raw) {
        return no_path(raw, ctx);
    }
    match Path::new(raw) {
        Ok(path) => path.matched().to_owned(),
        Err(error) => {
            ctx.error(
                raw.span,
                format!("this path {error}: requests with it are refused"),
            );
            raw.value.clone()
        }
    }
}

/// Reads a path that something is rewritten to.
pub(super) fn written(raw: &Spanned<String>, ctx: &mut Context<'_>) -> String {
    match is_path(raw) {
        true => raw.value.clone(),
        false => no_path(raw, ctx),
    }
}

/// Reads a path with or without a query.
pub(super) fn target(raw: &Spanned<String>, ctx: &mut Context<'_>) -> String {
    let is_target = raw.starts_with('/') && !raw.contains('#');
    if !is_target || raw.parse::<PathAndQuery>().is_err() {
        let message = format!("{:?} is no path and query", short(raw));
        ctx.hint(raw.span, message, "expected one such as /healthz");
    }
    raw.value.clone()
}

/// Reads a host, or host and port.
pub(super) fn authority(raw: &Spanned<String>, ctx: &mut Context<'_>) -> Option<String> {
    let authority: Option<Authority> = raw.parse().ok();
    let found = authority.filter(|authority| {
        let port = raw
            .rsplit_once(':')
            .filter(|(_, port)| !port.ends_with(']'));
        let is_port = port.is_none() || authority.port_u16().is_some();
        is_port && !raw.contains('@') && !authority.host().is_empty()
    });
    if found.is_none() {
        let message = format!("{:?} is no host", short(raw));
        ctx.hint(
            raw.span,
            message,
            "expected one such as shop.example or shop.example:8080",
        );
    }
    found.map(|authority| authority.as_str().to_owned())
}

fn is_path(text: &str) -> bool {
    let is_parsed = text.parse::<PathAndQuery>().is_ok();
    text.starts_with('/') && !text.contains(['?', '#']) && is_parsed
}

fn no_path(raw: &Spanned<String>, ctx: &mut Context<'_>) -> String {
    let message = format!("{:?} is no path", short(raw));
    ctx.hint(
        raw.span,
        message,
        "expected one such as /shop, escaped as in a URL",
    );
    raw.value.clone()
}
