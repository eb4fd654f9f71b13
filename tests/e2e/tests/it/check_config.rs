//! `plimsoll check config`, and `serve` with a file that it would refuse.

use std::process::{Command, Output};

use plimsoll_e2e::{Home, binary};

const GOOD: &str =
    "scrape_configs:\n- job_name: a\n  static_configs:\n  - targets: ['localhost:1']\n";

fn check(contents: &str) -> Output {
    let home = Home::new().unwrap();
    let path = home.write("file.yml", contents.as_bytes()).unwrap();
    let mut command = Command::new(binary().unwrap());
    command
        .args(["check", "config"])
        .arg(path)
        .output()
        .unwrap()
}

/// Ten levels of ten aliases: 10 GB of text from 500 bytes.
fn alias_bomb() -> String {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..10 {
        let below = vec![format!("*a{}", level - 1); 10].join(",");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    text
}

#[test]
fn a_good_file_is_good() {
    let output = check(GOOD);
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).contains("good: 1 scrape jobs"));
    assert!(output.stderr.is_empty());
}

#[test]
fn a_bad_file_is_refused_with_place_and_caret() {
    for (contents, place, expected) in [
        (
            "global:\n  scrape_intervall: 1s\n",
            ":2:3: error: ",
            "did you mean `scrape_interval`?",
        ),
        ("global:\n\tscrape_interval: 1s\n", ":2:1: error: ", "tab"),
        (
            "global:\n  scrape_interval: 1s\n  scrape_interval: 2s\n",
            ":3:3: error: ",
            "duplicate key `scrape_interval`",
        ),
        (
            "scrape_configs:\n- job_name: a\n- job_name: a\n",
            ":3:13: error: ",
            "two jobs",
        ),
        (&alias_bomb(), ": error: ", "aliases"),
        (
            "scrape_configs:\n- job_name: a\n  scrape_interval: [1s]\n",
            ":3:20: error: ",
            "expected a duration such as 15s, found a list",
        ),
        (
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n",
            ":3:3: error: `kubernetes_sd_configs`",
            "static_configs",
        ),
    ] {
        let output = check(contents);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        for text in [place, expected, "\n  | ", "^"] {
            assert!(said.contains(text), "{text:?} is not in:\n{said}");
        }
        assert!(
            output.stdout.is_empty(),
            "stdout is data, and there is none"
        );
    }
}

#[test]
fn serve_does_not_start_with_it() {
    let home = Home::new().unwrap();
    home.configure("global:\n  scrape_intervall: 1s\n").unwrap();
    let output = home.serve_command().unwrap().output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("plimsoll.yml:2:3: error: "), "{said}");
    assert!(!home.data().exists(), "a refusal leaves nothing behind");
}
