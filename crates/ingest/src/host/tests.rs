//! A host made of files, from end to end, and bytes that no kernel wrote.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use plimsoll_testkit::FakeClock;
use plimsoll_types::Timestamp;

use super::*;

/// A small host: one processor, disk and network device each. `ROOT` stands for its directory.
const FILES: &[(&str, &str)] = &[
    (
        "proc/stat",
        "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 100 2 3 4 5 6 7 8 9 10\nintr 11 1\nctxt 12\nbtime 13\n\
         processes 14\nprocs_running 15\nprocs_blocked 16\n",
    ),
    ("proc/meminfo", "MemTotal: 1 kB\nHugePages_Total: 2\n"),
    (
        "proc/diskstats",
        "8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n8 1 sda1 1 2 3 4 5 6 7 8 9 10 11\n",
    ),
    (
        "proc/1/mounts",
        "/dev/sda ROOT ext4 ro 0 0\n/dev/sdb ROOT/gone xfs rw 0 0\nproc /proc proc rw 0 0\n",
    ),
    (
        "proc/net/dev",
        "h\nh\nlo: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n\
         eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
    ),
    ("proc/net/netstat", "TcpExt: ListenDrops\nTcpExt: 1\n"),
    ("proc/net/snmp", "Tcp: InSegs\nTcp: 2\n"),
    ("proc/net/sockstat", "sockets: used 3\nTCP: inuse 4\n"),
    ("proc/loadavg", "0.5 0.25 0.125 1/2 3\n"),
    ("proc/pressure/cpu", "some total=1000000\nfull total=5\n"),
    (
        "proc/pressure/io",
        "some total=2000000\nfull total=3000000\n",
    ),
    ("proc/pressure/memory", "some total=0\nfull total=0\n"),
    ("proc/vmstat", "oom_kill 1\nnr_dirty 2\n"),
    ("proc/sys/fs/file-nr", "1 0 2\n"),
    ("sys/class/net/eth0/statistics/rx_nohandler", "17\n"),
    ("sys/class/net/eth0/operstate", "up\n"),
    ("sys/class/net/eth0/speed", "1000\n"),
    ("sys/class/net/eth0/mtu", "1500\n"),
    ("sys/class/net/eth0/ifalias", "to \"core\"\n"),
    ("sys/class/net/bonding_masters", "\n"),
    (
        "sys/devices/system/clocksource/clocksource0/current_clocksource",
        "tsc\n",
    ),
    (
        "sys/devices/system/cpu/cpu0/topology/physical_package_id",
        "0\n",
    ),
    ("sys/devices/system/cpu/cpu0/topology/core_id", "1\n"),
    (
        "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
        "2\n",
    ),
    (
        "sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count",
        "3\n",
    ),
    (
        "sys/devices/system/cpu/cpu1/topology/physical_package_id",
        "0\n",
    ),
    ("sys/devices/system/cpu/cpu1/topology/core_id", "1\n"),
    (
        "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count",
        "2\n",
    ),
    ("udev/b8:0", "E:ID_MODEL=disk\n"),
];

fn fixture() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    for (name, text) in FILES {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("ROOT", root.to_str().unwrap())).unwrap();
    }
    directory
}

fn collector(root: &Path) -> HostCollector {
    let paths = HostPaths {
        proc: root.join("proc"),
        sys: root.join("sys"),
        udev_data: root.join("udev"),
    };
    let clock = FakeClock::new(Timestamp::from_millis(1_500));
    HostCollector::new(paths, Arc::new(clock))
}

/// The collectors that the text calls failed.
fn failed(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("node_scrape_collector_success{collector=\""))
        .filter_map(|rest| rest.strip_suffix("\"} 0"))
        .collect()
}

#[test]
fn names_are_unique_and_sorted() {
    let names: Vec<&str> = ALL.iter().map(|collector| collector.name()).collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
}

