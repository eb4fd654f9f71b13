//! Retries, hedges and timeouts that are refused or warned of.

use super::{good, refused, route};

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
