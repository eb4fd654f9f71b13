//! Prometheus rules as Sloth 0.16 makes them, rule by rule, so that dashboards and alerts made for it go on working.
//!
//! The figures of these rules are approximations and print their rounding (`0.9990000000000001`): they are Sloth's, and
//! stay as Sloth's users have them. Ours are counted (see the crate's documentation).

mod alerts;
mod chain;
mod contrib;
mod metadata;
mod native;
mod recordings;
mod windows;

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_runtime::config::{Diagnostic, Diagnostics, Findings};
use plimsoll_types::format_duration;

use super::{Rule, RuleFile, RuleGroup};
use crate::import::sloth::{ObjectMeta, Slo, Spec, Texts, merged};

pub(crate) use chain::{changes_rules, is_known};
pub use native::documents as of_catalog;
pub use windows::{AlertWindows, Pair, WindowSets};

/// How rules are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The period of SLOs that say none; default 30 days.
    pub period: Duration,
    /// Alert windows by period.
    pub windows: WindowSets,
    /// Added to the labels of all recording rules.
    pub labels: BTreeMap<String, String>,
    /// The ratio of the whole period is computed from events instead of the five-minute ratios.
    pub is_unoptimized: bool,
    /// No recording rules.
    pub without_recordings: bool,
    /// No alerts.
    pub without_alerts: bool,
    /// What `sloth_version` says.
    pub version: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(30 * 86_400),
            windows: WindowSets::default(),
            labels: BTreeMap::new(),
            is_unoptimized: false,
            without_recordings: false,
            without_alerts: false,
            version: concat!("plimsoll-", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// Makes the rules of a document.
///
/// # Errors
/// A period without alert windows, a plugin that is not known or was told something wrong, with its place.
pub fn rules(spec: &Spec, options: &Options) -> Result<RuleFile, Diagnostics> {
    let mut findings = Findings::new(&spec.source);
    let mut groups = Vec::new();
    for slo in &spec.slos {
        let mut slo = slo.clone();
        slo.labels = merged([&slo.labels, &options.labels]);
        let period = slo.period.unwrap_or(options.period);
        let Some(windows) = options.windows.of(period) else {
            let message = format!(
                "there are no alert windows for a period of {}",
                format_duration(period)
            );
            findings.error(slo.span, message);
            continue;
        };
        let context = Context {
            slo: &slo,
            period,
            windows,
            spec,
            options,
        };
        groups.extend(chain::run(&context, &mut findings).groups(&slo, options));
    }
    let list: Vec<Diagnostic> = findings.into_list();
    if !list.is_empty() {
        return Err(Diagnostics(list));
    }
    Ok(RuleFile {
        object: spec.object.as_ref().map(object),
        groups,
    })
}

/// Returns who the object of the rules is: the document's, with what says that it is generated.
fn object(of: &ObjectMeta) -> ObjectMeta {
    let marks = [
        ("app.kubernetes.io/component", "SLO"),
        ("app.kubernetes.io/managed-by", "sloth"),
    ];
    let marks = marks.map(|(name, value)| (name.to_owned(), value.to_owned()));
    ObjectMeta {
        labels: merged([&Texts::from(marks), &of.labels]),
        ..of.clone()
    }
}

/// What the steps of a chain know.
struct Context<'a> {
    slo: &'a Slo,
    period: Duration,
    windows: &'a AlertWindows,
    spec: &'a Spec,
    options: &'a Options,
}

impl Context<'_> {
    /// Returns the labels that name the SLO.
    fn id_labels(&self) -> Texts {
        let pairs = [
            ("sloth_id", &self.slo.id),
            ("sloth_service", &self.spec.service),
            ("sloth_slo", &self.slo.name.value),
        ];
        Texts::from(pairs.map(|(name, value)| (name.to_owned(), value.clone())))
    }

    /// Returns the labels of rules without a window.
    fn labels(&self) -> Texts {
        merged([&self.id_labels(), &self.slo.labels])
    }

    /// Returns the selector of the SLO's series.
    fn filter(&self) -> String {
        let pairs = self.id_labels();
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        format!("{{{}}}", pairs.join(", "))
    }

    /// Returns the windows of the alerts, each once, ascending, and the period after them.
    fn recorded(&self) -> Vec<Duration> {
        let mut all = self.windows.all().to_vec();
        all.sort_unstable();
        all.dedup();
        all.push(self.period);
        all
    }
}

/// Returns the name of the series of an SLO's share of bad events.
fn error_ratio(window: Duration) -> String {
    format!("slo:sli_error:ratio_rate{}", format_duration(window))
}

/// What a chain makes of one SLO: three groups.
#[derive(Default)]
struct Made {
    recordings: Part,
    metadata: Part,
    alerts: Part,
}

#[derive(Default)]
struct Part {
    interval: Option<Duration>,
    rules: Vec<Rule>,
}

impl Made {
    fn groups(self, slo: &Slo, options: &Options) -> Vec<RuleGroup> {
        let parts = [
            (
                "sli-recordings",
                self.recordings,
                options.without_recordings,
            ),
            ("meta-recordings", self.metadata, options.without_recordings),
            ("alerts", self.alerts, options.without_alerts),
        ];
        let kept = parts
            .into_iter()
            .filter(|(_, part, is_left_out)| !is_left_out && !part.rules.is_empty());
        kept.map(|(kind, part, _)| RuleGroup {
            name: format!("sloth-slo-{kind}-{}", slo.id),
            interval: part.interval,
            rules: part.rules,
        })
        .collect()
    }
}
