//! Reads rules; whatever is not understood is refused.

use jiff::civil::{Date, DateTime, Weekday};

use super::InvalidRecurrence;
use super::rule::{Day, End, Frequency, Rule, Until, WEEKDAYS};

/// Longer ones list every day of the month with every ordinal; nobody writes them.
const RULE_BYTES_MAX: usize = 1024;
const INTERVAL_MAX: u16 = 1000;
const COUNT_MAX: u32 = 10_000;

/// Reads a rule.
pub(super) fn rule(text: &str) -> Result<Rule, InvalidRecurrence> {
    if text.len() > RULE_BYTES_MAX {
        return Err(InvalidRecurrence::TooLong(RULE_BYTES_MAX));
    }
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_prefix("RRULE:").unwrap_or(&text);
    let mut parts = Parts::default();
    for part in text.split(';') {
        let malformed = || InvalidRecurrence::Malformed(part.to_owned());
        let (name, value) = part.split_once('=').ok_or_else(malformed)?;
        parts.take(name, value)?;
    }
    parts.into_rule()
}

#[derive(Default)]
struct Parts {
    frequency: Option<Frequency>,
    interval: Option<u16>,
    count: Option<u32>,
    until: Option<Until>,
    days: Option<Vec<Day>>,
    month_days: Option<Vec<i8>>,
    months: Option<Vec<i8>>,
    week_start: Option<Weekday>,
}

impl Parts {
    fn take(&mut self, name: &str, value: &str) -> Result<(), InvalidRecurrence> {
        match name {
            "FREQ" => put(&mut self.frequency, "FREQ", frequency(value)?),
            "INTERVAL" => {
                let wanted = "a number from 1 to 1000";
                let found = number(value, 1, i64::from(INTERVAL_MAX));
                let found = found.ok_or_else(|| bad("INTERVAL", wanted, value))?;
                put(&mut self.interval, "INTERVAL", found as u16)
            }
            "COUNT" => {
                let wanted = "a number from 1 to 10000";
                let found = number(value, 1, i64::from(COUNT_MAX));
                let found = found.ok_or_else(|| bad("COUNT", wanted, value))?;
                put(&mut self.count, "COUNT", found as u32)
            }
            "UNTIL" => {
                let wanted = "a time such as 20271231T220000Z, 20271231T230000 or 20271231";
                let found = until(value).ok_or_else(|| bad("UNTIL", wanted, value))?;
                put(&mut self.until, "UNTIL", found)
            }
            "BYDAY" => {
                let wanted = "weekdays such as MO,FR or 1MO,-1FR";
                let mut all = list(value, day).ok_or_else(|| bad("BYDAY", wanted, value))?;
                all.sort_by_key(|day| (day.weekday.to_monday_zero_offset(), day.which));
                all.dedup();
                put(&mut self.days, "BYDAY", all)
            }
            "BYMONTHDAY" => {
                let wanted = "days of the month, 1 to 31 or -31 to -1";
                let read = |text: &str| number(text, -31, 31).filter(|day| *day != 0);
                let all = numbers(value, read).ok_or_else(|| bad("BYMONTHDAY", wanted, value))?;
                put(&mut self.month_days, "BYMONTHDAY", all)
            }
            "BYMONTH" => {
                let read = |text: &str| number(text, 1, 12);
                let all = numbers(value, read);
                let all = all.ok_or_else(|| bad("BYMONTH", "months, 1 to 12", value))?;
                put(&mut self.months, "BYMONTH", all)
            }
            "WKST" => {
                let found =
                    weekday(value).ok_or_else(|| bad("WKST", "a weekday such as MO", value))?;
                put(&mut self.week_start, "WKST", found)
            }
            _ => Err(InvalidRecurrence::Unsupported(name.to_owned())),
        }
    }

