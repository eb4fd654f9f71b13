//! The load averages of `/proc/loadavg`.

use super::Collector;
use super::error::Error;
use super::exposition::{Exposition, Family};
use super::source::{Host, number};

const LOAD: [Family<'_>; 3] = [
    Family::gauge(
        "node_load1",
        "Runnable and blocked tasks, averaged over 1 minute.",
    ),
    Family::gauge(
        "node_load5",
        "Runnable and blocked tasks, averaged over 5 minutes.",
    ),
    Family::gauge(
        "node_load15",
        "Runnable and blocked tasks, averaged over 15 minutes.",
    ),
];

/// Exposes the load averages.
#[derive(Debug)]
pub(super) struct LoadAverage;

impl Collector for LoadAverage {
    fn name(&self) -> &'static str {
        "loadavg"
    }

    fn collect(&self, host: &Host, out: &mut Exposition) -> Result<(), Error> {
        let averages = parse_loadavg(&host.read_proc("loadavg")?)?;
        for (family, value) in LOAD.iter().zip(averages) {
            out.add(family, &[], value);
        }
        Ok(())
    }
}

/// Parses `0.20 0.18 0.12 1/80 11206` into the averages over 1, 5 and 15 minutes.
pub(super) fn parse_loadavg(text: &str) -> Result<[f64; 3], Error> {
    let malformed = || Error::malformed("three load averages", 1);
    let mut fields = text.split_ascii_whitespace();
    let mut next = || fields.next().and_then(number).ok_or_else(malformed);
    Ok([next()?, next()?, next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_three_averages_and_refuses_fewer() {
        assert_eq!(
            parse_loadavg("0.20 1 12.5 1/80 11206\n").unwrap(),
            [0.2, 1.0, 12.5]
        );
        for hostile in ["", "1 2", "a b c", "nan nan nan", "1 2 inf"] {
            assert!(parse_loadavg(hostile).is_err(), "{hostile}");
        }
    }
}
