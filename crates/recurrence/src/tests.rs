//! Rules against the examples of RFC 5545, against an expansion written another way, and against changing clocks.

mod expansion;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday, date};
use plimsoll_types::Timestamp;
use proptest::prelude::*;

use self::expansion::expansion;
use super::dates::Dates;
use super::rule::WEEKDAYS;
use super::{InvalidRecurrence, Recurrence, parse};
use crate::Occurrence;

fn days(rule: &str, first: Date, count: usize) -> Vec<String> {
    let rule = parse::rule(rule).unwrap();
    let dates = Dates::new(&rule, first);
    let after = |day: &Date| dates.at_or_after(day.tomorrow().unwrap());
    let days = std::iter::successors(dates.at_or_after(first), after);
    days.take(count).map(|day| day.to_string()).collect()
}

/// The examples of RFC 5545, section 3.8.5.3, as far as they are within the subset; the first days that it lists.
#[test]
fn agrees_with_the_examples_of_the_rfc() {
    let check = |rule: &str, first: Date, expected: &str| {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(days(rule, first, expected.len()), expected, "{rule}");
    };
    let first = date(1997, 9, 2);
    check(
        "FREQ=DAILY;INTERVAL=10",
        first,
        "1997-09-02 1997-09-12 1997-09-22 1997-10-02",
    );
    check(
        "FREQ=DAILY;BYMONTH=1",
        date(1998, 1, 30),
        "1998-01-30 1998-01-31 1999-01-01",
    );
    check(
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU",
        first,
        "1997-09-02 1997-09-16 1997-09-30 1997-10-14",
    );
    check(
        "FREQ=WEEKLY;WKST=SU;BYDAY=TU,TH",
        first,
        "1997-09-02 1997-09-04 1997-09-09",
    );
    check(
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,WE,FR",
        date(1997, 9, 1),
        "1997-09-01 1997-09-03 1997-09-05 1997-09-15 1997-09-17 1997-09-19 1997-09-29",
    );
    check(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
        date(1997, 8, 5),
        "1997-08-05 1997-08-10 1997-08-19 1997-08-24",
    );
    check(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
        date(1997, 8, 5),
        "1997-08-05 1997-08-17 1997-08-19 1997-08-31",
    );
    check(
        "FREQ=MONTHLY;BYDAY=1FR",
        date(1997, 9, 5),
        "1997-09-05 1997-10-03 1997-11-07 1997-12-05",
    );
    check(
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU",
        date(1997, 9, 7),
        "1997-09-07 1997-09-28 1997-11-02 1997-11-30 1998-01-04 1998-01-25",
    );
    check(
        "FREQ=MONTHLY;BYDAY=-2MO",
        date(1997, 9, 22),
        "1997-09-22 1997-10-20 1997-11-17",
    );
    check(
        "FREQ=MONTHLY;BYMONTHDAY=-3",
        date(1997, 9, 28),
        "1997-09-28 1997-10-29 1997-11-28 1997-12-29",
    );
    check(
        "FREQ=MONTHLY;BYMONTHDAY=1,-1",
        date(1997, 9, 30),
        "1997-09-30 1997-10-01 1997-10-31 1997-11-01",
    );
    check(
        "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,11,12,13,14,15",
        date(1997, 9, 10),
        "1997-09-10 1997-09-11 1997-09-12 1997-09-13 1997-09-14 1997-09-15 1999-03-10",
    );
    check(
        "FREQ=YEARLY;BYMONTH=6,7",
        date(1997, 6, 10),
        "1997-06-10 1997-07-10 1998-06-10",
    );
    check(
        "FREQ=YEARLY;BYDAY=20MO",
        date(1997, 5, 19),
        "1997-05-19 1998-05-18 1999-05-17",
    );
    check(
        "FREQ=YEARLY;BYMONTH=3;BYDAY=TH",
        date(1997, 3, 13),
        "1997-03-13 1997-03-20 1997-03-27 1998-03-05",
    );
    check(
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        date(1997, 9, 3),
        "1998-02-13 1998-03-13 1998-11-13 1999-08-13",
    );
    check(
        "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
        date(1997, 9, 13),
        "1997-09-13 1997-10-11 1997-11-08",
    );
    check(
        "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
        date(1996, 11, 5),
        "1996-11-05 2000-11-07 2004-11-02",
    );
    check(
        "FREQ=MONTHLY",
        date(2007, 1, 31),
        "2007-01-31 2007-03-31 2007-05-31",
    );
    check(
        "FREQ=YEARLY",
        date(2024, 2, 29),
        "2024-02-29 2028-02-29 2032-02-29",
    );
}

