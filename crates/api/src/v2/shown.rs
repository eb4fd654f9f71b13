//! What the engine shows, as Alertmanager's API shows it, in its order.

use std::cmp::Ordering;

use plimsoll_alerting::{AlertState, AlertView, MatcherSets, Silence, SilenceState};
use plimsoll_types::{Labels, Matcher, Timestamp, format_duration};
use plimsoll_wire::alertmanager::{self as wire, ListedAlert, ListedMatcher, ListedSilence};
use serde::Serialize;

/// Makes an alert of the API.
pub(crate) fn listed_alert(view: &AlertView) -> ListedAlert {
    let status = wire::AlertStatus {
        inhibited_by: view.inhibited_by.iter().map(ToString::to_string).collect(),
        muted_by: view.muted_by.clone(),
        silenced_by: view.silenced_by.iter().map(ToString::to_string).collect(),
        state: match view.state {
            // To list an alert is to look at it, in Alertmanager; amtool hides what nobody looked at.
            AlertState::Unprocessed | AlertState::Active => wire::AlertState::Active,
            AlertState::Suppressed => wire::AlertState::Suppressed,
        },
    };
    ListedAlert {
        annotations: view.annotations.clone(),
        ends_at: view.ends_at,
        fingerprint: view.fingerprint.to_string().into(),
        receivers: view.receivers.clone(),
        starts_at: view.starts_at,
        status,
        updated_at: view.updated_at,
        generator_url: view.generator_url.to_string(),
        labels: view.labels.clone(),
    }
}

/// Makes a silence of the API. Of a recurring one the times are those of the window that is in force or comes next.
pub(super) fn listed_silence(silence: &Silence, now: Timestamp) -> ListedSilence {
    let window = silence.window(now);
    let mut sets = sets(&silence.matchers);
    let matchers = match sets.is_empty() {
        true => Vec::new(),
        false => sets.remove(0),
    };
    let extras = wire::SilenceExtras {
        matcher_sets: sets,
        receiver_matcher_sets: self::sets(&silence.receivers),
        recurrence: silence.recurrence.as_ref().map(|rule| wire::Recurrence {
            ends_at: Some(silence.ends_at),
            rrule: rule.rule(),
            starts_at: Some(silence.starts_at),
            time_zone: rule.zone().to_owned(),
        }),
        until_resolved_grace: silence.until_resolved.map(format_duration),
    };
    ListedSilence {
        id: silence.id.to_string(),
        status: wire::SilenceStatus {
            state: match silence.state(now) {
                SilenceState::Active => wire::SilenceState::Active,
                SilenceState::Pending => wire::SilenceState::Pending,
                SilenceState::Expired => wire::SilenceState::Expired,
            },
        },
        updated_at: silence.updated_at,
        annotations: silence.annotations.clone(),
        comment: silence.comment.clone(),
        created_by: silence.created_by.clone(),
        ends_at: window.ends_at,
        matchers,
        starts_at: window.starts_at,
        extras,
    }
}

fn sets(sets: &MatcherSets) -> Vec<Vec<ListedMatcher>> {
    let listed = |set: &[Matcher]| set.iter().map(ListedMatcher::from).collect();
    sets.iter().map(listed).collect()
}

/// Writes something as Alertmanager does, with a line feed behind it.
pub(super) fn written(value: &impl Serialize) -> Vec<u8> {
    let mut body = serde_json::to_vec(value).expect("views of ours become JSON");
    body.push(b'\n');
    body
}

/// Writes a list likewise, each of it made when its turn comes.
pub(super) fn written_list<T: Serialize>(items: impl Iterator<Item = T>) -> Vec<u8> {
    let mut body = vec![b'['];
    for (index, item) in items.enumerate() {
        if index > 0 {
            body.push(b',');
        }
        serde_json::to_writer(&mut body, &item).expect("views of ours become JSON");
    }
    body.extend_from_slice(b"]\n");
    body
}

/// Orders the alerts of a group as Alertmanager does: by job, then instance, then all labels.
pub(super) fn order_of_alerts(a: &Labels, b: &Labels) -> Ordering {
    for name in ["job", "instance"] {
        let order = match (a.get(name), b.get(name)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    order_of_labels(a, b)
}

/// Orders label sets as Alertmanager does: fewer labels first; then by the first label in which they differ, where a
/// label that is not there comes first.
pub(super) fn order_of_labels(a: &Labels, b: &Labels) -> Ordering {
    let by_count = a.len().cmp(&b.len());
    by_count.then_with(|| {
        let (mut left, mut right) = (a.iter(), b.iter());
        loop {
            match (left.next(), right.next()) {
                (None, _) | (_, None) => return Ordering::Equal,
                (Some(left), Some(right)) if left.0 != right.0 => {
                    // The one with the smaller name has a label that the other does not.
                    return right.0.cmp(left.0);
                }
                (Some(left), Some(right)) if left.1 != right.1 => return left.1.cmp(right.1),
                _ => {}
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &[(&str, &str)]) -> Labels {
        Labels::from_pairs(text.iter().copied())
    }

    #[test]
    fn label_sets_stand_in_alertmanager_s_order() {
        let sorted = [
            labels(&[]),
            labels(&[("good", "1")]),
            labels(&[("a", "b")]),
            labels(&[("a", "c")]),
            labels(&[("b", "0"), ("c", "0")]),
            labels(&[("a", "0"), ("z", "0")]),
            labels(&[("a", "0"), ("b", "0")]),
            labels(&[("a", "0"), ("b", "1")]),
        ];
        for (at, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(
                    order_of_labels(left, right),
                    at.cmp(&other),
                    "{left} {right}"
                );
            }
        }
    }

    #[test]
    fn alerts_of_a_group_stand_by_job_and_instance_first() {
        let sorted = [
            labels(&[("job", "a"), ("instance", "2"), ("x", "1"), ("y", "1")]),
            labels(&[("job", "a"), ("instance", "3")]),
            labels(&[("job", "a")]),
            labels(&[("job", "b")]),
            labels(&[("instance", "1")]),
            labels(&[("c", "1")]),
        ];
        for (at, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(
                    order_of_alerts(left, right),
                    at.cmp(&other),
                    "{left} {right}"
                );
            }
        }
    }
}
