//! The samples of one unit test in memory: what is written in the order of time is taken as Prometheus' head takes it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use plimsoll_promql::stored_reset_hint;
use plimsoll_types::{
    Exemplar, Histogram, Labels, METRIC_NAME, MatchOp, Matcher, Metadata, Queryable, Sample,
    SampleColumns, SampleSource, Selection, StorageError, TimeRange, Value,
};

/// A store in memory. It forgets nothing, so a test is as large as what it writes.
#[derive(Debug, Default)]
pub(super) struct Store(RwLock<Series>);

#[derive(Debug, Default)]
struct Series {
    all: Vec<One>,
    by_labels: HashMap<Labels, usize>,
    by_name: HashMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct One {
    labels: Labels,
    /// Ascending in time.
    samples: Vec<Sample>,
    /// The last sample as it was written, when it is a histogram that the next one continues.
    last: Option<Arc<Histogram>>,
}

impl Store {
    /// Takes a sample at the end of its series.
    ///
    /// # Errors
    /// What Prometheus says where its store, too, would not take it.
    pub(super) fn append(&self, labels: &Labels, sample: &Sample) -> Result<(), String> {
        let mut series = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let one = series.of(labels);
        if let Some(last) = one.samples.last() {
            if sample.timestamp < last.timestamp {
                return Err("out of order sample".into());
            }
            if sample.timestamp == last.timestamp {
                let is_same = one.is_last(&sample.value);
                return match is_same {
                    true => Ok(()),
                    false => Err("duplicate sample for timestamp".into()),
                };
            }
        }
        one.push(sample);
        Ok(())
    }