#[test]
fn rules_are_written_as_they_were_read() {
    for rule in [
        "FREQ=DAILY",
        "FREQ=WEEKLY;COUNT=3;BYDAY=MO,SU",
        "FREQ=MONTHLY;UNTIL=20271231T220000Z;INTERVAL=2;BYDAY=1MO,-1FR;BYMONTHDAY=-1,13;BYMONTH=1,12;WKST=SU",
        "FREQ=YEARLY;UNTIL=20271231T220000;BYDAY=-53SU",
        "FREQ=YEARLY;UNTIL=20271231",
    ] {
        assert_eq!(parse::rule(rule).unwrap().to_string(), rule);
    }
    let read = |rule| parse::rule(rule).unwrap().to_string();
    assert_eq!(
        read(" rrule:byday=su,mo,mo;freq=weekly;interval=1;wkst=mo "),
        "FREQ=WEEKLY;BYDAY=MO,SU"
    );
    assert_eq!(
        read("FREQ=MONTHLY;BYMONTHDAY=+2,1"),
        "FREQ=MONTHLY;BYMONTHDAY=1,2"
    );
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let check = |rule: &str, expected: &str| {
        let error = Recurrence::parse(rule, "UTC").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{rule}: {error}");
    };
    check(
        "FREQ=HOURLY",
        "FREQ=HOURLY is not supported; supported are FREQ=DAILY, WEEKLY",
    );
    check("FREQ=DAILY;BYHOUR=3", "BYHOUR is not supported");
    check(
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
        "BYSETPOS is not supported",
    );
    check("FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not supported");
    check("FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY is not supported");
    check("FREQ=DAILY;X-A=1", "X-A is not supported");
    check(
        "FREQ=NEVER",
        "FREQ: expected DAILY, WEEKLY, MONTHLY or YEARLY, found \"NEVER\"",
    );
    check("INTERVAL=2", "FREQ is missing");
    check("", "expected NAME=VALUE in a recurrence rule, found \"\"");
    check("FREQ=DAILY;", "expected NAME=VALUE");
    check("FREQ=DAILY;FREQ=DAILY", "FREQ is there twice");
    check(
        "FREQ=DAILY;INTERVAL=0",
        "INTERVAL: expected a number from 1 to 1000, found \"0\"",
    );
    check("FREQ=DAILY;INTERVAL=1001", "INTERVAL: expected");
    check(
        "FREQ=DAILY;COUNT=-1",
        "COUNT: expected a number from 1 to 10000",
    );
    check(
        "FREQ=DAILY;COUNT=1;UNTIL=20270101",
        "COUNT and UNTIL exclude each other",
    );
    check("FREQ=DAILY;UNTIL=20270230", "UNTIL: expected");
    check("FREQ=DAILY;UNTIL=20270101T250000Z", "UNTIL: expected");
    check("FREQ=DAILY;UNTIL=2027-01-01", "UNTIL: expected");
    check(
        "FREQ=WEEKLY;BYDAY=MON",
        "BYDAY: expected weekdays such as MO,FR or 1MO,-1FR, found \"MON\"",
    );
    check("FREQ=MONTHLY;BYDAY=0MO", "BYDAY: expected");
    check("FREQ=YEARLY;BYDAY=54MO", "BYDAY: expected");
    check("FREQ=MONTHLY;BYDAY=6MO", "a month has no sixth weekday");
    check(
        "FREQ=YEARLY;BYMONTH=2;BYDAY=-6MO",
        "a month has no sixth weekday",
    );
    check(
        "FREQ=WEEKLY;BYDAY=1MO",
        "BYDAY takes a number before a weekday only with",
    );
    check(
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "BYMONTHDAY does not go with FREQ=WEEKLY",
    );
    check("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY: expected");
    check(
        "FREQ=YEARLY;BYMONTH=13",
        "BYMONTH: expected months, 1 to 12",
    );
    check("FREQ=DAILY;WKST=1MO", "WKST: expected a weekday");
    check(
        &"x".repeat(1025),
        "a recurrence rule has at most 1024 bytes",
    );
    let error = Recurrence::parse("FREQ=DAILY", "Berlin").unwrap_err();
    assert_eq!(error, InvalidRecurrence::UnknownZone("Berlin".to_owned()));
}

