//! Files that are good, and what is wrong with those that are not.

mod attempts;
mod backends;
mod certificates;
mod documentation;
mod listeners;
mod routes;

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
fn secrets_stay_out_of_what_is_shown() {
    let secret = "hunter2hunter2hunter2";
    let text = format!("routes: [{{name: r, to: a, affinity: {{cookie: {{secret: {secret}}}}}}}]");
    let loaded = good(&text);
    assert!(!format!("{loaded:?}").contains(secret));
    let wrong = text.replace("to: a", "to: b");
    assert!(!read(&wrong).unwrap_err().to_string().contains(secret));
}
