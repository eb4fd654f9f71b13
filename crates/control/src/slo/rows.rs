//! Between the nouns of objectives and the rows of the store of state: neither knows the other.

mod corrections;

use std::collections::BTreeMap;

use plimsoll_slo::engine::{BudgetKey, BudgetRow, StateChange, Version};
use plimsoll_slo::state::Standing;
use plimsoll_slo::{BudgetState, Fraction};
use plimsoll_state::Change;
use plimsoll_state::rows::slo::{self as table, AlertRow, Budget, EventRow, VersionRow};
use plimsoll_types::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

pub(super) use corrections::{from_correction, to_correction};

/// What is wrong with a row that only a damaged database can hold.
pub(super) type Damaged = String;

/// The one alert that a budget has.
const BURN: &str = "burn";
/// Where an alert is that somebody was told of.
const FIRING: &str = "firing";
/// Where one is that is not there yet, or whose end is still told.
const WAITING: &str = "waiting";

/// Returns what has to be written of a budget: its state, and its alert or that there is none.
pub(super) fn from_budget(row: &BudgetRow) -> Vec<Change> {
    let budget = budget(&row.key);
    let mut changes = Vec::with_capacity(2);
    if let Some(standing) = row.standing {
        changes.push(Change::put(&table::BudgetRow {
            budget: budget.clone(),
            state: standing.state.as_str().into(),
            since: standing.since,
            body: "{}".into(),
        }));
    }
    changes.push(match &row.burn {
        None => AlertRow::delete(&budget, BURN),
        Some(saved) => Change::put(&AlertRow {
            budget,
            kind: BURN.into(),
            phase: row.firing.map_or(WAITING, |_| FIRING).into(),
            severity: row
                .firing
                .map_or(String::new(), |(severity, _)| severity.to_string()),
            since: row.firing.map_or(Timestamp::EPOCH, |(_, since)| since),
            body: saved.clone(),
        }),
    });
    changes
}

/// Returns how a budget is forgotten.
pub(super) fn forget_budget(key: &BudgetKey) -> [Change; 2] {
    let budget = budget(key);
    [
        table::BudgetRow::delete(&budget),
        AlertRow::delete(&budget, BURN),
    ]
}

/// Returns how everything is forgotten that an SLO has besides budgets.
pub(super) fn forget_slo(slo: &str) -> [Change; 2] {
    [
        VersionRow::delete_of(slo),
        table::CorrectionRow::delete_of(slo),
    ]
}

/// Puts together what is known of budgets; rows that nobody can have written are left out, with what is wrong with them.
pub(super) fn to_budgets(
    states: Vec<table::BudgetRow>,
    alerts: Vec<AlertRow>,
) -> (Vec<BudgetRow>, Vec<Damaged>) {
    let (mut rows, mut damaged) = (BTreeMap::new(), Vec::new());
    for row in states {
        let Some(state) = BudgetState::from_name(&row.state) else {
            damaged.push(format!("{}: the state {:?}", row.budget.slo, row.state));
            continue;
        };
        let standing = Standing {
            state,
            since: row.since,
        };
        entry(&mut rows, &row.budget).standing = Some(standing);
    }
    for row in alerts {
        entry(&mut rows, &row.budget).burn = Some(row.body);
    }
    (rows.into_values().collect(), damaged)
}

fn entry<'a>(rows: &'a mut BTreeMap<BudgetKey, BudgetRow>, budget: &Budget) -> &'a mut BudgetRow {
    let key = key(budget);
    rows.entry(key.clone()).or_insert_with(|| BudgetRow {
        key,
        standing: None,
        burn: None,
        firing: None,
    })
}

/// Returns the event of a change of state.
pub(super) fn from_transition(change: &StateChange) -> Change {
    let transition = &change.transition;
    let left =
        |remaining: Fraction| format!("{:.2} % of the budget remain", remaining.to_f64() * 100.0);
    let detail = transition.remaining.map(left);
    Change::put(&EventRow {
        happened_at: transition.to.since,
        budget: budget(&change.key),
        kind: "budget.state".into(),
        before: transition
            .from
            .map_or(String::new(), |from| from.state.as_str().into()),
        after: transition.to.state.as_str().into(),
        detail: detail.unwrap_or_else(|| "nothing was measured".into()),
    })
}

