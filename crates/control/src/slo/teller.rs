//! What follows from steps: rows that are durable, samples that are stored, alerts that leave; in this order.
//!
//! Every replica judges what it counted, and stores the metrics of its budgets. Rows and alerts are those of the one that
//! has the lease; another one that gets it goes on from its own judgement, which it has made of the same samples.

use std::collections::HashMap;
use std::sync::Arc;

use plimsoll_slo::engine::{BudgetKey, BudgetRow, Forgotten, Step};
use plimsoll_state::Change;
use plimsoll_types::{Alert, Durability, Labels, Sample, WriteBatch};
use tokio::sync::mpsc;

use super::journal::{Fenced, Journal};
use super::{Inner, rows};
use crate::lease::{Role, Standing};
use crate::rows::decision;

/// What is to be told.
pub(super) enum Told {
    /// What followed from a tick.
    Step(Box<Step>),
    /// Rows that are only added, such as a version of an SLO.
    Rows(Vec<Change>),
}

/// Tells one step after the other.
pub(super) struct Teller {
    inner: Arc<Inner>,
    standing: Standing,
    journal: Journal,
    /// What the rows of the lease's last holder may not have: the last ones of this replica, for when it gets the lease.
    known: HashMap<BudgetKey, BudgetRow>,
    /// The [term](Role::term) in which they were all written.
    term: Option<i64>,
}

impl Teller {
    pub(super) fn new(inner: Arc<Inner>, standing: Standing) -> Self {
        let (store, clock) = (Arc::clone(&inner.store), Arc::clone(&inner.clock));
        Self {
            journal: Journal::new(store, clock, inner.metrics.clone()),
            inner,
            standing,
            known: HashMap::new(),
            term: None,
        }
    }

    /// Tells what comes until nobody makes steps any more.
    pub(super) async fn run(mut self, mut told: mpsc::Receiver<Told>) {
        while let Some(next) = told.recv().await {
            self.standing.set_busy(true);
            match next {
                Told::Step(step) => self.step(*step).await,
                Told::Rows(rows) => self.rows(rows).await,
            }
            self.standing.set_busy(false);
        }
        self.standing.release().await;
    }

    async fn step(&mut self, step: Step) {
        let role = self.role().await;
        self.follow_role(&role);
        self.journal
            .add(step.rows.iter().flat_map(rows::from_budget));
        self.journal.note(step.decisions.iter().map(decision));
        self.journal
            .note(step.transitions.iter().map(rows::from_transition));
        for row in step.rows {
            self.known.insert(row.key.clone(), row);
        }
        self.forget(&step.forgotten);
        let is_durable = self.commit(&role).await;
        self.store(step.samples).await;
        if let Some(is_durable) = is_durable {
            self.send(step.alerts, is_durable);
        }
    }

    /// Deletes the rows of what is gone for good.
    fn forget(&mut self, forgotten: &[Forgotten]) {
        for gone in forgotten {
            let keys = self.inner.known.forget(gone);
            self.journal.add(keys.iter().flat_map(rows::forget_budget));
            keys.iter().for_each(|key| {
                self.known.remove(key);
            });
            if let Forgotten::Slo(slo) = gone {
                tracing::info!(%slo, "an objective is gone for long; nothing is kept of it");
                self.journal.note(rows::forget_slo(slo));
            }
        }
    }

    async fn rows(&mut self, rows: Vec<Change>) {
        let role = self.role().await;
        self.follow_role(&role);
        self.journal.note(rows);
        self.commit(&role).await;
    }

    /// Returns the role as it is now, also after a pause of the process.
    async fn role(&self) -> Role {
        match self.standing.is_still_here().await {
            true => self.standing.role.borrow().clone(),
            false => Role::Elsewhere,
        }
    }

