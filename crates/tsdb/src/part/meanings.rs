//! What the metrics of a part mean, without the labels of every series.

use std::collections::BTreeSet;

use plimsoll_types::{METRIC_NAME, Metadata};

use super::error::Error;
use super::reader::Part;

impl Part {
    /// Returns every metric that has metadata with each of its meanings, sorted by the metric.
    ///
    /// # Errors
    /// `Corrupt`, `Io`.
    ///
    /// # Complexity
    /// Reads every page of `series.idx`, and of the symbols only those of the metrics.
    pub fn meanings(&self) -> Result<Vec<(String, Metadata)>, Error> {
        let Some(name) = self.symbols.find(METRIC_NAME)? else {
            return Ok(Vec::new());
        };
        let mut pairs = BTreeSet::new();
        let mut id = 0;
        while id < self.meta().series {
            let (first, page) = self.page_of(id)?;
            for entry in page.iter() {
                let metric = entry.labels.binary_search_by_key(&name, |pair| pair.0);
                if let (Some(index), Ok(at)) = (entry.metadata, metric) {
                    pairs.insert((entry.labels[at].1, index));
                }
            }
            id = first + page.len() as u32;
        }
        let mut texts = self.symbols.walk();
        pairs
            .into_iter()
            .map(|(metric, index)| {
                let metric = texts.text(metric)?.to_owned();
                Ok((metric, self.metadata_at(index)?.clone()))
            })
            .collect()
    }
}
