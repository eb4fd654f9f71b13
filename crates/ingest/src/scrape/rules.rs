//! How a job treats what its targets expose; the part of its configuration that needs no network.

use plimsoll_types::{ByteCount, Labels};
use plimsoll_wire::exposition::Options;

use crate::config::{NameValidation, ScrapeConfig, ScrapeLimits};
use crate::relabel::RelabelConfig;

/// What a body may have where the configuration sets no limit: ten times what large targets expose.
const BODY_BYTES_DEFAULT: ByteCount = ByteCount::MIB.times(256);

/// How a job treats what its targets expose.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Whether the target's labels win over ours.
    pub honors_labels: bool,
    /// Whether the target's timestamps are used.
    pub honors_timestamps: bool,
    /// Whether series with the target's timestamps get staleness markers.
    pub tracks_timestamps_staleness: bool,
    /// Whether `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes` are reported.
    pub reports_extra: bool,
    /// Whether names outside the classic alphabet fail the scrape.
    pub has_legacy_names: bool,
    /// Applied to each series.
    pub metric_relabel: Vec<RelabelConfig>,
    /// Bounds of a target, as configured.
    pub limits: ScrapeLimits,
    /// Series of one metric name in one scrape; 0 for any number.
    pub metric_series_max: u64,
    /// What the parser reads.
    pub options: Options,
}

impl Rules {
    /// What holds for sources inside the program: they are ours, so there is nothing to guard against.
    pub(super) fn internal() -> Self {
        Self {
            honors_labels: false,
            honors_timestamps: true,
            tracks_timestamps_staleness: false,
            reports_extra: false,
            has_legacy_names: false,
            metric_relabel: Vec::new(),
            limits: ScrapeLimits::default(),
            metric_series_max: 0,
            options: Options::default(),
        }
    }

    /// Returns the most bytes of a body, before and after decompression.
    pub(super) fn body_limit(&self) -> ByteCount {
        self.limits.body_size.unwrap_or(BODY_BYTES_DEFAULT)
    }

    /// Takes what a job says; `metric_series_max` is the bound that all jobs share.
    pub fn new(config: &ScrapeConfig, metric_series_max: u64) -> Self {
        Self {
            honors_labels: config.honor_labels,
            honors_timestamps: config.honor_timestamps,
            tracks_timestamps_staleness: config.track_timestamps_staleness,
            reports_extra: config.extra_scrape_metrics,
            has_legacy_names: config.metric_name_validation_scheme == NameValidation::Legacy,
            metric_relabel: config.metric_relabel_configs.clone(),
            limits: config.limits,
            metric_series_max,
            options: Options {
                native_histograms: config.scrape_native_histograms,
                always_scrape_classic_histograms: config.always_scrape_classic_histograms,
            },
        }
    }
}

/// Puts a target's labels onto those of a series it exposes.
///
/// Where both have a label, ours wins and the target's is kept as `exported_<name>`, with as many `exported_` as it
/// takes to be free; or, when the target's are honoured, the target's wins.
pub(super) fn attach(
    exposed: &Labels,
    target: &Labels,
    honors_labels: bool,
) -> plimsoll_types::LabelsBuilder {
    let mut builder = exposed.to_builder();
    for (name, value) in target.iter() {
        match (exposed.get(name), honors_labels) {
            (Some(_), true) => {}
            (Some(theirs), false) => {
                let mut moved = format!("exported_{name}");
                while builder.get(&moved).is_some() || target.get(&moved).is_some() {
                    moved.insert_str(0, "exported_");
                }
                builder.set(&moved, theirs);
                builder.set(name, value);
            }
            (None, _) => {
                builder.set(name, value);
            }
        }
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(exposed: &[(&str, &str)], target: &[(&str, &str)], honors: bool, expected: &str) {
        let exposed = Labels::from_pairs(exposed.iter().copied());
        let target = Labels::from_pairs(target.iter().copied());
        assert_eq!(
            attach(&exposed, &target, honors).build().to_string(),
            expected
        );
    }

    #[test]
    fn our_labels_win_and_theirs_are_kept() {
        check(
            &[("__name__", "up"), ("job", "theirs"), ("exported_job", "x")],
            &[("job", "ours"), ("instance", "i")],
            false,
            r#"up{exported_exported_job="theirs", exported_job="x", instance="i", job="ours"}"#,
        );
    }

    #[test]
    fn their_labels_win_when_honoured() {
        check(
            &[("__name__", "up"), ("job", "theirs")],
            &[("job", "ours"), ("instance", "i")],
            true,
            r#"up{instance="i", job="theirs"}"#,
        );
    }
}
