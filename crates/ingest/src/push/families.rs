//! Metadata that comes by name of the metric family, for storage that keeps it by series.
//!
//! Remote write 1.0 sends metadata once a minute in requests without a series. It is remembered here until a push
//! brings series of the family, and goes to storage with them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use plimsoll_types::Metadata;
use plimsoll_wire::push::{Decoded, Series};

use super::Metrics;

/// Families that are remembered; Prometheus servers with more than a few thousand are rare.
const FAMILIES_MAX: usize = 50_000;

/// What a series' name has after the name of its family.
const SUFFIXES: [&str; 8] = [
    "_total", "_bucket", "_count", "_sum", "_info", "_created", "_gcount", "_gsum",
];

/// The metadata that waits for its series.
#[derive(Default)]
pub(super) struct Families(Mutex<HashMap<String, Metadata>>);

impl Families {
    /// Remembers the families of a request, and returns for each of its series (by index) what is waiting for it.
    pub(super) fn learn_and_match(
        &self,
        decoded: &Decoded,
        metrics: &Metrics,
    ) -> Vec<(usize, Metadata)> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut dropped = 0;
        for (name, metadata) in &decoded.families {
            if waiting.len() < FAMILIES_MAX || waiting.contains_key(name) {
                waiting.insert(name.clone(), metadata.clone());
            } else {
                dropped += 1;
            }
        }
        metrics.count_dropped_metadata(dropped);
        if waiting.is_empty() {
            return Vec::new();
        }
        let found = |(index, series): (usize, &Series)| {
            let family = family_of(series, &waiting)?;
            Some((index, family.to_owned(), waiting.get(family)?.clone()))
        };
        let found: Vec<_> = decoded
            .series
            .iter()
            .enumerate()
            .filter_map(found)
            .collect();
        let matched = |(index, family, metadata): (usize, String, Metadata)| {
            waiting.remove(&family);
            (index, metadata)
        };
        found.into_iter().map(matched).collect()
    }
}

fn family_of<'a>(series: &'a Series, waiting: &HashMap<String, Metadata>) -> Option<&'a str> {
    let name = series.labels.metric_name()?;
    let stripped = SUFFIXES
        .iter()
        .filter_map(|suffix| name.strip_suffix(suffix));
    std::iter::once(name)
        .chain(stripped)
        .find(|family| waiting.contains_key(*family))
}
