//! Windows of time on the days that a rule chooses.
//!
//! A window is said in the clock's time: from 01:00 to 05:00 means those hours on the wall, be it three, four or five of
//! them. Where clocks are put forward, a time that is skipped is the moment of the change (RFC 5545 would leave such a day
//! out, and a maintenance window with it; a window that lies wholly in the skipped hour is left out). Where they are put
//! back, a time that comes twice is the first, as in RFC 5545.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, ToSpan};
use plimsoll_types::Timestamp;

use super::dates::Dates;
use super::rule::{End, Rule, Until};
use crate::Occurrence;

/// So many chosen days in a row give no window only when all of them lie in hours that are skipped.
const SKIPPED_MAX: usize = 50;

/// The windows of a recurrence.
pub(super) struct Windows<'a> {
    rule: &'a Rule,
    zone: &'a TimeZone,
    pattern: Occurrence,
    first: DateTime,
    /// By the clock, from begin to end.
    length: SignedDuration,
}

impl<'a> Windows<'a> {
    pub(super) fn new(rule: &'a Rule, zone: &'a TimeZone, pattern: Occurrence) -> Option<Self> {
        let first = local(zone, pattern.starts_at)?;
        let by_clock = local(zone, pattern.ends_at)?.duration_since(first);
        // Where clocks were put back within the pattern, its end may show an earlier time than its begin.
        let length = match by_clock.is_positive() {
            true => by_clock,
            false => SignedDuration::from_millis(pattern.ends_at.millis_since(pattern.starts_at)),
        };
        Some(Self {
            rule,
            zone,
            pattern,
            first,
            length,
        })
    }

    /// Returns the window that began last, at `now` or before.
    pub(super) fn last_begun(&self, now: Timestamp) -> Option<Occurrence> {
        let begun = |window: &Occurrence| window.starts_at <= now;
        if let End::Count(_) = self.rule.end {
            return self.counted().take_while(begun).last();
        }
        // Where clocks are put back over midnight, a window of tomorrow may have begun.
        let mut day = local(self.zone, now)?.date().tomorrow().ok()?;
        if let End::Until(until) = self.rule.end {
            day = day.min(self.last_day(until));
        }
        for _ in 0..SKIPPED_MAX {
            let chosen = self.dates().at_or_before(day)?;
            if let Some(window) = self.window(chosen).filter(begun) {
                return Some(window);
            }
            day = chosen.yesterday().ok()?;
        }
        None
    }

    /// Returns the first window that begins after `now`.
    pub(super) fn next(&self, now: Timestamp) -> Option<Occurrence> {
        let is_to_come = |window: &Occurrence| window.starts_at > now;
        if let End::Count(_) = self.rule.end {
            return self.counted().find(is_to_come);
        }
        let mut day = local(self.zone, now)?.date().yesterday().ok()?;
        for _ in 0..SKIPPED_MAX {
            let chosen = self.dates().at_or_after(day)?;
            if self.is_past_end(chosen) {
                return None;
            }
            if let Some(window) = self.window(chosen).filter(is_to_come) {
                return Some(window);
            }
            day = chosen.tomorrow().ok()?;
        }
        None
    }

    /// Calls `visit` for the windows that begin in `[from, to)`, ascending.
    pub(super) fn begun_in(
        &self,
        (from, to): (Timestamp, Timestamp),
        visit: &mut dyn FnMut(Occurrence),
    ) {
        let begins = |window: &Occurrence| from <= window.starts_at && window.starts_at < to;
        if let End::Count(_) = self.rule.end {
            let begun = self.counted().take_while(|window| window.starts_at < to);
            return begun.filter(begins).for_each(visit);
        }
        // A day before and after, for clocks that are put over midnight; what no calendar knows is as far as it goes.
        let day = |at: Timestamp| local(self.zone, at).map(|clock| clock.date());
        let mut next = day(from)
            .and_then(|day| day.yesterday().ok())
            .unwrap_or(Date::MIN);
        let last = day(to)
            .and_then(|day| day.tomorrow().ok())
            .unwrap_or(Date::MAX);
        while let Some(chosen) = self.dates().at_or_after(next).filter(|day| *day <= last) {
            if self.is_past_end(chosen) {
                return;
            }
            self.window(chosen)
                .filter(begins)
                .into_iter()
                .for_each(&mut *visit);
            let Ok(after) = chosen.tomorrow() else {
                return;
            };
            next = after;
        }
    }

    /// Walks the windows from the first on; of a rule that counts, those of as many days as it says.
    pub(super) fn counted(&self) -> impl Iterator<Item = Occurrence> {
        let count = match self.rule.end {
            End::Count(count) => count as usize,
            End::Never | End::Until(_) => usize::MAX,
        };
        let dates = self.dates();
        let first = dates.at_or_after(self.first.date());
        let after = move |day: &Date| dates.at_or_after(day.checked_add(1.day()).ok()?);
        let days = std::iter::successors(first, after);
        let days = days.take(count).take_while(|day| !self.is_past_end(*day));
        days.filter_map(|day| self.window(day))
    }

    fn dates(&self) -> Dates<'a> {
        Dates::new(self.rule, self.first.date())
    }

    /// Returns the window of a day, unless it lies behind the end of the rule or is skipped by the clock. That of the first
    /// day is as it was posted, also when it is in an hour that comes twice.
    fn window(&self, day: Date) -> Option<Occurrence> {
        if self.is_past_end(day) {
            return None;
        }
        if day == self.first.date() {
            return Some(self.pattern);
        }
        let begin = day.to_datetime(self.first.time());
        let starts_at = instant(self.zone, begin)?;
        let ends_at = instant(self.zone, begin.checked_add(self.length).ok()?)?;
        (starts_at < ends_at).then_some(Occurrence { starts_at, ends_at })
    }

    /// Returns the last day on which a window can begin.
    fn last_day(&self, until: Until) -> Date {
        match until {
            Until::Day(day) => day,
            Until::Local(at) => at.date(),
            // Clocks differ from UTC by less than two days.
            Until::Utc(at) => at.date().checked_add(2.days()).unwrap_or(Date::MAX),
        }
    }

    fn is_past_end(&self, day: Date) -> bool {
        let begin = day.to_datetime(self.first.time());
        match self.rule.end {
            End::Until(Until::Day(last)) => day > last,
            End::Until(Until::Local(last)) => begin > last,
            End::Until(Until::Utc(last)) => {
                // The last days of the year 9999, which people write for "always", are later than any moment that is known.
                let last = instant(&TimeZone::UTC, last);
                instant(self.zone, begin).is_none_or(|begin| last.is_some_and(|last| begin > last))
            }
            End::Never | End::Count(_) => false,
        }
    }
}

/// Returns what the clocks show.
fn local(zone: &TimeZone, at: Timestamp) -> Option<DateTime> {
    let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
    Some(zone.to_datetime(at))
}

/// Returns when the clocks show this: the first time, or the moment of the change when they never do.
fn instant(zone: &TimeZone, clock: DateTime) -> Option<Timestamp> {
    let by = |offset: Offset| offset.to_timestamp(clock).ok();
    let at = match zone.to_ambiguous_timestamp(clock).offset() {
        AmbiguousOffset::Unambiguous { offset } => by(offset)?,
        AmbiguousOffset::Fold { before, .. } => by(before)?,
        // Read by the offset after the change, the time lies before it: the next change is the one.
        AmbiguousOffset::Gap { after, .. } => zone.following(by(after)?).next()?.timestamp(),
    };
    Some(Timestamp::from_millis(at.as_millisecond()))
}
