//! Two replicas that share a PostgreSQL of Debian's: a notice is told once whoever takes its alerts, a killed replica is
//! replaced, and a database that is away keeps no page back.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{
    Home, Make, Manager, Received, Recorder, now_millis, rfc_3339_of_millis, wait_until,
};
use plimsoll_testkit::Postgres;
use serde_json::{Value, json};

const GROUP_INTERVAL_MILLIS: i64 = 4_000;
const GRACE_MILLIS: i64 = 6_000;
const WAIT_MAX: Duration = Duration::from_secs(120);

fn config(hook: &str) -> String {
    format!(
        "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 2s\n  group_interval: {GROUP_INTERVAL_MILLIS}ms\n\
         receivers:\n- name: hook\n  webhook_configs: [{{url: '{hook}'}}]\n\
         plimsoll: {{grace_without_database: {GRACE_MILLIS}ms}}\n"
    )
}

fn pair(hook: &str, database: &Path) -> Result<[Manager; 2]> {
    let database = format!("--storage.url-file={}", database.display());
    let arguments = [database.as_str(), "--storage.lease=5s"];
    let start = || Manager::start_with(Make::Plimsoll, &config(hook), &arguments);
    Ok([start()?, start()?])
}

/// Reads a number that a replica exposes without labels.
fn exposed(manager: &Manager, name: &str) -> Result<f64> {
    let text = manager.api.get("/metrics", &[])?.text();
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    Ok(value.with_context(|| name.to_owned())?.parse()?)
}

fn leads(manager: &Manager) -> Result<bool> {
    Ok(exposed(manager, "plimsoll_alerting_leading")? == 1.0)
}

/// Waits until exactly one routes and nobody tells without the database; returns its place.
fn leader(pair: &[Manager; 2]) -> usize {
    let one = wait_until(WAIT_MAX, "one routes", || {
        let roles = [leads(&pair[0])?, leads(&pair[1])?];
        for manager in pair {
            let degraded = exposed(manager, "plimsoll_alerting_degraded")?;
            ensure!(degraded == 0.0, "still without the database");
        }
        ensure!(roles[0] != roles[1], "{roles:?}");
        Ok(usize::from(roles[1]))
    });
    one.unwrap()
}

/// Posts an alert that began at `start`, in milliseconds since the epoch, and that is over or has no end yet.
fn post(manager: &Manager, name: &str, start: i64, is_over: bool) -> Result<()> {
    let mut alert = json!({
        "labels": {"alertname": name},
        "startsAt": rfc_3339_of_millis(start),
    });
    if is_over {
        alert["endsAt"] = rfc_3339_of_millis(now_millis() - 1).into();
    }
    manager.post("/alerts", &json!([alert])).map(drop)
}

/// Notices by alert and status, such as `A firing`: the key and whether it was marked, of each that came.
type Told = BTreeMap<String, Vec<(String, bool)>>;

fn told(recorder: &Recorder) -> Result<Told> {
    let mut told = Told::new();
    for received in recorder.received("/hook") {
        let notice = received.json()?;
        let alerts = notice["alerts"].as_array().context("no alerts")?;
        ensure!(alerts.len() == 1, "{notice}");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&alerts[0]["labels"]["alertname"]);
        let what = format!("{name} {}", text(&alerts[0]["status"]));
        let mark = (key(&received)?, notice["degraded"] == true);
        told.entry(what).or_default().push(mark);
    }
    Ok(told)
}

fn key(received: &Received) -> Result<String> {
    let key = received.header("idempotency-key").context("no key")?;
    Ok(key.to_owned())
}

fn wait_told(recorder: &Recorder, names: &[&str]) {
    let all = wait_until(WAIT_MAX, "the notices", || {
        let told = told(recorder)?;
        let is_missing = |name: &&&str| !told.contains_key(**name);
        let missing: Vec<_> = names.iter().filter(is_missing).collect();
        ensure!(missing.is_empty(), "{missing:?} of {told:?}");
        Ok(())
    });
    all.unwrap();
}

