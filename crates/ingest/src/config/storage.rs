//! How long and how much is kept; the rest of `storage` is checked and reported.

use std::time::Duration;

use plimsoll_runtime::config::{DurationValue, Findings, Spanned};
use plimsoll_types::{ByteCount, Matcher};

use super::raw::{RawConfig, RawRetention, RawRetentionRule, RawTsdb};
use super::selector;

/// How long and how much is kept. Reloads live.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retention {
    /// What the file says, at least 4 h (two windows of storage); `None`: it says nothing.
    pub time: Option<Duration>,
    /// How long the series of a selector are kept; the first rule that fits decides.
    pub rules: Vec<RetentionRule>,
    /// Bytes of parts and WAL above which the oldest parts go.
    pub size: Option<ByteCount>,
    /// The same as a share of the file system's size: above 0, at most 1.
    pub disk_share: Option<f64>,
}

/// How long the series of a selector are kept; what is `None` is as for all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionRule {
    /// What a series must fulfil.
    pub matchers: Vec<Matcher>,
    /// How long samples are kept, at least 4 h.
    pub raw: Option<Duration>,
    /// How long windows of five minutes are kept.
    pub five_minutes: Option<Duration>,
    /// How long windows of an hour are kept.
    pub hour: Option<Duration>,
}

impl Retention {
    /// What is kept when neither file nor command line say so.
    pub const DEFAULT: Duration = Duration::from_hours(15 * 24);
    /// The least that can be asked for: storage seals windows of two hours and keeps two of them.
    pub const MIN: Duration = Duration::from_hours(4);
    /// The most that can be asked for: 100 years of 365 days.
    pub const MAX: Duration = Duration::from_hours(36_500 * 24);

    /// Returns the time to keep samples for. Who limits the size only is not limited in time, as in Prometheus.
    pub fn time_or_default(&self) -> Duration {
        let is_limited = self.size.is_some() || self.disk_share.is_some();
        self.time.unwrap_or(match is_limited {
            true => Self::MAX,
            false => Self::DEFAULT,
        })
    }
}

/// Each rule is looked at for each series that an old range is asked of.
const RULES_MAX: usize = 1000;

pub(super) fn check(raw: &RawConfig, findings: &mut Findings<'_>) -> Retention {
    let tsdb = raw.storage.tsdb.as_ref();
    if let Some(tsdb) = tsdb {
        check_tsdb(tsdb, findings);
    }
    if let Some(exemplars) = &raw.storage.exemplars {
        findings.not_acted_on(exemplars.key, "storage.exemplars");
    }
    let retention = tsdb.and_then(|tsdb| tsdb.retention.as_ref());
    let theirs = retention.and_then(|retention| retention.time);
    // Zero counts as absent in each place by itself: here it must not hide what is written there.
    let is_written = |time: &Spanned<DurationValue>| !time.0.is_zero();
    let written = raw
        .plimsoll
        .retention
        .filter(is_written)
        .or(theirs.filter(is_written));
    let size = retention.and_then(|retention| retention.size);
    Retention {
        time: written.map(|time| bounded(time, findings)),
        rules: rules(&raw.plimsoll.retention_rules, findings),
        size: size.map(|size| size.0).filter(|size| size.0 > 0),
        disk_share: retention.and_then(|retention| disk_share(retention, findings)),
    }
}

fn bounded(time: Spanned<DurationValue>, findings: &mut Findings<'_>) -> Duration {
    if time.0 < Retention::MIN {
        let message = format!(
            "samples are kept for at least {}, so {} has that effect",
            DurationValue(Retention::MIN),
            time.value
        );
        findings.warning(time.span, message);
    }
    at_most(time, findings).max(Retention::MIN)
}

fn at_most(time: Spanned<DurationValue>, findings: &mut Findings<'_>) -> Duration {
    if time.0 > Retention::MAX {
        findings.error(time.span, "the retention is longer than 100 years");
    }
    time.0
}

fn rules(raw: &[Spanned<RawRetentionRule>], findings: &mut Findings<'_>) -> Vec<RetentionRule> {
    if let Some(first) = raw.get(RULES_MAX) {
        let message = format!("there are {} rules, at most {RULES_MAX} may be", raw.len());
        findings.error(first.span, message);
    }
    let mut rules: Vec<RetentionRule> = Vec::new();
    for rule in raw.iter().take(RULES_MAX) {
        let matchers = match selector::parse(&rule.matchers) {
            Ok(matchers) => matchers,
            Err(reason) => {
                findings.error(rule.matchers.span, format!("not a selector: {reason}"));
                continue;
            }
        };
        if rules.iter().any(|earlier| earlier.matchers == matchers) {
            let message = "an earlier rule has the same selector, so this one has no effect";
            findings.warning(rule.matchers.span, message);
        }
        if rule.raw.is_none() && rule.five_minutes.is_none() && rule.hour.is_none() {
            findings.error(
                rule.span,
                "a rule says at least one of `raw`, `five_minutes`, `hour`",
            );
        }
        rules.push(RetentionRule {
            matchers,
            raw: rule.raw.map(|time| bounded(time, findings)),
            five_minutes: rule.five_minutes.map(|time| at_most(time, findings)),
            hour: rule.hour.map(|time| at_most(time, findings)),
        });
    }
    rules
}

fn disk_share(raw: &RawRetention, findings: &mut Findings<'_>) -> Option<f64> {
    let percentage = raw.percentage?;
    if !(0.0..=100.0).contains(&percentage.value) {
        let message = format!(
            "expected a percentage from 0 to 100, found {}",
            percentage.value
        );
        findings.error(percentage.span, message);
    }
    Some(percentage.value / 100.0).filter(|share| *share > 0.0)
}

fn check_tsdb(raw: &RawTsdb, findings: &mut Findings<'_>) {
    if let Some(window) = raw.out_of_order_time_window {
        findings.warning(
            window.key,
            "`out_of_order_time_window` is accepted, but has no effect: samples of any age within \
             the retention are taken",
        );
    }
    if let Some(threshold) = raw.stale_series_compaction_threshold {
        if (0.0..=1.0).contains(&threshold.value) {
            findings.not_acted_on(threshold.key, "stale_series_compaction_threshold");
        } else {
            let message = format!("expected a share from 0 to 1, found {}", threshold.value);
            findings.error(threshold.span, message);
        }
    }
    if let Some(encoding) = &raw.chunk_encoding {
        findings.not_acted_on(encoding.key, "storage.tsdb.chunk_encoding");
    }
}
