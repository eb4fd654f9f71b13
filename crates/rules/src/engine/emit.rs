//! What an evaluation says of the alerts of a rule: their series to the store, themselves to whoever is notified.

use plimsoll_types::{Alert, Sample};

use super::active::Active;
use super::alerting::{Alerting, Step};
use super::written::Written;
use crate::outcome::Outcome;

impl Alerting {
    pub(super) fn samples(&self, step: &Step<'_>, written: &mut Written, outcome: &mut Outcome) {
        for active in &self.active {
            let Some(state) = active.series.state(active.times.state) else {
                continue;
            };
            // In whole seconds, as Prometheus has it.
            let since = active.times.active_at.millis().div_euclid(1000) as f64;
            for (labels, value) in [(state, 1.0), (&active.series.for_state, since)] {
                // Alerts that differ in a label `alertstate` only share a series; one sample is enough for both.
                if written.put(labels) {
                    let sample = Sample::float(step.at, value);
                    outcome.samples.push((labels.clone(), sample));
                }
            }
        }
    }

    pub(super) fn notices(&mut self, ended: &mut [Active], step: &Step<'_>, outcome: &mut Outcome) {
        // Two evaluations or two attempts to send may fail before a receiver takes the alert for over.
        let valid = step
            .interval
            .max(step.globals.resend_delay)
            .saturating_mul(4);
        let mut url = None;
        for active in ended.iter_mut().chain(&mut self.active) {
            if !active.needs_sending(step.slot, step.globals) {
                continue;
            }
            active.last_sent_at = Some(step.slot);
            active.valid_until = Some(step.slot + valid);
            let url: &String = url.get_or_insert_with(|| {
                crate::link::table_link(&step.globals.external_url, step.query)
            });
            outcome.notices.push(Alert {
                labels: active.labels.clone(),
                annotations: active.annotations.clone(),
                starts_at: active.times.fired_at.unwrap_or(active.times.active_at),
                ends_at: active.times.resolved_at.or(active.valid_until),
                generator_url: url.clone(),
            });
        }
    }
}
