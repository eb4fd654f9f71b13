//! What must outlive the process, as typed rows: whoever runs the engine makes them durable and gives them back.
//!
//! A row is put as a whole in the place of the one with the same key. Carrying out a list of changes twice is the same as
//! once, so whoever does not know how a commit ended writes the same again.

mod alert;
mod delivery;
mod group;
mod history;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use alert::{AlertRow, Origin};
pub use delivery::{DeliveryPhase, DeliveryRow, Part};
pub use group::{ChannelKey, GroupName, GroupRow, ToldRow};
pub use history::{HistoryRow, Outcome};

use crate::delivery::DeliveryId;
use crate::{Fingerprint, Silence, SilenceId};

/// One change of what is durable. The changes of a step are committed together, in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Puts an alert; the key is its fingerprint.
    PutAlert(AlertRow),
    /// Deletes an alert.
    DeleteAlert(Fingerprint),
    /// Puts a group; the key is its name.
    PutGroup(GroupRow),
    /// Deletes a group.
    DeleteGroup(Arc<GroupName>),
    /// Puts what an integration was told of a group; the key is group and integration.
    PutTold(ToldRow),
    /// Deletes what an integration was told of a group.
    DeleteTold(ChannelKey),
    /// Puts a delivery; the key is its id.
    PutDelivery(DeliveryRow),
    /// Deletes a delivery.
    DeleteDelivery(DeliveryId),
    /// Puts a silence; the key is its id.
    PutSilence(Arc<Silence>),
    /// Deletes a silence.
    DeleteSilence(SilenceId),
    /// Adds what became of a notice; rows of history are never changed.
    AddHistory(HistoryRow),
}

/// All that is durable, as it is read back. History is not among it: the engine never asks for it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The alerts.
    pub alerts: Vec<AlertRow>,
    /// The groups.
    pub groups: Vec<GroupRow>,
    /// What was told.
    pub told: Vec<ToldRow>,
    /// The deliveries that are not at their end.
    pub deliveries: Vec<DeliveryRow>,
    /// The silences.
    pub silences: Vec<Arc<Silence>>,
}

/// What a replica told without the database, so that no row says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ToldAlone {
    /// What each integration was told.
    pub told: Vec<ToldRow>,
    /// The alerts that were told as firing, as they are by now.
    pub alerts: Vec<AlertRow>,
}

impl ToldAlone {
    /// Says whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Returns it in parts of at most `most` integrations, each with the alerts that it is about.
    pub fn parts(&self, most: usize) -> impl Iterator<Item = Self> {
        let alerts = self.alerts.iter();
        let alerts: BTreeMap<u64, &AlertRow> =
            alerts.map(|row| (row.fingerprint.as_u64(), row)).collect();
        self.told.chunks(most).map(move |told| {
            let firing = told.iter().flat_map(|row| row.firing.iter());
            let firing: BTreeSet<&u64> = firing.collect();
            let known = firing.into_iter().filter_map(|one| alerts.get(one));
            Self {
                told: told.to_vec(),
                alerts: known.map(|row| AlertRow::clone(row)).collect(),
            }
        })
    }
}

impl Rows {
    /// Carries out changes: what a store does, for simulations and tests. It scans; a store has indices.
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            self.apply_one(change);
        }
    }

    fn apply_one(&mut self, change: &Change) {
        match change {
            Change::PutAlert(row) => put(&mut self.alerts, row, |row| row.fingerprint),
            Change::DeleteAlert(key) => self.alerts.retain(|row| row.fingerprint != *key),
            Change::PutGroup(row) => put(&mut self.groups, row, |row| row.name.clone()),
            Change::DeleteGroup(key) => self.groups.retain(|row| row.name != *key),
            Change::PutTold(row) => put(&mut self.told, row, |row| row.channel.clone()),
            Change::DeleteTold(key) => self.told.retain(|row| row.channel != *key),
            Change::PutDelivery(row) => put(&mut self.deliveries, row, |row| row.id),
            Change::DeleteDelivery(key) => self.deliveries.retain(|row| row.id != *key),
            Change::PutSilence(row) => put(&mut self.silences, row, |row| row.id),
            Change::DeleteSilence(key) => self.silences.retain(|row| row.id != *key),
            Change::AddHistory(_) => {}
        }
    }
}

fn put<R: Clone, K: PartialEq>(rows: &mut Vec<R>, row: &R, key: impl Fn(&R) -> K) {
    let wanted = key(row);
    match rows.iter_mut().find(|found| key(found) == wanted) {
        Some(found) => *found = row.clone(),
        None => rows.push(row.clone()),
    }
}
