//! Forecasts of futures that can be computed by hand.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::{CalendarUnit, Counts, Timeline};

fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

/// Hours with 100,000 events, of which `bad` of the hour's number fail, up to `now`.
fn history(now: Timestamp, count: i64, bad: impl Fn(i64) -> i64) -> Timeline {
    let slices = (0..count).map(|hour| Counts {
        good: 100_000 - bad(hour),
        bad: bad(hour),
        excluded: 0,
        covered: 360,
    });
    Timeline::new(now - hours(count as usize), HOUR, slices)
}

fn forecast(history: &Timeline, window: &Window, seed: u64) -> Option<Projection> {
    let now = history.end();
    let profile = Profile::read(history, now);
    let target = "99.9".parse().unwrap();
    Projection::read(
        history,
        window,
        target,
        now,
        profile.as_ref(),
        LookAhead::seeded(seed),
    )
}

fn month() -> Window {
    Window::Rolling(hours(720))
}

#[test]
fn steady_burning_ends_when_it_must() {
    let now = at("2026-03-11T00:00:00Z");
    // Twice as fast as allowed for eight days: 384 of 720 hours' allowance are gone, two more with each hour.
    let history = history(now, 720, |hour| if hour >= 720 - 192 { 200 } else { 0 });
    let found = forecast(&history, &month(), 1).unwrap();
    assert_eq!(
        (found.p10, found.p50, found.p90),
        (Some(hours(168)), Some(hours(168)), Some(hours(168)))
    );
    assert_eq!(found.likelihood, 1.0);
    assert!((found.remaining - 336.0 / 720.0).abs() < 1e-9);
}

#[test]
fn a_rolling_window_forgives() {
    let now = at("2026-03-11T00:00:00Z");
    // Half as fast as allowed, always: what is added leaves at the other end.
    let steady = history(now, 720, |_| 50);
    let found = forecast(&steady, &month(), 1).unwrap();
    assert_eq!((found.p10, found.likelihood), (None, 0.0));
    // A budget of 95 % used up by an outage three weeks ago, and nothing since.
    let outage = history(now, 720, |hour| if hour == 200 { 68_400 } else { 0 });
    assert_eq!(forecast(&outage, &month(), 1).unwrap().likelihood, 0.0);
}

#[test]
fn a_period_of_the_calendar_forgives_nothing_but_ends() {
    let now = at("2026-03-11T00:00:00Z");
    let month = Window::Calendar {
        unit: CalendarUnit::Month,
        zone: TimeZone::UTC,
    };
    // Since the first of March: 240 of 744 hours have used up 480 hours' allowance; 264 are left.
    let fast = history(now, 720, |hour| if hour >= 480 { 200 } else { 0 });
    let found = forecast(&fast, &month, 1).unwrap();
    assert_eq!(found.p50, Some(hours(132)));
    assert_eq!(found.looked_ahead, hours(744 - 240));
    // A little slower it lasts until April.
    let slow = history(now, 720, |hour| if hour >= 480 { 99 } else { 0 });
    assert_eq!(forecast(&slow, &month, 1).unwrap().p10, None);
}

#[test]
fn the_last_hour_of_a_period_ends_with_it() {
    // The day ends in a quarter of an hour, and the next one begins with a new budget.
    let now = at("2026-03-10T23:45:00Z");
    let day = Window::Calendar {
        unit: CalendarUnit::Day,
        zone: TimeZone::UTC,
    };
    // 9,310 of 9,600 are used up; another hour would use up the rest, a quarter of one does not.
    let quarter = Counts {
        good: 99_902,
        bad: 98,
        excluded: 0,
        covered: 90,
    };
    let quarters = std::iter::repeat_n(quarter, 96 * 8);
    let history = Timeline::new(now - hours(24 * 8), HOUR / 4, quarters);
    let found = forecast(&history, &day, 1).unwrap();
    assert_eq!(found.looked_ahead, HOUR / 4);
    assert_eq!((found.p10, found.likelihood), (None, 0.0));
}

/// Draws good hours for a while, then such as are a day old.
struct GoodThenBad(usize);

impl Random for GoodThenBad {
    fn next_u64(&mut self) -> u64 {
        let is_good = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        if is_good { 0 } else { u64::MAX / 10 * 7 }
    }
}

#[test]
fn a_short_window_forgets_the_future_as_well() {
    let now = at("2026-03-11T00:00:00Z");
    let past = history(now, 168, |hour| if hour < 84 { 0 } else { 150 });
    let recent = Recent::read(&past, now);
    let good = Step {
        length: HOUR,
        valid: 100_000.0,
        leaves: Leaving::default(),
    };
    let full = Leaving {
        bad: 0.0,
        valid: 100_000.0,
    };
    let steps = (0..672).map(|hour| match hour < 24 {
        true => Step {
            leaves: full,
            ..good
        },
        false => good,
    });
    let course = Course {
        bad: 0.0,
        valid: 2_400_000.0,
        allowed: 0.001,
        steps: steps.collect(),
        forgets_after: Some(24),
    };
    // After 60 good hours a day of budget is used up at one and a half times the speed in 16, however long it was good.
    let left = course.future(&recent, &mut GoodThenBad(10)).unwrap();
    assert_eq!(left.as_secs().div_ceil(3600), 76);
}

