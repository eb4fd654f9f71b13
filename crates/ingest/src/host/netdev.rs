//! Traffic per network device, from `/proc/net/dev`.
//!
//! node_exporter asks netlink by default and adds up the detailed counters exactly as the kernel
//! does for this file; only `rx_nohandler` is missing from it and comes from sysfs.

use std::path::Path;

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

/// Devices exposed at most; a Kubernetes node has one or two per pod.
const DEVICES_MAX: usize = 4096;

/// The device that Debian's node_exporter leaves out by default.
const EXCLUDED: &str = "lo";

/// The columns of `/proc/net/dev` in their order.
const COLUMNS: [Family<'_>; 16] = [
    Family::counter(
        "node_network_receive_bytes_total",
        "Bytes that a device has received.",
    ),
    Family::counter(
        "node_network_receive_packets_total",
        "Packets that a device has received.",
    ),
    Family::counter(
        "node_network_receive_errs_total",
        "Packets that were received damaged.",
    ),
    Family::counter(
        "node_network_receive_drop_total",
        "Packets that were received and dropped for want of room or of interest.",
    ),
    Family::counter(
        "node_network_receive_fifo_total",
        "Packets that were lost because a receive queue ran over.",
    ),
    Family::counter(
        "node_network_receive_frame_total",
        "Packets that were received with a wrong length, checksum or alignment.",
    ),
    Family::counter(
        "node_network_receive_compressed_total",
        "Packets that were received compressed.",
    ),
    Family::counter(
        "node_network_receive_multicast_total",
        "Multicast packets that a device has received.",
    ),
    Family::counter(
        "node_network_transmit_bytes_total",
        "Bytes that a device has sent.",
    ),
    Family::counter(
        "node_network_transmit_packets_total",
        "Packets that a device has sent.",
    ),
    Family::counter(
        "node_network_transmit_errs_total",
        "Packets that could not be sent.",
    ),
    Family::counter(
        "node_network_transmit_drop_total",
        "Packets that were dropped before they were sent.",
    ),
    Family::counter(
        "node_network_transmit_fifo_total",
        "Packets that were lost because a send queue ran empty or over.",
    ),
    Family::counter(
        "node_network_transmit_colls_total",
        "Collisions that were met while sending.",
    ),
    Family::counter(
        "node_network_transmit_carrier_total",
        "Packets that were not sent for want of a carrier or because sending was broken off.",
    ),
    Family::counter(
        "node_network_transmit_compressed_total",
        "Packets that were sent compressed.",
    ),
];
const NO_HANDLER: Family<'_> = Family::counter(
    "node_network_receive_nohandler_total",
    "Packets that were received and dropped because nothing handles them on that device.",
);

/// Exposes traffic per network device.
#[derive(Debug)]
pub(super) struct NetworkTraffic;

impl Collector for NetworkTraffic {
    fn name(&self) -> &'static str {
        "netdev"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let text = host.read_proc("net/dev")?;
        let devices = parse_net_dev(&text)?;
        for (device, values) in devices.iter().take(DEVICES_MAX) {
            let labels = [("device", *device)];
            for (family, value) in COLUMNS.iter().zip(values) {
                out.add(family, &labels, *value);
            }
            let path = Path::new("class/net")
                .join(device)
                .join("statistics/rx_nohandler");
            if let Some(value) = host.attribute(&path).as_deref().and_then(number) {
                out.add(&NO_HANDLER, &labels, value);
            }
        }
        if devices.len() > DEVICES_MAX {
            return Err(Error::limit("network devices", DEVICES_MAX));
        }
        Ok(())
    }
}

/// Parses the lines below the two of the heading; the last colon ends a name, since an alias such
/// as `eth0:1` holds one.
pub(super) fn parse_net_dev(text: &str) -> Result<Vec<(&str, [f64; 16])>, Error> {
    let mut devices = Vec::new();
    for (index, line) in text.lines().enumerate().skip(2) {
        let malformed = || Error::malformed("a device and sixteen numbers", index + 1);
        let (device, rest) = line.rsplit_once(':').ok_or_else(malformed)?;
        let device = device.trim();
        // A device is one name in sysfs; what looks like a path must not become one.
        if device.is_empty() || device.contains('/') || device == ".." {
            return Err(malformed());
        }
        let mut values = [0.0; 16];
        let mut words = rest.split_ascii_whitespace();
        for value in &mut values {
            *value = words.next().and_then(number).ok_or_else(malformed)?;
        }
        if device != EXCLUDED {
            devices.push((device, values));
        }
    }
    Ok(devices)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "Inter-| Receive\n face |bytes\n";

    #[test]
    fn reads_devices_without_loopback() {
        let text = format!(
            "{HEAD}    lo: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n\
             eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n\
             wlan0:0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 18446744073709551615\n"
        );
        let devices = parse_net_dev(&text).unwrap();
        let mut last = [0.0; 16];
        last[15] = u64::MAX as f64;
        let first = std::array::from_fn(|index| index as f64 + 1.0);
        assert_eq!(devices, [("eth0:1", first), ("wlan0", last)]);
    }

    #[test]
    fn refuses_short_lines_and_paths() {
        let numbers = "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1";
        for hostile in [
            "eth0".to_owned(),
            "eth0: 1 2 3".to_owned(),
            format!("eth0: {} x", &numbers[2..]),
            format!(": {numbers}"),
            format!("../../etc: {numbers}"),
            format!("..: {numbers}"),
        ] {
            assert!(
                parse_net_dev(&format!("{HEAD}{hostile}\n")).is_err(),
                "{hostile}"
            );
        }
        assert!(parse_net_dev("").unwrap().is_empty());
    }
}
