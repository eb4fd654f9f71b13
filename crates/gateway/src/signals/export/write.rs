//! The second half of an export: what was collected goes into the store, and what became of it is noted.

use plimsoll_types::{
    Appender, Durability, Metadata, Rejected, RejectedReason, Sample, SeriesRef, StorageError,
    StorageErrorKind, WriteBatch,
};

use super::{Exported, Key, Pending, State};
use crate::signals::families::{self, Family};

impl State {
    /// Writes what was collected, and forgets series that ended with it.
    pub(super) fn write(
        &mut self,
        store: &dyn Appender,
        pending: Pending,
    ) -> Result<Exported, StorageError> {
        let mut exported = Exported {
            ended: pending.ended.len() as u64,
            ..Exported::default()
        };
        let forgotten = self.attempt(store, &pending, &mut exported)?;
        if !forgotten.is_empty() {
            // The store forgot series between the two steps of writing: their names are asked for anew.
            let samples = forgotten.into_iter();
            let again = Pending {
                samples: samples
                    .map(|index| pending.samples[index].clone())
                    .collect(),
                ..Pending::default()
            };
            let lost = self.attempt(store, &again, &mut exported)?;
            exported.refused += lost.len() as u64;
        }
        for key in &pending.ended {
            self.series.remove(key);
        }
        Ok(exported)
    }

    /// Writes samples; returns which of them belong to series that the store has forgotten.
    fn attempt(
        &mut self,
        store: &dyn Appender,
        pending: &Pending,
        exported: &mut Exported,
    ) -> Result<Vec<usize>, StorageError> {
        let mut batch = WriteBatch::default();
        let places = self.resolve_all(store, &pending.samples, &mut batch)?;
        exported.refused += (pending.samples.len() - places.len()) as u64;
        for (key, exemplar) in &pending.exemplars {
            let series = self.series.get(key);
            if let Some(reference) = series.and_then(|series| series.reference) {
                batch.exemplars.push((reference, exemplar.clone()));
            }
        }
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let rejected = store.append(&batch, Durability::Periodic)?.rejected;
        exported.samples += (batch.samples.len() - rejected.len()) as u64;
        Ok(self.note(&pending.samples, &places, rejected, exported))
    }

    /// Puts samples into the batch; returns the place in `samples` of each. Those are missing for whose series the store
    /// has no room: the others go on.
    fn resolve_all(
        &mut self,
        store: &dyn Appender,
        samples: &[(Key, Sample)],
        batch: &mut WriteBatch,
    ) -> Result<Vec<usize>, StorageError> {
        let mut places = Vec::with_capacity(samples.len());
        let mut refused = None;
        for (index, (key, sample)) in samples.iter().enumerate() {
            match self.resolve(store, key, batch) {
                Ok(reference) => {
                    batch.samples.push((reference, sample.clone()));
                    places.push(index);
                }
                Err(error) if error.kind() == StorageErrorKind::SeriesLimit => {
                    refused = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(error) = refused {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the store does not take all series of the gateway"
            );
        }
        Ok(places)
    }

    fn resolve(
        &mut self,
        store: &dyn Appender,
        key: &Key,
        batch: &mut WriteBatch,
    ) -> Result<SeriesRef, StorageError> {
        let series = self
            .series
            .get_mut(key)
            .expect("a series is noted before its sample");
        if let Some(reference) = series.reference {
            return Ok(reference);
        }
        let reference = store.resolve(&series.labels)?;
        series.reference = Some(reference);
        if let Some(family) = families::all().nth(key.0) {
            batch.metadata.push((reference, metadata(family)));
        }
        Ok(reference)
    }

    /// Notes what the store took; returns the samples of series that it has forgotten.
    fn note(
        &mut self,
        samples: &[(Key, Sample)],
        places: &[usize],
        rejected: Vec<Rejected>,
        exported: &mut Exported,
    ) -> Vec<usize> {
        let mut forgotten = Vec::new();
        let mut refusals = rejected.into_iter().peekable();
        for (place, index) in places.iter().enumerate() {
            let refusal = refusals.next_if(|refusal| refusal.index == place);
            let Some(series) = self.series.get_mut(&samples[*index].0) else {
                continue;
            };
            match refusal.map(|refusal| refusal.reason) {
                None => series.is_known = true,
                Some(RejectedReason::UnknownSeries) => {
                    series.reference = None;
                    forgotten.push(*index);
                }
                Some(_) => exported.refused += 1,
            }
        }
        forgotten
    }
}

fn metadata(family: &Family) -> Metadata {
    Metadata {
        metric_type: family.kind,
        unit: family.unit.into(),
        help: format!("{}.", family.help),
    }
}
