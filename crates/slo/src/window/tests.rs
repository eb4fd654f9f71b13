//! Periods against dates that were looked up in the zones' history.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

fn calendar(unit: CalendarUnit, zone: &str) -> Window {
    let zone = TimeZone::get(zone).unwrap();
    Window::Calendar { unit, zone }
}

#[test]
fn a_rolling_window_ends_now() {
    let window = Window::Rolling(days(30));
    let period = window.at(at("2026-03-31T12:00:00Z"));
    assert_eq!(period.from, at("2026-03-01T12:00:00Z"));
    assert_eq!((period.elapsed(), period.rest()), (days(30), days(0)));
    assert_eq!(period.slices(), 30 * 8640);
    let earlier = window.before(period.now);
    assert_eq!(
        (earlier.from, earlier.end),
        (at("2026-01-30T12:00:00Z"), period.from)
    );
}

#[test]
fn a_period_of_the_calendar_begins_where_its_zone_says() {
    let check = |unit, zone, now, from, end| {
        let period = calendar(unit, zone).at(at(now));
        assert_eq!(
            (period.from, period.end),
            (at(from), at(end)),
            "{unit:?} {zone} {now}"
        );
        assert_eq!(period.now, at(now));
    };
    use CalendarUnit::{Day, Month, Quarter, Week, Year};
    let athens = "Europe/Athens";
    let now = "2026-03-30T10:00:00Z";
    check(
        Day,
        athens,
        now,
        "2026-03-29T21:00:00Z",
        "2026-03-30T21:00:00Z",
    );
    // The week of the change: its first days are two hours ahead of UTC, its last ones three.
    let sunday = "2026-03-29T10:00:00Z";
    check(
        Week,
        athens,
        sunday,
        "2026-03-22T22:00:00Z",
        "2026-03-29T21:00:00Z",
    );
    check(
        Month,
        athens,
        now,
        "2026-02-28T22:00:00Z",
        "2026-03-31T21:00:00Z",
    );
    check(
        Quarter,
        athens,
        now,
        "2025-12-31T22:00:00Z",
        "2026-03-31T21:00:00Z",
    );
    check(
        Year,
        athens,
        now,
        "2025-12-31T22:00:00Z",
        "2026-12-31T22:00:00Z",
    );
    // The first moment belongs to the new period, the last millisecond to the old one.
    let first = "2026-03-31T21:00:00Z";
    check(Month, athens, first, first, "2026-04-30T21:00:00Z");
    let last = "2026-03-31T20:59:59.999Z";
    check(Month, athens, last, "2026-02-28T22:00:00Z", first);
    check(
        Month,
        "Asia/Kolkata",
        now,
        "2026-02-28T18:30:00Z",
        "2026-03-31T18:30:00Z",
    );
    check(
        Quarter,
        "UTC",
        "2026-12-31T23:59:59Z",
        "2026-10-01T00:00:00Z",
        "2027-01-01T00:00:00Z",
    );
    check(
        Month,
        "UTC",
        "2028-02-29T00:00:00Z",
        "2028-02-01T00:00:00Z",
        "2028-03-01T00:00:00Z",
    );
}

#[test]
fn a_day_is_as_long_as_its_clocks_make_it() {
    let hours = |zone, now| {
        calendar(CalendarUnit::Day, zone)
            .at(at(now))
            .length()
            .as_secs()
            / 3600
    };
    assert_eq!(hours("Europe/Athens", "2026-03-29T10:00:00Z"), 23);
    assert_eq!(hours("Europe/Athens", "2026-10-25T10:00:00Z"), 25);
    // Beirut puts its clocks forward at midnight: the day begins at one.
    assert_eq!(hours("Asia/Beirut", "2026-03-29T10:00:00Z"), 23);
    // Samoa went over the date line: there was no 30th of December.
    assert_eq!(hours("Pacific/Apia", "2011-12-30T12:00:00Z"), 24);
}

#[test]
fn the_period_before_is_a_whole_one() {
    let window = calendar(CalendarUnit::Month, "Europe/Athens");
    let period = window.before(at("2026-03-30T10:00:00Z"));
    assert_eq!(period.from, at("2026-01-31T22:00:00Z"));
    assert_eq!(period.end, at("2026-02-28T22:00:00Z"));
    assert_eq!((period.now, period.rest()), (period.end, days(0)));
}

#[test]
fn a_clock_beyond_the_calendar_is_no_panic() {
    for unit in CalendarUnit::ALL {
        let window = calendar(unit, "America/New_York");
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let period = window.at(now);
            assert!(period.from <= period.end, "{unit:?} {now}");
            assert!(window.before(now).slices() >= 0);
        }
    }
}

#[test]
fn a_window_is_shown_as_people_say_it() {
    assert_eq!(Window::Rolling(days(30)).to_string(), "30d");
    let window = calendar(CalendarUnit::Quarter, "Europe/Athens");
    assert_eq!(window.to_string(), "quarter in Europe/Athens");
}

proptest! {
    #[test]
    fn periods_follow_each_other_without_gap_or_overlap(
        seconds in -2_000_000_000_i64..8_000_000_000,
        unit in 0..5_usize,
        zone in prop::sample::select(vec![
            "Europe/Athens", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo", "UTC",
        ]),
    ) {
        let window = calendar(CalendarUnit::ALL[unit], zone);
        let now = Timestamp::from_millis(seconds * 1000);
        let period = window.at(now);
        prop_assert!(period.from <= now && now < period.end);
        prop_assert!(period.length() <= window.length_max());
        prop_assert_eq!(window.at(period.end).from, period.end);
        prop_assert_eq!(window.before(now).end, period.from);
    }
}
