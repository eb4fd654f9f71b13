use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    let instant: jiff::Timestamp = text.parse().expect("a time");
    Timestamp::from_millis(instant.as_millisecond())
}

fn interval(fields: &str) -> TimeInterval {
    let text = format!(
        "route: {{receiver: a}}\nreceivers: [{{name: a}}]\ntime_intervals: [{{name: t, time_intervals: [{{{fields}}}]}}]\n"
    );
    match crate::config::parse("alertmanager.yml".as_ref(), &text, &Default::default()) {
        Ok(loaded) => loaded.config.intervals.get("t").expect("it is there")[0].clone(),
        Err(findings) => panic!("{findings}"),
    }
}

fn check(fields: &str, inside: &[&str], outside: &[&str]) {
    let interval = interval(fields);
    for time in inside {
        assert!(interval.contains(at(time)), "{time} is inside {fields}");
    }
    for time in outside {
        assert!(!interval.contains(at(time)), "{time} is outside {fields}");
    }
}

#[test]
fn conditions_hold_together_and_ranges_alone() {
    check("", &["2020-01-01T00:00:00Z"], &[]);
    check(
        "times: [{start_time: '09:00', end_time: '17:00'}, {start_time: '23:00', end_time: '24:00'}]",
        &[
            "2020-07-08T09:00:00Z",
            "2020-07-08T16:59:59Z",
            "2020-07-08T23:59:59Z",
        ],
        &[
            "2020-07-08T08:59:59Z",
            "2020-07-08T17:00:00Z",
            "2020-07-08T00:00:00Z",
        ],
    );
    check(
        "weekdays: ['monday:friday', Sunday], months: ['may:8', december], years: ['2020:2022', 2030]",
        &[
            "2020-05-01T12:00:00Z",
            "2022-08-31T12:00:00Z",
            "2030-12-01T12:00:00Z",
        ],
        &[
            "2020-05-02T12:00:00Z",
            "2020-09-01T12:00:00Z",
            "2023-05-01T12:00:00Z",
        ],
    );
}

#[test]
fn an_empty_list_never_holds() {
    check("times: []", &[], &["2020-01-01T00:00:00Z"]);
    check("weekdays:", &["2020-01-01T00:00:00Z"], &[]);
}

#[test]
fn days_count_from_both_ends_of_a_month() {
    check(
        "days_of_month: ['-3:-1', 1]",
        &[
            "2021-02-26T12:00:00Z",
            "2020-02-29T12:00:00Z",
            "2021-01-31T12:00:00Z",
            "2021-03-01T00:00:00Z",
        ],
        &[
            "2021-02-25T12:00:00Z",
            "2021-01-28T12:00:00Z",
            "2021-03-02T00:00:00Z",
        ],
    );
    check(
        "days_of_month: ['29:31']",
        &["2021-01-29T12:00:00Z", "2020-02-29T12:00:00Z"],
        &["2021-02-28T12:00:00Z"],
    );
    check(
        "days_of_month: ['30']",
        &[],
        &["2021-02-28T12:00:00Z", "2020-02-29T12:00:00Z"],
    );
    check(
        "days_of_month: ['1:-1']",
        &["2021-02-01T00:00:00Z", "2021-02-28T23:59:59Z"],
        &[],
    );
    // 31 days before the end of a month of 28 lie before it.
    check(
        "days_of_month: ['-31:-28']",
        &["2021-02-01T00:00:00Z", "2021-03-01T00:00:00Z"],
        &["2021-02-02T00:00:00Z"],
    );
}