/// Returns the row of a version of an SLO.
pub(super) fn from_version(slo: &str, version: &Version) -> Change {
    Change::put(&VersionRow {
        slo: slo.into(),
        effective_at: version.since,
        fingerprint: fingerprint(&version.definition),
        definition: version.definition.to_string(),
    })
}

/// Returns what tells a definition from every other.
pub(super) fn fingerprint(definition: &str) -> String {
    format!("{:016x}", xxh3_64(definition.as_bytes()))
}

fn budget(key: &BudgetKey) -> Budget {
    Budget {
        slo: key.slo.to_string(),
        objective: key.objective.to_string(),
        labels: key.group.clone().unwrap_or_default(),
    }
}

/// A group has labels; without any it is the whole.
fn key(budget: &Budget) -> BudgetKey {
    BudgetKey {
        slo: budget.slo.as_str().into(),
        objective: budget.objective.as_str().into(),
        group: (!budget.labels.is_empty()).then(|| budget.labels.clone()),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_slo::Severity;
    use plimsoll_slo::state::Transition;
    use plimsoll_state::Row;
    use plimsoll_types::Labels;

    use super::*;

    fn row(group: Option<Labels>) -> BudgetRow {
        let at = Timestamp::from_millis;
        BudgetRow {
            key: BudgetKey {
                slo: "checkout/availability".into(),
                objective: "p95".into(),
                group,
            },
            standing: Some(Standing {
                state: BudgetState::Critical,
                since: at(7),
            }),
            burn: Some("v1 alert=5,page,-".into()),
            firing: Some((Severity::Page, at(5))),
        }
    }

    /// Writes rows into a table as a store would, and reads them back.
    fn kept(rows: &[BudgetRow]) -> (Vec<table::BudgetRow>, Vec<AlertRow>) {
        let states = rows.iter().filter_map(|row| {
            let standing = row.standing?;
            Some(table::BudgetRow {
                budget: budget(&row.key),
                state: standing.state.as_str().into(),
                since: standing.since,
                body: "{}".into(),
            })
        });
        let alerts = rows.iter().filter_map(|row| {
            Some(AlertRow {
                budget: budget(&row.key),
                kind: BURN.into(),
                phase: FIRING.into(),
                severity: String::new(),
                since: Timestamp::EPOCH,
                body: row.burn.clone()?,
            })
        });
        (states.collect(), alerts.collect())
    }

    #[test]
    fn what_is_known_of_budgets_comes_back() {
        let whole = row(None);
        let group = BudgetRow {
            standing: None,
            ..row(Some(Labels::from_pairs([("region", "eu")])))
        };
        let calm = BudgetRow {
            burn: None,
            ..row(Some(Labels::from_pairs([("region", "us")])))
        };
        let written = [whole, group, calm];
        let (states, alerts) = kept(&written);
        let (mut back, damaged) = to_budgets(states, alerts);
        back.sort_by(|a, b| a.key.cmp(&b.key));
        let mut expected = written.map(|row| BudgetRow {
            firing: None,
            ..row
        });
        expected.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(back, expected);
        assert!(damaged.is_empty());
    }

    #[test]
    fn a_budget_without_an_alert_deletes_the_row() {
        let put = from_budget(&row(None));
        let calm = BudgetRow {
            burn: None,
            ..row(None)
        };
        let delete = from_budget(&calm);
        assert!(delete[1].is_deletion() && !put[1].is_deletion());
        let key = |change: &Change| change.row().map(|(table, key)| (table, key.to_vec()));
        assert_eq!(key(&delete[1]), key(&put[1]));
    }

    #[test]
    fn a_state_that_nobody_wrote_is_left_out() {
        let (mut states, _) = kept(&[row(None)]);
        states[0].state = "splendid".into();
        let (back, damaged) = to_budgets(states, Vec::new());
        assert_eq!((back.len(), damaged.len()), (0, 1));
    }

    #[test]
    fn a_change_of_state_is_one_event_however_often_it_is_written() {
        let change = StateChange {
            key: row(None).key,
            transition: Transition {
                from: None,
                to: Standing {
                    state: BudgetState::Healthy,
                    since: Timestamp::from_millis(9),
                },
                remaining: None,
            },
        };
        let event = from_transition(&change);
        assert_eq!(event, from_transition(&change));
        assert_eq!(
            event.row().map(|(table, _)| table),
            Some(EventRow::TABLE.name)
        );
    }
}
