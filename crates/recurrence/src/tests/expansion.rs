//! The days of a rule as RFC 5545 describes them: period by period, each a set of days that grows and shrinks.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::rule::{Day, Frequency, Rule};

/// All days of a period that the RFC's table of expansions gives, sets of days added and cut.
fn expanded(rule: &Rule, first: Date, period_start: Date) -> Vec<Date> {
    let end = match rule.frequency {
        Frequency::Daily => period_start.checked_add(1.day()),
        Frequency::Weekly => period_start.checked_add(7.days()),
        Frequency::Monthly => period_start.checked_add(1.month()),
        Frequency::Yearly => period_start.checked_add(1.year()),
    };
    let end = end.unwrap();
    let all: Vec<Date> = period_start
        .series(1.day())
        .take_while(|day| *day < end)
        .collect();
    let mut chosen: Vec<Date> = match (rule.days.is_empty(), rule.month_days.is_empty()) {
        (true, true) => defaults(rule, first, &all),
        (false, true) => rule
            .days
            .iter()
            .flat_map(|day| weekdays(rule, *day, &all))
            .collect(),
        (is_open, false) => {
            let fits = |day: &&Date| rule.month_days.iter().any(|want| month_day(**day, *want));
            let mut found: Vec<Date> = all.iter().filter(fits).copied().collect();
            let wanted = rule.days.iter().flat_map(|day| weekdays(rule, *day, &all));
            let wanted: Vec<Date> = wanted.collect();
            found.retain(|day| is_open || wanted.contains(day));
            found
        }
    };
    chosen.retain(|day| rule.months.is_empty() || rule.months.contains(&day.month()));
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

fn defaults(rule: &Rule, first: Date, all: &[Date]) -> Vec<Date> {
    let is_chosen = |day: &&Date| match rule.frequency {
        Frequency::Daily => true,
        Frequency::Weekly => day.weekday() == first.weekday(),
        Frequency::Monthly => day.day() == first.day(),
        Frequency::Yearly => {
            day.day() == first.day() && (!rule.months.is_empty() || day.month() == first.month())
        }
    };
    all.iter().filter(is_chosen).copied().collect()
}

fn weekdays(rule: &Rule, want: Day, all: &[Date]) -> Vec<Date> {
    let of = |days: &[Date]| -> Vec<Date> {
        let found: Vec<Date> = days
            .iter()
            .filter(|day| day.weekday() == want.weekday)
            .copied()
            .collect();
        let at = match want.which {
            0 => return found,
            1.. => usize::try_from(want.which - 1).ok(),
            _ => found
                .len()
                .checked_sub(usize::from(want.which.unsigned_abs())),
        };
        at.and_then(|at| found.get(at).copied())
            .into_iter()
            .collect()
    };
    match rule.frequency == Frequency::Yearly && !rule.months.is_empty() {
        true => all
            .chunk_by(|a, b| a.month() == b.month())
            .flat_map(of)
            .collect(),
        false => of(all),
    }
}

fn month_day(day: Date, want: i8) -> bool {
    let backwards = |day: Date| -(day.last_of_month().day() - day.day() + 1);
    day.day() == want || backwards(day) == want
}

/// The days of a rule, period by period from the first one on.
pub(super) fn expansion(rule: &Rule, first: Date, last: Date) -> Vec<Date> {
    let back = first.weekday().since(rule.week_start);
    let interval = i64::from(rule.interval);
    let (start, step) = match rule.frequency {
        Frequency::Daily => (first, interval.days()),
        Frequency::Weekly => (
            first.checked_sub(i64::from(back).days()).unwrap(),
            (interval * 7).days(),
        ),
        Frequency::Monthly => (first.first_of_month(), interval.months()),
        Frequency::Yearly => (first.first_of_year(), interval.years()),
    };
    let periods = start.series(step).take_while(|day| *day <= last);
    let days = periods.flat_map(|period| expanded(rule, first, period));
    days.filter(|day| (first..=last).contains(day)).collect()
}
