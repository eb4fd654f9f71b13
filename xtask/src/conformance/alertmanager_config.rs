//! Configuration files of an Alertmanager: we take those that amtool takes, with as much in them, and refuse the others at a
//! place.
//!
//! A good file that uses a kind of receiver we lack is to be refused by that kind's name, and by nothing else. Debian's
//! amtool is a 0.25; what it cannot know is in a table.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use plimsoll_alerting::config::{self, Loaded, Options};
use plimsoll_runtime::config::{Diagnostic, Diagnostics, Severity};

use super::Case;

/// Verdicts of Alertmanager 0.34 on files of its own suite with fields that 0.25 does not have.
const NEWER: [(&str, Expected); 12] = [
    (
        "conf.mattermost-both-webhook-url-and-file.yml",
        Expected::Bad,
    ),
    ("conf.mattermost-default-webhook-url.yml", Expected::Good),
    ("conf.mattermost-no-webhook-url.yml", Expected::Bad),
    (
        "conf.rocketchat-both-tokenid-and-tokenidfile.yml",
        Expected::Bad,
    ),
    ("conf.rocketchat-default-token-file.yml", Expected::Good),
    ("conf.rocketchat-no-token.yml", Expected::Bad),
    ("conf.slack-both-file-and-token.yml", Expected::Bad),
    ("conf.slack-both-url-and-token.yml", Expected::Bad),
    ("conf.slack-update-message-and-webhook.yml", Expected::Bad),
    ("conf.smtp-password-global-and-local.yml", Expected::Good),
    ("conf.telegram-default-bot-token.yml", Expected::Good),
    ("conf.wechat-both-file-and-secret.yml", Expected::Bad),
];

/// Kinds of receivers that we do not have.
const KINDS_ELSEWHERE: [&str; 9] = [
    "jira",
    "mattermost",
    "msteams",
    "pushover",
    "rocketchat",
    "sns",
    "victorops",
    "webex",
    "wechat",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Good,
    Bad,
}

pub(super) fn cases(folder: &Path) -> anyhow::Result<Vec<Case>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|end| end == "yml" || end == "yaml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| case(path)).collect()
}

fn case(path: &Path) -> anyhow::Result<Case> {
    let name = path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let oracle = Oracle::ask(path)?;
    let newer = NEWER.iter().find(|(file, _)| *file == name);
    let expected = match (newer, oracle.verdict()) {
        (Some((_, expected)), _) => Ok(*expected),
        (None, Some(expected)) => Ok(expected),
        (None, None) => Err(format!(
            "cannot be judged: amtool does not know a field of it:\n{}",
            oracle.text
        )),
    };
    let verdict = expected.and_then(|expected| judge(path, expected, &oracle));
    Ok(Case { name, verdict })
}

fn judge(path: &Path, expected: Expected, oracle: &Oracle) -> Result<(), String> {
    match (config::load(path, &Options::default()), expected) {
        (Ok(loaded), Expected::Good) => oracle.holds_as_much(&loaded),
        (Ok(_), Expected::Bad) => Err(format!("is bad and was accepted; amtool:\n{}", oracle.text)),
        (Err(findings), Expected::Good) => names_kind(&findings),
        (Err(findings), Expected::Bad) => has_places(&findings),
    }
}

/// What Debian's amtool says.
struct Oracle {
    text: String,
    is_good: bool,
}

impl Oracle {
    fn ask(path: &Path) -> anyhow::Result<Self> {
        let output = Command::new("amtool")
            .arg("check-config")
            .arg(path)
            .output()
            .context("Debian's amtool is not installed")?;
        ensure!(
            matches!(output.status.code(), Some(0 | 1)),
            "amtool ended with {} on {}",
            output.status,
            path.display()
        );
        Ok(Self {
            text: String::from_utf8_lossy(&output.stdout).into_owned(),
            is_good: output.status.success(),
        })
    }

    fn verdict(&self) -> Option<Expected> {
        match self.is_good {
            true => Some(Expected::Good),
            false if self.text.contains("not found in type") => None,
            false => Some(Expected::Bad),
        }
    }

    /// Compares the numbers that amtool prints about a file that it takes.
    fn holds_as_much(&self, loaded: &Loaded) -> Result<(), String> {
        let config = &loaded.config;
        let counts = [
            (config.inhibit_rules.len(), "inhibit rules"),
            (config.receivers.len(), "receivers"),
            (config.templates.len(), "templates"),
        ];
        for (count, what) in counts {
            let line = format!(" - {count} {what}\n");
            if self.is_good && !self.text.contains(&line) {
                return Err(format!(
                    "has {count} {what}, but amtool says\n{}",
                    self.text
                ));
            }
        }
        Ok(())
    }
}

fn errors(findings: &Diagnostics) -> impl Iterator<Item = &Diagnostic> {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
}

fn names_kind(findings: &Diagnostics) -> Result<(), String> {
    let is_named = |finding: &Diagnostic| {
        let mut kinds = KINDS_ELSEWHERE.iter();
        kinds.any(|kind| finding.message.contains(&format!("`{kind}`")))
    };
    match errors(findings).all(is_named) {
        true => has_places(findings),
        false => Err(format!("is good and was refused:\n{findings}")),
    }
}

fn has_places(findings: &Diagnostics) -> Result<(), String> {
    if errors(findings).all(|finding| finding.line > 0 && finding.column > 0) {
        return Ok(());
    }
    Err(format!("was refused without a place:\n{findings}"))
}
