//! A configuration that changes while the server runs.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Home, Server, wait_until};

use crate::target::Target;

const SCRAPED_MAX: Duration = Duration::from_secs(30);

fn config(jobs: &[(&str, &Target)]) -> String {
    let mut text = String::from(
        "global:\n  scrape_interval: 1s\nplimsoll:\n  host_metrics:\n    enabled: false\nscrape_configs:\n",
    );
    for (job, target) in jobs {
        let address = target.address;
        text.push_str(&format!(
            "- job_name: {job}\n  static_configs:\n  - targets: ['{address}']\n"
        ));
    }
    text
}

/// Waits until exactly these jobs are up and have their series.
fn wait_for_jobs(server: &Server, expected: &[&str]) -> Result<()> {
    wait_until(SCRAPED_MAX, &format!("{expected:?} up"), || {
        for query in ["up{job!=\"plimsoll\"} == 1", "exposed"] {
            let found = server.api.vector(query)?;
            let mut jobs: Vec<_> = found
                .iter()
                .filter_map(|(labels, _)| labels["job"].as_str())
                .collect();
            jobs.sort_unstable();
            ensure!(jobs == expected, "{query}: {jobs:?}");
        }
        Ok(())
    })
}

#[test]
fn targets_come_and_go_and_a_bad_file_changes_nothing() {
    let (first, second) = (
        Target::start("exposed 1\n").unwrap(),
        Target::start("exposed 2\n").unwrap(),
    );
    let home = Home::new().unwrap();
    home.configure(&config(&[("first", &first)])).unwrap();
    let server = Server::start(&home).unwrap();
    wait_for_jobs(&server, &["first"]).unwrap();

    home.configure(&config(&[("first", &first), ("second", &second)]))
        .unwrap();
    let reply = server.api.post("/-/reload", &[], b"").unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    wait_for_jobs(&server, &["first", "second"]).unwrap();

    home.configure(&config(&[("second", &second)])).unwrap();
    server.program.hang_up().unwrap();
    // Gone at once, not after five minutes: the series ended with markers.
    wait_for_jobs(&server, &["second"]).unwrap();
    let ended = server
        .api
        .value("count_over_time(exposed{job=\"first\"}[5m])")
        .unwrap();
    assert!(ended >= 1.0, "what was scraped before stays: {ended}");

    let bad =
        config(&[("second", &second)]).replace("scrape_interval: 1s", "scrape_interval: 1 second");
    home.configure(&bad).unwrap();
    let reply = server.api.post("/-/reload", &[], b"").unwrap();
    assert_eq!(reply.status, 400, "{}", reply.text());
    for expected in ["plimsoll.yml:2:", "^", "1 second"] {
        assert!(
            reply.text().contains(expected),
            "{expected:?} is not in {}",
            reply.text()
        );
    }
    let scrapes = second.scrapes();
    wait_until(SCRAPED_MAX, "the old configuration in force", || {
        ensure!(
            second.scrapes() > scrapes + 1,
            "{} scrapes",
            second.scrapes()
        );
        Ok(())
    })
    .unwrap();
    wait_for_jobs(&server, &["second"]).unwrap();
    server.program.hang_up().unwrap();
    wait_until(SCRAPED_MAX, "the refusal in the log", || {
        let log = server.program.log();
        let count = log.matches("plimsoll.yml:2:").count();
        ensure!(count >= 2, "{count} times");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_series_that_a_target_stops_exposing_ends_at_once() {
    let target = Target::start("exposed{number=\"1\"} 1\nexposed{number=\"2\"} 2\n").unwrap();
    let home = Home::new().unwrap();
    home.configure(&config(&[("only", &target)])).unwrap();
    let server = Server::start(&home).unwrap();
    let wait_for_count = |expected: usize| {
        wait_until(SCRAPED_MAX, "series", || {
            let found = server.api.vector("exposed")?;
            ensure!(found.len() == expected, "{found:?}");
            Ok(())
        })
    };
    wait_for_count(2).unwrap();
    target.expose("exposed{number=\"1\"} 1\n");
    wait_for_count(1).unwrap();
    target.expose("exposed{number=\"1\"} 1\nexposed{number=\"2\"} 2\n");
    wait_for_count(2).unwrap();
    // A body that is wrong in its last line brings nothing and ends everything.
    target.expose("exposed{number=\"1\"} 1\nexposed{number=\"2\" 2\n");
    wait_for_count(0).unwrap();
    assert_eq!(server.api.value("up{job=\"only\"}").unwrap(), 0.0);
}
