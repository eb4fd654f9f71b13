//! What is recorded about a scrape itself: `up` and its companions, with the labels of the target.

use std::collections::HashMap;
use std::time::Duration;

use plimsoll_types::{
    Appender, Labels, METRIC_NAME, Sample, SeriesRef, StorageError, Timestamp, WriteBatch,
};

use super::harvest::Counted;
use super::rules::Rules;

/// What is recorded about one scrape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    /// Whether it brought samples.
    pub(super) is_up: bool,
    /// From the request to the moment before this report is stored.
    pub(super) duration: Duration,
    /// What came.
    pub(super) counted: Counted,
    /// Bytes of the body, decompressed; -1 when it exceeded the limit, as in Prometheus.
    pub(super) body_bytes: i64,
    /// How long the target was given.
    pub(super) timeout: Duration,
}

/// Knows the series of a target's reports.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    refs: HashMap<&'static str, SeriesRef>,
}

impl Reporter {
    /// Adds the samples of a report to a batch.
    ///
    /// # Errors
    /// When the store takes no more series.
    pub(super) fn report(
        &mut self,
        report: &Report,
        rules: &Rules,
        target: &Labels,
        appender: &dyn Appender,
        now: Timestamp,
        batch: &mut WriteBatch,
    ) -> Result<(), StorageError> {
        let values = values(report, rules);
        for (name, value) in &values {
            let series = self.series(name, target, appender)?;
            batch.samples.push((series, Sample::float(now, *value)));
        }
        // A reload may have switched the extra ones off.
        self.refs.retain(|name, series| {
            let is_reported = values.iter().any(|(reported, _)| reported == name);
            if !is_reported {
                let marker = Sample::float(now, plimsoll_types::stale_nan());
                batch.samples.push((*series, marker));
            }
            is_reported
        });
        Ok(())
    }

    /// Adds staleness markers for all that was reported, because the target is gone.
    pub(super) fn end(&mut self, now: Timestamp, batch: &mut WriteBatch) {
        let marker = Sample::float(now, plimsoll_types::stale_nan());
        batch.samples.extend(
            self.refs
                .drain()
                .map(|(_, series)| (series, marker.clone())),
        );
    }

    /// Forgets the series, because the store did.
    pub(super) fn clear(&mut self) {
        self.refs.clear();
    }

    fn series(
        &mut self,
        name: &'static str,
        target: &Labels,
        appender: &dyn Appender,
    ) -> Result<SeriesRef, StorageError> {
        if let Some(series) = self.refs.get(name) {
            return Ok(*series);
        }
        let mut labels = target.to_builder();
        labels.set(METRIC_NAME, name);
        let series = appender.resolve(&labels.build())?;
        self.refs.insert(name, series);
        Ok(series)
    }
}

fn values(report: &Report, rules: &Rules) -> Vec<(&'static str, f64)> {
    let counted = report.counted;
    let mut values = vec![
        ("up", f64::from(u8::from(report.is_up))),
        ("scrape_duration_seconds", report.duration.as_secs_f64()),
        ("scrape_samples_scraped", counted.scraped as f64),
        // Prometheus counts repeated ones here: it is what the target exposes.
        (
            "scrape_samples_post_metric_relabeling",
            (counted.kept + counted.repeated) as f64,
        ),
        ("scrape_series_added", counted.added as f64),
    ];
    if rules.reports_extra {
        values.extend([
            ("scrape_timeout_seconds", report.timeout.as_secs_f64()),
            (
                "scrape_sample_limit",
                rules.limits.sample.unwrap_or(0) as f64,
            ),
            ("scrape_body_size_bytes", report.body_bytes as f64),
        ]);
    }
    values
}
