//! Who takes what: each replica calculates it alone, from the same table of holders.
//!
//! A replica takes free groups up to its share, which is all groups over all living replicas, rounded up. It takes first
//! those for which it ranks highest: the rank mixes the names of replica and group, so that two replicas that see the same
//! free groups mostly reach for different ones. A group that stays free for the time of a lease is taken by whoever sees
//! it: then somebody whose share it would be does not know it.
//!
//! A replica with more than its share lets go of what is above as soon as another one has too little, a quarter of it at a
//! time, so that a group in a thousand pauses and not all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use plimsoll_state::Holder;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A group that this replica wants.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The name of its lease.
    pub(crate) name: String,
    /// Whether this replica holds it.
    pub(crate) is_held: bool,
    /// For how long nobody was seen to hold it; `None` when somebody does.
    pub(crate) free_for: Option<Duration>,
}

/// What to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Leases to acquire, the dearest first.
    pub(crate) acquire: Vec<String>,
    /// Leases to give back.
    pub(crate) release: Vec<String>,
}

/// Plans the next step of `owner`. What begins with `living` is a lease by which a replica says that it lives.
pub(crate) fn plan(
    living: &str,
    owner: &str,
    groups: &[Group],
    holders: &[Holder],
    patience: Duration,
) -> Plan {
    let counts = counts(living, owner, groups, holders);
    let replicas = counts.len();
    let share = groups.len().div_ceil(replicas);
    let mut held = of(owner, groups, |group| group.is_held);
    let mut free = of(owner, groups, |group| group.free_for.is_some());
    if held.len() > share {
        let others = counts.iter().filter(|(name, _)| **name != owner);
        // With fewer groups than replicas none has two while another one has none.
        let least = (groups.len() / replicas).max(1);
        let missing: usize = others.map(|(_, count)| least.saturating_sub(*count)).sum();
        let surplus = (held.len() - share).min(missing);
        let release = held.split_off(held.len() - surplus.div_ceil(4));
        return Plan {
            release: release
                .into_iter()
                .map(|group| group.name.clone())
                .collect(),
            ..Plan::default()
        };
    }
    let room = share - held.len();
    let is_overdue = |group: &Group| group.free_for.is_some_and(|free_for| free_for >= patience);
    let mut rank = 0..;
    free.retain(|group| rank.next().is_some_and(|rank| rank < room) || is_overdue(group));
    Plan {
        acquire: free.into_iter().map(|group| group.name.clone()).collect(),
        ..Plan::default()
    }
}

/// Returns how many of `groups` each living replica holds; this one lives.
fn counts<'a>(
    living: &str,
    owner: &'a str,
    groups: &[Group],
    holders: &'a [Holder],
) -> BTreeMap<&'a str, usize> {
    let names: BTreeSet<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    let alive = || holders.iter().filter(|holder| !holder.is_expired);
    let replicas = alive().filter_map(|holder| holder.name.strip_prefix(living));
    let mut counts: BTreeMap<&str, usize> = replicas.map(|replica| (replica, 0)).collect();
    counts.insert(owner, 0);
    for holder in alive().filter(|holder| names.contains(holder.name.as_str())) {
        if let Some(count) = counts.get_mut(holder.owner.as_str()) {
            *count += 1;
        }
    }
    counts
}

/// Returns some of the groups, those first for which `owner` ranks highest.
fn of<'a>(owner: &str, groups: &'a [Group], is_wanted: impl Fn(&Group) -> bool) -> Vec<&'a Group> {
    let seed = xxh3_64_with_seed(owner.as_bytes(), 0);
    let mut found: Vec<_> = groups.iter().filter(|group| is_wanted(group)).collect();
    found.sort_by_key(|group| std::cmp::Reverse(xxh3_64_with_seed(group.name.as_bytes(), seed)));
    found
}

#[cfg(test)]
mod tests {
    use plimsoll_types::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const REPLICA: &str = "rules-replica/";
    const PATIENCE: Duration = Duration::from_secs(15);

    fn holder(name: &str, owner: &str, is_expired: bool) -> Holder {
        Holder {
            name: name.into(),
            owner: owner.into(),
            fence: 1,
            expires: Timestamp::EPOCH,
            is_expired,
        }
    }

    /// Replicas that see the same table and act one after the other.
    struct World {
        held: BTreeMap<String, Option<String>>,
        alive: BTreeSet<String>,
    }

