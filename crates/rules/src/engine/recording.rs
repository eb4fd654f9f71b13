//! Recording rules: the result of an expression becomes series of another name.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use plimsoll_types::{Labels, METRIC_NAME, Sample, StartTimestamp, Timestamp};

use super::written::Written;
use crate::element::Element;

/// How many label sets are remembered beyond twice what the last result had.
const REMEMBERED_SPARE: usize = 16;

#[derive(Clone, Debug)]
pub(super) struct Recording {
    name: Arc<str>,
    labels: Arc<BTreeMap<String, String>>,
    /// What became of a label set in earlier evaluations: an unchanged series costs no new one.
    renamed: HashMap<Labels, Labels>,
}

impl Recording {
    pub(super) fn new(name: Arc<str>, labels: Arc<BTreeMap<String, String>>) -> Self {
        Self {
            name,
            labels,
            renamed: HashMap::new(),
        }
    }

    /// Turns a result into samples at `at`.
    ///
    /// # Errors
    /// Prometheus' words when two series become one or when there are more than `limit` (0 is no limit).
    pub(super) fn step(
        &mut self,
        elements: Vec<Element>,
        at: Timestamp,
        limit: u64,
        written: &mut Written,
    ) -> Result<Vec<(Labels, Sample)>, String> {
        let count = elements.len();
        if self.renamed.len() > 2 * count + REMEMBERED_SPARE {
            self.renamed.clear();
        }
        let mut samples = Vec::with_capacity(count);
        for element in elements {
            let labels = self.renamed(&element.labels);
            if !written.put(&labels) {
                return Err(
                    "vector contains metrics with the same labelset after applying rule labels"
                        .into(),
                );
            }
            let sample = Sample {
                timestamp: at,
                start: StartTimestamp::UNKNOWN,
                value: element.value,
            };
            samples.push((labels, sample));
        }
        match limit > 0 && count as u64 > limit {
            true => Err(format!("exceeded limit of {limit} with {count} series")),
            false => Ok(samples),
        }
    }

    fn renamed(&mut self, labels: &Labels) -> Labels {
        if let Some(renamed) = self.renamed.get(labels) {
            return renamed.clone();
        }
        let mut builder = labels.to_builder();
        builder.set(METRIC_NAME, &self.name);
        // An empty value removes the label of the result.
        for (name, value) in &*self.labels {
            builder.set(name, value);
        }
        let renamed = builder.build();
        self.renamed.insert(labels.clone(), renamed.clone());
        renamed
    }
}
