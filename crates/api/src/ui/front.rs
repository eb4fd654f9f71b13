//! Who comes with a browser: pages and files before the API is asked.
//!
//! | request | answer |
//! |---|---|
//! | a file of the bundle | the file |
//! | a screen, from a client that takes `text/html` | the page of all screens; without a bundle, or with `?minimal`, a page without scripts |
//! | anything else below `/assets/` | 404 |
//! | a path that climbs (`..`, `%2e%2e`, backslashes, control characters) | 400 |
//! | anything else, `/` from a program among it | what it was before there were pages |
//!
//! Screens are the paths whose first part is one of a list, so that no path of the API is ever taken for one.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{Desk, file, minimal};

/// The first parts of the paths of screens; the root is one as well. The last two are where links of alerts lead.
pub(super) const SCREENS: [&str; 13] = [
    "services",
    "slos",
    "alerts",
    "rules",
    "routes",
    "silences",
    "inhibitions",
    "gateway",
    "explore",
    "hosts",
    "system",
    "graph",
    "query",
];
/// Below this there is nothing but files of the bundle.
const ASSETS: &str = "/assets/";

/// What a page may load and do: what comes from here, and nothing that is written into it.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; \
                      object-src 'none'";

/// Answers who comes with a browser, and hands everybody else on.
pub(crate) async fn before_the_api(
    State(desk): State<Arc<Desk>>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = match decide(&desk, &request) {
        Decision::Ours(response) => guarded(response),
        Decision::Minimal(method, uri) => guarded(minimal::answer(&desk, &method, &uri).await),
        Decision::NotOurs => next.run(request).await,
    };
    let nosniff = HeaderValue::from_static("nosniff");
    response
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// What is done with a request.
enum Decision {
    Ours(Response),
    /// A page is made for it.
    Minimal(Method, Uri),
    NotOurs,
}

fn decide(desk: &Desk, request: &Request) -> Decision {
    let (method, headers, uri) = (request.method(), request.headers(), request.uri());
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Decision::NotOurs;
    }
    let path = uri.path();
    let bundle = &desk.parts.bundle;
    let is_of_files = path.starts_with(ASSETS);
    let is_for_pages = takes_pages(headers);
    if climbs(path) && (is_of_files || is_for_pages) {
        let refused = (StatusCode::BAD_REQUEST, "this path is not one of ours\n");
        return Decision::Ours(refused.into_response());
    }
    if is_screen(path) && is_for_pages {
        let index = bundle.index().filter(|_| !minimal::is_asked_for(uri));
        return match index {
            Some(index) => Decision::Ours(file::answer(index, path, method, headers)),
            None => Decision::Minimal(method.clone(), uri.clone()),
        };
    }
    let asset = bundle.file(path).filter(|_| path != "/index.html");
    let file = asset.map(|asset| file::answer(asset, path, method, headers));
    match file.or_else(|| minimal::file(path, method)) {
        Some(file) => Decision::Ours(file),
        None if is_of_files => {
            let unknown = (StatusCode::NOT_FOUND, "404 page not found\n");
            Decision::Ours(unknown.into_response())
        }
        None => Decision::NotOurs,
    }
}

fn guarded(mut response: Response) -> Response {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        let value = HeaderValue::from_static(value);
        response.headers_mut().insert(name, value);
    }
    response
}

fn is_screen(path: &str) -> bool {
    let first = path
        .strip_prefix('/')
        .and_then(|rest| rest.split('/').next());
    path == "/" || first.is_some_and(|first| SCREENS.contains(&first))
}

/// Says whether a client wants pages: browsers name the type, programs say that they take anything.
fn takes_pages(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter();
    let texts = accepts.filter_map(|value| value.to_str().ok());
    let mut ranges = texts.flat_map(|text| text.split(','));
    ranges.any(|range| {
        let kind = range.split(';').next().unwrap_or_default();
        kind.trim().eq_ignore_ascii_case("text/html")
    })
}

/// Says whether a path has in it what leads out of a folder somewhere, decoded once or twice. Nothing here would follow
/// it; a proxy in front of us might.
fn climbs(path: &str) -> bool {
    let once = decoded(path.as_bytes());
    let twice = decoded(&once);
    [once, twice].iter().any(|bytes| {
        let is_bad = |byte: &u8| *byte == b'\\' || byte.is_ascii_control();
        let is_parent = |part: &[u8]| part == b"..";
        bytes.iter().any(is_bad) || bytes.split(|byte| *byte == b'/').any(is_parent)
    })
}

fn decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |place: usize| {
        bytes
            .get(place)
            .and_then(|byte| (*byte as char).to_digit(16))
    };
    let (mut decoded, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(*byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_climb_are_known_however_they_are_written() {
        for path in [
            "/..",
            "/assets/../x",
            "/assets/%2e%2e/x",
            "/assets/%2E./x",
            "/assets/%252e%252e%252fx",
            "/assets/..%2fx",
            "/assets/..%5cx",
            "/assets/\\x",
            "/a%00b",
            "/a%0d%0ab",
        ] {
            assert!(climbs(path), "{path}");
        }
        for path in [
            "/",
            "/slos/a/b..c",
            "/services/%C3%BC",
            "/a%2",
            "/...",
            "/a.b%",
        ] {
            assert!(!climbs(path), "{path}");
        }
    }

    #[test]
    fn no_path_of_the_api_is_a_screen() {
        for path in ["/", "/slos/a/b", "/alerts", "/graph", "/services/x.y"] {
            assert!(is_screen(path), "{path}");
        }
        for path in [
            "/api/v1/slos",
            "/-/ready",
            "/metrics",
            "/federate",
            "/version",
            "/write",
            "/select/0/prometheus/graph",
            "/internal/force_flush",
            "/slosx",
            "//slos",
            "",
        ] {
            assert!(!is_screen(path), "{path}");
        }
    }

    #[test]
    fn every_screen_of_the_interface_has_its_path_here() {
        let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ui/src/screens.ts");
        let Ok(text) = std::fs::read_to_string(sources) else {
            println!("skipped: the sources of the interface are not here");
            return;
        };
        let named = text.split("path: \"").skip(1);
        let paths: Vec<&str> = named.filter_map(|rest| rest.split('"').next()).collect();
        assert!(paths.len() > 10, "{paths:?}");
        for path in paths {
            assert!(is_screen(path), "{path}");
        }
    }

    #[test]
    fn browsers_are_told_from_programs() {
        let check = |accepts: &str| {
            let headers = [(header::ACCEPT, accepts.parse().unwrap())];
            takes_pages(&headers.into_iter().collect())
        };
        assert!(check("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(check("application/json, Text/HTML;q=0.9"));
        assert!(!check("*/*") && !check("application/json") && !check("text/plain"));
        assert!(!takes_pages(&HeaderMap::new()));
    }
}
