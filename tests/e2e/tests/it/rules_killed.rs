//! kill -9 while alerts pend, fire and are kept firing: afterwards states and times are what they would have been.
//!
//! Conditions are functions of time alone, so what must have happened is known from the slots that were evaluated, and
//! those are known from a series with a sample at each. A slot in which the server was killed may have taken place or not.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{
    Home, Receiver, Server, Told, beats, millis_of_rfc_3339, now_millis, wait_until,
};
use plimsoll_testkit::Seed;
use serde_json::Value;

const KILLS: u64 = 8;
const INTERVAL_MILLIS: i64 = 1_000;
/// Alerts pend for longer than the server lives between two kills.
const HOLD_SECONDS: i64 = 15;
/// From the start on: the condition of those that end.
const END_SECONDS: i64 = 8;
const KEEP_SECONDS: i64 = 20;
/// A debug build on two busy cores.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// An alert as the API shows it.
#[derive(Clone, Debug, PartialEq)]
struct Shown {
    state: String,
    active_at: i64,
    keep_firing_since: Option<i64>,
}

struct Scene {
    home: Home,
    receiver: Receiver,
    begin_seconds: i64,
}

impl Scene {
    fn new() -> Result<Self> {
        let (home, receiver) = (Home::new()?, Receiver::start()?);
        let begin_seconds = now_millis() / 1000;
        let end = begin_seconds + END_SECONDS;
        let rules = format!(
            "groups:\n- name: one\n  interval: 1s\n  rules:\n  - record: one:beat\n    expr: vector(1)\n  \
             - alert: Fires\n    expr: vector(1)\n  \
             - alert: Pends\n    expr: vector(1)\n    for: {HOLD_SECONDS}s\n  \
             - alert: Ends\n    expr: vector(time()) < {end}\n  \
             - alert: Keeps\n    expr: vector(time()) < {end}\n    keep_firing_for: {KEEP_SECONDS}s\n"
        );
        home.write("rules.yml", rules.as_bytes())?;
        home.configure(&format!(
            "global: {{scrape_interval: 10y}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - static_configs:\n    \
             - targets: ['{}']\nplimsoll:\n  host_metrics: {{enabled: false}}\n",
            receiver.address
        ))?;
        Ok(Self {
            home,
            receiver,
            begin_seconds,
        })
    }
}

fn shown(server: &Server, name: &str) -> Result<Option<Shown>> {
    let data = server.api.data("/api/v1/alerts", &[])?;
    let alerts = data["alerts"].as_array().into_iter().flatten();
    let mut own = alerts.filter(|alert| alert["labels"]["alertname"] == name);
    let Some(alert) = own.next() else {
        return Ok(None);
    };
    let time = |value: &Value| value.as_str().and_then(millis_of_rfc_3339);
    Ok(Some(Shown {
        state: alert["state"].as_str().unwrap_or_default().to_owned(),
        active_at: time(&alert["activeAt"]).context("no activeAt")?,
        keep_firing_since: time(&alert["keepFiringSince"]),
    }))
}

/// Says whether a time is a slot that may have been the first one from `begin` on: not after the first that was evaluated
/// for certain, and before it only where nobody knows.
fn may_be_first(time: i64, begin: i64, slots: &[i64]) -> bool {
    let first = slots.iter().find(|slot| **slot >= begin);
    let is_slot = slots
        .first()
        .is_some_and(|slot| (time - slot) % INTERVAL_MILLIS == 0);
    is_slot && time >= begin && first.is_some_and(|first| time <= *first)
}

/// What is told of one alert is one firing: one beginning, one end, and nothing after the end.
fn one_firing(told: &[Told]) -> Result<i64> {
    let starts: BTreeSet<i64> = told.iter().map(|told| told.starts_at_millis).collect();
    ensure!(starts.len() == 1, "it began at {starts:?}");
    let ends: BTreeSet<i64> = told
        .iter()
        .filter(|told| told.is_resolved())
        .map(|told| told.ends_at_millis)
        .collect();
    ensure!(ends.len() <= 1, "it ended at {ends:?}");
    let first_end = told.iter().position(Told::is_resolved);
    let after = first_end.map_or(&[][..], |at| &told[at..]);
    ensure!(
        after.iter().all(Told::is_resolved),
        "it fires after its end: {told:?}"
    );
    starts.into_iter().next().context("nothing was told")
}

