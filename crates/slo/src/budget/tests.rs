//! Budgets against hand-made figures, and against the formula that everybody else uses.

use std::f64::consts::TAU;
use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::{CalendarUnit, Timeline};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn counts(good: i64, bad: i64) -> Counts {
    Counts {
        good,
        bad,
        excluded: 0,
        covered: 6,
    }
}

fn rolling(days: u32) -> Window {
    Window::Rolling(DAY * days)
}

fn target(text: &str) -> Target {
    text.parse().unwrap()
}

fn percent(fraction: Option<Fraction>, digits: usize) -> String {
    fraction.map_or_else(|| "none".to_owned(), |fraction| fraction.to_percent(digits))
}

/// Thirty days of which days have ten times the traffic of nights; 0.02 % fail, and for half an hour everything.
fn month_with_outage(middle_minute: i64) -> Vec<Counts> {
    let amplitude = 9.0 / 11.0;
    let minute = |minute: i64| {
        let phase = TAU * (minute % 1440) as f64 / 1440.0;
        let all = (1_000_000_000.0 * (1.0 + amplitude * phase.sin())).round() as i64;
        let is_outage = (middle_minute - 15..middle_minute + 15).contains(&minute);
        let bad = if is_outage { all } else { all / 5000 };
        counts(all - bad, bad)
    };
    (0..30 * 1440).map(minute).collect()
}

