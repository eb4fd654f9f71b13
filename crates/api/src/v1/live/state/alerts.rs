//! Alerts and silences.

use std::hash::Hash;

use plimsoll_alerting::{AlertQuery, AlertState, SilenceFilter};

use super::super::pulse::CountsView;
use super::revision;
use crate::ui::Desk;

/// Alerts that fire with what keeps them back, or those of rules where nothing is routed here; and silences.
pub(super) fn look(desk: &Desk, counts: &mut CountsView) -> (u64, u64) {
    let seen = desk.look(|engine, now| {
        let mut alerts = engine.alerts(&AlertQuery::default(), now);
        alerts.sort_unstable_by_key(|alert| alert.fingerprint);
        let found = engine.silences().find(&SilenceFilter::default(), now);
        let silences = revision(|hasher| {
            for silence in found {
                (silence.id, silence.updated_at, silence.ended_at).hash(hasher);
                silence.state(now).as_str().hash(hasher);
            }
        });
        (alerts, silences)
    });
    let Some((alerts, silences)) = seen else {
        return (pending(desk), 0);
    };
    for alert in &alerts {
        match alert.state {
            AlertState::Suppressed => counts.suppressed += 1,
            AlertState::Active | AlertState::Unprocessed if !alert.muted_by.is_empty() => {
                counts.suppressed += 1;
            }
            AlertState::Active | AlertState::Unprocessed => counts.firing += 1,
        }
    }
    let own = revision(|hasher| {
        pending(desk).hash(hasher);
        for alert in &alerts {
            (alert.fingerprint, alert.starts_at, alert.state).hash(hasher);
            (&alert.silenced_by, &alert.inhibited_by, &alert.muted_by).hash(hasher);
            (&alert.receivers, &alert.annotations).hash(hasher);
        }
    });
    (own, silences)
}

/// Alerts of rules: which there are and how they stand.
fn pending(desk: &Desk) -> u64 {
    let groups = desk.sources.rules.as_ref().map(|rules| rules.groups());
    revision(|hasher| {
        for group in groups.into_iter().flatten() {
            let rules = group.rules.iter().filter_map(|rule| rule.alerting.as_ref());
            for alert in rules.flat_map(|alerting| &alerting.alerts) {
                (&alert.labels, alert.state.as_str(), alert.active_at).hash(hasher);
            }
        }
    })
}
