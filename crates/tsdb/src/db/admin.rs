//! What a person may do to the whole store.

use plimsoll_types::{
    Cardinality, CardinalityQuery, Matcher, StorageError, StoreAdmin, StoreStatistics, StoreStatus,
    TimeRange,
};

use super::{Db, delete};

type Result<T> = std::result::Result<T, StorageError>;

impl StoreAdmin for Db {
    fn delete_series(&self, selectors: &[Vec<Matcher>], range: TimeRange) -> Result<()> {
        delete::delete_series(self, selectors, range)
    }

    fn clean_tombstones(&self) -> Result<()> {
        Ok(self.clean()?)
    }

    fn snapshot(&self, skip_head: bool) -> Result<String> {
        Ok(self.copy(skip_head)?)
    }

    fn flush(&self) -> Result<()> {
        self.seal_all()?;
        Ok(())
    }

    fn merge(&self, range: TimeRange) -> Result<()> {
        self.force_merge(range)?;
        Ok(())
    }

    fn statistics(&self, limit: usize) -> Result<StoreStatistics> {
        Ok(self.count_all(limit))
    }

    fn status(&self) -> StoreStatus {
        self.describe()
    }

    fn cardinality(&self, query: &CardinalityQuery) -> Result<Cardinality> {
        self.count_cardinality(query)
    }
}