    /// Returns all samples, sorted by labels.
    pub(super) fn dump(&self) -> Vec<(Labels, Vec<Sample>)> {
        let series = self.read();
        let all = series.matching(&[]).into_iter();
        all.map(|one| (one.labels.clone(), one.samples.clone()))
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Series> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Series {
    fn of(&mut self, labels: &Labels) -> &mut One {
        let at = match self.by_labels.get(labels) {
            Some(at) => *at,
            None => {
                let at = self.all.len();
                self.by_labels.insert(labels.clone(), at);
                let name = labels.metric_name().unwrap_or_default();
                self.by_name.entry(name.into()).or_default().push(at);
                self.all.push(One {
                    labels: labels.clone(),
                    samples: Vec::new(),
                    last: None,
                });
                at
            }
        };
        &mut self.all[at]
    }

    /// Returns the series that fulfil all matchers, sorted.
    fn matching(&self, matchers: &[Matcher]) -> Vec<&One> {
        let is_name =
            |matcher: &&Matcher| matcher.op() == MatchOp::Equal && matcher.name() == METRIC_NAME;
        let fulfils = |one: &&One| {
            let value = |matcher: &Matcher| one.labels.get(matcher.name()).unwrap_or("");
            matchers
                .iter()
                .all(|matcher| matcher.matches(value(matcher)))
        };
        let mut found: Vec<&One> = match matchers.iter().find(is_name) {
            Some(name) => {
                let named = self.by_name.get(name.value()).into_iter().flatten();
                named.map(|at| &self.all[*at]).filter(fulfils).collect()
            }
            None => self.all.iter().filter(fulfils).collect(),
        };
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found
    }

    /// Returns the series of any of the selectors that have a sample in the range, sorted.
    fn any(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Vec<&One> {
        let mut found: Vec<&One> = match selectors.is_empty() {
            true => self.matching(&[]),
            false => {
                let each = selectors
                    .iter()
                    .flat_map(|selector| self.matching(selector));
                each.collect()
            }
        };
        found.retain(|one| !one.inside(range).is_empty());
        found.sort_by(|a, b| a.labels.cmp(&b.labels));
        found.dedup_by(|a, b| a.labels == b.labels);
        found
    }
}

impl One {
    /// Says whether the last sample was written with this value.
    fn is_last(&self, value: &Value) -> bool {
        match (value, &self.last, self.samples.last()) {
            (Value::Histogram(value), Some(last), _) => value.same_bits(last),
            (value, None, Some(last)) => *value == last.value,
            _ => false,
        }
    }

    fn push(&mut self, sample: &Sample) {
        let mut sample = sample.clone();
        let mut last = None;
        if let Value::Histogram(histogram) = &mut sample.value {
            let hint = stored_reset_hint(self.last.as_deref(), histogram);
            last = Some(Arc::clone(histogram)).filter(|_| !plimsoll_types::is_stale(histogram.sum));
            if histogram.reset_hint != hint {
                Arc::make_mut(histogram).reset_hint = hint;
            }
        }
        self.last = last;
        self.samples.push(sample);
    }

    fn inside(&self, range: TimeRange) -> &[Sample] {
        let begin = self
            .samples
            .partition_point(|sample| sample.timestamp < range.start);
        let end = self
            .samples
            .partition_point(|sample| sample.timestamp <= range.end);
        &self.samples[begin..end.max(begin)]
    }
}

impl Queryable for Store {
    fn select(&self, matchers: &[Matcher], range: TimeRange) -> Result<Selection, StorageError> {
        let series = self.read();
        let found = series.matching(matchers).into_iter();
        let found = found.filter(|one| !one.inside(range).is_empty());
        let (labels, samples): (Vec<_>, Vec<_>) = found
            .map(|one| (one.labels.clone(), one.inside(range).to_vec()))
            .unzip();
        Ok(Selection {
            labels,
            source: Box::new(Source(samples.into())),
            warnings: Vec::new(),
        })
    }

    fn series(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        let series = self.read();
        let found = series.any(selectors, range).into_iter();
        Ok(found.map(|one| one.labels.clone()).take(limit).collect())
    }

    fn label_names(
        &self,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        let series = self.read();
        let found = series.any(selectors, range).into_iter();
        let names = found.flat_map(|one| one.labels.iter().map(|(name, _)| name));
        let names: BTreeSet<&str> = names.collect();
        Ok(names.into_iter().take(limit).map(String::from).collect())
    }

    fn label_values(
        &self,
        name: &str,
        selectors: &[Vec<Matcher>],
        range: TimeRange,
        limit: usize,
    ) -> Result<Vec<String>, StorageError> {
        let series = self.read();
        let found = series.any(selectors, range).into_iter();
        let values: BTreeSet<&str> = found.filter_map(|one| one.labels.get(name)).collect();
        Ok(values.into_iter().take(limit).map(String::from).collect())
    }

    /// Tests write none.
    fn exemplars(
        &self,
        _selectors: &[Vec<Matcher>],
        _range: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        Ok(Vec::new())
    }

    /// Tests write none.
    fn metadata(
        &self,
        _metric: Option<&str>,
        _limit: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        Ok(Vec::new())
    }
}

#[derive(Clone)]
struct Source(Arc<[Vec<Sample>]>);

impl SampleSource for Source {
    fn read(&mut self, index: usize, into: &mut SampleColumns) -> Result<(), StorageError> {
        into.clear();
        self.0[index].iter().for_each(|sample| into.push(sample));
        Ok(())
    }

    fn fork(&self) -> Option<Box<dyn SampleSource>> {
        Some(Box::new(self.clone()))
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_promql::{Control, Engine, parse, parse_series};
    use plimsoll_types::{Timestamp, stale_nan};

    use super::*;

    fn at(millis: i64, value: f64) -> Sample {
        Sample::float(Timestamp::from_millis(millis), value)
    }

    fn labels(text: &str) -> Labels {
        parse_series(text).unwrap().labels
    }

    #[test]
    fn time_only_goes_on() {
        let store = Store::default();
        let a = labels("a");
        store.append(&a, &at(10, 1.0)).unwrap();
        store.append(&a, &at(10, 1.0)).unwrap();
        let error = store.append(&a, &at(10, 2.0)).unwrap_err();
        assert_eq!(error, "duplicate sample for timestamp");
        let error = store.append(&a, &at(9, 1.0)).unwrap_err();
        assert_eq!(error, "out of order sample");
        store.append(&a, &at(20, stale_nan())).unwrap();
        store.append(&a, &at(20, stale_nan())).unwrap();
    }

    #[test]
    fn series_are_found_by_name_and_without() {
        let store = Store::default();
        for series in ["b{x=\"1\"}", "a{x=\"2\"}", "a{x=\"1\"}", "{x=\"1\"}"] {
            store.append(&labels(series), &at(0, 1.0)).unwrap();
        }
        let count = |query: &str| {
            let expr = parse(query).unwrap();
            let (engine, zero) = (Engine::default(), Timestamp::EPOCH);
            let result = engine.instant(&store, &expr, zero, &Control::unlimited());
            match result.unwrap().value {
                plimsoll_promql::Value::Vector(found) => found.len(),
                other => panic!("{other:?}"),
            }
        };
        for (query, expected) in [
            ("a", 2),
            ("a{x=\"1\"}", 1),
            ("{x=\"1\"}", 3),
            ("{__name__=~\"a|b\"}", 3),
            ("c", 0),
        ] {
            assert_eq!(count(query), expected, "{query}");
        }
        let range = TimeRange::ALL;
        let values = store.label_values("x", &[], range, 9).unwrap();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(store.label_names(&[], range, 1).unwrap(), ["__name__"]);
        assert_eq!(store.series(&[], range, 3).unwrap().len(), 3);
    }
}
