//! A store without anything in it.

use plimsoll_types::{
    Exemplar, Labels, Matcher, Metadata, Queryable, SampleColumns, SampleSource, Selection,
    StorageError, TimeRange,
};

pub(super) struct Nothing;

impl SampleSource for Nothing {
    fn read(&mut self, _: usize, into: &mut SampleColumns) -> Result<(), StorageError> {
        into.clear();
        Ok(())
    }
}

impl Queryable for Nothing {
    fn select(&self, _: &[Matcher], _: TimeRange) -> Result<Selection, StorageError> {
        Ok(Selection {
            labels: Vec::new(),
            source: Box::new(Self),
            warnings: Vec::new(),
        })
    }

    fn series(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<Labels>, StorageError> {
        Ok(Vec::new())
    }

    fn label_names(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }

    fn label_values(
        &self,
        _: &str,
        _: &[Vec<Matcher>],
        _: TimeRange,
        _: usize,
    ) -> Result<Vec<String>, StorageError> {
        Ok(Vec::new())
    }

    fn exemplars(
        &self,
        _: &[Vec<Matcher>],
        _: TimeRange,
    ) -> Result<Vec<(Labels, Vec<Exemplar>)>, StorageError> {
        Ok(Vec::new())
    }

    fn metadata(
        &self,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<(String, Vec<Metadata>)>, StorageError> {
        Ok(Vec::new())
    }
}
