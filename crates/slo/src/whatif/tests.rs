//! Plans over a past that was made by hand.

use jiff::tz::TimeZone;
use plimsoll_types::{Annotations, Labels};

use super::*;
use crate::burn::workbook_rules;
use crate::{CalendarUnit, Counts, Hysteresis, Timeline};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

fn begin() -> Timestamp {
    let at: jiff::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    Timestamp::from_millis(at.as_millisecond())
}

/// 40 days of 6,000 requests a minute; one in ten fails for half an hour on the tenth day, all for ten minutes on the
/// twentieth.
fn history() -> Timeline {
    let minute = |minute: u32| {
        let since = MINUTE * minute;
        let bad = match since {
            _ if (9 * DAY..9 * DAY + 30 * MINUTE).contains(&since) => 600,
            _ if (19 * DAY..19 * DAY + 10 * MINUTE).contains(&since) => 6000,
            _ => 0,
        };
        Counts {
            good: 6000 - bad,
            bad,
            excluded: 0,
            covered: 6,
        }
    };
    Timeline::new(begin(), MINUTE, (0..40 * 1440).map(minute))
}

fn policy() -> AlertPolicy {
    AlertPolicy {
        name: None,
        labels: Labels::empty(),
        annotations: Annotations::default(),
        page_labels: Labels::empty(),
        ticket_labels: Labels::empty(),
        rules: workbook_rules(),
        hysteresis: Hysteresis::default(),
        bad_min: 2,
        chance_max: 0.05,
        exhaustion: None,
        exhaustion_severity: Severity::Ticket,
    }
}

fn plan<'a>(history: &'a Timeline, target: &str) -> Plan<'a> {
    Plan {
        name: target.into(),
        events: history,
        resolution: MINUTE,
        before: None,
        target: target.parse().unwrap(),
        window: Window::Rolling(30 * DAY),
        method: Method::Occurrences,
        no_data: NoData::Ignore,
        alerts: policy(),
        budget: BudgetPolicy::default(),
    }
}

fn past<'a>(outages: &'a [Outage], deploys: &'a [Timestamp]) -> Past<'a> {
    Past {
        from: begin(),
        to: begin() + 40 * DAY,
        outages,
        deploys,
        freezes_from: BudgetState::Critical,
        step: MINUTE,
    }
}

#[test]
fn budgets_reach_back_into_the_ledger_and_alerts_do_not() {
    let history = history();
    let exact_from = begin() + 15 * DAY;
    let hours = Timeline::of(&history, begin(), exact_from, HOUR);
    let minutes = Timeline::of(&history, exact_from, begin() + 40 * DAY, MINUTE);
    let whole = replay(&plan(&history, "99.9"), &past(&[], &[]));
    let joined = Plan {
        before: Some(Before {
            events: &hours,
            slice: HOUR,
            to: exact_from,
        }),
        ..plan(&minutes, "99.9")
    };
    let outcome = replay(&joined, &past(&[], &[]));
    assert_eq!(outcome.periods, whole.periods);
    let [all, young] = [&whole, &outcome].map(|outcome| outcome.alerts.clone().unwrap());
    let expected: Vec<Told> = all
        .iter()
        .copied()
        .filter(|told| told.from > exact_from)
        .collect();
    assert!(!expected.is_empty() && expected.len() < all.len());
    assert_eq!(young, expected);
}

fn found(history: &Timeline) -> Vec<Outage> {
    let all = (begin(), begin() + 40 * DAY);
    outages(
        history,
        all,
        "99.9".parse().unwrap(),
        &Window::Rolling(30 * DAY),
        MINUTE,
    )
}

#[test]
fn outages_are_seen_in_the_counts() {
    let outage = |day: u32, minutes: u32, bad| Outage {
        from: begin() + day * DAY,
        to: begin() + day * DAY + minutes * MINUTE,
        bad,
    };
    assert_eq!(
        found(&history()),
        [outage(9, 30, 18_000), outage(19, 10, 60_000)]
    );
}

#[test]
fn little_traffic_has_small_failures_that_are_no_outages() {
    // A request a minute, of which one in two thousand fails: of 43.2 that may fail in a month one is 2.3 %, half is not.
    let minute = |minute: u32| Counts {
        good: i64::from(minute % 2000 != 7),
        bad: i64::from(minute % 2000 == 7),
        excluded: 0,
        covered: 6,
    };
    let quiet = Timeline::new(begin(), MINUTE, (0..40 * 1440).map(minute));
    assert_eq!(found(&quiet).len(), 29);
    // With the allowance of 99 % each is 0.2 % of the budget.
    let window = Window::Rolling(30 * DAY);
    let all = (begin(), begin() + 40 * DAY);
    let noise = outages(&quiet, all, "99".parse().unwrap(), &window, MINUTE);
    assert_eq!(noise, []);
}

