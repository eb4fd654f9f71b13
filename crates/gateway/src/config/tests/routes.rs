//! Routes that are refused or warned of.

use super::{good, refused, route, warned};

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