#[test]
fn states_and_times_outlive_kills() {
    let scene = Scene::new().unwrap();
    let seed = &mut Seed::new(now_millis() as u64);
    let mut active_at = BTreeSet::new();
    let mut server = Server::start(&scene.home).unwrap();
    for _ in 0..KILLS {
        let until = now_millis() + 500 + seed.below(2_500) as i64;
        wait_until(WAIT_MAX, "the moment of the kill", || {
            if let Some(pends) = shown(&server, "Pends")? {
                active_at.insert(pends.active_at);
            }
            ensure!(now_millis() >= until, "too early");
            Ok(())
        })
        .unwrap();
        server.kill().unwrap();
        server = Server::start(&scene.home).unwrap();
    }
    let is_over = |name: &str| {
        let told = scene.receiver.told(name);
        ensure!(told.iter().any(Told::is_resolved), "{name}: {told:?}");
        Ok(())
    };
    wait_until(WAIT_MAX, "all that was to happen", || {
        let pends = shown(&server, "Pends")?.context("it does not pend")?;
        ensure!(pends.state == "firing", "{pends:?}");
        ensure!(
            !scene.receiver.told("Pends").is_empty(),
            "Pends was not told"
        );
        ensure!(shown(&server, "Keeps")?.is_none(), "Keeps fires");
        is_over("Keeps")?;
        is_over("Ends")
    })
    .unwrap();
    judge(&scene, &server, &active_at).unwrap();
}

fn judge(scene: &Scene, server: &Server, active_at: &BTreeSet<i64>) -> Result<()> {
    let slots = beats(server)?
        .remove("one")
        .context("no slot was evaluated")?;
    let (first, end) = (slots[0], (scene.begin_seconds + END_SECONDS) * 1000);
    ensure!(
        active_at.len() == 1,
        "it pended anew: {active_at:?}, slots {slots:?}"
    );
    let pends = shown(server, "Pends")?.context("it does not fire any more")?;
    ensure!(
        active_at.contains(&pends.active_at),
        "{pends:?}, {active_at:?}"
    );
    // The slot before the first that is known may have been the one of a kill.
    ensure!(pends.active_at <= first, "{pends:?}, slots {slots:?}");
    let told = |name: &str| scene.receiver.told(name);
    let started = one_firing(&told("Pends")).context("Pends")?;
    let due = pends.active_at + HOLD_SECONDS * 1000;
    ensure!(
        may_be_first(started, due, &slots),
        "Pends fired at {started}, due {due}, slots {slots:?}"
    );
    let fires = one_firing(&told("Fires")).context("Fires")?;
    ensure!(fires <= first, "Fires began at {fires}, slots {slots:?}");
    for name in ["Ends", "Keeps"] {
        let told = told(name);
        one_firing(&told).context(name)?;
        let ended = told
            .iter()
            .find(|told| told.is_resolved())
            .context("it was not told that it ended")?;
        let at = ended.ends_at_millis;
        if name == "Ends" {
            ensure!(
                may_be_first(at, end, &slots),
                "{name} ended at {at}, due {end}, slots {slots:?}"
            );
        } else {
            // It was kept from the first slot after the end on, whichever that was.
            let (earliest, latest) = (
                end + KEEP_SECONDS * 1000,
                slots
                    .iter()
                    .find(|slot| **slot >= end)
                    .context("no slot after the end")?,
            );
            let is_possible =
                (earliest..=latest + KEEP_SECONDS * 1000).any(|due| may_be_first(at, due, &slots));
            ensure!(
                is_possible,
                "{name} ended at {at}, due from {earliest}, slots {slots:?}"
            );
        }
    }
    Ok(())
}
