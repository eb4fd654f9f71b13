//! Two replicas that share a PostgreSQL of Debian's: each slot of each group is evaluated by exactly one, a killed one is
//! replaced within its lease, and a database that is away silences nobody.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Home, Receiver, Server, beats, now_millis, wait_until};
use plimsoll_testkit::Postgres;

const GROUPS: usize = 6;
const LEASE_SECONDS: i64 = 6;
const INTERVAL_MILLIS: i64 = 1_000;
/// What two busy cores and a debug build may add to a lease: a round of looking, reading back, waiting for a turn.
const SLACK_MILLIS: i64 = 2 * INTERVAL_MILLIS + 3_000;
const WAIT_MAX: Duration = Duration::from_secs(120);

fn rules() -> String {
    let mut text = "groups:\n".to_owned();
    for group in 0..GROUPS {
        text.push_str(&format!(
            "- name: g{group}\n  interval: 1s\n  rules:\n  - record: g{group}:beat\n    expr: vector(1)\n  \
             - alert: Fires{group}\n    expr: vector(1)\n    for: 3s\n"
        ));
    }
    text
}

/// A place where a replica runs: its own configuration and data, the rule file and the database of all.
fn replica(rules: &Path, url: &str, receiver: &Receiver) -> Result<Home> {
    let home = Home::new()?;
    home.configure(&format!(
        "global: {{scrape_interval: 10y}}\nrule_files: ['{}']\nalerting:\n  alertmanagers:\n  - static_configs:\n    \
         - targets: ['{}']\nplimsoll:\n  host_metrics: {{enabled: false}}\n  state: {{url: '{url}', lease: {LEASE_SECONDS}s}}\n",
        rules.display(),
        receiver.address
    ))?;
    Ok(home)
}

/// Waits until every group was evaluated by somebody after a point in time.
fn all_beat_after(servers: &[&Server], point: i64) -> Result<()> {
    wait_until(WAIT_MAX, "every group evaluated", || {
        let mut last: BTreeMap<String, i64> = BTreeMap::new();
        for server in servers {
            for (group, slots) in beats(server)? {
                let newest = last.entry(group).or_default();
                *newest = slots.last().copied().unwrap_or_default().max(*newest);
            }
        }
        ensure!(
            last.len() == GROUPS && last.values().all(|slot| *slot > point),
            "{last:?} after {point}"
        );
        Ok(())
    })
}

/// Waits until each of two replicas evaluates its half: then no group is on its way from one to the other, free when the
/// database goes away.
fn each_has_its_half(servers: [&Server; 2]) -> Result<()> {
    wait_until(WAIT_MAX, "a half for each", || {
        let recently = now_millis() - 2 * INTERVAL_MILLIS;
        let evaluated = |server: &Server| -> Result<BTreeSet<String>> {
            let beats = beats(server)?.into_iter();
            let still =
                beats.filter(|(_, slots)| slots.last().is_some_and(|slot| *slot > recently));
            Ok(still.map(|(group, _)| group).collect())
        };
        let [one, other] = [evaluated(servers[0])?, evaluated(servers[1])?];
        ensure!(
            one.len() == GROUPS / 2 && other.len() == GROUPS / 2 && one.is_disjoint(&other),
            "{one:?} and {other:?}"
        );
        Ok(())
    })
}

/// Puts together who evaluated what; fails when two evaluated the same slot.
fn together(servers: &[&Server]) -> Result<BTreeMap<String, Vec<(i64, usize)>>> {
    let mut all: BTreeMap<String, Vec<(i64, usize)>> = BTreeMap::new();
    for (replica, server) in servers.iter().enumerate() {
        for (group, slots) in beats(server)? {
            all.entry(group)
                .or_default()
                .extend(slots.into_iter().map(|slot| (slot, replica)));
        }
    }
    for (group, slots) in &mut all {
        slots.sort_unstable();
        let twice = slots.windows(2).find(|pair| pair[0].0 == pair[1].0);
        ensure!(twice.is_none(), "{group}: two evaluated the slot {twice:?}");
    }
    Ok(all)
}

/// Returns the longest time between two slots of any group that begin in a span.
fn longest_silence(all: &BTreeMap<String, Vec<(i64, usize)>>, from: i64, to: i64) -> i64 {
    let pairs = all.values().flat_map(|slots| slots.windows(2));
    let within = pairs.filter(|pair| pair[1].0 >= from && pair[0].0 <= to);
    within.map(|pair| pair[1].0 - pair[0].0).max().unwrap_or(0)
}

#[test]
fn each_group_is_evaluated_by_one_and_taken_over_by_the_other() {
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let url = postgres.create_database("plimsoll");
    let (shared, receiver) = (Home::new().unwrap(), Receiver::start().unwrap());
    let rules = shared.write("rules.yml", rules().as_bytes()).unwrap();
    let homes = [(); 2].map(|()| replica(&rules, &url, &receiver).unwrap());
    let first = Server::start(&homes[0]).unwrap();
    all_beat_after(&[&first], 0).unwrap();
    let second = Server::start(&homes[1]).unwrap();
    each_has_its_half([&first, &second]).unwrap();
    let settled = now_millis();
    all_beat_after(&[&first, &second], settled + 5 * INTERVAL_MILLIS).unwrap();
    let all = together(&[&first, &second]).unwrap();
    // What this machine is late by when nothing happens: it may be so again, at the end and at the begin of a silence.
    let late = 2 * (longest_silence(&all, settled, now_millis()) - INTERVAL_MILLIS).max(0);

    let killed = now_millis();
    first.kill().unwrap();
    all_beat_after(&[&second], killed + 1_000).unwrap();
    let first = Server::start(&homes[0]).unwrap();
    each_has_its_half([&first, &second]).unwrap();
    let all = together(&[&first, &second]).unwrap();
    let silence = longest_silence(&all, killed, now_millis());
    let allowed = LEASE_SECONDS * 1000 + SLACK_MILLIS + late;
    assert!(
        silence <= allowed,
        "{silence} ms without evaluation, {allowed} allowed"
    );

    // Away for longer than any lease: who held a group goes on with it, and nobody else can take it.
    let away = now_millis();
    postgres.crash();
    all_beat_after(&[&first, &second], away + 2 * LEASE_SECONDS * 1000).unwrap();
    postgres.resume();
    let back = now_millis();
    all_beat_after(&[&first, &second], back + LEASE_SECONDS * 1000).unwrap();
    let all = together(&[&first, &second]).unwrap();
    let silence = longest_silence(&all, away, back);
    assert!(
        silence <= SLACK_MILLIS + 5_000 + late,
        "{silence} ms without evaluation while the database was away"
    );

    for group in 0..GROUPS {
        let told = receiver.told(&format!("Fires{group}"));
        assert!(!told.is_empty(), "Fires{group} was never told");
        let start = told[0].starts_at_millis;
        assert!(
            told.iter()
                .all(|told| told.starts_at_millis == start && !told.is_resolved()),
            "{told:?}"
        );
    }
    let durable = postgres.execute("plimsoll", "SELECT count(*) FROM alerts");
    assert_eq!(durable, GROUPS.to_string());
}
