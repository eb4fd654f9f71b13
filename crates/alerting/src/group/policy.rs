//! What a route says, ready for use: how its groups are told, and to whom.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_notify::Integration;
use plimsoll_types::Labels;

use crate::config::{Config, RateLimit, ReceiverConfig};
use crate::route::{GroupBy, Route, RouteId};
use crate::rows::{ChannelKey, GroupName, Origin};

/// The place of a policy among all.
pub(crate) type PolicyIndex = u32;

/// An integration by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) receiver: Arc<str>,
    pub(crate) kind: Arc<str>,
    pub(crate) index: u32,
}

impl Address {
    pub(crate) fn of_group(&self, group: &Arc<GroupName>) -> ChannelKey {
        ChannelKey {
            group: group.clone(),
            receiver: self.receiver.clone(),
            kind: self.kind.clone(),
            index: self.index,
        }
    }

    pub(crate) fn of_channel(channel: &ChannelKey) -> Self {
        Self {
            receiver: channel.receiver.clone(),
            kind: channel.kind.clone(),
            index: channel.index,
        }
    }
}

/// A receiver as the engine needs it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// The labels that silences know it by.
    pub(crate) labels: Labels,
    pub(crate) integrations: Vec<(Arc<Address>, Arc<Integration>)>,
    /// Who is asked in its place, in this order.
    pub(crate) fallback: Vec<Arc<str>>,
    pub(crate) fallback_failures: u32,
    pub(crate) fallback_age: Duration,
    pub(crate) rate: Option<RateLimit>,
}

/// What a route says.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) key: Arc<str>,
    /// Its number among the routes of the same key.
    pub(crate) ordinal: u32,
    pub(crate) receiver: Arc<str>,
    pub(crate) route: Route,
    /// Whose alerts it is for.
    pub(crate) origin: Origin,
}

/// All routes, and the receivers that they name. The first policies are those of the file, by the number of the route;
/// behind them are those of alerts of our own.
#[derive(Debug)]
pub(crate) struct Policies {
    all: Vec<Arc<Policy>>,
    targets: BTreeMap<Arc<str>, Arc<Target>>,
}

impl Policies {
    pub(crate) fn new(config: &Config) -> Self {
        let targets = config.receivers.iter().map(|receiver| {
            let name: Arc<str> = Arc::from(&*receiver.name);
            (name.clone(), Arc::new(Target::new(config, receiver, name)))
        });
        let mut ordinals: BTreeMap<&str, u32> = BTreeMap::new();
        let mut all = Vec::new();
        for (_, route) in config.route.iter() {
            let ordinal = ordinals.entry(&route.key).or_default();
            all.push(Arc::new(Policy::of_route(route, *ordinal)));
            *ordinal += 1;
        }
        all.extend(Policy::of_our_own(config).into_iter().map(Arc::new));
        Self {
            all,
            targets: targets.collect(),
        }
    }

    /// Returns a policy.
    ///
    /// # Panics
    /// When the place is of another configuration: groups are rebuilt when it changes.
    pub(crate) fn get(&self, at: PolicyIndex) -> &Arc<Policy> {
        &self.all[at as usize]
    }

    /// Returns the place of the policy of a route's key and number.
    pub(crate) fn find(&self, key: &str, ordinal: u32) -> Option<PolicyIndex> {
        let found = self
            .all
            .iter()
            .position(|one| *one.key == *key && one.ordinal == ordinal);
        found.and_then(|at| PolicyIndex::try_from(at).ok())
    }

    /// Returns the policies of an alert, in the order of the file.
    pub(crate) fn of_alert(
        &self,
        config: &Config,
        origin: Origin,
        alert: &Labels,
    ) -> Vec<PolicyIndex> {
        let place =
            |at: usize| PolicyIndex::try_from(at).expect("a file has less than 2^32 routes");
        if origin.is_routed() {
            let routes = config.route.matching(alert).into_iter();
            return routes.map(|id| place(RouteId::index(id))).collect();
        }
        let own = self.all.iter().position(|policy| policy.origin == origin);
        own.map(place).into_iter().collect()
    }

    /// Returns the longest time after which a notice is repeated.
    pub(crate) fn longest_repeat_interval(&self) -> Duration {
        self.all
            .iter()
            .map(|policy| policy.route.repeat_interval)
            .max()
            .unwrap_or_default()
    }

