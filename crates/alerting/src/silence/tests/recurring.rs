//! Silences that come again, in the store.

use proptest::prelude::*;

use super::*;

/// 2026-11-21T00:00:00Z, a Saturday.
const SATURDAY: i64 = 1_795_219_200_000;
const DAY: i64 = 24 * HOUR;

fn nightly(rule: &str) -> Draft {
    let recurrence = Recurrence::parse(rule, "UTC").unwrap();
    Draft {
        recurrence: Some(recurrence),
        ..draft(SATURDAY + HOUR, SATURDAY + 3 * HOUR)
    }
}

fn window(day: i64) -> SilenceWindow {
    SilenceWindow {
        starts_at: at(SATURDAY + day * DAY + HOUR),
        ends_at: at(SATURDAY + day * DAY + 3 * HOUR),
    }
}

#[test]
fn comes_and_goes() {
    let mut silences = Silences::default();
    let set = silences
        .set(nightly("FREQ=DAILY;COUNT=2"), id(1), at(SATURDAY))
        .unwrap();
    let states = |hours: &[i64]| -> Vec<SilenceState> {
        hours
            .iter()
            .map(|hour| set.silence.state(at(SATURDAY + hour * HOUR)))
            .collect()
    };
    use SilenceState::{Active, Expired, Pending};
    assert_eq!(
        states(&[0, 1, 2, 3, 24, 25, 27]),
        [Pending, Active, Active, Pending, Pending, Active, Expired]
    );
    assert_eq!(set.silence.window(at(SATURDAY + 2 * HOUR)), window(0));
    assert_eq!(set.silence.window(at(SATURDAY + 4 * HOUR)), window(1));
    assert_eq!(set.silence.window(at(SATURDAY + 90 * HOUR)), window(1));
    assert_eq!(set.silence.windows(at(SATURDAY), 9), [window(0), window(1)]);
    assert_eq!(set.silence.windows(at(SATURDAY + 2 * HOUR), 1), [window(0)]);
    let mut events = Vec::new();
    while let Some(wake) = silences.wake_at() {
        let kinds = kinds(&silences.expire_due(wake));
        events.push((wake.millis_since(at(SATURDAY)) / HOUR, kinds));
    }
    use SilenceEventKind::{Ended, Paused, Started};
    let expected = [(1, Started), (3, Paused), (25, Started), (27, Ended)];
    assert_eq!(events, expected.map(|(hour, kind)| (hour, vec![kind])));
}

#[test]
fn windows_that_overlap_are_one_silence() {
    let mut silences = Silences::default();
    let mut long = nightly("FREQ=DAILY;COUNT=3");
    long.ends_at = at(SATURDAY + HOUR + DAY + HOUR);
    silences.set(long, id(1), at(SATURDAY)).unwrap();
    let is_silenced = |hour: i64| is_silenced(&silences, SATURDAY + hour * HOUR);
    assert!(!is_silenced(0));
    assert!((1..74).all(is_silenced));
    assert!(!is_silenced(74));
}

#[test]
fn only_the_last_end_is_announced() {
    let policy = SilencePolicy {
        notify_before_expiry: Some(Duration::from_secs(3600)),
        ..SilencePolicy::default()
    };
    let mut silences = Silences::new(policy);
    silences
        .set(nightly("FREQ=DAILY;COUNT=2"), id(1), at(SATURDAY))
        .unwrap();
    let mut announced = Vec::new();
    while let Some(wake) = silences.wake_at() {
        let events = silences.expire_due(wake);
        if kinds(&events).contains(&SilenceEventKind::EndsSoon) {
            announced.push(wake.millis_since(at(SATURDAY)) / HOUR);
        }
    }
    assert_eq!(announced, [26]);
}

#[test]
fn is_ended_for_good_by_hand() {
    let mut silences = Silences::default();
    silences
        .set(nightly("FREQ=DAILY"), id(1), at(SATURDAY))
        .unwrap();
    let in_window = at(SATURDAY + 26 * HOUR);
    let ended = silences.expire(id(1), in_window).unwrap().unwrap();
    assert_eq!(ended.state(in_window), SilenceState::Expired);
    let shown = SilenceWindow {
        ends_at: in_window,
        ..window(1)
    };
    assert_eq!(ended.window(at(SATURDAY + 100 * HOUR)), shown);
    // What was in force stays visible.
    assert_eq!(ended.state(at(SATURDAY + 2 * HOUR)), SilenceState::Active);
    assert!(!is_silenced(&silences, SATURDAY + 50 * HOUR));
    let retention = Duration::from_secs(3600);
    assert_eq!(silences.gc(at(SATURDAY + 27 * HOUR - 1), retention), []);
    assert_eq!(silences.gc(at(SATURDAY + 27 * HOUR), retention), [id(1)]);
    // Between windows, and before the first.
    for (number, hour) in [(2, 10), (3, 0)] {
        silences
            .set(nightly("FREQ=DAILY"), id(number), at(SATURDAY))
            .unwrap();
        let now = at(SATURDAY + hour * HOUR);
        let ended = silences.expire(id(number), now).unwrap().unwrap();
        assert_eq!(ended.state(now), SilenceState::Expired);
        assert_eq!(ended.state(at(SATURDAY + 50 * HOUR)), SilenceState::Expired);
    }
}

#[test]
fn a_window_that_begins_when_it_is_ended_never_was() {
    let mut silences = Silences::default();
    silences
        .set(nightly("FREQ=DAILY"), id(1), at(SATURDAY))
        .unwrap();
    let begin = window(1).starts_at;
    let ended = silences.expire(id(1), begin).unwrap().unwrap();
    assert_eq!(ended.window(begin), window(0));
    assert_eq!(ended.windows(at(SATURDAY), 9)[0], window(0));
}

