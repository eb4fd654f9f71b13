//! `to`: what is done with a request.

use http::{HeaderValue, StatusCode};
use plimsoll_runtime::config::{Span, Spanned};

use super::context::{Context, Names, key, short};
use super::known::Known;
use super::raw::{RawAction, RawAnswer, RawRedirect, RawShare, TextOr};
use super::{paths, rewrites};
use crate::model::{Action, Share};

const WEIGHT_MAX: u64 = 1_000_000;

/// Reads what is done, and the names of the backends that requests go to, at their places.
pub(super) fn action(
    raw: Option<&Spanned<TextOr<RawAction>>>,
    route: Span,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> (Action, Vec<Spanned<String>>) {
    let none = (Action::Forward(Vec::new()), Vec::new());
    let Some(raw) = raw else {
        let hint = "a backend, {split: ...}, {redirect: ...} or {answer: ...}";
        ctx.hint(route, "a route needs `to`", hint);
        return none;
    };
    let section = match &raw.value {
        TextOr::Section(section) => section,
        TextOr::Text(name) => {
            let name = Spanned {
                value: name.clone(),
                span: raw.span,
                key: raw.key,
            };
            known.http_backend(&name, ctx);
            let share = Share {
                backend: name.value.clone(),
                weight: 1,
            };
            return (Action::Forward(vec![share]), vec![name]);
        }
    };
    let keys = [
        ("split", key(&section.split)),
        ("redirect", key(&section.redirect)),
        ("answer", key(&section.answer)),
    ];
    ctx.exactly_one(raw.key, "`to`", &keys);
    if let Some(raw) = &section.split {
        split(raw, known, ctx)
    } else if let Some(raw) = &section.redirect {
        (redirect(raw, ctx), Vec::new())
    } else if let Some(raw) = &section.answer {
        (answer(raw, ctx), Vec::new())
    } else {
        none
    }
}

fn split(
    raw: &Spanned<Vec<Spanned<RawShare>>>,
    known: &mut Known,
    ctx: &mut Context<'_>,
) -> (Action, Vec<Spanned<String>>) {
    let mut names = Names::new();
    let mut shares = Vec::new();
    let mut places = Vec::new();
    for raw in raw.iter() {
        if raw.backend.is_empty() {
            ctx.error(raw.span, "a share needs a `backend`");
            continue;
        }
        if raw.weight.is_none() {
            ctx.error(raw.span, "a share needs a `weight`");
        }
        known.http_backend(&raw.backend, ctx);
        ctx.is_new(
            &raw.backend,
            raw.backend.span,
            "a share of this split",
            &mut names,
        );
        let weight = ctx.number(&raw.weight, "weight", 0..=WEIGHT_MAX);
        places.push(raw.backend.clone());
        shares.push(Share {
            backend: raw.backend.value.clone(),
            weight: weight.unwrap_or(1),
        });
    }
    if shares.iter().all(|share| share.weight == 0) {
        let message = "a split needs at least one share with a weight above 0";
        ctx.error(raw.key, message);
    }
    (Action::Forward(shares), places)
}

fn redirect(raw: &Spanned<RawRedirect>, ctx: &mut Context<'_>) -> Action {
    let status = ctx.status(&raw.status, "status", 300..=399);
    let known = [301, 302, 303, 307, 308];
    let is_known = |status: &StatusCode| known.contains(&status.as_u16());
    if let Some(place) = raw
        .status
        .filter(|_| status.is_some_and(|one| !is_known(&one)))
    {
        let message = "a redirect's `status` is one of 301, 302, 303, 307, 308";
        ctx.error(place.span, message);
    }
    let scheme = raw.scheme.as_ref();
    if let Some(raw) = scheme.filter(|scheme| !matches!(&*scheme.value, "http" | "https")) {
        ctx.findings.unknown_word(raw, "scheme", &["http", "https"]);
    }
    let authority = raw.host.as_ref().and_then(|raw| paths::authority(raw, ctx));
    let path = rewrites::path(raw.key, &raw.path, &raw.prefix, raw.regex.as_ref(), ctx);
    if raw.scheme.is_none() && raw.host.is_none() && path.is_none() {
        let hint = "expected one of scheme, host, path, prefix, regex";
        ctx.hint(raw.key, "a redirect that changes nothing goes round", hint);
    }
    Action::Redirect {
        status: status.unwrap_or(StatusCode::FOUND),
        scheme: scheme.map(|scheme| scheme.value.clone()),
        authority,
        path,
    }
}

fn answer(raw: &Spanned<RawAnswer>, ctx: &mut Context<'_>) -> Action {
    const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
    let status = ctx.status(&raw.status, "status", 200..=599);
    if raw.status.is_none() {
        ctx.error(raw.key, "an answer needs a `status`");
    }
    let body = raw.body.as_ref();
    let has_none = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
    if let Some(body) = body.filter(|body| !body.is_empty())
        && let Some(status) = status.filter(|status| has_none.contains(status))
    {
        let message = format!("an answer with status {} has no body", status.as_u16());
        ctx.error(body.span, message);
    }
    let content_type = raw.content_type.as_ref();
    if let Some(raw) = content_type.filter(|raw| !raw.contains('/')) {
        let message = format!("{:?} is no media type", short(raw));
        ctx.hint(raw.span, message, "expected one such as application/json");
    }
    let content_type = content_type.and_then(|raw| ctx.header_value(raw, raw.span));
    Action::Answer {
        status: status.unwrap_or(StatusCode::OK),
        body: body.map_or(String::new(), |body| body.value.clone()),
        content_type: content_type.unwrap_or(TEXT),
    }
}
