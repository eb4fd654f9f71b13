//! Time intervals as they are written.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_runtime::config::{Findings, Spanned};

use super::raw::{RawTimeInterval, RawTimeIntervals, RawTimeRange};
use crate::interval::{InvalidInterval, MinuteRange, NumberRange, Part, TimeInterval, location};

/// Checks both sections, which share their names.
pub(super) fn check(
    sections: impl IntoIterator<Item = Spanned<RawTimeIntervals>>,
    findings: &mut Findings<'_>,
) -> BTreeMap<String, Vec<TimeInterval>> {
    let (mut by_name, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for section in sections {
        let name = &section.name;
        if name.is_empty() {
            findings.error(section.span, "time intervals need a `name`");
        } else if !seen.insert(name.value.clone()) {
            let message = format!("two time intervals have the name `{}`", name.value);
            findings.error(name.span, message);
        }
        let section = section.value;
        let all = section.time_intervals.into_iter();
        let all = all.map(|one| interval(one.value, findings)).collect();
        by_name.insert(section.name.value, all);
    }
    by_name
}

fn interval(raw: RawTimeInterval, findings: &mut Findings<'_>) -> TimeInterval {
    let time = |range: &RawTimeRange| MinuteRange::read(&range.start_time, &range.end_time);
    TimeInterval {
        times: ranges(raw.times, time, findings),
        weekdays: parts(raw.weekdays, Part::Weekdays, findings),
        days_of_month: parts(raw.days_of_month, Part::DaysOfMonth, findings),
        months: months(raw.months, findings),
        years: parts(raw.years, Part::Years, findings),
        location: raw.location.and_then(|name| match location(&name) {
            Ok(zone) => Some(zone),
            Err(error) => {
                findings.error(name.span, error.to_string());
                None
            }
        }),
    }
}

/// Alertmanager takes any number for a month, so one that no year has is told, not refused.
fn months(
    raw: Option<Vec<Spanned<String>>>,
    findings: &mut Findings<'_>,
) -> Option<Vec<NumberRange>> {
    for text in raw.iter().flatten() {
        let range = Part::Months.read(text);
        if range.is_ok_and(|range| range.start < 1 || range.end > 12) {
            findings.warning(text.span, "months have the numbers 1 to 12");
        }
    }
    parts(raw, Part::Months, findings)
}

fn parts(
    raw: Option<Vec<Spanned<String>>>,
    part: Part,
    findings: &mut Findings<'_>,
) -> Option<Vec<NumberRange>> {
    ranges(raw, |text: &String| part.read(text), findings)
}

fn ranges<R, T>(
    raw: Option<Vec<Spanned<R>>>,
    read: impl Fn(&R) -> Result<T, InvalidInterval>,
    findings: &mut Findings<'_>,
) -> Option<Vec<T>> {
    let mut all = Vec::new();
    for one in raw? {
        match read(&one.value) {
            Ok(range) => all.push(range),
            Err(error) => findings.error(one.span, error.to_string()),
        }
    }
    Some(all)
}
