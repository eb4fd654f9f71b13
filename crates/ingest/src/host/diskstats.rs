//! Traffic per block device, from `/proc/diskstats`, and what udev knows about each.

use std::sync::LazyLock;

use regex::Regex;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};
use super::udev::Properties;

/// Devices exposed at most, after the pattern below.
const DEVICES_MAX: usize = 4096;

/// node_exporter's default `--collector.diskstats.device-exclude`: partitions and pseudo devices.
static EXCLUDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme[0-9]+n[0-9]+p)[0-9]+$")
        .expect("a constant pattern is valid")
});

/// The unit of the kernel's sector counts, whatever the device's own.
const BYTES_PER_SECTOR: f64 = 512.0;
/// Multiplied with, not divided by 1000, as node_exporter does, so that the last bit agrees too.
const SECONDS_PER_MILLI: f64 = 0.001;

/// The columns behind the device's name, in their order, with the factor to the exposed unit. Linux
/// before 4.18 ends after eleven, before 5.5 after fifteen.
const COLUMNS: [(Family<'_>, f64); 17] = [
    (
        Family::counter(
            "node_disk_reads_completed_total",
            "Reads that were completed.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_reads_merged_total",
            "Reads that were merged into a neighbour.",
        ),
        1.0,
    ),
    (
        Family::counter("node_disk_read_bytes_total", "Bytes that were read."),
        BYTES_PER_SECTOR,
    ),
    (
        Family::counter(
            "node_disk_read_time_seconds_total",
            "Time that reads took, added up.",
        ),
        SECONDS_PER_MILLI,
    ),
    (
        Family::counter(
            "node_disk_writes_completed_total",
            "Writes that were completed.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_writes_merged_total",
            "Writes that were merged into a neighbour.",
        ),
        1.0,
    ),
    (
        Family::counter("node_disk_written_bytes_total", "Bytes that were written."),
        BYTES_PER_SECTOR,
    ),
    (
        Family::counter(
            "node_disk_write_time_seconds_total",
            "Time that writes took, added up.",
        ),
        SECONDS_PER_MILLI,
    ),
    (
        Family::gauge(
            "node_disk_io_now",
            "Requests that a device is working on now.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_io_time_seconds_total",
            "Time in which a device had at least one request to work on.",
        ),
        SECONDS_PER_MILLI,
    ),
    (
        Family::counter(
            "node_disk_io_time_weighted_seconds_total",
            "Time that requests spent in a device's queue and in work, added up.",
        ),
        SECONDS_PER_MILLI,
    ),
    (
        Family::counter(
            "node_disk_discards_completed_total",
            "Discards that were completed.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_discards_merged_total",
            "Discards that were merged into a neighbour.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_discarded_sectors_total",
            "Sectors of 512 bytes that were discarded.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_discard_time_seconds_total",
            "Time that discards took, added up.",
        ),
        SECONDS_PER_MILLI,
    ),
    (
        Family::counter(
            "node_disk_flush_requests_total",
            "Flushes that were completed.",
        ),
        1.0,
    ),
    (
        Family::counter(
            "node_disk_flush_requests_time_seconds_total",
            "Time that flushes took, added up.",
        ),
        SECONDS_PER_MILLI,
    ),
];
const COLUMNS_MIN: usize = 11;

const INFO: Family<'_> = Family::gauge(
    "node_disk_info",
    "A block device's numbers, model and identity; the value is always 1.",
);
const FILESYSTEM_INFO: Family<'_> = Family::gauge(
    "node_disk_filesystem_info",
    "The file system that udev found on a block device; the value is always 1.",
);
const DEVICE_MAPPER_INFO: Family<'_> = Family::gauge(
    "node_disk_device_mapper_info",
    "What the device mapper calls a block device; the value is always 1.",
);
/// A property of ATA disks that holds a number, and its family.
const ATA: [(&str, Family<'_>); 3] = [
    (
        "ID_ATA_WRITE_CACHE",
        Family::gauge(
            "node_disk_ata_write_cache",
            "Whether an ATA disk has a write cache.",
        ),
    ),
    (
        "ID_ATA_WRITE_CACHE_ENABLED",
        Family::gauge(
            "node_disk_ata_write_cache_enabled",
            "Whether an ATA disk's write cache is switched on.",
        ),
    ),
    (
        "ID_ATA_ROTATION_RATE_RPM",
        Family::gauge(
            "node_disk_ata_rotation_rate_rpm",
            "An ATA disk's revolutions per minute; 0 without moving parts.",
        ),
    ),
];

/// Exposes traffic per block device.
#[derive(Debug)]
pub(super) struct Disks;

impl Collector for Disks {
    fn name(&self) -> &'static str {
        "diskstats"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let text = host.read_proc("diskstats")?;
        let disks = parse_diskstats(&text)?;
        for disk in disks.iter().take(DEVICES_MAX) {
            for ((family, factor), value) in COLUMNS.iter().zip(&disk.values) {
                out.add(family, &[("device", disk.name)], value * factor);
            }
            let properties = Properties::of_block_device(host, disk.major, disk.minor);
            expose_identity(disk, &properties, out);
        }
        if disks.len() > DEVICES_MAX {
            return Err(Error::limit("block devices", DEVICES_MAX));
        }
        Ok(())
    }
}

