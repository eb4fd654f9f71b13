//! What makes the store large, and which of it nobody asks for: counted when somebody asks, from the head's index.

use plimsoll_types::{Cardinality, CardinalityQuery, METRIC_NAME, StorageError, Timestamp};

use super::analysis::{unused, with_times};
use super::{Db, churn};
use crate::head::SeriesTable;
use crate::queried::Queried;

impl Db {
    pub(super) fn count_cardinality(
        &self,
        query: &CardinalityQuery,
    ) -> Result<Cardinality, StorageError> {
        let now = self.clock.now();
        let mut found = count(&self.series, &self.queried.table, query, now);
        if let Some(length) = query.churn_window {
            found.churn = Some(churn::count(self.contents(), length, now, query.limit)?);
        }
        Ok(found)
    }
}

/// Counts what the index knows.
fn count(
    series: &SeriesTable,
    queried: &Queried,
    query: &CardinalityQuery,
    now: Timestamp,
) -> Cardinality {
    let before = now.saturating_add_millis(-millis(query.unused_after));
    let statistics = series.statistics(query.limit);
    let metrics = series.metrics();
    let used = metrics
        .iter()
        .map(|(name, series)| (name.as_str(), *series));
    let unused = unused(used, queried, before, query.limit);
    Cardinality {
        series: statistics.head.series,
        metrics: metrics.len() as u64,
        label_names: series.label_names().len() as u64,
        label_pairs: statistics.head.label_pairs,
        by_metric: with_times(statistics.series_by_metric, queried),
        by_label: statistics.values_by_label,
        bytes_by_label: statistics.bytes_by_label,
        by_pair: statistics.series_by_pair,
        unused,
        churn: None,
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl SeriesTable {
    /// Returns every metric name with the number of its active series, in any order.
    fn metrics(&self) -> Vec<(String, u64)> {
        let mut metrics = Vec::new();
        self.visit_pairs(METRIC_NAME, &mut |name, series| {
            metrics.push((name.to_owned(), series));
        });
        metrics
    }
}
