//! What is accepted and refused of a receiver's entry, against Debian's `amtool check-config`: each field that 0.25 knows with
//! good and bad values, alone and in pairs.
//!
//! One difference is meant and not among them: amtool takes `chat_id: 1.5` for the chat 1, we refuse it.

use std::path::Path;
use std::process::Command;

use plimsoll_runtime::config::Severity;

use crate::bench::read;

const AMTOOL: &str = "/usr/bin/amtool";

/// A kind, fields that make an entry good, and fields that are added or take their place.
type Kind = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const KINDS: [Kind; 6] = [
    (
        "webhook",
        &["url: 'http://h/'"],
        &[
            "url: 'https://h:1/a?b=c#d'",
            "url: ''",
            "url: h",
            "url: 'ftp://h/'",
            "url: 'http://'",
            "url: [a]",
            "max_alerts: 3",
            "max_alerts: -1",
            "max_alerts: x",
            "send_resolved: false",
            "send_resolved: x",
            "http_config: {}",
            "http_config: {foo: 1}",
            "http_config: {proxy_url: 'http://p'}",
            "http_config: {basic_auth: {username: u}, bearer_token: t}",
            "foo: 1",
        ],
    ),
    (
        "pagerduty",
        &["routing_key: k"],
        &[
            "routing_key: ''",
            "routing_key_file: f",
            "service_key: k",
            "service_key_file: f",
            "service_key: ''",
            "url: 'http://h/'",
            "url: h",
            "url: ''",
            "client: '{{ .X'",
            "client_url: x",
            "description: ''",
            "details: {a: b, firing: 1}",
            "details: [a]",
            "images: [{src: s, alt: a, href: h}]",
            "images: [{x: y}]",
            "links: [{}]",
            "links: {href: h}",
            "source: s",
            "severity: nope",
            "class: c",
            "component: c",
            "group: g",
        ],
    ),
    (
        "slack",
        &["api_url: 'http://h/'"],
        &[
            "api_url: ''",
            "api_url: h",
            "api_url_file: f",
            "channel: c",
            "username: u",
            "color: c",
            "title: [t]",
            "fields: [{title: t, value: v, short: true}]",
            "fields: [{title: t}]",
            "fields: [{value: v}]",
            "fields: [{title: t, value: v, short: x}]",
            "short_fields: x",
            "link_names: true",
            "mrkdwn_in: [a, b]",
            "mrkdwn_in: {a: b}",
            "actions: [{type: t, text: x, url: u}]",
            "actions: [{type: t, text: x, name: n, confirm: {text: x}}]",
            "actions: [{type: t, text: x, name: n, confirm: {}}]",
            "actions: [{type: t, text: x, url: u, confirm: {}}]",
            "actions: [{type: t, text: x}]",
            "actions: [{type: t, url: u}]",
            "actions: [{text: x, url: u}]",
        ],
    ),
    (
        "opsgenie",
        &["api_key: k"],
        &[
            "api_key: ''",
            "api_key_file: f",
            "api_url: 'http://h/x'",
            "api_url: h",
            "api_url: ''",
            "message: m",
            "details: {a: b}",
            "details: {a: [b]}",
            "responders: [{name: n, type: team}]",
            "responders: [{id: i, name: n, username: u, type: SCHEDULE}]",
            "responders: [{name: n, type: '{{ .X }}'}]",
            "responders: [{name: n, type: nope}]",
            "responders: [{name: n}]",
            "responders: [{type: user}]",
            "responders: [{name: n, type: teamster}]",
            "update_alerts: true",
            "update_alerts: x",
            "priority: P9",
            "tags: [a]",
        ],
    ),
    (
        "discord",
        &["webhook_url: 'http://h/'"],
        &[
            "webhook_url: ''",
            "webhook_url: h",
            "title: t",
            "message: ''",
            "message: {a: b}",
            "send_resolved: true",
        ],
    ),
    (
        "telegram",
        &["bot_token: t", "chat_id: 1"],
        &[
            "bot_token: ''",
            "chat_id: -100123",
            "chat_id: 0",
            "chat_id: '1'",
            "chat_id: x",
            "api_url: 'http://h'",
            "api_url: h",
            "message: '{{ .X'",
            "disable_notifications: true",
            "disable_notifications: x",
            "parse_mode: ''",
            "parse_mode: HTML",
            "parse_mode: Markdown",
            "parse_mode: MarkdownV2",
            "parse_mode: markdown",
        ],
    ),
];

/// Returns the entry with some fields; of two with the same name the one that is added counts.
fn entry(base: &[&str], added: &[&str]) -> Option<String> {
    let name = |field: &str| field.split(':').next().unwrap_or_default().to_owned();
    let is_there =
        |field: &str, others: &[&str]| others.iter().any(|other| name(other) == name(field));
    if added.len() == 2 && name(added[0]) == name(added[1]) {
        return None;
    }
    let kept = base.iter().filter(|field| !is_there(field, added));
    let fields: Vec<_> = kept.chain(added).copied().collect();
    Some(format!("{{{}}}", fields.join(", ")))
}

/// Returns entries of a kind: nothing, without what it needs, with each field and with each pair of fields.
fn entries(base: &[&str], fields: &[&str]) -> Vec<String> {
    let mut entries = vec!["{}".to_owned()];
    entries.extend(entry(base, &[]));
    for (index, one) in fields.iter().enumerate() {
        entries.extend(entry(&[], &[one]));
        entries.extend(entry(base, &[one]));
        let others = fields[index + 1..].iter();
        entries.extend(others.filter_map(|other| entry(base, &[one, other])));
    }
    entries
}

fn receivers(kind: &str, entry: &str) -> String {
    format!("receivers:\n- name: a\n  {kind}_configs: [{entry}]\n")
}

/// Returns what amtool says of each entry, in one run.
fn theirs(kind: &str, entries: &[String], folder: &Path) -> Vec<bool> {
    let files: Vec<_> = (0..entries.len())
        .map(|index| folder.join(format!("{kind}-{index}.yml")))
        .collect();
    for (file, entry) in files.iter().zip(entries) {
        let text = format!("route: {{receiver: a}}\n{}", receivers(kind, entry));
        std::fs::write(file, text).unwrap();
    }
    let output = Command::new(AMTOOL)
        .arg("check-config")
        .args(&files)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let verdicts = text.lines().filter(|line| line.starts_with("Checking "));
    let verdicts: Vec<_> = verdicts.map(|line| line.contains("SUCCESS")).collect();
    assert_eq!(verdicts.len(), entries.len(), "{text}");
    verdicts
}

fn is_accepted(kind: &str, entry: &str) -> bool {
    let (_, findings) = read(&receivers(kind, entry));
    let mut severities = findings.iter().map(|finding| finding.severity);
    !severities.any(|severity| severity == Severity::Error)
}

#[test]
fn entries_are_judged_as_amtool_judges_them() {
    if !Path::new(AMTOOL).is_file() {
        let is_required = std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_some();
        assert!(
            !is_required,
            "amtool is not installed, and PLIMSOLL_REQUIRE_PROGRAMS is set"
        );
        eprintln!("SKIPPED: amtool is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut different = Vec::new();
    for (kind, base, fields) in KINDS {
        let entries = entries(base, fields);
        let theirs = theirs(kind, &entries, folder.path());
        assert!(theirs.contains(&true) && theirs.contains(&false), "{kind}");
        for (entry, theirs) in entries.iter().zip(theirs) {
            if is_accepted(kind, entry) != theirs {
                different.push(format!("{kind} {entry}: amtool accepts: {theirs}"));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
