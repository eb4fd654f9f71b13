//! `plimsoll demo`: tells a story, judges it, and leaves nothing behind.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use plimsoll_e2e::{Api, Home, Program, binary, wait_until};
use rustix::process::{Pid, Signal, kill_process};

/// A story takes half a minute at this speed, and longer where other tests keep both cores busy.
const STORY_MAX: Duration = Duration::from_secs(240);
/// The demo ends once it has closed its store.
const END_MAX: Duration = Duration::from_secs(30);

/// A demo whose temporary directory is in a folder of its own.
struct Demo {
    home: Home,
    program: Program,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        Self::start_in(Home::new().unwrap(), arguments)
    }

    fn start_in(home: Home, arguments: &[&str]) -> Self {
        let temporary = home.path("temporary");
        std::fs::create_dir(&temporary).unwrap();
        let mut command = Command::new(binary().unwrap());
        command.arg("demo").args(["--port", "0"]).args(arguments);
        command.env("TMPDIR", &temporary);
        let program = Program::start(&mut command, home.next_log()).unwrap();
        Self { home, program }
    }

    fn end(&mut self, longest: Duration) -> ExitStatus {
        wait_until(longest, "the end of the demo", || {
            self.program.exit_status()?.context("it runs")
        })
        .unwrap()
    }

    /// Waits for the URL and returns who answers there.
    fn api(&mut self) -> Api {
        wait_until(STORY_MAX, "the URL", || {
            self.program.check_alive()?;
            let log = self.program.log();
            let mut lines = log.lines();
            let url = lines.find_map(|line| line.strip_prefix("http://"));
            Ok(Api {
                address: url.context("no URL yet")?.parse()?,
            })
        })
        .unwrap()
    }

    fn left(&self) -> Vec<std::ffi::OsString> {
        let entries = std::fs::read_dir(self.home.path("temporary")).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    fn interrupt(&self) {
        let id = Pid::from_raw(self.program.id().try_into().unwrap()).unwrap();
        kill_process(id, Signal::INT).unwrap();
    }
}

#[test]
fn an_outage_is_told_judged_and_cleaned_up() {
    let mut demo = Demo::start(&["--headless", "--speed", "10x", "--story", "outage"]);
    let status = demo.end(STORY_MAX);
    let log = demo.program.log();
    assert_eq!(status.code(), Some(0), "{log}");
    for expected in [
        "PAGE   to shop-on-call: ErrorBudgetBurn",
        "ErrorBudgetBurn{service=\"shop\", severity=\"page\", slo=\"buy\"} came after",
        "outage: as it had to be",
    ] {
        assert!(log.contains(expected), "{expected} in {log}");
    }
    assert!(!log.contains("differs:") && !log.contains('\x1b'), "{log}");
    assert!(demo.left().is_empty(), "{:?}", demo.left());
}

#[test]
fn a_wrong_expectation_fails_with_what_differed() {
    let story = "version: plimsoll/v1\ntitle: nothing happens\nsteps:\n  - at: 1s\n    expect:\n      alert: \
                 NobodySendsThis\n      within: 2s\n      resolves_within: 2s\n      budget: [{slo: shop/buy, at_most: 0%}]\n";
    let home = Home::new().unwrap();
    let path = home.write("story.yml", story.as_bytes()).unwrap();
    let story = path.to_str().unwrap();
    let mut demo = Demo::start_in(home, &["--headless", "--speed", "10x", "--story", story]);
    let status = demo.end(STORY_MAX);
    let log = demo.program.log();
    assert_eq!(status.code(), Some(1), "{log}");
    let missing = "differs: NobodySendsThis did not come within 2.0 s";
    assert!(log.contains(missing), "{log}");
    let whole = "differs: 100.0 % of the budget of shop/buy is left, wanted at most 0.0 %";
    assert!(log.contains(whole), "{log}");
    assert_eq!(log.matches("differs:").count(), 2, "{log}");
    assert!(demo.left().is_empty(), "{:?}", demo.left());
}

#[test]
fn an_interrupt_ends_it_and_leaves_nothing_unless_told_to() {
    let mut demo = Demo::start(&["--story", "overload"]);
    let api = demo.api();
    wait_until(STORY_MAX, "customers in the store", || {
        let found = api.value("sum(shop_customer_requests_total)")?;
        ensure!(found > 10.0, "{found}");
        Ok(())
    })
    .unwrap();
    demo.interrupt();
    let status = demo.end(END_MAX);
    assert_eq!(status.code(), Some(0), "{}", demo.program.log());
    assert!(demo.left().is_empty(), "{:?}", demo.left());
}

#[test]
fn kept_data_is_served_again() {
    let mut demo = Demo::start(&["--keep"]);
    let counted = |api: Api| -> Result<f64> { api.value("count(count_over_time(up[1h]))") };
    let api = demo.api();
    wait_until(STORY_MAX, "the first scrapes", || {
        let found = counted(api)?;
        // Eight replicas and their customers, this host, and the program itself.
        ensure!(found >= 11.0, "{found}");
        Ok(())
    })
    .unwrap();
    demo.interrupt();
    demo.end(END_MAX);
    let log = demo.program.log();
    let line = log
        .lines()
        .find(|line| line.trim().starts_with("plimsoll serve"));
    let mut words = line
        .expect("how to look at it again")
        .split_whitespace()
        .skip(1);
    let mut command = Command::new(binary().unwrap());
    command.args(&mut words).args(["--listen", "127.0.0.1:0"]);
    let server = plimsoll_e2e::Server::start_with(&demo.home, &mut command).unwrap();
    assert!(counted(server.api).unwrap() >= 11.0);
    assert_eq!(demo.left().len(), 1);
}

#[test]
fn a_story_that_does_not_hold_is_refused_with_its_place() {
    let home = Home::new().unwrap();
    let path = home.write(
        "story.yml",
        b"version: plimsoll/v1\ntitle: x\nsteps:\n  - {at: 1s, inject: {}}\n",
    );
    let path = path.unwrap();
    let mut demo = Demo::start_in(home, &["--headless", "--story", path.to_str().unwrap()]);
    let status = demo.end(END_MAX);
    let log = demo.program.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("story.yml:4:") && log.contains("the service is empty"),
        "{log}"
    );
    assert!(demo.left().is_empty(), "{:?}", demo.left());
}
