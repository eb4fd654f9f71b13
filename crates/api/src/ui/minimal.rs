//! Pages without scripts: what people get when the program was built without the whole interface, and whoever asks for
//! them with `?minimal`. They have the paths of the screens that they stand for.
//!
//! Every text on them may come from somebody who wishes us ill: templates escape whatever they are given, and nothing is
//! marked as safe.

mod alerts;
mod explore;
mod now;
mod page;
mod services;
mod slos;
mod targets;

use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;

use self::page::Page;
use super::{Desk, file};
use crate::error::ApiError;

/// What the pages are styled with, and their mark.
const FILES: [(&str, &str, &str); 2] = [
    (
        "/minimal.css",
        "text/css; charset=utf-8",
        include_str!("minimal/style.css"),
    ),
    (
        "/favicon.svg",
        "image/svg+xml",
        include_str!("minimal/mark.svg"),
    ),
];

/// The templates; names that end in `.html` are escaped.
static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    for (name, text) in [
        ("layout.html", include_str!("minimal/layout.html")),
        ("macros.html", include_str!("minimal/macros.html")),
        ("now.html", include_str!("minimal/now.html")),
        ("alerts.html", include_str!("minimal/alerts.html")),
        ("slos.html", include_str!("minimal/slos.html")),
        ("services.html", include_str!("minimal/services.html")),
        ("system.html", include_str!("minimal/system.html")),
        ("explore.html", include_str!("minimal/explore.html")),
        ("absent.html", include_str!("minimal/absent.html")),
    ] {
        let added = environment.add_template(name, text);
        added.expect("a test renders each of them");
    }
    environment
});

/// Says whether somebody wants these pages though there are others.
pub(super) fn is_asked_for(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.any(|(name, value)| name == "minimal" && matches!(&*value, "" | "1" | "true"))
}

/// Returns a file that the pages name.
pub(super) fn file(path: &str, method: &Method) -> Option<Response> {
    let mut files = FILES.into_iter();
    let (_, content_type, text) = files.find(|(name, ..)| *name == path)?;
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let bytes = Bytes::from_static(text.as_bytes());
    Some((headers, file::body(&bytes, method)).into_response())
}

/// What a page shows: its title, its template and what the template is given.
struct Content {
    title: String,
    template: &'static str,
    values: Value,
}

/// Answers with the page of a path.
pub(super) async fn answer(desk: &Arc<Desk>, method: &Method, uri: &Uri) -> Response {
    let (status, content) = match content(desk, uri).await {
        Ok(content) => (StatusCode::OK, content),
        Err(error) => {
            let (status, reason) = error.into_text();
            (status, absent("This page cannot be shown", &reason, ""))
        }
    };
    let page = Page::of(desk, uri, &content.title);
    let template = TEMPLATES.get_template(content.template);
    let template = template.expect("a test renders each of them");
    let rendered = template.render(context! { page => given(&page), content => content.values });
    let Ok(html) = rendered.inspect_err(|error| tracing::error!(%error, "a page is not shown"))
    else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, file::body(&html.into(), method)).into_response()
}

async fn content(desk: &Arc<Desk>, uri: &Uri) -> Result<Content, ApiError> {
    let mut parts = uri.path().trim_matches('/').splitn(2, '/');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.next().map(percent_decoded);
    match (&*first, rest) {
        ("explore" | "graph" | "query", _) => explore::content(desk, uri).await,
        (_, rest) => {
            desk.ask(move |desk| match (&*first, rest) {
                ("", _) => now::content(desk),
                ("alerts", _) => Ok(alerts::content(desk)),
                ("slos", None) => slos::list(desk),
                ("slos", Some(id)) => slos::one(desk, &id),
                ("services", name) => services::content(desk, name.as_deref()),
                ("system", _) => Ok(targets::content(desk)),
                (noun, _) => Ok(only_whole(noun)),
            })
            .await
        }
    }
}

/// Says that a screen has no page here, and how the same is reached.
fn only_whole(noun: &str) -> Content {
    let (title, command) = match noun {
        "rules" => ("Rules", "plimsoll query 'ALERTS'"),
        "routes" => ("Routes", "plimsoll alert route-test --help"),
        "silences" => ("Silences", "plimsoll silence list"),
        "gateway" => ("Gateway", "plimsoll gateway top"),
        "inhibitions" => ("Inhibitions", "plimsoll alert explain --help"),
        _ => ("Hosts", "plimsoll query 'node_load1'"),
    };
    absent(
        title,
        "This screen is part of the whole interface only.",
        command,
    )
}

fn absent(title: &str, reason: &str, command: &str) -> Content {
    Content {
        title: title.to_owned(),
        template: "absent.html",
        values: context! { reason => given(&reason), command => given(&command) },
    }
}

/// Makes a value for templates.
fn given(value: &impl Serialize) -> Value {
    Value::from(Serde(value))
}

fn percent_decoded(text: &str) -> String {
    // Plus signs are what they are in a path, other than in a form.
    let escaped = text.replace('+', "%2B");
    let mut pairs = url::form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}

/// Writes a text as a part of a URL.
fn percent_encoded(text: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    encoded.replace('+', "%20")
}
