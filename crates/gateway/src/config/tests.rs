//! Files that are good, and what is wrong with those that are not.

mod certificates;
mod documentation;

use std::path::Path;
use std::time::Duration;

use plimsoll_runtime::config::{Diagnostics, Severity};
use plimsoll_traffic::balance::Policy;
use plimsoll_traffic::{Criticality, hedge, limit};

use super::{Loaded, parse};
use crate::model::{Action, Affinity, CheckKind, HostPattern, ListenerKind, PathMatch, Protocol};

/// Reads a file with the sections that a text does not have itself.
fn read(text: &str) -> Result<Loaded, Diagnostics> {
    let mut whole = "version: plimsoll/v1\ngateway:\n".to_owned();
    if !text.contains("listeners:") {
        whole.push_str("  listeners: [{name: web, address: '127.0.0.1:0'}]\n");
    }
    if !text.contains("backends:") {
        whole.push_str("  backends: [{name: a, endpoints: ['http://h:1']}]\n");
    }
    if !text.contains("routes:") {
        whole.push_str("  routes: [{name: all, to: a}]\n");
    }
    for line in text.lines() {
        whole.push_str(&format!("  {line}\n"));
    }
    parse("gateway.yml".as_ref(), &whole)
}

fn good(text: &str) -> Loaded {
    let loaded = read(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    assert_eq!(loaded.warnings, [], "{text}");
    loaded
}

/// Checks that a file is refused for one reason only, at a place that reads `at`.
fn refused(text: &str, at: &str, why: &str) {
    let errors = match read(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(errors) => errors,
    };
    let shown = errors.to_string();
    assert_eq!(errors.0.len(), 1, "{text}\n{shown}");
    let error = &errors.0[0];
    assert!(
        error.line > 0 && error.severity == Severity::Error,
        "{shown}"
    );
    let hint = error.hint.clone().unwrap_or_default();
    let told = format!("{} | {hint}", error.message);
    assert!(told.contains(why), "wanted {why:?}: {shown}");
    let line = error.excerpt.clone().unwrap_or_default();
    let found: String = line
        .chars()
        .skip(error.column - 1)
        .take(error.length)
        .collect();
    // Excerpts hide what may be a secret, places stay.
    let is_hidden = found.chars().any(|one| one == '*');
    assert!(
        found == at || is_hidden,
        "wanted {at:?}, found {found:?}: {shown}"
    );
}

fn warned(text: &str, why: &str) {
    let loaded = read(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    let told: Vec<_> = loaded.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(why), "{told:?}");
}

/// Checks what is wrong with one route.
fn route(fields: &str, at: &str, why: &str) {
    refused(&format!("routes: [{{name: r, to: a, {fields}}}]"), at, why);
}

/// Checks what is wrong with one backend.
fn backend(fields: &str, at: &str, why: &str) {
    refused(
        &format!("backends: [{{name: a, endpoints: ['http://h:1'], {fields}}}]"),
        at,
        why,
    );
}

/// Checks what is wrong with one listener.
fn listener(fields: &str, at: &str, why: &str) {
    refused(&format!("listeners: [{{name: l, {fields}}}]"), at, why);
}

#[test]
fn what_is_not_said_has_its_default() {
    let config = good("").config;
    assert_eq!(config.drain_timeout, Duration::from_secs(30));
    assert_eq!(config.access_log, None);
    let backend = &config.backends[0];
    assert!(matches!(backend.judgement.policy, Policy::PeakEwma(_)));
    assert_eq!(backend.judgement.breaker, Some(Default::default()));
    assert_eq!(backend.endpoints[0].spec.name, "h:1");
    assert_eq!(config.routes[0].retry, Default::default());
    assert_eq!(config.routes[0].criticality, Criticality::P1);
}

#[test]
fn the_whole_vocabulary_is_read() {
    let config = good(include_str!("tests/whole.yml")).config;
    let web = &config.listeners[0];
    assert_eq!(web.trusted[0].bits, 8);
    assert_eq!(web.headers_max, 32 * 1024);
    assert_eq!(
        config.listeners[1].kind,
        ListenerKind::Tcp {
            backend: "db".to_owned(),
            idle: Duration::from_secs(600),
        }
    );
    let checkout = &config.backends[0];
    assert_eq!(checkout.protocol, Protocol::Http2);
    assert_eq!(checkout.endpoints[1].spec.name, "b");
    let check = checkout.check.as_ref().unwrap();
    assert!(matches!(&check.kind, CheckKind::Http { path, .. } if path == "/healthz?deep=1"));
    assert_eq!(check.port, Some(81));
    let schedule = checkout.judgement.checks.as_ref().unwrap();
    assert_eq!(schedule.down_interval, Duration::from_secs(5));
    assert_eq!(schedule.fast_interval, Duration::from_secs(1));
    assert_eq!(
        checkout.concurrency.unwrap().limit,
        limit::concurrency::Options::Fixed(100)
    );
    let route = &config.routes[0];
    assert_eq!(
        route.hosts[1],
        HostPattern::Suffix(".shop.example".to_owned())
    );
    assert_eq!(
        route.matches[0].path,
        Some(PathMatch::Prefix("/checkout".to_owned()))
    );
    assert_eq!(route.criticality, Criticality::P0);
    assert_eq!(
        route.hedge,
        Some(hedge::Options::Percentile {
            share: 0.95,
            answers_min: 100,
        })
    );
    assert!(matches!(route.affinity, Some(Affinity::Cookie(_))));
    assert_eq!(route.faults.len(), 3);
    assert!(matches!(&config.routes[1].action, Action::Forward(shares) if shares.len() == 2));
    assert!(matches!(config.routes[2].action, Action::Redirect { .. }));
    assert!(matches!(config.routes[3].action, Action::Answer { .. }));
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_the_file() {
    let text = "\
backends:
- {name: a, endpoints: ['http://h:1'], panic_below: 200%}
- {name: a, endpoints: []}
routes:
- {name: r, to: b, timeout: 0}
- {to: a, criticality: P9}
";
    let errors = read(text).unwrap_err();
    let lines: Vec<_> = errors.iter().map(|one| (one.line, &*one.message)).collect();
    assert_eq!(
        lines,
        [
            (
                5,
                "`panic_below` is a share from 0% to 100%, such as 5%, found \"200%\""
            ),
            (6, "a backend needs at least one of `endpoints`"),
            (6, "a backend is called \"a\" already"),
            (8, "there is no backend \"b\""),
            (8, "`timeout` must be above 0"),
            (9, "a route needs a `name`"),
            (9, "wanted P0, P1, P2 or P3, found \"P9\""),
        ],
        "{errors}"
    );
}

#[test]
fn shows_the_line_and_a_caret() {
    let errors =
        read("routes: [{name: r, to: a, timeout: 1s, retry: {try_timeout: 5s}}]").unwrap_err();
    let expected = "gateway.yml:5:63: error: `try_timeout` is 5s, longer than the route's `timeout`, 1s, which waits for it";
    assert!(errors.to_string().starts_with(expected), "{errors}");
    assert!(errors.to_string().ends_with("^^"), "{errors}");
}

#[test]
fn the_file_as_a_whole() {
    let refused = |text: &str, why: &str| {
        let errors = parse("g.yml".as_ref(), text).unwrap_err().to_string();
        assert!(errors.contains(why), "{errors}");
    };
    refused("", "the file needs `version: plimsoll/v1`");
    refused("version: plimsoll/v2\ngateway: {}", "unknown version");
    refused("version: plimsoll/v1", "the file needs a section `gateway`");
    refused(
        "version: plimsoll/v1\ngateway: {}",
        "at least one of `listeners`",
    );
    refused("version: plimsoll/v1\ngatway: {}", "unknown field `gatway`");
    refused(
        "version: plimsoll/v1\ngateway: {rutes: []}",
        "did you mean `routes`?",
    );
    refused("a: [", "error");
}

#[test]
fn settings() {
    refused("threads: 0", "0", "from 1 to 1024");
    refused("access_log: syslog", "syslog", "expected stdout, none");
    refused("access_log: {file: ''}", "''", "is empty");
    refused("access_log: {sample: 0}", "0", "from 1 to");
    refused("retry_budget: {ratio: 20}", "20", "a share from 0%");
    refused("retry_budget: {ttl: 0}", "0", "above 0");
    refused("retry_budget: {ttl: 2m}", "2m", "at most 1m");
    refused("drain_timeout: 2y", "2y", "at most 366d");
    warned("drain_timeout: 1s", "cuts off requests of the route `all`");
    let log = good("access_log: {file: log/a.log, sample: 10}")
        .config
        .access_log
        .unwrap();
    assert_eq!(
        (log.file.as_deref(), log.sample),
        (Some(Path::new("log/a.log")), 10)
    );
    assert_eq!(good("access_log: none").config.access_log, None);
}

#[test]
fn listeners() {
    let address = "address: '127.0.0.1:1'";
    let with = |fields: &str| format!("{address}, {fields}");
    listener("address: 8080", "8080", "an address and a port");
    refused("listeners: [{name: l}]", "l", "needs an `address`");
    refused(
        "listeners: [{address: '127.0.0.1:1'}]",
        "address",
        "needs a `name`",
    );
    listener(
        &with("trusted: [10.0.0.1/8]"),
        "10.0.0.1/8",
        "the first address of it is 10.0.0.0",
    );
    listener(
        &with("proxy_protocol: {}"),
        "proxy_protocol",
        "needs `from`",
    );
    listener(&with("backend: a"), "backend", "needs `protocol: tcp`");
    listener(&with("protocol: udp"), "udp", "expected one of http, tcp");
    listener(&with("headers_max: 1B"), "1B", "from 1 KiB to 1 MiB");
    listener(&with("connections_max: 0"), "0", "from 1 to");
    listener(&with("timeouts: {head: 0}"), "0", "`head` must be above 0");
    listener(&with("tls: {}"), "tls", "at least one of `certificates`");
    let twice = "listeners: [{name: a, address: '127.0.0.1:1'}, {name: b, address: '127.0.0.1:1'}]";
    refused(twice, "'127.0.0.1:1'", "the listener `a` has the address");
    let within = "listeners: [{name: a, address: '0.0.0.0:1'}, {name: b, address: '127.0.0.1:1'}]";
    refused(within, "'127.0.0.1:1'", "the listener `a` has the address");
    good("listeners: [{name: a, address: '127.0.0.1:0'}, {name: b, address: '127.0.0.1:0'}]");
    good("listeners: [{name: a, address: '127.0.0.1:1'}, {name: b, address: '[::]:1'}]");
}

#[test]
fn everybody_is_seldom_meant() {
    warned(
        "listeners: [{name: web, address: '127.0.0.1:1', trusted: [0.0.0.0/0]}]",
        "every address there is",
    );
}

#[test]
fn raw_tcp() {
    let tcp = |fields: &str| {
        format!(
            "listeners: [{{name: web, address: '127.0.0.1:1'}}, {{name: t, address: '127.0.0.1:2', protocol: tcp, {fields}}}]\n\
             backends: [{{name: a, endpoints: ['http://h:1']}}, {{name: db, endpoints: ['tcp://h:1']}}, \
             {{name: h2, protocol: http2, endpoints: ['http://h:1']}}]\n"
        )
    };
    let check = |fields: &str, routes: &str, at: &str, why: &str| {
        let errors = read(&format!("{}routes: [{routes}]", tcp(fields))).unwrap_err();
        let wrong: Vec<_> = errors
            .iter()
            .filter(|one| one.severity == Severity::Error)
            .collect();
        assert_eq!(wrong.len(), 1, "{errors}");
        assert!(errors.to_string().contains(why), "{errors}");
        assert!(wrong[0].to_string().contains(at), "{errors}");
    };
    let route = "{name: r, to: a}";
    check("idle: 1s", route, "t", "needs a `backend`");
    check("backend: x", route, "x", "there is a, db, h2");
    check("backend: h2", route, "h2", "passes on bytes");
    check(
        "backend: db, headers_max: 8KiB",
        route,
        "headers_max",
        "no effect on raw TCP",
    );
    check("backend: db", "{name: r, to: db}", "db", "is no HTTP");
    check(
        "backend: db",
        "{name: r, to: a, listeners: [t]}",
        "t",
        "it has no routes",
    );
    check(
        "backend: db",
        "{name: r, to: a, listeners: [x]}",
        "x",
        "there is no listener",
    );
}

#[test]
fn endpoints() {
    let check = |endpoints: &str, at: &str, why: &str| {
        refused(
            &format!("backends: [{{name: a, endpoints: [{endpoints}]}}]"),
            at,
            why,
        );
    };
    check("'h:1'", "'h:1'", "it has no scheme");
    check("'http://h/x'", "'http://h/x'", "a route's `rewrite`");
    check("{weight: 1}", "weight", "needs a `url`");
    check("{url: 'http://h', weight: -1}", "-1", "whole number");
    check("{url: 'http://h', priority: 256}", "256", "from 0 to 255");
    check("{url: 'http://h', name: 'a b'}", "'a b'", "is no name");
    check(
        "'http://h', 'http://h:80'",
        "'http://h:80'",
        "called \"h:80\" already",
    );
    check(
        "'http://h', 'https://h'",
        "'https://h'",
        "the first is http, this one is https",
    );
    warned(
        "backends: [{name: a, endpoints: [{url: 'http://h', weight: 0}]}]",
        "none takes a request",
    );
    warned(
        "backends: [{name: a, endpoints: ['http://h']}, {name: b, endpoints: ['http://h']}]",
        "`b` is used by no route",
    );
}

#[test]
fn backends() {
    backend("tls: {server_name: x}", "tls", "https or tcp");
    backend(
        "protocol: http3",
        "http3",
        "expected one of auto, http1, http2",
    );
    backend("balance: random", "random", "expected one of round_robin");
    backend(
        "balance: {maglev: {}, peak_ewma: {}}",
        "maglev",
        "has no place",
    );
    backend("balance: {peak_ewma: {decay: 0}}", "0", "above 0");
    backend("panic_below: 0.5", "0.5", "a share");
    backend("connections_max: 0", "0", "from 1 to");
    backend("check: ping", "ping", "expected one of http");
    backend(
        "check: {interval: 1s}",
        "check",
        "one of `http`, `grpc`, `tcp`",
    );
    backend(
        "check: {tcp: {}, interval: 1s, timeout: 2s}",
        "2s",
        "would overlap",
    );
    backend("check: {http: {path: x}}", "x", "is no path");
    backend("check: {http: {statuses: [2xx]}}", "2xx", "200-299");
    backend(
        "check: {http: {method: POST}}",
        "POST",
        "GET, HEAD, OPTIONS",
    );
    backend(
        "check: {http: {method: HEAD, body: ok}}",
        "body",
        "have no `body`",
    );
    backend("check: {http: {body: '('}}", "'('", "no regular expression");
    backend("check: {tcp: {}, jitter: 60%}", "60%", "from 0% to 50%");
    backend("ejection: off", "off", "a section or none");
    backend(
        "ejection: {base: 10s, max: 5s}",
        "5s",
        "shorter than `base`",
    );
    backend("ejection: {max_ejected: 0%}", "0%", "from 1% to 100%");
    backend(
        "ejection: {consecutive: none, success_rate: none, latency: none}",
        "ejection",
        "write `ejection: none`",
    );
    backend("breaker: {consecutive: 0}", "0", "above 0, or none");
    backend(
        "breaker: {ratio: none, consecutive: none}",
        "breaker",
        "write `breaker: none`",
    );
    backend(
        "breaker: {open: 10s, open_max: 1s}",
        "1s",
        "shorter than `open`",
    );
    backend("concurrency: 100", "100", "{limit: 100}");
    backend("concurrency: {}", "concurrency", "one of `limit`");
    backend(
        "concurrency: {vegas: {min: 10, max: 5}}",
        "vegas",
        "wanted `min`",
    );
    backend(
        "concurrency: {limit: 1, queue: {wait_target: 2s}}",
        "2s",
        "longer than `wait_max`",
    );
    backend(
        "concurrency: {limit: 1, queue: {weights: {P0: 1}}}",
        "weights",
        "all of P0",
    );
}

#[test]
fn what_is_not_written_follows_what_is() {
    let text = "backends: [{name: a, endpoints: ['http://h'], ejection: {base: 10m}, breaker: {open: 10m}}]";
    let judgement = good(text).config.backends[0].judgement.clone();
    assert_eq!(judgement.passive.unwrap().max, Duration::from_secs(600));
    assert_eq!(
        judgement.breaker.unwrap().open_max,
        Duration::from_secs(600)
    );
    let limit = |text: &str| {
        let text = format!("backends: [{{name: a, endpoints: ['http://h'], concurrency: {text}}}]");
        good(&text).config.backends[0].concurrency.unwrap().limit
    };
    let bounds = |initial, min, max| limit::concurrency::Bounds { initial, min, max };
    let vegas = limit::concurrency::Options::Vegas;
    assert_eq!(limit("{vegas: {}}"), vegas(bounds(20, 4, 1000)));
    assert_eq!(limit("{vegas: {max: 2}}"), vegas(bounds(2, 2, 2)));
    assert_eq!(limit("{vegas: {min: 50}}"), vegas(bounds(50, 50, 1000)));
    assert_eq!(
        limit("{vegas: {initial: 5000}}"),
        vegas(bounds(5000, 4, 5000))
    );
}

#[test]
fn routes() {
    refused(
        "routes: [{name: r}]\nbackends: []",
        "r",
        "a route needs `to`",
    );
    route("hosts: ['*']", "'*'", "leave `hosts` out");
    route("hosts: ['a:80']", "'a:80'", "ports do not count");
    route("hosts: [a, A]", "A", "here twice");
    route(
        "match: [{path: {prefix: /a, exact: /b}}]",
        "prefix",
        "has no place",
    );
    route("match: [{path: {prefix: a}}]", "a", "is no path");
    route(
        "match: [{path: {prefix: '/a/..%2fb'}}]",
        "'/a/..%2fb'",
        "are refused",
    );
    route("match: [{path: {regex: 'a)|(b'}}]", "'a)|(b'", "");
    route(
        "match: [{path: {regex: '/[a'}}]",
        "'/[a'",
        "unclosed character class",
    );
    route(
        "match: [{path: {regex: 'shop/.*'}}]",
        "'shop/.*'",
        "paths begin with a slash",
    );
    route("match: [{methods: [get]}]", "get", "upper case");
    route(
        "match: [{headers: [{exact: x}]}]",
        "exact",
        "needs its `name`",
    );
    route(
        "match: [{headers: [{name: 'a b'}]}]",
        "'a b'",
        "no name of a header",
    );
    route(
        "match: [{headers: [{name: host}]}]",
        "host",
        "is for `hosts`",
    );
    route(
        "match: [{headers: [{name: x, exact: a, regex: b}]}]",
        "regex",
        "has no place",
    );
    route("criticality: high", "high", "P0, P1, P2 or P3");
    route("in_flight_max: 0", "0", "from 1 to");
    warned(
        "routes: [{name: r, to: a}, {name: s, to: a}]",
        "no request takes the route `s`: `r`, before it",
    );
    warned(
        "routes: []\nbackends: []",
        "every request is answered with 404",
    );
}

#[test]
fn actions() {
    let to = |action: &str, at: &str, why: &str| {
        let text = format!(
            "backends: [{{name: a, endpoints: ['http://h']}}]\n\
             routes: [{{name: r, to: {action}}}, {{name: s, to: a, hosts: [s]}}]"
        );
        refused(&text, at, why);
    };
    to("b", "b", "there is a");
    to("{}", "to", "one of `split`, `redirect`, `answer`");
    to(
        "{split: [{backend: a, weight: 0}]}",
        "split",
        "a weight above 0",
    );
    to("{split: [{backend: a}]}", "backend", "needs a `weight`");
    to(
        "{split: [{backend: a, weight: 1}, {backend: a, weight: 1}]}",
        "a",
        "already",
    );
    to("{redirect: {status: 302}}", "redirect", "goes round");
    to("{redirect: {status: 304, path: /a}}", "304", "one of 301");
    to("{redirect: {scheme: ftp}}", "ftp", "expected one of http");
    to("{redirect: {host: 'a b'}}", "'a b'", "is no host");
    to(
        "{redirect: {path: /a, prefix: /b}}",
        "prefix",
        "has no place",
    );
    to("{answer: {body: x}}", "answer", "needs a `status`");
    to("{answer: {status: 100}}", "100", "from 200 to 599");
    to("{answer: {status: 204, body: x}}", "x", "has no body");
    to(
        "{answer: {status: 200, content_type: json}}",
        "json",
        "no media type",
    );
    to(
        "{answer: {status: 200}}, retry: none",
        "retry",
        "goes to no backend",
    );
    to(
        "{answer: {status: 200}}, rewrite: {host: b}",
        "host",
        "`rewrite.host` has no effect",
    );
    good(
        "routes: [{name: all, to: a, hosts: [a]}, {name: r, to: {answer: {status: 200}}, \
         rewrite: {response_headers: {set: {cache-control: no-store}}}}]",
    );
}

#[test]
fn rewrites() {
    route("rewrite: {prefix: /a, path: /b}", "prefix", "has no place");
    route("rewrite: {path: '/a?b'}", "'/a?b'", "is no path");
    route(
        "match: [{path: {exact: /a}}], rewrite: {prefix: /b}",
        "prefix",
        "matches by prefix",
    );
    route("rewrite: {regex: {to: /b}}", "regex", "needs `match`");
    route(
        "rewrite: {regex: {match: a, to: $1}}",
        "$1",
        "the group \"1\"",
    );
    route(
        "rewrite: {regex: {match: a, to: 'b c'}}",
        "'b c'",
        "no part of a path",
    );
    route("rewrite: {host: 'a/b'}", "'a/b'", "is no host");
    route(
        "rewrite: {request_headers: {set: {host: x}}}",
        "host",
        "rewrite: {host",
    );
    route(
        "rewrite: {request_headers: {remove: [Connection]}}",
        "Connection",
        "itself",
    );
    route(
        "rewrite: {response_headers: {add: {x-a: \"a\\nb\"}}}",
        "\"a\\nb\"",
        "line breaks",
    );
}

#[test]
fn second_attempts() {
    route("retry: never", "never", "a section or none");
    route("retry: {retries: 100}", "100", "from 0 to 10");
    route("retry: {statuses: [200]}", "200", "from 400 to 599");
    route(
        "retry: {on: [refused]}",
        "refused",
        "expected one of timeout, broken",
    );
    route(
        "retry: {backoff: 1s, backoff_max: 1ms}",
        "1ms",
        "shorter than `backoff`",
    );
    route("retry: {body_max: 1GiB}", "1GiB", "from 0 B to 64 MiB");
    route(
        "hedge: {after: 1s, percentile: p95}",
        "percentile",
        "has no place",
    );
    route("hedge: {percentile: 95}", "95", "from p50 to p99.9");
    route(
        "hedge: {after: 1s, answers_min: 5}",
        "answers_min",
        "needs a `percentile`",
    );
}

#[test]
fn ladders_that_grow() {
    route(
        "timeout: 1s, retry: {try_timeout: 2s}",
        "2s",
        "longer than the route's `timeout`",
    );
    route(
        "timeout: 1s, hedge: {after: 2s}",
        "after",
        "`hedge.after` is 2s",
    );
    route(
        "timeout: 5s, retry: {try_timeout: 1s}, hedge: {after: 2s}",
        "after",
        "longer than `try_timeout`",
    );
    let slow = |fields: &str, at: &str, why: &str| {
        let text = format!(
            "backends: [{{name: a, endpoints: ['http://h'], {fields}}}]\n\
             routes: [{{name: r, to: a, timeout: 1s}}]"
        );
        refused(&text, at, why);
    };
    slow(
        "connect_timeout: 2s",
        "a",
        "`connect_timeout` of the backend `a`",
    );
    slow(
        "concurrency: {limit: 1, queue: {wait_max: 2s}}",
        "a",
        "`wait_max` of the backend `a`",
    );
    // What is not written holds nobody up.
    good("routes: [{name: r, to: a, timeout: 100ms}]");
}

#[test]
fn rate_limits() {
    route("limits: [{name: l, rate: 1/s}]", "name", "needs a `key`");
    route(
        "limits: [{name: l, key: ip, rate: 1/s}]",
        "ip",
        "unknown key",
    );
    route("limits: [{name: l, key: client}]", "name", "needs a `rate`");
    route(
        "limits: [{name: l, key: client, rate: 100}]",
        "100",
        "is no rate",
    );
    route(
        "limits: [{name: l, key: client, rate: 1/s, burst: 0}]",
        "0",
        "from 1 to",
    );
    route(
        "limits: [{name: l, key: {cookie: 'a;b'}, rate: 1/s}]",
        "'a;b'",
        "name of a cookie",
    );
    let twice = "limits: [{name: l, key: client, rate: 1/s}, {name: l, key: route, rate: 1/s}]";
    route(twice, "l", "called \"l\" already");
}

#[test]
fn affinities() {
    let hashed = |fields: &str| {
        format!(
            "backends: [{{name: a, endpoints: ['http://h'], balance: maglev}}]\n\
             routes: [{{name: r, to: a{fields}}}]"
        )
    };
    good(&hashed(", affinity: {hash: client}"));
    good(&hashed(", affinity: {hash: {header: x-user}}"));
    refused(&hashed(""), "a", "add `affinity: {hash: client}`");
    refused(
        &hashed(", affinity: {cookie: {}}"),
        "a",
        "does not say of what",
    );
    refused(
        &hashed(", affinity: {hash: route}"),
        "route",
        "to one endpoint",
    );
    route(
        "affinity: {hash: client}",
        "affinity",
        "write `balance: maglev`",
    );
    route("affinity: {}", "affinity", "one of `hash`, `cookie`");
    route(
        "affinity: {cookie: {secret: short}}",
        "short",
        "less than 16 bytes",
    );
    route(
        "affinity: {cookie: {max_age: 1500ms}}",
        "1500ms",
        "whole seconds",
    );
    let both = "affinity: {cookie: {secret: 0123456789abcdef, secret_file: x}}";
    route(both, "secret_file", "has no place");
    route(
        "affinity: {cookie: {secret_file: none.txt}}",
        "none.txt",
        "cannot use none.txt",
    );
}

#[test]
fn what_is_done_on_purpose() {
    route("mirror: {share: 1%}", "mirror", "needs a `backend`");
    route("mirror: {backend: b}", "b", "there is no backend");
    route(
        "mirror: {backend: a, share: 101%}",
        "101%",
        "from 0% to 100%",
    );
    route(
        "faults: [{share: 1%}]",
        "share",
        "one of `delay`, `abort`, `reset`",
    );
    route("faults: [{delay: 1s, abort: 500}]", "abort", "has no place");
    route("faults: [{abort: 200}]", "200", "from 400 to 599");
    route("faults: [{reset: false}]", "false", "leave the fault out");
    route(
        "faults: [{reset: true, until: tomorrow}]",
        "tomorrow",
        "is no time",
    );
    route("maintenance: {status: 99}", "99", "from 200 to 599");
    let config = good("routes: [{name: r, to: a, maintenance: {body: soon}}]").config;
    let (status, body) = config.routes[0].maintenance.clone().unwrap();
    assert_eq!((status.as_u16(), &*body), (503, "soon"));
}

#[test]
fn secrets_stay_out_of_what_is_shown() {
    let secret = "hunter2hunter2hunter2";
    let text = format!("routes: [{{name: r, to: a, affinity: {{cookie: {{secret: {secret}}}}}}}]");
    let loaded = good(&text);
    assert!(!format!("{loaded:?}").contains(secret));
    let wrong = text.replace("to: a", "to: b");
    assert!(!read(&wrong).unwrap_err().to_string().contains(secret));
}
