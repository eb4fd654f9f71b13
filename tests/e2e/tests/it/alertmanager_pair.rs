//! Two replicas and a receiver that is away for 18 s: Debian's pair sends twice, ours once.

use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{
    Behaviour, Home, Make, Manager, Received, Recorder, find, now_millis, rfc_3339_of_millis,
    wait_until,
};
use plimsoll_testkit::Postgres;
use serde_json::{Value, json};

const OUTAGE_MILLIS: i64 = 18_000;
/// The second of Debian's waits for 15 s before it looks, the longest pause between two attempts of the first is as long.
const AFTER_MILLIS: i64 = 25_000;
const WAIT_MAX: Duration = Duration::from_secs(120);

fn config(hook: &str) -> String {
    format!(
        "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 1m\n\
         receivers:\n- name: hook\n  webhook_configs: [{{url: '{hook}'}}]\n"
    )
}

/// Returns a port that is free for TCP and UDP, as gossip needs it.
fn gossip_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let port = listener.local_addr()?.port();
    UdpSocket::bind(("127.0.0.1", port))?;
    Ok(port)
}

fn debian_pair(hook: &str) -> Result<[Manager; 2]> {
    let ports = [gossip_port()?, gossip_port()?];
    let start = |own: usize| {
        let arguments = [
            format!("--cluster.listen-address=127.0.0.1:{}", ports[own]),
            format!("--cluster.peer=127.0.0.1:{}", ports[1 - own]),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Manager::start_with(Make::Debian, &config(hook), &arguments)
    };
    let pair = [start(0)?, start(1)?];
    wait_until(WAIT_MAX, "both in the cluster", || {
        for manager in &pair {
            let status = manager.api.get("/api/v2/status", &[])?.json()?;
            let peers = status["cluster"]["peers"].as_array().map_or(0, Vec::len);
            ensure!(
                status["cluster"]["status"] == "ready" && peers == 2,
                "{status}"
            );
        }
        Ok(())
    })?;
    Ok(pair)
}

/// Posts an alert to both, ends the outage 18 s after the first attempt, and returns what was taken until everybody has
/// come to rest.
fn told_after_outage(pair: &[Manager; 2], recorder: &Recorder, path: &str) -> Result<Vec<Value>> {
    recorder.behave(path, Behaviour::status(503), None);
    let start = rfc_3339_of_millis(now_millis());
    for manager in pair {
        let alert = json!([{"labels": {"alertname": "Down"}, "startsAt": start}]);
        manager.post("/alerts", &alert)?;
    }
    let first = wait_until(WAIT_MAX, "the first attempt", || {
        let received = recorder.received(path);
        ensure!(!received.is_empty(), "none");
        Ok(received[0].at_millis)
    })?;
    pass(first + OUTAGE_MILLIS)?;
    recorder.behave(path, Behaviour::status(200), None);
    pass(first + OUTAGE_MILLIS + AFTER_MILLIS)?;
    let received = recorder.received(path);
    let taken = received.iter().filter(|received| received.is_taken());
    taken.map(Received::json).collect()
}

fn pass(until_millis: i64) -> Result<()> {
    wait_until(WAIT_MAX, "time", || {
        ensure!(now_millis() >= until_millis, "not yet");
        Ok(())
    })
}

fn our_pair(hook: &str, database: &Path) -> Result<[Manager; 2]> {
    let database = format!("--storage.url-file={}", database.display());
    let start = || Manager::start_with(Make::Plimsoll, &config(hook), &[&database]);
    Ok([start()?, start()?])
}

#[test]
fn our_pair_tells_once_after_an_outage() {
    let Some(mut postgres) = Postgres::start() else {
        return;
    };
    let home = Home::new().unwrap();
    let url = postgres.create_database("plimsoll");
    let database = home.write("database", url.as_bytes()).unwrap();
    let recorder = Recorder::start().unwrap();
    let pair = our_pair(&recorder.url("/ours"), &database).unwrap();
    let told = told_after_outage(&pair, &recorder, "/ours").unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    drop(pair);
    postgres.stop();
}

#[test]
fn debians_pair_tells_twice_after_an_outage() {
    if find("prometheus-alertmanager").unwrap().is_none() {
        return;
    }
    let recorder = Recorder::start().unwrap();
    let pair = debian_pair(&recorder.url("/debian")).unwrap();
    let told = told_after_outage(&pair, &recorder, "/debian").unwrap();
    assert_eq!(told.len(), 2, "{told:?}");
}
