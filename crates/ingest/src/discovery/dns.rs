//! Targets that DNS tells.
//!
//! | record | address | port |
//! |---|---|---|
//! | SRV | the record's target | the record's |
//! | A, AAAA | the address | configured |
//! | MX, NS | the record's host | configured |
//!
//! A name without such records has no targets; a name that could not be looked up keeps those it had.

mod system;

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use plimsoll_runtime::clock::Clock;
use plimsoll_types::Labels;

use super::group::{ADDRESS, TargetGroup};
use super::{Context, Kind, Problem, Provider, Refresh, Refreshed};
use crate::config::{Discovery, DnsDiscovery, DnsRecord};

pub use system::SystemResolver;

/// The longest look-up of one name.
const DEADLINE: Duration = Duration::from_secs(15);
/// The longest look-up of all names of a configuration.
const REFRESH_DEADLINE: Duration = Duration::from_secs(60);
/// How many names are looked up at a time.
const CONCURRENT_MAX: usize = 16;

const META_NAME: &str = "__meta_dns_name";
const META_SRV_TARGET: &str = "__meta_dns_srv_record_target";
const META_SRV_PORT: &str = "__meta_dns_srv_record_port";
const META_MX_TARGET: &str = "__meta_dns_mx_record_target";
const META_NS_TARGET: &str = "__meta_dns_ns_record_target";

/// What DNS says about a name. Hosts end with a dot when they are complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A service.
    Service {
        /// Its host.
        host: String,
        /// Its port.
        port: u16,
    },
    /// An address.
    Address(IpAddr),
    /// A mail server.
    MailServer(String),
    /// A name server.
    NameServer(String),
}

/// The future of [`Resolve::look_up`].
pub type LookUp<'a> = Pin<Box<dyn Future<Output = Result<Vec<Answer>, String>> + Send + 'a>>;

/// Asks DNS.
pub trait Resolve: Send + Sync {
    /// Returns the records of a type that a name has, none when it does not exist; fails with the reason when that
    /// could not be found out.
    fn look_up<'a>(&'a self, name: &'a str, record: DnsRecord) -> LookUp<'a>;
}

/// `dns_sd_configs`.
pub(super) struct DnsSd;

impl Kind for DnsSd {
    fn field(&self) -> &'static str {
        "dns_sd_configs"
    }

    fn summary(&self) -> &'static str {
        "Targets that DNS records name, looked up again each refresh interval"
    }

    fn meta_labels(&self) -> &'static [&'static str] {
        &[
            META_NAME,
            META_SRV_TARGET,
            META_SRV_PORT,
            META_MX_TARGET,
            META_NS_TARGET,
        ]
    }

    fn provider(
        &self,
        config: &Discovery,
        context: &Context,
        known: &[Arc<TargetGroup>],
    ) -> Result<Option<Box<dyn Provider>>, Problem> {
        let Discovery::Dns(config) = config else {
            return Ok(None);
        };
        Ok(Some(Box::new(Names {
            config: config.clone(),
            resolver: Arc::clone(&context.resolver),
            clock: Arc::clone(&context.clock),
            first: 0,
            last: known
                .iter()
                .map(|group| (group.source.clone(), Arc::clone(group)))
                .collect(),
        })))
    }
}

struct Names {
    config: DnsDiscovery,
    resolver: Arc<dyn Resolve>,
    clock: Arc<dyn Clock>,
    /// The index of the name that is looked up first.
    first: usize,
    /// What each name had when it was last looked up with success.
    last: BTreeMap<String, Arc<TargetGroup>>,
}

impl Provider for Names {
    fn refresh(&mut self) -> Refresh<'_> {
        Box::pin(async {
            let mut problems = Vec::new();
            for (name, found) in self.look_all_up().await {
                match found {
                    Ok(answers) => {
                        let group = group(&name, &answers, self.config.port);
                        self.last.insert(name, Arc::new(group));
                    }
                    Err(message) => problems.push(Problem::new(name, message)),
                }
            }
            Ok(Refreshed {
                groups: self.last.values().cloned().collect(),
                problems,
            })
        })
    }

    fn pause(&self) -> Option<Duration> {
        Some(self.config.refresh_interval)
    }
}

impl Names {
    /// Looks all names up, a few at a time: one that hangs holds up no more than its own turn, and what has not been
    /// answered when the deadline has passed is given up and comes first the next time.
    async fn look_all_up(&mut self) -> Vec<(String, Result<Vec<Answer>, String>)> {
        let mut names = self.config.names.clone();
        names.rotate_left(self.first);
        let mut answers = vec![None; names.len()];
        let look_ups = names.iter().map(|name| self.look_up(name));
        tokio::select! {
            () = in_turns(look_ups, CONCURRENT_MAX, &mut answers) => {}
            () = self.clock.sleep(REFRESH_DEADLINE) => {}
        }
        let unanswered = answers.iter().position(Option::is_none).unwrap_or(0);
        self.first = (self.first + unanswered) % names.len().max(1);
        let late = || {
            let seconds = REFRESH_DEADLINE.as_secs();
            Err(format!("no answer within the {seconds} s for all names"))
        };
        let answers = answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(late));
        names.into_iter().zip(answers).collect()
    }

    async fn look_up(&self, name: &str) -> Result<Vec<Answer>, String> {
        tokio::select! {
            found = self.resolver.look_up(name, self.config.record) => found,
            () = self.clock.sleep(DEADLINE) => {
                Err(format!("no answer within {} s", DEADLINE.as_secs()))
            }
        }
    }
}

