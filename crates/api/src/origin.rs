//! Who may ask: a page in an operator's browser reaches loopback too, and must neither write nor read here.
//!
//! | what | how it is known | answer |
//! |---|---|---|
//! | a page of another site writes | `Sec-Fetch-Site`, or an `Origin` that is not our `Host` | 403 |
//! | a name of another site that was made to point at loopback (DNS rebinding) | `Host` is no loopback name | 403 |
//!
//! Programs send neither `Origin` nor `Sec-Fetch-Site`, and the address they connect to as `Host`.
//!
//! Sources: the Fetch standard and Fetch Metadata for the headers, RFC 6761 for `localhost`.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses requests that a page of another site makes; for everything that changes something.
pub(crate) async fn refuse_other_sites(request: Request, next: Next) -> Response {
    if is_of_other_site(request.headers()) {
        return refusal("a page of another site may not write here\n".into());
    }
    next.run(request).await
}

/// On a loopback listener refuses requests to names that are not loopback's.
pub(crate) async fn refuse_other_hosts(
    State(listen): State<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let Some(host) = request.headers().get(header::HOST) else {
        return next.run(request).await;
    };
    // A page cannot make a browser leave both headers out of a POST, so that is a program, whatever name it used:
    // a 403 would make Prometheus drop what it pushes.
    let headers = request.headers();
    let names_no_page =
        !headers.contains_key(header::ORIGIN) && !headers.contains_key(SEC_FETCH_SITE);
    let is_program = *request.method() == Method::POST && names_no_page;
    let is_own = is_program || host.is_empty() || host.to_str().is_ok_and(is_loopback);
    if listen.ip().to_canonical().is_loopback() && !is_own {
        return refusal(format!(
            "Plimsoll listens on loopback and answers to no other name than localhost and loopback addresses; \
             a proxy in front of it must send Host: {listen}\n"
        ));
    }
    next.run(request).await
}

fn refusal(text: String) -> Response {
    (StatusCode::FORBIDDEN, text).into_response()
}

fn is_of_other_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    if text(SEC_FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    // A page without an origin to name sends `null`, which is nobody's host.
    text(header::ORIGIN).is_some_and(|origin| {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        let host = text(header::HOST).unwrap_or("");
        authority.is_none_or(|authority| !authority.eq_ignore_ascii_case(host))
    })
}

fn is_loopback(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = address.parse::<IpAddr>() {
        return address.to_canonical().is_loopback();
    }
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // The last two are what /etc/hosts of common systems calls loopback.
    matches!(
        &*name,
        "localhost" | "ip6-localhost" | "localhost.localdomain"
    ) || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_loopback() {
        for (host, expected) in [
            ("localhost", true),
            ("LocalHost:9880", true),
            ("localhost.:9880", true),
            ("plimsoll.localhost:9880", true),
            ("ip6-localhost:9880", true),
            ("127.0.0.1:9880", true),
            ("127.9.9.9", true),
            ("[::1]:9880", true),
            ("[::ffff:127.0.0.1]:9880", true),
            ("evil.example:9880", false),
            ("localhost.evil.example", false),
            ("notlocalhost", false),
            ("192.0.2.1:9880", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_loopback(host), expected, "{host:?}");
        }
    }

    #[test]
    fn other_sites_are_known_by_what_browsers_send() {
        let check = |pairs: &[(HeaderName, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().unwrap()));
            is_of_other_site(&pairs.collect())
        };
        let host = (header::HOST, "localhost:9880");
        assert!(!check(std::slice::from_ref(&host)));
        for (site, expected) in [
            ("cross-site", true),
            ("same-site", true),
            ("same-origin", false),
            ("none", false),
            ("new-word", true),
        ] {
            assert_eq!(
                check(&[host.clone(), (SEC_FETCH_SITE, site)]),
                expected,
                "{site}"
            );
        }
        for (origin, expected) in [
            ("http://localhost:9880", false),
            ("http://LOCALHOST:9880", false),
            ("http://localhost:3000", true),
            ("https://evil.example", true),
            ("null", true),
        ] {
            assert_eq!(
                check(&[host.clone(), (header::ORIGIN, origin)]),
                expected,
                "{origin}"
            );
        }
        assert!(check(&[(header::ORIGIN, "http://localhost:9880")]));
    }
}
