//! Runs commands of the binary, as a shell does.

use std::io::Write;
use std::process::{Command, Stdio};

use plimsoll_e2e::binary;

/// How a command ended and what it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `plimsoll` with arguments and nothing to read.
pub(crate) fn plimsoll(arguments: &[&str]) -> Ended {
    plimsoll_reading("", arguments)
}

/// Runs `plimsoll` with arguments and a text to read.
pub(crate) fn plimsoll_reading(stdin: &str, arguments: &[&str]) -> Ended {
    let mut child = Command::new(binary().unwrap())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes the pipe.
    let written = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    drop(written);
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Asserts the exit code, that stdout stays empty, and what the talk has.
#[track_caller]
pub(crate) fn refused(ended: &Ended, code: i32, expected: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.stdout, "", "stdout is data, and there is none");
    for text in expected {
        assert!(ended.stderr.contains(text), "{text:?} is not in {ended:?}");
    }
}
