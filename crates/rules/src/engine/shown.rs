//! What an API shows of the engine.

use std::sync::Arc;

use super::alerting::Alerting;
use super::{Body, GroupEngine, RuleEngine};
use crate::model::Rule;
use crate::outcome::AlertState;
use crate::view::{AlertView, AlertingView, GroupView, Health, RuleView};

impl GroupEngine {
    /// Returns the group as it is now.
    pub fn view(&self) -> GroupView {
        let rules = self.rules.iter().zip(&self.definition.rules);
        GroupView {
            key: self.key.clone(),
            place: self.definition.place,
            interval: self.schedule.interval(),
            query_offset: self.query_offset,
            limit: self.definition.limit,
            rules: rules.map(|(engine, rule)| engine.view(rule)).collect(),
            last_slot: self.last_slot,
            last_evaluation: self.last_evaluation,
            evaluation_time: self.evaluation_time,
            missed: self.missed,
        }
    }
}

impl RuleEngine {
    fn view(&self, rule: &Rule) -> RuleView {
        RuleView {
            name: self.id.name.clone(),
            place: rule.place,
            query: self.query.clone(),
            labels: self.labels.clone(),
            health: self.health,
            last_error: self.last_error.clone(),
            last_evaluation: self.last_evaluation,
            evaluation_time: self.evaluation_time,
            alerting: match &self.body {
                Body::Recording(_) => None,
                Body::Alerting(alerting) => Some(AlertingView {
                    hold: alerting.hold,
                    keep_firing_for: alerting.keep_firing_for,
                    annotations: Arc::clone(&self.annotations),
                    state: self.state(alerting),
                    alerts: alerts(alerting),
                }),
            },
        }
    }

    fn state(&self, alerting: &Alerting) -> Option<AlertState> {
        let states = alerting.active.iter().map(|active| active.times.state);
        let is_known = self.health != Health::Unknown || !alerting.active.is_empty();
        is_known.then(|| states.max().unwrap_or(AlertState::Inactive))
    }
}

fn alerts(alerting: &Alerting) -> Vec<AlertView> {
    let active = alerting.active.iter();
    let mut alerts: Vec<AlertView> = active
        .filter(|active| active.times.state != AlertState::Inactive)
        .map(|active| active.view())
        .collect();
    alerts.sort_by(|a, b| b.state.cmp(&a.state).then_with(|| a.labels.cmp(&b.labels)));
    alerts
}
