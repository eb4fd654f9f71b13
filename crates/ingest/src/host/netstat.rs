//! Protocol counters, from `/proc/net/netstat`, `/proc/net/snmp` and `/proc/net/snmp6`.

use std::sync::LazyLock;

use regex::Regex;

use super::Collector;
use super::error::{Error, ErrorKind};
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

/// Fields exposed at most over the three files; the pattern matches about 45.
const FIELDS_MAX: usize = 1024;
const HELP: &str = "The field of /proc/net/netstat, snmp or snmp6 that the name carries.";

/// node_exporter's default `--collector.netstat.fields`.
static FIELDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)",
        "|Icmp6?_(InMsgs|OutMsgs)",
        "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts)",
        "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)",
        "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
    ))
    .expect("a constant pattern is valid")
});

/// Exposes the default fields of the protocol counters.
#[derive(Debug)]
pub(super) struct Netstat;

impl Collector for Netstat {
    fn name(&self) -> &'static str {
        "netstat"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let mut fields = parse_netstat(&host.read_proc("net/netstat")?)?;
        fields.extend(parse_netstat(&host.read_proc("net/snmp")?)?);
        match host.read_proc("net/snmp6") {
            Ok(text) => fields.extend(parse_snmp6(&text)?),
            // The kernel has no IPv6, or it is switched off.
            Err(error) if error.kind() == ErrorKind::Unavailable => {}
            Err(error) => return Err(error),
        }
        for (name, value) in fields.iter().take(FIELDS_MAX) {
            out.add(
                &Family::untyped(&format!("node_netstat_{name}"), HELP),
                &[],
                *value,
            );
        }
        if fields.len() > FIELDS_MAX {
            return Err(Error::limit("fields of netstat", FIELDS_MAX));
        }
        Ok(())
    }
}

/// Parses pairs of lines, `Tcp: InSegs OutSegs` and `Tcp: 1 2`, and returns the selected fields as
/// `Tcp_InSegs`.
pub(super) fn parse_netstat(text: &str) -> Result<Vec<(String, f64)>, Error> {
    let mut fields = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, names)) = lines.next() {
        let malformed =
            || Error::malformed("a line of names and one of as many numbers", index + 1);
        let (_, values) = lines.next().ok_or_else(malformed)?;
        let (protocol, names) = names.split_once(':').ok_or_else(malformed)?;
        let (same_protocol, values) = values.split_once(':').ok_or_else(malformed)?;
        let mut names = names.split_ascii_whitespace();
        let mut values = values.split_ascii_whitespace();
        if protocol != same_protocol {
            return Err(malformed());
        }
        loop {
            match (names.next(), values.next()) {
                (Some(name), Some(value)) => {
                    let value = number(value).ok_or_else(malformed)?;
                    select(protocol, name, value, &mut fields);
                }
                (None, None) => break,
                _ => return Err(malformed()),
            }
        }
    }
    Ok(fields)
}

/// Parses lines such as `Ip6InOctets 12` and returns the selected fields as `Ip6_InOctets`.
pub(super) fn parse_snmp6(text: &str) -> Result<Vec<(String, f64)>, Error> {
    let mut fields = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let malformed = || Error::malformed("`name value`", index + 1);
        let mut words = line.split_ascii_whitespace();
        let (Some(name), Some(value)) = (words.next(), words.next()) else {
            return Err(malformed());
        };
        let value = number(value).ok_or_else(malformed)?;
        if let Some(six) = name.find('6') {
            let (protocol, name) = name.split_at(six + 1);
            select(protocol, name, value, &mut fields);
        }
    }
    Ok(fields)
}

fn select(protocol: &str, name: &str, value: f64, fields: &mut Vec<(String, f64)>) {
    let name = format!("{protocol}_{name}");
    if FIELDS.is_match(&name) {
        fields.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_names_with_values_and_selects() {
        let text = "Ip: Forwarding DefaultTTL\nIp: 2 64\nTcp: MaxConn InSegs InErrs\nTcp: -1 7 3\n\
                    TcpExt: ListenDrops TW\nTcpExt: 1 2\n";
        let wanted = [
            ("Ip_Forwarding", 2.0),
            ("Tcp_InSegs", 7.0),
            ("Tcp_InErrs", 3.0),
            ("TcpExt_ListenDrops", 1.0),
        ];
        let wanted: Vec<_> = wanted.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(parse_netstat(text).unwrap(), wanted);
    }

    #[test]
    fn splits_version_six_names_after_the_six() {
        let text = "Ip6InReceives 1\nIp6InOctets 128\nIcmp6InErrors 2\nUdpLite6InErrors \t 3\n";
        let wanted = [
            ("Ip6_InOctets", 128.0),
            ("Icmp6_InErrors", 2.0),
            ("UdpLite6_InErrors", 3.0),
        ];
        let wanted: Vec<_> = wanted.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(parse_snmp6(text).unwrap(), wanted);
    }

    #[test]
    fn refuses_halves_and_mismatches() {
        for hostile in [
            "Ip: A",
            "Ip: A\nTcp: 1",
            "Ip: A B\nIp: 1",
            "Ip: A\nIp: 1 2",
            "Ip: A\nIp: x",
            "Ip A\nIp 1",
        ] {
            assert!(parse_netstat(hostile).is_err(), "{hostile}");
        }
        for hostile in ["Ip6InOctets", "Ip6InOctets x", "\n"] {
            assert!(parse_snmp6(hostile).is_err(), "{hostile}");
        }
    }
}
