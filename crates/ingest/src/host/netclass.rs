//! State and settings per network device, from `/sys/class/net`.

use std::path::Path;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::Host;

/// Devices exposed at most.
const DEVICES_MAX: usize = 4096;

const UP: Family<'_> = Family::gauge(
    "node_network_up",
    "Whether a device's operational state is `up` (1) or anything else (0).",
);
const INFO: Family<'_> = Family::gauge(
    "node_network_info",
    "A device's addresses, duplex, alias and state as text; the value is always 1.",
);
const SPEED: Family<'_> = Family::gauge(
    "node_network_speed_bytes",
    "Speed of a link in bytes per second; negative when the driver does not know it.",
);

/// An attribute that holds one whole number, and its family.
const NUMBERS: [(&str, Family<'_>); 16] = [
    (
        "addr_assign_type",
        Family::gauge(
            "node_network_address_assign_type",
            "Where a device's address comes from: 0 permanent, 1 random, 2 stolen, 3 set.",
        ),
    ),
    (
        "carrier",
        Family::gauge(
            "node_network_carrier",
            "Whether a device has a physical link (1) or not (0).",
        ),
    ),
    (
        "carrier_changes",
        Family::counter(
            "node_network_carrier_changes_total",
            "Times that a link came or went.",
        ),
    ),
    (
        "carrier_up_count",
        Family::counter(
            "node_network_carrier_up_changes_total",
            "Times that a link came.",
        ),
    ),
    (
        "carrier_down_count",
        Family::counter(
            "node_network_carrier_down_changes_total",
            "Times that a link went.",
        ),
    ),
    (
        "dev_id",
        Family::gauge(
            "node_network_device_id",
            "Tells devices with one shared address apart.",
        ),
    ),
    (
        "dormant",
        Family::gauge(
            "node_network_dormant",
            "Whether a device waits for an outside event before it may be used (1) or not (0).",
        ),
    ),
    (
        "flags",
        Family::gauge(
            "node_network_flags",
            "A device's flags (IFF_*) as a number.",
        ),
    ),
    (
        "ifindex",
        Family::gauge("node_network_iface_id", "The kernel's number of a device."),
    ),
    (
        "iflink",
        Family::gauge(
            "node_network_iface_link",
            "The number of the device below a virtual one.",
        ),
    ),
    (
        "link_mode",
        Family::gauge(
            "node_network_iface_link_mode",
            "A device's link mode: 0 default, 1 dormant.",
        ),
    ),
    (
        "mtu",
        Family::gauge(
            "node_network_mtu_bytes",
            "The longest packet that a device carries, in bytes.",
        ),
    ),
    (
        "name_assign_type",
        Family::gauge(
            "node_network_name_assign_type",
            "Where a device's name comes from: 1 kernel, 2 predictable, 3 user, 4 renamed.",
        ),
    ),
    (
        "netdev_group",
        Family::gauge(
            "node_network_net_dev_group",
            "The group that a device belongs to.",
        ),
    ),
    (
        "tx_queue_len",
        Family::gauge(
            "node_network_transmit_queue_length",
            "Packets that a device queues at most.",
        ),
    ),
    (
        "type",
        Family::gauge(
            "node_network_protocol_type",
            "A device's hardware type (ARPHRD_*).",
        ),
    ),
];

/// Exposes state and settings per network device.
#[derive(Debug)]
pub(super) struct NetworkDevices;

impl Collector for NetworkDevices {
    fn name(&self) -> &'static str {
        "netclass"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let (devices, more) = host.list_sys("class/net", DEVICES_MAX)?;
        for device in &devices {
            expose_device(host, device, out);
        }
        if more {
            return Err(Error::limit("network devices", DEVICES_MAX));
        }
        Ok(())
    }
}

fn expose_device(host: &Host, device: &str, out: &mut Exposition) {
    let directory = Path::new("class/net").join(device);
    let labels = [("device", device)];
    let text = |name: &str| host.attribute(&directory.join(name));
    for (name, family) in &NUMBERS {
        if let Some(value) = text(name).as_deref().and_then(parse_integer) {
            out.add(family, &labels, value as f64);
        }
    }
    if let Some(megabits) = text("speed").as_deref().and_then(parse_integer) {
        out.add(&SPEED, &labels, bytes_per_second(megabits));
    }
    let state = text("operstate").unwrap_or_default();
    out.add(&UP, &labels, if state == "up" { 1.0 } else { 0.0 });
    let info = [
        ("address", &*text("address").unwrap_or_default()),
        ("broadcast", &*text("broadcast").unwrap_or_default()),
        ("device", device),
        ("duplex", &*text("duplex").unwrap_or_default()),
        ("ifalias", &*text("ifalias").unwrap_or_default()),
        ("operstate", &state),
    ];
    out.add(&INFO, &info, 1.0);
}

/// An unknown speed, -1 Mbit/s, becomes -125000: node_exporter's default, on which dashboards
/// filter.
fn bytes_per_second(megabits: i64) -> f64 {
    megabits as f64 * 1_000_000.0 / 8.0
}

/// Parses a whole number, decimal or with `0x`.
pub(super) fn parse_integer(text: &str) -> Option<i64> {
    match text.strip_prefix("0x") {
        Some(digits) if digits.starts_with(|c: char| c.is_ascii_hexdigit()) => {
            i64::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_decimal_and_hexadecimal() {
        for (text, wanted) in [
            ("1500", Some(1500)),
            ("-1", Some(-1)),
            ("0x1003", Some(0x1003)),
            ("0x", None),
            ("0x-1", None),
            ("0x+1", None),
            ("99999999999999999999", None),
            ("0xffffffffffffffffff", None),
            ("up", None),
            ("", None),
        ] {
            assert_eq!(parse_integer(text), wanted, "{text}");
        }
    }

    #[test]
    fn turns_megabits_into_bytes() {
        assert_eq!(bytes_per_second(1000), 125_000_000.0);
        assert_eq!(bytes_per_second(-1), -125_000.0);
    }
}
