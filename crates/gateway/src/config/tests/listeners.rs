//! Listeners that are refused or warned of.

use plimsoll_runtime::config::Severity;

use super::{good, listener, read, refused, warned};

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
