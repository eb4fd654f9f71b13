//! Silences that end when their alerts are resolved.

use proptest::prelude::*;

use super::*;
use crate::fingerprint::Fingerprint;

const GRACE: Duration = Duration::from_millis(100);

fn until_resolved(ends_at: i64) -> Draft {
    Draft {
        until_resolved: Some(GRACE),
        ..draft(0, ends_at)
    }
}

fn alert(number: usize) -> (Fingerprint, Labels) {
    let labels = labels(&[("a", "1"), ("instance", &number.to_string())]);
    (Fingerprint::of(&labels), labels)
}

fn fires(silences: &mut Silences, number: usize) {
    let (fingerprint, labels) = alert(number);
    silences.alert_fires(fingerprint, &labels);
}

fn is_over(silences: &mut Silences, number: usize, now: i64) {
    silences.alert_is_over(alert(number).0, at(now));
}

#[test]
fn ends_when_all_was_resolved_for_the_grace() {
    let mut silences = Silences::default();
    silences.set(until_resolved(9_000), id(1), at(0)).unwrap();
    fires(&mut silences, 1);
    fires(&mut silences, 2);
    fires(&mut silences, 1);
    let (other, labels) = (Fingerprint::from_u64(9), labels(&[("a", "2")]));
    silences.alert_fires(other, &labels);
    assert_eq!(silences.watched.count(), 2);
    assert_eq!(silences.wake_at(), Some(at(9_000)));
    is_over(&mut silences, 1, 500);
    assert_eq!(silences.wake_at(), Some(at(9_000)));
    is_over(&mut silences, 2, 1_000);
    assert_eq!(silences.wake_at(), Some(at(1_100)));
    // It fires again within the grace.
    fires(&mut silences, 2);
    assert_eq!(kinds(&silences.expire_due(at(1_100))), []);
    is_over(&mut silences, 2, 2_000);
    assert_eq!(kinds(&silences.expire_due(at(2_099))), []);
    let events = silences.expire_due(at(2_100));
    assert_eq!(kinds(&events), [SilenceEventKind::Resolved]);
    assert!(events[0].kind.changes_row());
    assert_eq!(
        (events[0].silence.ends_at, events[0].silence.updated_at),
        (at(2_100), at(2_100))
    );
    assert!(!is_silenced(&silences, 2_100));
    // Nothing waits any more.
    fires(&mut silences, 1);
    assert_eq!(silences.wake_at(), None);
}

#[test]
fn ends_when_nothing_ever_fired() {
    let mut silences = Silences::default();
    let later = Draft {
        starts_at: Some(at(1_000)),
        ..until_resolved(9_000)
    };
    silences.set(later, id(1), at(0)).unwrap();
    assert_eq!(
        kinds(&silences.expire_due(at(1_000))),
        [SilenceEventKind::Started]
    );
    assert_eq!(silences.wake_at(), Some(at(1_100)));
    assert_eq!(
        kinds(&silences.expire_due(at(1_100))),
        [SilenceEventKind::Resolved]
    );
}

#[test]
fn its_end_stays_its_latest_end() {
    let mut silences = Silences::default();
    silences.set(until_resolved(5_000), id(1), at(0)).unwrap();
    fires(&mut silences, 1);
    assert_eq!(
        kinds(&silences.expire_due(at(5_000))),
        [SilenceEventKind::Ended]
    );
    is_over(&mut silences, 1, 6_000);
    assert_eq!(silences.wake_at(), None);
}

#[test]
fn a_change_in_place_keeps_what_is_known() {
    let mut silences = Silences::default();
    silences.set(until_resolved(5_000), id(1), at(0)).unwrap();
    fires(&mut silences, 1);
    silences
        .set(
            Draft {
                id: Some(id(1)),
                ..until_resolved(6_000)
            },
            id(2),
            at(50),
        )
        .unwrap();
    assert_eq!(silences.wake_at(), Some(at(6_000)));
    silences
        .set(
            Draft {
                id: Some(id(1)),
                ..draft(0, 6_000)
            },
            id(2),
            at(60),
        )
        .unwrap();
    is_over(&mut silences, 1, 70);
    assert_eq!(silences.wake_at(), Some(at(6_000)));
}

proptest! {
    /// Asked at every moment it ends exactly when nothing fired for the grace.
    #[test]
    fn ends_at_the_first_quiet_time(steps in prop::collection::vec((0_usize..4, any::<bool>(), 0_i64..120), 1..40)) {
        let mut silences = Silences::default();
        silences.set(until_resolved(HOUR), id(1), at(0)).unwrap();
        let (mut now, mut quiet_since, mut firing) = (0, 0, std::collections::BTreeSet::new());
        for (number, begins, passed) in steps {
            let end = quiet_since + 100;
            now += passed;
            let is_resolved = firing.is_empty() && end <= now;
            let events = silences.expire_due(at(now));
            if is_resolved {
                prop_assert_eq!(kinds(&events), [SilenceEventKind::Resolved]);
                return Ok(());
            }
            prop_assert!(events.is_empty());
            match begins {
                true => {
                    fires(&mut silences, number);
                    firing.insert(number);
                }
                false => {
                    is_over(&mut silences, number, now);
                    if firing.remove(&number) {
                        quiet_since = now;
                    }
                }
            }
            let expected = if firing.is_empty() { quiet_since + 100 } else { HOUR };
            prop_assert_eq!(silences.wake_at(), Some(at(expected)));
        }
    }
}