    impl World {
        fn new(groups: usize, replicas: usize) -> Self {
            Self {
                held: (0..groups)
                    .map(|index| (format!("rules/f;g{index}"), None))
                    .collect(),
                alive: (0..replicas)
                    .map(|index| format!("replica-{index}"))
                    .collect(),
            }
        }

        fn holders(&self) -> Vec<Holder> {
            let replicas = self.alive.iter();
            let mut holders: Vec<Holder> = replicas
                .map(|replica| holder(&format!("{REPLICA}{replica}"), replica, false))
                .collect();
            for (name, owner) in &self.held {
                holders.extend(owner.iter().map(|owner| holder(name, owner, false)));
            }
            holders
        }

        fn step(&mut self, owner: &str) {
            let groups: Vec<Group> = self
                .held
                .iter()
                .map(|(name, holder)| Group {
                    name: name.clone(),
                    is_held: holder.as_deref() == Some(owner),
                    free_for: holder.is_none().then_some(Duration::ZERO),
                })
                .collect();
            let plan = plan(REPLICA, owner, &groups, &self.holders(), PATIENCE);
            for name in plan.release {
                assert_eq!(self.held.insert(name, None), Some(Some(owner.to_owned())));
            }
            for name in plan.acquire {
                assert_eq!(self.held.insert(name, Some(owner.to_owned())), Some(None));
            }
        }

        fn settle(&mut self) {
            for _ in 0..30 {
                for owner in self.alive.clone() {
                    self.step(&owner);
                }
            }
        }

        fn counts(&self) -> Vec<usize> {
            let count = |owner: &String| {
                self.held
                    .values()
                    .filter(|holder| holder.as_ref() == Some(owner))
                    .count()
            };
            self.alive.iter().map(count).collect()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn every_group_is_held_and_nobody_has_many_more(
            groups in 0..50_usize,
            replicas in 1..6_usize,
            joined in 0..3_usize,
            died in 0..3_usize,
        ) {
            let mut world = World::new(groups, replicas);
            world.settle();
            for index in 0..joined {
                world.alive.insert(format!("late-{index}"));
            }
            world.settle();
            for _ in 0..died.min(world.alive.len() - 1) {
                let dead = world.alive.pop_first().expect("one is left");
                for holder in world.held.values_mut().filter(|holder| holder.as_ref() == Some(&dead)) {
                    *holder = None;
                }
            }
            world.settle();
            let counts = world.counts();
            prop_assert_eq!(counts.iter().sum::<usize>(), groups);
            let share = groups.div_ceil(counts.len());
            prop_assert!(counts.iter().all(|count| *count <= share), "{:?}", counts);
            let least = groups / counts.len();
            prop_assert!(counts.iter().all(|count| *count + counts.len() > least), "{:?}", counts);
        }
    }

    #[test]
    fn none_has_two_while_another_one_has_none() {
        let mut world = World::new(5, 4);
        world.settle();
        world
            .alive
            .extend(["late-0".to_owned(), "late-1".to_owned()]);
        world.settle();
        let counts = world.counts();
        assert_eq!(counts.iter().sum::<usize>(), 5);
        assert!(counts.iter().all(|count| *count <= 1), "{counts:?}");
    }

    #[test]
    fn what_nobody_takes_for_long_is_taken_above_the_share() {
        let group = |name: &str, is_held, free_for| Group {
            name: name.into(),
            is_held,
            free_for,
        };
        let alive = [holder("rules-replica/other", "other", false)];
        let mut groups = [
            group("a", true, None),
            group("b", false, Some(Duration::ZERO)),
        ];
        let planned = |groups: &[Group]| plan(REPLICA, "me", groups, &alive, PATIENCE);
        assert_eq!(planned(&groups), Plan::default(), "it is the other's");
        groups[1].free_for = Some(PATIENCE);
        assert_eq!(planned(&groups).acquire, ["b"]);
    }

    #[test]
    fn who_died_counts_no_more() {
        let groups = [0, 1].map(|index| Group {
            name: format!("rules/{index}"),
            is_held: false,
            free_for: Some(Duration::ZERO),
        });
        let dead = [
            holder("rules-replica/other", "other", true),
            holder("rules/0", "other", true),
        ];
        assert_eq!(
            plan(REPLICA, "me", &groups, &dead, PATIENCE).acquire.len(),
            2
        );
    }
}
