//! The files of Alertmanager's own suite; `cargo xtask conformance alertmanager-config` compares all verdicts with amtool's.
#![allow(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::path::PathBuf;

use plimsoll_alerting::config::{Options, load};

/// The suite of Alertmanager writes all its secrets as `mysecret`.
#[test]
fn no_secret_of_alertmanager_s_suite_is_shown() {
    let Some(folder) = suite() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match load(&path, &Options::default()) {
            Ok(loaded) => {
                let shown = loaded.config.original;
                assert!(!shown.contains("mysecret"), "{}:\n{shown}", path.display());
                read += 1;
            }
            Err(findings) => {
                let shown = findings.to_string();
                assert!(!shown.contains("mysecret"), "{shown}");
            }
        }
    }
    assert!(read >= 5, "{read} files could be read");
}

#[test]
fn bad_files_are_refused_for_their_reason() {
    let Some(folder) = suite() else { return };
    for (file, place, message) in [
        (
            "nil-match_re-route",
            (5, 9),
            "expected a regular expression, found nothing",
        ),
        (
            "nil-source_match_re-inhibition",
            (7, 7),
            "expected a regular expression, found nothing",
        ),
        (
            "opsgenie-both-file-and-apikey",
            (3, 3),
            "`opsgenie_api_key_file` and `opsgenie_api_key` exclude each other",
        ),
        ("opsgenie-no-apikey", (14, 9), "needs an `api_key`"),
        (
            "slack-both-file-and-token",
            (3, 3),
            "`slack_app_token_file` and `slack_app_token` exclude each other",
        ),
        ("slack-both-url-and-token", (3, 3), "exclude each other"),
        ("slack-no-api-url-or-token", (7, 9), "needs an `api_url`"),
        (
            "slack-update-message-and-webhook",
            (13, 9),
            "`update_message` needs an app",
        ),
        (
            "telegram-both-bot-token-and-file",
            (3, 3),
            "`telegram_bot_token_file` and `telegram_bot_token` exclude each other",
        ),
        ("telegram-no-bot-token", (7, 9), "needs a `bot_token`"),
        ("sns-topic-arn", (6, 5), "the kind `sns`"),
        ("wechat-no-api-secret", (6, 5), "the kind `wechat`"),
    ] {
        let path = folder.join(format!("conf.{file}.yml"));
        let findings = load(&path, &Options::default()).expect_err(file);
        let first = findings.iter().next().unwrap();
        assert_eq!((first.line, first.column), place, "{findings}");
        assert!(first.message.contains(message), "{findings}");
    }
}

fn suite() -> Option<PathBuf> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    let data =
        std::env::var_os("PLIMSOLL_TESTDATA").map_or(root.join("shared/testdata"), PathBuf::from);
    let folder = data.join("alertmanager/config");
    if !folder.is_dir() {
        println!("SKIPPED: there is no {}", folder.display());
        return None;
    }
    Some(folder)
}