#[test]
fn exposes_a_whole_host() {
    let directory = fixture();
    let text = collector(directory.path()).expose();
    assert_eq!(failed(&text), [""; 0]);
    let root = directory.path().to_str().unwrap();
    let series: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        // These depend on the machine that runs the test.
        .filter(|line| !line.starts_with("node_uname_info"))
        .filter(|line| {
            !line.starts_with("node_filesystem_") || !line.contains(&format!("{root}\""))
        })
        .filter(|line| !line.starts_with("node_scrape_collector_"))
        .map(|line| line.replace(root, "ROOT"))
        .collect();
    insta::assert_snapshot!(series.join("\n"), @r#"
    node_boot_time_seconds 13
    node_context_switches_total 12
    node_cpu_core_throttles_total{core="1",package="0"} 2
    node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.1
    node_cpu_guest_seconds_total{cpu="0",mode="user"} 0.09
    node_cpu_package_throttles_total{package="0"} 3
    node_cpu_seconds_total{cpu="0",mode="idle"} 0.04
    node_cpu_seconds_total{cpu="0",mode="iowait"} 0.05
    node_cpu_seconds_total{cpu="0",mode="irq"} 0.06
    node_cpu_seconds_total{cpu="0",mode="nice"} 0.02
    node_cpu_seconds_total{cpu="0",mode="softirq"} 0.07
    node_cpu_seconds_total{cpu="0",mode="steal"} 0.08
    node_cpu_seconds_total{cpu="0",mode="system"} 0.03
    node_cpu_seconds_total{cpu="0",mode="user"} 1
    node_disk_info{device="sda",major="8",minor="0",model="disk",path="",revision="",serial="",wwn=""} 1
    node_disk_io_now{device="sda"} 9
    node_disk_io_time_seconds_total{device="sda"} 0.01
    node_disk_io_time_weighted_seconds_total{device="sda"} 0.011
    node_disk_read_bytes_total{device="sda"} 1536
    node_disk_read_time_seconds_total{device="sda"} 0.004
    node_disk_reads_completed_total{device="sda"} 1
    node_disk_reads_merged_total{device="sda"} 2
    node_disk_write_time_seconds_total{device="sda"} 0.008
    node_disk_writes_completed_total{device="sda"} 5
    node_disk_writes_merged_total{device="sda"} 6
    node_disk_written_bytes_total{device="sda"} 3584
    node_filefd_allocated 1
    node_filefd_maximum 2
    node_filesystem_device_error{device="/dev/sdb",fstype="xfs",mountpoint="ROOT/gone"} 1
    node_forks_total 14
    node_intr_total 11
    node_load1 0.5
    node_load15 0.125
    node_load5 0.25
    node_memory_HugePages_Total 2
    node_memory_MemTotal_bytes 1024
    node_netstat_TcpExt_ListenDrops 1
    node_netstat_Tcp_InSegs 2
    node_network_info{address="",broadcast="",device="eth0",duplex="",ifalias="to \"core\"",operstate="up"} 1
    node_network_mtu_bytes{device="eth0"} 1500
    node_network_receive_bytes_total{device="eth0"} 1
    node_network_receive_compressed_total{device="eth0"} 7
    node_network_receive_drop_total{device="eth0"} 4
    node_network_receive_errs_total{device="eth0"} 3
    node_network_receive_fifo_total{device="eth0"} 5
    node_network_receive_frame_total{device="eth0"} 6
    node_network_receive_multicast_total{device="eth0"} 8
    node_network_receive_nohandler_total{device="eth0"} 17
    node_network_receive_packets_total{device="eth0"} 2
    node_network_speed_bytes{device="eth0"} 125000000
    node_network_transmit_bytes_total{device="eth0"} 9
    node_network_transmit_carrier_total{device="eth0"} 15
    node_network_transmit_colls_total{device="eth0"} 14
    node_network_transmit_compressed_total{device="eth0"} 16
    node_network_transmit_drop_total{device="eth0"} 12
    node_network_transmit_errs_total{device="eth0"} 11
    node_network_transmit_fifo_total{device="eth0"} 13
    node_network_transmit_packets_total{device="eth0"} 10
    node_network_up{device="eth0"} 1
    node_pressure_cpu_waiting_seconds_total 1
    node_pressure_io_stalled_seconds_total 3
    node_pressure_io_waiting_seconds_total 2
    node_pressure_memory_stalled_seconds_total 0
    node_pressure_memory_waiting_seconds_total 0
    node_procs_blocked 16
    node_procs_running 15
    node_sockstat_TCP_inuse 4
    node_sockstat_sockets_used 3
    node_time_clocksource_current_info{clocksource="tsc",device="0"} 1
    node_time_seconds 1.5
    node_vmstat_oom_kill 1
    "#);
    for file_system in [
        "size_bytes",
        "free_bytes",
        "avail_bytes",
        "files",
        "files_free",
    ] {
        let name = format!("\nnode_filesystem_{file_system}{{device=\"/dev/sda\",fstype=\"ext4\"");
        assert!(text.contains(&name), "{file_system}");
    }
    let labels = format!("{{device=\"/dev/sda\",fstype=\"ext4\",mountpoint=\"{root}\"}}");
    assert!(text.contains(&format!("node_filesystem_readonly{labels} 1\n")));
    assert!(text.contains(&format!("node_filesystem_device_error{labels} 0\n")));
}

#[test]
fn every_family_is_declared_once_before_its_series() {
    let directory = fixture();
    let text = collector(directory.path()).expose();
    let mut family = "";
    let mut declared = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            family = name;
            assert!(declared.insert(name), "{name} is declared twice");
            assert!(help.ends_with('.'), "{help}");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, family);
            // The convention that PromQL users rely on: a counter says so.
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        } else {
            assert!(line.starts_with(family), "{line}");
        }
    }
}