/// The mean of the error ratios of five minutes each, as a recording rule over recording rules computes it.
fn mean_of_ratios(minutes: &[Counts]) -> f64 {
    let ratio = |slice: &[Counts]| {
        let sum: Counts = slice.iter().copied().sum();
        sum.bad as f64 / sum.valid() as f64
    };
    let ratios: Vec<f64> = minutes.chunks(5).map(ratio).collect();
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

/// The same outage of half an hour costs four times as much at noon as at night. A mean of ratios knows no difference.
#[test]
fn an_outage_costs_what_it_hit() {
    let check = |middle_minute, exact: &str| {
        let minutes = month_with_outage(middle_minute);
        let approximate = mean_of_ratios(&minutes) / target("99.9").allowed();
        assert_eq!(format!("{:.1}", approximate * 100.0), "89.4");
        let history = Timeline::new(Timestamp::EPOCH, MINUTE, minutes);
        let end = history.end();
        let budget = Budget::read(&history, &rolling(30), target("99.9"), end, None);
        assert_eq!(percent(budget.consumed(), 0), exact);
        assert_eq!(budget.is_met(), Some(exact == "33"));
        assert_eq!(percent(Some(budget.coverage()), 2), "100.00");
    };
    let (peak, trough) = (10 * 1440 + 360, 10 * 1440 + 1080);
    check(peak, "146");
    check(trough, "33");
}

/// The README of OpenSLO's examples on budgeting methods tells one attack three ways: 99.5 % over four weeks, of which a
/// minute in ten fails. Events know how many there were, slices only how long it was.
#[test]
fn the_same_data_has_a_budget_by_each_method() {
    use crate::{Method, NoData};
    let minutes = (0..28 * 1440).map(|minute| match minute % 10 {
        0 => counts(90, 10),
        _ => counts(1000, 0),
    });
    let history = Timeline::new(Timestamp::EPOCH, MINUTE, minutes);
    let target = target("99.5");
    let consumed = |method: &Method| {
        let derived = history.map(|counts| method.derive(target, NoData::Ignore, counts));
        let budget = Budget::read(&derived, &rolling(28), target, derived.end(), None);
        percent(budget.consumed(), 3)
    };
    // 10 of 9,100 events, a tenth of the slices, a hundredth of the shares.
    assert_eq!(consumed(&Method::Occurrences), "21.978");
    let slices = Method::Timeslices {
        length: MINUTE,
        target: None,
        rate_min: None,
    };
    assert_eq!(consumed(&slices), "2000.000");
    assert_eq!(
        consumed(&Method::RatioTimeslices { length: MINUTE }),
        "200.000"
    );
}

#[test]
fn what_was_not_measured_has_no_figures() {
    let check = |slice: Counts, consumed: &str, is_met| {
        let history = Timeline::new(Timestamp::EPOCH, MINUTE, [slice]);
        let budget = Budget::read(&history, &rolling(1), target("99"), history.end(), None);
        assert_eq!(percent(budget.consumed(), 0), consumed, "{slice:?}");
        assert_eq!(
            percent(budget.remaining(), 0),
            percent(budget.consumed().map(Fraction::complement), 0)
        );
        assert_eq!(budget.is_met(), is_met, "{slice:?}");
    };
    check(Counts::ZERO, "none", None);
    // Measured, and nobody asked for anything: nothing is used up.
    check(counts(0, 0), "0", Some(true));
    check(counts(99, 1), "100", Some(true));
    check(counts(98, 1), "101", Some(false));
    // Failures that were scraped before their requests are all requests that are known.
    check(counts(-5, 5), "10000", Some(false));
    // A revision took more failures back than were counted.
    check(counts(5, -1), "0", Some(true));
}

#[test]
fn coverage_is_of_the_time_that_passed() {
    let minutes = (0..60).map(|minute| match minute < 15 {
        true => counts(1, 0),
        false => Counts::ZERO,
    });
    let history = Timeline::new(Timestamp::EPOCH, MINUTE, minutes);
    let window = Window::Rolling(HOUR);
    let coverage = |at| {
        let budget = Budget::read(&history, &window, target("99"), at, None);
        budget.coverage().to_percent(1)
    };
    assert_eq!(coverage(history.end()), "25.0");
    assert_eq!(coverage(history.end() + HOUR), "0.0");
    assert_eq!(coverage(Timestamp::EPOCH + 30 * MINUTE), "25.0");
}

#[test]
fn a_period_of_the_calendar_has_two_answers() {
    let at = |text: &str| {
        let at: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_millis(at.as_millisecond())
    };
    // Four weeks with 100 events in each hour, then a failure in the first hour of March.
    let begin = at("2026-02-01T00:00:00Z");
    let hours = (0..28 * 24 + 1).map(|hour| {
        counts(
            if hour == 28 * 24 { 99 } else { 100 },
            i64::from(hour == 28 * 24),
        )
    });
    let history = Timeline::new(begin, HOUR, hours);
    let now = history.end();
    assert_eq!(now, at("2026-03-01T01:00:00Z"));
    let profile = Profile::read(&history, now).unwrap();
    let window = Window::Calendar {
        unit: CalendarUnit::Month,
        zone: TimeZone::UTC,
    };
    let budget = Budget::read(&history, &window, target("99.9"), now, Some(&profile));
    assert_eq!(percent(budget.consumed(), 0), "1000");
    assert_eq!(budget.forecast_valid, Some(31 * 24 * 100));
    assert_eq!(percent(budget.consumed_of_forecast(), 3), "1.344");
    assert_eq!(budget.volume(), Volume::Forecast);
    assert_eq!(percent(budget.remaining(), 3), "98.656");
    let unknown = Budget::read(&history, &window, target("99.9"), now, None);
    assert_eq!(
        (unknown.volume(), percent(unknown.remaining(), 0)),
        (Volume::Elapsed, "-900".to_owned())
    );
}

proptest! {
    #[test]
    fn figures_are_exact_and_belong_together(good in 0_i64..1 << 60, bad in 0_i64..1 << 60, allowed in 1_u32..Target::WHOLE) {
        let history = Timeline::new(Timestamp::EPOCH, MINUTE, [counts(good, bad)]);
        let target = Target::from_allowed_billionths(allowed).unwrap();
        let budget = Budget::read(&history, &rolling(1), target, history.end(), None);
        prop_assert_eq!((budget.bad(), budget.valid()), (bad, good + bad));
        let consumed = budget.consumed().unwrap();
        if good + bad > 0 {
            let within = i128::from(bad) * 1_000_000_000 <= i128::from(allowed) * i128::from(good + bad);
            prop_assert_eq!(budget.is_met(), Some(within));
            let compliance = budget.compliance().unwrap();
            let promised = Fraction::new(target.billionths().into(), Target::WHOLE.into()).unwrap();
            prop_assert_eq!(compliance >= promised, within);
        }
        prop_assert_eq!(consumed.complement(), budget.remaining().unwrap());
    }
}
