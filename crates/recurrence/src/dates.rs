//! Which days a rule chooses.
//!
//! With one window a day a rule is a question to each day: does it lie in a period that counts (every second week from
//! the first one on), and do month, day of the month and weekday fit? The expansion that RFC 5545 describes gives the same
//! days; a question needs no state, so the search can begin anywhere.

use jiff::civil::{Date, date};
use jiff::{Span, ToSpan};

use super::rule::{Day, Frequency, Rule};

/// 40 years. Whoever waits longer for a window does not wait: the rule counts as ended, or as one that never comes.
const SEARCH_DAYS_MAX: usize = 14_610;

/// A rule and its first day.
pub(super) struct Dates<'a> {
    rule: &'a Rule,
    first: Date,
}

impl<'a> Dates<'a> {
    pub(super) fn new(rule: &'a Rule, first: Date) -> Self {
        Self { rule, first }
    }

    /// Returns the first day not before `from` that is chosen.
    pub(super) fn at_or_after(&self, from: Date) -> Option<Date> {
        self.search(from.max(self.first), 1.day())
    }

    /// Returns the last day not after `to` that is chosen.
    pub(super) fn at_or_before(&self, to: Date) -> Option<Date> {
        self.search(to, -1.day())
    }

    fn search(&self, from: Date, step: Span) -> Option<Date> {
        let mut day = from;
        for _ in 0..=SEARCH_DAYS_MAX {
            if day < self.first {
                return None;
            }
            if self.contains(day) {
                return Some(day);
            }
            day = day.checked_add(step).ok()?;
        }
        None
    }

    /// Says whether a day, which is not before the first, is chosen.
    pub(super) fn contains(&self, day: Date) -> bool {
        self.is_in_period(day) && self.fits(day)
    }

    fn is_in_period(&self, day: Date) -> bool {
        let months = |day: Date| i64::from(day.year()) * 12 + i64::from(day.month());
        let passed = match self.rule.frequency {
            Frequency::Daily => day_number(day) - day_number(self.first),
            Frequency::Weekly => (self.week(day) - self.week(self.first)) / 7,
            Frequency::Monthly => months(day) - months(self.first),
            Frequency::Yearly => i64::from(day.year() - self.first.year()),
        };
        passed % i64::from(self.rule.interval) == 0
    }

    /// Returns the number of the day on which the week of `day` begins.
    fn week(&self, day: Date) -> i64 {
        day_number(day) - i64::from(day.weekday().since(self.rule.week_start))
    }

    fn fits(&self, day: Date) -> bool {
        let rule = self.rule;
        let in_month = rule.months.is_empty() || rule.months.contains(&day.month());
        let on_day = match (rule.month_days.is_empty(), rule.days.is_empty()) {
            (true, true) => self.fits_as_the_first_does(day),
            (is_any, _) => is_any || rule.month_days.iter().any(|want| is_month_day(day, *want)),
        };
        let on_weekday =
            rule.days.is_empty() || rule.days.iter().any(|want| self.is_weekday(day, *want));
        in_month && on_day && on_weekday
    }

    /// What a rule leaves open is as on the first day.
    fn fits_as_the_first_does(&self, day: Date) -> bool {
        let is_month_open = self.rule.months.is_empty();
        match self.rule.frequency {
            Frequency::Daily => true,
            Frequency::Weekly => day.weekday() == self.first.weekday(),
            Frequency::Yearly if is_month_open && day.month() != self.first.month() => false,
            Frequency::Monthly | Frequency::Yearly => day.day() == self.first.day(),
        }
    }

    fn is_weekday(&self, day: Date, want: Day) -> bool {
        let is_of_year = self.rule.frequency == Frequency::Yearly && self.rule.months.is_empty();
        let (at, of) = match is_of_year {
            true => (day.day_of_year(), day.days_in_year()),
            false => (i16::from(day.day()), i16::from(day.days_in_month())),
        };
        let which = i16::from(want.which);
        let is_which = match which {
            0 => true,
            1.. => (at - 1) / 7 + 1 == which,
            _ => (of - at) / 7 + 1 == -which,
        };
        is_which && day.weekday() == want.weekday
    }
}

fn is_month_day(day: Date, want: i8) -> bool {
    let want = if want < 0 {
        day.days_in_month() + want + 1
    } else {
        want
    };
    day.day() == want
}

fn day_number(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_hours() / 24
}
