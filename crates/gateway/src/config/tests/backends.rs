//! Backends and endpoints that are refused or warned of.

use std::time::Duration;

use plimsoll_traffic::limit;

use super::{backend, good, refused, warned};

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
