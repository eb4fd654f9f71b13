//! Hostile files and requests: refused with a place or read, never a panic.

use http::Request;
use plimsoll_gateway::config::{diff, from_flags, parse};
use plimsoll_gateway::model::Config;
use plimsoll_gateway::names::Names;
use plimsoll_gateway::router::{Miss, Path, Router};
use plimsoll_runtime::config::Severity;

const GOOD: &str = "\
version: plimsoll/v1
gateway:
  access_log: stdout
  retry_budget: {ratio: 20%}
  listeners: [{name: web, address: '127.0.0.1:80', trusted: [10.0.0.0/8], headers_max: 8KiB}]
  backends:
  - name: a
    endpoints: [http://h:1, {url: 'http://[::1]:2', weight: 2}]
    balance: {maglev: {bound: 125%}}
    check: {http: {path: /x, statuses: [200-299], body: o+k}, jitter: 10%}
    ejection: {latency: {factor: 3.5}, max_ejected: 20%}
    concurrency: {limit: 9, queue: {weights: {P0: 4, P1: 3, P2: 2, P3: 1}}}
  routes:
  - name: r
    hosts: ['*.a.b', c]
    match: [{path: {regex: '/[a-z]+'}, methods: [GET], headers: [{name: accept, regex: 'a|b'}]}]
    to: {split: [{backend: a, weight: 3}]}
    rewrite: {regex: {match: '(a)', to: '$1'}, request_headers: {set: {x-a: b}}}
    retry: {try_timeout: 1s, statuses: [503]}
    hedge: {percentile: p95}
    affinity: {hash: {header: x-user}}
    limits: [{name: l, key: client, rate: 5/30s}]
    faults: [{share: 1%, delay: 1s, until: '2026-01-01T00:00:00Z'}]
";

fn read(text: &str) -> Option<Config> {
    match parse("fuzz.yml".as_ref(), text) {
        Ok(loaded) => {
            let warnings = loaded.warnings.iter();
            assert!(
                warnings
                    .clone()
                    .all(|one| one.severity == Severity::Warning)
            );
            assert_eq!(diff(&loaded.config, &loaded.config), []);
            Some(loaded.config)
        }
        Err(errors) => {
            assert!(errors.has_errors());
            // The place of each must be one that can be shown.
            assert!(!errors.to_string().is_empty());
            None
        }
    }
}

#[test]
fn any_text_is_read_or_refused() {
    bolero::check!().for_each(|bytes: &[u8]| {
        read(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn a_file_with_something_else_in_it_is_read_or_refused() {
    let changes = bolero::check!().with_type::<(u16, u8, Vec<char>)>();
    changes.for_each(|(at, removed, inserted)| {
        let characters: Vec<char> = GOOD.chars().collect();
        let at = usize::from(*at) % characters.len();
        let end = (at + usize::from(*removed % 16)).min(characters.len());
        let inserted = inserted.iter().take(8);
        let text = characters[..at]
            .iter()
            .chain(inserted)
            .chain(&characters[end..]);
        if let Some(config) = read(&text.collect::<String>()) {
            find(&config, "/abc?d", "x.a.b");
        }
    });
}

#[test]
fn the_file_that_is_changed_is_good() {
    let config = read(GOOD).expect("good");
    assert!(find(&config, "/abc", "x.a.b"));
    assert!(!find(&config, "/9", "x.a.b"));
}

#[test]
fn any_request_has_a_route_or_none() {
    let config = read(GOOD).expect("good");
    let requests = bolero::check!().with_type::<(String, String)>();
    requests.for_each(|(target, host)| {
        find(&config, target, host);
        if let Ok(path) = Path::new(target) {
            assert!(path.matched().len() <= path.forwarded().len());
        }
    });
}

#[test]
fn any_flags_make_a_gateway_or_an_error() {
    let flags = bolero::check!().with_type::<(String, Vec<String>)>();
    flags.for_each(|(listen, to)| {
        if let Err(error) = from_flags(listen, to) {
            assert!(error.to_string().starts_with("--"));
        }
        if let Err(error) = from_flags("127.0.0.1:80", to) {
            assert!(error.to_string().starts_with("--to: "));
        }
    });
}

/// Says whether a request has a route; the tables and the walk over all routes must agree.
fn find(config: &Config, target: &str, host: &str) -> bool {
    let request = Request::builder()
        .uri(target)
        .header("host", host)
        .header("accept", "a");
    let Ok(request) = request.body(()) else {
        return false;
    };
    let (parts, ()) = request.into_parts();
    let router = Router::new(config, &Names::default());
    let explained = router.explain(0, &parts);
    match router.find(0, &parts) {
        Ok(found) => {
            let taken = explained.expect("it has a route").route;
            assert_eq!(taken.as_ref(), Some(&found.entry.route.name));
            true
        }
        Err(Miss::NoRoute) => {
            assert_eq!(explained.expect("it may have one").route, None);
            false
        }
        Err(miss) => {
            assert_eq!(explained.expect_err("it cannot have one"), miss);
            false
        }
    }
}