    /// Who gets the lease writes all that it knows.
    fn follow_role(&mut self, role: &Role) {
        self.inner.metrics.is_leading.set(i64::from(role.is_here()));
        // A lease that was lost and won back between two steps has another term: somebody else may have written meanwhile.
        if role.term().is_some() && role.term() != self.term {
            self.journal
                .add(self.known.values().flat_map(rows::from_budget));
        }
        self.term = role.term();
    }

    /// Makes what waits durable; says whether it is, and `None` when another replica tells.
    async fn commit(&mut self, role: &Role) -> Option<bool> {
        if !role.is_here() {
            self.journal.forget();
            return None;
        }
        match self.journal.commit(role.lease()).await {
            Ok(is_durable) => Some(is_durable),
            Err(Fenced) => {
                if let Some(lease) = role.lease() {
                    self.standing.lost(lease);
                }
                self.term = None;
                None
            }
        }
    }

    fn send(&self, mut alerts: Vec<Alert>, is_durable: bool) {
        if alerts.is_empty() {
            return;
        }
        for alert in &mut alerts {
            if alert.generator_url.is_empty() {
                alert.generator_url = page(&self.inner.options.external_url, alert);
            }
        }
        let metrics = &self.inner.metrics;
        metrics.notices.inc_by(alerts.len() as u64);
        if !is_durable {
            metrics.notices_not_durable.inc_by(alerts.len() as u64);
        }
        self.inner.sink.send(alerts);
    }

    async fn store(&self, samples: Vec<(Labels, Sample)>) {
        if samples.is_empty() {
            return;
        }
        let inner = Arc::clone(&self.inner);
        let store = move || store(&inner, samples);
        // A panic has been counted and logged; the samples of one time are missing.
        let _ = self.inner.tasks.run_blocking("slo samples", store).await;
    }
}

/// Returns where a reader sees why: what each burn rule of the objective measures.
fn page(external_url: &str, alert: &Alert) -> String {
    let label = |name: &str| alert.labels.get(name).unwrap_or_default();
    let mut page = format!("{external_url}/api/v1/slos");
    for part in [label("service"), label("slo"), "explain"] {
        page.push('/');
        page.extend(
            url::form_urlencoded::byte_serialize(part.as_bytes()).map(|part| {
                // In a path a space is no plus sign.
                if part == "+" { "%20" } else { part }
            }),
        );
    }
    page
}

/// Writes samples of budgets; like those of rules they are synced once a second.
fn store(inner: &Inner, samples: Vec<(Labels, Sample)>) {
    let (mut batch, mut refused, mut first) = (WriteBatch::default(), 0, None);
    for (labels, sample) in samples {
        match inner.appender.resolve(&labels) {
            Ok(series) => batch.samples.push((series, sample)),
            Err(error) => {
                refused += 1;
                first.get_or_insert_with(|| error.to_string());
            }
        }
    }
    match inner.appender.append(&batch, Durability::Periodic) {
        Ok(appended) => {
            refused += appended.rejected.len() as u64;
            if let Some(rejected) = appended.rejected.first() {
                first.get_or_insert_with(|| rejected.reason.to_string());
            }
        }
        Err(error) => {
            refused += batch.samples.len() as u64;
            first.get_or_insert_with(|| error.to_string());
        }
    }
    if let Some(first) = first {
        inner.metrics.samples_refused.inc_by(refused);
        tracing::warn!(
            refused,
            first,
            "the store did not take samples of objectives"
        );
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_types::{Annotations, Timestamp};

    use super::*;

    #[test]
    fn an_alert_leads_to_what_its_rules_measure() {
        let alert = Alert {
            labels: Labels::from_pairs([("service", "check out"), ("slo", "p95/latency")]),
            annotations: Annotations::default(),
            starts_at: Timestamp::EPOCH,
            ends_at: None,
            generator_url: String::new(),
        };
        let page = page("http://here:9880", &alert);
        let expected = "http://here:9880/api/v1/slos/check%20out/p95%2Flatency/explain";
        assert_eq!(page, expected);
    }
}
