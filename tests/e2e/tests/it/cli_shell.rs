//! `plimsoll completions` and `plimsoll man`: what shells and manuals get.

use std::process::Command;

use plimsoll_e2e::Home;

use crate::cli::{plimsoll, refused};

/// Asks bash what it would complete after `line`, whose last word is begun.
fn completed(script: &str, line: &str) -> Vec<String> {
    let home = Home::new().unwrap();
    let path = home.write("completions", script.as_bytes()).unwrap();
    let ask = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=()\n\
               _plimsoll plimsoll \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"\n\
               printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", ask, "bash"]).arg(path);
    let output = command.args(line.split(' ')).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let script = plimsoll(&["completions", "bash"]).stdout;
    assert_eq!(completed(&script, "plimsoll qu"), ["query"]);
    assert_eq!(completed(&script, "plimsoll query ra"), ["range"]);
    assert_eq!(
        completed(&script, "plimsoll query range --outp"),
        ["--output"]
    );
    assert_eq!(
        completed(&script, "plimsoll query range -o "),
        ["table", "json", "csv", "promql"]
    );
    let all = completed(&script, "plimsoll ");
    assert!(!all.iter().any(|word| word == "reference"), "{all:?}");
}

#[test]
fn other_shells_get_theirs() {
    assert!(
        plimsoll(&["completions", "zsh"])
            .stdout
            .starts_with("#compdef plimsoll")
    );
    assert!(
        plimsoll(&["completions", "fish"])
            .stdout
            .contains("complete -c plimsoll")
    );
    refused(
        &plimsoll(&["completions", "csh"]),
        2,
        &["bash", "zsh", "fish"],
    );
}

#[test]
fn every_command_has_a_page() {
    let home = Home::new().unwrap();
    let folder = home.path("man/man1");
    let ended = plimsoll(&["man", folder.to_str().unwrap()]);
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{ended:?}");
    let first = std::fs::read_to_string(folder.join("plimsoll.1")).unwrap();
    assert_eq!(first, plimsoll(&["man"]).stdout);
    // Every page that a page names is there.
    for entry in std::fs::read_dir(&folder).unwrap() {
        let page = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let named = page.lines().filter_map(|line| line.strip_suffix("(1)"));
        for name in named.filter(|name| name.starts_with("plimsoll\\-")) {
            let file = format!("{}.1", name.replace("\\-", "-"));
            assert!(folder.join(&file).is_file(), "{file}");
        }
    }
    assert!(folder.join("plimsoll-query-range.1").is_file());
    assert!(!folder.join("plimsoll-help.1").exists());
    assert!(!folder.join("plimsoll-reference.1").exists());
}