#[test]
fn zones_and_daylight_saving_are_those_of_the_wall() {
    let office = "times: [{start_time: '09:00', end_time: '17:00'}], location: Europe/Berlin";
    check(
        office,
        &["2021-01-04T08:00:00Z", "2021-07-05T07:00:00Z"],
        &[
            "2021-01-04T07:59:59Z",
            "2021-07-05T15:00:00Z",
            "2021-01-04T16:00:00Z",
        ],
    );
    // The clock goes from 02:00 to 03:00, so there is no 02:30 on that day.
    let night = "times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin";
    check(
        night,
        &["2021-03-27T01:30:00Z", "2021-03-29T00:30:00Z"],
        &[
            "2021-03-28T00:59:59Z",
            "2021-03-28T01:00:00Z",
            "2021-03-28T01:30:00Z",
        ],
    );
    // It goes back from 03:00 to 02:00, so there are two.
    check(
        night,
        &["2021-10-31T00:30:00Z", "2021-10-31T01:30:00Z"],
        &["2021-10-30T23:59:59Z", "2021-10-31T02:00:00Z"],
    );
    // A month with a day of 23 hours has as many days as without.
    check(
        "days_of_month: ['-1'], location: America/New_York",
        &["2021-03-31T12:00:00Z", "2021-11-30T12:00:00Z"],
        &["2021-03-30T12:00:00Z", "2021-12-01T12:00:00Z"],
    );
    // A new day begins elsewhere first.
    check(
        "weekdays: [saturday], location: Australia/Sydney",
        &["2021-01-01T13:00:00Z"],
        &["2021-01-01T12:59:59Z", "2021-01-02T13:00:00Z"],
    );
}

#[test]
fn ranges_are_refused_as_alertmanager_does() {
    for (part, text, expected) in [
        (Part::Weekdays, "monday:friday", Ok((1, 5))),
        (Part::Weekdays, "Sunday", Ok((0, 0))),
        (
            Part::Weekdays,
            "friday:monday",
            Err("`friday:monday` ends before it begins"),
        ),
        (Part::Weekdays, "1", Err("`1` is no weekday")),
        (Part::Weekdays, "mon:", Err("`mon` is no weekday")),
        (
            Part::Weekdays,
            "a:b:c",
            Err("expected a range such as monday:friday, found `a:b:c`"),
        ),
        (Part::DaysOfMonth, "1:31", Ok((1, 31))),
        (Part::DaysOfMonth, "15:-1", Ok((15, -1))),
        (
            Part::DaysOfMonth,
            "28:-1",
            Err("`28:-1` ends before it begins"),
        ),
        (
            Part::DaysOfMonth,
            "-1:-3",
            Err("`-1:-3` ends before it begins"),
        ),
        (Part::DaysOfMonth, "0", Err("`0` is no day of the month")),
        (Part::DaysOfMonth, "32", Err("`32` is no day of the month")),
        (
            Part::DaysOfMonth,
            "-3:3",
            Err("a range that begins at a day before the end of the month ends at one"),
        ),
        (Part::Months, "january:3", Ok((1, 3))),
        (Part::Months, "13", Ok((13, 13))),
        (Part::Months, "jan", Err("`jan` is no month")),
        (
            Part::Months,
            "august:may",
            Err("`august:may` ends before it begins"),
        ),
        (Part::Years, "2020:2022", Ok((2020, 2022))),
        (Part::Years, "mmxx", Err("`mmxx` is no year")),
    ] {
        let read = part.read(text).map(|range| (range.start, range.end));
        let read = read.map_err(|error| error.to_string());
        assert_eq!(read, expected.map_err(str::to_owned), "{text}");
    }
    for (start, end, is_good) in [
        ("00:00", "24:00", true),
        ("09:00", "09:01", true),
        ("09:00", "09:00", false),
        ("17:00", "09:00", false),
        ("9:00", "17:00", false),
        ("09:60", "17:00", false),
        ("09:00", "24:01", false),
        ("09:00", "", false),
        ("09:00:00", "10:00", false),
        ("+9:00", "10:00", false),
    ] {
        assert_eq!(
            MinuteRange::read(start, end).is_ok(),
            is_good,
            "{start} {end}"
        );
    }
    for (name, is_good) in [
        ("UTC", true),
        ("Europe/Berlin", true),
        ("Local", true),
        ("europe/berlin", false),
        ("Mars/Olympus", false),
        ("../etc/passwd", false),
    ] {
        assert_eq!(parse::location(name).is_ok(), is_good, "{name}");
    }
}

/// What a route of `mute_time_intervals: [t]` does from a time on.
fn speaks_from(fields: &str, time: &str) -> Option<Timestamp> {
    let by_name = BTreeMap::from([("t".to_owned(), vec![interval(fields)])]);
    Intervals::new(by_name).speaks_from(&["t".into()], &[], at(time))
}

