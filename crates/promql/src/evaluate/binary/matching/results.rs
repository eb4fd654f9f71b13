//! Which results there are, before any sample is looked at.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use plimsoll_types::{Labels, LabelsBuilder};

use crate::ast::Cardinality;
use crate::error::QueryError;
use crate::evaluate::binary::changes_metric;
use crate::evaluate::{Meta, is_identity};

use super::Match;

/// One result series: which series of the "many" side it comes from and which members of the group it pairs with.
pub(super) struct Output {
    pub(super) many: Many,
    /// Index of its group.
    pub(super) group: usize,
    pub(super) members: Members,
    /// Where the group has no sample, what fills the "one" side stands for it.
    pub(super) fills_one: bool,
    /// Which of the lists of taken steps it shares with others, when others have the same labels.
    pub(super) shared: Option<usize>,
}

/// Where the samples of the "many" side come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Many {
    Series(usize),
    /// There are none: a number stands for them at every step that nothing was paired with.
    Filled,
}

/// Which members of a group a result is made from.
pub(super) enum Members {
    /// Every one: without labels of theirs in the result they are all the same.
    All,
    These(Vec<usize>),
}

/// The results, in their order.
#[derive(Default)]
pub(super) struct Outputs {
    pub(super) metas: Vec<Meta>,
    pub(super) outputs: Vec<Output>,
}

impl Match<'_> {
    /// Returns the labels of a result, as `resultMetric` in Prometheus does.
    fn result_labels(&self, many: &Labels, one: &Labels) -> Labels {
        let mut builder: LabelsBuilder = many.to_builder();
        if changes_metric(self.binary.op) {
            builder.retain(|name, _| !is_identity(name));
        }
        if self.matching.cardinality == Cardinality::OneToOne {
            let listed = |name: &str| self.matching.labels.iter().any(|label| label == name);
            builder.retain(|name, _| listed(name) == self.matching.on);
        }
        for label in &self.matching.include {
            builder.set(label, one.get(label).unwrap_or(""));
        }
        builder.build()
    }

    /// A name that an operand was about to lose is back, as in Prometheus.
    fn result_meta(&self, many: &Labels, one: &Labels) -> Meta {
        let mut meta = Meta {
            labels: self.result_labels(many, one),
            drop_name: false,
        };
        if self.binary.returns_bool {
            meta.drop_name(self.context);
        }
        meta
    }

    /// Adds the results of a series of the "many" side, or of what stands for one: one result, or one for each label
    /// set that the other side adds.
    pub(super) fn plan_results(
        &mut self,
        many: Many,
        labels: &Labels,
        (key, group): (&Labels, usize),
        into: &mut Outputs,
    ) -> Result<(), QueryError> {
        let bytes = |result: &Meta| result.labels.byte_count() + size_of::<(Meta, Output)>();
        // What stands for the "one" side has no more labels than the match group.
        let fills_one = self.fill_one.is_some() && many != Many::Filled;
        if self.matching.include.is_empty() {
            let meta = self.result_meta(labels, key);
            self.held.add(bytes(&meta), 0)?;
            into.metas.push(meta);
            into.outputs.push(Output {
                many,
                group,
                members: Members::All,
                fills_one,
                shared: None,
            });
            return Ok(());
        }
        let mut found: Vec<(Meta, Vec<usize>, bool)> = Vec::new();
        let mut slots: HashMap<Labels, usize> = HashMap::new();
        let members = self.kept.groups[group]
            .members
            .iter()
            .map(|(one, _)| &one.labels);
        let members = members.enumerate().map(|(index, one)| (Some(index), one));
        for (member, one) in members.chain(fills_one.then_some((None, key))) {
            self.context.work(1)?;
            let result = self.result_meta(labels, one);
            self.held.add(size_of::<usize>(), 0)?;
            let slot = match slots.entry(result.labels.clone()) {
                Entry::Occupied(slot) => *slot.get(),
                Entry::Vacant(slot) => {
                    self.held.add(bytes(&result), 0)?;
                    found.push((result, Vec::new(), false));
                    *slot.insert(found.len() - 1)
                }
            };
            match member {
                Some(member) => found[slot].1.push(member),
                None => found[slot].2 = true,
            }
        }
        for (meta, members, fills_one) in found {
            into.metas.push(meta);
            into.outputs.push(Output {
                many,
                group,
                members: Members::These(members),
                fills_one,
                shared: None,
            });
        }
        Ok(())
    }

    /// Lets results with the same labels know of each other: only labels of the "one" side make series of the "many"
    /// side the same, and a comparison may hide it.
    pub(super) fn share_steps(&mut self, results: &mut Outputs) -> Result<(), QueryError> {
        if !self.binary.op.is_comparison() || self.matching.include.is_empty() {
            return Ok(());
        }
        let mut first: HashMap<&Labels, usize> = HashMap::new();
        for (index, meta) in results.metas.iter().enumerate() {
            self.context.work(1)?;
            let Some(known) = first.get(&meta.labels) else {
                first.insert(&meta.labels, index);
                continue;
            };
            let shared = match results.outputs[*known].shared {
                Some(shared) => shared,
                None => {
                    self.held.add(self.grid.count, 0)?;
                    self.shared.push(vec![false; self.grid.count]);
                    self.shared.len() - 1
                }
            };
            results.outputs[*known].shared = Some(shared);
            results.outputs[index].shared = Some(shared);
        }
        Ok(())
    }

    /// Adds the results of groups for steps that nothing was paired with.
    pub(super) fn plan_filled(&mut self, into: &mut Outputs) -> Result<(), QueryError> {
        for index in 0..self.kept.groups.len() {
            self.context.work(1)?;
            if let Some((one, _)) = self.kept.groups[index].members.first() {
                let key = self.key.key(&one.labels);
                self.plan_results(Many::Filled, &key, (&key, index), into)?;
            }
        }
        Ok(())
    }
}
