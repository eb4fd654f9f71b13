//! The tables against the walk over all routes, and the order that is promised.

use http::request::Parts;
use http::{HeaderName, Method};
use proptest::prelude::*;

use super::{Candidate, Miss, PathError, Router, Verdict};
use crate::model::{
    Action, Config, HeaderMatch, HostPattern, Listener, Match, PathMatch, PathRewrite, Pattern,
    Route, TextMatch,
};
use crate::names::Names;

fn route(name: &str, hosts: &[&str], matches: Vec<Match>) -> Route {
    let mut route = Route::new(name, Action::Forward(Vec::new()));
    let host = |text: &&str| match text.strip_prefix('*') {
        Some(suffix) => HostPattern::Suffix(suffix.to_owned()),
        None => HostPattern::Exact((*text).to_owned()),
    };
    route.hosts = hosts.iter().map(host).collect();
    route.matches = matches;
    route
}

fn on(path: PathMatch) -> Match {
    Match {
        path: Some(path),
        ..Match::default()
    }
}

fn exact(path: &str) -> Match {
    on(PathMatch::Exact(path.to_owned()))
}

fn prefix(path: &str) -> Match {
    on(PathMatch::Prefix(path.to_owned()))
}

fn regex(text: &str) -> Match {
    on(PathMatch::Regex(Pattern::whole(text).unwrap()))
}

fn with_header(mut one: Match, name: &'static str) -> Match {
    one.headers.push(HeaderMatch {
        name: HeaderName::from_static(name),
        value: TextMatch::Present,
    });
    one
}

fn router(routes: Vec<Route>) -> Router {
    let address = "127.0.0.1:0".parse().unwrap();
    let listeners = ["web", "admin"].map(|name| Listener::new(name, address));
    let config = Config {
        listeners: listeners.into(),
        routes,
        ..Config::default()
    };
    Router::new(&config, &Names::default())
}

