use std::io::Write;
use std::process::{Command, Stdio};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use super::*;

fn filled() -> Registry {
    let registry = Registry::new();
    registry.register_process();
    registry.register_build("0.1.0", Some("abc"));
    let requests = Family::<Vec<(&'static str, String)>, Counter>::default();
    registry.register("api_requests", "Requests answered", None, requests.clone());
    requests
        .get_or_create(&vec![("path", "a \"#\" \\ b\n".into())])
        .inc();
    let waits = Histogram::new(exponential_buckets(0.001, 10.0, 3));
    registry.register(
        "wal_sync_duration",
        "Time of an fdatasync",
        Some(Unit::Seconds),
        waits.clone(),
    );
    waits.observe(0.5);
    let written = Counter::<u64>::default();
    registry.register(
        "wal_written",
        "What was written to the WAL",
        Some(Unit::Bytes),
        written.clone(),
    );
    written.inc_by(7);
    registry.register(
        "empty",
        "A family without a member yet",
        None,
        Family::<Vec<(&'static str, String)>, Counter>::default(),
    );
    registry
}

#[test]
fn lists_all_names_also_without_values() {
    let shown: Vec<String> = filled()
        .descriptions()
        .into_iter()
        .map(|d| format!("{} {} {:?}", d.name, d.kind, d.unit))
        .collect();
    assert_eq!(
        shown,
        [
            "plimsoll_api_requests_total counter \"\"",
            "plimsoll_build_info gauge \"\"",
            "plimsoll_empty_total counter \"\"",
            "plimsoll_wal_sync_duration_seconds histogram \"seconds\"",
            "plimsoll_wal_written_bytes_total counter \"bytes\"",
            "process_cpu_seconds_total counter \"seconds\"",
            "process_max_fds gauge \"\"",
            "process_open_fds gauge \"\"",
            "process_resident_memory_bytes gauge \"bytes\"",
            "process_start_time_seconds gauge \"seconds\"",
            "process_virtual_memory_bytes gauge \"bytes\"",
        ]
    );
}

#[test]
fn each_rendered_family_is_listed() {
    let registry = filled();
    let described: Vec<_> = registry.descriptions();
    let text = registry.render_legacy();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut count = 0;
    for line in types {
        let (name, kind) = line.split_once(' ').unwrap();
        let description = described.iter().find(|d| d.name == name);
        assert_eq!(description.map(|d| d.kind.as_str()), Some(kind), "{line}");
        count += 1;
    }
    // All but the empty family.
    assert_eq!(count, described.len() - 1);
}

#[test]
fn renders_both_formats() {
    let registry = filled();
    let open = registry.render();
    let legacy = registry.render_legacy();
    assert!(open.ends_with("# EOF\n"));
    let in_open = "# TYPE plimsoll_wal_written_bytes counter\n\
        # UNIT plimsoll_wal_written_bytes bytes\n\
        plimsoll_wal_written_bytes_total 7\n";
    assert!(open.contains(in_open), "{open}");
    let in_legacy = "# HELP plimsoll_wal_written_bytes_total What was written to the WAL.\n\
        # TYPE plimsoll_wal_written_bytes_total counter\n\
        plimsoll_wal_written_bytes_total 7\n";
    assert!(legacy.contains(in_legacy), "{legacy}");
    let label = "plimsoll_api_requests_total{path=\"a \\\"#\\\" \\\\ b\\n\"} 1\n";
    assert!(open.contains(label) && legacy.contains(label), "{legacy}");
    assert!(legacy.contains("plimsoll_build_info{version=\"0.1.0\",revision=\"abc\"} 1\n"));
    assert!(!legacy.contains("# UNIT") && !legacy.contains("# EOF"));
}

#[test]
fn cuts_exemplars_off() {
    let open = "# TYPE a counter\na_total{x=\"1 # 2\"} 1 # {trace_id=\"t\"} 1.0 5.0\n# EOF\n";
    assert_eq!(
        text::from_openmetrics(open),
        "# TYPE a_total counter\na_total{x=\"1 # 2\"} 1\n"
    );
}

#[test]
fn promtool_has_no_complaint() {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: promtool is not installed");
        return;
    };
    let text = filled().render_legacy();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

#[test]
#[should_panic(expected = "registered twice")]
fn refuses_a_name_twice() {
    let registry = Registry::new();
    registry.register_build("1", None);
    registry.register_build("1", None);
}

#[test]
#[should_panic(expected = "_total are added")]
fn refuses_a_unit_in_the_name() {
    let metric = Counter::<u64>::default();
    Registry::new().register("wal_bytes", "x", Some(Unit::Bytes), metric);
}

#[test]
fn what_is_stored_by_another_way_is_shown_and_not_scraped() {
    let registry = Registry::new();
    let (one, other): (Counter, Counter) = Default::default();
    registry.register("one", "One", None, one);
    registry.register_stored("other", "Other", None, other);
    let (all, own) = (registry.render(), registry.render_own());
    assert!(all.contains("plimsoll_one_total 0") && all.contains("plimsoll_other_total 0"));
    assert!(own.contains("plimsoll_one_total 0") && !own.contains("other"));
    assert!(all.ends_with("# EOF\n") && all.matches("# EOF").count() == 1);
    assert_eq!(registry.descriptions().len(), 2);
}
