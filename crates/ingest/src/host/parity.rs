//! Our answer beside that of Debian's node_exporter on the same machine at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_runtime::clock::SystemClock;

use super::*;

const PROGRAM: &str = "/usr/bin/prometheus-node-exporter";

/// Families that only node_exporter has, and why.
const ONLY_THEIRS: &[(&str, &str)] = &[
    (
        "node_exporter_build_info",
        "about the program, not the host",
    ),
    (
        "promhttp_metric_handler_errors_total",
        "about the program, not the host",
    ),
    (
        "node_time_zone_offset_seconds",
        "the zone of the exporter's process; every timestamp here is UTC",
    ),
];

/// Families whose values do not move while the test runs and must be equal. Those that end with `_`
/// stand for all that begin so.
const STEADY: &[&str] = &[
    "node_boot_time_seconds",
    "node_disk_info",
    "node_filefd_maximum",
    "node_filesystem_device_error",
    "node_filesystem_files",
    "node_filesystem_readonly",
    "node_filesystem_size_bytes",
    "node_memory_CommitLimit_bytes",
    "node_memory_HugePages_",
    "node_memory_Hugepagesize_bytes",
    "node_memory_MemTotal_bytes",
    "node_memory_SwapTotal_bytes",
    "node_memory_VmallocTotal_bytes",
    "node_netstat_Ip_Forwarding",
    "node_network_address_assign_type",
    "node_network_carrier",
    "node_network_device_id",
    "node_network_dormant",
    "node_network_flags",
    "node_network_iface_",
    "node_network_info",
    "node_network_mtu_bytes",
    "node_network_name_assign_type",
    "node_network_net_dev_group",
    "node_network_protocol_type",
    "node_network_speed_bytes",
    "node_network_transmit_queue_length",
    "node_network_up",
    "node_scrape_collector_success",
    "node_time_clocksource_",
    "node_uname_info",
];

/// The kernel's idle and iowait times may step back a little between two readers.
const PROCESSOR_SLACK_SECONDS: f64 = 1.0;

#[test]
fn agrees_with_node_exporter() {
    if !Path::new(PROGRAM).exists() {
        println!("skipped: {PROGRAM} is not installed");
        return;
    }
    let exporter = Exporter::start();
    let ours = HostCollector::new(HostPaths::default(), Arc::new(SystemClock::new()));
    let before = Answer::parse(&exporter.fetch());
    let ours = Answer::parse(&ours.expose());
    let after = Answer::parse(&exporter.fetch());

    let problems = compare(&before, &ours, &after);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(ours.series.len() > 100, "found only {}", ours.series.len());
}

/// Compares ours with theirs of just before and just after; what came or went between is in one of
/// the two only and proves nothing.
fn compare(before: &Answer, ours: &Answer, after: &Answer) -> Vec<String> {
    let mut problems = Vec::new();
    for (series, value) in &ours.series {
        let (one, other) = (before.series.get(series), after.series.get(series));
        if one.or(other).is_none() {
            problems.push(format!("only ours: {series}"));
        }
        let (Some(one), Some(other)) = (one, other) else {
            continue;
        };
        let family = family_of(series);
        let is_equal = value == one || value == other;
        if is_steady(family) && !is_equal {
            problems.push(format!("{series}: ours {value}, theirs {one} and {other}"));
        }
        let slack = match family {
            "node_cpu_seconds_total" => PROCESSOR_SLACK_SECONDS,
            _ => 0.0,
        };
        let is_between = (one - slack..=other + slack).contains(value);
        if ours.kinds[family] == "counter" && !is_between {
            problems.push(format!("{series}: ours {value} not within {one}..{other}"));
        }
    }
    for series in before.series.keys() {
        let is_ours = ours.series.contains_key(series);
        if !is_ours && after.series.contains_key(series) && !is_only_theirs(family_of(series)) {
            problems.push(format!("only theirs: {series}"));
        }
    }
    for (family, kind) in &ours.kinds {
        let theirs = before.kinds.get(family).or(after.kinds.get(family));
        if theirs.is_some_and(|theirs| theirs != kind) {
            problems.push(format!("{family}: ours {kind}, theirs {theirs:?}"));
        }
    }
    problems
}

fn is_steady(family: &str) -> bool {
    STEADY.iter().any(|steady| match steady.strip_suffix('_') {
        Some(_) => family.starts_with(steady),
        None => family == *steady,
    })
}

fn is_only_theirs(family: &str) -> bool {
    ONLY_THEIRS.iter().any(|(theirs, _)| *theirs == family)
}

fn family_of(series: &str) -> &str {
    series.split('{').next().unwrap_or_default()
}

/// Series by their text, which both programs write with sorted labels, and types by family.
#[derive(Default)]
struct Answer {
    series: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
}

impl Answer {
    fn parse(text: &str) -> Self {
        let mut answer = Self::default();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (family, kind) = rest.split_once(' ').unwrap();
                answer.kinds.insert(family.into(), kind.into());
            } else if !line.starts_with('#') {
                let (series, value) = line.rsplit_once(' ').unwrap();
                answer.series.insert(series.into(), value.parse().unwrap());
            }
        }
        answer
    }
}

/// A running node_exporter with our collectors only; killed when dropped.
struct Exporter {
    child: Child,
    address: String,
}

impl Exporter {
    fn start() -> Self {
        let mut command = Command::new(PROGRAM);
        command.args([
            "--web.listen-address=127.0.0.1:0",
            "--web.disable-exporter-metrics",
            "--collector.disable-defaults",
        ]);
        for collector in ALL {
            command.arg(format!("--collector.{}", collector.name()));
        }
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut exporter = Self {
            child,
            address: String::new(),
        };
        let log = exporter.child.stderr.take().unwrap();
        let mut lines = BufReader::new(log).lines();
        exporter.address = lines
            .find_map(|line| {
                let line = line.unwrap();
                let (_, address) = line.split_once("\"Listening on\" address=")?;
                Some(address.to_owned())
            })
            .expect("node_exporter says where it listens");
        // Its log must go on being read, or it blocks when the pipe is full.
        std::thread::spawn(move || lines.count());
        exporter
    }

    fn fetch(&self) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 OK"), "{head}");
        body.to_owned()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }
}

#[test]
fn the_comparison_finds_what_differs() {
    let theirs =
        Answer::parse("# TYPE node_load1 gauge\nnode_load1 1\nnode_network_up{device=\"a\"} 1\n");
    let ours =
        Answer::parse("# TYPE node_load1 counter\nnode_load1 1\n# TYPE node_x gauge\nnode_x 1\n");
    let problems: BTreeSet<String> = compare(&theirs, &ours, &theirs).into_iter().collect();
    let wanted = [
        "node_load1: ours counter, theirs Some(\"gauge\")",
        "only ours: node_x",
        "only theirs: node_network_up{device=\"a\"}",
    ];
    assert_eq!(problems, wanted.map(str::to_owned).into());
}
