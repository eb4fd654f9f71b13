//! Batches on their way through the limits: samples of members in, samples of overflow series out, and back again with
//! what the store says of them.

use std::collections::BTreeMap;

use plimsoll_types::{Appended, Rejected, RejectedReason, Sample, Value, WriteBatch, Written};

use super::folds::{Folds, Named};
use super::{Limiter, lock};

/// A batch with the samples of members added up.
pub(super) struct Sorted {
    pub(super) batch: WriteBatch,
    /// Where each sample of the batch that is no sum was in the one that came.
    origins: Vec<usize>,
    /// The overflow series of each sum.
    sums: Vec<u32>,
    /// The samples of members, as indices of the batch that came, by overflow series.
    groups: BTreeMap<u32, Vec<(usize, u32)>>,
    /// Samples whose member is forgotten.
    forgotten: Vec<usize>,
}

impl Limiter {
    pub(super) fn sort_out(&self, batch: &WriteBatch) -> Sorted {
        let mut folds = lock(&self.folds);
        let mut sorted = Sorted {
            batch: WriteBatch::default(),
            origins: Vec::new(),
            sums: Vec::new(),
            groups: BTreeMap::new(),
            forgotten: Vec::new(),
        };
        let mut lost = 0;
        for (index, (series, sample)) in batch.samples.iter().enumerate() {
            match folds.named(*series) {
                Named::Stored => {
                    sorted.batch.samples.push((*series, sample.clone()));
                    sorted.origins.push(index);
                }
                Named::Member(member) => {
                    let group = sorted.groups.entry(folds.fold_of(member)).or_default();
                    group.push((index, member));
                }
                Named::Lost => lost += 1,
                Named::Forgotten => sorted.forgotten.push(index),
            }
        }
        pass_on(batch, &mut folds, &mut sorted.batch);
        let at = (self.clock.now(), self.clock.monotonic());
        for (fold, members) in &mut sorted.groups {
            members.sort_by_key(|(index, _)| batch.samples[*index].1.timestamp);
            let samples: Vec<(u32, &Sample)> = members
                .iter()
                .map(|(index, member)| (*member, &batch.samples[*index].1))
                .collect();
            let (made, unfit) = folds.add_up(*fold, &samples, at);
            lost += unfit;
            let series = folds.series(*fold);
            sorted.sums.extend(made.iter().map(|_| *fold));
            let made = made.into_iter().map(|sample| (series, sample));
            sorted.batch.samples.extend(made);
        }
        self.teller.metrics.lost.inc_by(lost);
        sorted
    }

    /// Notes that the store took nothing: when the samples come again, their sums are news.
    pub(super) fn take_back(&self, sorted: &Sorted) {
        let mut folds = lock(&self.folds);
        sorted.sums.iter().for_each(|fold| folds.unmake(*fold));
    }

    /// Turns what the store says of the batch that it got into what is to be said of the one that came.
    pub(super) fn tell_back(
        &self,
        sorted: Sorted,
        batch: &WriteBatch,
        mut appended: Appended,
    ) -> Appended {
        let unknown = |index| Rejected {
            index,
            reason: RejectedReason::UnknownSeries,
        };
        let mut rejected: Vec<Rejected> = sorted.forgotten.iter().copied().map(unknown).collect();
        let mut is_refused = vec![false; sorted.sums.len()];
        for one in appended.rejected {
            let Some(at) = one.index.checked_sub(sorted.origins.len()) else {
                let index = sorted.origins[one.index];
                rejected.push(Rejected { index, ..one });
                continue;
            };
            is_refused[at] = true;
            let fold = sorted.sums[at];
            let members = &sorted.groups[&fold];
            if one.reason == RejectedReason::UnknownSeries {
                lock(&self.folds).remove(fold);
                rejected.extend(members.iter().map(|(index, _)| unknown(*index)));
            } else if let Some((index, _)) = members.first() {
                rejected.push(Rejected {
                    index: *index,
                    ..one
                });
            }
        }
        rejected.sort_by_key(|one| one.index);
        rejected.dedup_by_key(|one| one.index);
        appended.rejected = rejected;
        // A sender counts what it sent, not what was made of it.
        let sums = sorted.batch.samples[sorted.origins.len()..].iter();
        for ((_, sum), _) in sums.zip(is_refused).filter(|(_, is_refused)| !is_refused) {
            *count_of(&mut appended.written, sum) -= 1;
        }
        // Those that are rejected come again, or never.
        let rejected = &appended.rejected;
        let find = |index: &usize| rejected.binary_search_by_key(index, |one| one.index);
        let members = sorted.groups.values().flatten().map(|(index, _)| *index);
        for index in members.filter(|index| find(index).is_err()) {
            *count_of(&mut appended.written, &batch.samples[index].1) += 1;
        }
        appended
    }
}

/// Returns the count that a sample belongs to.
fn count_of<'a>(written: &'a mut Written, sample: &Sample) -> &'a mut u64 {
    match sample.value {
        Value::Float(_) => &mut written.floats,
        Value::Histogram(_) => &mut written.histograms,
    }
}

/// Gives exemplars and metadata of members to their overflow series.
fn pass_on(batch: &WriteBatch, folds: &mut Folds, into: &mut WriteBatch) {
    for (series, exemplar) in &batch.exemplars {
        match folds.named(*series) {
            Named::Stored => into.exemplars.push((*series, exemplar.clone())),
            Named::Member(member) => {
                let series = folds.series(folds.fold_of(member));
                into.exemplars.push((series, exemplar.clone()));
            }
            Named::Lost | Named::Forgotten => {}
        }
    }
    // Members say the same of their metric, so once is enough.
    let mut told = BTreeMap::new();
    for (series, metadata) in &batch.metadata {
        match folds.named(*series) {
            Named::Stored => into.metadata.push((*series, metadata.clone())),
            Named::Member(member) => drop(told.insert(folds.fold_of(member), metadata)),
            Named::Lost | Named::Forgotten => {}
        }
    }
    for (fold, metadata) in told {
        folds.describe(fold, metadata);
        into.metadata.push((folds.series(fold), metadata.clone()));
    }
}