#[test]
fn quantiles_are_of_futures() {
    let now = at("2026-03-11T00:00:00Z");
    // An outage of an hour per day in the last week; another one would end the budget.
    let history = history(now, 720, |hour| {
        if hour >= 552 && hour % 24 == 3 {
            9_500
        } else {
            0
        }
    });
    let found = forecast(&history, &month(), 7).unwrap();
    let (p10, p50) = (found.p10.unwrap(), found.p50.unwrap());
    let p90 = found.p90.unwrap_or(Duration::MAX);
    assert!(p10 < p50 && p50 <= p90, "{found:?}");
    assert!(p50 < hours(72), "{found:?}");
    // The same seed, the same answer; another seed, nearly the same.
    assert_eq!(forecast(&history, &month(), 7).unwrap(), found);
    let other = forecast(&history, &month(), 8).unwrap();
    let difference = other.p50.unwrap().abs_diff(p50);
    assert!(difference <= hours(12), "{difference:?}");
}

#[test]
fn what_is_used_up_is_used_up_now() {
    let now = at("2026-03-11T00:00:00Z");
    let history = history(now, 720, |_| 150);
    let found = forecast(&history, &month(), 1).unwrap();
    assert_eq!(
        (found.p10, found.p90),
        (Some(Duration::ZERO), Some(Duration::ZERO))
    );
    assert!(found.remaining < 0.0);
}

#[test]
fn too_little_is_known_after_less_than_a_day() {
    let now = at("2026-03-11T00:00:00Z");
    assert_eq!(forecast(&history(now, 23, |_| 10), &month(), 1), None);
    assert!(forecast(&history(now, 24, |_| 10), &month(), 1).is_some());
    assert_eq!(forecast(&Timeline::new(now, HOUR, []), &month(), 1), None);
}

#[test]
fn a_profile_knows_nights_and_weekends() {
    let now = at("2026-03-12T00:00:00Z");
    let volume = |hour: i64| match (hour / 24 % 7, hour % 24) {
        // The epoch was a Thursday, so these are Saturday and Sunday.
        (2 | 3, _) => 10,
        (_, 8..=19) => 1000,
        _ => 100,
    };
    let begin = now.millis() / 3_600_000 - 4 * 168;
    let slices = (begin..begin + 4 * 168).map(|hour| Counts {
        good: volume(hour),
        covered: 360,
        ..Counts::ZERO
    });
    let history = Timeline::new(now - hours(4 * 168), HOUR, slices);
    let profile = Profile::read(&history, now).unwrap();
    assert_eq!(profile.rate_at(at("2026-03-14T12:30:00Z")), 10.0);
    assert_eq!(profile.rate_at(at("2026-03-13T12:30:00Z")), 1000.0);
    assert_eq!(profile.rate_at(at("2026-03-13T03:30:00Z")), 100.0);
    let week = 5 * (12 * 1000 + 12 * 100) + 2 * 24 * 10;
    let from = at("2026-03-13T08:30:00Z");
    assert_eq!(profile.valid_between(from, from + hours(168 * 3)), 3 * week);
    assert_eq!(profile.valid_between(from, from + HOUR * 2), 2000);
    assert_eq!(profile.valid_between(from, from), 0);
}

#[test]
fn newer_weeks_weigh_more() {
    let now = at("2026-03-12T00:00:00Z");
    // 100,000 in the last week, nothing measured before, and half of it two weeks ago.
    let slices = (0..4 * 168).map(|hour| match hour / 168 {
        3 => (100_000, 360),
        2 => (50_000, 360),
        _ => (0, 0),
    });
    let slices = slices.map(|(good, covered)| Counts {
        good,
        covered,
        ..Counts::ZERO
    });
    let history = Timeline::new(now - hours(4 * 168), HOUR, slices);
    let profile = Profile::read(&history, now).unwrap();
    let expected = (100_000.0 + 0.5 * 50_000.0) / 1.5;
    assert!((profile.rate_at(now) - expected).abs() < 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// More failures never make a budget last longer.
    #[test]
    fn quantiles_are_in_order(bad in prop::collection::vec(0_i64..2000, 24), seed: u64) {
        let now = at("2026-03-11T00:00:00Z");
        let history = history(now, 720, |hour| bad[(hour % 24) as usize]);
        if let Some(found) = forecast(&history, &month(), seed) {
            let far = |left: Option<Duration>| left.unwrap_or(Duration::MAX);
            prop_assert!(far(found.p10) <= far(found.p50) && far(found.p50) <= far(found.p90));
            prop_assert!((0.0..=1.0).contains(&found.likelihood));
            prop_assert_eq!(found.p90.is_some(), found.likelihood >= 0.9);
        }
    }
}
