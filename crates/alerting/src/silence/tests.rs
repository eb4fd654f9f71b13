//! The store's behaviour, case by case, and against a naive one.

mod model;
mod recurring;
mod resolved;

use plimsoll_types::{Annotations, MatchOp, Matcher};

use super::*;

pub(super) const HOUR: i64 = 3_600_000;

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(super) fn id(number: u128) -> SilenceId {
    SilenceId::from_random(number)
}

pub(super) fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied())
}

pub(super) fn sets(matchers: &[&[(&str, MatchOp, &str)]]) -> MatcherSets {
    let one = |(name, op, value): &(&str, MatchOp, &str)| Matcher::new(*op, name, value).unwrap();
    let all = matchers.iter().map(|set| set.iter().map(one).collect());
    MatcherSets::for_alerts(all.collect()).unwrap()
}

pub(super) fn draft(starts_at: i64, ends_at: i64) -> Draft {
    Draft {
        id: None,
        matchers: sets(&[&[("a", MatchOp::Equal, "1")]]),
        receivers: MatcherSets::default(),
        starts_at: Some(at(starts_at)),
        ends_at: at(ends_at),
        created_by: "somebody".to_owned(),
        comment: "because".to_owned(),
        annotations: Annotations::default(),
        recurrence: None,
        until_resolved: None,
    }
}

pub(super) fn kinds(events: &[SilenceEvent]) -> Vec<SilenceEventKind> {
    events.iter().map(|event| event.kind).collect()
}

fn is_silenced(silences: &Silences, now: i64) -> bool {
    !silences
        .silenced_by(&labels(&[("a", "1")]), None, at(now))
        .is_empty()
}

#[test]
fn goes_from_pending_to_active_to_expired() {
    let mut silences = Silences::default();
    let set = silences.set(draft(1_000, 2_000), id(1), at(500)).unwrap();
    assert_eq!(set.replaced, None);
    let state = |now| set.silence.state(at(now));
    assert_eq!(state(999), SilenceState::Pending);
    assert_eq!(state(1_000), SilenceState::Active);
    assert_eq!(state(1_999), SilenceState::Active);
    assert_eq!(state(2_000), SilenceState::Expired);
    // Answers are right whether or not somebody asked what is due.
    assert!(!is_silenced(&silences, 999) && is_silenced(&silences, 1_000));
    assert!(is_silenced(&silences, 1_999) && !is_silenced(&silences, 2_000));
    assert_eq!(silences.wake_at(), Some(at(1_000)));
    assert_eq!(kinds(&silences.expire_due(at(999))), []);
    assert_eq!(
        kinds(&silences.expire_due(at(1_500))),
        [SilenceEventKind::Started]
    );
    assert_eq!(kinds(&silences.expire_due(at(1_500))), []);
    assert_eq!(
        kinds(&silences.expire_due(at(2_000))),
        [SilenceEventKind::Ended]
    );
    assert_eq!(silences.wake_at(), None);
}

#[test]
fn a_start_in_the_past_is_now() {
    let mut silences = Silences::default();
    let set = silences.set(draft(0, 2_000), id(1), at(500)).unwrap();
    assert_eq!(set.silence.starts_at, at(500));
    let mut unsaid = draft(0, 2_000);
    unsaid.starts_at = None;
    let set = silences.set(unsaid, id(2), at(600)).unwrap();
    assert_eq!(set.silence.starts_at, at(600));
}

#[test]
fn what_makes_no_silence_is_refused_and_changes_nothing() {
    let policy = SilencePolicy {
        max_duration: Some(Duration::from_millis(10_000)),
        silences_max: 1,
        silence_bytes_max: 100,
        ..SilencePolicy::default()
    };
    let mut silences = Silences::new(policy);
    let mut check = |draft: Draft, expected: &str| {
        let error = silences.set(draft.clone(), id(1), at(500)).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(silences.preview(draft, at(500)), Err(error));
        assert!(silences.is_empty());
    };
    check(
        draft(1_000, 1_000),
        "Failed to create silence: start time must be before end time",
    );
    check(
        draft(0, 500),
        "Failed to create silence: end time can't be in the past",
    );
    check(
        draft(0, 10_501),
        "a silence may last at most 10s, and this one would last 10s1ms",
    );
    check(
        draft(600, 10_601),
        "a silence may last at most 10s, and this one would last 10s1ms",
    );
    check(
        Draft {
            id: Some(id(7)),
            ..draft(0, 1_000)
        },
        "silence not found",
    );
    let long = Draft {
        comment: "x".repeat(100),
        ..draft(0, 1_000)
    };
    check(
        long,
        "silence exceeded maximum size: 110 bytes (limit: 100 bytes)",
    );
    let none = Draft {
        matchers: MatcherSets::default(),
        ..draft(0, 1_000)
    };
    check(none, "invalid silence: at least one matcher set required");
    let large = Draft {
        matchers: sets(&[&[("a", MatchOp::Regex, "\\pL{100}")]]),
        ..draft(0, 1_000)
    };
    check(
        large,
        "invalid silence: the regular expression \"\\\\pL{100}\" is too large once compiled",
    );
    silences.set(draft(0, 10_500), id(1), at(500)).unwrap();
    let error = silences.set(draft(0, 1_000), id(2), at(500)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "exceeded maximum number of silences: 1 (limit: 1)"
    );
}

