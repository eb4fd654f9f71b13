//! What has to be the same in both runs.

use std::collections::BTreeMap;

use anyhow::ensure;
use plimsoll_rules::GroupEngine;
use plimsoll_testkit::MemoryStore;

use super::life::Notice;
use super::reference::{Rows, firing, identity, of_group, resolved};

/// A marker this long after the last sample ends nothing: queries have forgotten the series.
const LOOKBACK_MILLIS: i64 = 300_000;

/// Rows: states and times of every alert.
pub(super) fn same_rows(engine: &GroupEngine, wanted: &Rows, found: &Rows) -> anyhow::Result<()> {
    let (wanted, found) = (of_group(wanted, engine), of_group(found, engine));
    ensure!(
        wanted == found,
        "rows: wanted {wanted:#?}\nfound {found:#?}"
    );
    Ok(())
}

/// Samples of every series, `ALERTS` and `ALERTS_FOR_STATE` among them.
pub(super) fn same_samples(wanted: &MemoryStore, found: &MemoryStore) -> anyhow::Result<()> {
    let (wanted, found) = (plain(wanted), plain(found));
    let series = wanted.keys().chain(found.keys());
    for series in series {
        let (wanted, found) = (wanted.get(series), found.get(series));
        if wanted == found {
            continue;
        }
        let (wanted, found) = (
            wanted.cloned().unwrap_or_default(),
            found.cloned().unwrap_or_default(),
        );
        let missing: Vec<_> = wanted
            .iter()
            .filter(|sample| !found.contains(sample))
            .take(5)
            .collect();
        let extra: Vec<_> = found
            .iter()
            .filter(|sample| !wanted.contains(sample))
            .take(5)
            .collect();
        anyhow::bail!("samples of {series}: missing {missing:?}, not wanted {extra:?}");
    }
    Ok(())
}

/// Leaves out markers that end nothing.
fn plain(store: &MemoryStore) -> BTreeMap<String, Vec<(i64, String)>> {
    let mut dump = store.dump();
    for samples in dump.values_mut() {
        let mut last: Option<i64> = None;
        samples.retain(|(time, value)| {
            let is_marker = value == "stale";
            let ends = last.is_some_and(|last| time - last <= LOOKBACK_MILLIS);
            last = (!is_marker).then_some(*time);
            !is_marker || ends
        });
    }
    dump.retain(|_, samples| !samples.is_empty());
    dump
}

/// Notices: nothing is lost, nothing is made up, nothing fires after its end; times are the same. How often something was
/// told may differ.
pub(super) fn same_notices(wanted: &[Notice], found: &[Notice]) -> anyhow::Result<()> {
    let (ended, found_ended) = (resolved(wanted), resolved(found));
    ensure!(
        ended == found_ended,
        "resolved: wanted {ended:#?}\nfound {found_ended:#?}"
    );
    let (fired, found_fired) = (firing(wanted), firing(found));
    let made_up: Vec<_> = found_fired.difference(&fired).collect();
    ensure!(made_up.is_empty(), "these never fired: {made_up:#?}");
    // Who died before telling that it fires, and finds it over after the restart, tells only that.
    let lost: Vec<_> = fired
        .difference(&found_fired)
        .filter(|lost| !ended.contains_key(*lost))
        .collect();
    ensure!(lost.is_empty(), "nobody was told of these: {lost:#?}");
    let mut over = BTreeMap::new();
    for notice in found {
        let identity = identity(&notice.alert);
        if notice.alert.is_resolved_at(notice.at) {
            over.insert(identity, notice.at);
        } else if let Some(at) = over.get(&identity) {
            anyhow::bail!(
                "{identity:?} was told to be over at {at} and to fire at {}",
                notice.at
            );
        }
    }
    Ok(())
}