/// Lets the time pass in which a notice would be repeated if somebody did not know of it.
fn two_intervals() {
    let until = now_millis() + 2 * GROUP_INTERVAL_MILLIS + 1_000;
    let passed = wait_until(WAIT_MAX, "time", || {
        ensure!(now_millis() >= until, "not yet");
        Ok(())
    });
    passed.unwrap();
}

/// Returns how often each was told.
fn counts(recorder: &Recorder) -> BTreeMap<String, usize> {
    let told = told(recorder).unwrap();
    told.into_iter()
        .map(|(what, marks)| (what, marks.len()))
        .collect()
}

fn once(names: &[&str]) -> BTreeMap<String, usize> {
    names.iter().map(|name| ((*name).to_owned(), 1)).collect()
}

/// What is acknowledged and not told yet survives the one that routes; returns which one that was.
fn kill_who_routes(pair: &mut [Manager; 2]) -> usize {
    let first = leader(pair);
    // B waits for group_wait; C comes while nobody routes.
    post(&pair[first], "B", now_millis(), false).unwrap();
    pair[first].program.kill().unwrap();
    post(&pair[1 - first], "C", now_millis(), false).unwrap();
    first
}

/// D begins while the database is away, for longer than the grace, and is told all the same.
fn page_without(postgres: &mut Postgres, pair: &[Manager; 2], recorder: &Recorder) -> i64 {
    postgres.crash();
    let away = now_millis();
    for manager in pair {
        post(manager, "D", away, false).unwrap();
    }
    wait_told(recorder, &["D firing"]);
    assert!(now_millis() - away >= GRACE_MILLIS, "before the grace");
    two_intervals();
    postgres.resume();
    leader(pair);
    two_intervals();
    let all = told(recorder).unwrap();
    let of_d = &all["D firing"];
    assert!(of_d.len() <= 2, "one of each replica: {of_d:?}");
    let is_same = |(key, is_marked): &(String, bool)| *key == of_d[0].0 && *is_marked;
    assert!(of_d.iter().all(is_same), "{of_d:?}");
    away
}

#[test]
fn notices_are_told_once_through_a_kill_and_an_outage_of_the_database() {
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let home = Home::new().unwrap();
    let url = postgres.create_database("plimsoll");
    let database = home.write("database", url.as_bytes()).unwrap();
    let recorder = Recorder::start().unwrap();
    let mut pair = pair(&recorder.url("/hook"), &database).unwrap();
    leader(&pair);
    let start = now_millis();
    for manager in &pair {
        post(manager, "A", start, false).unwrap();
    }
    wait_told(&recorder, &["A firing"]);
    two_intervals();
    assert_eq!(counts(&recorder), once(&["A firing"]));

    let killed = kill_who_routes(&mut pair);
    wait_told(&recorder, &["B firing", "C firing"]);
    assert!(leads(&pair[1 - killed]).unwrap());
    two_intervals();
    let names = ["A firing", "B firing", "C firing"];
    assert_eq!(counts(&recorder), once(&names));

    pair[killed].kill_and_restart().unwrap();
    leader(&pair);
    two_intervals();
    let start = page_without(&mut postgres, &pair, &recorder);
    for manager in &pair {
        post(manager, "D", start, true).unwrap();
    }
    wait_told(&recorder, &["D resolved"]);
    two_intervals();
    let mut all = told(&recorder).unwrap();
    all.remove("D firing");
    let is_marked = |(_, is_marked): &(String, bool)| *is_marked;
    assert!(!all.values().flatten().any(is_marked), "{all:?}");
    let mut rest = counts(&recorder);
    rest.remove("D firing");
    assert_eq!(rest, once(&[&names[..], &["D resolved"]].concat()));
    let left = postgres.execute("plimsoll", "SELECT count(*) FROM alerting_inbox");
    assert_eq!(left, "0");
}
