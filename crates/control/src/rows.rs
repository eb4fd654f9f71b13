//! Between the nouns of rules and the rows of the store of state: neither knows the other.
//!
//! A rule is written as `<hash of its labels>-<hash of its expression>-<ordinal>-<name>`, both hashes as 16 hexadecimal
//! digits, so that a reader of the table sees the name and no separator in it can matter.

use std::sync::Arc;

use plimsoll_rules::{AlertChange, AlertRow, AlertState, GroupKey, RuleId};
use plimsoll_state::{AlertPhase, Change, DecisionRow};
use plimsoll_types::{Annotations, Decision, Labels};

/// Returns what a change is to the store.
pub(crate) fn change(change: &AlertChange) -> Change {
    match change {
        AlertChange::Upsert(row) => Change::put(&to_row(row)),
        AlertChange::Delete {
            group,
            rule,
            labels,
        } => Change::delete(&nothing(group, rule, labels)),
    }
}

/// Returns what a decision is to the store.
pub(crate) fn decision(decision: &Decision) -> Change {
    let inputs = decision.inputs.iter();
    Change::put(&DecisionRow {
        at: decision.at,
        kind: decision.kind.to_string(),
        subject: decision.subject.clone(),
        rule: decision.rule.to_string(),
        inputs: inputs
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect(),
        outcome: decision.outcome.clone(),
        counterfactual: decision.counterfactual.clone(),
    })
}

/// Reads a decision back.
pub(crate) fn from_decision(row: DecisionRow) -> Decision {
    let inputs = row.inputs.into_iter();
    Decision {
        at: row.at,
        kind: row.kind.into(),
        subject: row.subject,
        rule: row.rule.into(),
        inputs: inputs.map(|(name, value)| (name.into(), value)).collect(),
        outcome: row.outcome,
        counterfactual: row.counterfactual,
    }
}

/// Reads an alert back; `None` when its rule is not written as we write it.
pub(crate) fn from_row(row: plimsoll_state::AlertRow) -> Option<AlertRow> {
    Some(AlertRow {
        rule: to_rule(&row.rule)?,
        group: GroupKey::new(row.file, row.group),
        labels: row.labels,
        annotations: row.annotations,
        state: match row.phase {
            AlertPhase::Pending => AlertState::Pending,
            AlertPhase::Firing => AlertState::Firing,
            AlertPhase::Inactive => AlertState::Inactive,
        },
        active_at: row.active_at,
        fired_at: row.fired_at,
        resolved_at: row.resolved_at,
        keep_firing_since: row.keep_firing_since,
        last_sent_at: row.last_sent_at,
        valid_until: row.valid_until,
        value: row.value,
    })
}

fn to_row(row: &AlertRow) -> plimsoll_state::AlertRow {
    plimsoll_state::AlertRow {
        phase: match row.state {
            AlertState::Pending => AlertPhase::Pending,
            AlertState::Firing => AlertPhase::Firing,
            AlertState::Inactive => AlertPhase::Inactive,
        },
        active_at: row.active_at,
        fired_at: row.fired_at,
        resolved_at: row.resolved_at,
        keep_firing_since: row.keep_firing_since,
        last_sent_at: row.last_sent_at,
        valid_until: row.valid_until,
        value: row.value,
        annotations: row.annotations.clone(),
        ..nothing(&row.group, &row.rule, &row.labels)
    }
}

/// Returns the row of a key; of a deletion nothing else counts.
fn nothing(group: &GroupKey, rule: &RuleId, labels: &Labels) -> plimsoll_state::AlertRow {
    plimsoll_state::AlertRow {
        file: group.file.to_string(),
        group: group.name.to_string(),
        rule: from_rule(rule),
        labels: labels.clone(),
        phase: AlertPhase::Inactive,
        active_at: plimsoll_types::Timestamp::EPOCH,
        fired_at: None,
        resolved_at: None,
        keep_firing_since: None,
        last_sent_at: None,
        valid_until: None,
        value: 0.0,
        annotations: Annotations::default(),
    }
}

fn from_rule(rule: &RuleId) -> String {
    let RuleId {
        name,
        labels_hash,
        expr_hash,
        ordinal,
    } = rule;
    format!("{labels_hash:016x}-{expr_hash:016x}-{ordinal}-{name}")
}

fn to_rule(text: &str) -> Option<RuleId> {
    let mut parts = text.splitn(4, '-');
    let mut hash = || u64::from_str_radix(parts.next()?, 16).ok();
    let (labels_hash, expr_hash) = (hash()?, hash()?);
    Some(RuleId {
        labels_hash,
        expr_hash,
        ordinal: parts.next()?.parse().ok()?,
        name: Arc::from(parts.next()?),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rules_come_back(name in ".{0,20}", labels_hash: u64, expr_hash: u64, ordinal: u32) {
            let rule = RuleId { name: name.into(), labels_hash, expr_hash, ordinal };
            prop_assert_eq!(to_rule(&from_rule(&rule)), Some(rule));
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".{0,60}") {
            let _ = to_rule(&text);
        }
    }
}
