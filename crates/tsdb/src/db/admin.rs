//! What a person may do to the whole store.

use plimsoll_types::{Matcher, StorageError, StoreAdmin, StoreStatistics, TimeRange};

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

    fn statistics(&self, limit: usize) -> Result<StoreStatistics> {
        Ok(self.count_all(limit))
    }
}