fn request(method: Method, host: &str, path: &str, headers: &[&'static str]) -> Parts {
    let mut request = http::Request::builder().method(method).uri(path);
    request = request.header("host", host);
    for name in headers {
        request = request.header(*name, "1");
    }
    request.body(()).unwrap().into_parts().0
}

fn get(host: &str, path: &str) -> Parts {
    request(Method::GET, host, path, &[])
}

/// Returns the route of a request, which both ways must agree on.
fn found(router: &Router, listener: usize, parts: &Parts) -> Option<String> {
    let found = router.find(listener, parts);
    let explained = router.explain(listener, parts);
    match (found, explained) {
        (Ok(found), Ok(explained)) => {
            assert_eq!(Some(&found.entry.route.name), explained.route.as_ref());
            explained.route
        }
        (Err(Miss::NoRoute), Ok(explained)) => {
            assert_eq!(explained.route, None);
            None
        }
        (Err(one), Err(other)) => {
            assert_eq!(one, other);
            None
        }
        (found, explained) => panic!("{found:?} {explained:?}"),
    }
}

#[test]
fn the_most_exact_host_then_path_then_conditions_then_place() {
    let router = router(vec![
        route("any", &[], vec![]),
        route("suffix", &["*.shop.example"], vec![prefix("/")]),
        route("longer-suffix", &["*.eu.shop.example"], vec![prefix("/")]),
        route("host", &["eu.shop.example"], vec![prefix("/a")]),
        route("exact", &["shop.example"], vec![exact("/a/b")]),
        route("prefix", &["shop.example"], vec![prefix("/a")]),
        route("longer-prefix", &["shop.example"], vec![prefix("/a/b/")]),
        route("regex", &["shop.example"], vec![regex("/[a-z]/.*")]),
        route("everything", &["shop.example"], vec![prefix("/")]),
        route(
            "beta",
            &["shop.example"],
            vec![with_header(prefix("/a"), "x-beta")],
        ),
        route("twin", &["shop.example"], vec![prefix("/a")]),
    ]);
    let check = |host, path, expected: &str| {
        let found = found(&router, 0, &get(host, path));
        assert_eq!(found.as_deref(), Some(expected), "{host}{path}");
    };
    check("shop.example", "/a/b", "exact");
    check("shop.example", "/a/b/c", "longer-prefix");
    check("shop.example:8080", "/a/bc", "prefix");
    check("SHOP.example.", "/z/y", "regex");
    check("shop.example", "/zz", "everything");
    check("eu.shop.example", "/a", "host");
    // A more exact host whose paths do not match stands in nobody's way.
    check("eu.shop.example", "/b", "suffix");
    check("x.eu.shop.example", "/b", "longer-suffix");
    check("other.example", "/a/b", "any");
    check(".shop.example", "/a/b", "any");
    let beta = request(Method::GET, "shop.example", "/a", &["x-beta"]);
    assert_eq!(found(&router, 0, &beta).as_deref(), Some("beta"));
}

#[test]
fn a_route_for_one_listener_is_for_no_other() {
    let mut admin = route("admin", &[], vec![prefix("/a")]);
    admin.listeners = vec!["admin".to_owned()];
    let router = router(vec![admin, route("all", &[], vec![])]);
    let parts = get("h", "/a");
    assert_eq!(found(&router, 0, &parts).as_deref(), Some("all"));
    assert_eq!(found(&router, 1, &parts).as_deref(), Some("admin"));
    assert_eq!(router.find(2, &parts).unwrap_err(), Miss::NoRoute);
}

#[test]
fn nobody_gets_round_a_route_by_writing_its_path_in_another_way() {
    let router = router(vec![
        route("admin", &[], vec![prefix("/admin")]),
        route("public", &[], vec![prefix("/public")]),
        route("rest", &[], vec![]),
    ]);
    for path in [
        "/admin",
        "//admin",
        "/%61dmin/x",
        "/public/%2e%2e/admin",
        "/public/.%2E//admin",
        "/./admin/",
        "/x/..//admin",
    ] {
        let found = found(&router, 0, &get("h", path));
        assert_eq!(found.as_deref(), Some("admin"), "{path}");
    }
    let hidden = router.find(0, &get("h", "/public/..%2fadmin"));
    assert_eq!(hidden.unwrap_err(), Miss::BadPath(PathError::HiddenDots));
}

#[test]
fn a_prefix_is_replaced_in_what_is_sent_on() {
    let router = router(vec![
        route("api", &[], vec![prefix("/api/")]),
        route("rest", &[], vec![prefix("/")]),
    ]);
    let check = |path: &str, to: &str, expected: &str| {
        let parts = get("h", path);
        let found = router.find(0, &parts).unwrap();
        let rewrite = PathRewrite::Prefix(to.to_owned());
        assert_eq!(
            found.path(parts.uri.path(), Some(&rewrite)),
            expected,
            "{path} {to}"
        );
    };
    check("/api/x", "/v1", "/v1/x");
    check("/api", "/v1", "/v1");
    check("/api/", "/v1/", "/v1/");
    check("/api/x", "/", "/x");
    check("/api", "/", "/");
    check("//api//x", "/v1", "/v1//x");
    check("/%61pi/x/../y", "/", "/y");
    check("/x", "/v1", "/v1/x");
    check("/", "/v1", "/v1/");
}

#[test]
fn other_rewrites_stay_paths() {
    let router = router(vec![route("all", &[], vec![])]);
    let parts = get("h", "/a/1?q");
    let found = router.find(0, &parts).unwrap();
    let path = |rewrite| found.path(parts.uri.path(), rewrite).into_owned();
    assert_eq!(path(None), "/a/1");
    let full = PathRewrite::Full("/b".to_owned());
    assert_eq!(path(Some(&full)), "/b");
    let pattern = Pattern::anywhere("^/a/([0-9]+)").unwrap();
    let swapped = PathRewrite::Regex(pattern, "$1/b".to_owned());
    assert_eq!(path(Some(&swapped)), "/1/b");
}

#[test]
fn says_why_a_route_is_not_taken() {
    let mut posts = prefix("/a");
    posts.methods = vec![Method::POST];
    let router = router(vec![
        route("posts", &[], vec![posts]),
        route("other", &["x.example"], vec![]),
        route("all", &[], vec![]),
        route("deep", &[], vec![exact("/a"), prefix("/b")]),
        route("beta", &[], vec![with_header(exact("/a"), "x-beta")]),
    ]);
    let explained = router.explain(0, &get("H:1", "/./a")).unwrap();
    assert_eq!(explained.route.as_deref(), Some("deep"));
    let seen = (&*explained.host, &*explained.path, &*explained.forwarded);
    assert_eq!(seen, ("h", "/a", "/a"));
    let no = |text: &str| Verdict::No(text.to_owned());
    let expected = [
        ("posts", no("the method GET is none of its methods")),
        ("other", no("`h` is none of its hosts")),
        (
            "all",
            Verdict::Outranked("`deep`: its path is more exact".to_owned()),
        ),
        ("deep", Verdict::Taken),
        ("beta", no("the header `x-beta` is not as wanted")),
    ];
    let expected = expected.map(|(route, verdict)| Candidate {
        route: route.to_owned(),
        verdict,
    });
    assert_eq!(explained.candidates, expected);
}

fn any_path() -> impl Strategy<Value = Option<PathMatch>> {
    let plain = "(/[ab]){0,3}/?".prop_map(|path| {
        if path.is_empty() {
            "/".to_owned()
        } else {
            path
        }
    });
    let regex = prop::sample::select(vec!["/a/.*", "/[ab]", "(/b)+", "/.*"]);
    prop_oneof![
        Just(None),
        plain.clone().prop_map(|path| Some(PathMatch::Exact(path))),
        plain.prop_map(|path| Some(PathMatch::Prefix(path))),
        regex.prop_map(|text| Some(PathMatch::Regex(Pattern::whole(text).unwrap()))),
    ]
}

fn any_match() -> impl Strategy<Value = Match> {
    let methods = prop::sample::subsequence(vec![Method::GET, Method::POST], 0..=2);
    let headers = prop::sample::subsequence(vec!["x-a", "x-b"], 0..=2);
    (any_path(), methods, headers).prop_map(|(path, methods, headers)| {
        let mut one = Match {
            path,
            methods,
            ..Match::default()
        };
        for name in headers {
            one = with_header(one, name);
        }
        one
    })
}

fn any_route() -> impl Strategy<Value = Route> {
    let hosts = vec!["a", "b.a", "*.a", "*.b.a", "*.c"];
    let hosts = prop::sample::subsequence(hosts, 0..=3);
    let matches = prop::collection::vec(any_match(), 0..3);
    let listeners = prop::sample::subsequence(vec!["web", "admin"], 0..=2);
    (hosts, matches, listeners).prop_map(|(hosts, matches, listeners)| {
        let mut route = route("", &hosts, matches);
        route.listeners = listeners.into_iter().map(str::to_owned).collect();
        route
    })
}

fn any_request() -> impl Strategy<Value = Parts> {
    let method = prop::sample::select(vec![Method::GET, Method::POST, Method::PUT]);
    let host = prop::sample::select(vec!["a", "b.a", "c.a", "x.b.a", "y.x.b.a", "d", "A.:80"]);
    let headers = prop::sample::subsequence(vec!["x-a", "x-b"], 0..=2);
    let path = "(/[ab]|/|/\\.|/%61|/\\.\\.){1,4}/?";
    let request = |(method, host, path, headers): (_, _, String, Vec<_>)| {
        request(method, host, &path, &headers)
    };
    (method, host, path, headers).prop_map(request)
}

proptest! {
    #[test]
    fn the_tables_find_what_the_walk_finds(
        routes in prop::collection::vec(any_route(), 0..12),
        requests in prop::collection::vec(any_request(), 1..8),
    ) {
        let mut routes = routes;
        for (index, route) in routes.iter_mut().enumerate() {
            route.name = format!("r{index}");
        }
        let router = router(routes);
        for parts in &requests {
            for listener in [0, 1] {
                // The assertions are in there.
                found(&router, listener, parts);
                if let Ok(hit) = router.find(listener, parts) {
                    let sent = hit.path(parts.uri.path(), None).into_owned();
                    prop_assert!(hit.prefix <= sent.len());
                    prop_assert!(sent[hit.prefix..].is_empty() || sent[hit.prefix..].starts_with('/'));
                }
            }
        }
    }
}