#[test]
fn is_replaced_when_it_would_come_at_other_times() {
    let check = |change: fn(&mut Draft), is_in_place: bool| {
        let mut silences = Silences::default();
        silences
            .set(nightly("FREQ=DAILY"), id(1), at(SATURDAY))
            .unwrap();
        let mut changed = Draft {
            id: Some(id(1)),
            ..nightly("FREQ=DAILY")
        };
        change(&mut changed);
        let set = silences
            .set(changed, id(2), at(SATURDAY + 2 * HOUR))
            .unwrap();
        assert_eq!(set.silence.id == id(1), is_in_place);
        assert_eq!(set.replaced.is_none(), is_in_place);
    };
    check(|draft| draft.comment = "other".to_owned(), true);
    check(|draft| draft.ends_at = at(SATURDAY + 4 * HOUR), false);
    check(
        |draft| draft.recurrence = Recurrence::parse("FREQ=DAILY", "Europe/Berlin").ok(),
        false,
    );
    check(|draft| draft.recurrence = None, false);
}

#[test]
fn what_never_comes_is_refused() {
    let mut silences = Silences::default();
    let mut check = |draft: Draft, expected: SetError| {
        assert_eq!(silences.set(draft, id(1), at(SATURDAY)), Err(expected));
    };
    check(nightly("FREQ=DAILY;UNTIL=20261120"), SetError::NoWindow);
    check(
        nightly("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        SetError::NoWindow,
    );
    let old = Draft {
        starts_at: Some(at(SATURDAY - 11 * 366 * DAY)),
        ends_at: at(SATURDAY - 11 * 366 * DAY + HOUR),
        ..nightly("FREQ=DAILY")
    };
    check(old, SetError::Recurrence);
    let endless = Draft {
        ends_at: Timestamp::MAX,
        ..nightly("FREQ=DAILY")
    };
    check(endless, SetError::Recurrence);
    let both = Draft {
        until_resolved: Some(Duration::ZERO),
        ..nightly("FREQ=DAILY")
    };
    check(both, SetError::RecurringUntilResolved);
    // One that began long ago counts from there.
    let since = Draft {
        starts_at: Some(at(SATURDAY - 10 * DAY + HOUR)),
        ends_at: at(SATURDAY - 10 * DAY + 3 * HOUR),
        ..nightly("FREQ=DAILY")
    };
    let set = silences.set(since, id(1), at(SATURDAY)).unwrap();
    assert_eq!(set.silence.window(at(SATURDAY)), window(0));
}

#[test]
fn the_policy_bounds_each_window() {
    let policy = SilencePolicy {
        max_duration: Some(Duration::from_secs(2 * 3600)),
        ..SilencePolicy::default()
    };
    let mut silences = Silences::new(policy);
    assert!(
        silences
            .set(nightly("FREQ=DAILY"), id(1), at(SATURDAY))
            .is_ok()
    );
    let longer = Draft {
        ends_at: at(SATURDAY + 3 * HOUR + 1),
        ..nightly("FREQ=DAILY")
    };
    let error = silences.set(longer, id(2), at(SATURDAY)).unwrap_err();
    assert!(matches!(error, SetError::TooLong { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever was asked before, the answer is that of the list of all windows: what is remembered is forgotten in time.
    #[test]
    fn remembers_nothing_that_is_over(
        rule in prop::sample::select(vec![
            "FREQ=DAILY",
            "FREQ=DAILY;COUNT=5",
            "FREQ=WEEKLY;BYDAY=SA,SU,TU;UNTIL=20261210",
            "FREQ=MONTHLY;BYDAY=-1FR,1MO",
        ]),
        zone in prop::sample::select(vec!["UTC", "America/New_York"]),
        hours in 1_i64..50,
        end in prop::option::of(0_i64..1_000),
        asked in prop::collection::vec((0_i64..1_000, any::<bool>()), 1..20),
    ) {
        let mut silences = Silences::default();
        let recurring = Draft {
            ends_at: at(SATURDAY + HOUR + hours * HOUR),
            recurrence: Recurrence::parse(rule, zone).ok(),
            ..nightly(rule)
        };
        let set = silences.set(recurring, id(1), at(SATURDAY)).unwrap();
        let mut windows = set.silence.windows(at(SATURDAY), 100);
        let end = end.map(|hour| at(SATURDAY + hour * HOUR));
        if let Some(end) = end.filter(|end| matches!(silences.expire(id(1), *end), Ok(Some(_)))) {
            windows.retain(|window| window.starts_at < end);
            windows.iter_mut().for_each(|window| window.ends_at = window.ends_at.min(end));
        }
        for (hour, does_due) in asked {
            let now = at(SATURDAY + hour * HOUR);
            if does_due {
                silences.expire_due(now);
            }
            let is_in = |window: &&SilenceWindow| window.starts_at <= now && now < window.ends_at;
            let in_force = windows.iter().rfind(is_in);
            let silence = silences.get(id(1)).unwrap();
            prop_assert_eq!(is_silenced(&silences, now.millis()), in_force.is_some());
            prop_assert_eq!(silence.state(now) == SilenceState::Active, in_force.is_some());
            let entry = &silences.entries[&id(1)];
            prop_assert_eq!(entry.span_at(now).window, silence.window(now));
            if let Some(window) = in_force {
                prop_assert_eq!(silence.window(now), *window);
            }
        }
    }
}
