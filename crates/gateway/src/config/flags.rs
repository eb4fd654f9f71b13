//! A gateway from two flags: one address to listen at, and endpoints that are alike.

use std::net::SocketAddr;

use super::address::{Scheme, Target, target};
use crate::model::{Action, Backend, Config, Endpoint, Listener, Route, Share, UpstreamTls};

/// What the listener, the backend and the route are called.
const NAME: &str = "default";

/// Why flags make no gateway.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// `--listen` is no address.
    #[error("--listen: wanted an address and a port such as 127.0.0.1:8080, found {0:?}")]
    Listen(String),
    /// There is no `--to`.
    #[error("--to: wanted at least one URL such as http://127.0.0.1:8000")]
    NoTarget,
    /// A `--to` is no URL of an endpoint.
    #[error("--to: {0}")]
    Target(String),
    /// Raw TCP needs a file.
    #[error("--to: raw TCP needs a file with a listener that says `protocol: tcp`")]
    Tcp,
    /// An endpoint is there twice.
    #[error("--to: {0} is there twice")]
    Twice(String),
    /// Some are `http`, some are `https`.
    #[error("--to: all are http or all are https, for they are endpoints of one backend")]
    Mixed,
}

/// Makes a configuration with one listener, one backend and one route for all requests, all called `default`.
///
/// # Errors
/// [`FlagError`]: what is wrong with which flag.
pub fn from_flags(listen: &str, to: &[String]) -> Result<Config, FlagError> {
    let address: SocketAddr = listen
        .parse()
        .map_err(|_| FlagError::Listen(listen.to_owned()))?;
    let route = Action::Forward(vec![Share {
        backend: NAME.to_owned(),
        weight: 1,
    }]);
    Ok(Config {
        listeners: vec![Listener::new(NAME, address)],
        backends: vec![backend(to)?],
        routes: vec![Route::new(NAME, route)],
        ..Config::default()
    })
}

fn backend(to: &[String]) -> Result<Backend, FlagError> {
    let targets = to.iter().map(|text| target(text));
    let targets: Vec<Target> = targets
        .collect::<Result<_, _>>()
        .map_err(FlagError::Target)?;
    let scheme = targets.first().ok_or(FlagError::NoTarget)?.scheme;
    if scheme == Scheme::Tcp {
        return Err(FlagError::Tcp);
    }
    if targets.iter().any(|target| target.scheme != scheme) {
        return Err(FlagError::Mixed);
    }
    let mut endpoints: Vec<Endpoint> = Vec::new();
    for target in targets {
        let endpoint = Endpoint::new(target.host, target.port);
        if endpoints.contains(&endpoint) {
            return Err(FlagError::Twice(endpoint.spec.name));
        }
        endpoints.push(endpoint);
    }
    let mut backend = Backend::new(NAME, endpoints);
    backend.tls = (scheme == Scheme::Https).then(UpstreamTls::default);
    Ok(backend)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(listen: &str, to: &[&str]) -> Result<Config, String> {
        let to: Vec<String> = to.iter().copied().map(str::to_owned).collect();
        from_flags(listen, &to).map_err(|error| error.to_string())
    }

    #[test]
    fn one_route_goes_to_all_endpoints() {
        let config = flags("127.0.0.1:8080", &["http://a:1", "http://[::1]/"]).unwrap();
        assert_eq!(config.listeners[0].address.0.port(), 8080);
        let backend = &config.backends[0];
        let names = backend.endpoints.iter().map(|one| one.spec.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["a:1", "[::1]:80"]);
        assert!(backend.tls.is_none());
        let share = Share {
            backend: backend.name.clone(),
            weight: 1,
        };
        assert_eq!(config.routes[0].action, Action::Forward(vec![share]));
    }

    #[test]
    fn https_is_tls() {
        let config = flags("[::1]:0", &["https://a"]).unwrap();
        assert_eq!(config.backends[0].tls, Some(UpstreamTls::default()));
        assert_eq!(config.backends[0].endpoints[0].port, 443);
    }

    #[test]
    fn says_which_flag_is_wrong() {
        let refused = |listen, to: &[&str]| flags(listen, to).unwrap_err();
        let to = ["http://a"];
        assert!(refused("8080", &to).starts_with("--listen: wanted an address"));
        assert!(refused("127.0.0.1:1", &[]).starts_with("--to: wanted at least one"));
        assert!(refused("127.0.0.1:1", &["ftp://a"]).starts_with("--to: "));
        assert!(refused("127.0.0.1:1", &["http://a", "https://b"]).contains("all are http"));
        assert!(refused("127.0.0.1:1", &["tcp://a:1"]).contains("protocol: tcp"));
        let twice = refused("127.0.0.1:1", &["http://a", "http://a:80"]);
        assert_eq!(twice, "--to: a:80 is there twice");
    }
}