#[test]
fn a_missing_file_fails_its_collector_and_no_other() {
    for (file, wanted) in [
        ("proc/stat", &["cpu", "stat"][..]),
        ("proc/meminfo", &["meminfo"]),
        ("proc/diskstats", &["diskstats"]),
        ("proc/1/mounts", &["filesystem"]),
        ("proc/net/dev", &["netdev"]),
        ("proc/net/snmp", &["netstat"]),
        ("proc/net/sockstat", &[]),
        ("proc/loadavg", &["loadavg"]),
        ("proc/pressure/io", &["pressure"]),
        ("proc/vmstat", &["vmstat"]),
        ("proc/sys/fs/file-nr", &["filefd"]),
        ("udev/b8:0", &[]),
    ] {
        let directory = fixture();
        std::fs::remove_file(directory.path().join(file)).unwrap();
        let text = collector(directory.path()).expose();
        assert_eq!(failed(&text), wanted, "without {file}");
        assert!(text.contains("\nnode_uname_info{"), "without {file}");
    }
}

#[test]
fn an_empty_host_still_answers() {
    let directory = tempfile::tempdir().unwrap();
    let text = collector(directory.path()).expose();
    // All but sockstat, which takes both protocol versions for switched off, and uname.
    assert_eq!(failed(&text).len(), ALL.len() - 2);
    assert!(text.contains("\nnode_time_seconds 1.5\n"));
}

#[test]
fn garbage_fails_its_collector_and_a_repair_mends_it() {
    let directory = fixture();
    let collector = collector(directory.path());
    let path = directory.path().join("proc/loadavg");
    std::fs::write(&path, b"\xff\xfe\0").unwrap();
    assert_eq!(failed(&collector.expose()), ["loadavg"]);
    std::fs::write(&path, "1 2 3\n").unwrap();
    assert_eq!(failed(&collector.expose()), [""; 0]);
}

#[test]
fn a_host_with_too_many_devices_is_cut_and_says_so() {
    let directory = fixture();
    let mut text = String::from("h\nh\n");
    for device in 0..5_000 {
        text.push_str(&format!(
            "veth{device}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"
        ));
    }
    std::fs::write(directory.path().join("proc/net/dev"), text).unwrap();
    let text = collector(directory.path()).expose();
    assert_eq!(failed(&text), ["netdev"]);
    assert_eq!(
        text.matches("\nnode_network_receive_bytes_total{").count(),
        4096
    );
}

#[test]
fn mounts_come_from_this_process_when_the_first_hides_them() {
    let directory = fixture();
    let proc = directory.path().join("proc");
    std::fs::rename(proc.join("1/mounts"), proc.join("mounts")).unwrap();
    let text = collector(directory.path()).expose();
    assert_eq!(failed(&text), [""; 0]);
    assert!(text.contains("\nnode_filesystem_size_bytes{"));
}

#[test]
fn fuzz_parsers_never_panic() {
    bolero::check!().for_each(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let _ = cpu::parse_cpus(&text);
        let _ = diskstats::parse_diskstats(&text);
        let _ = filefd::parse_file_nr(&text);
        let _ = filesystem::parse_mounts(&text);
        let _ = loadavg::parse_loadavg(&text);
        let _ = meminfo::parse_meminfo(&text);
        let _ = netclass::parse_integer(&text);
        let _ = netdev::parse_net_dev(&text);
        let _ = netstat::parse_netstat(&text);
        let _ = netstat::parse_snmp6(&text);
        let _ = pressure::parse_pressure(&text);
        let _ = sockstat::parse_sockstat(&text);
        let _ = stat::parse_stat(&text);
        let _ = udev::parse_properties(&text);
        let _ = vmstat::parse_vmstat(&text);
    });
}

/// Random bytes seldom get past the first field, so this one spoils files that a kernel could have
/// written, and checks that what comes out can be scraped.
#[test]
fn fuzz_spoiled_files_still_give_a_well_formed_answer() {
    let directory = fixture();
    // A run that panics fails the test; nothing looks at the collector after that.
    let collector = AssertUnwindSafe(collector(directory.path()));
    let spoil = bolero::generator::produce::<Vec<(u8, u16, u8)>>();
    bolero::check!()
        .with_iterations(200)
        .with_generator(spoil)
        .for_each(|changes| {
            for (file, position, byte) in changes {
                let (name, text) = FILES[usize::from(*file) % FILES.len()];
                // A spoiled mount point could be any path of the machine that runs the test.
                if name == "proc/1/mounts" {
                    continue;
                }
                let mut bytes = text.as_bytes().to_vec();
                let position = usize::from(*position) % bytes.len();
                bytes[position] = *byte;
                std::fs::write(directory.path().join(name), bytes).unwrap();
            }
            for line in collector
                .expose()
                .lines()
                .filter(|line| !line.starts_with('#'))
            {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let value: f64 = value.parse().unwrap();
                assert!(value.is_finite(), "{line}");
                let name = series.split('{').next().unwrap();
                assert!(plimsoll_types::is_legacy_metric_name(name), "{line}");
            }
        });
}
