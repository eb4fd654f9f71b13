//! Who evaluated which slot of a rule group: a recording rule `<group>:beat` has a sample at each.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::Server;

/// What the name of such a rule ends with.
pub const BEAT: &str = ":beat";

/// Returns the slots that a server evaluated, in milliseconds since the epoch, by group.
///
/// # Errors
/// When it does not answer.
pub fn beats(server: &Server) -> Result<BTreeMap<String, Vec<i64>>> {
    let lines = server.export(&format!("{{__name__=~\".*{BEAT}\"}}"))?;
    let mut beats = BTreeMap::new();
    for line in lines.lines() {
        let series: Value = serde_json::from_str(line)?;
        let name = series["metric"]["__name__"].as_str().context("no name")?;
        let times = series["timestamps"].as_array().context("no timestamps")?;
        let (times, values) = (
            times.iter(),
            series["values"].as_array().context("no values")?,
        );
        // A value that is null is the marker that ends the series.
        let slots = times.zip(values).filter(|(_, value)| !value.is_null());
        let slots: Vec<i64> = slots.filter_map(|(time, _)| time.as_i64()).collect();
        beats.insert(name.trim_end_matches(BEAT).to_owned(), slots);
    }
    Ok(beats)
}
