//! Sockets in use per protocol, from `/proc/net/sockstat` and `/proc/net/sockstat6`.

use super::Collector;
use super::error::{Error, ErrorKind};
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

/// Protocols taken at most from one file; Linux has six.
const PROTOCOLS_MAX: usize = 64;

const SOCKETS_USED: Family<'_> = Family::gauge(
    "node_sockstat_sockets_used",
    "Sockets in use, of every protocol.",
);
const HELP: &str = "The field of /proc/net/sockstat or sockstat6 that the name carries.";

/// The fields that are exposed; a kernel's new ones wait for a decision.
const FIELDS: [&str; 6] = ["inuse", "orphan", "tw", "alloc", "mem", "memory"];

/// Exposes sockets in use.
#[derive(Debug)]
pub(super) struct Sockstat;

impl Collector for Sockstat {
    fn name(&self) -> &'static str {
        "sockstat"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        for file in ["net/sockstat", "net/sockstat6"] {
            let text = match host.read_proc(file) {
                Ok(text) => text,
                // One of the two protocol versions is switched off.
                Err(error) if error.kind() == ErrorKind::Unavailable => continue,
                Err(error) => return Err(error),
            };
            expose(&parse_sockstat(&text)?, out);
        }
        Ok(())
    }
}

fn expose(stats: &Sockets<'_>, out: &mut Exposition) {
    if let Some(used) = stats.used {
        out.add(&SOCKETS_USED, &[], used);
    }
    for (protocol, fields) in &stats.protocols {
        let mut add = |field: &str, value: f64| {
            let name = format!("node_sockstat_{protocol}_{field}");
            out.add(&Family::gauge(&name, HELP), &[], value);
        };
        for (field, value) in fields {
            add(field, *value);
            // `mem` counts pages, `memory` bytes.
            if *field == "mem" {
                add("mem_bytes", *value * rustix::param::page_size() as f64);
            }
        }
    }
}

/// A file's contents.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Sockets<'a> {
    /// Sockets of every protocol; only the file of version 4 says.
    used: Option<f64>,
    /// Protocols with their known fields.
    protocols: Vec<(&'a str, Vec<(&'a str, f64)>)>,
}

/// Parses `sockets: used 17` and lines such as `TCP: inuse 1 orphan 0`.
pub(super) fn parse_sockstat(text: &str) -> Result<Sockets<'_>, Error> {
    let mut sockets = Sockets::default();
    for (index, line) in text.lines().enumerate() {
        let malformed = || Error::malformed("a protocol, and names with numbers", index + 1);
        let (protocol, rest) = line.split_once(':').ok_or_else(malformed)?;
        let words: Vec<&str> = rest.split_ascii_whitespace().collect();
        let mut fields = Vec::new();
        for pair in words.chunks(2) {
            let [name, value] = pair else {
                return Err(malformed());
            };
            fields.push((*name, number(value).ok_or_else(malformed)?));
        }
        if protocol == "sockets" {
            let used = fields.iter().find(|(name, _)| *name == "used");
            sockets.used = used.map(|(_, value)| *value);
            continue;
        }
        fields.retain(|(name, _)| FIELDS.contains(name));
        sockets.protocols.push((protocol, fields));
        if sockets.protocols.len() > PROTOCOLS_MAX {
            return Err(Error::limit("protocols", PROTOCOLS_MAX));
        }
    }
    Ok(sockets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_known_fields() {
        let sockets = parse_sockstat(
            "sockets: used 17\nTCP: inuse 1 mem 52 novel 3\nFRAG: inuse 0 memory 5\n",
        );
        let wanted = Sockets {
            used: Some(17.0),
            protocols: vec![
                ("TCP", vec![("inuse", 1.0), ("mem", 52.0)]),
                ("FRAG", vec![("inuse", 0.0), ("memory", 5.0)]),
            ],
        };
        assert_eq!(sockets.unwrap(), wanted);
    }

    #[test]
    fn refuses_names_without_numbers() {
        for hostile in [
            "TCP",
            "TCP: inuse",
            "TCP: inuse x",
            "TCP: inuse 1 mem",
            "\n",
        ] {
            assert!(parse_sockstat(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn pages_are_exposed_as_bytes_too() {
        let mut out = Exposition::default();
        expose(&parse_sockstat("TCP: mem 2\n").unwrap(), &mut out);
        let bytes = 2 * rustix::param::page_size();
        let wanted = format!("\nnode_sockstat_TCP_mem_bytes {bytes}\n");
        assert!(out.to_text().contains(&wanted));
    }
}