/// A future that has begun, and the place of its output.
type Turn<'o, F> = (Pin<Box<F>>, &'o mut Option<<F as Future>::Output>);

/// Waits for all futures, `width` of them at a time: the next one begins when any ends. Each output is put into its place
/// at once, so that those are there even if this is dropped.
async fn in_turns<F: Future>(
    futures: impl Iterator<Item = F>,
    width: usize,
    outputs: &mut [Option<F::Output>],
) {
    let mut waiting = futures.zip(outputs);
    let mut running = Vec::new();
    poll_fn(|context| {
        loop {
            running.retain_mut(|(future, output): &mut Turn<'_, F>| {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => **output = Some(value),
                    Poll::Pending => return true,
                }
                false
            });
            // Those that begin now are polled in the next round, which ends when there are none.
            let room = width - running.len();
            let begun = waiting.by_ref().take(room);
            let before = running.len();
            running.extend(begun.map(|(future, output)| (Box::pin(future), output)));
            if running.is_empty() {
                return Poll::Ready(());
            }
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
}

fn group(name: &str, answers: &[Answer], port: u16) -> TargetGroup {
    let mut targets: Vec<Labels> = answers
        .iter()
        .filter_map(|answer| target(name, answer, port))
        .collect();
    // Servers rotate their answers; the order says nothing, and a new order is no change.
    targets.sort();
    targets.dedup();
    TargetGroup {
        source: name.into(),
        targets,
        labels: Labels::empty(),
    }
}

fn target(name: &str, answer: &Answer, configured: u16) -> Option<Labels> {
    let port_text;
    let (host, port, meta) = match answer {
        Answer::Service { host, port } => {
            port_text = port.to_string();
            let meta = vec![
                (META_SRV_TARGET, host.as_str()),
                (META_SRV_PORT, &port_text),
            ];
            (host.clone(), *port, meta)
        }
        Answer::Address(address) => (address.to_string(), configured, Vec::new()),
        Answer::MailServer(host) => (host.clone(), configured, vec![(META_MX_TARGET, &**host)]),
        Answer::NameServer(host) => (host.clone(), configured, vec![(META_NS_TARGET, &**host)]),
    };
    let host = host.trim_end_matches('.');
    // A lone dot says that there is no such service (RFC 2782, RFC 7505).
    if host.is_empty() {
        return None;
    }
    let address = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let common = [(ADDRESS, &*address), (META_NAME, name)];
    Some(Labels::from_pairs(common.into_iter().chain(meta)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(answers: &[Answer]) -> Vec<String> {
        let group = group("db.example", answers, 9100);
        group.targets.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn labels_targets_as_prometheus_does() {
        let service = |host: &str, port| Answer::Service {
            host: host.into(),
            port,
        };
        assert_eq!(
            shown(&[service("db2.example.", 3306), service("db1.example.", 3307)]),
            [
                r#"{__address__="db1.example:3307", __meta_dns_name="db.example", __meta_dns_srv_record_port="3307", __meta_dns_srv_record_target="db1.example."}"#,
                r#"{__address__="db2.example:3306", __meta_dns_name="db.example", __meta_dns_srv_record_port="3306", __meta_dns_srv_record_target="db2.example."}"#,
            ]
        );
        let addresses = ["192.0.2.2", "2001:db8::1", "192.0.2.2"];
        assert_eq!(
            shown(&addresses.map(|address| Answer::Address(address.parse().unwrap()))),
            [
                r#"{__address__="192.0.2.2:9100", __meta_dns_name="db.example"}"#,
                r#"{__address__="[2001:db8::1]:9100", __meta_dns_name="db.example"}"#,
            ]
        );
        assert_eq!(
            shown(&[Answer::MailServer("mx.example.".into())]),
            [
                r#"{__address__="mx.example:9100", __meta_dns_mx_record_target="mx.example.", __meta_dns_name="db.example"}"#
            ]
        );
        assert_eq!(
            shown(&[Answer::NameServer("ns.example.".into())]),
            [
                r#"{__address__="ns.example:9100", __meta_dns_name="db.example", __meta_dns_ns_record_target="ns.example."}"#
            ]
        );
    }

    #[test]
    fn a_lone_dot_is_no_target() {
        let host = String::from(".");
        assert!(
            shown(&[Answer::Service {
                host: host.clone(),
                port: 1
            }])
            .is_empty()
        );
        assert!(shown(&[Answer::MailServer(host)]).is_empty());
    }
}