fn at(text: &str) -> Timestamp {
    let at: jiff::Timestamp = text.parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

fn window(starts_at: &str, ends_at: &str) -> Occurrence {
    Occurrence {
        starts_at: at(starts_at),
        ends_at: at(ends_at),
    }
}

fn next_windows(
    rule: &str,
    zone: &str,
    pattern: Occurrence,
    from: &str,
    count: usize,
) -> Vec<Occurrence> {
    let recurrence = Recurrence::parse(rule, zone).unwrap();
    let windows = recurrence.windows(pattern).unwrap();
    let next = windows.next(at(from));
    let all = std::iter::successors(next, |window| windows.next(window.starts_at));
    all.take(count).collect()
}

#[test]
fn windows_follow_the_clock_on_the_wall() {
    let nightly = window("2026-03-01T00:00:00Z", "2026-03-01T04:00:00Z");
    // In Berlin 01:00 to 05:00; in the night to March 29 only three hours, to October 25 five.
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        nightly,
        "2026-03-27T12:00:00Z",
        3,
    );
    let expected = [
        window("2026-03-28T00:00:00Z", "2026-03-28T04:00:00Z"),
        window("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z"),
        window("2026-03-29T23:00:00Z", "2026-03-30T03:00:00Z"),
    ];
    assert_eq!(found, expected);
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        nightly,
        "2026-10-24T12:00:00Z",
        2,
    );
    let expected = [
        window("2026-10-24T23:00:00Z", "2026-10-25T04:00:00Z"),
        window("2026-10-26T00:00:00Z", "2026-10-26T04:00:00Z"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_time_that_clocks_skip_is_the_moment_of_the_change() {
    // 02:30 to 06:00 in Berlin begins at 03:00 on the day on which there is no 02:30.
    let early = window("2026-03-01T01:30:00Z", "2026-03-01T05:00:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        early,
        "2026-03-28T12:00:00Z",
        1,
    );
    assert_eq!(
        found,
        [window("2026-03-29T01:00:00Z", "2026-03-29T04:00:00Z")]
    );
    // 00:30 to 02:30 ends there.
    let late = window("2026-02-28T23:30:00Z", "2026-03-01T01:30:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        late,
        "2026-03-28T12:00:00Z",
        1,
    );
    assert_eq!(
        found,
        [window("2026-03-28T23:30:00Z", "2026-03-29T01:00:00Z")]
    );
    // 02:10 to 02:50 is not there at all on that day.
    let inside = window("2026-03-01T01:10:00Z", "2026-03-01T01:50:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        inside,
        "2026-03-28T12:00:00Z",
        1,
    );
    assert_eq!(
        found,
        [window("2026-03-30T00:10:00Z", "2026-03-30T00:50:00Z")]
    );
    let never = next_windows(
        "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
        "Europe/Berlin",
        inside,
        "2026-03-02T00:00:00Z",
        1,
    );
    assert_eq!(never, []);
    // In Sao Paulo midnight was skipped.
    let midnight = window("2018-10-01T03:00:00Z", "2018-10-01T05:00:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "America/Sao_Paulo",
        midnight,
        "2018-11-03T12:00:00Z",
        2,
    );
    let expected = [
        window("2018-11-04T03:00:00Z", "2018-11-04T04:00:00Z"),
        window("2018-11-05T02:00:00Z", "2018-11-05T04:00:00Z"),
    ];
    assert_eq!(found, expected);
    // On Lord Howe clocks move by half an hour: 02:15 is skipped, 02:45 is not.
    let howe = window("2026-09-27T15:45:00Z", "2026-09-27T16:15:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Australia/Lord_Howe",
        howe,
        "2026-10-03T00:00:00Z",
        1,
    );
    assert_eq!(
        found,
        [window("2026-10-03T15:30:00Z", "2026-10-03T15:45:00Z")]
    );
}

#[test]
fn a_time_that_comes_twice_is_the_first() {
    let inside = window("2026-10-01T00:10:00Z", "2026-10-01T00:50:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        inside,
        "2026-10-24T12:00:00Z",
        2,
    );
    let expected = [
        window("2026-10-25T00:10:00Z", "2026-10-25T00:50:00Z"),
        window("2026-10-26T01:10:00Z", "2026-10-26T01:50:00Z"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn clocks_that_go_back_over_midnight_do_not_hide_a_window() {
    // In St. John's 00:01 of November 7 was followed by 23:01 of November 6.
    let pattern = window("2010-11-01T02:30:30Z", "2010-11-01T03:30:30Z");
    let recurrence = Recurrence::parse("FREQ=DAILY", "America/St_Johns").unwrap();
    let windows = recurrence.windows(pattern).unwrap();
    let begun = windows.last_begun(at("2010-11-07T02:45:00Z"));
    assert_eq!(
        begun,
        Some(window("2010-11-07T02:30:30Z", "2010-11-07T04:30:30Z"))
    );
}

#[test]
fn the_first_window_is_as_it_was_posted() {
    // From 02:10 to 02:50, the second time that it is so late in this night.
    let second = window("2026-10-25T01:10:00Z", "2026-10-25T01:50:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        second,
        "2026-10-25T00:00:00Z",
        2,
    );
    assert_eq!(
        found,
        [
            second,
            window("2026-10-26T01:10:00Z", "2026-10-26T01:50:00Z")
        ]
    );
    // From 02:50 to 02:10 after it: 20 minutes.
    let across = window("2026-10-25T00:50:00Z", "2026-10-25T01:10:00Z");
    let found = next_windows(
        "FREQ=DAILY",
        "Europe/Berlin",
        across,
        "2026-10-25T00:00:00Z",
        2,
    );
    assert_eq!(
        found,
        [
            across,
            window("2026-10-26T01:50:00Z", "2026-10-26T02:10:00Z")
        ]
    );
}

#[test]
fn rules_end_as_they_say() {
    let pattern = window("2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z");
    let check = |rule: &str, expected: usize| {
        let found = next_windows(rule, "Europe/Berlin", pattern, "2026-10-01T00:00:00Z", 40);
        assert_eq!(found.len(), expected, "{rule}");
        let last = Recurrence::parse(rule, "Europe/Berlin").unwrap();
        let last = last
            .windows(pattern)
            .unwrap()
            .last_begun(at("2030-01-01T00:00:00Z"));
        assert_eq!(last, found.last().copied(), "{rule}");
    };
    check("FREQ=DAILY;COUNT=5", 5);
    check("FREQ=DAILY;UNTIL=20261105", 5);
    check("FREQ=DAILY;UNTIL=20261105T110000", 5);
    check("FREQ=DAILY;UNTIL=20261105T105959", 4);
    check("FREQ=DAILY;UNTIL=20261105T100000Z", 5);
    check("FREQ=DAILY;UNTIL=20261105T095959Z", 4);
    check("FREQ=DAILY;UNTIL=20261031", 0);
    check("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", 0);
    check("FREQ=YEARLY;INTERVAL=1000;COUNT=2", 1);
}

#[test]
fn an_end_that_is_the_last_of_all_days_is_none() {
    let pattern = window("2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z");
    for until in [
        "99991231T235959Z",
        "99991231T235959",
        "99991231",
        "99991230T220000Z",
    ] {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        let found = next_windows(&rule, "Europe/Berlin", pattern, "2026-10-01T00:00:00Z", 40);
        assert_eq!(found.len(), 40, "{until}");
        let rule = Recurrence::parse(&rule, "Europe/Berlin").unwrap();
        let last = rule.last_begun(pattern, at("2026-11-05T12:00:00Z"));
        assert_eq!(
            last,
            Some(window("2026-11-05T10:00:00Z", "2026-11-05T11:00:00Z")),
            "{until}"
        );
    }
}

#[test]
fn nothing_begins_before_the_start() {
    let pattern = window("2026-11-21T22:00:00Z", "2026-11-22T02:00:00Z");
    let windows = Recurrence::parse("FREQ=WEEKLY;BYDAY=TU", "UTC").unwrap();
    let windows = windows.windows(pattern).unwrap();
    assert_eq!(windows.last_begun(at("2026-11-24T21:59:59Z")), None);
    let first = window("2026-11-24T22:00:00Z", "2026-11-25T02:00:00Z");
    assert_eq!(windows.next(at("2020-01-01T00:00:00Z")), Some(first));
    assert_eq!(windows.last_begun(at("2026-11-24T22:00:00Z")), Some(first));
}

fn any_rule() -> impl Strategy<Value = String> {
    let some = |name: &'static str, values: Vec<String>| {
        prop::sample::subsequence(values.clone(), 0..=values.len().min(3)).prop_map(move |all| {
            match all.is_empty() {
                true => String::new(),
                false => format!(";{name}={}", all.join(",")),
            }
        })
    };
    let names = || WEEKDAYS.iter().map(|(name, _)| (*name).to_owned());
    let plain: Vec<String> = names().collect();
    let nth = |all: &'static [i8]| -> Vec<String> {
        let pairs = all
            .iter()
            .flat_map(|which| names().map(move |name| format!("{which}{name}")));
        pairs.collect()
    };
    let in_month: Vec<String> = plain
        .iter()
        .cloned()
        .chain(nth(&[1, 2, 5, -1, -5]))
        .collect();
    let in_year: Vec<String> = plain
        .iter()
        .cloned()
        .chain(nth(&[1, 20, 53, -1, -53]))
        .collect();
    let month_days: Vec<String> = [1, 2, 13, 28, 29, 30, 31, -1, -2, -29, -31]
        .iter()
        .map(i32::to_string)
        .collect();
    let months: Vec<String> = (1..=12).map(|month: i32| month.to_string()).collect();
    let month = || some("BYMONTH", months.clone());
    let some_months = months.clone();
    let at_least_one_month = prop::sample::subsequence(some_months, 1..=3);
    let yearly_by_month = (some("BYDAY", in_month.clone()), at_least_one_month)
        .prop_map(|(days, months)| format!("FREQ=YEARLY{days};BYMONTH={}", months.join(",")));
    let basic = prop_oneof![
        (
            some("BYDAY", plain.clone()),
            some("BYMONTHDAY", month_days.clone()),
            month()
        )
            .prop_map(|(a, b, c)| format!("FREQ=DAILY{a}{b}{c}")),
        (some("BYDAY", plain.clone()), month()).prop_map(|(a, b)| format!("FREQ=WEEKLY{a}{b}")),
        (
            some("BYDAY", in_month),
            some("BYMONTHDAY", month_days.clone()),
            month()
        )
            .prop_map(|(a, b, c)| format!("FREQ=MONTHLY{a}{b}{c}")),
        (some("BYDAY", in_year), some("BYMONTHDAY", month_days))
            .prop_map(|(a, b)| format!("FREQ=YEARLY{a}{b}")),
        yearly_by_month,
    ];
    (basic, 1_u16..5, prop::sample::select(plain))
        .prop_map(|(rule, interval, week)| format!("{rule};INTERVAL={interval};WKST={week}"))
}

fn any_day() -> impl Strategy<Value = Date> {
    (0_i64..12_000).prop_map(|number| date(2000, 1, 1).checked_add(number.days()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn days_are_those_of_the_expansion(text in any_rule(), first in any_day()) {
        let rule = parse::rule(&text).unwrap();
        let last = first.checked_add(1500.days()).unwrap();
        let expected = expansion(&rule, first, last);
        let dates = Dates::new(&rule, first);
        let after = |day: &Date| dates.at_or_after(day.tomorrow().unwrap());
        let found = std::iter::successors(dates.at_or_after(first), after);
        let found: Vec<Date> = found.take_while(|day| *day <= last).collect();
        prop_assert_eq!(&found, &expected);
        let before = |day: &Date| dates.at_or_before(day.yesterday().unwrap());
        let mut backwards: Vec<Date> = std::iter::successors(dates.at_or_before(last), before).collect();
        backwards.reverse();
        prop_assert_eq!(backwards, expected);
    }

    #[test]
    fn rules_read_back(text in any_rule()) {
        let rule = parse::rule(&text).unwrap();
        prop_assert_eq!(parse::rule(&rule.to_string()).unwrap(), rule);
    }

    /// Whatever is asked, the answers are those of a list of all windows.
    #[test]
    fn windows_are_found_from_any_time(
        text in any_rule(),
        end in prop_oneof![Just(""), Just(";COUNT=7"), Just(";UNTIL=20270905T013000Z"), Just(";UNTIL=20270301")],
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]),
        first in 0_i64..525_600,
        length_minutes in 1_i64..4000,
        asked in -1000_i64..1_000_000,
    ) {
        let minute = |minute: i64| at("2026-01-01T00:00:00Z").saturating_add_millis(minute * 60_000);
        let pattern = Occurrence { starts_at: minute(first), ends_at: minute(first + length_minutes) };
        let recurrence = Recurrence::parse(&format!("{text}{end}"), zone).unwrap();
        let Some(windows) = recurrence.windows(pattern) else { panic!("within the calendar") };
        let all: Vec<Occurrence> = windows
            .counted()
            .take_while(|window| window.starts_at < minute(1_100_000))
            .collect();
        prop_assert!(all.is_sorted_by_key(|window| (window.starts_at, window.ends_at)));
        prop_assert!(all.iter().all(|window| pattern.starts_at <= window.starts_at && window.starts_at < window.ends_at));
        let now = minute(asked);
        let begun = all.iter().rfind(|window| window.starts_at <= now);
        prop_assert_eq!(windows.last_begun(now), begun.copied());
        let next = all.iter().find(|window| window.starts_at > now).copied();
        let found = windows.next(now).filter(|window| window.starts_at < minute(1_100_000));
        prop_assert_eq!(found, next);
        let until = minute(asked + length_minutes * 3);
        let mut visited = Vec::new();
        recurrence.visit(pattern, (now, until), &mut |window| visited.push(window));
        let inside = |window: &&Occurrence| window.ends_at > now && window.starts_at < until;
        prop_assert_eq!(visited, all.iter().filter(inside).copied().collect::<Vec<_>>());
    }

    #[test]
    fn hostile_texts_are_refused_or_read(text in "[A-Z0-9=;,+ \u{e9}T-]{0,60}") {
        if let Ok(rule) = parse::rule(&text) {
            prop_assert_eq!(parse::rule(&rule.to_string()), Ok(rule));
        }
    }
}

#[test]
fn weekdays_have_their_names() {
    assert_eq!(
        WEEKDAYS.map(|(_, day)| day.to_monday_one_offset()),
        [1, 2, 3, 4, 5, 6, 7]
    );
    let midnight: DateTime = date(2026, 11, 23).at(0, 0, 0, 0);
    assert_eq!(midnight.weekday(), Weekday::Monday);
}

#[test]
fn times_that_no_calendar_knows_are_no_panic() {
    let pattern = Occurrence {
        starts_at: at("2026-01-01T00:00:00Z"),
        ends_at: at("2026-01-01T01:00:00Z"),
    };
    let mut count = 0;
    let last = Recurrence::parse("FREQ=YEARLY", "Europe/Berlin").unwrap();
    last.visit(pattern, (Timestamp::MIN, Timestamp::MAX), &mut |_| {
        count += 1
    });
    // Every year until the last that the calendar has.
    assert_eq!(count, 9999 - 2026 + 1);
    let far = Occurrence {
        starts_at: Timestamp::MAX,
        ends_at: Timestamp::MAX,
    };
    last.visit(far, (Timestamp::MIN, Timestamp::MAX), &mut |_| count = 0);
    assert_ne!(count, 0);
}