/// What can be changed in place, and what is expired and replaced, by state and change.
#[test]
fn a_change_that_would_rewrite_history_makes_a_new_silence() {
    let check = |now: i64, change: fn(&mut Draft), is_in_place: bool| {
        let mut silences = Silences::default();
        let old = silences
            .set(draft(1_000, 5_000), id(1), at(500))
            .unwrap()
            .silence;
        let mut changed = Draft {
            id: Some(old.id),
            ..draft(1_000, 5_000)
        };
        change(&mut changed);
        let set = silences.set(changed, id(2), at(now)).unwrap();
        assert_eq!(set.silence.updated_at, at(now));
        assert_eq!(set.silence.id == old.id, is_in_place, "at {now}");
        let was_over = now >= 5_000;
        assert_eq!(set.replaced.is_some(), !is_in_place && !was_over);
        if let Some(replaced) = set.replaced {
            assert_eq!(replaced.id, old.id);
            assert_eq!(replaced.state(at(now)), SilenceState::Expired);
            assert_eq!(
                (replaced.starts_at, replaced.ends_at),
                (at(1_000.min(now)), at(now))
            );
        }
    };
    // Pending.
    check(600, |draft| draft.ends_at = at(9_000), true);
    check(600, |draft| draft.starts_at = Some(at(2_000)), true);
    check(600, |draft| draft.starts_at = Some(at(600)), true);
    check(600, |draft| draft.starts_at = Some(at(599)), false);
    check(
        600,
        |draft| draft.matchers = sets(&[&[("a", MatchOp::Equal, "2")]]),
        false,
    );
    // Active: clients cut times to seconds.
    check(1_500, |draft| draft.ends_at = at(9_000), true);
    check(1_500, |draft| draft.comment = "other".to_owned(), true);
    check(1_500, |draft| draft.starts_at = Some(at(1_999)), true);
    check(1_500, |draft| draft.starts_at = Some(at(2_000)), false);
    check(
        1_500,
        |draft| draft.matchers = sets(&[&[("a", MatchOp::Regex, "1")]]),
        false,
    );
    check(
        1_500,
        |draft| draft.receivers = sets(&[&[("name", MatchOp::Equal, "x")]]),
        false,
    );
    // Expired.
    check(5_000, |draft| draft.ends_at = at(9_000), false);
}

#[test]
fn is_expired_by_hand() {
    let mut silences = Silences::default();
    silences.set(draft(1_000, 5_000), id(1), at(500)).unwrap();
    silences.set(draft(1_000, 5_000), id(2), at(500)).unwrap();
    let pending = silences.expire(id(1), at(600)).unwrap().unwrap();
    assert_eq!((pending.starts_at, pending.ends_at), (at(600), at(600)));
    assert_eq!(pending.state(at(600)), SilenceState::Expired);
    let active = silences.expire(id(2), at(1_500)).unwrap().unwrap();
    assert_eq!((active.starts_at, active.ends_at), (at(1_000), at(1_500)));
    assert!(!is_silenced(&silences, 1_500));
    assert_eq!(silences.expire(id(2), at(1_600)), Ok(None));
    assert_eq!(silences.expire(id(3), at(1_600)), Err(UnknownSilence));
    assert_eq!(kinds(&silences.expire_due(at(9_000))), []);
}

