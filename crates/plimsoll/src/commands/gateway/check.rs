//! `plimsoll gateway check`: whether a gateway would take a file, and what would be in force.

use std::path::{Path, PathBuf};

use plimsoll_gateway::config::{self, Loaded};
use plimsoll_gateway::model::{Action, Backend, Config, Listener, ListenerKind, Route};
use plimsoll_gateway::surface::words;
use plimsoll_types::format_duration;

use crate::commands::shown::counted;
use crate::commands::{Failure, print};

/// Check files of a gateway; prints what would be in force, or findings with their place
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  plimsoll gateway check gateway.yml")]
pub(super) struct Arguments {
    /// Files of the version plimsoll/v1 with a section `gateway`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut errors = String::new();
    for path in &arguments.files {
        match read(path) {
            Ok(loaded) => {
                let (first, rest) = (summary(path, &loaded), effective(&loaded.config));
                print(&format!("{first}{rest}"))?;
            }
            Err(found) => errors.push_str(&found),
        }
    }
    match errors.is_empty() {
        true => Ok(()),
        false => Err(Failure::rendered(errors)),
    }
}

/// Checks a file: says on stdout that it is good, or returns what is wrong with it.
pub(in crate::commands) fn alone(path: &Path) -> Result<String, Failure> {
    match read(path) {
        Ok(loaded) => print(&summary(path, &loaded)).map(|()| String::new()),
        Err(found) => Ok(found),
    }
}

/// Says whether a text of our version is the gateway's file.
pub(in crate::commands) fn is_gateway(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("gateway:"))
}

/// Reads a file and tells its warnings.
fn read(path: &Path) -> Result<Loaded, String> {
    let loaded = config::load(path).map_err(|diagnostics| format!("{diagnostics}\n"))?;
    let warnings = loaded.warnings.iter();
    warnings.for_each(|warning| eprintln!("{warning}"));
    Ok(loaded)
}

fn summary(path: &Path, loaded: &Loaded) -> String {
    let config = &loaded.config;
    let endpoints = config
        .backends
        .iter()
        .map(|backend| backend.endpoints.len());
    format!(
        "{}: good: {}, {}, {}, {}, {}\n",
        path.display(),
        counted(config.listeners.len(), "listener"),
        counted(config.backends.len(), "backend"),
        counted(endpoints.sum(), "endpoint"),
        counted(config.routes.len(), "route"),
        counted(loaded.warnings.len(), "warning")
    )
}

/// Says in a line each what would be in force, defaults filled in.
fn effective(config: &Config) -> String {
    let lines = config.listeners.iter().map(listener);
    let lines = lines.chain(config.backends.iter().map(backend));
    let lines = lines.chain(config.routes.iter().map(route));
    lines.map(|line| format!("  {line}\n")).collect()
}

fn listener(listener: &Listener) -> String {
    let (name, address) = (&listener.name, listener.address.0);
    let tls = if listener.tls.is_some() {
        " with TLS"
    } else {
        ""
    };
    match &listener.kind {
        ListenerKind::Http => format!("listener {name}: HTTP{tls} on {address}"),
        ListenerKind::Tcp { backend, .. } => {
            format!("listener {name}: TCP{tls} on {address} to {backend}")
        }
    }
}

fn backend(backend: &Backend) -> String {
    let policy = backend.judgement.policy.kind().name();
    let interval = backend.schedule().copied().unwrap_or_default().interval;
    let check = backend.check.as_ref();
    let check = check.map_or("without checks".to_owned(), |check| {
        format!("checked: {}", words::check(check, interval))
    });
    let endpoints: Vec<&str> = backend
        .endpoints
        .iter()
        .map(|one| &*one.spec.name)
        .collect();
    format!(
        "backend {}: {policy} over {}, {check}",
        backend.name,
        endpoints.join(" ")
    )
}

fn route(route: &Route) -> String {
    let or = |all: Vec<String>, none: &str, with: &str| match all.is_empty() {
        true => none.to_owned(),
        false => all.join(with),
    };
    let hosts = or(
        route.hosts.iter().map(words::host).collect(),
        "any host",
        " or ",
    );
    let matches = route.matches.iter().map(words::condition).collect();
    let matches = or(matches, "everything", "; or ");
    let to = match &route.action {
        Action::Forward(shares) => {
            let shares = shares.iter().map(|share| match shares.len() {
                1 => share.backend.clone(),
                _ => format!("{} {}", share.backend, share.weight),
            });
            shares.collect::<Vec<_>>().join(", ")
        }
        Action::Redirect { status, .. } => format!("redirect {}", status.as_u16()),
        Action::Answer { status, .. } => format!("answer {}", status.as_u16()),
    };
    format!(
        "route {}: {hosts}, {matches} -> {to}, within {}, {}",
        route.name,
        format_duration(route.timeout),
        route.criticality
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_in_force_is_told_line_by_line() {
        let text = "version: plimsoll/v1\ngateway:\n  listeners: [{name: web, address: '127.0.0.1:8080'}]\n  \
            backends: [{name: shop, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'], check: {http: {path: /up}, interval: 5s}}]\n  \
            routes: [{name: cart, hosts: [shop.example], match: [{path: {prefix: /cart}}], to: shop, criticality: P0}]\n";
        assert!(is_gateway(text));
        let loaded = config::parse(Path::new("gateway.yml"), text).unwrap();
        assert_eq!(
            summary(Path::new("gateway.yml"), &loaded),
            "gateway.yml: good: 1 listener, 1 backend, 2 endpoints, 1 route, 0 warnings\n"
        );
        assert_eq!(
            effective(&loaded.config),
            "  listener web: HTTP on 127.0.0.1:8080\n  \
             backend shop: peak_ewma over 10.0.0.1:80 10.0.0.2:80, checked: GET /up is 200-299 every 5s\n  \
             route cart: shop.example, path below /cart -> shop, within 15s, P0\n"
        );
    }

    #[test]
    fn a_file_of_objectives_is_none_of_a_gateway() {
        assert!(!is_gateway(
            "version: plimsoll/v1\nslos:\n- sli: {gateway: {route: a}}\n"
        ));
    }
}
