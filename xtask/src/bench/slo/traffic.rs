//! What the services count: requests by region and result, as functions of time alone, so that what filled a ledger, what
//! was pushed as history and what is scraped afterwards belong together.

use plimsoll_types::{Labels, METRIC_NAME};

/// The metric of all services.
pub(super) const METRIC: &str = "service_requests_total";
/// When a page was written, in milliseconds since the epoch: says which counts a scrape saw.
pub(super) const PAGE_TIME: &str = "exporter_page_time_milliseconds";
/// The job that scrapes the exporter.
pub(super) const JOB: &str = "services";

const DAY: f64 = 86_400.0;
/// Counters began then, so that their values are large and still exact.
const BEGIN: f64 = 1.6e9;
/// The share of requests that fail: usually, and of every fiftieth service, which burns its budget three times too fast.
const BAD_SHARE: f64 = 0.0004;
const BAD_SHARE_BURNING: f64 = 0.003;

/// One counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    pub(super) service: usize,
    pub(super) region: usize,
    pub(super) is_bad: bool,
}

/// Returns the name of a service.
pub(super) fn service(number: usize) -> String {
    format!("service-{number}")
}

/// Returns the name of a region, the group of objectives.
pub(super) fn region(number: usize) -> String {
    format!("region-{number}")
}

/// Returns the counters of all services, two for each region.
pub(super) fn counters(services: usize, regions: usize) -> Vec<Counter> {
    let of_service = |service| {
        (0..regions).flat_map(move |region| {
            [false, true].map(|is_bad| Counter {
                service,
                region,
                is_bad,
            })
        })
    };
    (0..services).flat_map(of_service).collect()
}

impl Counter {
    /// Returns what the counter says at a time, a whole number.
    pub(super) fn value(self, millis: i64) -> f64 {
        let seconds = millis as f64 / 1000.0;
        // A day has its ebb and flow; this never falls.
        let wave = 0.7 * DAY / std::f64::consts::TAU;
        let angle = (seconds / DAY).fract() * std::f64::consts::TAU;
        let passed = seconds - BEGIN + wave * angle.sin();
        let bad = match self.service % 50 {
            7 => BAD_SHARE_BURNING,
            _ => BAD_SHARE,
        };
        let share = if self.is_bad { bad } else { 1.0 - bad };
        let per_second = 5.0 + 3.0 * self.region as f64;
        (per_second * share * passed).floor()
    }

    /// Returns the labels as an exporter shows them, without the name.
    pub(super) fn shown(self) -> [(&'static str, String); 3] {
        let result = if self.is_bad { "bad" } else { "good" };
        [
            ("region", region(self.region)),
            ("result", result.to_owned()),
            ("service", service(self.service)),
        ]
    }

    /// Returns the labels of the series in a store that scrapes the exporter at `instance`.
    pub(super) fn labels(self, instance: &str) -> Labels {
        let shown = self.shown();
        let own = shown.iter().map(|(name, value)| (*name, value.as_str()));
        let target = [(METRIC_NAME, METRIC), ("instance", instance), ("job", JOB)];
        Labels::from_pairs(target.into_iter().chain(own))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_never_fall_and_stay_exact() {
        let counter = Counter {
            service: 7,
            region: 9,
            is_bad: false,
        };
        let begin = 1_790_000_000_000;
        let values: Vec<f64> = (0..8_640)
            .map(|step| counter.value(begin + step * 10_000))
            .collect();
        assert!(values.is_sorted());
        let most = values.last().copied().unwrap_or(f64::NAN);
        assert!(most > values[0] && most < 2f64.powi(53), "{most}");
    }
}