    /// Returns a receiver; `None` when it is not in the configuration.
    pub(crate) fn target(&self, name: &str) -> Option<&Arc<Target>> {
        self.targets.get(name)
    }

    /// Returns an integration; `None` when it is not in the configuration.
    pub(crate) fn integration(&self, address: &Address) -> Option<&Arc<Integration>> {
        let target = self.target(&address.receiver)?;
        let found = target
            .integrations
            .iter()
            .find(|(own, _)| **own == *address);
        found.map(|(_, integration)| integration)
    }

    /// Walks the names of the receivers.
    pub(crate) fn receivers(&self) -> impl Iterator<Item = &Arc<str>> {
        self.targets.keys()
    }
}

impl Target {
    fn new(config: &Config, receiver: &ReceiverConfig, name: Arc<str>) -> Self {
        let integrations = receiver.integrations.iter().map(|integration| {
            let address = Address {
                receiver: name.clone(),
                kind: Arc::from(integration.kind),
                index: u32::try_from(integration.index).unwrap_or(u32::MAX),
            };
            (Arc::new(address), Arc::new(integration.clone()))
        });
        let policy = config.plimsoll.receiver(&receiver.name);
        let fallback = policy.and_then(|policy| policy.fallback.as_ref());
        let names = fallback
            .map(|fallback| &fallback.receivers[..])
            .unwrap_or_default();
        Self {
            labels: Labels::from_pairs([("name", &*receiver.name)]),
            integrations: integrations.collect(),
            fallback: names.iter().map(|name| Arc::from(&**name)).collect(),
            fallback_failures: fallback.map_or(u32::MAX, |fallback| fallback.failures),
            fallback_age: fallback.map_or(Duration::MAX, |fallback| fallback.age),
            rate: policy.and_then(|policy| policy.rate_limit),
        }
    }
}

/// How often what waits for somebody is looked at again, of alerts of our own.
const OWN_INTERVAL: Duration = Duration::from_secs(60);
/// How often alerts of our own are repeated while they fire.
const OWN_REPEAT: Duration = Duration::from_secs(4 * 3600);

impl Policy {
    fn of_route(route: &Route, ordinal: u32) -> Self {
        Self {
            key: Arc::from(&*route.key),
            ordinal,
            receiver: Arc::from(&*route.receiver),
            route: Route {
                group_interval: route.group_interval.max(Duration::from_millis(1)),
                ..route.clone()
            },
            origin: Origin::Posted,
        }
    }

    /// Alerts of our own go straight to the receiver that the configuration names for them, one group each.
    fn of_our_own(config: &Config) -> Vec<Self> {
        let own = |origin: Origin, receiver: &str, interval, repeat_interval| {
            let key = format!("{{plimsoll={:?}}}", origin.as_str());
            let route = Route {
                receiver: receiver.into(),
                group_by: GroupBy::All,
                group_wait: Duration::ZERO,
                group_interval: interval,
                repeat_interval,
                resolve_interval: interval,
                mute_time_intervals: Vec::new(),
                active_time_intervals: Vec::new(),
                labels: Labels::empty(),
                matchers: Vec::new(),
                continues: false,
                id: key.clone(),
                key,
                parent: None,
                children: Vec::new(),
            };
            Self {
                origin,
                ..Self::of_route(&route, 0)
            }
        };
        let extension = &config.plimsoll;
        let dead_man = extension.dead_man.as_ref();
        let dead_man =
            dead_man.map(|one| own(Origin::DeadMan, &one.receiver, one.interval, Duration::ZERO));
        let dead_letters = extension.dead_letters.as_ref();
        let dead_letters = dead_letters
            .map(|one| own(Origin::DeadLetter, &one.receiver, OWN_INTERVAL, OWN_REPEAT));
        let notice = extension.silences.notice.as_ref();
        let notice =
            notice.map(|one| own(Origin::SilenceEnds, &one.receiver, OWN_INTERVAL, OWN_REPEAT));
        [dead_man, dead_letters, notice]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Returns the name of the group of an alert's route and labels.
    pub(crate) fn group_name(&self, labels: &Labels) -> GroupName {
        GroupName {
            route: self.key.clone(),
            ordinal: self.ordinal,
            key: Arc::from(self.route.group_key(labels)),
        }
    }
}