fn expose_identity(disk: &Disk<'_>, udev: &Properties, out: &mut Exposition) {
    // The serial number that SCSI itself tells is the one on the label.
    let serial = match udev.get("SCSI_IDENT_SERIAL") {
        "" => udev.get("ID_SERIAL_SHORT"),
        serial => serial,
    };
    let info = [
        ("device", disk.name),
        ("major", &*disk.major.to_string()),
        ("minor", &*disk.minor.to_string()),
        ("model", udev.get("ID_MODEL")),
        ("path", udev.get("ID_PATH")),
        ("revision", udev.get("ID_REVISION")),
        ("serial", serial),
        ("wwn", udev.get("ID_WWN")),
    ];
    out.add(&INFO, &info, 1.0);
    if !udev.get("ID_FS_TYPE").is_empty() {
        let labels = [
            ("device", disk.name),
            ("type", udev.get("ID_FS_TYPE")),
            ("usage", udev.get("ID_FS_USAGE")),
            ("uuid", udev.get("ID_FS_UUID")),
            ("version", udev.get("ID_FS_VERSION")),
        ];
        out.add(&FILESYSTEM_INFO, &labels, 1.0);
    }
    if !udev.get("DM_NAME").is_empty() {
        let labels = [
            ("device", disk.name),
            ("lv_layer", udev.get("DM_LV_LAYER")),
            ("lv_name", udev.get("DM_LV_NAME")),
            ("name", udev.get("DM_NAME")),
            ("uuid", udev.get("DM_UUID")),
            ("vg_name", udev.get("DM_VG_NAME")),
        ];
        out.add(&DEVICE_MAPPER_INFO, &labels, 1.0);
    }
    if !udev.get("ID_ATA").is_empty() {
        for (property, family) in &ATA {
            if let Some(value) = number(udev.get(property)) {
                out.add(family, &[("device", disk.name)], value);
            }
        }
    }
}

/// A block device's line.
#[derive(Debug, PartialEq)]
pub(super) struct Disk<'a> {
    major: u32,
    minor: u32,
    name: &'a str,
    /// In the order and the kernel's units of the columns; 11, 15 or 17 of them.
    values: Vec<f64>,
}

/// Parses the devices that the default pattern leaves; a line with too few columns is a partition
/// of Linux 2.6 and is left out.
pub(super) fn parse_diskstats(text: &str) -> Result<Vec<Disk<'_>>, Error> {
    let mut disks = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let malformed = || Error::malformed("a device's numbers, name and counters", index + 1);
        let mut words = line.split_ascii_whitespace();
        let mut id = || words.next()?.parse::<u32>().ok();
        let (Some(major), Some(minor)) = (id(), id()) else {
            return Err(malformed());
        };
        let name = words.next().ok_or_else(malformed)?;
        let values: Option<Vec<f64>> = words.take(COLUMNS.len()).map(number).collect();
        let values = values.ok_or_else(malformed)?;
        if values.len() >= COLUMNS_MIN && !EXCLUDED.is_match(name) {
            disks.push(Disk {
                major,
                minor,
                name,
                values,
            });
        }
    }
    Ok(disks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::udev::parse_properties;

    #[test]
    fn leaves_out_partitions_and_pseudo_devices() {
        let columns = "1 2 3 4 5 6 7 8 9 10 11";
        let names = [
            ("sda", true),
            ("sda1", false),
            ("nvme0n1", true),
            ("nvme0n1p2", false),
            ("loop7", false),
            ("ram0", false),
            ("xvda1", false),
            ("dm-0", true),
            ("md0", true),
            ("vdaa1", true),
        ];
        for (name, is_kept) in names {
            let line = format!("8 0 {name} {columns}\n");
            assert_eq!(
                parse_diskstats(&line).unwrap().len(),
                usize::from(is_kept),
                "{name}"
            );
        }
    }

    #[test]
    fn takes_as_many_columns_as_the_kernel_has() {
        for (columns, kept) in [
            (10, None),
            (11, Some(11)),
            (15, Some(15)),
            (17, Some(17)),
            (20, Some(17)),
        ] {
            let line = format!("8 16 sdb{}\n", " 1".repeat(columns));
            let disks = parse_diskstats(&line).unwrap();
            assert_eq!(
                disks.first().map(|disk| disk.values.len()),
                kept,
                "{columns}"
            );
        }
    }

    #[test]
    fn refuses_broken_lines() {
        for hostile in ["", "8", "8 0", "x 0 sda 1", "8 -1 sda 1", "8 0 sda 1 2 x"] {
            assert!(
                parse_diskstats(&format!("{hostile}\n")).is_err(),
                "{hostile}"
            );
        }
    }

    #[test]
    fn exposes_what_udev_knows() {
        let disks = parse_diskstats("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n").unwrap();
        let udev = parse_properties(
            "E:ID_MODEL=m\nE:ID_SERIAL_SHORT=s\nE:ID_ATA=1\nE:ID_ATA_WRITE_CACHE=1\n\
             E:ID_ATA_ROTATION_RATE_RPM=x\nE:ID_FS_TYPE=ext4\nE:DM_NAME=root\nE:DM_VG_NAME=vg\n",
        );
        let mut out = Exposition::default();
        expose_identity(&disks[0], &udev, &mut out);
        let text = out.to_text();
        let series: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        insta::assert_snapshot!(series.join("\n"), @r#"
        node_disk_ata_write_cache{device="sda"} 1
        node_disk_device_mapper_info{device="sda",lv_layer="",lv_name="",name="root",uuid="",vg_name="vg"} 1
        node_disk_filesystem_info{device="sda",type="ext4",usage="",uuid="",version=""} 1
        node_disk_info{device="sda",major="8",minor="0",model="m",path="",revision="",serial="s",wwn=""} 1
        "#);
    }
}
