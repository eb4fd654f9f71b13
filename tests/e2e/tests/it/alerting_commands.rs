//! `plimsoll alert` and `plimsoll silence`, against ours, against Debian's Alertmanager, and against nobody.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use plimsoll_e2e::{Alertmanager, Home, Recorder, Server, find};
use serde_json::{Value, json};

use crate::alerting_node;
use crate::cli::{Ended, plimsoll, plimsoll_reading, refused};

const FILE: &str = "route:\n  receiver: chat\n  group_by: [alertname]\n  group_wait: 0s\n  routes:\n  \
    - matchers: [severity=page]\n    receiver: pagers\n    continue: true\n  - matchers: [team=db]\n    receiver: chat\n";

fn config(recorder: &Recorder) -> String {
    let hook = |path: &str| recorder.url(path);
    format!(
        "{FILE}receivers:\n- name: chat\n  webhook_configs: [{{url: '{}'}}]\n- name: pagers\n  webhook_configs: [{{url: '{}'}}]\n",
        hook("/chat"),
        hook("/pagers")
    )
}

fn at(server: SocketAddr) -> impl Fn(&[&str]) -> Ended {
    let url = format!("http://{server}");
    move |arguments| plimsoll(&[arguments, &["--server", &url]].concat())
}

#[track_caller]
fn good(ended: Ended) -> Ended {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended
}

fn down() -> Value {
    json!([
        {"labels": {"alertname": "Down", "job": "db", "severity": "page"}, "annotations": {"summary": "db is down"}},
        {"labels": {"alertname": "Full", "team": "db"}, "generatorURL": "http://host/graph"},
    ])
}

#[test]
fn alerts_are_listed_shown_grouped_and_explained() {
    let recorder = Recorder::start().unwrap();
    let manager = alerting_node::start(&config(&recorder)).unwrap();
    manager.post("/alerts", &down()).unwrap();
    let run = at(manager.api.address);
    let list = good(run(&["alert", "list"]));
    assert_eq!(list.stderr, "2 alerts\n");
    assert!(
        list.stdout.contains("Down{job=\"db\", severity=\"page\"}"),
        "{}",
        list.stdout
    );
    let of_pagers = good(run(&["alert", "list", "--receiver", "pagers", "-o", "ids"]));
    let id = of_pagers.stdout.trim();
    assert_eq!(id.len(), 16, "{of_pagers:?}");
    let json = good(run(&["alert", "list", "Full", "team=db", "-o", "json"]));
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json[0]["labels"], down()[1]["labels"]);
    assert_eq!(json.as_array().unwrap().len(), 1);
    let shown = good(run(&["alert", "show", id])).stdout;
    assert!(
        shown.contains("summary: db is down") && shown.contains("severity=page"),
        "{shown}"
    );
    let groups = good(run(&["alert", "groups", "--receiver", "chat"])).stdout;
    assert!(
        groups.contains("chat  {alertname=\"Full\"}  1 alert\n"),
        "{groups}"
    );
    let explained = good(run(&["alert", "explain", id])).stdout;
    assert!(explained.contains("  pagers webhook[0]: "), "{explained}");
    assert!(explained.contains("no route leads to: chat"), "{explained}");
    let json = good(run(&[
        "alert", "explain", "Nothing", "team=db", "-o", "json",
    ]))
    .stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["channels"][0]["why"]["kind"], "no_alert", "{json}");
    refused(
        &run(&["alert", "show", "Nothing"]),
        1,
        &["no such alert fires"],
    );
    refused(
        &run(&["alert", "explain", "job=~x.*"]),
        1,
        &["give all of its labels"],
    );
    refused(
        &run(&["alert", "explain", id, "--receiver", "nobody"]),
        1,
        &["no receiver \"nobody\""],
    );
}

