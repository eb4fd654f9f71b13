//! A data directory through stops, kills, strangers and time.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use plimsoll_e2e::{Home, Program, Server, now_millis, wait_until};

/// A refusal needs no replay.
const REFUSAL_MAX: Duration = Duration::from_secs(30);
const ALL: &str = "{__name__=~\"kept.*\"}";

fn fill(server: &Server, count: usize) {
    let now = now_millis();
    let lines: String = (0..count)
        .map(|number| {
            format!(
                "kept{{number=\"{}\"}} {number} {}\n",
                number % 100,
                now - number as i64
            )
        })
        .collect();
    let reply = server.import_text(&lines).unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());
}

/// Runs to its end what should not start, and returns its exit code and what it said.
fn refusal(home: &Home, command: &mut Command) -> Result<(Option<i32>, String)> {
    let mut program = Program::start(command, home.next_log())?;
    let status = wait_until(REFUSAL_MAX, "the refusal", || {
        program
            .exit_status()?
            .ok_or_else(|| anyhow::anyhow!("still running: {}", program.log()))
    })?;
    Ok((status.code(), program.log()))
}

fn check_refused(home: &Home, command: &mut Command, code: i32, expected: &[&str]) {
    let (found, said) = refusal(home, command).unwrap();
    assert_eq!(found, Some(code), "{said}");
    for text in expected {
        assert!(said.contains(text), "{text:?} is not in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_stop_and_a_kill_lose_nothing() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    fill(&server, 5000);
    let before = server.export(ALL).unwrap();
    assert_eq!(before.lines().count(), 100);
    let status = server.stop().unwrap();
    assert!(
        status.success(),
        "SIGTERM is a request, not a fault: {status}"
    );

    let server = Server::start(&home).unwrap();
    assert_eq!(server.export(ALL).unwrap(), before, "after SIGTERM");
    let sum = server.api.value("sum(count_over_time(kept[1h]))").unwrap();
    assert_eq!(sum, 5000.0);
    fill(&server, 3000);
    let before = server.export(ALL).unwrap();
    server.kill().unwrap();

    let server = Server::start(&home).unwrap();
    assert_eq!(server.export(ALL).unwrap(), before, "after SIGKILL");
}

#[test]
fn a_directory_has_one_process() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let directory = home.data().display().to_string();
    let holder = server.program.id().to_string();
    check_refused(
        &home,
        &mut home.serve_command().unwrap(),
        1,
        &["error: ", &directory, &holder],
    );
    fill(&server, 10);
    server.kill().unwrap();
    Server::start(&home).expect("a lock that nobody holds keeps nobody out");
}

#[test]
fn a_newer_directory_is_left_alone_and_a_damaged_format_is_repaired() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    fill(&server, 10);
    let before = server.export(ALL).unwrap();
    server.stop().unwrap();
    let format = home.data().join("FORMAT");
    let known = std::fs::read(&format).unwrap();
    std::fs::write(&format, "999\n").unwrap();
    let path = format.display().to_string();
    check_refused(
        &home,
        &mut home.serve_command().unwrap(),
        1,
        &["error: ", &path, "newer"],
    );
    std::fs::write(&format, "one\n").unwrap();
    let server = Server::start(&home).unwrap();
    assert!(
        server
            .program
            .log()
            .contains("FORMAT is damaged, it was made again")
    );
    assert_eq!(server.export(ALL).unwrap(), before);
    assert_eq!(std::fs::read(&format).unwrap(), known);
}

/// Root may write anywhere, so a file stands where the directory should be.
#[test]
fn a_place_that_cannot_be_written_is_named() {
    let home = Home::new().unwrap();
    let path = home.write("data", b"not a directory").unwrap();
    let path = path.display().to_string();
    check_refused(
        &home,
        &mut home.serve_command().unwrap(),
        1,
        &["error: ", &path],
    );
}

#[test]
fn an_address_in_use_or_open_to_others_is_refused() {
    let home = Home::new().unwrap();
    let server = Server::start(&home).unwrap();
    let other = Home::new().unwrap();
    let serve = |address: &str| {
        let mut command = other.serve_command().unwrap();
        // The last one counts for neither: the flag may stand there once.
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let program = command.get_program().to_owned();
        command = Command::new(program);
        command.args(&arguments[..arguments.len() - 1]).arg(address);
        command
    };
    let taken = server.api.address.to_string();
    check_refused(
        &other,
        &mut serve(&taken),
        1,
        &["error: ", &taken, "--listen"],
    );
    check_refused(
        &other,
        &mut serve("0.0.0.0:0"),
        2,
        &["error: ", "0.0.0.0:0", "--insecure"],
    );
    assert!(!other.data().exists(), "a refusal leaves nothing behind");
}
