//! What must survive a restart besides counts: the state and the alert of each budget, for rows in a database.

use std::sync::Arc;

use plimsoll_types::{Labels, Timestamp};

use super::Engine;
use super::slot::Slot;
use crate::burn::Burn;
use crate::correction::{CorrectionError, Corrections};
use crate::state::{Standing, Transition};
use crate::{AlertPolicy, Correction, Severity};

/// Names a budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BudgetKey {
    /// `service/name` of the SLO or composite.
    pub slo: Arc<str>,
    /// The objective's name; empty when there is one only.
    pub objective: Arc<str>,
    /// The group; `None` is the whole.
    pub group: Option<Labels>,
}

/// What is known of a budget that counts do not tell.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetRow {
    /// Which budget.
    pub key: BudgetKey,
    /// Its state.
    pub standing: Option<Standing>,
    /// Its alert, as [`Burn::save`] writes it; `None` when there is none, so that its row can go.
    pub burn: Option<String>,
    /// How loud the alert is while it fires, and since when.
    pub firing: Option<(Severity, Timestamp)>,
}

/// What is gone for so long that its rows can go too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// All of an SLO or composite that is in no file any more, by its id.
    Slo(Arc<str>),
    /// A group of which no slice is kept any more.
    Budget(BudgetKey),
}

/// A budget changed its state.
#[derive(Clone, Debug, PartialEq)]
pub struct StateChange {
    /// Which budget.
    pub key: BudgetKey,
    /// From what to what.
    pub transition: Transition,
}

/// What of a budget was judged.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    pub(super) burn: Burn,
    pub(super) standing: Option<Standing>,
    /// The latest forecast.
    pub(super) exhaustion: Option<crate::burn::Exhaustion>,
    /// The traffic of each hour of the week, where something is forecast from it.
    pub(super) profile: Option<Box<crate::projection::Profile>>,
    /// When profile and forecast are made anew, in milliseconds.
    pub(super) forecast_at: i64,
}

impl Judged {
    pub(super) fn row(&self, key: BudgetKey, policy: &AlertPolicy) -> BudgetRow {
        BudgetRow {
            key,
            standing: self.standing,
            burn: self.burn.save(policy),
            firing: self.burn.severity().zip(self.burn.since()),
        }
    }
}

impl Engine {
    /// Takes rows back that [`Step::rows`](super::Step::rows) gave before a restart. Those of groups that are not known yet
    /// wait for them. Returns what is wrong with rows that cannot be read; the alert of such a one begins anew.
    pub fn restore_rows(
        &mut self,
        rows: Vec<BudgetRow>,
    ) -> Vec<(BudgetKey, crate::burn::NotSaved)> {
        let mut wrong = Vec::new();
        self.waiting_since = self.now;
        for row in rows {
            let Some(policy) = self.policy(&row.key.slo) else {
                self.expect(&row.key.slo);
                continue;
            };
            let burn = row.burn.as_deref().map(|text| Burn::restore(text, &policy));
            let burn = match burn.transpose() {
                Ok(burn) => burn.unwrap_or_default(),
                Err(error) => {
                    wrong.push((row.key.clone(), error));
                    Burn::default()
                }
            };
            self.put_back(row.key, burn, row.standing);
        }
        wrong
    }

    /// Remembers an id of which there are rows and which is in no file, so that they go when it does not come back.
    fn expect(&mut self, id: &Arc<str>) {
        if !self.slots.by_id.contains_key(id) {
            self.slots.insert(Slot::of_rows(id, self.now));
        }
    }

    fn put_back(&mut self, key: BudgetKey, burn: Burn, standing: Option<Standing>) {
        // One that went and came back as a composite has a slot as well.
        let slot = self.slots.by_id.get(&key.slo).copied();
        let slot = slot.filter(|slot| self.slots.all[*slot as usize].slo.is_some());
        let judged = match slot {
            None => Some(self.composites.entry(key.slo.clone()).or_default()),
            Some(slot) => {
                let address = (key.objective.clone(), key.group.clone());
                let stream = self.slots.all[slot as usize].budgets.get(&address);
                let budget = stream.and_then(|stream| self.streams.get_mut(*stream));
                budget.map(|budget| &mut budget.judged)
            }
        };
        match judged {
            Some(judged) => (judged.burn, judged.standing) = (burn, standing),
            None => {
                self.waiting.insert(key, (burn, standing));
            }
        }
    }

    /// Returns the alert policy of an SLO or composite.
    fn policy(&self, id: &str) -> Option<AlertPolicy> {
        let slo = self.slots.find(id).and_then(|slot| slot.slo.as_ref());
        let composites = self.catalog.composites.iter();
        slo.map(|slo| slo.alerts.clone()).or_else(|| {
            let mut found = composites.filter(|composite| *composite.id == *id);
            found.next().map(|composite| composite.alerts.clone())
        })
    }

    /// Puts corrections in force, besides those of the file: all of an SLO that were written elsewhere, those that were
    /// taken back among them. They count for the past as well.
    ///
    /// # Errors
    /// [`CorrectionError`]: those in force stay as they were.
    pub fn set_corrections(
        &mut self,
        slo: &str,
        corrections: Vec<Correction>,
    ) -> Result<(), CorrectionError> {
        let Some(index) = self.slots.by_id.get(slo).copied() else {
            return Ok(());
        };
        let slot = &mut self.slots.all[index as usize];
        let of_file = slot
            .slo
            .as_ref()
            .map(|slo| slo.corrections.clone())
            .unwrap_or_default();
        slot.corrections = Corrections::new(of_file.iter().chain(&corrections))?;
        slot.added_corrections = corrections;
        self.forget_spans(index);
        Ok(())
    }

    /// Returns all corrections of an SLO: those of its file, and those that were added.
    pub fn corrections(&self, slo: &str) -> Vec<Correction> {
        let Some(slot) = self.slots.find(slo) else {
            return Vec::new();
        };
        let of_file = slot.slo.iter().flat_map(|slo| &slo.corrections);
        of_file.chain(&slot.added_corrections).cloned().collect()
    }

    /// Reads the corrections of a changed file again.
    pub(super) fn correct_again(&mut self, slot: u32) {
        let found = &mut self.slots.all[slot as usize];
        let of_file = found
            .slo
            .as_ref()
            .map(|slo| slo.corrections.clone())
            .unwrap_or_default();
        let all = of_file.iter().chain(&found.added_corrections);
        // Both were read before: those of the file when it was checked, the others when they were added.
        found.corrections = Corrections::new(all).unwrap_or_default();
        self.forget_spans(slot);
    }

    fn forget_spans(&mut self, slot: u32) {
        for stream in self.slots.all[slot as usize].budgets.values() {
            if let Some(budget) = self.streams.get_mut(*stream) {
                budget.spans = None;
            }
        }
    }
}