#[test]
fn routes_are_tested_by_file_and_by_server() {
    let recorder = Recorder::start().unwrap();
    let manager = alerting_node::start(&config(&recorder)).unwrap();
    let home = Home::new().unwrap();
    let file = home
        .write("alertmanager.yml", config(&recorder).as_bytes())
        .unwrap();
    let file = file.to_str().unwrap();
    let run = at(manager.api.address);
    let labels = ["alert", "route-test", "severity=page", "team=db"];
    let by_server: Value =
        serde_json::from_str(&good(run(&[&labels[..], &["-o", "json"]].concat())).stdout).unwrap();
    let by_file = good(plimsoll(
        &[&labels[..], &["--config", file, "-o", "json"]].concat(),
    ));
    let mut by_file: Value = serde_json::from_str(&by_file.stdout).unwrap();
    assert_eq!(by_file["receivers"], by_server["receivers"]);
    // What the server leaves out is empty.
    for (ours, theirs) in by_file["routes"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .zip(by_server["routes"].as_array().unwrap())
    {
        for (name, value) in theirs
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "parent")
        {
            assert_eq!(&ours[name], value, "{name}");
        }
    }
    let expect = [
        &labels[..],
        &["--config", file, "-o", "receivers", "--expect"],
    ]
    .concat();
    let met = good(plimsoll(&[&expect[..], &["pagers,chat"]].concat()));
    assert_eq!(met.stdout, "pagers,chat\n");
    let missed = plimsoll(&[&expect[..], &["chat"]].concat());
    assert_eq!(missed.code, Some(1));
    assert!(
        missed
            .stderr
            .contains("expected the receivers chat, found pagers,chat"),
        "{missed:?}"
    );
    if find("amtool").unwrap().is_some() {
        let output = Command::new("amtool")
            .args(["config", "routes", "test", "--config.file", file])
            .args(["severity=page", "team=db"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), met.stdout);
    }
    let checked = good(plimsoll(&["check", "alertmanager", file]));
    assert!(
        checked.stdout.ends_with(
            "good: 3 routes, 2 receivers, 0 inhibit rules, 0 template files, 0 warnings\n"
        ),
        "{checked:?}"
    );
    assert_eq!(
        good(plimsoll(&["check", "config", file])).stdout,
        checked.stdout
    );
}

#[test]
fn a_silence_is_previewed_made_listed_and_ended() {
    let recorder = Recorder::start().unwrap();
    let manager = alerting_node::start(&config(&recorder)).unwrap();
    manager.post("/alerts", &down()).unwrap();
    let run = at(manager.api.address);
    let preview = good(run(&["silence", "preview", "job=~d.*"]));
    assert_eq!(preview.stderr, "it is about 1 alert of 2 that fire now\n");
    assert!(preview.stdout.contains("Down{"), "{preview:?}");
    let add = [
        "silence",
        "add",
        "Down",
        "--comment",
        "new disk",
        "--author",
        "ann",
        "--until-resolved",
        "--grace",
        "5m",
    ];
    let added = good(run(&add));
    assert!(
        added.stderr.contains("it is about 1 alert of 2"),
        "{added:?}"
    );
    let id = added.stdout.trim();
    let listed = good(run(&["silence", "list"])).stdout;
    for text in [
        id,
        "active",
        "ann",
        "{alertname=\"Down\"}",
        "[until resolved for 5m] new disk",
    ] {
        assert!(listed.contains(text), "{text:?} is not in {listed}");
    }
    let silenced = good(run(&["alert", "list", "--silenced"])).stdout;
    assert!(
        silenced.contains("Down{") && !silenced.contains("Full"),
        "{silenced}"
    );
    let weekly = [
        "silence",
        "add",
        "team=db",
        "-c",
        "reindex",
        "-a",
        "ann",
        "--start",
        "2030-01-05T22:00",
        "--end",
        "2030-01-06T04:00",
        "--recurrence",
        "FREQ=WEEKLY;BYDAY=SA",
        "--zone",
        "Europe/Berlin",
        "-o",
        "json",
    ];
    let weekly: Value = serde_json::from_str(&good(run(&weekly)).stdout).unwrap();
    let shown = manager.api.get(
        &format!("/api/v2/silence/{}", weekly["silenceID"].as_str().unwrap()),
        &[],
    );
    let shown = shown.unwrap().json().unwrap();
    assert_eq!(shown["startsAt"], "2030-01-05T21:00:00.000Z", "{shown}");
    assert_eq!(shown["status"]["state"], "pending");
    refused(
        &run(&[
            "silence",
            "add",
            "a=b",
            "-c",
            "x",
            "-a",
            "x",
            "--recurrence",
            "FREQ=HOURLY",
        ]),
        1,
        &["HOURLY"],
    );
    refused(
        &run(&["silence", "expire", "00000000-0000-0000-0000-000000000000"]),
        1,
        &["no silence has this id"],
    );
    refused(
        &run(&["silence", "expire", "../alerts"]),
        1,
        &["that is no id"],
    );
    let ids = good(run(&["silence", "list", "-o", "ids"])).stdout;
    let ids: Vec<&str> = ids.lines().collect();
    assert_eq!(ids.len(), 2);
    good(run(&[&["silence", "expire"], &ids[..]].concat()));
    assert_eq!(good(run(&["silence", "list"])).stdout, "");
    assert_eq!(
        good(run(&["silence", "list", "--expired", "-o", "ids"]))
            .stdout
            .lines()
            .count(),
        2
    );
}

