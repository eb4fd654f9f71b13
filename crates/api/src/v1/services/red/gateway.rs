//! What the gateway counts about routes; see `docs/gateway-signals.md`.

use super::super::join::{Joined, Service};
use super::{RedView, Signals, one_of, share};

const REQUESTS: &str = "plimsoll_gateway_requests_total";
const DURATION: &str = "plimsoll_gateway_request_duration_seconds";
/// The gateway that writes into this store, every 5 s: a minute has enough of them.
const OWN: &str = "job=\"gateway\"";
const WINDOW: &str = "1m";

pub(super) fn signals(joined: &Joined, service: &Service) -> Signals {
    let routes = one_of("route", &service.routes);
    let requests = |condition: &str| format!("{REQUESTS}{{{OWN},{routes}{condition}}}[{WINDOW}]");
    // A failure within a millisecond would make a bad minute look fast.
    let answered = format!("{DURATION}{{{OWN},{routes},class=\"2xx\"}}[{WINDOW}]");
    Signals {
        red: RedView {
            rate: Some(format!("sum(rate({}))", requests(""))),
            errors: Some(share(
                &requests(",class=\"5xx\""),
                &requests(",class!=\"499\""),
            )),
            p99: Some(format!("histogram_quantile(0.99, sum(rate({answered})))")),
        },
        saturation: saturation(joined, service),
    }
}

/// How full the fullest backend is, of those that have a limit.
fn saturation(joined: &Joined, service: &Service) -> Option<String> {
    let backends = joined.backends.iter();
    let limited = backends.filter(|backend| backend.door.is_some());
    let names = limited.map(|backend| &backend.name);
    let names: Vec<&String> = names
        .filter(|name| service.backends.contains(*name))
        .collect();
    if names.is_empty() {
        return None;
    }
    let backends = one_of("backend", names);
    Some(format!(
        "max(plimsoll_gateway_concurrency_in_flight{{{OWN},{backends}}} / plimsoll_gateway_concurrency_limit{{{OWN},{backends}}})"
    ))
}