#[test]
fn says_when_a_route_speaks_again() {
    for (fields, time, expected) in [
        (
            "times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]",
            "2021-01-04T22:30:15Z",
            Some("2021-01-05T06:00:00Z"),
        ),
        (
            "times: [{start_time: '22:00', end_time: '23:00'}]",
            "2021-01-04T21:00:00Z",
            Some("2021-01-04T21:00:00Z"),
        ),
        (
            "weekdays: ['saturday', 'sunday'], location: America/New_York",
            "2021-01-02T12:00:00Z",
            Some("2021-01-04T05:00:00Z"),
        ),
        // The clock goes from 02:00 to 03:00.
        (
            "times: [{start_time: '01:00', end_time: '03:00'}], location: Europe/Berlin",
            "2021-03-28T00:30:00Z",
            Some("2021-03-28T01:00:00Z"),
        ),
        // It goes back from 03:00 to 02:00, so that this hour comes twice.
        (
            "times: [{start_time: '02:00', end_time: '03:00'}], location: Europe/Berlin",
            "2021-10-31T00:30:00Z",
            Some("2021-10-31T02:00:00Z"),
        ),
        // From 02:30 until 03:00, and once more.
        (
            "times: [{start_time: '02:30', end_time: '03:00'}], location: Europe/Berlin",
            "2021-10-31T00:45:00Z",
            Some("2021-10-31T01:00:00Z"),
        ),
        ("", "2021-01-01T00:00:00Z", None),
    ] {
        assert_eq!(
            speaks_from(fields, time),
            expected.map(at),
            "{fields} {time}"
        );
    }
}

#[test]
fn a_route_speaks_again_in_its_active_time() {
    let office =
        interval("times: [{start_time: '09:00', end_time: '17:00'}], weekdays: ['monday:friday']");
    let lunch = interval("times: [{start_time: '09:00', end_time: '09:45'}]");
    let by_name = BTreeMap::from([
        ("office".to_owned(), vec![office]),
        ("lunch".to_owned(), vec![lunch]),
    ]);
    let intervals = Intervals::new(by_name);
    let (mute, active) = (["lunch".to_owned()], ["office".to_owned()]);
    // A Friday evening.
    let found = intervals.speaks_from(&mute, &active, at("2021-01-01T18:00:00Z"));
    assert_eq!(found, Some(at("2021-01-04T09:45:00Z")));
    assert_eq!(
        intervals.speaks_from(&[], &[], Timestamp::MAX),
        Some(Timestamp::MAX)
    );
    assert_eq!(intervals.speaks_from(&[], &active, Timestamp::MAX), None);
}

proptest! {
    /// Nothing lies between a time and the first at which a route speaks.
    #[test]
    fn no_time_to_speak_is_passed_over(start in 0i64..1_000_000_000, begin in 0u16..1439, length in 1u16..1439, zone in 0..3usize, minute in 0u32..3_000) {
        let location = ["UTC", "Europe/Berlin", "Australia/Lord_Howe"][zone];
        let end = (begin + length).min(1440);
        let muted = TimeInterval {
            times: Some(vec![MinuteRange { start: begin, end }]),
            location: Some(TimeZone::get(location).unwrap()),
            ..TimeInterval::default()
        };
        let intervals = Intervals::new(BTreeMap::from([("t".to_owned(), vec![muted])]));
        let start = Timestamp::from_millis(start * 1000);
        let found = intervals.speaks_from(&["t".into()], &[], start).unwrap();
        prop_assert!(!intervals.contains("t", found));
        let between = start.saturating_add_millis(i64::from(minute) * 60_000);
        prop_assert!(between >= found || intervals.contains("t", between), "{} {}", between, found);
    }

    /// A day of the month counted from its end is the day that is as far from the next month's first.
    #[test]
    fn negative_days_are_days_before_the_next_month(days in 0i64..20_000, back in 1i32..=31) {
        let day = jiff::civil::date(2000, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let first_of_next = day.first_of_month().checked_add(jiff::Span::new().months(1)).unwrap();
        let left = day.until(first_of_next).unwrap().get_days();
        let interval = TimeInterval {
            days_of_month: Some(vec![NumberRange { start: -back, end: -back }]),
            ..TimeInterval::default()
        };
        let noon = day.at(12, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
        let noon = Timestamp::from_millis(noon.timestamp().as_millisecond());
        prop_assert_eq!(interval.contains(noon), left == back);
    }
}
