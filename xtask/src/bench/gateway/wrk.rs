//! Debian's wrk: so many connections that each send the next request when the last was answered.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::bench::contender as programs;
use crate::process;

/// What wrk did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Done {
    pub(super) requests: u64,
    pub(super) per_second: f64,
}

/// Runs wrk with one thread; an answer that is not 2xx, or an error of a socket, fails.
pub(super) fn run(to: SocketAddr, connections: usize, time: Duration) -> anyhow::Result<Done> {
    let mut command = Command::new(programs::installed("wrk")?);
    command
        .arg("--threads=1")
        .arg(format!("--connections={connections}"));
    command.arg(format!("--duration={}s", time.as_secs().max(1)));
    command.arg(format!("http://{to}/"));
    let printed = process::output(&mut command)?;
    parse(&printed).with_context(|| printed.clone())
}

fn parse(printed: &str) -> anyhow::Result<Done> {
    for failure in ["Non-2xx", "Socket errors"] {
        ensure!(!printed.contains(failure), "wrk was not served well");
    }
    let lines = || printed.lines().map(str::trim);
    let requests = lines().find_map(|line| line.split_once(" requests in "));
    let (requests, _) = requests.context("wrk does not say how many requests it made")?;
    let rate = lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    Ok(Done {
        requests: requests.parse()?,
        per_second: rate.context("wrk does not say its rate")?.trim().parse()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "Running 5s test @ http://127.0.0.1:8080/\n  1 threads and 32 connections\n  \
        Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency   508.22us  262.07us   9.59ms   \
        91.87%\n  313321 requests in 5.00s, 47.81MB read\nRequests/sec:  62650.31\nTransfer/sec:      9.56MB\n";

    #[test]
    fn counts_are_read_from_what_wrk_prints() {
        let expected = Done {
            requests: 313_321,
            per_second: 62_650.31,
        };
        assert_eq!(parse(PRINTED).unwrap(), expected);
    }

    #[test]
    fn requests_that_failed_are_no_result() {
        let failures = [
            "  Non-2xx or 3xx responses: 7\n",
            "  Socket errors: connect 0, read 3, write 0, timeout 0\n",
        ];
        for failure in failures {
            assert!(parse(&format!("{PRINTED}{failure}")).is_err());
        }
        assert!(parse("unable to connect to 127.0.0.1:1 Connection refused").is_err());
    }
}
