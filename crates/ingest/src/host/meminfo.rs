//! Memory by kind, from `/proc/meminfo`.

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

/// Fields taken at most; Linux 6 has about 60.
const FIELDS_MAX: usize = 512;
const HELP: &str =
    "The field of /proc/meminfo that the name carries, in bytes where the name ends so.";

/// Exposes every field of meminfo.
#[derive(Debug)]
pub(super) struct Memory;

impl Collector for Memory {
    fn name(&self) -> &'static str {
        "meminfo"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let fields = parse_meminfo(&host.read_proc("meminfo")?)?;
        for (name, value) in fields.iter().take(FIELDS_MAX) {
            out.add(
                &Family::gauge(&format!("node_memory_{name}"), HELP),
                &[],
                *value,
            );
        }
        if fields.len() > FIELDS_MAX {
            return Err(Error::limit("memory fields", FIELDS_MAX));
        }
        Ok(())
    }
}

/// Parses lines such as `Active(anon): 12 kB` into names such as `Active_anon_bytes` and values in
/// bytes; a field without a unit is a count and keeps its bare name.
pub(super) fn parse_meminfo(text: &str) -> Result<Vec<(String, f64)>, Error> {
    let mut fields = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let field = parse_line(line)
            .ok_or_else(|| Error::malformed("`name: number` or `name: number kB`", index + 1))?;
        fields.push(field);
    }
    Ok(fields)
}

fn parse_line(line: &str) -> Option<(String, f64)> {
    let (key, rest) = line.split_once(':')?;
    let mut words = rest.split_ascii_whitespace();
    let value = words.next().and_then(number)?;
    let unit = words.next();
    let mut name = key.trim().replace('(', "_").replace(')', "");
    if words.next().is_some() || name.is_empty() || name.contains(char::is_whitespace) {
        return None;
    }
    match unit {
        None => Some((name, value)),
        Some("kB") => {
            name.push_str("_bytes");
            Some((name, value * 1024.0))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_kilobytes_into_bytes_and_counts_into_counts() {
        let fields =
            parse_meminfo("MemTotal: 2 kB\nActive(anon):   3 kB\n\nHugePages_Total:  4\n").unwrap();
        let wanted = [
            ("MemTotal_bytes", 2048.0),
            ("Active_anon_bytes", 3072.0),
            ("HugePages_Total", 4.0),
        ];
        let wanted: Vec<_> = wanted.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(fields, wanted);
    }

    #[test]
    fn refuses_what_the_kernel_does_not_print() {
        for hostile in [
            "MemTotal",
            ": 1 kB",
            "A: kB",
            "A: 1 MB",
            "A: 1 kB x",
            "A B: 1",
            "A: NaN",
        ] {
            assert!(parse_meminfo(hostile).is_err(), "{hostile}");
        }
    }
}