    fn into_rule(self) -> Result<Rule, InvalidRecurrence> {
        let rule = Rule {
            frequency: self.frequency.ok_or(InvalidRecurrence::NoFrequency)?,
            interval: self.interval.unwrap_or(1),
            end: match (self.count, self.until) {
                (None, None) => End::Never,
                (Some(count), None) => End::Count(count),
                (None, Some(until)) => End::Until(until),
                (Some(_), Some(_)) => {
                    let reason = "COUNT and UNTIL exclude each other";
                    return Err(InvalidRecurrence::Conflict(reason));
                }
            },
            months: self.months.unwrap_or_default(),
            month_days: self.month_days.unwrap_or_default(),
            days: self.days.unwrap_or_default(),
            week_start: self.week_start.unwrap_or(Weekday::Monday),
        };
        conflict(&rule).map_or(Ok(rule), |reason| Err(InvalidRecurrence::Conflict(reason)))
    }
}

/// Finds what RFC 5545 does not let stand together.
fn conflict(rule: &Rule) -> Option<&'static str> {
    let in_month = rule.frequency == Frequency::Monthly || !rule.months.is_empty();
    let nth = || rule.days.iter().map(|day| day.which.unsigned_abs());
    match rule.frequency {
        Frequency::Weekly if !rule.month_days.is_empty() => {
            Some("BYMONTHDAY does not go with FREQ=WEEKLY")
        }
        Frequency::Daily | Frequency::Weekly if nth().any(|which| which != 0) => {
            Some("BYDAY takes a number before a weekday only with FREQ=MONTHLY or FREQ=YEARLY")
        }
        _ if in_month && nth().any(|which| which > 5) => {
            Some("a month has no sixth weekday of a kind")
        }
        _ => None,
    }
}

fn put<T>(place: &mut Option<T>, name: &'static str, value: T) -> Result<(), InvalidRecurrence> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(InvalidRecurrence::Twice(name)),
    }
}

fn bad(name: &'static str, wanted: &'static str, found: &str) -> InvalidRecurrence {
    let found = found.to_owned();
    InvalidRecurrence::Value {
        name,
        wanted,
        found,
    }
}

fn frequency(text: &str) -> Result<Frequency, InvalidRecurrence> {
    if let Some((_, found)) = Frequency::ALL.into_iter().find(|(name, _)| *name == text) {
        return Ok(found);
    }
    match text {
        "HOURLY" | "MINUTELY" | "SECONDLY" => {
            Err(InvalidRecurrence::Unsupported(format!("FREQ={text}")))
        }
        _ => Err(bad("FREQ", "DAILY, WEEKLY, MONTHLY or YEARLY", text)),
    }
}

fn list<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(read).collect()
}

fn numbers(text: &str, read: impl Fn(&str) -> Option<i64>) -> Option<Vec<i8>> {
    let mut all = list(text, |one| i8::try_from(read(one)?).ok())?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

fn number(text: &str, least: i64, most: i64) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number =
        (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = is_number.then(|| text.parse().ok()).flatten()?;
    (least..=most).contains(&number).then_some(number)
}

fn day(text: &str) -> Option<Day> {
    let (which, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let which = match which {
        "" => 0,
        _ => number(which, -53, 53).filter(|which| *which != 0)?,
    };
    Some(Day {
        which: i8::try_from(which).ok()?,
        weekday: weekday(name)?,
    })
}

fn weekday(text: &str) -> Option<Weekday> {
    let found = WEEKDAYS.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, weekday)| weekday)
}

fn until(text: &str) -> Option<Until> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = digits(date, [4, 2, 2])?;
    let date = Date::new(i16::try_from(date[0]).ok()?, date[1] as i8, date[2] as i8).ok()?;
    let Some(time) = time else {
        return Some(Until::Day(date));
    };
    let (time, is_utc) = time
        .strip_suffix('Z')
        .map_or((time, false), |time| (time, true));
    let [hour, minute, second] = digits(time, [2, 2, 2])?;
    let time = jiff::civil::Time::new(hour as i8, minute as i8, second as i8, 0).ok()?;
    let at = DateTime::from_parts(date, time);
    Some(if is_utc {
        Until::Utc(at)
    } else {
        Until::Local(at)
    })
}

/// Reads three numbers of these lengths that stand together.
fn digits(text: &str, lengths: [usize; 3]) -> Option<[u16; 3]> {
    let fits = text.len() == lengths.iter().sum::<usize>()
        && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut rest = fits.then_some(text)?;
    let mut numbers = [0; 3];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let (part, after) = rest.split_at(length);
        *number = part.parse().ok()?;
        rest = after;
    }
    Some(numbers)
}