#[test]
fn is_forgotten_when_it_has_been_over_for_long() {
    let mut silences = Silences::default();
    silences.set(draft(1_000, 5_000), id(1), at(500)).unwrap();
    silences.set(draft(1_000, 6_000), id(2), at(500)).unwrap();
    let retention = Duration::from_millis(2_000);
    assert_eq!(silences.gc(at(6_999), retention), []);
    silences.expire_due(at(7_000));
    assert_eq!(silences.gc(at(7_000), retention), [id(1)]);
    assert_eq!(silences.len(), 1);
    assert!(silences.index.is_about(id(2)) && !silences.index.is_about(id(1)));
}

#[test]
fn rows_of_others_count_when_they_are_newer() {
    let mut silences = Silences::default();
    let first = silences
        .set(draft(1_000, 5_000), id(1), at(500))
        .unwrap()
        .silence;
    let mut other = Silence::clone(&first);
    other.ends_at = at(3_000);
    assert!(!silences.put(other.clone(), at(600)));
    other.updated_at = at(550);
    assert!(silences.put(other.clone(), at(600)));
    assert_eq!(silences.get(id(1)).unwrap().ends_at, at(3_000));
    assert!(!silences.put(Silence::clone(&first), at(600)));
    other.told_end = Some(at(3_000));
    assert!(silences.put(other, at(600)));
    // What time did is told even when a row came between.
    let mut later = Silence::clone(&first);
    later.updated_at = at(900);
    assert!(silences.put(later, at(2_000)));
    assert_eq!(
        kinds(&silences.expire_due(at(2_000))),
        [SilenceEventKind::Started]
    );
    assert!(silences.remove(id(1)).is_some() && silences.remove(id(1)).is_none());
    assert_eq!(silences.wake_at(), None);
}

#[test]
fn an_id_that_is_taken_hides_no_silence() {
    let mut silences = Silences::default();
    let first = silences
        .set(draft(1_000, 5_000), id(1), at(500))
        .unwrap()
        .silence;
    let second = silences
        .set(draft(1_000, 5_000), id(1), at(500))
        .unwrap()
        .silence;
    assert_ne!(first.id, second.id);
    assert_eq!(silences.len(), 2);
}

#[test]
fn somebody_is_told_once_that_an_end_comes_near() {
    let policy = SilencePolicy {
        notify_before_expiry: Some(Duration::from_millis(1_000)),
        ..SilencePolicy::default()
    };
    let mut silences = Silences::new(policy.clone());
    silences.set(draft(0, 5_000), id(1), at(0)).unwrap();
    assert_eq!(silences.wake_at(), Some(at(4_000)));
    assert_eq!(kinds(&silences.expire_due(at(3_999))), []);
    let events = silences.expire_due(at(4_000));
    assert_eq!(kinds(&events), [SilenceEventKind::EndsSoon]);
    assert!(events[0].kind.changes_row());
    assert_eq!(events[0].silence.told_end, Some(at(5_000)));
    assert_eq!(kinds(&silences.expire_due(at(4_500))), []);
    // Another comment is nothing to tell, another end is.
    let commented = Draft {
        id: Some(id(1)),
        comment: "other".to_owned(),
        ..draft(0, 5_000)
    };
    silences.set(commented, id(2), at(4_500)).unwrap();
    assert_eq!(silences.wake_at(), Some(at(5_000)));
    silences
        .set(
            Draft {
                id: Some(id(1)),
                ..draft(0, 9_000)
            },
            id(2),
            at(4_500),
        )
        .unwrap();
    assert_eq!(silences.wake_at(), Some(at(8_000)));
    // A restart does not forget what was told.
    let row = silences.expire_due(at(8_000)).remove(0).silence;
    let mut restarted = Silences::new(policy);
    restarted.put(Silence::clone(&row), at(8_100));
    assert_eq!(restarted.wake_at(), Some(at(9_000)));
    assert_eq!(
        kinds(&restarted.expire_due(at(9_000))),
        [SilenceEventKind::Ended]
    );
    // A silence that is shorter than the notice is not announced.
    restarted
        .set(draft(10_000, 11_000), id(3), at(10_000))
        .unwrap();
    assert_eq!(restarted.wake_at(), Some(at(11_000)));
}

#[test]
fn is_for_some_receivers_or_for_all() {
    let mut silences = Silences::default();
    let receivers = MatcherSets::for_receivers(vec![vec![Matcher::equal("team", "x")]]).unwrap();
    silences
        .set(
            Draft {
                receivers,
                ..draft(0, 5_000)
            },
            id(1),
            at(0),
        )
        .unwrap();
    let alert = labels(&[("a", "1")]);
    let count = |receiver: Option<&Labels>| silences.silenced_by(&alert, receiver, at(1)).len();
    assert_eq!(count(None), 0);
    assert_eq!(count(Some(&labels(&[("name", "pager"), ("team", "x")]))), 1);
    assert_eq!(count(Some(&labels(&[("name", "pager"), ("team", "y")]))), 0);
}