#[test]
fn silences_move_from_an_alertmanager_of_debian_to_ours() {
    if find("prometheus-alertmanager").unwrap().is_none() || find("amtool").unwrap().is_none() {
        return;
    }
    let home = Home::new().unwrap();
    let debian = Alertmanager::start(&home).unwrap();
    let there = at(debian.api.address);
    let url = format!("--alertmanager.url=http://{}", debian.api.address);
    let amtool = |arguments: &[&str]| {
        let output = Command::new("amtool")
            .arg(&url)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    amtool(&["silence", "add", "job=~d.*", "-c", "by amtool", "-a", "ann"]);
    // Ours makes silences in an Alertmanager as well; it has no previews.
    let ours = good(there(&[
        "silence", "add", "Full", "-c", "by us", "-a", "ann", "-d", "2h",
    ]));
    assert_eq!(ours.stderr, "");
    let over = good(there(&[
        "silence", "add", "Over", "-c", "over", "-a", "ann",
    ]))
    .stdout;
    good(there(&["silence", "expire", over.trim()]));
    let mut exported: Vec<Value> =
        serde_json::from_str(&amtool(&["silence", "query", "-o", "json"])).unwrap();
    let expired = amtool(&["silence", "query", "--expired", "-o", "json"]);
    exported.extend(serde_json::from_str::<Vec<Value>>(&expired).unwrap());
    assert_eq!(exported.len(), 3);
    exported.push(json!({"comment": "no matchers", "createdBy": "x", "startsAt": "2030-01-01T00:00:00Z", "endsAt": "2030-01-02T00:00:00Z"}));
    let exported = Value::Array(exported).to_string();

    let recorder = Recorder::start().unwrap();
    let manager = alerting_node::start(&config(&recorder)).unwrap();
    let here = format!("http://{}", manager.api.address);
    let import = |text: &str| plimsoll_reading(text, &["silence", "import", "--server", &here]);
    let first = import(&exported);
    assert_eq!(
        (first.code, first.stdout.lines().count()),
        (Some(1), 2),
        "{first:?}"
    );
    for text in [
        "2 silences made, 1 over, 0 there already",
        "silence 4: error: matchers in body is required",
    ] {
        assert!(first.stderr.contains(text), "{text:?} is not in {first:?}");
    }
    let second = import(&exported);
    assert!(
        second
            .stderr
            .contains("0 silences made, 1 over, 2 there already"),
        "{second:?}"
    );
    assert_eq!(second.stdout, "");
    refused(
        &import("{"),
        1,
        &["standard input is no list of silences in JSON"],
    );
    let listed = good(plimsoll(&["silence", "list", "--server", &here])).stdout;
    assert!(
        listed.contains("by amtool") && listed.contains("by us"),
        "{listed}"
    );
}

#[test]
fn who_cannot_be_asked_is_told_and_why() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    refused(
        &at(nobody)(&["alert", "list"]),
        4,
        &["is it running?", "plimsoll alertmanager listens on"],
    );
    refused(
        &plimsoll(&["alert", "list", "job=db", "severity"]),
        2,
        &["  severity\n", "^", "a matcher looks like"],
    );
    refused(&plimsoll(&["silence", "add", "a=b"]), 2, &["--comment"]);
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    refused(
        &at(server.api.address)(&["alert", "list"]),
        1,
        &["--alertmanager.config-file"],
    );
    refused(
        &at(server.api.address)(&["alert", "explain", "Down"]),
        1,
        &["--alertmanager.config-file"],
    );
}
