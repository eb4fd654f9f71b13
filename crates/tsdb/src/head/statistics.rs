//! Counts the active series by metric, label and label pair.

use plimsoll_types::{HeadStatistics, METRIC_NAME, StoreStatistics, TopCounts};

use super::series::SeriesTable;

impl SeriesTable {
    /// Returns what the head's index knows; the fields that are about samples and parts are left empty. Writers of new
    /// series wait for some thousands of pairs at most, not for all of them.
    pub(crate) fn statistics(&self, limit: usize) -> StoreStatistics {
        let top = || TopCounts::new(limit);
        let (mut metrics, mut values, mut bytes, mut pairs) = (top(), top(), top(), top());
        let mut label_pairs = 0;
        for name in self.label_names() {
            let (mut count, mut length) = (0, 0);
            self.visit_pairs(&name, &mut |value, series| {
                count += 1;
                length += value.len() as u64 * series;
                pairs.push(series, || format!("{name}={value}"));
                if name == METRIC_NAME {
                    metrics.push(series, || value.to_owned());
                }
            });
            label_pairs += count;
            values.push(count, || name.clone());
            bytes.push(length, || name.clone());
        }
        StoreStatistics {
            head: HeadStatistics {
                series: self.count() as u64,
                label_pairs,
                ..HeadStatistics::default()
            },
            series_by_metric: metrics.into_sorted(),
            values_by_label: values.into_sorted(),
            bytes_by_label: bytes.into_sorted(),
            series_by_pair: pairs.into_sorted(),
            ..StoreStatistics::default()
        }
    }
}
