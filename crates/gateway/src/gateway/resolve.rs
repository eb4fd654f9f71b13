//! Names of endpoints: asked for at the start, and again when their answers are over.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use hickory_resolver::TokioResolver;
use plimsoll_runtime::clock::Monotonic;
use plimsoll_runtime::shutdown::Shutdown;

use super::Gateway;
use crate::pool::Target;

/// An answer is kept at least for this long, however short it says that it holds.
const KEPT_MIN: Duration = Duration::from_secs(1);
/// An answer is asked for again after this time, however long it says that it holds.
const KEPT_MAX: Duration = Duration::from_secs(300);
/// A name that could not be resolved is tried again after this time.
const FAILED: Duration = Duration::from_secs(5);
/// The longest that one name may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Names that are asked for at a time.
const CONCURRENT_MAX: usize = 16;

/// What became of a question.
struct Answered {
    host: String,
    addresses: Vec<IpAddr>,
    again: Monotonic,
}

/// Resolves names until it is stopped.
pub(super) async fn run(gateway: &Arc<Gateway>, stop: Shutdown) {
    let resolver = match TokioResolver::builder_tokio().and_then(|builder| builder.build()) {
        Ok(resolver) => resolver,
        Err(error) => {
            tracing::error!(%error, "names of endpoints cannot be resolved: the system's configuration cannot be used");
            return;
        }
    };
    let mut changed = gateway.changed.subscribe();
    let mut due: HashMap<String, Monotonic> = HashMap::new();
    let mut known: HashMap<String, Vec<IpAddr>> = HashMap::new();
    loop {
        let wanted = wanted(gateway);
        due.retain(|host, _| wanted.contains_key(host));
        known.retain(|host, _| wanted.contains_key(host));
        tell(&wanted, &known);
        let now = gateway.clock.monotonic();
        let hosts: Vec<_> = wanted
            .keys()
            .filter(|host| due.get(*host).is_none_or(|at| *at <= now))
            .cloned()
            .collect();
        let mut hosts = hosts.into_iter();
        let ask = |host| ask(gateway, &resolver, host);
        let mut asking: FuturesUnordered<_> =
            hosts.by_ref().take(CONCURRENT_MAX).map(ask).collect();
        while let Some(answered) = asking.next().await {
            asking.extend(hosts.next().map(ask));
            for target in wanted.get(&answered.host).into_iter().flatten() {
                target.resolved(answered.addresses.clone());
            }
            if !answered.addresses.is_empty() {
                known.insert(answered.host.clone(), answered.addresses);
            }
            due.insert(answered.host, answered.again);
        }
        let next = due.values().min().copied();
        let next = next.unwrap_or_else(|| gateway.clock.monotonic().after(KEPT_MAX));
        tokio::select! {
            () = gateway.clock.sleep_until(next) => {}
            _ = changed.changed() => {}
            () = stop.wait() => return,
        }
    }
}

/// Tells endpoints that came with another configuration what is known about their names: nobody asks again before the
/// answer is over.
fn tell(wanted: &HashMap<String, Vec<Arc<Target>>>, known: &HashMap<String, Vec<IpAddr>>) {
    for (host, targets) in wanted {
        let Some(addresses) = known.get(host) else {
            continue;
        };
        let new = targets.iter().filter(|one| one.addresses().is_empty());
        new.for_each(|target| target.resolved(addresses.clone()));
    }
}

/// The names that endpoints of the configuration in force have.
fn wanted(gateway: &Gateway) -> HashMap<String, Vec<Arc<Target>>> {
    let mut wanted: HashMap<String, Vec<Arc<Target>>> = HashMap::new();
    for backend in gateway.snapshot().backends.values() {
        let targets = backend.targets().into_iter().map(|(_, target)| target);
        for target in targets.filter(|target| target.needs_resolution()) {
            wanted
                .entry(target.host().to_owned())
                .or_default()
                .push(target);
        }
    }
    wanted
}

async fn ask(gateway: &Gateway, resolver: &TokioResolver, host: String) -> Answered {
    let in_time = tokio::time::timeout(DEADLINE, resolver.lookup_ip(&*host)).await;
    let now = gateway.clock.monotonic();
    match in_time {
        Ok(Ok(found)) => {
            let addresses: Vec<_> = found.iter().collect();
            let holds = found
                .as_lookup()
                .answers()
                .iter()
                .map(|record| record.ttl)
                .min();
            let holds = Duration::from_secs(u64::from(holds.unwrap_or(0)));
            Answered {
                host,
                addresses,
                again: now.after(holds.clamp(KEPT_MIN, KEPT_MAX)),
            }
        }
        failed => {
            let error = match failed {
                Ok(Err(error)) => error.to_string(),
                _ => format!("no answer within {DEADLINE:?}"),
            };
            tracing::warn!(host, error, "the name of an endpoint could not be resolved");
            Answered {
                host,
                addresses: Vec::new(),
                again: now.after(FAILED),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Endpoint, Protocol};
    use crate::pool::Settings;

    #[test]
    fn an_endpoint_that_came_later_has_the_addresses_of_its_name() {
        let settings = Settings {
            protocol: Protocol::Auto,
            tls: None,
            connect_timeout: Duration::from_secs(1),
            connections_max: 1,
            idle: Duration::from_secs(1),
            age_max: None,
            sends_proxy_header: false,
        };
        let target = |port| {
            let endpoint = Endpoint::new("shop.internal", port);
            Arc::new(Target::new(&endpoint, settings.clone(), 1))
        };
        let (one, two) = (target(80), target(81));
        one.resolved(vec![[10, 0, 0, 1].into()]);
        let wanted = [(
            "shop.internal".to_owned(),
            vec![Arc::clone(&one), Arc::clone(&two)],
        )];
        let known = [("shop.internal".to_owned(), vec![[10, 0, 0, 2].into()])];
        tell(&wanted.into(), &known.into());
        assert_eq!(*two.addresses(), [([10, 0, 0, 2], 81).into()]);
        assert_eq!(*one.addresses(), [([10, 0, 0, 1], 80).into()]);
    }
}