#[test]
fn a_coarse_past_is_judged_by_rates_of_its_own_slices() {
    let history = history();
    let coarse = Plan {
        resolution: HOUR,
        method: Method::Timeslices {
            length: MINUTE,
            target: Some("50".parse().unwrap()),
            // 100 a second are there, so no slice has too few.
            rate_min: Some(99.0),
        },
        ..plan(&history, "99.9")
    };
    let outcome = replay(&coarse, &past(&[], &[]));
    assert_eq!(
        (outcome.periods[0].bad, outcome.periods[0].valid),
        (0, 43_200)
    );
    let busy = Plan {
        method: Method::Timeslices {
            length: MINUTE,
            target: Some("50".parse().unwrap()),
            rate_min: Some(101.0),
        },
        ..coarse
    };
    assert_eq!(replay(&busy, &past(&[], &[])).periods[0].bad, 43_200);
}

#[test]
fn a_stricter_target_pages_the_same_and_freezes_more() {
    let history = history();
    let outages = found(&history);
    let deploys: Vec<Timestamp> = (0..40).map(|day| begin() + day * DAY + 12 * HOUR).collect();
    let past = past(&outages, &deploys);
    let now = replay(&plan(&history, "99.9"), &past);
    // 78,000 of the 259,200 failures that thirty days allow, less while the window grows.
    let last = now.periods.last().unwrap();
    assert_eq!(
        (now.periods.len(), last.bad, last.valid),
        (1, 60_000, 259_200_000)
    );
    assert_eq!(last.consumed.unwrap().to_percent(2), "23.15");
    assert_eq!((now.count(Severity::Page), now.caught()), (Some(2), 2));
    assert_eq!(now.kept.unwrap().to_percent(0), "100");
    let strict = replay(&plan(&history, "99.99"), &past);
    assert_eq!(strict.periods[0].consumed.unwrap().to_percent(1), "231.5");
    assert_eq!(
        (strict.count(Severity::Page), strict.caught()),
        (Some(2), 2)
    );
    assert!(strict.kept.unwrap() < Fraction::new(1, 2).unwrap());
    // From the tenth day on there is less than a quarter left; by now the second outage is in the window.
    assert!(now.frozen.is_empty(), "{:?}", now.frozen);
    assert_eq!(strict.frozen.len(), 31);
    assert_eq!(strict.frozen[0], begin() + 9 * DAY + 12 * HOUR);
    assert_eq!(now.states.iter().sum::<Duration>(), 40 * DAY);
    // An outage of a tenth is noticed when 1.44 % of an hour has failed.
    assert_eq!(now.noticed[0], Some(9 * MINUTE));
    assert_eq!(now.noticed[1], Some(MINUTE));
}

#[test]
fn a_past_that_is_known_in_hours_tells_nothing_of_alerts() {
    let history = history();
    let outages = found(&history);
    let coarse = Plan {
        resolution: HOUR,
        ..plan(&history, "99.9")
    };
    let outcome = replay(&coarse, &past(&outages, &[]));
    assert_eq!((outcome.alerts.as_ref(), outcome.caught()), (None, 0));
    assert_eq!(outcome.count(Severity::Page), None);
    assert_eq!(outcome.periods[0].bad, 60_000);
}

#[test]
fn another_method_and_window_judge_the_same_past() {
    let history = history();
    let monthly = Plan {
        window: Window::Calendar {
            unit: CalendarUnit::Month,
            zone: TimeZone::UTC,
        },
        method: Method::Timeslices {
            length: MINUTE,
            target: None,
            rate_min: None,
        },
        ..plan(&history, "99.9")
    };
    let outcome = replay(&monthly, &past(&[], &[]));
    // March has 44,640 minutes, of which 44.6 may be bad; 40 were. April is not over.
    let march = outcome.periods[0];
    assert_eq!(
        (outcome.periods.len(), march.bad, march.valid),
        (1, 40, 44_640)
    );
    assert_eq!(march.consumed.unwrap().to_percent(1), "89.6");
}

#[test]
fn a_nine_has_a_price() {
    let history = history();
    let outages = found(&history);
    let all = (begin(), begin() + 40 * DAY);
    let offer = |target: &str, price| Offer {
        target: target.parse().unwrap(),
        price,
    };
    let offers = [offer("99.9", 0.0), offer("99.99", 50_000.0)];
    let table = Year::of(&history, all, &outages).nines(&offers);
    // 18.3 outages of 39,000 failures a year; 99.99 % allows 8.1 of them.
    let [now, better] = table[..] else {
        panic!("two lines")
    };
    assert!(
        (now.outages.unwrap() - 80.9).abs() < 0.1 && now.avoided == 0.0,
        "{now:?}"
    );
    assert!((better.outages.unwrap() - 8.09).abs() < 0.01, "{better:?}");
    assert!((better.avoided - 10.17).abs() < 0.01, "{better:?}");
    assert!(
        (better.price_per_outage.unwrap() - 4916.0).abs() < 10.0,
        "{better:?}"
    );
    assert!((better.price_per_nine.unwrap() - 50_000.0).abs() < 1e-6);
    assert_eq!((now.price_per_outage, now.price_per_nine), (None, None));
    assert_eq!(better.downtime, Duration::from_millis(3_155_760));
}
