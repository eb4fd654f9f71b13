//! The series that Sloth's and Pyrra's generated rules record.
//!
//! Theirs are averages and extrapolations; these are the counted ratios under the same names and labels.

use std::time::Duration;

use plimsoll_types::{Labels, Sample, Timestamp, format_duration};

use super::{Series, error_ratio};
use crate::burn::window_length;
use crate::{Budget, History, Slo, Target};

/// The windows of Sloth's recording rules besides the period's.
const WINDOWS: [(&str, u64); 7] = [
    ("5m", 300),
    ("30m", 1_800),
    ("1h", 3_600),
    ("2h", 7_200),
    ("6h", 21_600),
    ("1d", 86_400),
    ("3d", 259_200),
];
const DAY_SECONDS: f64 = 86_400.0;

/// One objective as they know it: as an SLO of its own.
pub(super) struct Named<'a> {
    slo: &'a Slo,
    target: Target,
    name: String,
}

impl<'a> Named<'a> {
    pub(super) fn new(slo: &'a Slo, objective: &str, target: Target) -> Self {
        let name = match objective {
            "" => slo.name.to_string(),
            objective => format!("{}-{objective}", slo.name),
        };
        Self { slo, target, name }
    }
}

/// Adds the series of the whole of an objective.
pub(super) fn export(
    named: &Named<'_>,
    history: &dyn History,
    at: Timestamp,
    now: Timestamp,
    samples: &mut Vec<(Labels, Sample)>,
) {
    let Named { slo, name, .. } = named;
    let mut base = slo.labels.to_builder();
    base.set("sloth_id", &format!("{}-{name}", slo.service))
        .set("sloth_service", &slo.service)
        .set("sloth_slo", name);
    export_sloth(named, history, now, &mut Series { base, at, samples });
    // Pyrra knows no services: without theirs SLOs of the same name would be one series.
    let mut base = slo.labels.to_builder();
    base.set("service", &slo.service).set("slo", name);
    export_pyrra(named, history, now, &mut Series { base, at, samples });
}

fn export_sloth(named: &Named<'_>, history: &dyn History, now: Timestamp, series: &mut Series<'_>) {
    let Named { slo, target, .. } = named;
    let target = *target;
    let ratio = |length: Duration| error_ratio(history.between(now - length, now));
    let allowed = target.allowed();
    for (name, seconds) in WINDOWS {
        if let Some(ratio) = ratio(Duration::from_secs(seconds)) {
            let metric = format!("slo:sli_error:ratio_rate{name}");
            series.push(&metric, &[("sloth_window", name)], ratio);
        }
    }
    let period = window_length(&slo.windows[0]);
    let budget = Budget::read(history, &slo.windows[0], target, now, None);
    if let Some(ratio) = error_ratio(budget.counts) {
        let name = format_duration(period);
        let metric = format!("slo:sli_error:ratio_rate{name}");
        series.push(&metric, &[("sloth_window", &name)], ratio);
        series.push("slo:period_burn_rate:ratio", &[], ratio / allowed);
        series.push(
            "slo:period_error_budget_remaining:ratio",
            &[],
            1.0 - ratio / allowed,
        );
    }
    if let Some(ratio) = ratio(Duration::from_secs(WINDOWS[0].1)) {
        series.push("slo:current_burn_rate:ratio", &[], ratio / allowed);
    }
    series.push("slo:objective:ratio", &[], 1.0 - allowed);
    series.push("slo:error_budget:ratio", &[], allowed);
    series.push(
        "slo:time_period:days",
        &[],
        period.as_secs_f64() / DAY_SECONDS,
    );
    let objective = target.to_string();
    let info = [
        ("sloth_mode", "plimsoll"),
        ("sloth_objective", objective.as_str()),
        ("sloth_spec", "plimsoll/v1"),
        ("sloth_version", env!("CARGO_PKG_VERSION")),
    ];
    series.push("sloth_slo_info", &info, 1.0);
}

fn export_pyrra(named: &Named<'_>, history: &dyn History, now: Timestamp, series: &mut Series<'_>) {
    let Named { slo, target, .. } = named;
    let target = *target;
    let budget = Budget::read(history, &slo.windows[0], target, now, None);
    series.push("pyrra_objective", &[], 1.0 - target.allowed());
    series.push(
        "pyrra_window",
        &[],
        window_length(&slo.windows[0]).as_secs_f64(),
    );
    if let Some(ratio) = error_ratio(budget.counts) {
        series.push("pyrra_availability", &[], 1.0 - ratio);
    }
    series.push(
        "pyrra_requests:rate5m",
        &[],
        per_second(history, now, |budget| budget.valid()),
    );
    series.push(
        "pyrra_errors:rate5m",
        &[],
        per_second(history, now, |budget| budget.bad),
    );
}

fn per_second(history: &dyn History, now: Timestamp, part: impl Fn(crate::Counts) -> i64) -> f64 {
    const LENGTH: Duration = Duration::from_secs(300);
    part(history.between(now - LENGTH, now)) as f64 / LENGTH.as_secs_f64()
}
