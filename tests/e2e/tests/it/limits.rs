//! One target that exposes far too much, beside one that does not.

use std::time::Duration;

use anyhow::{Result, ensure};
use plimsoll_e2e::{Home, Server, wait_until};

use crate::target::Target;

const SERIES: usize = 1_000_000;
/// A debug build reads the first hundred thousand in seconds.
const SCRAPED_MAX: Duration = Duration::from_secs(120);
const PEAK_BYTES_MAX: u64 = 1536 << 20;

#[test]
fn a_million_series_are_refused_by_name_and_disturb_nobody() {
    let one_metric = Target::streaming(|into| {
        (0..SERIES).try_for_each(|number| writeln!(into, "huge{{number=\"{number}\"}} 1"))
    });
    let many_metrics = Target::streaming(|into| {
        (0..SERIES).try_for_each(|number| writeln!(into, "huge_{number} 1"))
    });
    let (one_metric, many_metrics) = (one_metric.unwrap(), many_metrics.unwrap());
    let small = Target::start("small 1\n").unwrap();
    let home = Home::new().unwrap();
    home.configure(&format!(
        "global:\n  scrape_interval: 1s\nplimsoll:\n  host_metrics:\n    enabled: false\nscrape_configs:\n\
         - job_name: one_metric\n  scrape_interval: 10s\n  static_configs: [{{targets: ['{}']}}]\n\
         - job_name: many_metrics\n  scrape_interval: 10s\n  sample_limit: 50000\n  static_configs: [{{targets: ['{}']}}]\n\
         - job_name: small\n  static_configs: [{{targets: ['{}']}}]\n",
        one_metric.address, many_metrics.address, small.address
    ))
    .unwrap();
    let server = Server::start(&home).unwrap();
    wait_until(SCRAPED_MAX, "all targets scraped", || refused(&server)).unwrap();
    assert!(
        server
            .api
            .vector("{__name__=~\"huge.*\"}")
            .unwrap()
            .is_empty(),
        "all or nothing"
    );
    let small = server
        .api
        .value("avg_over_time(up{job=\"small\"}[1m])")
        .unwrap();
    assert!(small > 0.5, "the small target was up {small} of the time");
    let peak = server.program.peak_resident_bytes().unwrap();
    assert!(peak < PEAK_BYTES_MAX, "{} MiB", peak >> 20);
}

fn refused(server: &Server) -> Result<()> {
    let log = server.program.log();
    for expected in [
        "the target exposes more series of the metric huge than the limit of 100000",
        "the target exposes more samples than sample_limit 50000",
    ] {
        ensure!(log.contains(expected), "{expected:?} is not in the log");
    }
    for (job, expected) in [("one_metric", 0.0), ("many_metrics", 0.0), ("small", 1.0)] {
        let up = server.api.value(&format!("up{{job=\"{job}\"}}"))?;
        ensure!(up == expected, "{job}: up is {up}");
    }
    Ok(())
}