#[test]
fn expired_silences_take_no_place_but_are_not_kept_without_bound() {
    let policy = SilencePolicy {
        silences_max: 4,
        ..SilencePolicy::default()
    };
    let mut silences = Silences::new(policy);
    let mut forgotten = Vec::new();
    for number in 0..40 {
        let now = number as i64 * 100;
        let set = silences
            .set(draft(now, now + 150), id(number), at(now))
            .unwrap();
        forgotten.extend(set.forgotten);
        assert!(silences.len() <= 8);
    }
    assert_eq!(
        forgotten,
        Vec::from_iter((0..forgotten.len() as u128).map(id))
    );
    assert_eq!(silences.len() + forgotten.len(), 40);
    // Four are in force: one of them can be replaced, but no fifth comes.
    for number in 100..104 {
        silences
            .set(draft(9_000, 10_000), id(number), at(9_000))
            .unwrap();
    }
    let other = Draft {
        id: Some(id(100)),
        matchers: sets(&[&[("b", MatchOp::Equal, "1")]]),
        ..draft(9_000, 10_000)
    };
    assert!(
        silences
            .set(other, id(200), at(9_000))
            .unwrap()
            .replaced
            .is_some()
    );
    let error = silences
        .set(draft(9_000, 10_000), id(300), at(9_000))
        .unwrap_err();
    assert_eq!(error, SetError::TooMany { found: 4, limit: 4 });
}

#[test]
fn is_listed_as_the_api_lists_it() {
    let mut silences = Silences::default();
    let set = |silences: &mut Silences, number: u128, from: i64, to: i64| {
        silences.set(draft(from, to), id(number), at(0)).unwrap();
    };
    set(&mut silences, 1, 0, 9_000);
    set(&mut silences, 2, 0, 8_000);
    set(&mut silences, 3, 6_000, 8_000);
    set(&mut silences, 4, 5_500, 9_000);
    set(&mut silences, 5, 0, 1_000);
    set(&mut silences, 6, 0, 2_000);
    let listed = |filter: &SilenceFilter| -> Vec<SilenceId> {
        let found = silences.find(filter, at(5_000));
        found.into_iter().map(|silence| silence.id).collect()
    };
    let mut filter = SilenceFilter::default();
    assert_eq!(listed(&filter), [2, 1, 4, 3, 6, 5].map(id));
    filter.expired = false;
    filter.active = false;
    assert_eq!(listed(&filter), [4, 3].map(id));
    filter.matchers = vec![Matcher::equal("a", "1")];
    assert_eq!(listed(&filter), [4, 3].map(id));
    filter.matchers = vec![Matcher::new(MatchOp::Regex, "a", "1").unwrap()];
    assert_eq!(listed(&filter), Vec::new());
    let counts = silences.counts(at(5_000)).map(|(_, count)| count);
    assert_eq!(counts, [2, 2, 2]);
}

#[test]
fn silences_of_one_alert_name_are_told_apart_by_their_instances() {
    let mut silences = Silences::default();
    let instance = |number: usize| format!("host-{number}");
    for number in 0..5_000 {
        let matchers = sets(&[&[
            ("alertname", MatchOp::Equal, "Down"),
            ("instance", MatchOp::Equal, &instance(number)),
        ]]);
        silences
            .set(
                Draft {
                    matchers,
                    ..draft(0, HOUR)
                },
                id(number as u128),
                at(0),
            )
            .unwrap();
    }
    let prefixed = sets(&[&[("instance", MatchOp::Regex, "host-4.*")]]);
    silences
        .set(
            Draft {
                matchers: prefixed,
                ..draft(0, HOUR)
            },
            id(9_999),
            at(0),
        )
        .unwrap();
    let mut tried = 0;
    for number in 0..5_000 {
        let alert = labels(&[("alertname", "Down"), ("instance", &instance(number))]);
        silences.index.candidates(&alert, |_| tried += 1);
        let expected = 1 + usize::from(instance(number).starts_with("host-4"));
        assert_eq!(silences.silenced_by(&alert, None, at(1)).len(), expected);
    }
    assert!(
        tried <= 11_200,
        "{tried} silences were tried for 5,000 alerts"
    );
}
