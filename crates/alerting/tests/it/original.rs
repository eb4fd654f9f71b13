//! The configuration as others may see it.
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::path::PathBuf;
use std::process::Command;

use crate::config::read;

const FILE: &str = "# a comment
global:
  smtp_smarthost: 'localhost:25'
  smtp_from: a@example.org
  smtp_auth_password: hunter2
  slack_api_url: https://hooks.slack.com/hunter2
route:
  receiver: a
  routes:
  - {matchers: ['b=\"c\"'], receiver: a}
receivers:
- name: a
  webhook_configs:
  - url: http://ann:hunter2@127.0.0.1:9/hunter2?x=hunter2
    http_config: {authorization: {credentials: hunter2}, proxy_url: 'http://bob:hunter2@127.0.0.1:9'}
  slack_configs:
  - {channel: '#x', api_url: 'https://hooks.slack.com/hunter2'}
  pagerduty_configs:
  - routing_key: hunter2
  opsgenie_configs:
  - {api_key: hunter2, api_url: 'https://api.eu.opsgenie.com/'}
plimsoll:
  tiers: {P1: a}
  dead_man: {receiver: a}
";

const SHOWN: &str = "global:
  smtp_smarthost: \"localhost:25\"
  smtp_from: \"a@example.org\"
  smtp_auth_password: <secret>
  slack_api_url: <secret>
route:
  receiver: a
  routes:
  - matchers:
    - \"severity=~\\\"P1|critical|page\\\"\"
    receiver: a
    group_by: []
    group_wait: 0s
    group_interval: 1m
    repeat_interval: 15m
    continue: false
  - matchers:
    - \"b=\\\"c\\\"\"
    receiver: a
receivers:
- name: a
  webhook_configs:
  - url: \"http://xxxxx@127.0.0.1:9/<secret>\"
    http_config:
      authorization:
        credentials: <secret>
      proxy_url: \"http://xxxxx@127.0.0.1:9\"
  slack_configs:
  - channel: \"#x\"
    api_url: <secret>
  pagerduty_configs:
  - routing_key: <secret>
  opsgenie_configs:
  - api_key: <secret>
    api_url: \"https://api.eu.opsgenie.com/\"
";

#[test]
fn secrets_and_our_section_are_not_shown_and_tiers_are() {
    let loaded = read(FILE).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(loaded.config.original, SHOWN);
}

#[test]
fn amtool_reads_what_is_shown() {
    let Some(amtool) = amtool() else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shown.yml");
    std::fs::write(&path, SHOWN).unwrap();
    let output = Command::new(amtool)
        .arg("check-config")
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

fn amtool() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("amtool"))
        .find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_PROGRAMS").is_none(),
            "amtool is not installed"
        );
        println!("SKIPPED: amtool is not installed");
    }
    found
}
