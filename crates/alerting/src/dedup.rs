//! Whether a notice is needed, by what was told last: Alertmanager's rules and reasons.
//!
//! | told before | now | reason |
//! |---|---|---|
//! | nothing | something fires | first notification |
//! | nothing fires | something fires | first notification |
//! | something fires | something fires that was not told | new alerts added |
//! | something fires | nothing fires | all alerts resolved, also for who does not want to hear of it |
//! | | resolved alerts that were not told, and who wants to hear of it | some alerts resolved |
//! | the same, longer ago than `repeat_interval` | something fires | repeat interval elapsed |
//!
//! An alert that is in both lists of what was told is in doubt: it was told as firing, and then somebody tried to tell
//! that it is over and never heard whether that arrived, or told a fallback. That it fires is news, and its end too.
//!
//! Sets of alerts are ascending lists of fingerprints, which are searched by halves.

use std::time::Duration;

use plimsoll_notify::Reason;
use plimsoll_types::Timestamp;

/// What was told last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Last<'a> {
    /// When.
    pub(crate) at: Timestamp,
    /// What was told as firing, ascending.
    pub(crate) firing: &'a [u64],
    /// What was told as resolved, ascending.
    pub(crate) resolved: &'a [u64],
}

impl Last<'_> {
    /// Says whether an alert was told as firing, and nobody tried to tell since that it is over.
    pub(crate) fn surely_firing(&self, wanted: u64) -> bool {
        has(self.firing, wanted) && !has(self.resolved, wanted)
    }

    fn surely_resolved(&self, wanted: u64) -> bool {
        has(self.resolved, wanted) && !has(self.firing, wanted)
    }
}

/// What may be told now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Visible<'a> {
    /// What fires, ascending.
    pub(crate) firing: &'a [u64],
    /// What is resolved, ascending.
    pub(crate) resolved: &'a [u64],
}

/// Says why a notice is needed; `None` when it is not.
pub(crate) fn reason(
    last: Option<Last<'_>>,
    visible: Visible<'_>,
    sends_resolved: bool,
    repeat_interval: Duration,
    now: Timestamp,
) -> Option<Reason> {
    let Some(last) = last else {
        return (!visible.firing.is_empty()).then_some(Reason::First);
    };
    if !visible.firing.iter().all(|one| last.surely_firing(*one)) {
        // What may have arrived, and nobody heard so, was not told at any time.
        let mut told = last.firing.iter();
        let is_unsure = last.at <= Timestamp::EPOCH && !told.any(|one| last.surely_firing(*one));
        let is_first = last.firing.is_empty() || is_unsure;
        return Some(if is_first {
            Reason::First
        } else {
            Reason::NewAlerts
        });
    }
    if visible.firing.is_empty() {
        return (!last.firing.is_empty()).then_some(Reason::AllResolved);
    }
    let is_known_over = |one: &u64| last.surely_resolved(*one);
    if sends_resolved && !visible.resolved.iter().all(is_known_over) {
        return Some(Reason::SomeResolved);
    }
    (last.at < now - repeat_interval).then_some(Reason::Repeat)
}

/// Says whether `wanted` is among `set`, which ascends.
pub(crate) fn has(set: &[u64], wanted: u64) -> bool {
    set.binary_search(&wanted).is_ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn check(
        told: Option<(i64, &[u64], &[u64])>,
        now: (&[u64], &[u64]),
        sends_resolved: bool,
        expected: Option<Reason>,
    ) {
        let last = told.map(|(at, firing, resolved)| Last {
            at: Timestamp::from_millis(at),
            firing,
            resolved,
        });
        let visible = Visible {
            firing: now.0,
            resolved: now.1,
        };
        let at = Timestamp::from_millis(3_600_000);
        let found = reason(last, visible, sends_resolved, HOUR, at);
        assert_eq!(found, expected, "{told:?} {now:?} {sends_resolved}");
    }

    #[test]
    fn nothing_told_yet() {
        check(None, (&[1], &[]), true, Some(Reason::First));
        check(None, (&[1], &[2]), false, Some(Reason::First));
        check(None, (&[], &[1]), true, None);
        check(None, (&[], &[]), true, None);
    }

    #[test]
    fn something_new_fires() {
        check(
            Some((0, &[1], &[])),
            (&[1, 2], &[]),
            true,
            Some(Reason::NewAlerts),
        );
        check(
            Some((0, &[1], &[])),
            (&[2], &[]),
            false,
            Some(Reason::NewAlerts),
        );
        check(Some((0, &[], &[1])), (&[1], &[]), true, Some(Reason::First));
    }

    #[test]
    fn something_is_resolved() {
        for sends_resolved in [true, false] {
            check(
                Some((0, &[1], &[])),
                (&[], &[1]),
                sends_resolved,
                Some(Reason::AllResolved),
            );
            check(Some((0, &[], &[1])), (&[], &[1]), sends_resolved, None);
        }
        check(
            Some((0, &[1, 2], &[])),
            (&[1], &[2]),
            true,
            Some(Reason::SomeResolved),
        );
        check(Some((0, &[1, 2], &[])), (&[1], &[2]), false, None);
        check(Some((0, &[1], &[2])), (&[1], &[2]), true, None);
    }

    #[test]
    fn in_doubt_both_are_news() {
        let told: Option<(i64, &[u64], &[u64])> = Some((0, &[1, 2], &[2]));
        check(told, (&[1, 2], &[]), true, Some(Reason::NewAlerts));
        check(told, (&[1], &[2]), true, Some(Reason::SomeResolved));
        check(told, (&[1], &[]), true, None);
        check(
            Some((0, &[2], &[2])),
            (&[], &[2]),
            true,
            Some(Reason::AllResolved),
        );
    }

    #[test]
    fn repeats_only_after_more_than_the_interval() {
        check(Some((0, &[1], &[])), (&[1], &[]), true, None);
        check(
            Some((-1, &[1], &[])),
            (&[1], &[]),
            true,
            Some(Reason::Repeat),
        );
        check(Some((-1, &[], &[1])), (&[], &[1]), true, None);
    }

    proptest! {
        #[test]
        fn what_is_in_both_lists_is_sure_in_none(a in prop::collection::btree_set(0_u64..12, 0..8), b in prop::collection::btree_set(0_u64..12, 0..8)) {
            let [firing, resolved] = [&a, &b].map(|set: &BTreeSet<u64>| -> Vec<u64> { set.iter().copied().collect() });
            let last = Last { at: Timestamp::EPOCH, firing: &firing, resolved: &resolved };
            for one in 0..12 {
                prop_assert_eq!(has(&firing, one), a.contains(&one));
                prop_assert_eq!(last.surely_firing(one), a.difference(&b).any(|sure| *sure == one));
                prop_assert_eq!(last.surely_resolved(one), b.difference(&a).any(|sure| *sure == one));
            }
        }
    }
}
